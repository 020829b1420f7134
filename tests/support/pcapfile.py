# SPDX-License-Identifier: BSD-2-Clause
"""Reads and writes pcap and pcapng files byte by byte, so that the tests share no code with the program."""

import dataclasses
import struct

MICRO, NANO = 0xA1B2C3D4, 0xA1B23C4D

ETHERNET, NULL, PPP, RAW, LOOP, ENC, SLL, PFLOG = 1, 0, 9, 101, 108, 109, 113, 117
IPV4, IPV6, NFLOG, SLL2 = 228, 229, 239, 276
WIRELESS = 105  # flowlabel cannot read it


@dataclasses.dataclass(frozen=True)
class Record:
    """A packet in a file."""

    time: int  # ns
    octets: bytes
    length: int  # on the wire
    link_type: int


@dataclasses.dataclass(frozen=True)
class Pcap:
    """A whole file."""

    nanoseconds: bool
    records: list


def _read_pcapng(data):
    """Reads a file with timestamps in microseconds."""
    at, order, interfaces, records = 0, "<", [], []
    while at < len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order, interfaces = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">", []
        kind, size = struct.unpack_from(order + "II", data, at)
        if kind == 1:
            interfaces.append(struct.unpack_from(order + "HxxI", data, at + 8))
        elif kind in (2, 6):
            interface = struct.unpack_from(order + ("I" if kind == 6 else "H"), data, at + 8)[0]
            high, low, captured, length = struct.unpack_from(order + "IIII", data, at + 12)
            records.append(Record((high << 32 | low) * 1000, data[at + 28:at + 28 + captured], length, interfaces[interface][0]))
        elif kind == 3:
            (length,), (link_type, snap_length) = struct.unpack_from(order + "I", data, at + 8), interfaces[0]
            captured = min(length, snap_length or length)
            records.append(Record(0, data[at + 12:at + 12 + captured], length, link_type))
        at += size
    return Pcap(True, records)


def _read_pcap(data):
    order = "<" if struct.unpack("<I", data[:4])[0] in (MICRO, NANO) else ">"
    magic, link_type = struct.unpack_from(order + "I", data)[0], struct.unpack_from(order + "I", data, 20)[0]
    unit = 1 if magic == NANO else 1000
    records, at = [], 24
    while at < len(data):
        seconds, fraction, captured, length = struct.unpack_from(order + "IIII", data, at)
        records.append(Record(seconds * 1_000_000_000 + fraction * unit, data[at + 16:at + 16 + captured], length,
                              link_type & 0xFFFF))
        at += 16 + captured
    return Pcap(magic == NANO, records)


def read(path):
    """Reads the capture PATH."""
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


def ng_block(kind, body, order="<"):
    """The octets of a block with any BODY."""
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def ng_section(order="<", version=1):
    """The octets of a section header."""
    return ng_block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, version, 0, -1), order)


def ng_option(code, value, order="<"):
    """The octets of an option."""
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def ng_interface(link_type, snap_length=262144, order="<", options=b""):
    """The octets of an interface description. Snap length 0: no limit."""
    return ng_block(1, struct.pack(order + "HHI", link_type, 0, snap_length) + options, order)


def ng_packet(interface, octets, length=None, order="<", stamp=1_700_000_000_000_000, options=b""):
    """The octets of an enhanced packet block. LENGTH: on the wire."""
    return ng_block(6, struct.pack(order + "IIIII", interface, stamp >> 32, stamp & 0xFFFFFFFF, len(octets),
                                   length or len(octets)) + octets + bytes(-len(octets) % 4) + options, order)


def ng_obsolete_packet(interface, octets, order="<", stamp=1_700_000_000_000_000, options=b""):
    """The octets of an obsolete packet block, which the enhanced one replaced."""
    return ng_block(2, struct.pack(order + "HHIIII", interface, 0, stamp >> 32, stamp & 0xFFFFFFFF, len(octets),
                                   len(octets)) + octets + bytes(-len(octets) % 4) + options, order)


def ng_simple_packet(octets, length=None, order="<"):
    """The octets of a simple packet block: a packet of the first interface in its section, without a timestamp. The
    snap length of that interface gives the captured length."""
    return ng_block(3, struct.pack(order + "I", length or len(octets)) + octets, order)


def pack_ng(interfaces):
    """The octets of a pcapng file: INTERFACES is a list of (link type, packets), written one after the other."""
    blocks = [ng_section()]
    for number, (link_type, packets) in enumerate(interfaces):
        blocks.append(ng_interface(link_type))
        blocks += [ng_packet(number, octets) for octets in packets]
    return b"".join(blocks)
