# SPDX-License-Identifier: BSD-2-Clause
"""The counts of replay in real captures equal those of an independent parser."""

from counters import counter_names

# The counted octets are min(40 + payload length, octets present); GROUND_TRUTH.json has only 40 + payload length. They
# differ if the payload length is larger than the frame.
OCTETS_BEYOND_THE_FRAME = {
    "zeek__ip6-ext-trunc.pcap": 60 - 40,
}

# Fuzzed files in which all packets after MPLS but one have a trailer, like the frames of a pseudowire.
FRAMES_LIKE_A_PSEUDOWIRE = {
    "zeek__mpls-6in6-broken.pcap": 1,
    "zeek__mpls-6in6-6in6-4in6-trunc.pcap": 0,
}


def _sum_of(document, field):
    return sum(flow[field] for flow in document["flows"])


def test_counts(replay, truth):
    """CAP-A1, R6437-2-3: IPv6 packets, labelled packets, labels and (source, destination, label) of every file."""
    document = replay.document(truth["path"])
    totals, labels = document["totals"], {flow["label"] for flow in document["flows"]}
    assert totals["seen_packets"] == truth["pkts"]
    if truth["file"] in FRAMES_LIKE_A_PSEUDOWIRE:
        assert totals["ipv6_packets"] == FRAMES_LIKE_A_PSEUDOWIRE[truth["file"]]
        assert document["counters"]["mpls_not_ip"] == truth["v6"] - totals["ipv6_packets"]
        return
    assert totals["ipv6_packets"] == truth["v6"]
    assert totals["labelled_packets"] == truth["label_nonzero"]
    assert totals["flows"] == len(document["flows"]) == truth["flows_src_dst_label"]
    assert len(labels - {0}) == truth["distinct_labels"]


def test_octets(replay, truth):
    """CAP-A1, DEC-8: octets, except in the files named above."""
    if truth["file"] in FRAMES_LIKE_A_PSEUDOWIRE:
        return
    beyond = OCTETS_BEYOND_THE_FRAME.get(truth["file"], 0)
    assert replay.document(truth["path"])["totals"]["ipv6_bytes"] == truth["v6_bytes_40_plus_pl"] - beyond


def test_conservation(replay, truth):
    """The flows add up to what was counted, and so do live and spilled."""
    document = replay.document(truth["path"])
    totals = document["totals"]
    for unit in ("packets", "bytes"):
        assert _sum_of(document, unit) == totals["counted"][unit]
        assert totals["counted"][unit] == sum(totals[part][unit] for part in ("live", "spilled", "lost"))
    assert totals["lost"]["packets"] == 0


# The classes of GROUND_TRUTH.json, and those of replay.
CLASSES = {
    "tcp: changes during data, 1 change(s), involves zero": {"zeroed", "labelled-late"},
    "tcp: only SYN/SYN-ACK differs (zero on SYN)": {"synack-zero"},
}


def test_connections(replay, truth):
    """The connections of every file, those with several labels, and the classes of their changes."""
    rows = [row for row in replay.document(truth["path"], "--by", "connection")["flows"] if "sport" in row]
    changed = [row for row in rows if row["labels"] > 1]
    assert len(rows) == truth["fivetuples"]
    assert len(changed) == truth["fivetuples_multi_label"] == sum(truth["label_change_classes"].values())
    for name, connections in truth["label_change_classes"].items():
        assert sum(set(row["changes"]) <= CLASSES[name] for row in changed) == connections
    for row in changed:
        assert sum(row["changes"].values()) == 1


def test_every_frame_has_one_outcome(replay, truth):
    """Every frame counts in exactly one outcome."""
    counters = replay.document(truth["path"])["counters"]
    assert counters["seen"] == sum(counters[outcome] for outcome in counter_names("outcome")) == truth["pkts"]
