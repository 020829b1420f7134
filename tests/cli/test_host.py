# SPDX-License-Identifier: BSD-2-Clause
"""The host report, compared with what the kernel does. For every value on which a verdict depends, a test sets it in a
namespace, reads the sentence, and sends packets that show whether the sentence is true."""

import contextlib
import dataclasses
import errno
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

import pytest

import lab as lab_module
import schema
from capture import Capture
from frames import ICMPV6, IPV6, TCP, UDP, ethernet, ipv6, udp
from lab import command
from saying import refused

IPV6_FLOWINFO = 11
IPV6_FLOWLABEL_MGR = 32
IPV6_FLOWINFO_SEND = 33
IPV6_AUTOFLOWLABEL = 70
GET, CREATE, REFLECT = 0, 1, 4
SHARES = {"excl": 1, "process": 2, "user": 3, "any": 255}
UPPER_HALF = 0x80000
ECHO_REPLY = 129
NOBODY = "65534"

LEFT, RIGHT = "2001:db8::1", "2001:db8::2"
SETTINGS = ["net.ipv6.auto_flowlabels", "net.ipv6.flowlabel_state_ranges", "net.ipv6.flowlabel_consistency",
            "net.ipv6.flowlabel_reflect", "net.core.txrehash", "net.ipv4.tcp_plb_enabled",
            "net.ipv6.fib_multipath_hash_policy", "net.ipv6.fib_multipath_hash_fields", "net.ipv6.seg6_flowlabel"]


def read_sysctls(namespace):
    """{name: value} of SETTINGS as the kernel has them, None for a setting that the kernel lacks."""
    def value(name):
        path = pathlib.Path("/proc/sys", name.replace(".", "/"))
        return int(path.read_text()) if path.exists() else None

    with namespace.inside():
        return {name: value(name) for name in SETTINGS}


def report(lab, namespace, *options):
    """The document of `host --json`."""
    return lab.flowlabel(namespace, "host", "--json", *options).json()


def verdict(lab, namespace, topic):
    """The sentence about TOPIC."""
    return {entry["topic"]: entry["text"] for entry in report(lab, namespace)["verdicts"]}[topic]


def lease(endpoint, label, share="any", destination=RIGHT, flags=CREATE, expires=20, linger=6):
    """Requests LABEL, or reflection, from the kernel's flow label manager."""
    request = socket.inet_pton(socket.AF_INET6, destination) + struct.pack(
        "!I", label) + struct.pack("=BBHHHI", GET, SHARES[share], flags, expires, linger, 0)
    endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWLABEL_MGR, request)


@dataclasses.dataclass
class Pair:
    """Two hosts on a cable."""

    left: lab_module.Namespace
    right: lab_module.Namespace

    def both(self, name, value):
        for host in (self.left, self.right):
            host.sysctl(name, value)


@pytest.fixture
def pair(lab):
    made = Pair(lab.namespace("left"), lab.namespace("right"))
    lab.veth(made.left, "eth0", made.right, "eth0")
    made.left.address("eth0", LEFT + "/64")
    made.right.address("eth0", RIGHT + "/64")
    made.left.run("ping", "-6", "-c", "1", "-W", "5", RIGHT)  # makes both hosts resolve their neighbours
    return made


def udp_labels(pair, count=1, option=None):
    """The labels of one datagram each from COUNT sockets of the left host, with IPV6_AUTOFLOWLABEL set to OPTION."""
    with Capture(pair.right, "eth0") as capture:
        for _ in range(count):
            with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
                if option is not None:
                    endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, option)
                endpoint.sendto(b"x", (RIGHT, 9))
        capture.wait(lambda: len(datagrams(capture)) >= count)
        return [packet.label for packet in datagrams(capture)]


def datagrams(capture):
    return [packet for packet in capture.of(LEFT, RIGHT) if packet.next_header == UDP]


def test_report_of_a_new_namespace(lab, host):
    """LNX-20 to LNX-26, LNX-28: the report has the kernel's values, with words, and changes nothing."""
    before = read_sysctls(host)
    document = report(lab, host)
    assert list(document)[0] == "schema" and document["schema"] == "flowlabel.host/1"
    assert document["source"] == {"kernel": os.uname().release, "netns": host.inode, "netns_name": host.name}
    assert {entry["name"]: entry["value"] for entry in document["settings"]} == before
    for entry in document["settings"]:
        words = ["unavailable"] if entry["value"] is None else ["meaning", "consequence"]
        assert list(entry) == ["name", "value", *words] and all(entry[key] for key in words), entry
    assert document["leases"] == [] and document["leases_unavailable"] is None
    assert "check" not in document
    names = {"all", "default"} | {link["ifname"] for link in json.loads(host.ip("-json", "link").stdout)}
    assert {entry["interface"] for entry in document["interfaces"]} == names
    assert read_sysctls(host) == before


def test_text_says_what_json_says(lab, host):
    """The text has the same content as the JSON document."""
    text = lab.flowlabel(host, "host").ok().stdout
    document = report(lab, host)
    assert text.startswith(f"Linux {os.uname().release}, network namespace {host.inode} ({host.name})\n")
    for entry in document["verdicts"]:
        assert entry["text"] + "\n" in text
    for entry in document["settings"]:
        if entry["value"] is None:
            assert f"{entry['name']}: unavailable\n    {entry['unavailable']}\n" in text
        else:
            assert f"{entry['name']} = {entry['value']}\n    {entry['meaning']}\n    {entry['consequence']}\n" in text
    assert re.search(r"^INTERFACE +disable_ipv6  forwarding  force_forwarding  seg6_enabled$", text, re.MULTILINE)
    assert re.search(r"^v0 +0 +0 ", text, re.MULTILINE)
    assert text.endswith("no label is leased\n")


@pytest.mark.parametrize("value, words, by_default, opted_out, opted_in", [
    (0, "no labels unless a program sets them", False, False, False),
    (1, "carry labels, UDP and other sockets too, unless a program opts out", True, False, True),
    (2, "no labels unless a program asks for them", False, False, True),
    (3, "carry labels, UDP and other sockets too, and no program can opt out", True, True, True),
])
def test_auto_flowlabels(lab, pair, value, words, by_default, opted_out, opted_in):
    """LNX-21: each value has its effect on a socket without the option, with it off, and with it on."""
    pair.left.sysctl("net.ipv6.auto_flowlabels", value)
    assert words in verdict(lab, pair.left, "labels")
    for option, labelled in ((None, by_default), (0, opted_out), (1, opted_in)):
        # A hash yields label 0 once in 2^20, so that at least one of three datagrams has another label.
        assert any(udp_labels(pair, 3, option)) == labelled, option


@pytest.mark.parametrize("value, words, half", [(0, "whole range", False), (1, "upper half", True)])
def test_state_ranges(lab, pair, value, words, half):
    """LNX-22, LNX-31: the setting determines bit 19 of automatic labels, and which labels can be leased (LNX-3)."""
    pair.left.sysctl("net.ipv6.flowlabel_state_ranges", value)
    assert words in verdict(lab, pair.left, "range")
    labels = udp_labels(pair, 40)
    assert len(labels) == 40
    assert all(label >= UPPER_HALF for label in labels) == half
    assert ("lower half" in verdict(lab, pair.left, "leases")) == half
    with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
        with refusal(errno.ERANGE) if half else contextlib.nullcontext():
            lease(endpoint, UPPER_HALF + 1)


@contextlib.contextmanager
def refusal(number):
    """Asserts that the block ends with the errno NUMBER."""
    with pytest.raises(OSError) as raised:
        yield
    assert raised.value.errno == number


@pytest.mark.parametrize("value, words", [(0, "a program may ask"), (1, "a program may not ask")])
def test_consistency(lab, pair, value, words):
    """LNX-20, LNX-9: the setting determines whether a socket may ask for reflection."""
    pair.left.sysctl("net.ipv6.flowlabel_consistency", value)
    assert words in verdict(lab, pair.left, "reflection")
    with pair.left.socket(socket.AF_INET6, socket.SOCK_STREAM) as endpoint:
        with refusal(errno.EPERM) if value else contextlib.nullcontext():
            lease(endpoint, 0, flags=REFLECT)


@contextlib.contextmanager
def connection(pair, label=0):
    """A TCP connection from left to right that has carried one byte in each direction: (client, accepted socket)."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(pair.right.socket(socket.AF_INET6, socket.SOCK_STREAM))
        listener.bind((RIGHT, 0))
        listener.listen()
        client = stack.enter_context(pair.left.socket(socket.AF_INET6, socket.SOCK_STREAM))
        if label:
            client.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1)
        client.connect((*listener.getsockname()[:2], label, 0))
        accepted = stack.enter_context(listener.accept()[0])
        for one, other in ((client, accepted), (accepted, client)):
            one.settimeout(60)
            other.settimeout(60)
            one.sendall(b"x")
            assert other.recv(1) == b"x"
        yield client, accepted


def replies(pair, label):
    """The labels of the right host's replies to a TCP connection, a SYN to a closed port, and an echo request."""
    def of(next_header, start):
        return {packet.label for packet in capture.of(RIGHT, LEFT)
                if packet.next_header == next_header and packet.payload.startswith(start)}

    with Capture(pair.left, "eth0") as capture:
        with connection(pair, label) as (client, _):
            port = client.getpeername()[1]
        with pair.left.socket(socket.AF_INET6, socket.SOCK_STREAM) as endpoint:
            endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1)
            assert endpoint.connect_ex((RIGHT, 1, label, 0)) == errno.ECONNREFUSED
        pair.left.run("ping", "-6", "-c", "1", "-W", "5", "-F", f"0x{label:x}", RIGHT)
        capture.quiet()
        return of(TCP, struct.pack("!H", port)), of(TCP, struct.pack("!H", 1)), of(ICMPV6, bytes([ECHO_REPLY]))


@pytest.mark.parametrize("value", range(8))
def test_reflect(lab, pair, value):
    """LNX-23, LNX-15: each bit reflects the labels of its kind of reply, and no others."""
    pair.right.sysctl("net.ipv6.flowlabel_reflect", value)
    text = verdict(lab, pair.right, "replies")
    bits = {"accepted TCP connections": 1, "resets of closed TCP ports": 2, "ICMPv6 echo replies": 4}
    assert sum(bit for words, bit in bits.items() if words in text) == value
    assert ("nothing" in text) == (value == 0)
    label = 0x54321
    for labels, bit in zip(replies(pair, label), bits.values()):
        assert labels, "there must be a reply"
        assert (labels == {label}) == bool(value & bit), (labels, bit)
        assert (label in labels) == bool(value & bit), (labels, bit)


def retransmitted(pair, sender, receiver, receiving, label=0, accepted=False):
    """The labels of one segment and its retransmissions that SENDER sends while RECEIVING receives nothing."""
    with connection(pair, label) as sockets:
        source = sockets[1] if accepted else sockets[0]
        ports = source.getsockname()[1], source.getpeername()[1]
        with Capture(receiving, "eth0") as capture:
            receiving.run("nft", "add table ip6 deaf; add chain ip6 deaf in { type filter hook input priority 0; }; "
                                 "add rule ip6 deaf in meta l4proto tcp drop")
            source.send(b"y")
            capture.wait(lambda: len(segments(capture, sender, receiver, ports)) >= 4)
            receiving.run("nft", "delete table ip6 deaf")
            return {packet.label for packet in segments(capture, sender, receiver, ports)}


def segments(capture, source, destination, ports):
    """The segments of a connection that carry data."""
    def has_data(payload):
        return len(payload) > 4 * (payload[12] >> 4)

    return [packet for packet in capture.of(source, destination)
            if packet.next_header == TCP and packet.ports == ports and has_data(packet.payload)]


@pytest.mark.parametrize("txrehash, automatic, words, labels", [
    (1, 1, "change the label of a TCP connection", "many"),
    (0, 1, "do not change the label of a TCP connection", "one"),
    (1, 0, "automatic labels are off", "zero"),
])
def test_retransmission_timeouts(lab, pair, txrehash, automatic, words, labels):
    """LNX-31, LNX-30: the verdict says what a client's connection does with its label when nothing acknowledges its
    data."""
    pair.left.sysctl("net.core.txrehash", txrehash)
    pair.left.sysctl("net.ipv6.auto_flowlabels", automatic)
    if lab_module.kernel_version() < (6, 2) and not txrehash:
        words = "accepted TCP connections"
    assert words in verdict(lab, pair.left, "stability")
    seen = retransmitted(pair, LEFT, RIGHT, pair.right)
    assert {"many": len(seen) > 1, "one": len(seen) == 1 and seen != {0}, "zero": seen == {0}}[labels], seen


@pytest.mark.parametrize("client_label, kept", [(0x12345, True), (0, False)], ids=["labelled", "unlabelled"])
def test_reflection_keeps_the_label_of_an_accepted_connection(lab, pair, client_label, kept):
    """LNX-23: bit 1 stops the label changes of accepted connections whose peer sends labels."""
    pair.left.sysctl("net.ipv6.auto_flowlabels", 0)
    pair.right.sysctl("net.ipv6.flowlabel_reflect", 1)
    assert "except an accepted one whose peer sends a label" in verdict(lab, pair.right, "stability")
    seen = retransmitted(pair, RIGHT, LEFT, pair.left, client_label, accepted=True)
    assert (seen == {client_label}) == kept, seen
    assert (len(seen) == 1) == kept, seen


def paths_used(lab, namespaces, labels):
    """The number of equal-cost routes, one or two, that the router uses for datagrams that differ only in their
    label."""
    source, router, sink = namespaces
    with Capture(sink, "one") as one, Capture(sink, "two") as two:
        with source.socket(socket.AF_PACKET, socket.SOCK_RAW) as endpoint:
            endpoint.bind(("eth0", 0))
            for label in labels:
                endpoint.send(ethernet(router.mac("eth0"), source.mac("eth0"), IPV6, ipv6(
                    "2001:db8:5::1", "2001:db8:6::1", UDP, udp("2001:db8:5::1", "2001:db8:6::1", 7, 7, b"x"), label)))
        count = lambda capture: len(capture.of("2001:db8:5::1", "2001:db8:6::1"))  # noqa: E731
        one.wait(lambda: count(one) + count(two) >= len(labels))
        assert count(one) + count(two) == len(labels)
        return bool(count(one)) + bool(count(two))


@pytest.fixture
def two_paths(lab):
    """A router with two equal-cost routes to the same destination."""
    source, router, sink = (lab.namespace(role) for role in ("source", "router", "sink"))
    lab.veth(source, "eth0", router, "eth0")
    router.sysctl("net.ipv6.conf.all.forwarding", 1)
    for number, name in enumerate(("one", "two"), 1):
        lab.veth(router, name, sink, name)
        router.address(name, f"2001:db8:{number}::1/64")
        sink.address(name, f"2001:db8:{number}::2/64")
        router.ip("neighbour", "replace", f"2001:db8:{number}::2", "dev", name, "nud", "permanent", "lladdr",
                  ":".join(f"{octet:02x}" for octet in sink.mac(name)))
    router.ip("-6", "route", "add", "2001:db8:6::/64", "nexthop", "via", "2001:db8:1::2", "nexthop", "via",
              "2001:db8:2::2")
    return source, router, sink


@pytest.mark.parametrize("policy, fields, words, counts", [
    (0, 0x7, "chosen by source, destination and flow label", True),
    (1, 0x7, "the flow label is ignored", False),
    (2, 0x7, "flow label of the innermost header", True),
    (3, 0x7, "the flow label is ignored", False),
    (3, 0xF, "the flow label counts", True),
])
def test_paths(lab, two_paths, policy, fields, words, counts):
    """LNX-25, LNX-26: the settings under which the label selects among equal-cost routes."""
    router = two_paths[1]
    router.sysctl("net.ipv6.fib_multipath_hash_policy", policy)
    router.sysctl("net.ipv6.fib_multipath_hash_fields", fields)
    assert words in verdict(lab, router, "paths")
    assert "forwards packets and leaves their labels" in verdict(lab, router, "forwarding")
    assert paths_used(lab, two_paths, range(1, 41)) == (2 if counts else 1)


def test_paths_of_own_packets(lab, two_paths):
    """LNX-25: for the host's own packets, labels that a program set take part in the selection; automatic labels are
    set after it."""
    _, router, sink = two_paths
    router.address("lo", "2001:db8:7::1/128")
    document = {entry["name"]: entry for entry in report(lab, router)["settings"]}
    assert "do not count" in document["net.ipv6.fib_multipath_hash_policy"]["consequence"]
    for labels, paths in ([0] * 40, 1), (range(1, 41), 2):
        with Capture(sink, "one") as one, Capture(sink, "two") as two:
            for label in labels:
                with router.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
                    endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1)
                    endpoint.bind(("2001:db8:7::1", 0))
                    endpoint.sendto(b"x", ("2001:db8:6::1", 9, label, 0))
            seen = lambda: [capture.of("2001:db8:7::1", "2001:db8:6::1") for capture in (one, two)]  # noqa: E731
            one.wait(lambda: sum(map(len, seen())) >= 40)
            assert sum(map(len, seen())) == 40
            assert len({packet.label for packets in seen() for packet in packets}) > 30
            assert sum(map(bool, seen())) == paths


@pytest.mark.parametrize("value, words", [(-1, "writes label 0"), (0, "copies the label"), (1, "computes a label")])
def test_seg6(lab, pair, value, words):
    """LNX-24: the label of the outer header that SRv6 adds."""
    if not pair.left.has_sysctl("net.ipv6.seg6_flowlabel"):
        pytest.skip("this kernel has no SRv6")
    pair.left.sysctl("net.ipv6.seg6_flowlabel", value)
    assert words in verdict(lab, pair.left, "tunnels")
    pair.left.address("lo", "2001:db8:a::1/128")
    pair.left.ip("-6", "route", "add", "2001:db8:b::/64", "encap", "seg6", "mode", "encap", "segs", RIGHT, "via", RIGHT,
                 "dev", "eth0", "src", "2001:db8:a::1")
    with Capture(pair.right, "eth0") as capture:
        with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
            endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1)
            for label in (0x11111, 0x22222):
                endpoint.sendto(b"x", ("2001:db8:b::1", 9, label, 0))
        outer = lambda: [packet for packet in capture.packets if packet.next_header == 43]  # noqa: E731
        capture.wait(lambda: len(outer()) >= 2)
        labels = [packet.label for packet in outer()]
    assert len(labels) == 2
    assert (labels == [0, 0]) == (value == -1), labels
    assert (labels == [0x11111, 0x22222]) == (value == 0), labels


def proc_leases(namespace):
    """The lines of the kernel's list of leases."""
    with namespace.inside():
        return pathlib.Path("/proc/thread-self/net/ip6_flowlabel").read_text().splitlines()[1:]


def test_leases(lab, pair):
    """LNX-27: the report has each kind of share with its owner, and what the kernel's list says."""
    with contextlib.ExitStack() as stack:
        for number, share in enumerate(SHARES, 1):
            endpoint = stack.enter_context(pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM))
            lease(endpoint, number, share, expires=60)
        leases = {entry["label"]: entry for entry in report(lab, pair.left)["leases"]}
        assert len(leases) == len(SHARES) == len(proc_leases(pair.left))
        for number, share in enumerate(SHARES, 1):
            entry = leases[number]
            assert (entry["share"], entry["users"], entry["dst"], entry["options"]) == (share, 1, RIGHT, 0)
            assert entry["linger"] == 6 and 50 <= entry["expires"] <= 60
        command_name = pathlib.Path("/proc/self/comm").read_text().strip()
        user = next((entry.pw_name for entry in pwd.getpwall() if entry.pw_uid == os.getuid()), None)
        assert {entry["share"]: entry["owner"] for entry in leases.values()} == {
            "excl": None, "any": None,
            "process": {"pid": os.getpid(), "command": command_name},
            "user": {"uid": os.getuid(), "user": user}}
        text = lab.flowlabel(pair.left, "host").ok().stdout
        assert re.search(rf"^0x00002  process +PID {os.getpid()} \({re.escape(command_name)}\) .* {RIGHT}$", text,
                         re.MULTILINE)
        assert re.search(rf"^0x00003  user +UID {os.getuid()} \({user or 'unavailable'}\) ", text, re.MULTILINE)
        assert report(lab, pair.right)["leases"] == [], "another namespace must have its own leases"


def test_the_name_of_an_owner_cannot_give_orders(lab, pair):
    """Any user can name a process with terminal control characters: the terminal gets them escaped, and the JSON stays
    valid."""
    script = (
        "import ctypes, socket, struct, sys\n"
        "ctypes.CDLL(None).prctl(15, b'\\x1b[31mx\\n\\xff', 0, 0, 0)\n"
        "s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)\n"
        f"s.setsockopt(41, {IPV6_FLOWLABEL_MGR}, socket.inet_pton(socket.AF_INET6, '{RIGHT}') + struct.pack('!I', 5)"
        f" + struct.pack('=BBHHHI', 0, {SHARES['process']}, 1, 20, 6, 0))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n")
    process = lab.start(pair.left, sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"ready\n"
    text = lab.flowlabel(pair.left, "host").ok().stdout
    assert f"PID {process.pid} (\\x1b[31mx" in text
    assert "\x1b" not in text
    (entry,) = report(lab, pair.left)["leases"]
    assert entry["owner"]["pid"] == process.pid
    assert entry["owner"]["command"].startswith("\x1b[31mx")


@pytest.mark.parametrize("share", SHARES)
def test_sending_without_a_lease(lab, pair, share):
    """LNX-14: an exclusive lease keeps every socket from sending labels that it has not leased."""
    def send():
        with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
            endpoint.setsockopt(socket.IPPROTO_IPV6, IPV6_FLOWINFO_SEND, 1)
            endpoint.sendto(b"x", (RIGHT, 9, 0x777, 0))

    assert "any label without a lease" in verdict(lab, pair.left, "sending")
    send()
    with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as holder:
        lease(holder, 0x42, share)
        if share == "any":
            assert "any label without a lease" in verdict(lab, pair.left, "sending")
            send()
        else:
            assert "only labels that it leased, since a lease excludes others" in verdict(lab, pair.left, "sending")
            with refusal(errno.EINVAL):
                send()


@pytest.mark.parametrize("profile, wrong", [
    ("rfc6437", {"net.ipv6.auto_flowlabels": 2, "net.ipv6.flowlabel_reflect": 1}),
    ("lab", {"net.ipv6.flowlabel_state_ranges": 1}),
    ("anycast", {}),
])
def test_check(lab, pair, profile, wrong):
    """--check ends with exit status 4, prints what differs and the commands that change it, and changes nothing
    itself."""
    for name, value in wrong.items():
        pair.left.sysctl(name, value)
    before = read_sysctls(pair.left)
    result = lab.flowlabel(pair.left, "host", "--check", profile).expect(4)
    assert read_sysctls(pair.left) == before
    assert re.search(rf"error: .*from profile {profile}", result.stderr)
    document = schema.document(lab.flowlabel(pair.left, "host", "--check", profile, "--json").expect(4).stdout)
    differences = document["check"]["differences"]
    assert document["check"]["profile"] == profile and not document["check"]["agrees"]
    assert not document["profiles"][profile]
    assert differences and set(wrong) <= {entry["name"] for entry in differences}
    lines = result.stdout.splitlines()
    assert len(lines) == 2 * len(differences)
    for entry, (says, does) in zip(differences, zip(lines[::2], lines[1::2])):
        assert says == (f"{entry['name']} is {entry['value']}, profile {profile} wants {entry['wanted']}: "
                        f"{entry['why']}")
        assert does == "    " + entry["command"] == f"    sysctl -w {entry['name']}={entry['wanted']}"
        assert before[entry["name"]] == entry["value"] != entry["wanted"]
        name, value = does.split()[-1].split("=")
        pair.left.sysctl(name, value)
    result = lab.flowlabel(pair.left, "host", "--check", profile).ok()
    assert result.stdout == f"all settings match profile {profile}\n" and result.stderr == ""
    document = report(lab, pair.left, "--check", profile)
    assert document["check"] == {"profile": profile, "agrees": True, "differences": []}
    assert f"profile {profile}" in verdict(lab, pair.left, "profiles")


@pytest.mark.parametrize("by", ["name", "process"])
def test_another_namespace(lab, pair, by):
    """LNX-28: --netns takes the name from `ip netns`, and a process id. The commands that --check prints work as they
    are."""
    pair.left.sysctl("net.ipv6.auto_flowlabels", 3)
    process = lab.start(pair.left, "sleep", "600")
    chosen = {"name": pair.left.name, "process": process.pid}[by]
    with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
        lease(endpoint, 0x99)
        document = report(lab, pair.right, "--netns", chosen)
    assert (document["source"]["netns"], document["source"]["netns_name"]) == (pair.left.inode, pair.left.name)
    assert document["settings"][0] == {**document["settings"][0], "name": "net.ipv6.auto_flowlabels", "value": 3}
    assert [entry["label"] for entry in document["leases"]] == [0x99]
    result = lab.flowlabel(pair.right, "host", "--check", "lab", "--netns", chosen).expect(4)
    for line in result.stdout.splitlines()[1::2]:
        assert line.startswith("    nsenter --net=")
        command("sh", "-c", line)
    lab.flowlabel(pair.right, "host", "--check", "lab", "--netns", chosen).ok()
    assert read_sysctls(pair.left)["net.ipv6.auto_flowlabels"] == 0
    lab.flowlabel(pair.right, "host", "--check", "lab").expect(4)


def test_a_namespace_without_a_name(lab, host):
    """A namespace without a name in `ip netns` has no netns_name, in JSON and in the text."""
    alone = ["unshare", "--net", lab_module.binary(), "host"]
    source = json.loads(host.run(*alone, "--json").stdout)["source"]
    assert list(source) == ["kernel", "netns"] and source["netns"] != host.inode
    assert re.match(r"Linux \S+, network namespace \d+\n", host.run(*alone).stdout)


def test_names_of_no_namespace(lab, host):
    """A name of no namespace is an error: one line says what is wrong and one says what to do."""
    refused(lab.flowlabel(host, "host", "--netns", "nowhere"), 1, "no network namespace 'nowhere'", "ip netns")
    refused(lab.flowlabel(host, "host", "--netns", "4194305"), 1, "'4194305', nor a process")
    refused(lab.flowlabel(host, "host", "--netns", "/proc/1/ns/net"), 2, "'/proc/1/ns/net' is not the name")
    refused(lab.flowlabel(host, "host", "--netns", ""), 2, "--netns is empty")


@pytest.fixture
def as_nobody():
    """A function that runs flowlabel in a namespace without any privilege. The program is copied, because the user
    nobody may have no access to the build directory."""
    with tempfile.TemporaryDirectory() as directory:
        program = shutil.copy(lab_module.binary(), directory)
        os.chmod(directory, 0o755)

        def run(namespace, *argv):
            full = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", program, *argv]
            done = namespace.run(*full, check=False)
            return lab_module.Result(full, done.returncode, done.stdout, done.stderr)

        yield run


def test_without_root(lab, pair, as_nobody):
    """The whole report works without root. Another namespace needs root, and the error says so."""
    with pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
        lease(endpoint, 0x31, "process")
        mine, roots = as_nobody(pair.left, "host", "--json").json(), report(lab, pair.left)
    for document in (mine, roots):
        del document["captured_at"]
        document["leases"][0]["expires"] = 0
    assert mine == roots
    as_nobody(pair.left, "host", "--check", "lab").expect(4)
    refused(as_nobody(pair.left, "host", "--netns", pair.right.name), 1, "cannot enter", "run it as root")
    refused(as_nobody(pair.left, "host", "--netns", str(os.getpid())), 1, "cannot enter", "run it as root")


def test_interfaces(lab, pair):
    """Per-interface settings are reported: an interface with IPv6 off, and an interface of a router."""
    pair.left.sysctl("net.ipv6.conf.eth0.disable_ipv6", 1)
    assert verdict(lab, pair.left, "disabled") == "IPv6 is off on eth0"
    with refusal(errno.EADDRNOTAVAIL), pair.left.socket(socket.AF_INET6, socket.SOCK_DGRAM) as endpoint:
        endpoint.bind((LEFT, 0))
    settings = {entry["interface"]: {one["name"]: one["value"] for one in entry["settings"]}
                for entry in report(lab, pair.left)["interfaces"]}
    assert settings["eth0"]["net.ipv6.conf.eth0.disable_ipv6"] == 1
    assert settings["lo"]["net.ipv6.conf.lo.disable_ipv6"] == 0


def test_a_full_disk_is_an_error(host):
    """If the result cannot be written, the exit status is 1 and not that of the check."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([lab_module.binary(), "host", "--check", "lab"], stdout=full, stderr=subprocess.PIPE,
                              text=True)
    assert done.returncode == 1 and "cannot write the result" in done.stderr
