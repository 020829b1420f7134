# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel collect` beside a test: started, told to stop, and what it exported."""

import collections
import os
import pathlib
import re
import select
import signal
import subprocess

import schema
from kernel import eventually
from lab import Result, binary

UNITS = ("packets", "bytes")
CAP_SYS_ADMIN = 21  # linux/capability.h; a collector gives it up when everything is open


class Collector:
    """A collector in NAMESPACE that writes to PATH, or, where that is None, as OPTIONS say. ENV is added to the environment,
    PREFIX is a command that starts it."""

    def __init__(self, lab, namespace, path, *options, env=None, prefix=()):
        self._lab = lab
        self._namespace = namespace
        self.path = path
        self._said = b""
        self._argv = self.command(lab, *([] if path is None else ["--jsonl", path]), *options)
        self.process = lab.start(namespace, *prefix, *self._argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, env={**os.environ, **(env or {})})
        if path not in ("-", None):
            eventually(lambda: os.path.exists(path) or self.process.poll() is not None)

    @staticmethod
    def command(lab, *options):
        """`flowlabel collect` with OPTIONS."""
        return [binary(), "collect", *map(str, options), "--bpffs", lab.bpffs]

    @property
    def pid(self):
        """As `status` and a second collector name it."""
        return self.process.pid

    def reads(self, count=1):
        """Waits until COUNT attachments have this collector as their reader, and what it writes to is open."""
        eventually(lambda: [entry["ring"]["reader"] for entry in entries(self._lab, self._namespace)].count(self.pid)
                   == count)
        eventually(lambda: self.process.poll() is not None or not has_capability(self.pid, CAP_SYS_ADMIN))
        return self

    def stop(self, number=signal.SIGTERM, timeout=60):
        """Sends a signal and returns how it ended."""
        self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=60):
        """How it ended."""
        stdout, stderr = self.process.communicate(timeout=timeout)
        return Result(self._argv, self.process.returncode, stdout, self._said.decode() + stderr)

    def has_said(self, words):
        """Are WORDS in what it said on stderr so far?"""
        pipe = self.process.stderr.fileno()
        while select.select([pipe], [], [], 0)[0] and (part := os.read(pipe, 65536)):
            self._said += part
        return words.encode() in self._said

    def says(self, words):
        """Waits until it has said WORDS."""
        eventually(lambda: self.has_said(words) or self.process.poll() is not None)
        assert self.has_said(words), self._said
        return self

    def packets(self):
        """What its records add up to, for a test that waits: reading 160,000 lines as JSON takes an emulated machine
        seconds, this a tenth of them."""
        with open(self.path, "rb") as file:
            return sum(map(int, re.findall(rb'"packets":(\d+),', file.read())))

    def records(self):
        """What is in the file. A collector that has ended leaves whole lines; of one that writes the last may be torn."""
        ended = self.process.poll() is not None
        return read_records(self.path) if ended else whole_records(self.path)


def has_capability(process, number):
    """Is the capability of this NUMBER effective in PROCESS?"""
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE)[1], 16) >> number & 1


def read_records(path):
    """The records of a file."""
    with open(path, encoding="ascii") as file:
        return schema.lines(file, "record")


def whole_records(path):
    """The records of a file whose last line may be torn."""
    with open(path, encoding="ascii") as file:
        return schema.lines([line for line in file if line.endswith("\n")], "record")


def total(records):
    """{"packets", "bytes"} of all RECORDS together."""
    return {unit: sum(record[unit] for record in records) for unit in UNITS}


def by_flow(records):
    """{(source, destination, label): (packets, octets)}, each flow's records added up."""
    flows = collections.defaultdict(lambda: (0, 0))
    for record in records:
        key = record["src"], record["dst"], record["label"]
        flows[key] = flows[key][0] + record["packets"], flows[key][1] + record["bytes"]
    return dict(flows)


def reasons(records):
    """How many records there are of each end reason."""
    return collections.Counter(record["end_reason"] for record in records)


def entries(lab, namespace):
    """The attachments of `status --json`."""
    return lab.flowlabel(namespace, "status", "--json").json()["attachments"]


def assert_collected(entry):
    """counted = live + pending + exported + lost, for packets and for octets, at rest."""
    totals, collected = entry["totals"], entry["collected"]
    for unit in UNITS:
        assert totals["spilled"][unit] == collected["pending"][unit] + collected["exported"][unit], entry
        assert totals["counted"][unit] == totals["live"][unit] + totals["spilled"][unit] + totals["lost"][unit], entry
