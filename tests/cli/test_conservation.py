# SPDX-License-Identifier: BSD-2-Clause
"""Ten million flows in a small table, and a million in a large one."""

import os
import re
import resource
import shutil

import pytest

from feed import cable, generate
from flows import TC_INGRESS, XDP_NATIVE, assert_conserved

TEN_MILLION = 10_000_000
MILLION = 1_000_000
SLOTS_FOR_A_MILLION = 1 << 21


@pytest.fixture
def link(lab):
    """v0 and w0 with a queue for each CPU, so that both CPUs are loaded; they carry only the generator's packets."""
    host = lab.namespace("host")
    cable(host)
    return host


@pytest.mark.parametrize("hook", [XDP_NATIVE, TC_INGRESS], ids=str)
def test_ten_million_flows_in_a_small_table(lab, link, hook):
    """counted = live + spilled + lost holds exactly for packets and bytes, and counted is what was sent. Without a
    reader the ring keeps its first records, `lost` grows, and `status` warns."""
    lab.flowlabel(link, "attach", "v0", "--hook", hook.hook, "--flows", 1024).ok()
    made = generate(link, hook, TEN_MILLION)
    assert made["packets"] == TEN_MILLION

    document = lab.flowlabel(link, "stats", "--json").json()
    totals, counters = document["totals"], document["counters"]
    assert totals["counted"] == made
    assert_conserved(totals)
    assert (totals["seen_packets"], totals["ipv6_packets"], totals["ipv6_bytes"]) == (made["packets"], *made.values())
    assert sum(cpu["counted"] > 0 for cpu in document["per_cpu"]) == os.cpu_count(), "every CPU must be loaded"
    assert totals["live"]["packets"] == totals["flows"] <= 1024 * len(document["per_cpu"])
    assert counters["spilled_flows"] == totals["spilled"]["packets"] > 50_000
    assert counters["lost_flows"] == totals["lost"]["packets"]
    assert totals["flows"] + counters["spilled_flows"] + counters["lost_flows"] == TEN_MILLION

    (status,) = lab.flowlabel(link, "status", "--json").json()["attachments"]
    assert status["totals"] == totals
    assert status["ring"]["reader"] is None
    assert status["ring"]["used"] > status["ring"]["bytes"] * 0.99, "the ring must be full"
    assert any(warning.startswith("nothing drains the ring") for warning in status["warnings"])
    said = lab.flowlabel(link, "detach", "v0").ok().stderr
    assert f"counted {made['packets']:,} packets {made['bytes']:,} bytes = live" in said


def test_the_same_flows_again(lab, link):
    """Flows that return after they were spilled are counted as new flows, and the identity holds."""
    lab.flowlabel(link, "attach", "v0", "--flows", 1024).ok()
    made = [generate(link, XDP_NATIVE, 100_000) for _ in range(3)]
    totals = lab.flowlabel(link, "stats", "--json").json()["totals"]
    assert totals["counted"] == {unit: sum(one[unit] for one in made) for unit in ("packets", "bytes")}
    assert_conserved(totals)


@pytest.fixture
def million(lab, link):
    """A table with more than a million live flows."""
    lab.flowlabel(link, "attach", "v0", "--flows", SLOTS_FOR_A_MILLION).ok()
    generate(link, XDP_NATIVE, MILLION + MILLION // 10)
    return link


def cpu_seconds():
    """The CPU seconds of the commands that have ended, because other programs may load the machine."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def test_reading_a_million_flows(lab, million):
    """Reading a million live flows scans the mapped table, and needs no system call for each flow."""
    start = cpu_seconds()
    document = lab.flowlabel(million, "flows", "--limit", 100, "--json").json()
    seconds = cpu_seconds() - start
    print(f"{document['totals']['flows']} flows read in {seconds:.2f} s of CPU time")
    assert document["totals"]["flows"] > MILLION
    assert len(document["flows"]) == 100
    assert_conserved(document["totals"])
    assert seconds < 5

    if not shutil.which("strace"):
        pytest.skip("needs strace to count system calls: run tools/setup")
    traced = million.run("strace", "-f", "-c", "-o", "/dev/stdout", os.environ["FLOWLABEL_BIN"], "flows", "--limit", 1,
                         "--csv", "--bpffs", lab.bpffs)
    calls = int(re.search(r"([\d]+) +(?:\d+ )? *total$", traced.stdout, re.MULTILINE)[1])
    assert calls < 2000


def test_a_reader_that_stops_early(lab, million):
    """With a million flows to write, `| head` is a success without a message."""
    for output in ("--json", "--jsonl", "--csv"):
        shell = f'"$FLOWLABEL_BIN" flows {output} --bpffs {lab.bpffs} | head -n 1; echo "${{PIPESTATUS[0]}}"'
        done = million.run("bash", "-c", shell)
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1] == "0"
