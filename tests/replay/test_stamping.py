# SPDX-License-Identifier: BSD-2-Clause
"""Stamped captures: only labels change, and each equals that of a second implementation."""

import collections
import struct
import subprocess

import pytest

import dissect
import flows
import frames
import label
import pcapfile


def _stamped(replay, capture, tmp_path, *options):
    """The records of CAPTURE, and of the stamped file."""
    out = tmp_path / "out.pcap"
    replay.stamp(capture, out, *options)
    before, after = pcapfile.read(capture), pcapfile.read(out)
    assert (after.nanoseconds, len(after.records)) == (before.nanoseconds, len(before.records))
    return before, after


def _expected(octets, link_type, prf="siphash-2-4"):
    """OCTETS as the stamper must write them."""
    found = dissect.find(octets, link_type)
    if not found or found.label or not found.in_scope:
        return octets
    new = label.label_of(flows.KEY, found.source, found.destination, found.transport(), prf)
    word = struct.pack("!I", found.word | new)
    return octets[:found.offset] + word + octets[found.offset + 4:]


@pytest.mark.parametrize("prf", ["siphash-2-4", "siphash-1-3"])
def test_only_labels_of_zero_change(replay, capture, tmp_path, prf):
    """CAP-A2, R6437-2-4, R6437-2-5, R6437-3-4: labels other than 0 stay, and label 0 becomes that of the formula.
    Timestamps and lengths stay."""
    before, after = _stamped(replay, capture, tmp_path, "--prf", prf)
    for old, new in zip(before.records, after.records):
        assert new.octets == _expected(old.octets, old.link_type, prf)
        assert (new.time, new.length, new.link_type) == (old.time, old.length, old.link_type)


def test_flows_are_counted_as_they_leave(replay, capture, tmp_path):
    """Stamped flows are counted under the label in the written file, and marked as stamped."""
    out = tmp_path / "out.pcap"
    stamping = replay.stamp(capture, out)
    observing = replay.document(out)
    without = [{field: flow[field] for field in flow if field != "stamped"} for flow in stamping["flows"]]
    assert without == [{field: flow[field] for field in flow if field != "stamped"} for flow in observing["flows"]]
    assert sum(flow["packets"] for flow in stamping["flows"] if flow["stamped"]) >= stamping["counters"]["stamped"]


def test_dry_run_changes_nothing(replay, capture, tmp_path):
    """A dry run has the counts of stamping, and writes an identical file."""
    out = tmp_path / "out.pcap"
    dry = replay.document(capture, "--stamp", "dry-run", "--key-file", replay.key_file, "--write", out)
    real = replay.stamp(capture, tmp_path / "real.pcap")
    assert out.read_bytes() == capture.read_bytes()
    assert dry["flows"] == real["flows"]
    assert dry["counters"]["would_stamp"] == real["counters"]["stamped"]


def _labels_by_datagram(after):
    labels = collections.defaultdict(set)
    for record in after.records:
        found = dissect.find(record.octets, record.link_type)
        fragment = found and found.fragment()
        if fragment:
            labels[fragment].add(found.label)
    return labels


def test_fragments_of_a_datagram_have_one_label(replay, capture, tmp_path):
    """CAP-A3, DEC-1: the first fragment of a datagram has the label of the rest."""
    _, after = _stamped(replay, capture, tmp_path)
    for labels in _labels_by_datagram(after).values():
        assert len(labels) == 1


# The real captures of fragments that came without a label, and whether a stamper may touch them.
UNLABELLED_FRAGMENTS = {
    "zeek__ipv6-fragmented-dns.pcap": True,
    "zeek__ipv6-reassembly-state-leak.pcap": True,
    "pcapplusplus__ip6_fragments.pcap": False,  # link-local
}


def test_captures_of_unlabelled_fragments(replay, truth, tmp_path):
    """CAP-A3: after stamping, all fragments of a datagram have the same label."""
    if truth["file"] not in UNLABELLED_FRAGMENTS:
        assert truth["frag_nonfirst"] == 0 or truth["label_nonzero"], "a capture that this test does not know"
        return
    _, after = _stamped(replay, truth["path"], tmp_path)
    labels = _labels_by_datagram(after)
    assert labels
    assert all((0 not in one) == UNLABELLED_FRAGMENTS[truth["file"]] for one in labels.values())


def _checksums(paths):
    """The state of the checksums of each packet in PATHS, as tshark reports it: 1 is good, 0 bad, 2 not checked. One
    run reads all files, because starting tshark takes longest."""
    merged = paths[0].parent / "merged.pcapng"
    subprocess.run(["mergecap", "-a", "-w", merged, *paths], check=True)
    command = ["tshark", "-n", "-r", merged, "-T", "fields", "-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    for field in ("tcp", "udp", "icmpv6"):
        command += ["-e", f"{field}.checksum.status"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    counts = [len(pcapfile.read(path).records) for path in paths]
    assert sum(counts) == len(lines)
    return [[lines.pop(0) for _ in range(count)] for count in counts]


@pytest.fixture(scope="module")
def checksums(replay, all_captures, tmp_path_factory):
    """{path: (checksum states of the capture, those of the stamped file)}."""
    folder = tmp_path_factory.mktemp("checksums")
    before, after = [], []
    for number, path in enumerate(all_captures):
        before.append(folder / f"before{number}")
        before[-1].write_bytes(path.read_bytes())
        after.append(folder / f"after{number}")
        replay.stamp(path, after[-1])
    return dict(zip(all_captures, zip(_checksums(before), _checksums(after))))


def _mobility_checksum_is_good(path):
    """tshark does not check the checksum of a mobility header (RFC 6275 section 6.1.1)."""
    record = pcapfile.read(path).records[0]
    packet = dissect.find(record.octets, record.link_type).packet
    header = packet[40:]
    return frames.ones_sum(packet[8:40] + struct.pack("!II", len(header), 135) + header) == 0xFFFF


def test_checksums_stay_as_they_were(checksums, capture):
    """CAP-A6, R8200-8.1-1: the label is in no checksum: valid ones stay valid, broken ones stay broken."""
    before, after = checksums[capture]
    assert after == before


def test_checksum_captures_are_what_they_say(replay, checksums, truth, tmp_path):
    """CAP-A6: the checksums in the captures named `good` are good, and those in the captures named `bad` are bad, also
    after stamping."""
    if "_chksums_" not in truth["file"]:
        return
    out, good = tmp_path / "out.pcap", "-good-" in truth["file"]
    assert replay.stamp(truth["path"], out)["counters"]["stamped"] == 1
    if "_mip6-" in truth["file"]:
        assert _mobility_checksum_is_good(out) == good
    else:
        assert set("".join(checksums[truth["path"]][1]).split()) == {"1" if good else "0"}
