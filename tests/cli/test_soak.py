# SPDX-License-Identifier: BSD-2-Clause
"""A collector, its attachment and the interface start and end at random under load. Whenever the load rests, the
identity holds, and at the end each packet is in a record or was reported as lost. FLOWLABEL_SOAK is how many seconds
the test runs (default: 15)."""

import json
import os
import random
import re
import signal
import subprocess
import time

from collector import assert_collected, entries
from feed import cable, generator
from kernel import eventually, pins
from lab import binary

SECONDS = float(os.environ.get("FLOWLABEL_SOAK", "15"))
BURST = 20_000
OPTIONS = ["--idle", "300ms", "--active", "1s", "--max-flows", 5000]
LOST = re.compile(r"killed with ([\d,]+) packets .*; ([\d,]+) packets of them")
PARTS = re.compile(r"(counted|live|spilled|pending|exported|lost) ([\d,]+) packets")


def numbers(text):
    """{part: packets} of an identity that is printed as text."""
    return {part: int(count.replace(",", "")) for part, count in PARTS.findall(text)}


class Soak:
    """v0, its attachment, and its collector. `sent` is for the present attachment, the other sums are for all of
    them."""

    def __init__(self, lab, directory):
        self._lab = lab
        self._directory = directory
        self._host = lab.namespace("host")
        self._collector = None
        self._starts = 0
        self._killed = False
        self.sent = self.all_sent = self.gone = self.lost = 0
        self._make_cable()
        self._attach()

    def _make_cable(self):
        cable(self._host)

    def _attach(self, *options):
        self._lab.flowlabel(self._host, "attach", "v0", *([] if options else ["--flows", 256]), *options).ok()

    def _log(self):
        return (self._directory / f"log{self._starts}").read_text()

    def send(self):
        """Sends a burst on all CPUs. The identity includes what does not fit into the rings."""
        made = json.loads(self._host.run(*generator("leave", "w0", "v0", BURST), timeout=120).stdout)["packets"]
        self.sent += made
        self.all_sent += made

    def start(self):
        """Starts a collector, if there is none."""
        if self._collector:
            return
        self._starts += 1
        argv = [binary(), "collect", "--jsonl", self._directory / f"records{self._starts}", *OPTIONS, "--bpffs",
                self._lab.bpffs]
        with open(self._directory / f"log{self._starts}", "w", encoding="ascii") as log:
            self._collector = self._lab.start(self._host, *argv, stdout=subprocess.DEVNULL, stderr=log)
        eventually(lambda: self._reader() == self._collector.pid)
        self._killed = False

    def _reader(self):
        (entry,) = entries(self._lab, self._host)
        return entry["ring"]["reader"]

    def stop(self):
        """SIGTERM: a success, with nothing left in memory."""
        if self._collector:
            self._collector.terminate()
            assert self._collector.wait(timeout=60) == 0, self._log()
            last = numbers(self._log().splitlines()[-1])
            assert (last["live"], last.get("pending", last.get("spilled"))) == (0, 0), last
            self._collector = None

    def kill(self):
        """SIGKILL."""
        if self._collector:
            self._collector.kill()
            assert self._collector.wait() == -signal.SIGKILL
            self._collector = None
            self._killed = True

    def replace(self):
        """Attaches another program, and keeps the table."""
        self._attach("--replace", "--stamp", random.choice(["off", "dry-run"]))

    def detach(self):
        """With a collector, everything becomes records or is lost; without one, the last message says what was not
        read."""
        before = self._log().count(": collected;") if self._collector else 0
        self._lab.flowlabel(self._host, "detach", "v0").expect(0)
        self._end_of_attachment(before)

    def _end_of_attachment(self, before):
        if self._collector:
            eventually(lambda: self._log().count(": collected;") == before + 1)
            last = numbers([line for line in self._log().splitlines() if ": collected;" in line][-1])
            assert (last["live"], last.get("pending", last.get("spilled"))) == (0, 0), last
            self.lost += last["lost"]
        self.sent = 0

    def attach_again(self):
        """Detaches and attaches."""
        self.unread()
        self.detach()
        self._attach()
        self._wait_for_reader()

    def interface_goes(self):
        """Deletes the interface and creates it again, and removes what is left of the attachment."""
        self.unread()
        self._host.ip("link", "delete", "dev", "v0")
        self.detach()
        self._make_cable()
        self._attach()
        self._wait_for_reader()

    def _wait_for_reader(self):
        if self._collector:
            eventually(lambda: self._reader() == self._collector.pid)

    def unread(self):
        """If there is no collector, notes what a detach drops: its last message says how much. Only the next collector
        reports which records of a killed collector may have been written."""
        if self._killed:
            self.start()
            self.stop()
        if not self._collector:
            (entry,) = entries(self._lab, self._host)
            self.gone += entry["totals"]["live"]["packets"] + entry["collected"]["pending"]["packets"]
            self.lost += entry["totals"]["lost"]["packets"]

    def rest(self):
        """Asserts, while nothing is sent, that the identity holds and that the counts equal what was sent."""
        def holds():
            (entry,) = entries(self._lab, self._host)
            try:
                assert_collected(entry)
            except AssertionError:
                return False  # a sweep ran between reading the table and the counters
            return entry["totals"]["counted"]["packets"] == self.sent

        eventually(holds)

    def doubtful(self):
        """The packets of killed collectors that count as lost and may be in records, as the collectors after them have
        reported by their end."""
        logs = [path.read_text() for path in self._directory.glob("log*")]
        return sum(int(writing.replace(",", "")) for log in logs for _, writing in LOST.findall(log))

    def records(self):
        """The packets in all files; a line that a killed collector left incomplete does not count."""
        packets = 0
        for path in self._directory.glob("records*"):
            for line in path.read_text().splitlines(keepends=True):
                packets += json.loads(line)["packets"] if line.endswith("\n") else 0
        return packets


def test_soak(lab, tmp_path):
    """Under load, with SIGTERM, SIGKILL, attach, replace, detach and removal of the interface at random, the identity
    holds at every rest, and each packet is in a record or was reported as lost."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    random.seed(seed)
    soak = Soak(lab, tmp_path)
    steps = [soak.send, soak.send, soak.send, soak.start, soak.start, soak.stop, soak.kill, soak.replace,
             soak.attach_again, soak.interface_goes]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        step = random.choice(steps)
        print(step.__name__)
        step()
        soak.rest()
    soak.start()
    soak.detach()
    soak.stop()
    records, doubtful = soak.records(), soak.doubtful()
    print(f"{soak.all_sent} packets sent; {records} in records, {soak.lost} lost, {soak.gone} detached unread, "
          f"{doubtful} of the lost may be in records")
    assert soak.all_sent <= records + soak.lost + soak.gone <= soak.all_sent + doubtful
    assert pins(lab) == []
