# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests of `flowlabel replay`. FLOWLABEL_BIN is the program, FLOWLABEL_CAPTURES (may be unset) a folder of
real captures with its GROUND_TRUTH.json."""

import collections
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import flows  # noqa: E402
import pcapfile  # noqa: E402
import schema  # noqa: E402

SAMPLES = sorted((HERE / "data").glob("*.pcap"))


def ground_truth():
    """The entries of GROUND_TRUTH.json, each with its path. Empty if there are no real captures."""
    folder = os.environ.get("FLOWLABEL_CAPTURES")
    if not folder:
        return []
    entries = json.loads((pathlib.Path(folder) / "GROUND_TRUTH.json").read_text())
    return [entry | {"path": pathlib.Path(folder) / entry["file"]} for entry in entries]


def pytest_generate_tests(metafunc):
    """`truth`: the entry of each real capture. `capture`: the path of each real capture and of each sample. `sample`:
    the path of each sample."""
    truths = ground_truth()
    missing = pytest.param(None, marks=pytest.mark.skip(reason="FLOWLABEL_CAPTURES is not set"), id="FLOWLABEL_CAPTURES")
    real = [pytest.param(truth, id=truth["file"]) for truth in truths] or [missing]
    if "truth" in metafunc.fixturenames:
        metafunc.parametrize("truth", real)
    if "capture" in metafunc.fixturenames:
        paths = SAMPLES + [truth["path"] for truth in truths]
        metafunc.parametrize("capture", [pytest.param(path, id=path.name) for path in paths] + ([] if truths else [missing]))
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", [pytest.param(path, id=path.name) for path in SAMPLES])


Replayed = collections.namedtuple("Replayed", "status stdout stderr")


class Replay:
    """Runs `flowlabel replay`; key_file has flows.KEY."""

    def __init__(self, key_file):
        self.key_file = key_file

    def run(self, *arguments, stdin=None, **options):
        """Runs the command. It may fail."""
        command = [os.environ["FLOWLABEL_BIN"], "replay", *map(str, arguments)]
        done = subprocess.run(command, input=stdin, capture_output=True, timeout=120, **options)
        return Replayed(done.returncode, done.stdout.decode(), done.stderr.decode())

    def document(self, *arguments, **options):
        """The JSON document of a run that succeeds."""
        done = self.run(*arguments, "--json", **options)
        assert done.status == 0, done.stderr
        return schema.document(done.stdout)

    def stamp(self, capture, to, *options):
        """The document of a run that stamps CAPTURE into the file TO."""
        return self.document(capture, "--stamp", "zero", "--key-file", self.key_file, "--write", to, *options)


@pytest.fixture(scope="session")
def replay(tmp_path_factory):
    """Runs the program."""
    return Replay(flows.key_file(tmp_path_factory.mktemp("key")))


@pytest.fixture(scope="session")
def all_captures():
    """The project's samples and the real captures."""
    return SAMPLES + [truth["path"] for truth in ground_truth()]


@pytest.fixture
def write(tmp_path):
    """Writes a capture of packets (see pcapfile.pack) and returns its path."""
    def make(packets, name="input.pcap", **options):
        path = tmp_path / name
        path.write_bytes(pcapfile.pack(packets, **options))
        return path
    return make


@pytest.fixture
def capture_of(tmp_path):
    """Writes octets, such as blocks of pcapng, into a file and returns its path."""
    def make(*octets):
        path = tmp_path / "input"
        path.write_bytes(b"".join(octets))
        return path
    return make
