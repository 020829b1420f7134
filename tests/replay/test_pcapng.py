# SPDX-License-Identifier: BSD-2-Clause
"""pcapng files: sections, interfaces, every kind of packet block, and the errors for damaged files."""

import gzip
import json
import os
import resource
import struct
import subprocess
import time

import pytest

import dissect
import frames
import pcapfile
from pcapfile import (ng_block, ng_interface, ng_obsolete_packet, ng_option, ng_packet, ng_section, ng_simple_packet, ETHERNET,
                      NFLOG, NULL, RAW, SLL, SLL2, WIRELESS)

SOURCE, DESTINATION = "2001:db8:c::1", "2001:db8:5::2"


def _bare(size=8, label=0):
    return frames.ipv6(SOURCE, DESTINATION, frames.UDP, frames.udp(SOURCE, DESTINATION, 1, 2, bytes(size)), label)


def _packet(size=8, label=0):
    return frames.ethernet(bytes(6), bytes(6), frames.IPV6, _bare(size, label))


def _nflog(packet, order="<"):
    return b"\x0a\0\0\0" + struct.pack(order + "HH", len(packet) + 4, 9) + packet + bytes(-len(packet) % 4)


# One packet for each link type, each with another label.
ON_LINKS = {
    ETHERNET: _packet(label=1),
    RAW: _bare(label=2),
    SLL: bytes(14) + b"\x86\xdd" + _bare(label=3),
    SLL2: b"\x86\xdd" + bytes(18) + _bare(label=4),
    NULL: b"\x1e\0\0\0" + _bare(label=5),
    NFLOG: _nflog(_bare(label=6)),
}


def _tshark_labels(path):
    """The labels of the IPv6 packets in PATH, one for each packet."""
    done = subprocess.run(["tshark", "-n", "-r", path, "-Y", "ipv6", "-T", "fields", "-e", "ipv6.flow"], check=True,
                          capture_output=True, text=True)
    return [int(line, 16) for line in done.stdout.split()]


def _labels(document):
    return sorted(flow["label"] for flow in document["flows"] for _ in range(flow["packets"]))


# Files that can be read


def test_unused_interfaces(replay, capture_of):
    """Interfaces without packets may have any link type."""
    path = capture_of(pcapfile.pack_ng([(ETHERNET, [_packet()]), (SLL, []), (WIRELESS, [])]))
    assert replay.document(path)["totals"]["ipv6_packets"] == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_simple_packets_with_a_snap_length(replay, capture_of, tmp_path, order):
    """The captured length of a simple packet block follows from the snap length of the first interface in its section.
    Other interfaces and sections may have other snap lengths."""
    whole, out = _packet(1000), tmp_path / "out.pcapng"
    path = capture_of(
        ng_section(order), ng_interface(ETHERNET, 70, order), ng_interface(ETHERNET, 0, order),
        ng_simple_packet(whole[:70], len(whole), order), ng_simple_packet(whole[:70], order=order),
        ng_packet(1, whole, order=order), ng_simple_packet(whole[:70], len(whole), order),
        ng_section(order), ng_interface(ETHERNET, 100, order), ng_simple_packet(whole[:100], len(whole), order))
    totals = replay.document(path, "--write", out)["totals"]
    assert (totals["ipv6_packets"], totals["ipv6_bytes"]) == (5, 4 * (len(whole) - 14) + 56)
    assert [(len(record.octets), record.length) for record in pcapfile.read(out).records] == [
        (70, len(whole)), (70, 70), (len(whole), len(whole)), (70, len(whole)), (100, len(whole))]


def test_simple_packets_have_the_time_before_them(replay, capture_of):
    """A simple packet has no timestamp of its own."""
    path = capture_of(ng_section(), ng_interface(ETHERNET), ng_packet(0, _packet()), ng_simple_packet(_packet()))
    (flow,) = replay.document(path)["flows"]
    assert (flow["packets"], flow["first_seen"], flow["last_seen"]) == (
        2, "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.000Z")


def test_obsolete_packets(replay, capture_of):
    """Obsolete packet blocks are read in both byte orders."""
    path = capture_of(*(block for order in "<>" for block in (
        ng_section(order), ng_interface(RAW, order=order), ng_interface(ETHERNET, order=order),
        ng_obsolete_packet(1, _packet(), order))))
    document = replay.document(path)
    assert document["totals"]["ipv6_packets"] == 2
    assert document["captured_at"] == "2023-11-14T22:13:20.000Z"


def test_a_file_that_comes_in_pieces(replay):
    """A pipe may split the file at any byte: every packet is read, with its original length."""
    octets = ng_section() + ng_interface(ETHERNET, 66) + ng_simple_packet(_packet(1000)[:66], 1062) * 3
    command = [os.environ["FLOWLABEL_BIN"], "replay", "-", "--json"]
    for cut in range(1, 150, 7):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(octets[:cut])
            process.stdin.flush()
            time.sleep(0.01)
            process.stdin.write(octets[cut:])
            process.stdin.close()
            assert json.loads(process.stdout.read())["totals"]["ipv6_bytes"] == 3 * 1048, cut


def test_sections_of_both_byte_orders(replay, capture_of, tmp_path):
    """Each section has a byte order of its own."""
    out = tmp_path / "out.pcapng"
    for orders in ("<>", "><", "<><"):
        path = capture_of(*(block for label, order in enumerate(orders) for block in (
            ng_section(order), ng_interface(ETHERNET, order=order), ng_packet(0, _packet(label=label), order=order))))
        assert _labels(replay.document(path, "--write", out)) == _tshark_labels(path) == list(range(len(orders)))
        assert out.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("sections", [False, True], ids=["interfaces", "sections"])
def test_several_link_types(replay, capture_of, tmp_path, sections, order):
    """Each packet is parsed by the link type of its interface. The interfaces are in one section, or in several."""
    packets = ON_LINKS | {NFLOG: _nflog(_bare(label=6), order)}
    head, out = [ng_section(order)], tmp_path / "out.pcapng"
    blocks = [] if sections else head + [ng_interface(link, order=order) for link in packets]
    for number, (link, octets) in enumerate(packets.items()):
        blocks += head + [ng_interface(link, order=order)] if sections else []
        blocks.append(ng_packet(0 if sections else number, octets, order=order))
    path = capture_of(*blocks)
    document = replay.document(path, "--write", out)
    assert _labels(document) == _tshark_labels(path) == [1, 2, 3, 4, 5, 6]
    assert document["totals"]["ipv6_bytes"] == 6 * len(_bare())
    assert out.read_bytes() == path.read_bytes()


def test_simple_packets_of_another_link_type(replay, capture_of):
    """A simple packet block belongs to the first interface of its section, which may not be the first one of the
    file."""
    path = capture_of(ng_section(), ng_interface(ETHERNET), ng_simple_packet(_packet(label=1)),
                      ng_section(), ng_interface(RAW), ng_interface(ETHERNET), ng_simple_packet(_bare(label=2)))
    assert _labels(replay.document(path)) == [1, 2]


def test_stamping_several_link_types(replay, capture_of, tmp_path):
    """The label of every packet changes, and no other bit of the file. Unknown blocks and comments stay."""
    comment = ng_option(1, b"lab") + ng_option(0, b"")
    interfaces = [ng_interface(link, options=comment) for link in ON_LINKS]
    unlabelled = [_packet(), _bare(), bytes(14) + b"\x86\xdd" + _bare(), b"\x86\xdd" + bytes(18) + _bare(),
                  b"\x1e\0\0\0" + _bare(), _nflog(_bare())]
    packets = [ng_packet(number, octets) for number, octets in enumerate(unlabelled)]
    path = capture_of(ng_section(), ng_block(0x80000123, b"unknown"), *interfaces, *packets, ng_block(0x80000123, b""))
    out = tmp_path / "out.pcapng"
    document = replay.stamp(path, out)
    assert document["counters"]["stamped"] == len(unlabelled)
    (label,) = {flow["label"] for flow in document["flows"]}
    assert label and _tshark_labels(out) == [label] * len(unlabelled)
    octets = bytearray(out.read_bytes())
    for record in pcapfile.read(out).records:
        at = octets.index(record.octets) + dissect.find(record.octets, record.link_type).offset
        octets[at:at + 4] = b"\x60\0\0\0"
    assert octets == path.read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel engine needs root")
def test_the_kernel_engine_takes_several_link_types(replay, capture_of):
    """The kernel engine has the same counts as the native one."""
    path = capture_of(pcapfile.pack_ng([(link, [octets, octets[:-8], octets[:20]]) for link, octets in ON_LINKS.items()]))
    native, kernel = (replay.document(path, "--engine", engine) for engine in ("native", "kernel"))
    assert native["counters"] == kernel["counters"]
    assert native["totals"] == kernel["totals"]
    assert native["totals"]["ipv6_packets"] == 12


@pytest.mark.parametrize("blocks", [[ng_section()], [ng_section(), ng_block(4, bytes(4))], [ng_section(), ng_interface(RAW)]],
                         ids=["nothing", "names", "an interface"])
def test_files_without_packets(replay, capture_of, blocks):
    """A file without packets is not an error: all counts are 0."""
    assert replay.document(capture_of(*blocks))["totals"]["seen_packets"] == 0


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("resolution, offset, stamp", [
    (3, 0, 1_700_000_000_500), (9, 0, 1_700_000_000_500_000_000), (0x80 | 1, 0, 3_400_000_001),
    (6, 1_700_000_000, 500_000), (0, -100, 1_700_000_100)])
def test_stamps(replay, capture_of, order, resolution, offset, stamp):
    """An interface may have a timestamp resolution and offset of its own."""
    options = b"".join([ng_option(2, b"eth0", order), ng_option(9, bytes([resolution]), order),
                        ng_option(14, struct.pack(order + "q", offset), order), ng_option(0, b"", order)])
    path = capture_of(ng_section(order), ng_interface(ETHERNET, order=order, options=options),
                      ng_packet(0, _packet(), order=order, stamp=stamp))
    assert replay.document(path)["captured_at"] == f"2023-11-14T22:13:20.{'000' if resolution == 0 else '500'}Z"


def test_link_types_that_cannot_be_read(replay, capture_of, tmp_path):
    """Packets with an unreadable link type are skipped, and a warning has their number. The others are read, and all
    are written."""
    path, out = capture_of(pcapfile.pack_ng([(WIRELESS, [bytes(40)] * 2), (ETHERNET, [_packet()])])), tmp_path / "out.pcapng"
    done = replay.run(path, "--json", "--write", out)
    assert (done.status, done.stderr) == (0, "flowlabel: warning: 2 packets have link types that cannot be read, such as "
                                          "105 (IEEE 802.11), and are not counted\n")
    assert json.loads(done.stdout)["totals"]["seen_packets"] == 1
    assert out.read_bytes() == path.read_bytes()


def test_no_link_type_that_can_be_read(replay, capture_of):
    """If no packet has a readable link type, that is an error."""
    done = replay.run(capture_of(pcapfile.pack_ng([(WIRELESS, [bytes(40)])])))
    assert done.status == 1 and done.stdout == ""
    assert "has link type 105 (IEEE 802.11), which cannot be read" in done.stderr
    assert "hint: readable link types are Ethernet" in done.stderr


# Damaged files

_LONG = struct.pack("<II", 7, (16 << 20) + 4) + bytes(8)
_ODD = struct.pack("<II", 7, 13) + bytes(5) + struct.pack("<I", 13)
_DIFFERENT = struct.pack("<III", 7, 12, 16)
_BAD_SNAP = ng_simple_packet(bytes(16), 400)


@pytest.mark.parametrize("block, words", [
    (_LONG, "is damaged: a block of 16777220 bytes"),
    (_ODD, "is damaged: a block of 13 bytes"),
    (_DIFFERENT, "is damaged: a block whose two lengths differ"),
    (ng_section()[:8] + bytes(20), "is damaged: a section header without a byte-order magic"),
    (ng_section(version=2), "has the unknown pcapng version 2"),
    (ng_block(0x0A0D0D0A, struct.pack("<I", 0x1A2B3C4D)), "is damaged: a section header that is too short"),
    (ng_block(1, bytes(4)), "is damaged: an interface block that is too short"),
    (ng_interface(ETHERNET, options=struct.pack("<HH", 2, 5)), "is damaged: an option of 5 bytes in an interface block"),
    (ng_interface(ETHERNET, options=ng_option(9, b"")), "is damaged: an option of 0 bytes in an interface block"),
    (ng_interface(ETHERNET, options=ng_option(14, bytes(4))), "is damaged: an option of 4 bytes in an interface block"),
    (ng_interface(ETHERNET, options=ng_option(9, b"\x14")), "is damaged: an interface with the timestamp resolution 0x14"),
    (ng_block(6, bytes(8)), "is damaged: a packet block that is too short"),
    (ng_block(3, b""), "is damaged: a packet block that is too short"),
    (ng_packet(1, bytes(60)), "is damaged: a packet of interface 1, which no block describes"),
    (ng_section() + ng_simple_packet(bytes(60)), "is damaged: a packet of interface 0, which no block describes"),
    (_BAD_SNAP, "is damaged: a packet that is longer than its block"),
    (ng_block(6, struct.pack("<IIIII", 0, 0, 0, 61, 61) + bytes(60)), "is damaged: a packet that is longer than its block"),
    (ng_packet(0, bytes(60))[:-1], "ends early, within a block"),
    (ng_packet(0, bytes(60))[:5], "ends early, within a block"),
], ids=lambda part: part if isinstance(part, str) else "block")
def test_damage(replay, capture_of, tmp_path, block, words):
    """The result up to the damage is printed. One line says what is wrong and where, and one what was printed and not
    written."""
    path, out = capture_of(ng_section(), ng_interface(ETHERNET), ng_packet(0, _packet()), block), tmp_path / "out.pcapng"
    done = replay.run(path, "--json", "--write", out)
    assert done.status == 1
    assert json.loads(done.stdout)["totals"]["ipv6_packets"] == 1
    error, hint = done.stderr.splitlines()
    assert error == f"flowlabel: error: '{path}' {words} (packets read: 1)"
    assert hint == f"flowlabel: hint: the output shows what was read before; '{out}' is not written"
    assert not out.exists()


def test_more_interfaces_than_there_are(replay, tmp_path):
    """A small compressed file that describes millions of interfaces is refused quickly, with little memory."""
    path = tmp_path / "bomb.pcapng.gz"
    path.write_bytes(gzip.compress(ng_section() + ng_interface(ETHERNET) * 3_000_000, 1))

    def little_memory():
        resource.setrlimit(resource.RLIMIT_AS, (256 << 20, 256 << 20))

    done = replay.run(path, preexec_fn=little_memory)
    assert (done.status, done.stdout) == (1, "")
    assert "describes more than 65536 interfaces in one section" in done.stderr
    assert "hint: no real capture has that many" in done.stderr


def test_as_many_interfaces_as_may_be(replay, capture_of):
    """The limit applies to each section separately."""
    section = [ng_section(), *[ng_interface(ETHERNET)] * 65536, ng_packet(65535, _packet())]
    assert replay.document(capture_of(*section, *section))["totals"]["ipv6_packets"] == 2


def test_a_block_that_claims_much_takes_little(replay, capture_of):
    """Memory grows with the bytes in the file, not with the declared length of a block."""
    def little_memory():
        resource.setrlimit(resource.RLIMIT_DATA, (64 << 20, 64 << 20))

    done = replay.run(capture_of(ng_section(), struct.pack("<II", 7, 16 << 20), bytes(400)), preexec_fn=little_memory)
    assert "ends early, within a block" in done.stderr
