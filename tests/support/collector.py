# SPDX-License-Identifier: BSD-2-Clause
"""Runs `flowlabel collect` for a test: starts it, stops it, and reads what it exported."""

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
CAP_SYS_ADMIN = 21  # linux/capability.h; a collector drops it once everything is open


class Collector:
    """A collector in NAMESPACE that writes to the file PATH or, if PATH is None, to the sinks in OPTIONS. ENV is added
    to the environment, and PREFIX is a command that starts the collector."""

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
        """The command line `flowlabel collect` with OPTIONS."""
        return [binary(), "collect", *map(str, options), "--bpffs", lab.bpffs]

    @property
    def pid(self):
        """The process id, as `status` and a second collector print it."""
        return self.process.pid

    def reads(self, count=1):
        """Waits until this collector is the reader of COUNT attachments and its sink is open."""
        eventually(lambda: [entry["ring"]["reader"] for entry in entries(self._lab, self._namespace)].count(self.pid)
                   == count)
        eventually(lambda: self.process.poll() is not None or not has_capability(self.pid, CAP_SYS_ADMIN))
        return self

    def stop(self, number=signal.SIGTERM, timeout=60):
        """Sends a signal and returns the result."""
        self.process.send_signal(number)
        return self.wait(timeout)

    def wait(self, timeout=60):
        """Waits for the end and returns the result."""
        stdout, stderr = self.process.communicate(timeout=timeout)
        return Result(self._argv, self.process.returncode, stdout, self._said.decode() + stderr)

    def has_said(self, words):
        """Does its stderr contain WORDS so far?"""
        pipe = self.process.stderr.fileno()
        while select.select([pipe], [], [], 0)[0] and (part := os.read(pipe, 65536)):
            self._said += part
        return words.encode() in self._said

    def says(self, words):
        """Waits until its stderr contains WORDS."""
        eventually(lambda: self.has_said(words) or self.process.poll() is not None)
        assert self.has_said(words), self._said
        return self

    def packets(self):
        """The sum of the packets of its records, for a test that polls. On an emulated machine it takes seconds to
        parse 160,000 lines as JSON, and this takes a tenth of that."""
        with open(self.path, "rb") as file:
            return sum(map(int, re.findall(rb'"packets":(\d+),', file.read())))

    def records(self):
        """The records in the file. A collector that has ended leaves complete lines; while it runs, the last line may
        be incomplete."""
        ended = self.process.poll() is not None
        return read_records(self.path) if ended else whole_records(self.path)


def has_capability(process, number):
    """Does PROCESS have the capability with this NUMBER in its effective set?"""
    status = pathlib.Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    return int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE)[1], 16) >> number & 1


def read_records(path):
    """The records in a file."""
    with open(path, encoding="ascii") as file:
        return schema.lines(file, "record")


def whole_records(path):
    """The records in a file whose last line may be incomplete."""
    with open(path, encoding="ascii") as file:
        return schema.lines([line for line in file if line.endswith("\n")], "record")


def total(records):
    """{"packets", "bytes"}: the sums over RECORDS."""
    return {unit: sum(record[unit] for record in records) for unit in UNITS}


def by_flow(records):
    """{(source, destination, label): (packets, bytes)}, summed over the records of each flow."""
    flows = collections.defaultdict(lambda: (0, 0))
    for record in records:
        key = record["src"], record["dst"], record["label"]
        flows[key] = flows[key][0] + record["packets"], flows[key][1] + record["bytes"]
    return dict(flows)


def reasons(records):
    """{end reason: number of records}"""
    return collections.Counter(record["end_reason"] for record in records)


def entries(lab, namespace):
    """The attachments in `status --json`."""
    return lab.flowlabel(namespace, "status", "--json").json()["attachments"]


def assert_collected(entry):
    """Asserts the identity counted = live + pending + exported + lost for packets and bytes. Nothing may be in
    motion."""
    totals, collected = entry["totals"], entry["collected"]
    for unit in UNITS:
        assert totals["spilled"][unit] == collected["pending"][unit] + collected["exported"][unit], entry
        assert totals["counted"][unit] == totals["live"][unit] + totals["spilled"][unit] + totals["lost"][unit], entry
