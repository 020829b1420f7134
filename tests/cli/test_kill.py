# SPDX-License-Identifier: BSD-2-Clause
"""SIGKILL in the middle of attach, replace and detach.

After each kill, these invariants are checked, first without flowlabel's help and then with it:

1. The hook is either as before the command or as the command requested. (A killed attach may have attached: then the
   attachment is complete.) A foreign program or filter at the hook is there as before.
2. `status` agrees with the kernel: it shows the attachment as counting if and only if the hook has a program of
   flowlabel.
3. No program of flowlabel is loaded except the one that `status` shows, so none is hidden. (A killed detach may leave a
   detached program, for its totals.)
4. The next attach (or replace) works, and so does the detach after it.
5. Then nothing is left: no pin, program, filter or qdisc of flowlabel. A qdisc of another user stays.
"""

import collections
import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
import typing

import pytest

import lab as lab_module
from bpf import pinned, put_tcx_first, tcx_programs
from kernel import attached_xdp, eventually, filters, flowlabel_programs, pins, programs, qdiscs
from lab import kernel_version
from test_hooks import foreign_filter, foreign_object

RANDOM_KILLS = 5
ATTEMPTS = 20  # to hit a call
HAS_TCX = kernel_version() >= (6, 6)
NEEDS_TCX = pytest.mark.skipif(not HAS_TCX, reason="tcx came with Linux 6.6")
# The calls whose effect outlives the command: these system calls, and these commands of bpf().
CALLS = "bpf,sendto,sendmsg,mkdir,mkdirat,unlink,unlinkat,rmdir,rename,renameat"
LASTING = {"BPF_PROG_LOAD", "BPF_MAP_UPDATE_ELEM", "BPF_OBJ_PIN", "BPF_LINK_CREATE", "BPF_LINK_UPDATE",
           "BPF_LINK_DETACH"}

WAYS = {
    "xdp": (["--hook", "xdp"], {}),
    "tcx": (["--hook", "tc-ingress"], {}),
    "clsact": (["--hook", "tc-egress"], {"FLOWLABEL_TC": "clsact"}),
}


class Victim:
    """A way to attach to v0, and its state as seen from outside."""

    def __init__(self, lab, host, way):
        self.lab, self.host, self.way = lab, host, way
        self.options, self.environment = WAYS[way]
        self.foreign_programs = flowlabel_programs()
        self.argv = {
            "attach": ["attach", "v0", *self.options, "--flows", 4],
            "replace": ["attach", "v0", *self.options, "--replace", "--stamp", "dry-run"],
            "detach": ["detach", "v0"],
        }

    def run(self, action):
        """Runs one of the three actions to its end."""
        return self.lab.flowlabel(self.host, *self.argv[action], env=self.environment).ok()

    def full(self, action):
        """The complete command line."""
        return [lab_module.binary(), *map(str, self.argv[action]), "--bpffs", self.lab.bpffs]

    def status(self):
        """This attachment as `status` shows it, or None."""
        result = self.lab.flowlabel(self.host, "status", "--json").json()["attachments"]
        assert len(result) <= 1
        return result[0] if result else None

    def hook_is_taken(self):
        """Does the kernel have a program of flowlabel at the hook?"""
        if self.way == "xdp":
            return bool(attached_xdp(self.host, "v0"))
        if self.way == "clsact" or not HAS_TCX:
            direction = self.options[1].removeprefix("tc-")
            return "clsact" in qdiscs(self.host, "v0") and bool(filters(self.host, "v0", direction))
        return bool(tcx_programs(self.host, "v0", "tc-ingress"))

    def our_programs(self):
        """The programs that were not loaded before."""
        return flowlabel_programs() - self.foreign_programs

    def check(self, before, after):
        """Checks invariants 1 to 3. BEFORE and AFTER are the stamp modes before the command and as requested; None: not
        attached."""
        def agree():
            shown = self.status()
            expected = {shown["program"]["id"]} if shown else set()
            counts = bool(shown) and not shown["warnings"]
            return self.our_programs() <= expected and self.hook_is_taken() == counts

        eventually(agree)  # the kernel frees programs asynchronously, and other tests load some
        shown = self.status()
        assert (shown and shown["stamp"]) in (before, after)

    def recover(self):
        """Checks invariants 4 and 5."""
        self.run("replace")
        assert self.status()["stamp"] == "dry-run"
        self.run("detach")
        assert pins(self.lab) == []
        eventually(lambda: not self.our_programs())
        assert not self.hook_is_taken()
        assert "clsact" not in qdiscs(self.host, "v0")


STATES = {"attach": (None, "off"), "replace": ("off", "dry-run"), "detach": ("off", None)}


@pytest.fixture(params=WAYS)
def victim(request, lab, host):
    """v0 and one way to attach to it."""
    return Victim(lab, host, request.param)


def traced(victim, action, *options):
    """Runs an action under strace."""
    return victim.host.run("strace", "-f", "-qq", "-e", f"trace={CALLS}", *options, *victim.full(action), check=False,
                           env={**os.environ, **victim.environment})


class Call(typing.NamedTuple):
    """A system call: the NUMBERth call of NAME, and the TURNth call with COMMAND, which only bpf() has."""

    name: str
    command: str
    turn: int
    number: int


def calls_in(log):
    """Every Call in a log of strace, in order."""
    seen = collections.Counter()
    calls = []
    for name, first in re.findall(r"^\d+ +(\w+)\((\w*)", log.read_text(), re.MULTILINE):
        command = first if name == "bpf" else ""
        seen[name] += 1
        seen[name, command] += 1
        calls.append(Call(name, command, seen[name, command], seen[name]))
    return calls


def lasting_calls(victim, action, log):
    """The calls with which the action changes something. libbpf first loads programs to probe the kernel; of these, the
    last one is enough."""
    done = traced(victim, action, "-o", log)
    assert done.returncode == 0, done.stderr
    calls = []
    for call in calls_in(log):
        if call.name == "bpf" and call.command not in LASTING:
            continue
        if call.command in ("BPF_PROG_LOAD", "BPF_MAP_UPDATE_ELEM") and calls and calls[-1].command == call.command:
            calls.pop()
        calls.append(call)
    return calls


def kill_at(victim, action, call, log):
    """Sends SIGKILL as the action enters CALL. False if it hit another call, or none. The number of calls before can
    differ: the epoch is measured again if a timer tick interrupts the measurement."""
    done = traced(victim, action, "-o", log, "-e", f"inject={call.name}:signal=SIGKILL:when={call.number}")
    assert done.returncode in (0, -signal.SIGKILL, 128 + signal.SIGKILL), (call, done)
    return done.returncode != 0 and calls_in(log)[-1][:3] == call[:3]


@pytest.mark.parametrize("action", STATES)
def test_killed_at_every_step(victim, action, tmp_path):
    """SIGKILL leaves either the state before the command or the requested one. It is sent as the command enters the
    first, the second, the third ... of the calls whose effect lasts."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    before, after = STATES[action]

    def observed():
        if action != "attach":
            victim.run("attach")
        calls = lasting_calls(victim, action, tmp_path / "log")
        victim.recover()
        return calls

    def met(call):
        if action != "attach":
            victim.run("attach")
        done = kill_at(victim, action, call, tmp_path / "log")
        victim.check(before, after)
        victim.recover()
        return done

    calls = observed()
    assert len(calls) > 2
    for at in range(len(calls)):
        for _ in range(ATTEMPTS):
            if met(calls[at]):
                break
            calls = observed()  # a timer tick may have added a call to the previous run
        else:
            pytest.fail(f"never met {calls[at]}")


@pytest.mark.parametrize("action", STATES)
def test_killed_at_a_random_moment(victim, action):
    """The same holds for SIGKILL after a random time, without strace."""
    before, after = STATES[action]
    chance = random.Random(f"{victim.way} {action}")
    for _ in range(RANDOM_KILLS):
        if action != "attach":
            victim.run("attach")
        with victim.host.inside():
            process = subprocess.Popen(victim.full(action), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, **victim.environment})
        time.sleep(chance.uniform(0, 0.06))
        process.kill()
        process.wait()
        victim.check(before, after)
        victim.recover()


@pytest.mark.parametrize("next_command", ["detach", "attach"])
@pytest.mark.parametrize("way", ["xdp", pytest.param("tcx", marks=NEEDS_TCX), "clsact"])
def test_a_killed_detach_is_finished_by_the_next_command(lab, host, way, next_command, tmp_path):
    """Detach removes the program from the hook before it removes the record of it, even while another process, such as
    a collector, holds the link: no unknown program counts or stamps, and the totals are not lost."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    victim = Victim(lab, host, way)
    victim.run("attach")
    calls = lasting_calls(victim, "detach", tmp_path / "log")
    # The first unlinkat removes leftovers of a replacement. The second call unpins the link, or writes to the info map
    # that there is no filter.
    _, forgets, *_ = (call for call in calls if call.name == "unlinkat" or call.command == "BPF_MAP_UPDATE_ELEM")
    victim.run("attach")
    (pin,) = [os.path.join(lab.bpffs, path, "link") for path in pins(lab) if path.endswith(victim.options[1])]
    with pinned(pin) if way != "clsact" else contextlib.nullcontext():
        assert kill_at(victim, "detach", forgets, tmp_path / "log")
        assert not victim.hook_is_taken()
        assert "from the interface, by" in victim.status()["warnings"][0]
        said = victim.run(next_command).stderr
    done = "detached" if next_command == "detach" else "removed the old attachment"
    assert f"v0 {victim.options[1]}: {done}" in said and "; counted " in said
    lab.flowlabel(host, "detach", "--all").ok()
    assert pins(lab) == []


def put_in_front(victim):
    """Puts a foreign program in front of the victim's. Returns a descriptor that keeps it there, or None for a
    filter."""
    if victim.way == "tcx":
        directory = f"{victim.lab.bpffs}/foreign"
        os.makedirs(directory)
        lab_module.command("bpftool", "prog", "loadall", foreign_object(), directory)
        link = put_tcx_first(victim.host, "v0", "tc-ingress", f"{directory}/foreign_tc")
        shutil.rmtree(directory)
        return link
    foreign_filter(victim.host, "egress", "prio", "1")
    return None


def order(victim):
    """The programs at the victim's hook, first to last: True for flowlabel's."""
    names = programs()
    if victim.way == "tcx":
        return [names[number].startswith("flowlabel_") for number in tcx_programs(victim.host, "v0", "tc-ingress")]
    return [name.startswith("flowlabel_") for name in filters(victim.host, "v0", "egress").values()]


@pytest.mark.parametrize("way", [pytest.param("tcx", marks=NEEDS_TCX), "clsact"])
def test_killed_while_it_goes_first_again(lab, host, way, tmp_path):
    """A replacement that goes first again has several steps. Whichever is killed, the attachment exists and counts, the
    next replacement leaves one program of flowlabel, which is first, and detach leaves none."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    victim = Victim(lab, host, way)

    def set_up():
        victim.run("attach")
        return put_in_front(victim)

    def take_down(link):
        victim.run("detach")
        if link:
            os.close(link.number)
        else:
            host.run("tc", "qdisc", "del", "dev", "v0", "clsact")
        assert pins(lab) == []

    link = set_up()
    assert order(victim) == [False, True]
    calls = lasting_calls(victim, "replace", tmp_path / "log")
    assert order(victim) == [True, False]
    take_down(link)
    first = max(at for at, call in enumerate(calls) if call.command == "BPF_PROG_LOAD")
    for call in calls[first + 1:]:
        for _ in range(ATTEMPTS):
            link = set_up()
            if kill_at(victim, "replace", call, tmp_path / "log"):
                break
            take_down(link)
        assert victim.status()["stamp"] in ("off", "dry-run") and True in order(victim)
        victim.run("replace")
        eventually(lambda: order(victim) == [True, False])
        take_down(link)


def test_leftovers_of_one_hook_do_not_hide_whose_the_qdisc_is(lab, host, tmp_path):
    """The attach of one tc hook is killed after it created the qdisc; the detach of the other hook, which is the last,
    removes the qdisc."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    ingress = Victim(lab, host, "clsact")
    ingress.argv["attach"] = ["attach", "v0", "--hook", "tc-ingress", "--flows", 4]
    ingress.argv["replace"] = ["attach", "v0", "--hook", "tc-ingress", "--replace", "--stamp", "dry-run"]
    calls = lasting_calls(ingress, "attach", tmp_path / "log")
    hang = [call for call in calls if call.name in ("sendto", "sendmsg")][-1]  # the filter is added last
    for _ in range(ATTEMPTS):
        ingress.recover()
        if kill_at(ingress, "attach", hang, tmp_path / "log"):
            break
    assert "clsact" in qdiscs(host, "v0") and not filters(host, "v0", "ingress"), "killed too early or too late"
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-egress", "--flows", 4, env=ingress.environment).ok()
    lab.flowlabel(host, "detach", "v0").ok()
    assert "clsact" not in qdiscs(host, "v0")
    assert pins(lab) == []


def test_a_qdisc_of_somebody_else_survives(lab, host):
    """An idle clsact qdisc of another user stays, after detach and after SIGKILL."""
    host.run("tc", "qdisc", "add", "dev", "v0", "clsact")
    victim = Victim(lab, host, "clsact")
    chance = random.Random(2)
    for _ in range(RANDOM_KILLS):
        with host.inside():
            process = subprocess.Popen(victim.full("attach"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env={**os.environ, **victim.environment})
        time.sleep(chance.uniform(0, 0.06))
        process.kill()
        process.wait()
        victim.check(None, "off")
        victim.run("replace")
        victim.run("detach")
        assert "clsact" in qdiscs(host, "v0")
        assert pins(lab) == []
