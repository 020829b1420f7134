# SPDX-License-Identifier: BSD-2-Clause
"""tools/demo shows the labels, and leaves nothing, however it ends."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from kernel import eventually
from lab import NETNS_DIRECTORY, REPOSITORY, binary, command

DEMO = REPOSITORY / "tools/demo"
COLLECTED = re.compile(r"^ +2001:db8:1::2 +2001:db8:2::2 +0x([0-9a-f]{5}) +(\d+) +\d+$", re.MULTILINE)
RECEIVED = re.compile(r"^ +(TCP|UDP|ICMPv6) .*label 0x([0-9a-f]{5}) +(\d+) packets$", re.MULTILINE)


def start(*options, program=None, directory=None):
    """Starts the demo in a process group of its own, as a shell does."""
    return subprocess.Popen([DEMO, *options], env={**os.environ, "FLOWLABEL_BIN": program or binary()}, cwd=directory,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def traces_of(demo):
    """What a demo left: processes, which keep its mount namespace alive, and names outside of that namespace."""
    try:
        eventually(lambda: not commands_of(demo))
    except AssertionError:
        return commands_of(demo)
    return [name for name in ("client", "router", "server", "work") if (NETNS_DIRECTORY / name).exists()]


def commands_of(demo):
    """The commands that run in the demo's process group. init may not have reaped a finished one yet."""
    processes = [line.split(maxsplit=2) for line in command("ps", "-eo", "pgid=,stat=,args=").stdout.splitlines()]
    return [arguments for group, state, arguments in processes if int(group) == demo.pid and state[0] != "Z"]


def send(demo, number):
    """Sends ^C to the process group, as a terminal does, and other signals to the process, as kill(1) does."""
    if number == signal.SIGINT:
        os.killpg(demo.pid, number)
    else:
        demo.send_signal(number)


def test_labels_before_and_after():
    """R6437-3-9, R6437-3-14: observing leaves label 0, and stamping gives each connection a label of its own."""
    demo = start()
    output, errors = demo.communicate(timeout=120)
    assert errors == ""
    observed, stamped = ([(kind, int(label, 16), int(packets)) for kind, label, packets in RECEIVED.findall(half)]
                         for half in output.split("2. Stamp"))
    assert sorted(kind for kind, _, _ in stamped) == ["ICMPv6", "TCP", "TCP", "UDP"]
    assert {label for _, label, _ in observed} == {0}
    assert len({label for _, label, _ in stamped} - {0}) == 4
    for _, label, packets in stamped:
        assert re.search(rf"0x{label:05x} +yes +{packets:,} ", output), "the table must have the same label and packets"
    assert traces_of(demo) == []


def test_a_program_is_looked_for_where_the_demo_was_started():
    """A relative FLOWLABEL_BIN is resolved in the directory where the demo was started, not in the repository."""
    directory, program = os.path.split(os.path.realpath(binary()))
    demo = start(program=f"./{program}", directory=directory)
    output, errors = demo.communicate(timeout=120)
    assert (demo.returncode, errors) == (0, "") and "Leave no trace" in output
    demo = start(program="./nothing", directory=directory)
    _, errors = demo.communicate(timeout=120)
    assert demo.returncode == 1 and "demo: error: FLOWLABEL_BIN names no program\ndemo: hint: " in errors


def test_records_arrive():
    """--collect shows the flows at nfacctd, with the labels and the numbers of packets that the server received."""
    if not shutil.which("nfacctd"):
        pytest.skip("needs nfacctd: run tools/setup")
    demo = start("--collect")
    output, errors = demo.communicate(timeout=120)
    assert errors == ""
    before, collecting = output.split("3. Collect")
    observed, stamped = map(RECEIVED.findall, before.split("2. Stamp"))
    collected = {int(label, 16): int(packets) for label, packets in COLLECTED.findall(collecting)}
    assert collected[0] == sum(int(packets) for _, _, packets in observed)
    for kind, label, packets in stamped:
        again = 2 if kind == "ICMPv6" else 1  # ICMPv6 has no ports, so both runs are one flow
        assert collected[int(label, 16)] == again * int(packets)
    assert len(collected) == 1 + 4 + 3
    assert traces_of(demo) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("moment", [0.05, 0.3, 0.7, 1.2])
def test_a_signal_leaves_nothing(number, moment):
    """No process and no name stays after ^C to the group, or SIGTERM or SIGKILL to the demo only, at any moment."""
    demo = start()
    time.sleep(moment)
    send(demo, number)
    demo.communicate(timeout=60)
    assert traces_of(demo) == []


def test_changes_are_named():
    """--watch names the host that loses its labels as an error, and the one whose path fails as a notice."""
    demo = start("--watch")
    output, errors = demo.communicate(timeout=120)
    assert (demo.returncode, errors) == (0, "")
    words = " ".join(output.split())
    assert re.search(r"error syn-then-zero: 2001:db8:1::2: \d+ of 20 connections lose their label after the SYN", words)
    assert "notice rto-rehash: 2001:db8:3::2: 1 of 1 connection takes another label after a timeout" in words
    assert traces_of(demo) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("option, what", [("--collect", "flowlabel collect"), ("--watch", "flowlabel watch")])
def test_a_signal_at_work_leaves_nothing(option, what, number):
    """Neither the exporter nor the collector nor traffic outlives the demo."""
    demo = start(option)
    seen = ""
    while what not in seen:
        assert (line := demo.stdout.readline()), seen + demo.stderr.read()
        seen += line
    send(demo, number)
    demo.communicate(timeout=60)
    assert traces_of(demo) == []


def test_help_and_wrong_usage():
    """--help prints the usage; any other argument is refused."""
    shown = subprocess.run([DEMO, "--help"], capture_output=True, text=True, check=True)
    assert "usage: sudo tools/demo" in shown.stdout
    refused = subprocess.run([DEMO, "--nonsense"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "demo: hint: " in refused.stderr
