# SPDX-License-Identifier: BSD-2-Clause
"""Captures whose packets end with a frame check sequence (FCS), which does not belong to the packet."""

import struct

import pytest

import frames
import pcapfile
from pcapfile import (ETHERNET, ng_interface, ng_obsolete_packet, ng_option, ng_packet, ng_section, ng_simple_packet)

SOURCE, DESTINATION = "2001:db8:c::1", "2001:db8:5::2"
FCS = b"\x11\x22\x33\x44"
FCS_LENGTH, FLAGS = 13, 2  # options of an interface and of a packet
PACKET = frames.ipv6(SOURCE, DESTINATION, frames.UDP, frames.udp(SOURCE, DESTINATION, 1, 2, bytes(100)))
BEHIND_MPLS = frames.ethernet(bytes(6), bytes(6), frames.MPLS, frames.mpls(16), PACKET)
UNKNOWN_LENGTH = frames.ethernet(bytes(6), bytes(6), frames.IPV6, PACKET[:4] + bytes(2) + PACKET[6:])  # payload length 0


def _counted(replay, path):
    """(packets after MPLS that count as IPv6, those that do not, bytes)"""
    counters = replay.document(path)["counters"]
    return counters["counted"], counters["mpls_not_ip"], counters["counted_bytes"]


def _pcap_word(words):
    """The field of the link type: Ethernet, with an FCS of WORDS of 16 bits."""
    return words << 28 | 1 << 26 | ETHERNET


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("field, fcs, counts", [
    (_pcap_word(2), FCS, True), (_pcap_word(1), FCS[:2], True), (_pcap_word(0), b"", True), (ETHERNET, b"", True),
    (ETHERNET, FCS, False),  # the file declares no FCS
    (2 << 28 | ETHERNET, FCS, False),  # the length is ignored without its bit
    (_pcap_word(2), b"", False),  # the declared FCS is missing, so the packet is too short
])
def test_pcap(replay, capture_of, order, field, fcs, counts):
    """The link type field declares the length of the FCS. Without the FCS, the packet after MPLS has the length in its
    header."""
    path = capture_of(pcapfile.pack([BEHIND_MPLS + fcs], field, order=order))
    assert _counted(replay, path) == ((1, 0, len(PACKET)) if counts else (0, 1, 0))


@pytest.mark.parametrize("captured", [len(BEHIND_MPLS) + size for size in (4, 3, 2, 0, -1, -50)])
def test_packets_that_were_captured_in_part(replay, capture_of, captured):
    """The FCS is the end of the packet on the wire: the captured part of it is removed."""
    path = capture_of(pcapfile.pack([((BEHIND_MPLS + FCS)[:captured], len(BEHIND_MPLS) + 4)], _pcap_word(2)))
    assert _counted(replay, path) == (1, 0, len(PACKET))


def test_bytes_of_packets_that_do_not_say_their_length(replay, capture_of):
    """With payload length 0, all bytes except the FCS count."""
    path = capture_of(pcapfile.pack([UNKNOWN_LENGTH + FCS], _pcap_word(2)))
    assert _counted(replay, path) == (1, 0, len(PACKET))


@pytest.mark.parametrize("size", range(20))
def test_packets_shorter_than_their_fcs(replay, capture_of, size):
    """They count as short frames."""
    path = capture_of(pcapfile.pack([bytes(size), (bytes(size), 2), BEHIND_MPLS + bytes(30)], _pcap_word(15)))
    assert replay.document(path)["counters"]["short_frame"] == 2


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("length, fcs", [(32, FCS), (16, FCS[:2]), (4, FCS), (2, FCS[:2]), (0, b"")])
def test_pcapng_interfaces(replay, capture_of, order, length, fcs):
    """The option if_fcslen is in bits; a number below 8 can only be in bytes."""
    options = ng_option(FCS_LENGTH, bytes([length]), order) + ng_option(0, b"", order)
    path = capture_of(ng_section(order), ng_interface(ETHERNET, order=order, options=options),
                      ng_packet(0, BEHIND_MPLS + fcs, order=order), ng_obsolete_packet(0, BEHIND_MPLS + fcs, order=order),
                      ng_simple_packet(BEHIND_MPLS + fcs, order=order))
    assert _counted(replay, path) == (3, 0, 3 * len(PACKET))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packet_block", [ng_packet, ng_obsolete_packet], ids=lambda block: block.__name__)
def test_pcapng_packets(replay, capture_of, order, packet_block):
    """The FCS length in the flags of a packet overrides the option of its interface, if the flags have one."""
    def packet(fcs, flags):
        options = ng_option(1, b"a comment", order) + ng_option(FLAGS, flags, order) + ng_option(0, b"", order)
        return packet_block(0, BEHIND_MPLS + fcs, order=order, options=options)

    path = capture_of(ng_section(order), ng_interface(ETHERNET, order=order, options=ng_option(FCS_LENGTH, b"\x10", order)),
                      packet(FCS, struct.pack(order + "I", 4 << 5 | 1)), packet(FCS[:2], struct.pack(order + "I", 1)),
                      packet(FCS[:2], b"\x80"))
    assert _counted(replay, path) == (3, 0, 3 * len(PACKET))


@pytest.mark.parametrize("options", [b"\2\0\0\0", b"\2\0\xff\xff", b"\2\0\3\0\x80\0\0", b"\2\0", b"\0\0\0\0"])
def test_options_of_packets_that_are_damaged(replay, capture_of, options):
    """Damaged options are ignored, and the packet is read."""
    path = capture_of(ng_section(), ng_interface(ETHERNET), ng_packet(0, BEHIND_MPLS, options=options))
    assert _counted(replay, path) == (1, 0, len(PACKET))


def test_what_is_written_keeps_it(replay, capture_of, tmp_path):
    """--write changes the label, and leaves the FCS as it was captured."""
    out = tmp_path / "out"
    packet = frames.ethernet(bytes(6), bytes(6), frames.IPV6, PACKET) + FCS
    path = capture_of(pcapfile.pack([packet], _pcap_word(2)))
    assert replay.document(path, "--stamp", "zero", "--write", out)["counters"]["stamped"] == 1
    (written,) = pcapfile.read(out).records
    assert written.octets != packet and (written.octets[:14], written.octets[18:]) == (packet[:14], packet[18:])
