# SPDX-License-Identifier: BSD-2-Clause
"""Which attachment a command selects, by name, hook and namespace, and its errors if none or several match."""

import re
import subprocess

import pytest

import lab as lab_module
from kernel import eventually, pins
from saying import refused, warned

HOOKS = ("xdp", "tc-ingress", "tc-egress")


def attach(lab, namespace, interface, hook="xdp", *options):
    """Attaches with a small table."""
    return lab.flowlabel(namespace, "attach", interface, "--hook", hook, "--flows", 4, *options)


def shown(lab, namespace, *argv):
    """{(interface, hook)} in `status`."""
    attachments = lab.flowlabel(namespace, "status", *argv, "--json").json()["attachments"]
    return [(entry["source"]["interface"], entry["source"]["hook"]) for entry in attachments]


@pytest.mark.parametrize("argv", [["attach"], ["detach"], ["status"], ["flows"], ["stats"]], ids=" ".join)
def test_unknown_interface(lab, host, argv):
    """An unknown interface is an error with exit status 1."""
    refused(lab.flowlabel(host, *argv, "nosuch"), 1, "no interface 'nosuch'", "ip link")


@pytest.mark.parametrize("argv", [["detach"], ["status"], ["flows"], ["stats"]], ids=" ".join)
def test_nothing_attached(lab, host, argv):
    """Exit status 3 if nothing is attached to an interface, or to that hook of it."""
    refused(lab.flowlabel(host, *argv, "v0"), 3, "nothing is attached to v0", "flowlabel attach v0")
    attach(lab, host, "v0").ok()
    refused(lab.flowlabel(host, *argv, "v0", "--hook", "tc-egress"), 3, "v0 tc-egress")
    refused(lab.flowlabel(host, *argv, "w0"), 3, "nothing is attached to w0")


@pytest.mark.parametrize("argv", [["flows"], ["stats"]], ids=" ".join)
def test_nothing_attached_anywhere(lab, host, argv):
    """Without a name, too, the exit status is 3."""
    refused(lab.flowlabel(host, *argv), 3, "nothing is attached")


def test_status_of_nothing(lab, host):
    """`status` shows all attachments that match: none is a success, unless one was named."""
    assert lab.flowlabel(host, "status").ok().stdout == "nothing is attached\n"
    assert lab.flowlabel(host, "status", "--json").json()["attachments"] == []
    refused(lab.flowlabel(host, "status", "--hook", "xdp"), 3, "xdp")


@pytest.mark.parametrize("argv", [["flows"], ["stats"]], ids=" ".join)
def test_several_candidates(lab, host, argv):
    """`flows` and `stats` need exactly one attachment; otherwise they list the candidates, with exit status 2."""
    attach(lab, host, "v0").ok()
    attach(lab, host, "v0", "tc-ingress").ok()
    attach(lab, host, "w0", "tc-egress").ok()
    refused(lab.flowlabel(host, *argv), 2, "v0 --hook xdp", "v0 --hook tc-ingress", "w0 --hook tc-egress")
    refused(lab.flowlabel(host, *argv, "v0"), 2, "v0 --hook xdp, v0 --hook tc-ingress")
    for selection in (["w0"], ["--hook", "xdp"], ["v0", "--hook", "tc-ingress"]):
        lab.flowlabel(host, *argv, *selection).ok()


def test_status_shows_all_that_match(lab, host):
    """`status` selects by name and by hook, and sorts."""
    for interface in ("w0", "v0"):
        for hook in reversed(HOOKS):
            attach(lab, host, interface, hook).ok()
    assert shown(lab, host) == [(interface, hook) for interface in ("v0", "w0") for hook in HOOKS]
    assert shown(lab, host, "w0") == [("w0", hook) for hook in HOOKS]
    assert shown(lab, host, "--hook", "tc-egress") == [("v0", "tc-egress"), ("w0", "tc-egress")]
    assert shown(lab, host, "v0", "--hook", "xdp") == [("v0", "xdp")]


def test_detach_by_name_and_hook(lab, host):
    """`detach IFACE` detaches all its hooks, and --hook only one. It prints the totals of each."""
    for hook in HOOKS:
        attach(lab, host, "v0", hook).ok()
    attach(lab, host, "w0").ok()
    assert "v0 tc-ingress: detached" in lab.flowlabel(host, "detach", "v0", "--hook", "tc-ingress").ok().stderr
    assert shown(lab, host) == [("v0", "xdp"), ("v0", "tc-egress"), ("w0", "xdp")]
    said = lab.flowlabel(host, "detach", "v0").ok().stderr
    assert [line.split(":")[1].strip() for line in said.splitlines()] == ["v0 xdp", "v0 tc-egress"]
    assert shown(lab, host) == [("w0", "xdp")]


def test_detach_all_is_idempotent(lab, host, tmp_path):
    """`detach --all` succeeds twice in a row, and without a bpffs."""
    for interface in ("v0", "w0"):
        attach(lab, host, interface).ok()
    assert lab.flowlabel(host, "detach", "--all").ok().stderr.count("detached") == 2
    assert pins(lab) == []
    assert lab.flowlabel(host, "detach", "--all").ok().stderr == ""
    full = [lab_module.binary(), "detach", "--all", "--bpffs", tmp_path]
    done = subprocess.run(full, capture_output=True, check=True)
    assert done.stderr == b""


def test_attached_already(lab, host):
    """A second attach is refused, and the error says how to change the first."""
    attach(lab, host, "v0").ok()
    refused(attach(lab, host, "v0"), 1, "attached to xdp v0 already", "--replace")


def test_a_renamed_interface(lab, host):
    """After a rename, the present name selects the attachment."""
    attach(lab, host, "v0").ok()
    host.ip("link", "set", "dev", "v0", "name", "uplink")
    assert shown(lab, host) == [("uplink", "xdp")]
    lab.flowlabel(host, "flows", "uplink").ok()
    refused(lab.flowlabel(host, "flows", "v0"), 1, "v0")
    assert "uplink xdp: detached" in lab.flowlabel(host, "detach", "uplink").ok().stderr


def test_an_alternative_name(lab, host):
    """Every command accepts an interface's alternative names, and shows its primary name."""
    host.ip("link", "property", "add", "dev", "v0", "altname", "uplink")
    assert attach(lab, host, "uplink").ok().stdout.startswith("v0 xdp: attached")
    assert shown(lab, host, "uplink") == [("v0", "xdp")]
    for command in ("flows", "stats"):
        lab.flowlabel(host, command, "uplink").ok()
    refused(lab.flowlabel(host, "flows", "uplink", "--hook", "tc-egress"), 3, "nothing is attached to v0 tc-egress")
    assert "v0 xdp: detached" in lab.flowlabel(host, "detach", "uplink").ok().stderr


def test_a_name_that_is_no_text(lab, host):
    """A name may contain any bytes, and the documents are valid UTF-8."""
    host.ip("link", "set", "dev", "v0", "name", "n\udcff")
    lab.flowlabel(host, "attach", "n\udcff", "--flows", 4, errors="surrogateescape").ok()
    assert shown(lab, host) == [("n\ufffd", "xdp")]
    for command in ("flows", "stats"):
        document = lab.flowlabel(host, command, "--json").json()
        assert document["source"]["interface"] == "n\ufffd"


@pytest.fixture
def other(lab):
    """A second namespace with interfaces of the same names."""
    made = lab.namespace("other")
    lab.veth(made, "v0", made, "w0")
    return made


def test_names_in_two_namespaces(lab, host, other):
    """If several namespaces have an interface of one name, it means the one in the caller's namespace."""
    attach(lab, host, "v0").ok()
    attach(lab, other, "v0", "tc-ingress").ok()
    assert shown(lab, host, "v0") == [("v0", "xdp")]
    assert shown(lab, other, "v0") == [("v0", "tc-ingress")]
    assert sorted(shown(lab, host)) == [("v0", "tc-ingress"), ("v0", "xdp")]
    lab.flowlabel(host, "detach", "v0").ok()
    refused(lab.flowlabel(host, "status", "v0"), 3, "nothing is attached to v0", "--all-netns")
    assert shown(lab, host, "v0", "--all-netns") == [("v0", "tc-ingress")]


def test_reading_from_another_namespace(lab, host, other):
    """With --all-netns, every command also looks for a name in other namespaces."""
    attach(lab, other, "w0").ok()
    assert shown(lab, host, "w0", "--all-netns") == [("w0", "xdp")]
    lab.flowlabel(host, "stats", "w0", "--all-netns").ok()
    refused(lab.flowlabel(host, "detach", "w0"), 3, "nothing is attached to w0")
    lab.flowlabel(host, "detach", "w0", "--all-netns").ok()
    assert pins(lab) == []


def test_candidates_of_several_namespaces(lab, host, other):
    """The list of candidates distinguishes two of one name."""
    attach(lab, host, "v0").ok()
    attach(lab, other, "v0").ok()
    third = lab.namespace("third")
    refused(lab.flowlabel(third, "flows", "v0", "--all-netns"), 2, f"v0 --hook xdp (network namespace {host.inode})",
            f"v0 --hook xdp (network namespace {other.inode})")


CLSACT = {"FLOWLABEL_TC": "clsact"}
HOOKS_AND_MODES = [("xdp", "native", {}), ("xdp", "generic", {}), ("tc-ingress", "tcx", {}), ("tc-egress", "tcx", {}),
                   ("tc-ingress", "clsact", CLSACT), ("tc-egress", "clsact", CLSACT)]


@pytest.fixture(params=HOOKS_AND_MODES, ids=lambda param: "-".join(param[:2]))
def taken(request, lab, host):
    """Attaches to v0 of a namespace, in each of the possible ways."""
    hook, mode, environment = request.param

    def attach_to(namespace):
        options = ["--mode", mode] if hook == "xdp" else []
        return lab.flowlabel(namespace, "attach", "v0", "--hook", hook, "--flows", 4, *options, env=environment).ok()

    return attach_to


def test_an_interface_that_disappears(lab, host, taken):
    """If the interface disappears, `status` says so, and `detach` cleans up."""
    taken(host)
    host.ip("link", "delete", "v0")
    assert "the interface is gone" in lab.flowlabel(host, "status").ok().stdout
    (entry,) = lab.flowlabel(host, "status", "v0", "--json").json()["attachments"]
    assert entry["warnings"][0].startswith("the interface is gone; 'flowlabel detach v0'")
    lab.flowlabel(host, "flows", "v0").ok()
    assert "v0" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert pins(lab) == []


def test_a_new_interface_in_the_place_of_one_that_is_gone(lab, host, taken):
    """A new interface in the place of a deleted one can be attached, `flows` means the new one, and `detach` cleans up
    both."""
    taken(host)
    host.ip("link", "delete", "v0")
    lab.veth(host, "v0", host, "w0")
    taken(host)
    lab.flowlabel(host, "flows", "v0").ok()
    assert lab.flowlabel(host, "detach", "v0").ok().stderr.count("detached") == 2
    assert pins(lab) == []


def test_the_same_index_again(lab, host, taken):
    """If index and name come back, attach removes the pins of the old interface and prints its totals."""
    index = host.ip("-o", "link", "show", "dev", "v0").stdout.split(":")[0]
    taken(host)
    host.ip("link", "delete", "v0")
    host.ip("link", "add", "name", "v0", "index", index, "type", "veth", "peer", "name", "w0")
    assert re.search("v0 .*: removed the old attachment, which ended when .*; counted ", taken(host).stderr)
    assert len(shown(lab, host)) == 1
    lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == []


def test_a_namespace_that_disappears(lab, host, taken):
    """If the namespace disappears, `status` in another namespace says so, and its hint works."""
    lost = lab.namespace("lost")
    lab.veth(lost, "v0", lost, "w0")
    taken(lost)
    lab.delete(lost)

    def gone():
        (entry,) = lab.flowlabel(host, "status", "--json").json()["attachments"]
        return any("the interface is gone" in warning for warning in entry["warnings"])

    eventually(gone)
    assert "v0" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert pins(lab) == []


def test_a_namespace_that_nobody_can_enter(lab, host):
    """A clsact filter is in a namespace without a name and without a process: the state is unknown, and `status` says
    so."""
    hidden = lab.namespace("hidden")
    lab.veth(hidden, "v0", hidden, "w0")
    lab.flowlabel(hidden, "attach", "v0", "--hook", "tc-ingress", env={"FLOWLABEL_TC": "clsact"}).ok()
    held = hidden.socket()  # keeps the namespace alive
    lab.delete(hidden)
    (entry,) = lab.flowlabel(host, "status", "--json").json()["attachments"]
    assert "cannot be entered" in entry["warnings"][0]
    assert "1 attachment in other network namespaces stays" in lab.flowlabel(host, "detach", "--all").ok().stderr
    warned(lab.flowlabel(host, "detach", "--all", "--all-netns"), "cannot be entered", "filter stays")
    assert pins(lab) == []
    held.close()


def test_a_name_means_this_namespace(lab, host, tmp_path):
    """If two namespaces have an interface with the same name and index, each command means that of its own
    namespace."""
    other = lab.namespace("other")
    lab.veth(other, "v0", other, "w0")
    for namespace in (host, other):
        lab.flowlabel(namespace, "attach", "v0", "--flows", 4).ok()

    def shown(*argv):
        entries = lab.flowlabel(host, "status", "--json", *argv).json()["attachments"]
        return sorted((entry["source"]["interface"], entry["source"]["netns"], entry["source"]["netns_name"])
                      for entry in entries)

    both = sorted(("v0", namespace.inode, namespace.name) for namespace in (host, other))
    assert shown() == both and shown("v0", "--all-netns") == both
    assert shown("v0") == [("v0", host.inode, host.name)]
    assert lab.flowlabel(host, "flows", "v0", "--json").json()["source"]["netns"] == host.inode
    refused(lab.flowlabel(host, "flows", "v0", "--all-netns"), 2, "several attachments match", str(other.inode))
    said = lab.flowlabel(host, "detach", "--all").ok().stderr
    assert said.count("detached") == 1
    assert "1 attachment in other network namespaces stays; --all-netns detaches them, too" in said
    assert shown() == [("v0", other.inode, other.name)]
    assert lab.flowlabel(host, "status", "v0").status == 3
    assert lab.flowlabel(host, "detach", "--all", "--all-netns").ok().stderr.count("detached") == 1
    assert pins(lab) == []
