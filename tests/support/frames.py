# SPDX-License-Identifier: BSD-2-Clause
"""Builds and parses frames byte by byte, so that the tests share no code with the program."""

import dataclasses
import ipaddress
import struct

IPV4 = 0x0800
IPV6 = 0x86DD
VLAN = 0x8100
QINQ = 0x88A8
PPPOE = 0x8864
MPLS = 0x8847

HOP_BY_HOP, TCP, UDP, FRAGMENT, ICMPV6, NO_NEXT_HEADER, DESTINATION = 0, 6, 17, 44, 58, 59, 60


def address(text):
    """The 16 bytes of an IPv6 address."""
    return ipaddress.IPv6Address(text).packed


def ethernet(destination, source, ethertype, *payload):
    """An Ethernet frame: ETHERTYPE, then PAYLOAD."""
    return destination + source + struct.pack("!H", ethertype) + b"".join(payload)


def vlan(identifier, ethertype):
    """The four bytes after the TPID of a tag: the tag, and the ETHERTYPE that follows."""
    return struct.pack("!HH", identifier, ethertype)


def pppoe_session(payload, protocol=b"\0\x57"):
    """A PPPoE session header with the PPP protocol number of IPv6 (RFC 2516, RFC 5072)."""
    return struct.pack("!BBHH", 0x11, 0, 7, len(protocol + payload)) + protocol + payload


def mpls(*labels):
    """A stack of MPLS entries (RFC 3032); the last one has the bottom bit."""
    return b"".join(struct.pack("!I", (label << 12) | ((index == len(labels) - 1) << 8) | 64)
                    for index, label in enumerate(labels))


def ipv6(source, destination, next_header, payload, label=0, traffic_class=0, hop_limit=64):
    """An IPv6 packet."""
    word = 6 << 28 | traffic_class << 20 | label
    start = struct.pack("!IHBB", word, len(payload), next_header, hop_limit)
    return start + address(source) + address(destination) + payload


def ones_sum(data):
    """The 16-bit ones' complement sum (RFC 1071), not complemented."""
    if len(data) % 2:
        data += b"\0"
    total = sum(word for (word,) in struct.iter_unpack("!H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def _pseudo_header(source, destination, protocol, length):
    return source + destination + struct.pack("!IHBB", length, 0, 0, protocol)


def udp(source, destination, source_port, destination_port, payload):
    """A UDP datagram with a valid checksum."""
    header = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
    pseudo = _pseudo_header(address(source), address(destination), UDP, 8 + len(payload))
    checksum = 0xFFFF - ones_sum(pseudo + header + payload)
    return header[:6] + struct.pack("!H", checksum or 0xFFFF) + payload


@dataclasses.dataclass(frozen=True)
class Packet:
    """A captured IPv6 packet, from its IPv6 header on."""

    octets: bytes

    @property
    def word(self):
        return struct.unpack_from("!I", self.octets)[0]

    @property
    def label(self):
        return self.word & 0xFFFFF

    @property
    def traffic_class(self):
        return self.word >> 20 & 0xFF

    @property
    def next_header(self):
        return self.octets[6]

    @property
    def source(self):
        return str(ipaddress.IPv6Address(self.octets[8:24]))

    @property
    def destination(self):
        return str(ipaddress.IPv6Address(self.octets[24:40]))

    @property
    def flow(self):
        """The flow as flowlabel counts it: (source, destination, label)."""
        return self.source, self.destination, self.label

    @property
    def payload(self):
        return self.octets[40:]

    @property
    def ports(self):
        """(source port, destination port), if they are right after the IPv6 header."""
        return struct.unpack_from("!HH", self.octets, 40)

    @property
    def wire_octets(self):
        """The bytes as flowlabel counts them: 40 plus the payload length, but no more than were captured."""
        return min(40 + struct.unpack_from("!H", self.octets, 4)[0], len(self.octets))

    @property
    def transport(self):
        """The part of the flow id that comes from the transport header, if its ports are right after the IPv6
        header."""
        return self.next_header, *self.ports

    def checksum_is_valid(self):
        """Is the checksum of TCP, UDP or ICMPv6 valid, as an independent receiver computes it?"""
        assert self.next_header in (TCP, UDP, ICMPV6)
        pseudo = _pseudo_header(self.octets[8:24], self.octets[24:40], self.next_header, len(self.payload))
        return ones_sum(pseudo + self.payload) == 0xFFFF


def super_packet(protocol, source, destination, ports, payload):
    """An IPv6 packet with TCP or UDP whose checksum is completed when the packet is segmented: the checksum field holds
    the sum of the pseudo-header."""
    source_port, destination_port = ports
    if protocol == TCP:
        header = struct.pack("!HHIIBBHHH", source_port, destination_port, 1, 1, 5 << 4, 0x10, 1024, 0, 0)
    else:
        header = struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0)
    at = 16 if protocol == TCP else 6
    total = ones_sum(_pseudo_header(address(source), address(destination), protocol, len(header) + len(payload)))
    header = header[:at] + struct.pack("!H", total) + header[at + 2:]
    return ipv6(source, destination, protocol, header + payload)


def ipv4_super_packet(ports, payload):
    """An IPv4 packet with TCP whose checksums are completed when the packet is segmented."""
    tcp = struct.pack("!HHIIBBHHH", *ports, 1, 1, 5 << 4, 0x10, 1024, 0, 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, TCP, 0, bytes(4), bytes(4)) + tcp
