# SPDX-License-Identifier: BSD-2-Clause
"""The flows and connections of captures, compared with those that tshark finds."""

import collections
import ipaddress
import subprocess


# The protocols that have ports, by their names in tshark's list of protocols, and the prefix of their fields.
WITH_PORTS = {"tcp": (6, "tcp"), "udp": (17, "udp"), "dccp": (33, "dccp"), "sctp": (132, "sctp"), "udplite": (136, "udp")}


def _tshark_rows(path, fields):
    """The values of FIELDS of each packet that has the first of them, an address; of a field that occurs several times,
    the first. The addresses of the first two as text of the usual form."""
    command = ["tshark", "-n", "-r", path, "-o", "ipv6.defragment:FALSE", "-T", "fields", "-E", "occurrence=f",
               "-E", "separator=|"]
    done = subprocess.run(command + [word for field in fields for word in ("-e", field)], check=True, capture_output=True,
                          text=True)
    for line in done.stdout.splitlines():
        source, destination, *rest = line.split("|")
        if source:
            yield str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)), *rest


def _tshark_flows(path):
    """{(source, destination, label): packets} of the outermost IPv6 headers."""
    rows = _tshark_rows(path, ["ipv6.src", "ipv6.dst", "ipv6.flow"])
    return collections.Counter((source, destination, int(label, 16)) for source, destination, label in rows)


def _upper_layer(protocols):
    """The protocol after the outermost header, an IPv6 header, and its extension headers; None if that is an IPv4 one."""
    names = protocols.split(":")
    before, after = names[:names.index("ipv6")], names[names.index("ipv6") + 1:]
    return None if "ip" in before else next((n for n in after if not n.startswith("ipv6.") and n != "ah"), None)


def _tshark_connections(path):
    """{(source, destination, protocol, source port, destination port): labels} of the outermost IPv6 headers; no
    fragments."""
    ports = {prefix: [f"{prefix}.srcport", f"{prefix}.dstport"] for _, prefix in WITH_PORTS.values()}
    fields = ["ipv6.src", "ipv6.dst", "ipv6.flow", "frame.protocols", "ipv6.fraghdr.offset", "ipv6.fraghdr.more"]
    labels = collections.defaultdict(set)
    for row in _tshark_rows(path, fields + [field for pair in ports.values() for field in pair]):
        source, destination, label, protocols, offset, more, *values = row
        protocol, prefix = WITH_PORTS.get(_upper_layer(protocols), (None, None))
        if protocol is None or int(offset or "0", 0) or more in ("1", "True"):
            continue
        at = 2 * list(ports).index(prefix)
        if values[at]:
            labels[source, destination, protocol, int(values[at]), int(values[at + 1])].add(int(label, 16))
    return labels


def test_flows_equal_tsharks(replay, sample):
    """R6437-1-2, R6437-2-3: the same flows with the same numbers of packets."""
    flows = {(flow["src"], flow["dst"], flow["label"]): flow["packets"] for flow in replay.document(sample)["flows"]}
    assert flows
    assert flows == _tshark_flows(sample)


def test_labels_of_connections_equal_tsharks(replay, capture):
    """The same connections, each with as many labels."""
    rows = [row for row in replay.document(capture, "--by", "connection")["flows"] if "sport" in row]
    found = {(row["src"], row["dst"], row["protocol"], row["sport"], row["dport"]): row["labels"] for row in rows}
    assert len(found) == len(rows)
    assert found == {connection: len(labels) for connection, labels in _tshark_connections(capture).items()}
