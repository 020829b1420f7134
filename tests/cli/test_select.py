# SPDX-License-Identifier: BSD-2-Clause
"""Which attachment a command means: by name, by hook, in which namespace; and what it says to none or several."""

import re
import subprocess

import pytest

import lab as lab_module
from kernel import eventually, pins
from saying import refused, warned

HOOKS = ("xdp", "tc-ingress", "tc-egress")


def attach(lab, namespace, interface, hook="xdp", *options):
    """A small attachment."""
    return lab.flowlabel(namespace, "attach", interface, "--hook", hook, "--flows", 4, *options)


def shown(lab, namespace, *argv):
    """{(interface, hook)} of `status`."""
    attachments = lab.flowlabel(namespace, "status", *argv, "--json").json()["attachments"]
    return [(entry["source"]["interface"], entry["source"]["hook"]) for entry in attachments]


@pytest.mark.parametrize("argv", [["attach"], ["detach"], ["status"], ["flows"], ["stats"]], ids=" ".join)
def test_unknown_interface(lab, host, argv):
    """An unknown interface is a failure, exit status 1."""
    refused(lab.flowlabel(host, *argv, "nosuch"), 1, "no interface 'nosuch'", "ip link")


@pytest.mark.parametrize("argv", [["detach"], ["status"], ["flows"], ["stats"]], ids=" ".join)
def test_nothing_attached(lab, host, argv):
    """Exit status 3, for an interface, and for a hook of an interface where another is taken."""
    refused(lab.flowlabel(host, *argv, "v0"), 3, "nothing is attached to v0", "flowlabel attach v0")
    attach(lab, host, "v0").ok()
    refused(lab.flowlabel(host, *argv, "v0", "--hook", "tc-egress"), 3, "v0 tc-egress")
    refused(lab.flowlabel(host, *argv, "w0"), 3, "nothing is attached to w0")


@pytest.mark.parametrize("argv", [["flows"], ["stats"]], ids=" ".join)
def test_nothing_attached_anywhere(lab, host, argv):
    """Without a name, too."""
    refused(lab.flowlabel(host, *argv), 3, "nothing is attached")


def test_status_of_nothing(lab, host):
    """`status` shows all that match: nothing is a success, unless something was named."""
    assert lab.flowlabel(host, "status").ok().stdout == "nothing is attached\n"
    assert lab.flowlabel(host, "status", "--json").json()["attachments"] == []
    refused(lab.flowlabel(host, "status", "--hook", "xdp"), 3, "xdp")


@pytest.mark.parametrize("argv", [["flows"], ["stats"]], ids=" ".join)
def test_several_candidates(lab, host, argv):
    """`flows` and `stats` want exactly one attachment and list the candidates, exit status 2."""
    attach(lab, host, "v0").ok()
    attach(lab, host, "v0", "tc-ingress").ok()
    attach(lab, host, "w0", "tc-egress").ok()
    refused(lab.flowlabel(host, *argv), 2, "v0 --hook xdp", "v0 --hook tc-ingress", "w0 --hook tc-egress")
    refused(lab.flowlabel(host, *argv, "v0"), 2, "v0 --hook xdp, v0 --hook tc-ingress")
    for selection in (["w0"], ["--hook", "xdp"], ["v0", "--hook", "tc-ingress"]):
        lab.flowlabel(host, *argv, *selection).ok()


def test_status_shows_all_that_match(lab, host):
    """By name and by hook, sorted."""
    for interface in ("w0", "v0"):
        for hook in reversed(HOOKS):
            attach(lab, host, interface, hook).ok()
    assert shown(lab, host) == [(interface, hook) for interface in ("v0", "w0") for hook in HOOKS]
    assert shown(lab, host, "w0") == [("w0", hook) for hook in HOOKS]
    assert shown(lab, host, "--hook", "tc-egress") == [("v0", "tc-egress"), ("w0", "tc-egress")]
    assert shown(lab, host, "v0", "--hook", "xdp") == [("v0", "xdp")]


def test_detach_by_name_and_hook(lab, host):
    """`detach IFACE` takes all its hooks, --hook one of them; each one's totals are told."""
    for hook in HOOKS:
        attach(lab, host, "v0", hook).ok()
    attach(lab, host, "w0").ok()
    assert "v0 tc-ingress: detached" in lab.flowlabel(host, "detach", "v0", "--hook", "tc-ingress").ok().stderr
    assert shown(lab, host) == [("v0", "xdp"), ("v0", "tc-egress"), ("w0", "xdp")]
    said = lab.flowlabel(host, "detach", "v0").ok().stderr
    assert [line.split(":")[1].strip() for line in said.splitlines()] == ["v0 xdp", "v0 tc-egress"]
    assert shown(lab, host) == [("w0", "xdp")]


def test_detach_all_is_idempotent(lab, host, tmp_path):
    """--all twice, and where there is no bpffs at all."""
    for interface in ("v0", "w0"):
        attach(lab, host, interface).ok()
    assert lab.flowlabel(host, "detach", "--all").ok().stderr.count("detached") == 2
    assert pins(lab) == []
    assert lab.flowlabel(host, "detach", "--all").ok().stderr == ""
    full = [lab_module.binary(), "detach", "--all", "--bpffs", tmp_path]
    done = subprocess.run(full, capture_output=True, check=True)
    assert done.stderr == b""


def test_attached_already(lab, host):
    """A second attach is refused and says how to change the first."""
    attach(lab, host, "v0").ok()
    refused(attach(lab, host, "v0"), 1, "attached to xdp v0 already", "--replace")


def test_a_renamed_interface(lab, host):
    """The present name counts."""
    attach(lab, host, "v0").ok()
    host.ip("link", "set", "dev", "v0", "name", "uplink")
    assert shown(lab, host) == [("uplink", "xdp")]
    lab.flowlabel(host, "flows", "uplink").ok()
    refused(lab.flowlabel(host, "flows", "v0"), 1, "v0")
    assert "uplink xdp: detached" in lab.flowlabel(host, "detach", "uplink").ok().stderr


def test_an_alternative_name(lab, host):
    """Every command takes an interface's alternative names, and shows the one that the kernel uses."""
    host.ip("link", "property", "add", "dev", "v0", "altname", "uplink")
    assert attach(lab, host, "uplink").ok().stdout.startswith("v0 xdp: attached")
    assert shown(lab, host, "uplink") == [("v0", "xdp")]
    for command in ("flows", "stats"):
        lab.flowlabel(host, command, "uplink").ok()
    refused(lab.flowlabel(host, "flows", "uplink", "--hook", "tc-egress"), 3, "nothing is attached to v0 tc-egress")
    assert "v0 xdp: detached" in lab.flowlabel(host, "detach", "uplink").ok().stderr


def test_a_name_that_is_no_text(lab, host):
    """A name may be any octets: the documents are UTF-8 nevertheless."""
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
    """Interface names repeat across namespaces, and one's own is meant."""
    attach(lab, host, "v0").ok()
    attach(lab, other, "v0", "tc-ingress").ok()
    assert shown(lab, host, "v0") == [("v0", "xdp")]
    assert shown(lab, other, "v0") == [("v0", "tc-ingress")]
    assert sorted(shown(lab, host)) == [("v0", "tc-ingress"), ("v0", "xdp")]
    lab.flowlabel(host, "detach", "v0").ok()
    refused(lab.flowlabel(host, "status", "v0"), 3, "nothing is attached to v0", "--all-netns")
    assert shown(lab, host, "v0", "--all-netns") == [("v0", "tc-ingress")]


def test_reading_from_another_namespace(lab, host, other):
    """--all-netns looks for a name in the other namespaces, too, for each command."""
    attach(lab, other, "w0").ok()
    assert shown(lab, host, "w0", "--all-netns") == [("w0", "xdp")]
    lab.flowlabel(host, "stats", "w0", "--all-netns").ok()
    refused(lab.flowlabel(host, "detach", "w0"), 3, "nothing is attached to w0")
    lab.flowlabel(host, "detach", "w0", "--all-netns").ok()
    assert pins(lab) == []


def test_candidates_of_several_namespaces(lab, host, other):
    """Two of one name can be told apart."""
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
    """Attaches to v0 of a namespace in one of the ways there are."""
    hook, mode, environment = request.param

    def attach_to(namespace):
        options = ["--mode", mode] if hook == "xdp" else []
        return lab.flowlabel(namespace, "attach", "v0", "--hook", hook, "--flows", 4, *options, env=environment).ok()

    return attach_to


def test_an_interface_that_disappears(lab, host, taken):
    """`status` says so, `detach` cleans."""
    taken(host)
    host.ip("link", "delete", "v0")
    assert "the interface is gone" in lab.flowlabel(host, "status").ok().stdout
    (entry,) = lab.flowlabel(host, "status", "v0", "--json").json()["attachments"]
    assert entry["warnings"][0].startswith("the interface is gone; 'flowlabel detach v0'")
    lab.flowlabel(host, "flows", "v0").ok()
    assert "v0" in lab.flowlabel(host, "detach", "v0").ok().stderr
    assert pins(lab) == []


def test_a_new_interface_in_the_place_of_one_that_is_gone(lab, host, taken):
    """The new one can be attached, is the one that `flows` means, and `detach` cleans both."""
    taken(host)
    host.ip("link", "delete", "v0")
    lab.veth(host, "v0", host, "w0")
    taken(host)
    lab.flowlabel(host, "flows", "v0").ok()
    assert lab.flowlabel(host, "detach", "v0").ok().stderr.count("detached") == 2
    assert pins(lab) == []


def test_the_same_index_again(lab, host, taken):
    """Index and name come back: the pins of the old interface give way, and its totals are printed."""
    index = host.ip("-o", "link", "show", "dev", "v0").stdout.split(":")[0]
    taken(host)
    host.ip("link", "delete", "v0")
    host.ip("link", "add", "name", "v0", "index", index, "type", "veth", "peer", "name", "w0")
    assert re.search("v0 .*: removed the old attachment, which ended when .*; counted ", taken(host).stderr)
    assert len(shown(lab, host)) == 1
    lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == []


def test_a_namespace_that_disappears(lab, host, taken):
    """`status` from elsewhere says so, and what it says helps."""
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
    """A clsact filter in a namespace without a name and without a process: nobody can tell, and that is said."""
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
    """Two namespaces have an interface of one name and index: they are told apart, and each command means its own."""
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
