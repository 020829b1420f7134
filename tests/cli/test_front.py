# SPDX-License-Identifier: BSD-2-Clause
"""An attachment that does not count what its interface carries: another program is in front of it, its link was
detached, or its program was replaced by another one. `status`, `status --check`, `flows` and `stats` report it, and
--replace repairs what it can."""

import json
import os
import pathlib

import pytest

import schema
from bpf import detach_link, put_into_link, put_tcx_first, tcx_programs
from collector import Collector
from feed import Sender, cable, start_flood
from kernel import attached_xdp, eventually, filters, pins
from lab import LAYOUT, command, kernel_version
from saying import refused, warned
from test_hooks import CLSACT, foreign_object

NO_TCX = pytest.mark.skipif(kernel_version() < (6, 6), reason="tcx came with Linux 6.6")
TCX = [pytest.param("tc-ingress", marks=NO_TCX), pytest.param("tc-egress", marks=NO_TCX)]
IN_FRONT = "runs before flowlabel's"


def link_pin(lab, hook):
    """The path of the pinned link of the only attachment to HOOK."""
    (path,) = pathlib.Path(lab.bpffs).glob(f"flowlabel/v{LAYOUT}/*/{hook}/link")
    return path


@pytest.fixture
def host(lab):
    """A silent cable v0 - w0."""
    made = lab.namespace("host")
    cable(made)
    return made


@pytest.fixture
def foreign(lab):
    """Another user's programs: {section: path of the pin}."""
    directory = f"{lab.bpffs}/foreign"
    os.mkdir(directory)
    command("bpftool", "prog", "loadall", foreign_object(), directory)
    return {"xdp": f"{directory}/foreign_xdp", "pass": f"{directory}/foreign_tc", "final": f"{directory}/foreign_final",
            "drop": f"{directory}/foreign_drop"}


def put_filter_first(host, direction, section="classifier"):
    """Adds another user's filter with flowlabel's priority, which the kernel puts first."""
    host.run("tc", "filter", "add", "dev", "v0", direction, "prio", "1", "bpf", "direct-action", "obj",
             foreign_object(), "sec", section)


def sent(host, hook, times):
    """Sends TIMES packets through HOOK of v0."""
    near, far = ("w0", "v0") if hook == "tc-ingress" else ("v0", "w0")
    with Sender(host, near) as sender:
        before = device(host, far)
        sender.send(label=1, times=times)
        eventually(lambda: device(host, far) >= before + times)


def device(host, interface):
    """The number of packets that INTERFACE received."""
    (link,) = json.loads(host.ip("-json", "-stats", "link", "show", "dev", interface).stdout)
    return link["stats64"]["rx"]["packets"]


def entry(lab, host):
    """The only attachment in `status --json`."""
    (shown,) = lab.flowlabel(host, "status", "--json").json()["attachments"]
    return shown


def counted(lab, host):
    """The packets that it counted."""
    return entry(lab, host)["totals"]["counted"]["packets"]


def check(lab, host, *options):
    """{kind of finding: text} of `status --check`. Asserts that the exit status agrees."""
    result = lab.flowlabel(host, "status", "--check", "--json", *options)
    found = {finding["kind"]: finding["text"] for finding in schema.document(result.stdout)["findings"]}
    assert result.status == (4 if found else 0), result
    return found


@pytest.mark.parametrize("hook", TCX)
def test_a_tcx_program_comes_to_stand_in_front(lab, host, foreign, hook):
    """Every command names a tcx program in front. --replace attaches flowlabel first again, keeps the table, and leaves the other
    program attached."""
    lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4).ok()
    sent(host, hook, 3)
    assert counted(lab, host) == 3 and check(lab, host) == {}
    with put_tcx_first(host, "v0", hook, foreign["final"]):
        sent(host, hook, 20)
        shown = entry(lab, host)
        assert shown["totals"]["counted"]["packets"] == 3
        (front,) = shown["in_front"]
        assert front["name"] == "foreign_final"
        words = f"program {front['id']} 'foreign_final' {IN_FRONT}"
        assert words in shown["warnings"][0] and words in check(lab, host)["program-in-front"]
        assert words in lab.flowlabel(host, "status").ok().stdout
        for reader in ("flows", "stats"):
            warned(lab.flowlabel(host, reader, "v0"), words, f"'flowlabel attach v0 --hook {hook} --replace'")
        assert "replaced (tcx)" in lab.flowlabel(host, "attach", "v0", "--hook", hook, "--replace").ok().stdout
        sent(host, hook, 5)
        assert counted(lab, host) == 8 and entry(lab, host)["in_front"] == []
        assert check(lab, host) == {}
        assert "counted 8 packets" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert pins(lab) == []


@pytest.mark.parametrize("hook", TCX)
def test_going_first_counts_each_packet_once(lab, host, foreign, hook):
    """--replace that goes first counts each packet once, also if another program passes packets on: the old link counts
    nothing more."""
    lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4).ok()
    with put_tcx_first(host, "v0", hook, foreign["pass"]):
        for times in range(2):
            lab.flowlabel(host, "attach", "v0", "--hook", hook, "--replace").ok()
            sent(host, hook, 4)
            assert counted(lab, host) == 4 * (times + 1)


@pytest.mark.parametrize("hook, direction", [("tc-ingress", "ingress"), ("tc-egress", "egress")])
def test_a_filter_comes_to_stand_in_front(lab, host, hook, direction):
    """The same holds on a clsact qdisc, where the latest filter of a priority is the first."""
    lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT).ok()
    for times in (1, 2):
        put_filter_first(host, direction)
        sent(host, hook, 20)
        shown = entry(lab, host)
        assert shown["totals"]["counted"]["packets"] == 5 * (times - 1)
        assert [program["name"] for program in shown["in_front"]] == ["foreign_final"]
        assert IN_FRONT in shown["warnings"][0] and IN_FRONT in check(lab, host)["program-in-front"]
        lab.flowlabel(host, "attach", "v0", "--hook", hook, "--replace", env=CLSACT).ok()
        sent(host, hook, 5)
        assert counted(lab, host) == 5 * times and check(lab, host) == {}
        assert len(filters(host, "v0", direction)) == 1 + times
    assert "counted 10 packets" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert len(filters(host, "v0", direction)) == 2
    assert pins(lab) == []


@NO_TCX
def test_a_tcx_program_stands_in_front_of_a_filter(lab, host, foreign):
    """On a kernel with tcx, tcx programs run before every filter: a replacement of a filter says so, and a new
    attachment, which uses tcx, goes first."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env=CLSACT).ok()
    with put_tcx_first(host, "v0", "tc-ingress", foreign["pass"]):
        finding = check(lab, host)["program-in-front"]
        assert "'foreign_tc'" in finding and "flowlabel detach v0 --hook tc-ingress" in finding
        replaced = lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--replace").ok()
        assert "replaced (clsact)" in replaced.stdout
        assert "'foreign_tc' still sees the packets first" in replaced.stderr
        lab.flowlabel(host, "detach", "v0").ok()
        lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()
        assert "program-in-front" not in check(lab, host)


def test_a_shared_block_takes_no_filter(lab, host):
    """The kernel attaches no filter of a single device to a shared block: the error says so."""
    host.run("tc", "qdisc", "add", "dev", "v0", "ingress_block", "7", "clsact")
    refused(lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env=CLSACT), 1, "filter block",
            "tc qdisc show dev v0")
    assert pins(lab) == []


STREAM = """
import socket, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("w0", 0))
while True:
    wire.send(bytes(12) + b"\\x88\\xb5" + bytes(46))
    time.sleep(0.002)
"""


@NO_TCX
def test_packets_that_pass_the_hook_by(lab, host, foreign):
    """It is a finding if the device counts packets that the hook does not see, whatever takes them: here XDP before
    tc-ingress. A silent link, and one without IPv6, are no findings."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()
    assert check(lab, host) == {}
    stream = lab.start(host, "/usr/bin/python3", "-c", STREAM)
    before = device(host, "v0")
    eventually(lambda: device(host, "v0") > before)
    assert check(lab, host, "--since", "400ms") == {}
    host.run("bpftool", "net", "attach", "xdpgeneric", "pinned", foreign["drop"], "dev", "v0")
    found = check(lab, host, "--since", "2s")
    assert list(found) == ["sees-nothing"] and "tc-ingress" in found["sees-nothing"]
    stream.kill()


LINKS = [pytest.param("xdp"), *TCX]


@pytest.mark.parametrize("hook", LINKS)
@pytest.mark.parametrize("next_command", ["detach", "attach"])
def test_a_link_that_others_detach(lab, host, hook, next_command):
    """If another user detaches the link, no message says that the interface is gone. The command that removes the rest
    prints the totals."""
    lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4).ok()
    other = hook if hook == "tc-egress" else "tc-ingress"
    sent(host, other, 3)
    detach_link(link_pin(lab, hook))
    (warning,) = [text for text in entry(lab, host)["warnings"] if "link" in text]
    assert "its link was detached from the interface" in warning and "'flowlabel detach v0'" in warning
    assert "gone" not in warning
    assert list(check(lab, host)) == ["link-detached"]
    for reader in ("flows", "stats"):
        warned(lab.flowlabel(host, reader, "v0"), "its link was detached")
    if next_command == "detach":
        said = warned(lab.flowlabel(host, "detach", "v0"), f"v0 {hook}: its link had been detached from the interface")
        assert f"v0 {hook}: detached; counted 3 packets" in said.stderr
    else:
        warned(lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4),
               "removed the old attachment, which ended when its link was detached", "counted 3 packets")
        assert check(lab, host) == {}
        lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == []


def test_a_deleted_interface_is_gone(lab, host):
    """A deleted interface is reported as gone, and not as a link that another user detached."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    host.ip("link", "delete", "dev", "v0")
    assert list(check(lab, host)) == ["interface-gone"]
    warned(lab.flowlabel(host, "flows"), "the interface is gone")


def test_a_program_that_others_swap(lab, host, foreign):
    """Another user who can open the link by its id can put a program into it: the finding names that program, and
    --replace restores flowlabel's."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4, "--stamp", "dry-run").ok()
    sent(host, "tc-ingress", 3)
    for _ in range(2):
        put_into_link(link_pin(lab, "xdp"), foreign["xdp"])
        number = attached_xdp(host, "v0")["native"]
        assert f"program {number} 'foreign_xdp' has replaced flowlabel's" in check(lab, host)["program-swapped"]
        refused(lab.flowlabel(host, "attach", "v0"), 1, f"program {number} 'foreign_xdp'", "--replace")
        assert "stamp dry-run" in lab.flowlabel(host, "attach", "v0", "--replace").ok().stdout
        assert check(lab, host) == {} and counted(lab, host) == 3
    lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == [] and attached_xdp(host, "v0") == {}


def test_nothing_to_check(lab, host):
    """With nothing attached, --check fails with exit status 3."""
    refused(lab.flowlabel(host, "status", "--check"), 3, "nothing is attached")
    refused(lab.flowlabel(host, "status", "--since", "1s"), 2, "--since", "--check")


def test_records_that_are_lost(lab, host):
    """A ring without a reader is a finding while it fills, and so are the records that are lost once it is full. Losses
    before the check are none."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    flood = start_flood(lab, host, 100_000_000)
    eventually(lambda: "ring-fills" in check(lab, host, "--since", "100ms"))
    eventually(lambda: "records-lost" in check(lab, host, "--since", "200ms"))
    flood.kill()
    flood.wait()
    assert list(check(lab, host, "--since", "100ms")) == ["ring-fills"]


def test_check_in_words(lab, host):
    """--check prints one line for each finding on stdout, or one line if there is none."""
    for hook in ("tc-ingress", "tc-egress"):
        lab.flowlabel(host, "attach", "v0", "--hook", hook, "--flows", 4, env=CLSACT).ok()
    assert lab.flowlabel(host, "status", "--check").ok().stdout == "2 attachments are in order\n"
    put_filter_first(host, "ingress")
    put_filter_first(host, "egress")
    result = lab.flowlabel(host, "status", "--check").expect(4)
    lines = result.stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["v0 tc-ingress", "v0 tc-egress"]
    assert all(IN_FRONT in line for line in lines)
    assert result.stderr.splitlines()[0] == "flowlabel: error: the check has 2 findings"


@NO_TCX
def test_the_collector_says_what_happens(lab, host, foreign, tmp_path):
    """On stderr, the collector reports each finding once, and once when it is over. It has dropped the capability to
    read program names, so it prints the id."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()
    collector = Collector(lab, host, tmp_path / "records").reads()
    with put_tcx_first(host, "v0", "tc-ingress", foreign["pass"]):
        collector.says(f"v0 tc-ingress: program {tcx_programs(host, 'v0', 'tc-ingress')[0]} {IN_FRONT}")
    collector.says("v0 tc-ingress: is in order again")
    detach_link(link_pin(lab, "tc-ingress"))
    collector.says("its link was detached from the interface")
    assert collector.stop().ok().stderr.count(IN_FRONT) == 1
