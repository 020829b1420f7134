# SPDX-License-Identifier: BSD-2-Clause
"""An interface that moves to another network namespace keeps its XDP and tcx links. flowlabel can find it, read it and
detach it, and takes no other interface for it."""

import tempfile

import pytest

import lab as lab_module
from collector import Collector, by_flow, entries
from feed import Sender, cable
from kernel import attached_xdp, eventually, pins
from lab import command, kernel_version
from saying import refused, warned

MOVED = "the interface was moved to another network namespace"
NO_TCX = pytest.mark.skipif(kernel_version() < (6, 6), reason="tcx came with Linux 6.6: a clsact filter goes with the move")
WAYS = [pytest.param("xdp", "native", id="native"), pytest.param("xdp", "generic", id="generic"),
        pytest.param("tc-ingress", "tcx", id="tcx-ingress", marks=NO_TCX),
        pytest.param("tc-egress", "tcx", id="tcx-egress", marks=NO_TCX)]


@pytest.fixture
def home(lab):
    """The namespace where v0 is attached; its cable carries only what a test sends."""
    made = lab.namespace("home")
    cable(made)
    return made


@pytest.fixture
def away(lab):
    """The namespace to which v0 moves."""
    made = lab.namespace("away")
    made.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    return made


def attach(lab, namespace, interface="v0", hook="xdp", mode="native", *options):
    """Attaches with a small table."""
    way = ["--mode", mode] if hook == "xdp" else []
    return lab.flowlabel(namespace, "attach", interface, "--hook", hook, *way, "--flows", 4, *options)


def index(namespace, interface):
    """The index of INTERFACE in NAMESPACE."""
    return int(namespace.ip("-o", "link", "show", "dev", interface).stdout.split(":")[0])


def occupy(namespace, number):
    """Creates an interface new0 with the index NUMBER."""
    namespace.ip("link", "add", "name", "new0", "index", number, "type", "veth", "peer", "name", "new1")


def move(home, away, name="v0", new_name="moved0"):
    """Moves NAME of HOME to AWAY, as NEW_NAME."""
    home.ip("link", "set", "dev", name, "netns", away.name, "name", new_name)
    away.ip("link", "set", "dev", new_name, "up")


def warnings(lab, namespace, *argv):
    """The warnings of the only attachment that `status` shows."""
    (entry,) = lab.flowlabel(namespace, "status", *argv, "--json").json()["attachments"]
    return entry["warnings"]


@pytest.fixture(params=["same-index", "other-index"])
def kept_index(request, away, home):
    """Is v0's index free in the new namespace? If it is not, the kernel assigns another one."""
    if request.param == "other-index":
        occupy(away, index(home, "v0"))
    return request.param == "same-index"


@pytest.mark.parametrize("hook, mode", WAYS)
def test_detach_where_it_was_attached(lab, home, away, kept_index, hook, mode):
    """Detach works by its former name, where it was attached. Packets before and after the move are counted, and
    `flows` and `stats` show them."""
    attach(lab, home, "v0", hook, mode).ok()
    assert warnings(lab, home, "v0") == []
    with Sender(home) as sender:
        sender.send(label=1, times=3)
        before = index(home, "v0")
        move(home, away)
        assert (index(away, "moved0") == before) == kept_index
        sender.send(label=1, times=2)
    (warning,) = warnings(lab, home, "v0")
    assert warning.startswith(MOVED) and "'flowlabel detach v0' detaches it" in warning
    counted = 0 if hook == "tc-egress" else 5
    for reader in ("flows", "stats"):
        totals = lab.flowlabel(home, reader, "v0", "--json").json()["totals"]
        assert totals["counted"]["packets"] == counted
    said = lab.flowlabel(home, "detach", "v0")
    assert f"v0 {hook}: detached; counted {counted} packets" in warned(said, f"v0 {hook}: {MOVED}").stderr
    assert attached_xdp(away, "moved0") == {}
    assert pins(lab) == []
    refused(lab.flowlabel(home, "detach", "v0"), 1, "no interface 'v0'")


@pytest.mark.parametrize("hook, mode", WAYS)
def test_detach_where_it_is(lab, home, away, kept_index, hook, mode):
    """Detach works by its present name, where it is now. Its former name means nothing there."""
    attach(lab, home, "v0", hook, mode).ok()
    move(home, away)
    (warning,) = warnings(lab, away, "moved0")
    assert warning.startswith(MOVED) and "'flowlabel detach moved0' detaches it" in warning
    for reader in ("flows", "stats"):
        lab.flowlabel(away, reader, "moved0").ok()
    refused(lab.flowlabel(away, "detach", "v0"), 1, "no interface 'v0'")
    assert f"moved0 {hook}: detached; counted 0 packets" in lab.flowlabel(away, "detach", "moved0").ok().stderr
    assert attached_xdp(away, "moved0") == {}
    assert pins(lab) == []


@pytest.mark.parametrize("hook, mode", WAYS)
def test_from_a_third_namespace(lab, home, away, kept_index, hook, mode):
    """In a third namespace, `status` says where it can be detached by name, and --all-netns detaches it from
    anywhere."""
    third = lab.namespace("third")
    attach(lab, home, "v0", hook, mode).ok()
    assert warnings(lab, third) == []
    move(home, away)
    (warning,) = warnings(lab, third)
    assert warning.startswith(MOVED) and "'flowlabel detach v0' where it was attached" in warning and "--all" in warning
    lab.veth(third, "v0", third, "w0")
    refused(lab.flowlabel(third, "detach", "v0"), 3, "nothing is attached to v0")
    assert f"v0 {hook}: detached; counted" in lab.flowlabel(third, "detach", "v0", "--all-netns").ok().stderr
    assert attached_xdp(away, "moved0") == {}
    assert pins(lab) == []


@pytest.mark.parametrize("hook, mode", WAYS)
def test_a_new_interface_with_the_same_index(lab, home, away, kept_index, hook, mode):
    """A new interface with the same index is not the one that was attached: `attach` says so and what to do, and
    --replace does not touch the program of the moved one."""
    number = index(home, "v0")
    attach(lab, home, "v0", hook, mode).ok()
    move(home, away)
    occupy(home, number)
    (before,) = lab.flowlabel(home, "status", "--json").json()["attachments"]
    for options in ([], ["--replace", "--stamp", "zero"]):
        refused(attach(lab, home, "new0", hook, mode, *options), 1, f"the pins of new0 {hook} are in use", "v0",
                "another network namespace", f"'flowlabel detach v0 --hook {hook}'")
    (after,) = lab.flowlabel(home, "status", "--json").json()["attachments"]
    assert (after["program"], after["stamp"]) == (before["program"], "off")
    refused(lab.flowlabel(home, "flows", "new0"), 3, "nothing is attached to new0")
    refused(lab.flowlabel(home, "detach", "new0"), 3, "nothing is attached to new0")
    lab.flowlabel(home, "flows", "v0").ok()
    assert f"v0 {hook}: detached" in lab.flowlabel(home, "detach", "v0", "--hook", hook).ok().stderr
    attach(lab, home, "new0", hook, mode).ok()
    assert warnings(lab, home, "new0") == []
    lab.flowlabel(home, "detach", "new0").ok()
    assert pins(lab) == []


@pytest.mark.parametrize("hook, mode", WAYS)
def test_a_new_interface_with_the_same_name(lab, home, away, hook, mode):
    """While a new interface with the same name is attached, the name means the new one; after that, it means the moved
    one again."""
    attach(lab, home, "v0", hook, mode).ok()
    move(home, away)
    lab.veth(home, "v0", home, "peer0")
    attach(lab, home, "v0", hook, mode).ok()
    new = index(home, "v0")
    assert lab.flowlabel(home, "flows", "v0", "--json").json()["source"]["ifindex"] == new
    assert f"v0 {hook}: detached" in lab.flowlabel(home, "detach", "v0").ok().stderr
    assert warnings(lab, away, "moved0")[0].startswith(MOVED)
    assert f"v0 {hook}: detached" in lab.flowlabel(home, "detach", "v0").ok().stderr
    assert pins(lab) == []


def test_xdp_is_taken_by_flowlabel(lab, home, away):
    """From another namespace, and for an attachment in another bpffs, no message says that a program of flowlabel is
    not flowlabel's."""
    attach(lab, home).ok()
    words = ["'flowlabel_xdp'", "another attachment of flowlabel", "'flowlabel status'", "--bpffs"]
    with tempfile.TemporaryDirectory() as other:
        command("mount", "-t", "bpf", "bpf", other)
        try:
            full = [lab_module.binary(), "attach", "v0", "--flows", "4", "--bpffs", other]
            done = home.run(*full, check=False)
        finally:
            command("umount", other)
    assert "not flowlabel's" not in refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1,
                                            *words).stderr
    move(home, away)
    number = attached_xdp(away, "moved0")
    for options in ([], ["--replace"]):
        assert "not flowlabel's" not in refused(attach(lab, away, "moved0", "xdp", "native", *options), 1, *words).stderr
    assert attached_xdp(away, "moved0") == number


@pytest.mark.parametrize("hook, mode", WAYS)
def test_there_and_back(lab, home, away, hook, mode):
    """After its return with the same index, everything is as before. If that index is in use, it counts as moved, under
    its present name."""
    number = index(home, "v0")
    attach(lab, home, "v0", hook, mode).ok()
    move(home, away)
    move(away, home, "moved0", "back0")
    assert warnings(lab, home, "back0") == []
    assert "replaced" in attach(lab, home, "back0", hook, mode, "--replace").ok().stdout
    move(home, away, "back0", "moved0")
    occupy(home, number)
    move(away, home, "moved0", "back0")
    assert warnings(lab, home, "back0")[0].startswith(MOVED)
    assert f"back0 {hook}: detached" in lab.flowlabel(home, "detach", "back0").ok().stderr
    assert pins(lab) == []


def test_the_namespace_where_it_was_attached_ends(lab, home, away):
    """After the end of the namespace where it was attached, as with a NIC of a container, it can be detached where it
    is, and elsewhere `status` says that its place is unknown."""
    lab.veth(home, "p0", away, "p1")
    attach(lab, home, "p0").ok()
    third = lab.namespace("third")
    move(home, third, "p0", "p0")
    lab.delete(home)
    eventually(lambda: "it is not known" in warnings(lab, away)[0])
    assert "--all" in warnings(lab, away)[0]
    assert warnings(lab, third, "p0")[0].startswith(MOVED)
    assert "p0 xdp: detached" in lab.flowlabel(third, "detach", "p0").ok().stderr
    assert pins(lab) == []


def test_a_clsact_filter_does_not_go_along(lab, home, away):
    """The kernel removes the qdisc with its clsact filter: for this namespace the interface is gone, and `detach`
    prints what was counted."""
    lab.flowlabel(home, "attach", "v0", "--hook", "tc-ingress", "--flows", 4, env={"FLOWLABEL_TC": "clsact"}).ok()
    with Sender(home) as sender:
        sender.send(label=1, times=3)
        move(home, away)
        sender.send(label=1, times=2)
    assert warnings(lab, home, "v0")[0].startswith("the interface is gone")
    assert "v0 tc-ingress: detached; counted 3 packets" in lab.flowlabel(home, "detach", "v0").ok().stderr
    assert pins(lab) == []


def test_the_collector_goes_on(lab, home, away, tmp_path):
    """The collector reads maps, which do not move: packets before and after the move become records, and the attachment
    ends like any other."""
    attach(lab, home).ok()
    with Sender(home) as sender:
        collector = Collector(lab, home, tmp_path / "records", "--idle", "500ms").reads()
        sender.send(label=1, times=3)
        move(home, away)
        sender.send(label=2, times=2)
        eventually(lambda: by_flow(collector.records()) == sender.sent)
        (entry,) = entries(lab, home)
        assert entry["ring"]["reader"] == collector.pid and entry["warnings"][0].startswith(MOVED)
        sender.send(label=3)
        lab.flowlabel(home, "detach", "v0").ok()
        eventually(lambda: by_flow(collector.records()) == sender.sent)
    collector.stop().ok()


def test_a_collector_that_comes_after_the_move(lab, home, away, tmp_path):
    """A collector that starts after the move finds the attachment by its former name where it was attached, and by its
    present name where it is."""
    attach(lab, home).ok()
    move(home, away)
    for namespace, name in ((home, "v0"), (away, "moved0")):
        with Sender(home) as sender:
            collector = Collector(lab, namespace, tmp_path / name, name, "--idle", "1h").reads()
            sender.send(label=1, times=2)
            collector.stop().ok()
            assert by_flow(collector.records()) == sender.sent
            assert {record["interface"] for record in collector.records()} == {name}


@NO_TCX
def test_without_the_right_to_ask(lab, home):
    """Only a process with CAP_NET_ADMIN may query the programs at a tcx hook: without it, `status` says that it does
    not know."""
    attach(lab, home, "v0", "tc-ingress").ok()
    full = ["setpriv", "--bounding-set", "-all", lab_module.binary(), "status", "v0", "--bpffs", lab.bpffs]
    assert "it is not known whether the interface is still in it" in home.run(*full).stdout
