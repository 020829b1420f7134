# SPDX-License-Identifier: BSD-2-Clause
"""The collector: each packet of a flow is in exactly one record, whatever happens."""

import concurrent.futures
import fcntl
import gzip
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest

from collector import (UNITS, Collector, assert_collected, by_flow, entries, read_records, reasons, total, whole_records)
from feed import Sender, cable, generate, generator, start_flood
from flows import TC_INGRESS, TC_INGRESS_CLSACT, XDP_NATIVE
from ipfix import free_port
from kernel import eventually, flowlabel_programs, pins
from lab import REPOSITORY, binary, command
from saying import WARNING, refused

FIELDS = ["src", "dst", "label", "packets", "bytes", "first_seen", "last_seen", "stamped", "end_reason", "interface",
          "ifindex", "hook", "netns", "netns_name"]
BURST = 40_000  # records: fewer than half of what the ring holds
PIECE = 4096  # bytes that a pipe accepts at once
HOOKS = [XDP_NATIVE, TC_INGRESS, TC_INGRESS_CLSACT]


@pytest.fixture
def link(lab):
    """v0 and w0 with a queue for each CPU, which carry only the test's packets."""
    made = lab.namespace("host")
    cable(made)
    return made


def status(lab, link):
    """The only attachment in `status --json`."""
    (entry,) = entries(lab, link)
    return entry


def attach(lab, link, *options, hook=XDP_NATIVE):
    """Attaches to v0 with a small table."""
    return lab.flowlabel(link, "attach", "v0", *hook.options, "--flows", 1024, *options, env=hook.environment).ok()


def add(*amounts):
    """The sum of several {"packets", "bytes"}."""
    return {unit: sum(amount[unit] for amount in amounts) for unit in UNITS}


@pytest.mark.parametrize("hook", HOOKS, ids=str)
def test_a_record_is_what_was_sent(lab, link, tmp_path, hook):
    """Records have deltas, end reason, interface and hook. The records of a flow add up to exactly its packets and
    bytes. A flow that goes on is not idle."""
    attach(lab, link, hook=hook)
    with Sender(link) as sender:
        collector = Collector(lab, link, tmp_path / "records", "--idle", "5s").reads()
        sender.send(label=7, octets=10, times=5)
        sender.send(label=0, octets=100, times=2)
        eventually(lambda: len(collector.records()) == 2)
        sender.send(label=7, times=3)
        collector.stop().ok()
        records = collector.records()
        assert by_flow(records) == sender.sent
    assert [record["end_reason"] for record in records] == ["idle", "idle", "end-of-collection"]
    ifindex = json.loads(link.ip("-json", "link", "show", "dev", "v0").stdout)[0]["ifindex"]
    for record in records:
        assert list(record) == FIELDS
        assert (record["interface"], record["ifindex"], record["hook"]) == ("v0", ifindex, hook.hook)
        assert record["stamped"] is False and record["first_seen"] <= record["last_seen"]
    assert records[2]["first_seen"] > max(record["last_seen"] for record in records[:2])


def test_idle_flows_end_and_a_gap_shorter_than_that_does_not_end_them(lab, link, tmp_path):
    """R3697-2-4: a packet that comes more than the idle timeout after the previous one is in another record. A shorter
    gap does not end the record."""
    attach(lab, link)
    with Sender(link) as sender:
        collector = Collector(lab, link, tmp_path / "records", "--idle", "6s").reads()
        for ended in (2, 4):
            sender.send(label=1)
            sender.send(label=2)
            time.sleep(1)
            sender.send(label=1)
            eventually(lambda count=ended: len(collector.records()) >= count)
        collector.stop().ok()
        assert by_flow(collector.records()) == sender.sent
    assert sorted((record["label"], record["packets"]) for record in collector.records()) == [(1, 2), (1, 2), (2, 1),
                                                                                              (2, 1)]


def test_a_long_flow_is_told_about_while_it_goes_on(lab, link, tmp_path):
    """Active timeout: a long flow gets records while it goes on. Its records follow each other in time, as long as it
    stays on one CPU."""
    attach(lab, link)
    with Sender(link) as sender:
        collector = Collector(lab, link, tmp_path / "records", "--idle", "10s", "--active", "500ms", "--max-flows",
                              1000).reads()
        began = time.monotonic()

        def five_records():
            sender.send(label=5, octets=1)
            return len(collector.records()) >= 5

        eventually(five_records)
        collector.stop().ok()
        took = time.monotonic() - began
        records = collector.records()
        assert by_flow(records) == sender.sent
    count = reasons(records)
    assert 5 <= count["active"] <= took / 0.5 + 1 and count["end-of-collection"] <= 1 and sum(count.values()) == len(records)
    for before, after in zip(records, records[1:]):
        assert before["last_seen"] <= after["first_seen"]


def test_presets_and_durations(lab, link, tmp_path):
    """R6437-4-4: timeouts are options, with presets named after their source."""
    attach(lab, link)
    for idle, active in (("rfc3697", "rfc1883"), ("2", "1.5m"), ("100ms", "1h")):
        Collector(lab, link, tmp_path / "records", "--idle", idle, "--active", active).reads().stop().ok()
    for wrong in ("", "soon", "-1s", "0.05s", "15 s", "99ms", "0", "8d", "200h", "99999999999999999999s", "s"):
        refused(lab.flowlabel(link, "collect", "--jsonl", "-", f"--idle={wrong}"), 2, "--idle")


@pytest.mark.parametrize("hook", HOOKS, ids=str)
def test_small_table_many_flows_two_cpus(lab, link, tmp_path, hook):
    """With a small table, many flows and two CPUs, the records and the live flows add up to exactly what was sent.
    Bursts fit into the ring while the collector drains it and sweeps both CPUs; each burst waits for room in the ring,
    however long the collector does not run."""
    attach(lab, link, hook=hook)
    collector = Collector(lab, link, tmp_path / "records", "--idle", "200ms").reads()
    made = []
    for _ in range(12):
        made.append(generate(link, hook, BURST))
        assert_between(status(lab, link))
        eventually(lambda: status(lab, link)["ring"]["used"] == 0)
    eventually(lambda: status(lab, link)["totals"]["live"]["packets"] == 0)
    at_rest = status(lab, link)
    assert_collected(at_rest)
    ended = collector.stop().ok()
    assert total(collector.records()) == add(*made)
    after = status(lab, link)
    assert_collected(after)
    assert after["totals"]["counted"] == after["collected"]["exported"] == add(*made)
    assert after["totals"]["lost"] == after["collected"]["pending"] == {"packets": 0, "bytes": 0}
    assert len(lab.flowlabel(link, "stats", "--json").json()["per_cpu"]) >= 2
    assert f"exported {add(*made)['packets']:,} packets {add(*made)['bytes']:,} bytes" in ended.stderr


def assert_between(entry):
    """Asserts that even while records are in transit, no more is exported than was counted."""
    for unit in UNITS:
        assert entry["collected"]["exported"][unit] <= entry["totals"]["counted"][unit]


def test_ring_overflow_is_counted(lab, link, tmp_path):
    """While the collector is stopped, the ring overflows: what does not fit is counted as lost, and the collector
    reports it."""
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "--idle", "200ms").reads()
    collector.process.send_signal(signal.SIGSTOP)
    made = generate(link, XDP_NATIVE, 10 * BURST)
    full = status(lab, link)
    assert full["totals"]["lost"]["packets"] > 0
    assert_collected(full)
    collector.process.send_signal(signal.SIGCONT)
    collector.stop().ok()
    after = status(lab, link)
    assert_collected(after)
    assert after["totals"]["live"]["packets"] == after["collected"]["pending"]["packets"] == 0
    assert add(total(collector.records()), after["totals"]["lost"]) == after["totals"]["counted"] == made


def test_a_small_memory_exports_early(lab, link, tmp_path):
    """With a small --max-flows, flows that do not fit are exported as evicted and never dropped."""
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "--max-flows", 100, "--idle", "1h", "--active", "1h").reads()
    made = generate(link, XDP_NATIVE, BURST)
    eventually(lambda: status(lab, link)["collected"]["pending"]["packets"] <= 100)
    assert_collected(status(lab, link))
    collector.stop().ok()
    assert total(collector.records()) == made
    assert reasons(collector.records())["evicted"] > BURST / 2


def test_a_second_collector_is_refused(lab, link, tmp_path):
    """A second collector is refused, and the error names the first, which continues. After the first one has ended, a
    second may start."""
    attach(lab, link)
    first = Collector(lab, link, tmp_path / "first").reads()
    for names in ([], ["v0"]):
        refused(lab.flowlabel(link, "collect", *names, "--jsonl", tmp_path / "second"), 1, "v0 xdp",
                f"process {first.pid}")
    with Sender(link) as sender:
        sender.send(label=3)
    first.process.kill()
    first.process.wait()
    second = Collector(lab, link, tmp_path / "second").reads()
    second.stop().ok()
    assert total(second.records()) == {"packets": 1, "bytes": 40}


def test_asking_for_the_status_refuses_no_collector(lab, link, tmp_path):
    """`status` checks whether an attachment has a reader; a collector that starts at that moment does not take `status`
    for one."""
    attach(lab, link)
    ending = threading.Event()

    def ask():
        while not ending.is_set():
            status(lab, link)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(5):
            Collector(lab, link, tmp_path / "records").reads().stop().ok()
    finally:
        ending.set()
        asking.join()


def test_stopped_and_started_again(lab, link, tmp_path):
    """A restart counts no packet twice. Records wait in the ring, whether a collector runs or not."""
    attach(lab, link)
    made = []
    for _ in range(3):
        made.append(generate(link, XDP_NATIVE, BURST))
        collector = Collector(lab, link, tmp_path / "records").reads()
        made.append(generate(link, XDP_NATIVE, BURST))
        ended = collector.stop().ok()
        assert WARNING not in ended.stderr
    assert total(collector.records()) == add(*made)
    assert_collected(status(lab, link))
    assert status(lab, link)["collected"]["exported"] == add(*made)


def test_killed_and_started_again(lab, link, tmp_path):
    """SIGKILL loses at most the records in flight, and the next start reports how many. The identity holds, and no
    packet is counted twice."""
    attach(lab, link)
    made = generate(link, XDP_NATIVE, BURST)
    first = Collector(lab, link, tmp_path / "first", "--idle", "1h", "--active", "1h").reads()
    eventually(lambda: status(lab, link)["ring"]["used"] == 0)
    before = status(lab, link)
    assert before["collected"]["pending"]["packets"] > 0
    first.process.kill()
    first.process.wait()
    second = Collector(lab, link, tmp_path / "second").reads()
    after = status(lab, link)
    assert_collected(after)
    assert after["totals"]["lost"] == before["collected"]["pending"]
    ended = second.stop().ok()
    lost = after["totals"]["lost"]
    assert f"{lost['packets']:,} packets {lost['bytes']:,} bytes in memory: counted as lost" in ended.stderr
    assert add(total(first.records()), total(second.records()), lost) == made
    third = Collector(lab, link, tmp_path / "third").reads().stop().ok()
    assert WARNING not in third.stderr, "it must be reported only once"
    assert status(lab, link)["totals"]["lost"] == lost


def test_killed_and_detached(lab, link, tmp_path):
    """If no other collector starts, detach reports what the killed collector held, and counts it as lost."""
    attach(lab, link)
    generate(link, XDP_NATIVE, BURST)
    collector = Collector(lab, link, tmp_path / "records", "--idle", "1h", "--active", "1h").reads()
    eventually(lambda: status(lab, link)["ring"]["used"] == 0)
    held = status(lab, link)["collected"]["pending"]
    assert held["packets"] > 0
    collector.process.kill()
    collector.process.wait()
    said = lab.flowlabel(link, "detach", "v0").ok().stderr
    amount = f"{held['packets']:,} packets {held['bytes']:,} bytes"
    assert f"a collector was killed with {amount} in memory: counted as lost" in said
    assert f"lost {amount}" in said


def test_killed_at_random_moments(lab, link, tmp_path):
    """Under load with repeated SIGKILL, each record is exported, or lost and reported, or one of those that were being
    written, which are reported, too."""
    attach(lab, link)
    made, exported, doubtful = [], [], 0
    for number in range(6):
        made.append(generate(link, XDP_NATIVE, BURST))
        collector = Collector(lab, link, tmp_path / str(number), "--idle", "100ms").reads()
        time.sleep(0.05 * number)
        collector.process.kill()
        doubtful += doubt(collector.wait().stderr)
        exported += whole_records(tmp_path / str(number))
    last = Collector(lab, link, tmp_path / "last").reads()
    doubtful += doubt(last.stop().ok().stderr)
    exported += last.records()
    entry = status(lab, link)
    assert_collected(entry)
    assert entry["totals"]["counted"] == add(*made)
    assert entry["totals"]["live"]["packets"] == entry["collected"]["pending"]["packets"] == 0
    seen, lost = total(exported)["packets"], entry["totals"]["lost"]["packets"]
    assert BURST * 6 <= seen + lost <= BURST * 6 + doubtful, (seen, lost, doubtful)


def doubt(text):
    """The number of packets that, as a collector reports, may have arrived although they count as lost."""
    found = re.search(r"lost; ([\d,]+) packets of them", text)
    return int(found[1].replace(",", "")) if found else 0


def test_the_file_is_opened_again(lab, link, tmp_path):
    """SIGHUP reopens the file, and no record is lost between the two files. If a file cannot be opened, the collector
    reports it and continues with the open one."""
    attach(lab, link)
    path, moved = tmp_path / "folder" / "records", tmp_path / "folder" / "moved"
    path.parent.mkdir()
    with Sender(link) as sender:
        collector = Collector(lab, link, path, "--idle", "200ms").reads()
        sender.send(label=1)
        eventually(lambda: len(collector.records()) == 1)
        path.rename(moved)
        collector.process.send_signal(signal.SIGHUP)
        eventually(path.exists)
        sender.send(label=2)
        eventually(lambda: len(collector.records()) == 1)
        path.unlink()
        moved.rename(tmp_path / "moved")
        path.parent.rmdir()
        collector.process.send_signal(signal.SIGHUP)
        ended = collector.stop().ok()
    assert f"cannot open '{path}'" in ended.stderr
    assert [record["label"] for record in read_records(tmp_path / "moved")] == [1]


def test_a_record_that_was_torn_by_sigkill(lab, link, tmp_path):
    """A file that ends in the middle of a record is truncated to the last complete record and continued, at the start
    and when it is reopened. A complete file is appended to. An incomplete line that is not a record is left as it
    is."""
    attach(lab, link)
    path, other = tmp_path / "records", tmp_path / "other"
    with Sender(link) as sender:
        collector = Collector(lab, link, path).reads()
        for label in (1, 2):
            sender.send(label=label)
        collector.stop().ok()
        first, second = path.read_bytes().splitlines(keepends=True)
        for torn in (second[:-1], second[:1], first + second[:60]):
            path.write_bytes(first + torn)
            Collector(lab, link, path).reads().stop().ok()
            assert path.read_bytes() == first + (first if torn.startswith(first) else b"")
        path.write_bytes(second[:30])
        other.write_bytes(first + second[:-7])
        collector = Collector(lab, link, path, "--idle", "200ms").reads()
        sender.send(label=3)
        eventually(lambda: [record["label"] for record in collector.records()] == [3])
        other.rename(path)
        collector.process.send_signal(signal.SIGHUP)
        eventually(lambda: path.read_bytes() == first)
        sender.send(label=4)
        collector.stop().ok()
    assert path.read_bytes().startswith(first)
    assert [record["label"] for record in collector.records()][1:] == [4]
    for text in (b"a line\nand half another one", 5000 * b"x"):
        path.write_bytes(text)
        refused(lab.flowlabel(link, "collect", "--jsonl", path), 1, "an incomplete line that is not a record", "another name")
        assert path.read_bytes() == text


def test_what_stdout_goes_to_is_left_alone(lab, link, tmp_path):
    """An incomplete line that another program wrote to stdout stays, whichever name of stdout --jsonl has."""
    attach(lab, link)
    for name in ("-", "/dev/stdout"):
        path = tmp_path / "records"
        path.write_text('{"src":"of another')
        with open(path, "ab") as file:
            process = lab.start(link, *Collector.command(lab, "--jsonl", name), stdout=file)
        eventually(lambda process=process: status(lab, link)["ring"]["reader"] == process.pid)
        process.terminate()
        assert process.wait(timeout=60) == 0
        assert path.read_text() == '{"src":"of another'


def test_detached_and_attached_again(lab, link, tmp_path):
    """Attach, replace and detach while it collects: what a detached table held becomes records, a replacement changes
    nothing, and a new attachment is collected."""
    collector = Collector(lab, link, tmp_path / "records")
    made = []
    for _ in range(2):
        attach(lab, link)
        collector.reads()
        made.append(generate(link, XDP_NATIVE, BURST))
        attach(lab, link, "--replace", "--stamp", "dry-run")
        made.append(generate(link, XDP_NATIVE, BURST))
        lab.flowlabel(link, "detach", "v0").ok()
        eventually(lambda: collector.packets() == add(*made)["packets"])
        assert total(collector.records()) == add(*made)
    ended = collector.stop().ok()
    assert ended.stderr.count("v0 xdp: collected; counted") == 2
    assert reasons(collector.records())["forced"] > 0
    assert pins(lab) == []


@pytest.mark.parametrize("flows", [10_000, 10 * BURST], ids=["rings", "full-rings"])
def test_detached_while_nobody_takes_records(lab, link, flows):
    """The rings and the table of a detached attachment have no other reader: what no exporter takes is lost and
    reported. The identity is exact, and the exit status shows the loss when the collector ends, however much later."""
    attach(lab, link)
    options = ["--ipfix", f"tcp://[::1]:{free_port()}", "--idle", "200ms", "--max-flows", 1000]
    collector = Collector(lab, link, None, *options).reads()
    made = generate(link, XDP_NATIVE, flows)
    lab.flowlabel(link, "detach", "v0").ok()
    collector.says("no exporter took a record for 2 s")
    said = collector.stop().expect(1).stderr
    amount = f"{made['packets']:,} packets {made['bytes']:,} bytes"
    assert f"collected; counted {amount} = live 0 packets 0 bytes + spilled 0 packets 0 bytes + lost {amount}" in said, said


def test_a_stuck_collector_leaves_the_rings_to_the_next(lab, link, tmp_path):
    """If the attachment stays, the records that no exporter took stay in its rings, however full they are."""
    attach(lab, link)
    options = ["--ipfix", f"tcp://[::1]:{free_port()}", "--idle", "1h", "--max-flows", 1000]
    stuck = Collector(lab, link, None, *options).reads()
    made = generate(link, XDP_NATIVE, 10 * BURST)
    assert "no exporter took a record for 2 s" in stuck.stop().expect(1).stderr
    between = status(lab, link)
    assert_collected(between)
    assert between["ring"]["used"] > 0
    following = Collector(lab, link, tmp_path / "records").reads()
    following.stop().ok()
    after = status(lab, link)
    assert_collected(after)
    assert after["totals"]["live"]["packets"] == after["collected"]["pending"]["packets"] == 0
    assert after["totals"]["lost"] == between["totals"]["lost"]
    assert add(total(following.records()), after["totals"]["lost"]) == made


def test_a_flood_does_not_keep_it_from_ending(lab, link):
    """If flows arrive faster than they can be collected, SIGTERM still ends the collector with a success, and the next
    collector gets what it has not taken."""
    attach(lab, link)
    collector = Collector(lab, link, None, "--jsonl", "/dev/null").reads()
    flood = start_flood(lab, link, 4_000_000_000)
    eventually(lambda: status(lab, link)["collected"]["exported"]["packets"] > 0)
    collector.stop(timeout=240).ok()  # some ten seconds, if the flood leaves it a CPU
    assert flood.poll() is None
    flood.kill()
    flood.wait()
    assert status(lab, link)["totals"]["live"]["packets"] > 0
    Collector(lab, link, None, "--jsonl", "/dev/null").reads().stop().ok()
    after = status(lab, link)
    assert_collected(after)
    assert after["totals"]["live"]["packets"] == after["collected"]["pending"]["packets"] == 0


def descriptors(process):
    """The number of open files of a process."""
    return len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))


def test_attachments_that_come_and_go_while_nobody_takes_records(lab, link):
    """Once the last record of an ended attachment has left, none of its files stays open."""
    collector = Collector(lab, link, None, "--ipfix", f"tcp://[::1]:{free_port()}", "--idle", "200ms")
    collector.says("Connection refused")
    idle = descriptors(collector.process)
    with Sender(link) as sender:
        for label in range(4):
            attach(lab, link)
            collector.reads()
            sender.send(label=label)
            lab.flowlabel(link, "detach", "v0").ok()
            eventually(lambda: descriptors(collector.process) == idle)
    said = collector.stop().expect(1).stderr
    assert said.count("collected; counted 1 packets 40 bytes = live 0 packets") == 4
    assert said.count("+ lost 1 packets 40 bytes") == 4


def test_the_interface_goes_and_comes_back(lab, link, tmp_path):
    """After an interface was removed and added again, its new attachment is collected."""
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "v0", "--idle", "200ms").reads()
    made = [generate(link, XDP_NATIVE, BURST)]
    link.ip("link", "delete", "dev", "v0")
    eventually(lambda: collector.packets() == made[0]["packets"])
    lab.flowlabel(link, "detach", "v0").ok()
    cable(link)
    attach(lab, link)
    collector.reads()
    made.append(generate(link, XDP_NATIVE, BURST))
    collector.stop().ok()
    assert total(collector.records()) == add(*made)


def test_which_attachments(lab, link, tmp_path):
    """Without names, all attachments are collected, and new ones as they appear; with names, only those; with --hook,
    one hook."""
    cable(link, "v1", "w1")
    lab.flowlabel(link, "attach", "v0", "--flows", 64).ok()
    everything = Collector(lab, link, tmp_path / "all").reads(1)
    lab.flowlabel(link, "attach", "v1", "--hook", "tc-egress", "--flows", 64).ok()
    everything.reads(2)
    everything.stop().ok()
    one = Collector(lab, link, tmp_path / "one", "v1").reads(1)
    other = Collector(lab, link, tmp_path / "other", "v0", "--hook", "xdp").reads(1)
    assert {entry["source"]["interface"]: entry["ring"]["reader"] for entry in entries(lab, link)} == {
        "v0": other.pid, "v1": one.pid}
    one.stop().ok()
    other.stop().ok()


def test_many_attachments_and_few_files(lab, link, tmp_path):
    """An attachment needs many open files: the soft limit is raised to the hard limit, and if that is too low, the hint
    says so."""
    for number in range(3):
        if number > 0:
            cable(link, f"v{number}", f"w{number}")
        for hook in ("xdp", "tc-ingress", "tc-egress"):
            lab.flowlabel(link, "attach", f"v{number}", "--hook", hook, "--flows", 64).ok()
    Collector(lab, link, tmp_path / "records", prefix=["prlimit", "--nofile=64:1024"]).reads(9).stop().ok()
    few = Collector(lab, link, tmp_path / "none", prefix=["prlimit", "--nofile=64:64"])
    refused(few.wait(), 1, "Too many open files", "LimitNOFILE=")


def test_what_makes_no_sense(lab, link, tmp_path):
    """Bad input gives a clear error, and the kernel continues to count."""
    refused(lab.flowlabel(link, "collect", "v0", "--jsonl", tmp_path / "x"), 3, "nothing is attached to v0")
    attach(lab, link)
    refused(lab.flowlabel(link, "collect"), 2, "--jsonl")
    refused(lab.flowlabel(link, "collect", "nosuch", "--jsonl", "-"), 1, "nosuch")
    refused(lab.flowlabel(link, "collect", "v0", "--hook", "tc-egress", "--jsonl", "-"), 3, "v0 tc-egress")
    refused(lab.flowlabel(link, "collect", "--jsonl", tmp_path), 1, "cannot open", "Is a directory")
    refused(lab.flowlabel(link, "collect", "--jsonl", tmp_path / "no" / "folder"), 1, "cannot open")
    refused(lab.flowlabel(link, "collect", "--jsonl", "-", "--max-flows", 0), 2, "--max-flows")
    assert status(lab, link)["ring"]["reader"] is None
    with Sender(link) as sender:
        sender.send(label=1)
    assert status(lab, link)["totals"]["counted"]["packets"] == 1


def test_a_full_disk(lab, link, tmp_path):
    """On a full disk records wait until there is room: none is truncated, lost or written twice."""
    attach(lab, link)
    disk = tmp_path / "disk"
    disk.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk)
    try:
        collector = Collector(lab, link, disk / "records", "--idle", "200ms").reads()
        made = generate(link, XDP_NATIVE, 5000)
        collector.says("No space left")
        seen = {}

        def settled():
            seen["entry"], seen["records"] = status(lab, link), total(collector.records())
            return seen["entry"]["collected"]["exported"] == seen["records"]

        eventually(settled)  # an attempt to write leaves a part of a batch there for a moment
        assert_collected(seen["entry"])
        assert 0 < seen["records"]["packets"] < 5000
        command("mount", "-o", "remount,size=16m", disk)
        eventually(lambda: collector.packets() == made["packets"])
        assert total(collector.records()) == made
        ended = collector.stop().ok()
        assert ended.stderr.count("No space left") == 1
    finally:
        command("umount", "--lazy", disk)  # a collector may still write there


def test_a_disk_that_stays_full(lab, link, tmp_path):
    """Records that never find room are lost: exit status 1, and the identity says how many."""
    attach(lab, link)
    collector = Collector(lab, link, "/dev/full").reads()
    made = generate(link, XDP_NATIVE, 1000)
    ended = collector.stop().expect(1)
    assert "cannot write records to '/dev/full'" in ended.stderr
    entry = status(lab, link)
    assert_collected(entry)
    assert entry["totals"]["lost"] == made


def test_a_part_of_a_batch_that_is_taken_back(lab, link, tmp_path):
    """If a file repeatedly has room for only a part of a batch, that part is removed each time, and a detach does not
    wait for the file."""
    attach(lab, link)
    options = ["--max-flows", 300, "--idle", "1h", "--active", "1h"]
    collector = Collector(lab, link, tmp_path / "records", *options, prefix=["prlimit", "--fsize=200000"]).reads()
    made = generate(link, XDP_NATIVE, 3000)
    lab.flowlabel(link, "detach", "v0").ok()
    collector.says("no exporter took a record for 2 s")
    said = collector.stop().expect(1).stderr
    there = total(collector.records())
    lost = {unit: made[unit] - there[unit] for unit in UNITS}
    assert "= live 0 packets 0 bytes + pending 0 packets 0 bytes + exported {packets:,} packets".format(**there) in said
    assert "+ lost {packets:,} packets {bytes:,} bytes".format(**lost) in said


def test_a_limit_of_file_size(lab, link, tmp_path):
    """A file size limit (LimitFSIZE= and ulimit -f) works like a full disk. At the end, no message says that records
    wait."""
    attach(lab, link)
    path = tmp_path / "records"
    collector = Collector(lab, link, path, "--idle", "200ms", prefix=["prlimit", "--fsize=200000"]).reads()
    made = generate(link, XDP_NATIVE, 5000)
    collector.says(f"cannot write records to '{path}': File too large; they wait until they can be written")
    ended = collector.stop().expect(1)
    assert f"flowlabel: error: cannot write records to '{path}': File too large" in ended.stderr
    assert "flowlabel: hint" not in ended.stderr
    entry = status(lab, link)
    assert_collected(entry)
    assert add(total(collector.records()), entry["totals"]["lost"]) == made


def rotated(path):
    """The records of PATH and of PATH.1, PATH.2, ..., the oldest first. Each file must consist of complete lines."""
    files = sorted(path.parent.glob(path.name + ".*"), key=lambda file: -int(file.suffix[1:])) + [path]
    return [record for file in files for record in read_records(file)]


def test_rotation(lab, link, tmp_path):
    """--rotate: no file exceeds the size, no line is truncated, and no record is missing or there twice, also after a
    restart and SIGHUP. Only nine old files are kept."""
    attach(lab, link)
    path = tmp_path / "records"
    options = ["--rotate", "1M", "--idle", "200ms"]
    made = []
    for _ in range(2):
        collector = Collector(lab, link, path, *options).reads()
        made.append(generate(link, XDP_NATIVE, 8_000))
        collector.process.send_signal(signal.SIGHUP)
        collector.stop().ok()
    assert total(rotated(path)) == add(*made)
    sizes = [file.stat().st_size for file in tmp_path.glob("records.*")]
    assert len(sizes) >= 3 and all(1_000_000 - 250_000 < size <= 1_000_000 for size in sizes), sizes
    assert not (tmp_path / "records.9").exists()
    collector = Collector(lab, link, path, *options).reads()
    generate(link, XDP_NATIVE, BURST)
    collector.stop().ok()
    assert sorted(tmp_path.iterdir()) == [path, *(tmp_path / f"records.{number}" for number in range(1, 10))]
    assert all(file.stat().st_size <= 1_000_000 for file in tmp_path.iterdir())
    rotated(path)


def test_a_rotation_that_fails(lab, link, tmp_path):
    """If the file cannot be renamed, records are appended to it, and a warning says so."""
    attach(lab, link)
    path = tmp_path / "records"
    for number in range(1, 9):
        (tmp_path / f"records.{number}").write_text("")
    (tmp_path / "records.9" / "directory").mkdir(parents=True)
    collector = Collector(lab, link, path, "--rotate", "1M", "--idle", "200ms").reads()
    made = generate(link, XDP_NATIVE, 8_000)
    collector.says("records still go into the open file")
    ended = collector.stop().ok()
    assert total(collector.records()) == made
    assert ended.stderr.count(f"cannot rename '{path}.8' to '{path}.9'") == 1
    assert [(tmp_path / f"records.{number}").read_text() for number in range(1, 9)] == [""] * 8


def test_what_cannot_be_rotated(lab, link, tmp_path):
    """A pipe and stdout have no size, so they cannot be rotated. A wrong --rotate is wrong usage."""
    attach(lab, link)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    for name in (path, "/dev/null", "/dev/stdout"):
        refused(lab.flowlabel(link, "collect", "--jsonl", name, "--rotate", "1M"), 1, "not a regular file", "--rotate")
    os.close(reader)
    refused(lab.flowlabel(link, "collect", "--jsonl", "-", "--rotate", "1M"), 2, "--rotate", "stdout")
    refused(lab.flowlabel(link, "collect", "--jsonl", "records", "--rotate", "100K"), 2, "too small", "1M")
    refused(lab.flowlabel(link, "collect", "--jsonl", "records", "--rotate", "much"), 2, "'much'")
    refused(lab.flowlabel(link, "collect", "--ipfix", "udp://[::1]", "--rotate", "1M"), 2, "--jsonl FILE")


def test_logrotate(lab, link, tmp_path):
    """With the real logrotate and the installed configuration, no record is lost, and the moved file is compressed the
    next time."""
    if not shutil.which("logrotate"):
        pytest.skip("needs logrotate: run tools/setup")
    attach(lab, link)
    folder = tmp_path / "log"
    folder.mkdir(mode=0o750)
    path = folder / "flows.jsonl"
    collector = Collector(lab, link, path, "--idle", "200ms").reads()
    text = (REPOSITORY / "systemd/flowlabel.logrotate").read_text()
    told = "systemctl try-reload-or-restart flowlabel-collect.service"
    assert "/var/log/flowlabel/flows.jsonl {" in text and told in text
    config = tmp_path / "config"
    config.write_text(text.replace("/var/log/flowlabel", str(folder)).replace(told, f"kill -HUP {collector.pid}"))
    config.chmod(0o644)
    made = []
    for count in range(1, 3):
        made.append(generate(link, XDP_NATIVE, 1000))
        eventually(lambda: collector.packets() == made[-1]["packets"])
        command("logrotate", "--force", "--state", tmp_path / "state", config)
        eventually(path.exists)
        assert (folder / "flows.jsonl.2.gz").exists() == (count == 2)
    collector.stop().ok()
    with gzip.open(folder / "flows.jsonl.2.gz", "rt", encoding="ascii") as file:
        oldest = [json.loads(line) for line in file]
    assert total(oldest + read_records(folder / "flows.jsonl.1") + collector.records()) == add(*made)


def test_to_stdout(lab, link, tmp_path):
    """`--jsonl -` into a pipe whose reader ends early is a success without a message. A reader that does not read does
    not keep the collector from ending."""
    attach(lab, link)
    collector = Collector(lab, link, "-", "--idle", "100ms").reads()
    with Sender(link) as sender:
        sender.send(label=9)
    line = collector.process.stdout.readline()
    assert json.loads(line)["label"] == 9
    collector.process.stdout.close()
    with Sender(link) as sender:
        sender.send(label=10)
    assert collector.process.wait(timeout=60) == 0
    assert "error" not in collector.process.stderr.read()

    stuck = Collector(lab, link, "-", "--idle", "100ms").reads()
    generate(link, XDP_NATIVE, BURST)
    time.sleep(1)
    stuck.process.send_signal(signal.SIGTERM)
    assert stuck.process.wait(timeout=60) == 1
    assert_collected(status(lab, link))


def read_some(path, records):
    """Reads RECORDS lines from a pipe as its only reader, then closes it."""
    with open(path, encoding="ascii") as pipe:
        return [json.loads(pipe.readline()) for _ in range(records)]


def test_a_pipe_with_a_name(lab, link, tmp_path):
    """A FIFO without a reader is an error at the start, without waiting. Later it can have one reader after another,
    and while it has none, records wait. No signal finds the collector blocked in an open."""
    attach(lab, link)
    path = tmp_path / "pipe"
    os.mkfifo(path)
    refused(lab.flowlabel(link, "collect", "--jsonl", path, timeout=20), 1, "has no reader", "start its reader first")
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    collector = Collector(lab, link, path, "--idle", "200ms").reads()
    os.set_blocking(reader, True)
    with Sender(link) as sender, os.fdopen(reader) as pipe:
        sender.send(label=1)
        assert json.loads(pipe.readline())["label"] == 1
    with Sender(link) as sender:
        sender.send(label=2)
        collector.says(f"the pipe '{path}' has no reader; records wait until it has one")
        collector.process.send_signal(signal.SIGHUP)
        assert [record["label"] for record in read_some(path, 1)] == [2]
        path.unlink()
        os.mkfifo(path)
        collector.process.send_signal(signal.SIGHUP)
        sender.send(label=3)
        assert [record["label"] for record in read_some(path, 1)] == [3]
        sender.send(label=4)
    said = collector.stop().expect(1).stderr
    assert f"flowlabel: error: the pipe '{path}' has no reader" in said
    entry = status(lab, link)
    assert_collected(entry)
    assert entry["totals"]["lost"] == {"packets": 1, "bytes": 40}


def test_nothing_of_it_stays(lab, link, tmp_path):
    """The sweep program ends with its collector, also by SIGKILL."""
    attach(lab, link)
    before = flowlabel_programs()
    collector = Collector(lab, link, tmp_path / "records").reads()
    assert len(flowlabel_programs() - before) == 1
    collector.process.kill()
    collector.process.wait()
    eventually(lambda: flowlabel_programs() <= before)
    lab.flowlabel(link, "detach", "v0").ok()
    assert pins(lab) == []


def read_until(terminal, pattern):
    """Reads a terminal until its output contains PATTERN. The output comes in parts, the last one after its writer has
    ended."""
    text = b""
    while not re.search(pattern, text):
        assert select.select([terminal], [], [], 60)[0], text
        text += os.read(terminal, 4096)
    return text


def test_a_line_on_a_terminal(lab, link, tmp_path):
    """On a terminal, and without --jsonl -, the collector refreshes one status line."""
    attach(lab, link)
    leader, terminal = pty.openpty()
    try:
        argv = [binary(), "collect", "--idle", "100ms", "--bpffs", lab.bpffs, "--jsonl"]
        process = lab.start(link, *argv, tmp_path / "records", stderr=terminal)
        with Sender(link) as sender:
            sender.send(label=1, times=3)
        read_until(leader, rb"1 attachments, 0 flows in memory, [\d,]+ records/s, 0 packets lost, writing")
        process.terminate()
        assert process.wait(timeout=60) == 0
        read_until(leader, rb"\r\033\[Kflowlabel: v0 xdp: collected;.*\n")
        silent = lab.start(link, *argv, "-", stdout=subprocess.DEVNULL, stderr=terminal)
        eventually(lambda: status(lab, link)["ring"]["reader"] == silent.pid)
        silent.terminate()
        assert silent.wait(timeout=60) == 0
        assert b"records/s" not in read_until(leader, rb"collected;.*\n")
    finally:
        os.close(leader)
        os.close(terminal)


CAPABILITIES = {"net_admin": 12, "perfmon": 38, "bpf": 39}


def capabilities(pid):
    """The effective and permitted capabilities of each thread."""
    found = set()
    for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = dict(line.split(":\t", 1) for line in (thread / "status").read_text().splitlines())
        found |= {int(fields["CapEff"], 16), int(fields["CapPrm"], 16)}
    return found


@pytest.mark.parametrize("hook", HOOKS, ids=str)
def test_least_capabilities(lab, link, tmp_path, hook):
    """After the start the collector has only the three capabilities that it needs. With them it also collects later
    attachments, and they are enough for its start, as in its unit."""
    collector = Collector(lab, link, tmp_path / "records")
    attach(lab, link, hook=hook)
    collector.reads()
    assert capabilities(collector.pid) == {sum(1 << number for number in CAPABILITIES.values())}
    made = generate(link, hook, BURST)
    collector.stop().ok()
    assert total(collector.records()) == made

    bounded = ",".join(["-all", *(f"+{name}" for name in CAPABILITIES)])
    few = Collector(lab, link, tmp_path / "few", prefix=["setpriv", "--bounding-set", bounded]).reads()
    made = generate(link, hook, BURST)
    few.stop().ok()
    assert total(few.records()) == made


@pytest.fixture
def service_manager(tmp_path):
    """The socket of a service manager, and the environment that names it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        yield listener, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}


def test_service_manager(lab, link, tmp_path, service_manager):
    """Type=notify and a watchdog: ready once attachments are collected, then WATCHDOG=1 four times for each interval,
    and STOPPING=1 at the end."""
    listener, environment = service_manager
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", env=environment).reads()
    assert [listener.recv(4096) for _ in range(4)] == [b"READY=1"] + 3 * [b"WATCHDOG=1"]
    collector.process.terminate()
    while (said := listener.recv(4096)) == b"WATCHDOG=1":
        pass
    assert said == b"STOPPING=1"
    collector.wait().ok()


class SlowReader:
    """Reads a pipe at the rate of the watchdog's messages, for longer than the collector waits for an exporter that
    accepts nothing, and for as long as `held_back` is set."""

    def __init__(self, path, service_manager):
        self._listener, self.environment = service_manager
        self.environment["WATCHDOG_USEC"] = "800000"  # one message every 0.2 s
        os.mkfifo(path)
        self.held_back = False
        self.text = b""
        self._pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, PIECE)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self._pipe)

    def read(self, records, collector):
        """Reads until there are RECORDS, or until COLLECTOR reports that some are lost. Returns how many packets they
        have."""
        pieces = 0
        while pieces < 25 or self.held_back:
            assert self._listener.recv(4096) in (b"READY=1", b"WATCHDOG=1")
            assert select.select([self._pipe], [], [], 60)[0]
            self.text += os.read(self._pipe, PIECE)
            pieces += 1
        while self.text.count(b"\n") < records and not collector.has_said("are lost"):
            if select.select([self._pipe], [], [], 0.1)[0]:
                self.text += os.read(self._pipe, PIECE)
        return sum(map(int, re.findall(rb'"packets":(\d+),', self.text)))


def test_a_slow_reader_gets_everything(lab, link, tmp_path, service_manager):
    """A reader that reads some bytes now and then is slow and not stuck: it gets every record of a detached attachment,
    and nothing else stops in the meantime."""
    attach(lab, link)
    path = tmp_path / "pipe"
    options = ["--max-flows", 300, "--idle", "1h", "--active", "1h"]
    with SlowReader(path, service_manager) as reader:
        collector = Collector(lab, link, path, *options, env=reader.environment).reads()
        made = generate(link, XDP_NATIVE, 3000)
        lab.flowlabel(link, "detach", "v0").ok()
        assert reader.read(3000, collector) == made["packets"] == 3000
        ended = collector.stop().ok()
    assert WARNING not in ended.stderr
    assert "= live 0 packets 0 bytes + pending 0 packets" in ended.stderr and "+ lost 0 packets 0 bytes" in ended.stderr


def test_a_slow_reader_gets_everything_of_several(lab, link, tmp_path, service_manager):
    """Several attachments that end at the same time wait for one slow reader, and lose nothing. Meanwhile the rings of
    an attachment that stays are drained."""
    for number, flows in ((0, 2048), (1, 2048), (2, 64)):
        if number > 0:
            cable(link, f"v{number}", f"w{number}")
        lab.flowlabel(link, "attach", f"v{number}", "--flows", flows).ok()
    path = tmp_path / "pipe"
    options = ["--max-flows", 300, "--idle", "1h", "--active", "1h"]
    with concurrent.futures.ThreadPoolExecutor() as beside, SlowReader(path, service_manager) as reader:
        collector = Collector(lab, link, path, *options, env=reader.environment).reads(3)
        for number in (0, 1):
            link.run(*generator("leave", f"w{number}", f"v{number}", 1500), timeout=120)
        for number in (0, 1):
            lab.flowlabel(link, "detach", f"v{number}").ok()
        reader.held_back = True
        reading = beside.submit(reader.read, 3300, collector)
        eventually(lambda: reader.text.count(b"\n") > 100)  # more than a second: the collector has noticed the detaches
        link.run(*generator("leave", "w2", "v2", 300), timeout=120)
        eventually(lambda: status(lab, link)["ring"]["used"] == 0 < status(lab, link)["collected"]["pending"]["packets"])
        assert reader.text.count(b"\n") < 1500, "its ring must be drained while the others end"
        lab.flowlabel(link, "detach", "v2").ok()
        reader.held_back = False
        assert reading.result() == 3300
        ended = collector.stop().ok()
    assert WARNING not in ended.stderr
    assert ended.stderr.count("= live 0 packets 0 bytes + pending 0 packets 0 bytes + exported") == 3
    assert ended.stderr.count("+ lost 0 packets 0 bytes") == 3


def test_the_unit(tmp_path):
    """systemd-analyze accepts the unit; that needs no running systemd."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze: run tools/setup")
    text = (REPOSITORY / "systemd/flowlabel-collect.service.in").read_text()
    unit = tmp_path / "flowlabel-collect.service"
    unit.write_text(text.replace("@program@", binary()))
    done = command("systemd-analyze", "verify", "--man=no", unit)
    assert done.stdout + done.stderr == ""


def test_what_the_journal_reads(lab, link, tmp_path):
    """For the journal, each line has a priority and no program name, which the journal adds, and the start, the
    attachments and reopened files are logged at once. A pipe and a terminal get the usual lines."""
    log = tmp_path / "log"
    with open(log, "wb") as file:
        made = os.fstat(file.fileno())
        process = lab.start(link, *Collector.command(lab, "--jsonl", tmp_path / "records"), stderr=file,
                            env={**os.environ, "JOURNAL_STREAM": f"{made.st_dev}:{made.st_ino}"})
    version = lab.flowlabel(link, "--version").ok().stdout.strip()
    eventually(lambda: log.read_text() == f"<6>{version} collects into {tmp_path / 'records'}\n")
    lab.flowlabel(link, "attach", "v0", "--flows", 4).ok()
    eventually(lambda: "<6>v0 xdp: collecting\n" in log.read_text())
    process.send_signal(signal.SIGHUP)
    eventually(lambda: "<6>reload: " in log.read_text())
    link.ip("link", "delete", "dev", "v0")
    eventually(lambda: "<4>v0 xdp: the interface is gone" in log.read_text())
    process.terminate()
    process.wait(timeout=60)
    lines = log.read_text().splitlines()
    assert all(line.startswith(("<3>", "<4>", "<6>")) and "flowlabel: " not in line for line in lines), lines


def test_a_name_means_this_namespace(lab, link, tmp_path):
    """An interface of the same name in another namespace is not collected unless --all-netns asks for it."""
    other = lab.namespace("other")
    cable(other)
    attach(lab, link)
    attach(lab, other)
    for options, expected in ((["v0"], {link.name}), (["v0", "--all-netns"], {link.name, other.name})):
        path = tmp_path / f"records-{len(expected)}"
        collector = Collector(lab, link, path, *options, "--idle", "100ms").reads(len(expected))
        for namespace in (link, other):
            with Sender(namespace) as sender:
                sender.send(label=1)
        eventually(lambda: {record["netns_name"] for record in collector.records()} >= expected)
        collector.stop().ok()
        assert {record["netns_name"] for record in collector.records()} == expected
