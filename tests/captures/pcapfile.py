# SPDX-License-Identifier: BSD-2-Clause
"""pcap and pcapng files taken apart and put together octet by octet, so that the tests share no code with the program."""

import dataclasses
import struct

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D

ETHERNET, NULL, PPP, RAW, LOOP, SLL, IPV4, IPV6, SLL2 = 1, 0, 9, 101, 108, 113, 228, 229, 276


@dataclasses.dataclass(frozen=True)
class Record:
    """A packet as the file holds it."""

    time: int  # ns
    octets: bytes
    length: int  # on the wire


@dataclasses.dataclass(frozen=True)
class Pcap:
    """A whole file."""

    nanoseconds: bool
    link_type: int
    records: list


def _read_pcapng(data):
    """A little-endian file whose interfaces count in microseconds; the packets of one link type."""
    at, link_types, used, records = 0, [], set(), []
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        if kind == 1:
            link_types.append(struct.unpack_from("<H", data, at + 8)[0])
        if kind == 6:
            interface, high, low, captured, length = struct.unpack_from("<IIIII", data, at + 8)
            used.add(link_types[interface])
            records.append(Record((high << 32 | low) * 1000, data[at + 28:at + 28 + captured], length))
        at += size
    (link_type,) = used
    return Pcap(True, link_type, records)


def _read_pcap(data):
    order = "<" if struct.unpack("<I", data[:4])[0] in (MICRO, NANO) else ">"
    magic, link_type = struct.unpack_from(order + "I", data)[0], struct.unpack_from(order + "I", data, 20)[0]
    unit = 1 if magic == NANO else 1000
    records, at = [], 24
    while at < len(data):
        seconds, fraction, captured, length = struct.unpack_from(order + "IIII", data, at)
        records.append(Record(seconds * 1_000_000_000 + fraction * unit, data[at + 16:at + 16 + captured], length))
        at += 16 + captured
    return Pcap(magic == NANO, link_type & 0xFFFF, records)


def read(path):
    """The capture PATH."""
    data = path.read_bytes()
    return _read_pcapng(data) if data.startswith(b"\x0a\x0d\x0d\x0a") else _read_pcap(data)


def pack(packets, link_type=ETHERNET, magic=MICRO, snap_length=262144, order="<", seconds=1_700_000_000):
    """The octets of a pcap file with PACKETS, a millisecond apart. A packet may be (octets, length on the wire)."""
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
    unit = 1000 if magic == MICRO else 1_000_000
    for number, packet in enumerate(packets):
        octets, length = packet if isinstance(packet, tuple) else (packet, len(packet))
        parts.append(struct.pack(order + "IIII", seconds + number // 1000, number % 1000 * unit, len(octets), length))
        parts.append(octets)
    return b"".join(parts)


def _block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def ng_section(order="<"):
    """The octets of a section header."""
    return _block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def ng_interface(link_type, snap_length=262144, order="<"):
    """The octets of an interface description; snap length 0 is none."""
    return _block(1, struct.pack(order + "HHI", link_type, 0, snap_length), order)


def ng_packet(interface, octets, length=None, order="<"):
    """The octets of an enhanced packet block. LENGTH is that on the wire."""
    stamp = 1_700_000_000_000_000
    return _block(6, struct.pack(order + "IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(octets),
                                 length or len(octets)) + octets, order)


def ng_simple_packet(octets, length=None, order="<"):
    """The octets of a simple packet block: a packet of its section's first interface, without a stamp. How much of it was
    captured follows from that interface's snap length."""
    return _block(3, struct.pack(order + "I", length or len(octets)) + octets, order)


def pack_ng(interfaces):
    """The octets of a pcapng file: INTERFACES is a list of (link type, packets), written one after the other."""
    blocks = [ng_section()]
    for number, (link_type, packets) in enumerate(interfaces):
        blocks.append(ng_interface(link_type))
        blocks += [ng_packet(number, octets) for octets in packets]
    return b"".join(blocks)
