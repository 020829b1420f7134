# SPDX-License-Identifier: BSD-2-Clause
"""Parallel commands, a held lock, and storms of attach, replace and detach under traffic."""

import fcntl
import os
import pathlib
import random
import subprocess
import threading
import time

import pytest

import lab as lab_module
from flood import PORT, Sink
from kernel import attached_xdp, eventually, pins, qdiscs
from lab import Lab
from saying import refused
from traffic import UdpSender

ONE, OTHER = "2001:db8::1", "2001:db8::2"
STORM_ROUNDS = 15
WAYS = [("xdp", {}), ("tc-ingress", {}), ("tc-ingress", {"FLOWLABEL_TC": "clsact"})]
IDS = ["xdp", "tcx", "clsact"]


def start(lab, namespace, *argv, env=None):
    """Starts flowlabel in the background, with pipes for its output."""
    return lab.start(namespace, lab_module.binary(), *argv, "--bpffs", lab.bpffs, stdout=subprocess.PIPE,
                     stderr=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})


def finished(process):
    """Waits for the end and returns the result."""
    stdout, stderr = process.communicate(timeout=60)
    return lab_module.Result(list(map(str, process.args)), process.returncode, stdout, stderr)


@pytest.mark.parametrize("hook, environment", WAYS, ids=IDS)
def test_attaches_at_once(lab, host, hook, environment):
    """Of several attaches at once, one attaches and the others report that it is attached."""
    processes = [start(lab, host, "attach", "v0", "--hook", hook, "--flows", 4, env=environment) for _ in range(6)]
    results = [finished(process) for process in processes]
    winners = [result for result in results if result.status == 0]
    assert len(winners) == 1
    for result in results:
        if result is not winners[0]:
            refused(result, 1, "already", "--replace")
    assert len(lab.flowlabel(host, "status", "--json").json()["attachments"]) == 1
    lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == [] and "clsact" not in qdiscs(host, "v0")


def test_everything_at_once(lab, host):
    """Each of many parallel attach, replace, detach and read commands succeeds or gives a clear error, and the final
    state is consistent."""
    chance = random.Random(1)
    commands = [["attach", "v0", "--flows", 4], ["attach", "v0", "--replace", "--flows", 4], ["detach", "v0"],
                ["detach", "--all"], ["status", "--json"], ["flows", "v0", "--json"], ["stats", "v0", "--json"]]
    for _ in range(6):
        processes = [start(lab, host, *chance.choice(commands)) for _ in range(8)]
        for result in map(finished, processes):
            assert result.status in (0, 1, 3), result
            if result.status != 0:
                refused(result, result.status, "attached")
        shown = lab.flowlabel(host, "status", "--json").json()["attachments"]
        taken = attached_xdp(host, "v0")
        assert [entry["program"]["id"] for entry in shown] == list(taken.values())
    lab.flowlabel(host, "detach", "--all").ok()
    assert pins(lab) == [] and attached_xdp(host, "v0") == {}


def test_a_held_lock(lab, host):
    """While a command holds the lock without end, the other commands give up after ten seconds, say why, and have
    changed nothing. Readers share the lock with readers."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    before = attached_xdp(host, "v0")
    commands = [["attach", "v0", "--replace"], ["detach", "v0"], ["detach", "--all"], ["status"], ["flows"], ["stats"]]
    directory = os.open(pathlib.Path(lab.bpffs, "flowlabel"), os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        begin = time.monotonic()
        for process in [start(lab, host, *argv) for argv in commands]:
            refused(finished(process), 1, "lock", "ten seconds", "lslocks")
        assert 9 < time.monotonic() - begin < 25
        fcntl.flock(directory, fcntl.LOCK_SH)
        for reader in ("status", "flows", "stats"):
            lab.flowlabel(host, reader).ok()
    finally:
        os.close(directory)
    assert attached_xdp(host, "v0") == before


@pytest.fixture(scope="module")
def cable(requirements):
    """(lab, one, other): two hosts and a cable.

    GRO is on where native XDP is attached and detached. Without GRO, the end of native XDP ends NAPI as well, and the
    kernel frees a packet that reaches the veth at that moment (veth_napi_del_range() in drivers/net/veth.c;
    docs/limits.md).
    """
    with Lab() as lab:
        one, other = lab.namespace("one"), lab.namespace("other")
        lab.veth(one, "eth0", other, "eth0")
        other.ethtool("eth0", gro="on")
        one.address("eth0", ONE + "/64")
        other.address("eth0", OTHER + "/64")
        one.run("ping", "-6", "-c", "1", "-W", "5", OTHER)
        yield lab, one, other


class Stream:
    """Datagrams from one host to the other during the block; at its end, each one must have arrived. They are counted
    after flowlabel's hooks, where no socket buffer can overflow, however late it is read."""

    def __init__(self, one, other):
        self._sink = Sink(other, "eth0")
        self._sender = UdpSender(one, ONE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self.sent = 0

    def _send(self):
        while not self._stop.is_set():
            self._sender.send(OTHER, PORT, b"datagram", times=20)
            self.sent += 20
            time.sleep(0.001)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, kind, *error):
        self._stop.set()
        self._thread.join()
        with self._sink, self._sender:
            if kind is None:
                assert self.sent > 500
                eventually(lambda: self._sink.arrived() >= self.sent, timeout=10)
                assert self._sink.arrived() == self.sent


@pytest.mark.parametrize("hook, environment", WAYS, ids=IDS)
def test_storm(cable, hook, environment):
    """A storm of attach, replace and detach under traffic loses no packet. The clsact qdisc exists before: the kernel
    itself deactivates a device while it creates or removes one."""
    lab, one, other = cable
    if environment:
        other.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    with Stream(one, other):
        for round_number in range(STORM_ROUNDS):
            lab.flowlabel(other, "attach", "eth0", "--hook", hook, "--flows", 64, env=environment).ok()
            stamp = ("dry-run", "zero", "off")[round_number % 3]
            lab.flowlabel(other, "attach", "eth0", "--hook", hook, "--replace", "--stamp", stamp, env=environment).ok()
            lab.flowlabel(other, "detach", "eth0").ok()
    assert pins(lab) == []
    if environment:
        other.run("tc", "qdisc", "delete", "dev", "eth0", "clsact")
