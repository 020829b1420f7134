# SPDX-License-Identifier: BSD-2-Clause
"""Records in a ClickHouse server: after every fault, none is missing and none is there twice. Also runs the queries of
docs/fleet.md."""

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import struct
import time
import zlib

import pytest

from clickhouse import Meddler, Refused, Server, missing_server, spool_files
from collector import UNITS, Collector, assert_collected, entries
from feed import cable, generator, one_cpu
from frames import NO_NEXT_HEADER, ethernet, ipv6
from kernel import eventually
from lab import REPOSITORY, command
from saying import WARNING, refused

IPV6 = 0x86DD
TIMEOUT = ["--clickhouse-timeout", "1s"]
BURST = 20_000  # records: fewer than the ring holds


@pytest.fixture(autouse=True)
def needs_server():
    """Skips, with the reason, if there is no server."""
    reason = missing_server()
    if reason:
        pytest.skip(reason)


class Router:
    """A namespace with an attachment on NAME0, whose peer is NAME1."""

    def __init__(self, lab, name):
        self.lab = lab
        self.name = name
        self.namespace = lab.namespace(name)
        self.interface = f"{name}0"
        self._made = 0
        self._forgotten = {"packets": 0, "bytes": 0}
        cable(self.namespace, self.interface, f"{name}1")
        lab.flowlabel(self.namespace, "attach", self.interface, "--flows", 1024).ok()
        self._socket = self.namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind((f"{name}1", 0))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._socket.close()

    def generate(self, records):
        """Generates RECORDS new flows of one packet each, from all CPUs."""
        self.namespace.run(*generator("leave", f"{self.name}1", self.interface, records, self._made), timeout=120)
        self._made += records

    def send(self, source, destination, label, octets, times):
        """Sends TIMES packets of OCTETS bytes, all counted, of one flow."""
        frame = ethernet(b"\2" * 6, b"\4" * 6, IPV6,
                         ipv6(source, destination, NO_NEXT_HEADER, bytes(octets - 40), label=label))
        with one_cpu():
            for _ in range(times):
                self._socket.send(frame)

    def collector(self, url, *options, linger="300ms", **more):
        """A collector that exports only to URL."""
        return Collector(self.lab, self.namespace, None, self.interface, "--idle", "200ms", "--router", self.name,
                         "--clickhouse", url, "--clickhouse-linger", linger, *options, **more)

    @property
    def sent(self):
        """{"packets", "bytes"} that were counted since the last forget()."""
        counted = self.entry()["totals"]["counted"]
        return {unit: counted[unit] - self._forgotten[unit] for unit in counted}

    def forget(self):
        """Resets `sent` to 0."""
        self._forgotten = self.entry()["totals"]["counted"]

    def entry(self):
        """The attachment in `status --json`."""
        (entry,) = [entry for entry in entries(self.lab, self.namespace)
                    if entry["source"]["interface"] == self.interface]
        return entry


@pytest.fixture
def router(lab):
    """One router."""
    with Router(lab, "edge") as made:
        yield made


@pytest.fixture
def server(lab, router, tmp_path):
    """A server with the tables, in the router's namespace."""
    with Server(lab, router.namespace, tmp_path).start() as made:
        yield made.make_tables()


def assert_whole(server, table="flowlabel.records"):
    """Asserts that each batch is there once, with all its records."""
    assert server.rows(f"SELECT batch, count() AS n, any(batch_records) AS expected FROM {table} GROUP BY batch "
                       "HAVING n != expected") == []


def assert_all_there(server, router):
    """Asserts that the table has every packet that the router counted, once, whichever batches have them."""
    assert server.totals() == router.sent
    assert_whole(server)


def run_through(server, router, collector, bursts=1):
    """Generates bursts until the server has all of them, then ends the collector."""
    for _ in range(bursts):
        router.generate(BURST)
        time.sleep(0.3)
    eventually(lambda: router.entry()["collected"]["exported"] == router.sent)
    eventually(lambda: server.totals()["packets"] >= router.sent["packets"])
    ended = collector.stop().ok()
    assert_all_there(server, router)
    assert_collected(router.entry())
    return ended


def test_each_column_is_what_was_sent(lab, router, server):
    """The columns for addresses, label, deltas, start, end, router, interface, hook, end reason and batch id have what
    was sent."""
    before = time.time()
    router.send("2001:db8::1", "2001:db8:ffff::2", 0xFFFFF, octets=100, times=3)
    router.send("2001:db8::1", "2001:db8:ffff::2", 0, octets=1500, times=1)
    collector = router.collector(server.url, linger="3s").reads()  # finds both flows, and exports them as one batch
    eventually(lambda: server.number("SELECT count() FROM flowlabel.records") == 2)
    after = time.time()
    collector.stop().ok()
    ifindex = json.loads(router.namespace.ip("-json", "link", "show", "dev", router.interface).stdout)[0]["ifindex"]
    rows = server.rows("SELECT IPv6NumToString(src), IPv6NumToString(dst), label, toString(packets), toString(bytes), "
                       "router, interface, ifindex, toString(netns), netns_name, hook, end_reason, stamped, "
                       "batch_records FROM flowlabel.records "
                       "ORDER BY label")
    netns = [str(router.namespace.inode), router.namespace.name]
    place = ["edge", router.interface, ifindex, *netns, "xdp", "idle", 0, 2]
    assert rows == [["2001:db8::1", "2001:db8:ffff::2", 0, "1", "1500", *place],
                    ["2001:db8::1", "2001:db8:ffff::2", 0xFFFFF, "3", "300", *place]]
    times = server.rows("SELECT toUInt32(first_seen) + first_seen_ms / 1000, toUInt32(last_seen) + last_seen_ms / 1000, "
                        "toUInt32(written) FROM flowlabel.records")
    for first, last, written in times:
        assert before - 0.1 <= first <= last <= after and before - 1 <= written <= after
    assert server.number("SELECT count() FROM (SELECT DISTINCT batch FROM flowlabel.records)") == 1
    assert_all_there(server, router)


FAULTS = ["cut", "no-answer", "drop", "garbage", "web-page", "silence", "refuse", "late", "slow"]


def test_answers_that_never_come_and_wrong_ones(lab, router, server):
    """After garbage, slow answers and refusals, no record is missing or there twice. The collector asks for the batch
    before it sends it again."""
    with Meddler(server, FAULTS) as meddler:
        collector = router.collector(meddler.url, *TIMEOUT).reads()
        while meddler.done != FAULTS:
            router.generate(500)
            time.sleep(0.2)
        ended = run_through(server, router, collector)
    warnings = [line for line in ended.stderr.splitlines() if line.startswith(f"{WARNING}{meddler.url}/flowlabel: ")]
    for words in ("is not that of a ClickHouse server", "no complete answer in time", "the server answers 503: no",
                  "broke"):
        assert any(words in line for line in warnings), (words, ended.stderr)


ENDLESS = {"status line": (b"HTTP/1.1 200 ", b"x"), "header line": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
           "header lines": (b"HTTP/1.1 200 OK\r\n", b"X-Many: x\r\n"),
           "answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
           "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
           "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Many: x\r\n")}


def peak_memory(pid):
    """The peak memory of a process, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])


def test_an_answer_without_end(lab):
    """If a part of an answer never ends, the collector uses no memory for it, and gives up long before
    --clickhouse-timeout."""
    with Router(lab, "edge") as router:
        with router.namespace.inside():
            listener = socket.create_server(("::1", 8200), family=socket.AF_INET6)
        router.generate(10)
        collector = router.collector("http://[::1]:8200", "--clickhouse-timeout", "1h", "--max-flows", 1000).reads()
        before = peak_memory(collector.pid)
        for begin, more in ENDLESS.values():
            connection = listener.accept()[0]
            with connection, contextlib.suppress(ConnectionError):
                connection.recv(65536)
                connection.sendall(begin)
                while True:  # until the collector closes the connection
                    connection.sendall(more * (65536 // len(more)))
        listener.close()
        assert peak_memory(collector.pid) < before + 16 * 1024
        assert "it is too long" in collector.stop().expect(1).stderr


def test_an_insert_that_is_cut_off_brings_nothing(router, server):
    """Why batches are sent as blocks: an INSERT of one block that is truncated at any byte inserts none of its rows. An
    INSERT of single rows inserts those before the end."""
    with Meddler(server) as meddler:
        collector = router.collector(meddler.url).reads()
        router.generate(300)
        run_through(server, router, collector)
        head, _, body = meddler.inserts[0].partition(b"\r\n\r\n")
        before = server.totals()
        for octets in [*range(len(body) - 3, len(body)), *range(0, len(body), len(body) // 9)]:
            meddler.ask(head + b"\r\n\r\n" + body[:octets])
        assert server.totals() == before
        meddler.ask(head + b"\r\n\r\n" + body)
        assert server.totals() != before
        meddler.ask(b"POST /?query=INSERT+INTO+flowlabel.records+(label)+FORMAT+RowBinary HTTP/1.1\r\nHost: store\r\n"
                    b"Content-Length: 40\r\n\r\n" + struct.pack("<5I", *[77] * 5))
        assert server.number("SELECT count() FROM flowlabel.records WHERE label = 77 AND batch_records = 0") == 5


def test_server_killed_in_the_middle(router, server, tmp_path):
    """The server is killed and restarted while it receives: no record is missing or there twice. Records wait in memory
    without a spool, and on disk with one."""
    for options in ([], ["--spool", tmp_path / "spool"]):
        collector = router.collector(server.url, *options).reads()
        router.generate(BURST)
        time.sleep(0.55)
        server.kill()
        router.generate(BURST)
        time.sleep(0.3)
        server.start()
        run_through(server, router, collector)


def test_server_stands_still_with_the_request_in_its_queue(router, server):
    """A server that is stopped with the request in its socket queue, and reads it later, is asked once it runs again;
    what it has inserted is not sent again."""
    collector = router.collector(server.url, *TIMEOUT).reads()
    router.generate(1000)
    eventually(lambda: server.totals()["packets"] == 1000)
    server.freeze()
    router.generate(1000)
    collector.says("no complete answer in time")  # the first attempt has timed out
    server.thaw()
    run_through(server, router, collector)


def test_the_end_does_not_wait_for_a_server(router, server, tmp_path):
    """SIGTERM ends the collector within seconds. Without a spool, it reports which records did not arrive."""
    server.freeze()
    for options, status in ((["--spool", tmp_path / "spool"], 0), ([], 1)):
        collector = router.collector(server.url, "--clickhouse-timeout", "1m", *options).reads()
        router.generate(BURST)
        time.sleep(0.8)
        begin = time.monotonic()
        ended = collector.stop().expect(status)
        assert time.monotonic() - begin < 20, "must not wait the minute of --clickhouse-timeout"
    assert "were not delivered" in ended.stderr
    server.thaw()
    collector = router.collector(server.url, "--spool", tmp_path / "spool").reads()
    eventually(lambda: spool_files(tmp_path / "spool") == [])
    collector.stop().ok()
    assert_whole(server)
    assert server.totals()["packets"] in (BURST, 2 * BURST)  # whether the reported batch arrived is unknown


SMALL = ["--max-flows", 1000]  # so many records also fit into the export queue


@pytest.mark.parametrize("fault", ["work", "trickle"])
def test_a_slow_server_gets_everything(router, server, fault):
    """A server that reads an INSERT slowly, or processes it slowly, is slow and not stuck: a detach waits for it."""
    router.namespace.sysctl("net.ipv4.tcp_wmem", "4096 16384 16384")  # the kernel accepts only a part at once
    with Meddler(server, [fault]) as meddler:
        collector = router.collector(meddler.url, *SMALL).reads()
        router.generate(4000)
        sent = router.sent
        router.lab.flowlabel(router.namespace, "detach", router.interface).ok()
        collector.says("collected; counted")
        ended = collector.stop().ok()
        assert meddler.done == [fault]
    assert server.totals() == sent
    assert_whole(server)
    assert "are lost" not in ended.stderr and "+ lost 0 packets 0 bytes" in ended.stderr, ended.stderr


@pytest.mark.parametrize("fault", ["work", "trickle"])
def test_the_end_waits_for_a_slow_server(router, server, fault):
    """SIGTERM, too, waits for a slow server, for some seconds at least."""
    router.namespace.sysctl("net.ipv4.tcp_wmem", "4096 16384 16384")
    with Meddler(server, [fault]) as meddler:
        collector = router.collector(meddler.url).reads()
        router.generate(1000)
        collector.stop().ok()
        assert meddler.done == [fault]
    assert_all_there(server, router)


@pytest.mark.parametrize("fault, timeout", [("hang", "1s"), ("refuse", "1h")])
def test_a_server_that_takes_nothing(router, server, fault, timeout):
    """Records for a server that never answers are given up after the timeout of an answer; a server that refuses is not
    waited for. The lost records are counted and reported."""
    with Meddler(server, [fault] * 1000) as meddler:
        collector = router.collector(meddler.url, "--clickhouse-timeout", timeout, *SMALL).reads()
        router.generate(4000)
        amount = "{packets:,} packets {bytes:,} bytes".format(**router.sent)
        router.lab.flowlabel(router.namespace, "detach", router.interface).ok()
        collector.says("no exporter took a record for 2 s")
        said = collector.stop().expect(1).stderr
    assert f"counted {amount} = live 0 packets 0 bytes + spilled 0 packets 0 bytes + lost {amount}" in said, said


def test_a_server_that_hangs_stalls_nobody_else(lab, router, server):
    """While the collector waits for an answer, it drains the rings of other attachments. Once the server continues,
    every record arrives."""
    cable(router.namespace, "other0", "other1")
    lab.flowlabel(router.namespace, "attach", "other0", "--flows", 64).ok()
    with Meddler(server, ["hang"]) as meddler:
        collector = router.collector(meddler.url, "other0", *SMALL).reads(2)
        router.generate(4000)
        sent = router.sent
        lab.flowlabel(router.namespace, "detach", router.interface).ok()
        router.namespace.run(*generator("leave", "other1", "other0", 500), timeout=120)
        eventually(lambda: [entry["collected"]["pending"]["packets"] for entry in entries(lab, router.namespace)] == [500])
        assert not collector.has_said("are lost") and server.totals()["packets"] == 0
        meddler.let_go()
        collector.says("collected; counted")
        collector.stop().ok()
    assert server.totals()["packets"] == sent["packets"] + 500
    assert_whole(server)


def test_a_detach_waits_for_the_spool(lab, router, server, tmp_path):
    """While a batch of the spool is sent to a server that hangs, no record enters the spool. A detach waits until the
    attempt has failed, and then its records are safe in the spool."""
    spool = tmp_path / "spool"
    leave_spool(router, "http://[::1]:8300", spool, 1)
    with Meddler(server, ["hang"] * 1000) as meddler:
        collector = router.collector(meddler.url, "--spool", spool, "--clickhouse-timeout", "3s", *SMALL).reads()
        eventually(lambda: meddler.done)
        router.generate(1600)
        sent = router.sent
        lab.flowlabel(router.namespace, "detach", router.interface).ok()
        collector.says("collected; counted")
        meddler.let_go()
        eventually(lambda: server.totals() == sent)
        ended = collector.stop().ok()
    assert "are lost" not in ended.stderr and "+ lost 0 packets 0 bytes" in ended.stderr, ended.stderr
    assert_whole(server)


def test_a_full_queue_does_not_linger(lab, router, server):
    """If the queue is full, the collector does not wait for more records, and sends an INSERT that is smaller than the
    maximum."""
    collector = router.collector(server.url, *SMALL, linger="1h").reads()
    router.generate(4000)
    sent = router.sent
    lab.flowlabel(router.namespace, "detach", router.interface).ok()
    eventually(lambda: server.totals()["packets"] >= 3000 or collector.has_said("are lost"))
    collector.stop().ok()
    assert server.totals() == sent
    assert_whole(server)


def test_two_shards_and_a_question_to_both(lab, router, tmp_path):
    """Two servers as a two-shard cluster with a Distributed table. The URL leads to either server, and a batch of
    unknown fate is looked up on both."""
    servers = [Server(lab, router.namespace, tmp_path, number, shards=2).start() for number in range(2)]
    for server in servers:
        server.make_tables("--cluster", "pair")

    class Balancer(Meddler):
        """Sends each request to the other server than the one before."""

        def ask(self, request):
            with self._lock:
                servers.reverse()
                self._server = servers[0]
            return super().ask(request)

    with Balancer(servers[0], ["no-answer", "slow", "cut", "no-answer"]) as balancer:
        collector = router.collector(balancer.url, "--cluster", "pair").reads()
        for _ in range(3):  # each burst is at least one batch
            router.generate(5000)
            eventually(lambda: servers[0].totals("flowlabel.records_all") == router.sent)
        collector.stop().ok()
    for server in servers:
        assert 0 < server.totals()["packets"] < router.sent["packets"]
        assert server.totals("flowlabel.records_all") == router.sent
        assert server.number("SELECT sum(sum_packets) FROM flowlabel.minutes_all") == router.sent["packets"]
        with pytest.raises(Refused):
            server.query("INSERT INTO flowlabel.records_all (label) VALUES (1)")
    assert_whole(servers[0], "flowlabel.records_all")
    for server in servers:
        server.kill()


def test_spool_outlives_the_collector(lab, router, server, tmp_path):
    """The spool survives SIGKILL: what was reported as safe arrives once. Only what was in the collector's memory is
    lost, and is reported as lost."""
    spool = tmp_path / "spool"
    server.kill()
    collector = router.collector(server.url, "--spool", spool).reads()
    for _ in range(3):
        router.generate(5000)
        time.sleep(0.4)
    eventually(lambda: router.entry()["collected"]["exported"]["packets"] > 0)
    collector.stop(signal.SIGKILL)
    at_death = router.entry()["collected"]["exported"]
    (spool / f"{99:020}.new").write_bytes(b"torn")  # a file whose writing was interrupted
    server.start()
    collector = router.collector(server.url, "--spool", spool).reads()
    eventually(lambda: spool_files(spool) == [])
    ended = collector.stop().ok()
    told = re.search(r"was killed with ([\d,]+) packets .*; ([\d,]+) packets of them", ended.stderr)
    lost, doubtful = (int(number.replace(",", "")) for number in told.groups()) if told else (0, 0)
    kept = router.sent["packets"] - lost
    assert at_death["packets"] <= kept <= server.totals()["packets"] <= kept + doubtful
    assert_whole(server)


def test_killed_while_it_sends_the_spool(router, server, tmp_path):
    """After SIGKILL, the next collector asks for a batch that may have been sent."""
    spool = tmp_path / "spool"
    nobody = "http://[::1]:8300"
    assert len(leave_spool(router, nobody, spool, 1)) == 1
    with Meddler(server, ["refuse", "silence"]) as meddler:
        collector = router.collector(meddler.url, "--spool", spool).reads()
        eventually(lambda: server.totals()["packets"] == 1000)  # the server has inserted them and has not answered
        names = spool_files(spool)
        collector.stop(signal.SIGKILL)
        assert [name[20:] for name in names] == [".sent"]
        collector = router.collector(meddler.url, "--spool", spool).reads()
        run_through(server, router, collector)
    assert spool_files(spool) == []


def test_full_spool_and_full_disk(lab, router, server, tmp_path):
    """The spool is bounded and survives a full disk: no batch is truncated, records wait in memory, and all arrive."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", disk)
    try:
        for directory, limit, words in ((tmp_path / "spool", "300Ki", "is full: --spool-limit is 307200 bytes"),
                                        (disk / "spool", "1G", "No space left on device")):
            server.kill()
            collector = router.collector(server.url, "--spool", directory, "--spool-limit", limit).reads()
            router.generate(2000)
            eventually(lambda: spool_files(directory))
            while not collector.has_said(words):
                assert collector.process.poll() is None
                router.generate(2500)
                time.sleep(0.5)
            eventually(lambda: not [name for name in spool_files(directory) if name.endswith(".new")])  # an attempt ends
            size = sum(os.stat(directory / name).st_size for name in spool_files(directory))
            assert 0 < size <= 512 * 1024
            server.start()
            ended = run_through(server, router, collector)
            assert words in ended.stderr and "cannot connect" in ended.stderr
            assert spool_files(directory) == []
    finally:
        command("umount", "--lazy", disk)  # a collector may still write there


def leave_spool(router, url, directory, batches):
    """Leaves a spool with BATCHES batches of 1,000 records each: what a collector holds when it ends is one batch."""
    for count in range(1, batches + 1):
        collector = router.collector(url, "--spool", directory, linger="60s").reads()
        router.generate(1000)
        collector.stop().ok()
        assert len(spool_files(directory)) == count
    return spool_files(directory)


def test_damaged_and_foreign_batches(router, server, tmp_path):
    """A batch that is corrupted, or left by an older version, is set aside with a warning that says what is lost. It is
    never deleted, and the other batches arrive."""
    spool = tmp_path / "spool"
    server.kill()
    names = leave_spool(router, server.url, spool, 4)
    assert [name[20:] for name in names[1:]] == [".batch"] * 3
    flipped = bytearray((spool / names[1]).read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (spool / names[1]).write_bytes(flipped)
    old = bytearray((spool / names[2]).read_bytes())
    old[8:12] = struct.pack("<I", 0)
    old[68:72] = struct.pack("<I", zlib.crc32(old[:68]))
    (spool / names[2]).write_bytes(old)
    server.start()
    collector = router.collector(server.url, "--spool", spool).reads()
    aside = [names[1][:20] + ".damaged", names[2][:20] + ".foreign"]
    eventually(lambda: spool_files(spool) == aside)
    eventually(lambda: server.totals()["packets"] == 2000)
    ended = collector.stop().ok()
    warnings = [line for line in ended.stderr.splitlines() if "set aside" in line]
    assert len(warnings) == 2
    assert "records with 1000 packets" in warnings[0]
    assert "has version 0 of the format, and this program reads version 1" in warnings[1]
    assert bytes(old) == (spool / aside[1]).read_bytes()
    assert_whole(server)


def test_what_is_no_batch_keeps_nobody_from_the_others(lab, router, server, tmp_path):
    """An entry of the spool that has the name of a batch and is not a batch is set aside, without cost in memory or
    time, and the other batches are sent."""
    spool = tmp_path / "spool"
    server.kill()
    whole, closed = leave_spool(router, server.url, spool, 2)
    (spool / closed).chmod(0)  # for a collector without CAP_DAC_OVERRIDE, a file of another user
    names = [f"{number:020}.batch" for number in range(3, 8)]
    with open(spool / names[0], "wb") as huge:
        huge.truncate(15 << 40)
    os.mkfifo(spool / names[1])
    (spool / names[2]).symlink_to(spool / whole)
    (spool / names[3]).mkdir()
    (spool / names[4]).write_bytes((spool / whole).read_bytes()[:72])
    server.start()
    collector = router.collector(server.url, "--spool", spool).reads()
    aside = sorted(name.split(".")[0] + ".damaged" for name in [closed, *names])
    eventually(lambda: spool_files(spool) == aside)
    eventually(lambda: server.totals()["packets"] == 1000)
    router.generate(1000)
    eventually(lambda: server.totals()["packets"] == 2000)
    ended = collector.stop().ok()
    assert ended.stderr.count("; set aside as ") == len(aside)
    for words in ("cannot be read (Permission denied)", "cannot be read (Too many levels of symbolic links)",
                  "is not a regular file", "is damaged"):
        assert words in ended.stderr, ended.stderr


def test_one_collector_a_spool(lab, router, server, tmp_path):
    """A second collector on the same spool is refused."""
    collector = router.collector(server.url, "--spool", tmp_path / "spool").reads()
    with Router(lab, "other") as other:
        refused(lab.flowlabel(other.namespace, "collect", other.interface, "--clickhouse", server.url, "--spool",
                              tmp_path / "spool"), 1, "another collector uses it")
    collector.stop().ok()


def test_wrong_tables_and_wrong_users(lab, router, tmp_path):
    """With wrong tables or credentials, the error has the server's words or flowlabel's, records wait, and all arrive
    after the repair."""
    server = Server(lab, router.namespace, tmp_path, users={"writer": "secret"}).start()
    secret = tmp_path / "secret"
    secret.write_text("writer\nwrong\n")
    secret.chmod(0o600)
    collector = router.collector(server.url, "--clickhouse-credentials", secret).reads()
    router.generate(1000)
    collector.says("Wrong password")
    secret.write_text("writer\nsecret\n")
    collector.process.send_signal(signal.SIGHUP)
    collector.says("there is no table")
    server.query("CREATE DATABASE flowlabel")
    server.query("CREATE TABLE flowlabel.records (src FixedString(16), dst FixedString(16)) ENGINE = Memory")
    collector.says("has no column")
    server.query("DROP TABLE flowlabel.records")
    server.make_tables()
    ended = run_through(server, router, collector)
    warnings = [line for line in ended.stderr.splitlines() if line.startswith(WARNING)]
    for words in ("answers 401: Code: 193, Wrong password for user writer", "there is no table flowlabel.records",
                  "the table flowlabel.records has no column batch, batch_records, bytes, end_reason"):
        assert any(words in line for line in warnings), (words, ended.stderr)
    assert "secret" not in ended.stderr


def test_users_of_the_environment_and_another_database(lab, router, tmp_path):
    """The credentials come from the environment, and the host name and the database from the URL."""
    server = Server(lab, router.namespace, tmp_path, users={"writer": "secret"}).start()
    server.make_tables("--clickhouse", "http://[::1]/other_one")
    user = {"FLOWLABEL_CLICKHOUSE_USER": "writer", "FLOWLABEL_CLICKHOUSE_PASSWORD": "secret"}
    collector = router.collector(f"http://localhost:{server.port}/other_one", env=user).reads()
    router.generate(1000)
    eventually(lambda: server.totals("other_one.records") == router.sent)
    collector.stop().ok()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for ::1, in one file with its key."""
    directory = tmp_path_factory.mktemp("certificate")
    path = directory / "both.pem"
    command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "1", "-subj", "/CN=store", "-addext", "subjectAltName=IP:::1", "-keyout", directory / "key", "-out", path)
    path.write_text(path.read_text() + (directory / "key").read_text())
    return path


def test_tls(router, server, certificate):
    """With https, the certificate must be signed by an authority of the system."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Meddler(server, tls=context) as meddler:
        collector = router.collector(meddler.url).reads()
        router.generate(1000)
        collector.says("certificate")
        collector.stop().expect(1)
        router.forget()
        collector = router.collector(meddler.url, env={"SSL_CERT_FILE": str(certificate)}).reads()
        router.generate(1000)
        eventually(lambda: server.totals() == router.sent)
        collector.stop().ok()


WRONG = [
    (["--clickhouse", "http://writer:secret@host/"], "--clickhouse-credentials"),
    (["--clickhouse", "host:8123"], "http://"),
    (["--clickhouse", "http:///flowlabel"], "no host"),
    (["--clickhouse", "http://host:0/"], "port"),
    (["--clickhouse", "http://host:65536/"], "port"),
    (["--clickhouse", "http://host/a/b"], "database"),
    (["--clickhouse", "http://host/records;"], "database"),
    (["--clickhouse", "http://host", "--cluster", "it's"], "cluster"),
    (["--clickhouse", "http://host", "--spool-limit", "5M"], "--spool DIR"),
    (["--clickhouse", "http://host", "--spool", "/tmp", "--spool-limit", "5X"], "size"),
    (["--clickhouse", "http://host", "--clickhouse-timeout", "soon"], "is not a time"),
    (["--clickhouse", "http://host", "--clickhouse-linger", "-1"], "is not a time"),
    (["--clickhouse", "http://host", "--router", 256 * "x"], "256 characters"),
    (["--clickhouse", "https:/writer:secret@host"], "--clickhouse-credentials"),
    (["--spool", "/tmp"], "--clickhouse URL"),
    (["--cluster", "pair"], "--clickhouse URL"),
    (["--print-schema", "--cluster", "a b"], "cluster"),
]


def test_wrong_usage(lab, router):
    """Exit status 2; the error says what is wrong and what to do."""
    for options, words in WRONG:
        ended = refused(lab.flowlabel(router.namespace, "collect", router.interface, *options), 2, words)
        assert "secret" not in ended.stderr


def test_credentials_that_others_can_read(lab, router, tmp_path):
    """A credentials file of mode 0644 is refused, and so are a file with only one line and a missing one."""
    secret = tmp_path / "secret"
    secret.write_text("writer\nsecret\n")
    for prepare, words in ((lambda: secret.chmod(0o644), "chmod 0600"), (lambda: secret.chmod(0o600), None),
                           (lambda: secret.write_text("writer"), "two lines"), (secret.unlink, "No such file")):
        prepare()
        if words:
            refused(lab.flowlabel(router.namespace, "collect", router.interface, "--clickhouse", "http://host",
                                  "--clickhouse-credentials", secret), 1, words)


PAGE = REPOSITORY / "docs/fleet.md"
ONE_LABEL = [("2001:db8:c::1", f"2001:db8:d::{number}", 7, 100, 2) for number in range(1, 9)]
BEFORE = [("2001:db8:a::1", "2001:db8:d::1", label * 0x11111, 1000, 10) for label in range(1, 5)] + ONE_LABEL + [
    ("2001:db8:b::1", "2001:db8:d::1", 0, 500, 20), ("2001:db8:b::2", "2001:db8:d::2", 0, 100, 5)]
AFTER = [("2001:db8:b::1", "2001:db8:d::1", 0, 500, 10), ("2001:db8:b::1", "2001:db8:d::1", 0xBEEF, 1000, 10)]
MANGLED = {"edge1": [("2001:db8:a::8", "2001:db8:d::8", 0x12345, 900, 2),
                     ("2001:db8:a::9", "2001:db8:d::9", 0xABCDE, 900, 1)],
           "edge2": [("2001:db8:a::8", "2001:db8:d::8", 0x54321, 900, 2), ("2001:db8:a::9", "2001:db8:d::9", 0, 900, 1)]}


def questions():
    """The queries of docs/fleet.md: [(statement, its result with column names, or None)]."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^```sql\n(.*?)^```\n(?:\n```text\n(.*?)^```)?", page, re.MULTILINE | re.DOTALL)
    return [(statement, [re.split("  +", line.strip()) for line in answer.splitlines()] or None)
            for statement, answer in found]


def test_fleet_page(lab, tmp_path):
    """Two namespaces as two routers export to one server in a third, and every query of docs/fleet.md returns what the
    page says. The date and time of its example stand for those of the run."""
    store = lab.namespace("store")
    with Router(lab, "edge1") as one, Router(lab, "edge2") as two, Server(lab, store, tmp_path).start() as server:
        server.make_tables()
        collectors = []
        for number, router in ((1, one), (2, two)):
            lab.veth(store, f"to-edge{number}", router.namespace, "to-store")
            store.address(f"to-edge{number}", f"fd00:{number}::1/64")
            router.namespace.address("to-store", f"fd00:{number}::2/64")
            collectors.append(router.collector(f"http://[fd00:{number}::1]:{server.port}", "--spool",
                                               tmp_path / router.name))

        def everything():
            return {unit: one.sent[unit] + two.sent[unit] for unit in UNITS}

        for router in (one, two):
            for flow in BEFORE + MANGLED[router.name]:
                router.send(*flow)
        eventually(lambda: server.totals() == everything())  # so that a flow that continues gets another record
        moment = int(time.time()) + 1
        time.sleep(moment - time.time() + 0.05)
        for router in (one, two):
            for flow in AFTER:
                router.send(*flow)
        sent = everything()
        eventually(lambda: server.totals() == sent)
        for collector in collectors:
            collector.stop().ok()
        assert_whole(server)
        day = time.gmtime(server.number("SELECT toUInt32(max(written)) FROM flowlabel.records"))
        asked = questions()
        assert len(asked) >= 10
        for statement, answer in asked:
            for example, real in (("2026-11-26 12:00:00", time.strftime("%F %T", time.gmtime(moment))),
                                  ("2026-11-26", time.strftime("%F", day)), ("20261126", time.strftime("%Y%m%d", day))):
                statement = statement.replace(example, real)
            if answer is None:
                server.query(statement)
                continue
            said = server.query(statement + " FORMAT TabSeparatedWithNames").splitlines()
            assert [line.split("\t") for line in said] == answer, statement
        # the last of them computed the sums of the day again
        assert server.number("SELECT sum(sum_packets) FROM flowlabel.minutes") == sent["packets"]
