# SPDX-License-Identifier: BSD-2-Clause
"""Hooks that another user's program has taken, drivers without native XDP, and what a replacement may change."""

import os
import re
import shutil
import socket

import pytest

import lab as lab_module
from frames import ethernet, ipv6
from kernel import attached_xdp, eventually, filters, flowlabel_programs, pins, programs, qdiscs
from lab import REPOSITORY, command
from saying import refused, warned
from tun import Tun

CLSACT = {"FLOWLABEL_TC": "clsact"}
DIRECTION = {"tc-ingress": "ingress", "tc-egress": "egress"}
OUR_PLACE = ["prio", "1", "handle", "0x666c"]


def foreign_object():
    """An object file with another user's programs."""
    return os.environ.get("FLOWLABEL_FOREIGN", REPOSITORY / "build/tests/cli/generator/foreign.bpf.o")


@pytest.fixture
def foreign_xdp(lab, host):
    """A function that attaches a foreign XDP program to v0 in a mode and returns its id."""
    pin = f"{lab.bpffs}/foreign"
    command("bpftool", "prog", "load", foreign_object(), pin, "type", "xdp")

    def attach(mode):
        kind = {"native": "xdpdrv", "generic": "xdpgeneric"}[mode]
        host.run("bpftool", "net", "attach", kind, "pinned", pin, "dev", "v0")
        return attached_xdp(host, "v0")[mode]

    return attach


@pytest.mark.parametrize("foreign_mode", ["native", "generic"])
@pytest.mark.parametrize("mode", ["auto", "native", "generic"])
@pytest.mark.parametrize("options", [[], ["--replace"]], ids=["attach", "replace"])
def test_xdp_is_taken(lab, host, foreign_xdp, foreign_mode, mode, options):
    """The error has the id and the name of the foreign program. That program stays, and flowlabel leaves nothing."""
    number = foreign_xdp(foreign_mode)
    before = flowlabel_programs()
    refused(lab.flowlabel(host, "attach", "v0", "--mode", mode, "--flows", 4, *options), 1,
            f"program {number} 'foreign_xdp'", "it was not changed", "tc-ingress")
    assert attached_xdp(host, "v0") == {foreign_mode: number}
    assert not any(path.startswith("flowlabel") for path in pins(lab))
    eventually(lambda: flowlabel_programs() <= before)  # programs of another test may exist for a while
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()


def test_detach_leaves_a_foreign_xdp_program(lab, host, foreign_xdp):
    """With a tc attachment of flowlabel, detach leaves a foreign XDP program attached."""
    number = foreign_xdp("native")
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()
    lab.flowlabel(host, "detach", "--all").ok()
    assert attached_xdp(host, "v0") == {"native": number}


def foreign_filter(host, direction, *place):
    """Adds a foreign BPF filter to v0."""
    host.run("tc", "filter", "add", "dev", "v0", direction, *place, "bpf", "direct-action", "obj",
             foreign_object(), "sec", "tc")


@pytest.mark.parametrize("hook", DIRECTION)
def test_our_place_on_the_qdisc_is_taken(lab, host, hook):
    """A foreign filter has flowlabel's priority and handle: the error names its id and name, and the filter and the
    qdisc stay."""
    host.run("tc", "qdisc", "add", "dev", "v0", "clsact")
    foreign_filter(host, DIRECTION[hook], *OUR_PLACE)
    before = filters(host, "v0", DIRECTION[hook])
    number = max(number for number, name in programs().items() if name == "foreign_tc")
    refused(lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT), 1,
            f"program {number} 'foreign_tc'", "it was not changed", f"tc filter show dev v0 {DIRECTION[hook]}")
    assert filters(host, "v0", DIRECTION[hook]) == before
    assert pins(lab) == []


@pytest.mark.parametrize("hook", DIRECTION)
def test_a_filter_of_another_protocol_has_our_priority(lab, host, hook):
    """The kernel allows one kind of filter and one protocol for each priority: the error says so."""
    host.run("tc", "qdisc", "add", "dev", "v0", "clsact")
    foreign_filter(host, DIRECTION[hook], "prio", "1", "protocol", "ipv6")
    refused(lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT), 1, "priority 1",
            f"tc filter show dev v0 {DIRECTION[hook]}")
    assert "clsact" in qdiscs(host, "v0")
    assert pins(lab) == []


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours-first", "theirs-first"])
def test_a_foreign_filter_on_the_same_qdisc(lab, host, ours_first):
    """Detach removes only flowlabel's filter. A foreign filter stays, and with it the qdisc, whichever program created
    it."""
    if not ours_first:
        host.run("tc", "qdisc", "add", "dev", "v0", "clsact")
        foreign_filter(host, "ingress", "prio", "7")
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env=CLSACT).ok()
    if ours_first:
        foreign_filter(host, "ingress", "prio", "7")
    assert len(filters(host, "v0", "ingress")) == 2
    lab.flowlabel(host, "detach", "v0").ok()
    ((priority, _),) = filters(host, "v0", "ingress")
    assert priority == 7
    assert "clsact" in qdiscs(host, "v0")


@pytest.mark.parametrize("first, second", [("tc-ingress", "tc-egress"), ("tc-egress", "tc-ingress")])
@pytest.mark.parametrize("leaves_first", [0, 1])
def test_two_hooks_share_the_qdisc_that_we_made(lab, host, first, second, leaves_first):
    """The last of flowlabel's filters to be detached removes the qdisc that flowlabel created."""
    for hook in (first, second):
        lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT).ok()
    order = [first, second] if leaves_first == 0 else [second, first]
    lab.flowlabel(host, "detach", "v0", "--hook", order[0]).ok()
    assert "clsact" in qdiscs(host, "v0") and len(filters(host, "v0", DIRECTION[order[1]])) == 1
    lab.flowlabel(host, "detach", "v0", "--hook", order[1]).ok()
    assert "clsact" not in qdiscs(host, "v0")


def test_a_qdisc_that_others_made_stays(lab, host):
    """A qdisc that another user created stays, even if it is idle."""
    host.run("tc", "qdisc", "add", "dev", "v0", "clsact")
    for hook in DIRECTION:
        lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT).ok()
    lab.flowlabel(host, "detach", "v0").ok()
    assert "clsact" in qdiscs(host, "v0")


@pytest.fixture
def ingress_qdisc(host):
    """Another user's ingress qdisc on v0, with a filter."""
    host.run("tc", "qdisc", "add", "dev", "v0", "ingress")
    foreign_filter(host, "ingress", "prio", "7")


def test_an_ingress_qdisc_is_no_place_for_tc_egress(lab, host, ingress_qdisc):
    """On an ingress qdisc the kernel would accept a tc-egress filter and run it on received packets. flowlabel refuses,
    says what to do, and changes nothing."""
    before = filters(host, "v0", "ingress")
    refused(lab.flowlabel(host, "attach", "v0", "--hook", "tc-egress", "--stamp", "zero", env=CLSACT), 1,
            "ingress qdisc", "tc-egress", "tc qdisc del dev v0 ingress", "clsact")
    assert filters(host, "v0", "ingress") == before and len(before) == 1
    assert "ingress" in qdiscs(host, "v0")
    assert pins(lab) == []
    host.run("tc", "qdisc", "del", "dev", "v0", "ingress")
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-egress", "--flows", 4, env=CLSACT).ok()
    assert len(filters(host, "v0", "egress")) == 1 and filters(host, "v0", "ingress") == {}


def test_tc_ingress_on_an_ingress_qdisc(lab, host, ingress_qdisc):
    """tc-ingress works on an ingress qdisc, which sees received packets. The qdisc and its filter stay."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env=CLSACT).ok()
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--replace", env=CLSACT).ok()
    refused(lab.flowlabel(host, "attach", "v0", "--hook", "tc-egress", "--flows", 4, env=CLSACT), 1, "ingress qdisc")
    assert sorted(priority for priority, _ in filters(host, "v0", "ingress")) == [1, 7]
    lab.flowlabel(host, "detach", "v0").ok()
    ((priority, _),) = filters(host, "v0", "ingress")
    assert priority == 7
    assert "ingress" in qdiscs(host, "v0")


def test_an_idle_ingress_qdisc_stays(lab, host):
    """An idle ingress qdisc stays, even if the pins of another hook say that flowlabel created a qdisc: that was the
    clsact qdisc, which is gone."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-egress", "--flows", 4, env=CLSACT).ok()
    host.run("tc", "qdisc", "del", "dev", "v0", "clsact")
    host.run("tc", "qdisc", "add", "dev", "v0", "ingress")
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env=CLSACT).ok()
    said = lab.flowlabel(host, "detach", "v0").ok().stderr
    assert said.count("detached") == 2 and "warning" not in said
    assert "ingress" in qdiscs(host, "v0") and filters(host, "v0", "ingress") == {}
    assert pins(lab) == []


@pytest.mark.parametrize("next_command", ["detach", "attach", "attach --replace"])
@pytest.mark.parametrize("gone", ["qdisc", "filter"])
def test_a_filter_that_others_remove(lab, host, gone, next_command):
    """If another user removes the filter, its counts are not lost: status reports the removal, and detach and attach
    print the totals."""
    for interface in ("v0", "w0"):
        host.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", env=CLSACT).ok()
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("w0", 0))
        for _ in range(3):
            wire.send(ethernet(bytes(6), bytes(6), 0x86DD, ipv6("2001:db8::1", "2001:db8::2", 59, b"")))
    if gone == "qdisc":
        host.run("tc", "qdisc", "del", "dev", "v0", "clsact")
    else:
        host.run("tc", "filter", "del", "dev", "v0", "ingress")
    (shown,) = lab.flowlabel(host, "status", "v0", "--json").ok().json()["attachments"]
    assert "its filter was removed from the interface" in shown["warnings"][0]
    counted = "counted 3 packets 120 bytes = live 3 packets 120 bytes"
    if next_command == "detach":
        assert f"v0 tc-ingress: detached; {counted}" in lab.flowlabel(host, "detach", "v0").ok().stderr
    else:
        attached = lab.flowlabel(host, *next_command.split(), "v0", "--hook", "tc-ingress", env=CLSACT).ok()
        warned(attached, "v0 tc-ingress: removed the old attachment, which ended when its filter was removed from "
               "the interface", counted)
        assert "counted 0 packets" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert pins(lab) == [] and "clsact" not in qdiscs(host, "v0")


def test_all_hooks_of_one_interface(lab, host):
    """Three attachments to one interface each have a table of their own."""
    for hook in ("xdp", *DIRECTION):
        lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4).ok()
    tables = [entry["program"]["id"] for entry in lab.flowlabel(host, "status", "--json").json()["attachments"]]
    assert len(set(tables)) == 3


@pytest.fixture
def tun(lab, host):
    """A tun device, whose driver has no native XDP: its packets have no Ethernet header."""
    with Tun(host, "tun0") as made:
        yield made


def test_a_driver_without_native_xdp(lab, host, tun):
    """`auto` falls back to generic and says so. `native` is an error with two hints."""
    refused(lab.flowlabel(host, "attach", "tun0", "--mode", "native"), 1, "no native XDP", "--mode generic",
            "tc-ingress")
    assert pins(lab) == []
    warned(lab.flowlabel(host, "attach", "tun0", "--flows", 4), "no native XDP", "generic mode")
    assert list(attached_xdp(host, "tun0")) == ["generic"]
    assert lab.flowlabel(host, "attach", "tun0", "--replace").ok().stderr == ""


def test_generic_on_request_says_nothing(lab, host, tun):
    """With --mode generic, no message mentions the fallback."""
    assert lab.flowlabel(host, "attach", "tun0", "--mode", "generic", "--flows", 4).ok().stderr == ""


@pytest.mark.parametrize("mtu", [9000, 65535])
def test_jumbo_frames(lab, host, mtu):
    """The program accepts frames in several buffers, so that veth's limit of one page does not apply."""
    for interface in ("v0", "w0"):
        host.ip("link", "set", "dev", interface, "mtu", mtu)
    lab.flowlabel(host, "attach", "v0", "--mode", "native", "--flows", 4).ok()
    assert list(attached_xdp(host, "v0")) == ["native"]


@pytest.mark.parametrize("old, new", [("native", "generic"), ("generic", "native")])
def test_replace_keeps_the_mode(lab, host, old, new):
    """Replacing with another mode is refused with a hint; `auto` keeps the current mode."""
    lab.flowlabel(host, "attach", "v0", "--mode", old, "--flows", 4).ok()
    before = attached_xdp(host, "v0")
    refused(lab.flowlabel(host, "attach", "v0", "--mode", new, "--replace"), 1, f"{old} mode", "--mode",
            "detach v0 --hook xdp")
    assert attached_xdp(host, "v0") == before
    lab.flowlabel(host, "attach", "v0", "--replace").ok()
    assert list(attached_xdp(host, "v0")) == [old]


def test_replace_keeps_the_table(lab, host):
    """Replacing with another table size is refused with a hint; the same size, however it is written, is accepted."""
    lab.flowlabel(host, "attach", "v0", "--flows", 1000).ok()
    refused(lab.flowlabel(host, "attach", "v0", "--flows", 2048, "--replace"), 1, "1024 slots",
            "leave --flows out", "detach")
    for same in (1000, 1024, 513):
        assert "replaced" in lab.flowlabel(host, "attach", "v0", "--flows", same, "--replace").ok().stdout


def stamping(lab, host):
    """(mode, function) of the only attachment."""
    (shown,) = lab.flowlabel(host, "status", "--json").json()["attachments"]
    return shown["stamp"], shown["prf"]


def test_replace_keeps_the_stamping(lab, host, key_file):
    """Settings without an option stay, and the message says so; --stamp off stops stamping. If an upgrade of the
    program silently stopped stamping, only the receivers of the packets would notice."""
    def replaced(*options):
        return lab.flowlabel(host, "attach", "v0", "--replace", *options).ok().stdout

    first = ["--stamp", "zero", "--prf", "siphash-1-3", "--key-file", key_file]
    lab.flowlabel(host, "attach", "v0", "--flows", 4, *first).ok()

    def says(said, stamping, kept):
        assert f"stamp {stamping}, table" in said and said.endswith(f"\n  kept: {kept}\n"), said

    says(replaced(), "zero (siphash-1-3)", "flow table, stamp mode, function, key")
    says(replaced("--stamp", "dry-run"), "dry-run (siphash-1-3)", "flow table, function, key")
    assert stamping(lab, host) == ("dry-run", "siphash-1-3")
    says(replaced("--key-file", key_file), "dry-run (siphash-1-3)", "flow table, stamp mode, function")
    says(replaced("--prf", "siphash-2-4"), "dry-run (siphash-2-4)", "flow table, stamp mode, key")
    says(replaced("--stamp", "off"), "off", "flow table, function, key")
    says(replaced(), "off", "flow table, stamp mode")
    assert stamping(lab, host)[0] == "off"


@pytest.mark.parametrize("attached", [False, True])
def test_a_key_without_stamping(lab, host, key_file, attached):
    """A key or a function without stamping is wrong usage: if nothing is attached, or if the kept mode is off."""
    if attached:
        lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    before = attached_xdp(host, "v0")
    for options in (["--key-file", key_file], ["--prf", "siphash-1-3"], ["--stamp", "off", "--key-file", key_file]):
        refused(lab.flowlabel(host, "attach", "v0", "--replace", *options), 2, options[-2], "--stamp zero")
    assert attached_xdp(host, "v0") == before


@pytest.mark.parametrize("hook", ["xdp", *DIRECTION])
@pytest.mark.parametrize("environment", [{}, CLSACT], ids=["tcx", "clsact"])
def test_replace_with_nothing_attached(lab, host, hook, environment):
    """--replace with nothing attached attaches."""
    said = lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, "--replace", env=environment).ok()
    assert "attached" in said.stdout


# Errors that the kernel can return to a command of bpf(), and the words of flowlabel's error. strace injects the
# errors.
ANSWERS = [
    ("BPF_LINK_CREATE", "ERANGE", ["MTU of v0 (1500)", "lower the MTU", "--mode generic"]),
    ("BPF_LINK_CREATE", "EPERM", ["does not let this user attach", "CAP_NET_ADMIN"]),
    ("BPF_LINK_CREATE", "ENOMEM", ["refused the XDP program on v0", "Cannot allocate memory"]),
    ("BPF_PROG_LOAD", "ENOSYS", ["no BPF", "CONFIG_BPF_SYSCALL", "6.1"]),
    ("BPF_PROG_LOAD", "EPERM", ["does not let this user load", "CAP_BPF"]),
    ("BPF_PROG_LOAD", "EINVAL", ["refused the BPF program", "run again with -v", "6.1"]),
    ("BPF_PROG_LOAD", "ENOMEM", ["no memory", "--flows"]),
    ("BPF_OBJ_PIN", "ENOMEM", ["cannot pin", "Cannot allocate memory"]),
    ("BPF_OBJ_PIN", "EPERM", ["cannot pin", "run it as root"]),
]


def bpf_calls(log, name):
    """The numbers, from 1, of the bpf() calls that are the command NAME."""
    calls = re.findall(r"^\d+ +bpf\((\w+)", log, re.MULTILINE)
    return [number for number, call in enumerate(calls, 1) if call == name]


def strace_attach(lab, host, log, *options, inject=()):
    """Runs `attach v0` under strace. INJECT is (errno, numbers): strace makes the bpf() calls with these numbers ("7"
    or "7+") fail with that errno."""
    injection = ["-e", f"inject=bpf:error={inject[0]}:when={inject[1]}"] if inject else []
    full = ["strace", "-f", "-qq", "-e", "trace=bpf", "-o", str(log), *injection, lab_module.binary(), "attach", "v0",
            *options, "--flows", "4", "--bpffs", lab.bpffs]
    done = host.run(*full, check=False)
    return lab_module.Result(full, done.returncode, done.stdout, done.stderr)


def test_a_kernel_without_btf(lab, host, tmp_path):
    """The programs need no BTF of the kernel."""
    btf = "/sys/kernel/btf/vmlinux"
    if not os.path.exists(btf):
        pytest.skip("this kernel has no BTF, so every other test is this one")
    (tmp_path / "none").touch()
    script = f'mount --bind {tmp_path}/none {btf} && exec "$@"'
    host.run("unshare", "--mount", "sh", "-c", script, "sh", lab_module.binary(), "attach", "v0", "--flows", "4",
             "--bpffs", lab.bpffs)
    assert list(attached_xdp(host, "v0")) == ["native"]


@pytest.fixture
def strace():
    """Skips if strace is not installed."""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")


def answer(lab, host, log, name, error, *options, behind="+"):
    """Runs `attach v0` and makes the last call of the command NAME fail with ERROR, and with BEHIND "+" all calls after
    it. The number of calls before can differ: the epoch is measured again if a timer tick interrupts the
    measurement."""
    for _ in range(20):
        strace_attach(lab, host, log, *options).ok()
        lab.flowlabel(host, "detach", "v0").ok()
        number = bpf_calls(log.read_text(), name)[-1]
        done = strace_attach(lab, host, log, *options, inject=(error, f"{number}{behind}"))
        if injected := re.search(r"^\d+ +bpf\((\w+).*\(INJECTED\)", log.read_text(), re.MULTILINE):
            if injected[1] == name:
                return done
        lab.flowlabel(host, "detach", "--all").ok()
    raise AssertionError(f"no two attachments in a row had as many calls before {name}")


@pytest.mark.parametrize("name, error, words", ANSWERS, ids=lambda value: value if isinstance(value, str) else "")
def test_the_kernel_says_no(lab, host, strace, tmp_path, name, error, words):
    """Each error has its words, and a partial attach is undone. The errors are injected, because no test device has an
    MTU beyond its driver's limit for this program, and no test kernel lacks BPF."""
    refused(answer(lab, host, tmp_path / "log", name, error), 1, *words)
    assert pins(lab) == []
    assert attached_xdp(host, "v0") == {}


def test_a_kernel_without_tcx(lab, host, strace, tmp_path):
    """EINVAL means a kernel before 6.6, and a clsact filter is used instead of the link."""
    done = answer(lab, host, tmp_path / "log", "BPF_LINK_CREATE", "EINVAL", "--hook", "tc-ingress", behind="")
    assert "clsact" in done.ok().stdout
    assert len(filters(host, "v0", "ingress")) == 1
