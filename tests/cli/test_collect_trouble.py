# SPDX-License-Identifier: BSD-2-Clause
"""External problems of a collector: slow readers, damaged attachments, forbidden CPUs, too little memory, another
collector."""

import os
import pathlib
import re
import shutil
import socket

import pytest

from cgroup import cpuset, memory
from collector import Collector, assert_collected, entries, total
from feed import Sender, cable, generate
from flows import XDP_NATIVE
from kernel import eventually
from lab import LAYOUT, Result
from saying import refused
from test_collect import attach, status

HUGE_PAGE = 2 << 20


@pytest.fixture
def link(lab):
    """v0 and w0, silent, in a namespace of their own."""
    made = lab.namespace("host")
    cable(made)
    return made


def populations(log):
    """The sizes of the parts in which a collector's table was populated so far."""
    return [int(size) for size in re.findall(r"madvise\(\w+, (\d+), MADV_POPULATE_WRITE", log.read_text())]


def test_a_large_table_is_populated_between_drains(lab, link, tmp_path):
    """A table of 256 MiB is populated in parts, and the rings are drained between them."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    log = tmp_path / "log"
    tracer = ["strace", "-D", "-f", "-qq", "-o", log, "-e", "trace=madvise", "-e", "inject=madvise:delay_enter=100000"]
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "--max-flows", 3_100_000, prefix=tracer).reads()
    generate(link, XDP_NATIVE, 5000)
    eventually(lambda: populations(log) and status(lab, link)["ring"]["used"] == 0)
    sizes = populations(log)
    collector.stop().ok()
    assert max(sizes) <= HUGE_PAGE
    assert sum(sizes) < 256 << 20, "the ring must be drained before the whole table is populated"


def test_cpus_that_it_may_not_run_on(lab, link, tmp_path):
    """The collector reports that it cannot end flows on CPUs that it may not run on. It still takes those flows when
    the attachment goes."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        pytest.skip("needs two CPUs")
    attach(lab, link)
    with cpuset(allowed[:1]) as prefix:
        collector = Collector(lab, link, tmp_path / "records", "--idle", "100ms", prefix=prefix).reads()
        made = generate(link, XDP_NATIVE, 2000)
        collector.says("the collector cannot run on CPU")
        eventually(lambda: 0 < status(lab, link)["totals"]["live"]["packets"] == made["packets"] - collector.packets())
        assert_collected(status(lab, link))
        lab.flowlabel(link, "detach", "v0").ok()
        eventually(lambda: collector.has_said("collected; counted"))
        ended = collector.stop().ok()
    assert total(collector.records()) == made
    assert ended.stderr.count("cannot run on CPU") == 1
    amount = f"{made['packets']:,} packets {made['bytes']:,} bytes"
    assert f"counted {amount} = live 0 packets 0 bytes + pending 0 packets 0 bytes + exported {amount}" in ended.stderr


def test_more_flows_than_memory(lab, link, tmp_path):
    """Neither a collector's table nor an attachment's table is created if a memory cgroup has no room for it."""
    attach(lab, link)
    with memory(300 << 20) as prefix:
        large = Collector(lab, link, None, "--jsonl", tmp_path / "none", "--max-flows", 5_000_000, prefix=prefix)
        refused(large.wait(), 1, "memory for 5000000 flows takes 512.0 MiB", "are available", "--max-flows")
        assert not (tmp_path / "none").exists()
        argv = [*prefix, *Collector.command(lab)[:1], "attach", "w0", "--flows", 8_000_000, "--bpffs", lab.bpffs]
        done = link.run(*argv, check=False)
        refused(Result(argv, done.returncode, done.stdout, done.stderr), 1, "MiB are available", "--flows")
        Collector(lab, link, tmp_path / "records", "--max-flows", 500_000, prefix=prefix).reads().stop().ok()


def test_one_damaged_attachment(lab, link, tmp_path):
    """An attachment without one of its pins is reported, and the others are collected. It is retried, and the exit
    status is 1 if it is still damaged at the end."""
    cable(link, "v1", "w1")
    attach(lab, link)
    lab.flowlabel(link, "attach", "v1", "--flows", 64).ok()
    (other,) = (entry["source"]["ifindex"] for entry in entries(lab, link) if entry["source"]["interface"] == "v1")
    (directory,) = pathlib.Path(lab.bpffs).glob(f"flowlabel/v{LAYOUT}/*-{other}/xdp")
    (directory / "ring").unlink()
    for names in ([], ["v0", "v1"]):
        collector = Collector(lab, link, tmp_path / f"damaged{len(names)}", *names).says("ring: No such file or directory")
        with Sender(link) as sender:
            sender.send(label=5)
        ended = collector.stop().expect(1)
        assert total(collector.records()) == {"packets": 1, "bytes": 40}
        assert ended.stderr.count("No such file or directory") == 2, "one warning, and one error at the end"
    collector = Collector(lab, link, tmp_path / "repaired").says("ring: No such file or directory")
    shutil.rmtree(directory)
    lab.flowlabel(link, "attach", "v1", "--flows", 64).ok()
    collector.reads(2).stop().ok()


def open_to_all(directory):
    """Makes DIRECTORY writable for others. Returns the repair."""
    directory.chmod(0o777)
    return lambda: directory.chmod(0o700)


def link_instead(directory):
    """Replaces DIRECTORY with a symbolic link. Returns the repair."""
    aside = directory.with_name("aside")
    directory.rename(aside)
    directory.symlink_to(aside)

    def mend():
        directory.unlink()
        aside.rename(directory)
    return mend


@pytest.mark.parametrize("level, damage, words", [
    ("interface", open_to_all, "has mode 0777"), ("hook", open_to_all, "has mode 0777"),
    ("interface", link_instead, "is not a directory"), ("hook", link_instead, "is not a directory")])
def test_one_directory_that_cannot_be_trusted(lab, link, tmp_path, level, damage, words):
    """A directory that cannot be opened is reported once, and the other attachments are collected, at the start and
    later. What is already collected stays so. Once the directory is repaired, its attachment is collected."""
    cable(link, "v1", "w1")
    attach(lab, link)
    lab.flowlabel(link, "attach", "v1", "--flows", 64).ok()
    (other,) = (entry["source"]["ifindex"] for entry in entries(lab, link) if entry["source"]["interface"] == "v1")
    (directory,) = pathlib.Path(lab.bpffs).glob(f"flowlabel/v{LAYOUT}/*-{other}" + ("/xdp" if level == "hook" else ""))
    mend = damage(directory)
    with Sender(link) as sender, Sender(link, "w1") as other_sender:
        collector = Collector(lab, link, tmp_path / "first", "--idle", "200ms").says(words)
        sender.send(label=5)
        eventually(lambda: collector.packets() == 1)
        mend()
        collector.reads(2).stop().ok()
        collector = Collector(lab, link, tmp_path / "second", "--idle", "200ms").reads(2)
        damage(directory)
        collector.says(words)
        sender.send(label=6)
        other_sender.send(label=7)
        eventually(lambda: collector.packets() == 2)
    assert not collector.has_said("collected; counted")
    assert collector.stop().expect(1).stderr.count(words) == 2, "one warning, and one error at the end"


def test_a_second_collector_touches_nothing(lab, link, tmp_path):
    """A collector that finds another collector sends nothing, opens no file and truncates none."""
    link.ip("link", "set", "dev", "lo", "up")
    attach(lab, link)
    torn, fresh = tmp_path / "torn", tmp_path / "fresh"
    Collector(lab, link, tmp_path / "first").reads()
    torn.write_text('{"src":"2001:db8::1",')
    with link.socket(socket.AF_INET6, socket.SOCK_DGRAM) as listener:
        listener.bind(("::1", 0))
        listener.setblocking(False)
        url = f"udp://[::1]:{listener.getsockname()[1]}"
        for path in (torn, fresh):
            second = lab.flowlabel(link, "collect", "--jsonl", path, "--ipfix", url, "--ipfix", f"file:{fresh}.ipfix")
            refused(second, 1, "is collected by process")
        with pytest.raises(BlockingIOError):
            listener.recv(4096)
    assert torn.read_text() == '{"src":"2001:db8::1",'
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "torn"]
