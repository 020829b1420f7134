# SPDX-License-Identifier: BSD-2-Clause
"""Finds the IPv6 header of a captured packet, and the flow id and scope by which a stamper labels it (RFC 6437 section
3, RFC 8200 section 4). A second implementation, which shares no code with the program."""

import dataclasses
import ipaddress
import struct

import pcapfile

_VLAN_TAGS, _MPLS, _PPPOE, _IPV6 = {0x8100, 0x88A8, 0x9100, 0x9200, 0x9300}, {0x8847, 0x8848}, 0x8864, 0x86DD
_MOST_TAGS, _MOST_MPLS, _MOST_EXTENSIONS = 4, 8, 8
_FRAGMENT, _AH = 44, 51
_EXTENSIONS = {0, 43, _FRAGMENT, _AH, 60, 135, 139, 140}
_WITH_PORTS = {6, 17, 33, 132, 136}


def _u16(octets, at):
    return struct.unpack_from("!H", octets, at)[0] if at + 2 <= len(octets) else None


def _nflog_payload(octets):
    at = 4
    while True:
        size, kind = struct.unpack_from("<HH", octets, at)
        if kind == 9:
            return at + 4
        at += -(-size // 4) * 4


def _network_start(octets, link_type):
    """(offset, ethertype). The ethertype is None if only the version in the IP header shows the protocol."""
    if link_type == pcapfile.ETHERNET:
        return 14, _u16(octets, 12)
    if link_type == pcapfile.SLL:
        return 16, _u16(octets, 14)
    if link_type == pcapfile.SLL2:
        return 20, _u16(octets, 0)
    if link_type in (pcapfile.NULL, pcapfile.LOOP, pcapfile.ENC):
        families = {int.from_bytes(octets[:4], order) for order in ("little", "big")}
        return 12 if link_type == pcapfile.ENC else 4, _IPV6 if families & {24, 28, 30} else 0
    if link_type == pcapfile.PFLOG:
        return -(-octets[0] // 4) * 4, _IPV6 if octets[1] in (24, 28, 30) else 0
    if link_type == pcapfile.NFLOG:
        return _nflog_payload(octets), {2: 0, 10: _IPV6}.get(octets[0])
    if link_type == pcapfile.PPP:
        at = 2 if octets[:2] == b"\xff\x03" else 0
        return at + 2, _IPV6 if _u16(octets, at) == 0x0057 else 0
    if link_type == pcapfile.RAW:
        return 0, None
    raise ValueError(f"link type {link_type}")


def _pass_vlan(octets, at, ethertype):
    for _ in range(_MOST_TAGS):
        if ethertype not in _VLAN_TAGS:
            break
        at, ethertype = at + 4, _u16(octets, at + 2)
    return at, ethertype


def _pass_mpls(octets, at):
    for _ in range(_MOST_MPLS):
        if at + 4 > len(octets):
            return None
        at += 4
        if octets[at - 2] & 1:
            return at
    return None


@dataclasses.dataclass(frozen=True)
class Found:
    """An IPv6 packet in a captured frame."""

    octets: bytes  # of all that was captured
    offset: int  # of the IPv6 header
    behind_mpls: bool

    @property
    def word(self):
        return struct.unpack_from("!I", self.octets, self.offset)[0]

    @property
    def label(self):
        return self.word & 0xFFFFF

    @property
    def payload_length(self):
        return _u16(self.octets, self.offset + 4)

    @property
    def source(self):
        return ipaddress.IPv6Address(self.octets[self.offset + 8:self.offset + 24])

    @property
    def destination(self):
        return ipaddress.IPv6Address(self.octets[self.offset + 24:self.offset + 40])

    @property
    def packet(self):
        """The captured bytes of the packet, from its IPv6 header on."""
        whole = self.octets[self.offset:]
        return whole[:40 + self.payload_length] if self.payload_length else whole

    @property
    def is_neighbour_discovery(self):
        packet = self.packet
        return packet[6] == 58 and packet[7] == 255 and len(packet) > 40 and 133 <= packet[40] <= 137

    @property
    def in_scope(self):
        """May a stamper touch it?"""
        return not (self.behind_mpls or self.is_neighbour_discovery or
                    any(one.is_link_local or one.is_multicast or one.is_unspecified for one in (self.source, self.destination)))

    def transport(self):
        """(protocol, source port, destination port), or None if the flow id has the addresses only."""
        packet, header, at = self.packet, self.packet[6], 40
        for _ in range(_MOST_EXTENSIONS):
            if header not in _EXTENSIONS:
                break
            if at + 8 > len(packet):
                return None
            size = 8 if header == _FRAGMENT else (packet[at + 1] + 2) * 4 if header == _AH else (packet[at + 1] + 1) * 8
            if at + size > len(packet) or (header == _FRAGMENT and _u16(packet, at + 2) & 0xFFF9):
                return None
            header, at = packet[at], at + size
        if header not in _WITH_PORTS or at + 4 > len(packet):
            return None
        return (header, *struct.unpack_from("!HH", packet, at))

    def fragment(self):
        """(source, destination, identification) of a fragment that is not atomic, else None."""
        packet, header, at = self.packet, self.packet[6], 40
        while header in _EXTENSIONS and at + 8 <= len(packet):
            if header == _FRAGMENT:
                word = _u16(packet, at + 2)
                return (self.source, self.destination, packet[at + 4:at + 8]) if word & 0xFFF9 else None
            header, at = packet[at], at + ((packet[at + 1] + 2) * 4 if header == _AH else (packet[at + 1] + 1) * 8)
        return None


def find(octets, link_type):
    """The outermost IPv6 packet in a captured frame, or None."""
    at, ethertype = _network_start(octets, link_type)
    behind_mpls = False
    if ethertype is not None:
        at, ethertype = _pass_vlan(octets, at, ethertype)
    if ethertype == _PPPOE and octets[at + 1] == 0:
        size = 7 if octets[at + 6] & 1 else 8
        at, ethertype = at + size, _IPV6 if int.from_bytes(octets[at + 6:at + size], "big") == 0x0057 else 0
    elif ethertype in _MPLS:
        at, ethertype, behind_mpls = _pass_mpls(octets, at), None, True
    if at is None or ethertype not in (None, _IPV6) or at + 40 > len(octets) or octets[at] >> 4 != 6:
        return None
    return Found(octets, at, behind_mpls)
