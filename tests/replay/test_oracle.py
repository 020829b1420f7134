# SPDX-License-Identifier: BSD-2-Clause
"""The flows of the project's samples, compared with those that tshark finds."""

import collections
import ipaddress
import subprocess


def _tshark_flows(path):
    """{(source, destination, label): packets} of the outermost IPv6 headers."""
    fields = ["ipv6.src", "ipv6.dst", "ipv6.flow"]
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=f", "-E", "separator=|"]
    done = subprocess.run(command + [word for field in fields for word in ("-e", field)], check=True, capture_output=True,
                          text=True)
    counts = collections.Counter()
    for line in done.stdout.splitlines():
        source, destination, label = line.split("|")
        if source:
            counts[str(ipaddress.ip_address(source)), str(ipaddress.ip_address(destination)), int(label, 16)] += 1
    return counts


def test_flows_equal_tsharks(replay, sample):
    """R6437-1-2, R6437-2-3: the same flows with the same numbers of packets."""
    flows = {(flow["src"], flow["dst"], flow["label"]): flow["packets"] for flow in replay.document(sample)["flows"]}
    assert flows
    assert flows == _tshark_flows(sample)
