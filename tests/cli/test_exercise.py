# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel exercise`: what the client requests, what the path and the server see, and what returns.

Client, router and server are those of topology.py; `flowlabel flows` on the router is the independent observer.
"""

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import textwrap
import time

import pytest

import lab as lab_module
import schema
from feed import one_cpu
from flows import TC_INGRESS, attached
from kernel import eventually, unread
from saying import refused, warned
from topology import CLIENT, SERVER, Topology

PORT = 24999
FLOWLABEL_MGR, FLOWINFO_SEND, FLOWINFO = 32, 33, 11
QUICK = ["--interval", "1ms"]
PATIENT = ["--timeout", "10s"]  # a machine that is busy must not cause losses


@pytest.fixture(scope="module")
def road(requirements):
    """client - router - server. Only packets for which a test asks are labelled. An automatic label stays when the
    client had to retransmit a segment."""
    with lab_module.Lab() as lab:
        made = Topology(lab)
        made.client.sysctl("net.core.txrehash", 0)
        yield made


@pytest.fixture(autouse=True)
def usual_sysctls(road):
    """Restores the kernel's default sysctls before each test, except for automatic labels."""
    yield
    for host in (road.client, road.server):
        for name, value in (("auto_flowlabels", 0), ("flowlabel_consistency", 1), ("flowlabel_state_ranges", 0),
                            ("flowlabel_reflect", 0)):
            host.sysctl(f"net.ipv6.{name}", value)


class Alone:
    """One host that is client and server through ::1, for exclusive leases: once a namespace has had one, it refuses
    labels without a lease as long as any exclusive lease exists on the machine."""

    def __init__(self, lab):
        self.lab = lab
        self.client = self.server = lab.namespace("alone")
        self.server.sysctl("net.ipv6.auto_flowlabels", 0)


@pytest.fixture
def alone(lab):
    """A host for one test only."""
    return Alone(lab)


class Server:
    """A running server; stop() ends it as ^C does."""

    def __init__(self, road, namespace, *options):
        self.process = road.lab.start(namespace, lab_module.binary(), "exercise", "server", *options,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.first_words = self.process.stderr.readline()
        assert "listening" in self.first_words, self.first_words + self.process.stderr.read()

    def stop(self, number=signal.SIGINT):
        """Returns (stdout, stderr)."""
        self.process.send_signal(number)
        output = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, output
        return output


@contextlib.contextmanager
def serving(road, *options, namespace=None):
    """A server with --json. After the block, its `document` and its `errors` are set."""
    server = Server(road, namespace or road.server, *options, "--json")
    try:
        yield server
    finally:
        text, server.errors = server.stop()
    server.document = schema.document(text)


def client(road, *options, host=SERVER):
    """Runs `exercise client` and returns the result, with a long timeout unless OPTIONS have one."""
    patience = [] if "--timeout" in options else PATIENT
    return road.lab.flowlabel(road.client, "exercise", "client", host, *options, *patience)


def chain(table, hook, rule):
    """Creates an nftables table with one rule."""
    return f"table ip6 {table} {{\nchain c {{\ntype filter hook {hook} priority 0\n{rule}\n}}\n}}\n"


def flows_of(attachment):
    """{(source, destination, label): packets} between the hosts' global addresses."""
    return {flow: count[0] for flow, count in attachment.flows().items() if flow[0] in (CLIENT, SERVER)}


def lease(endpoint, label, destination=SERVER, share=255, action=0, flags=1):
    """Takes a lease (action 0) as a program does, or returns it (1)."""
    request = socket.inet_pton(socket.AF_INET6, destination) + struct.pack("!I", label)
    request += struct.pack("=BBHHHI", action, share, flags, 0, 0, 0)
    endpoint.setsockopt(socket.IPPROTO_IPV6, FLOWLABEL_MGR, request)


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("label", ["255", "0x12345", "0xfffff", "random", "none"])
def test_the_label_asked_for_is_the_one_on_the_path(road, protocol, label):
    """LNX-1, LNX-2, LNX-13, LNX-17, R6437-3-8: the requested label is the label on the path and at the server."""
    with serving(road) as server, attached(road.lab, road.router, "lan", TC_INGRESS) as attachment:
        document = client(road, f"--{protocol}", "--label", label, "--json", *QUICK).json()
        seen = flows_of(attachment)
    (labels,) = document["labels"]
    asked = labels["sent"]
    if label == "random":
        assert asked > 0
    else:
        assert asked == {"none": 0}.get(label) if label == "none" else asked == int(label, 0)
    assert labels == {"sent": asked, "seen": asked, "answer": 0, "messages": 10}
    assert set(seen) == {(CLIENT, SERVER, asked)} and seen[CLIENT, SERVER, asked] >= 10
    (peer,) = server.document["peers"]
    assert peer["labels"] == [{"label": asked, "messages": 10}]
    assert peer["syn_label"] == (asked if protocol == "tcp" else None)
    assert document["warnings"] == []


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_automatic_labels(road, protocol):
    """LNX-21, LNX-31: auto_flowlabels and flowlabel_state_ranges determine the labels of --label auto and none."""
    with serving(road):
        result = client(road, f"--{protocol}", *QUICK)
        warned(result, "10 messages", "net.ipv6.auto_flowlabels is 0")
        for setting, ranges in ((1, 0), (1, 1), (2, 0), (3, 1)):
            road.client.sysctl("net.ipv6.auto_flowlabels", setting)
            road.client.sysctl("net.ipv6.flowlabel_state_ranges", ranges)
            (labels,) = client(road, f"--{protocol}", "--json", *QUICK).json()["labels"]
            assert labels["sent"] is None and labels["seen"] > 0 and labels["messages"] == 10
            assert not ranges or labels["seen"] & 0x80000
        warned(client(road, f"--{protocol}", "--label", "none", *QUICK), "without a label",
               "net.ipv6.auto_flowlabels is 3")
        road.client.sysctl("net.ipv6.auto_flowlabels", 1)
        (labels,) = client(road, f"--{protocol}", "--label", "none", "--json", *QUICK).json()["labels"]
        assert labels["seen"] == 0


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_labels_that_this_host_removes(road, protocol):
    """If the kernel labels a packet and a filter removes the label, the client does not blame the sysctl, which it can
    read."""
    road.client.sysctl("net.ipv6.auto_flowlabels", 1)
    road.client.run("nft", "-f", "-", input=chain("eraser", "output", "ip6 flowlabel set 0"))
    try:
        with serving(road):
            result = warned(client(road, f"--{protocol}", *QUICK), "10 messages", "net.ipv6.auto_flowlabels is 1 on this host",
                            "its kernel sent labels", "clears them")
        assert "is 0 on this host" not in result.stderr
    finally:
        road.client.run("nft", "delete", "table", "ip6", "eraser")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("ranges, least, most", [(0, 0.3, 0.7), (1, 1, 1)])
def test_the_range_of_automatic_labels(road, protocol, ranges, least, most):
    """LNX-31: with flowlabel_state_ranges 1 the highest bit is always set, and otherwise in half of the labels."""
    road.client.sysctl("net.ipv6.auto_flowlabels", 1)
    road.client.sysctl("net.ipv6.flowlabel_state_ranges", ranges)
    with serving(road):
        document = client(road, f"--{protocol}", "--flows", "300", "--count", "1", "--json").json()
    labels = {labels["seen"] for labels in document["labels"]}
    assert len(labels) > 290
    assert least <= sum(label >> 19 for label in labels) / len(labels) <= most


@pytest.mark.parametrize("protocol, sysctl, value", [("udp", None, None), ("tcp", "flowlabel_consistency", 0)])
def test_reflection(road, protocol, sysctl, value):
    """LNX-9, LNX-14, LNX-15: the replies carry the client's label, on the path and at the client."""
    if sysctl:
        road.server.sysctl(f"net.ipv6.{sysctl}", value)
    with serving(road, f"--{protocol}", "--reflect") as server, \
            attached(road.lab, road.router, "wan", TC_INGRESS) as attachment:
        document = client(road, f"--{protocol}", "--label", "0xabcde", "--json", *QUICK).json()
        seen = flows_of(attachment)
    assert document["labels"] == [{"sent": 0xABCDE, "seen": 0xABCDE, "answer": 0xABCDE, "messages": 10}]
    assert set(seen) == {(SERVER, CLIENT, 0xABCDE)}, "the SYN-ACK must have it, too"
    assert server.document["reflect"] is True


def test_tcp_reflection_by_sysctl(road):
    """LNX-15, LNX-23: the server reflects without the option if the host reflects for every socket."""
    road.server.sysctl("net.ipv6.flowlabel_reflect", 1)
    with serving(road, "--tcp"):
        (labels,) = client(road, "--label", "9", "--json", *QUICK).json()["labels"]
    assert labels["answer"] == 9


def test_tcp_reflection_is_refused(road):
    """LNX-9: with flowlabel_consistency 1 the error names that sysctl."""
    refused(road.lab.flowlabel(road.server, "exercise", "server", "--reflect"), 1,
            "net.ipv6.flowlabel_consistency is 1", "sysctl -w net.ipv6.flowlabel_consistency=0")


def test_udp_reflection_beside_an_exclusive_lease(alone):
    """LNX-14: with an exclusive lease on the host, the kernel sends no label without a lease. The server says so and
    replies without one."""
    holder = alone.server.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with holder, serving(alone, "--udp", "--reflect") as server:
        lease(holder, 77, share=1)
        (labels,) = client(alone, "--udp", "--label", "9", "--json", *QUICK, host="::1").json()["labels"]
    assert (labels["seen"], labels["answer"], labels["messages"]) == (9, 0, 10)
    assert server.document["totals"]["unreflected"] == 10
    (line,) = server.errors.splitlines()
    assert "warning" in line and "0x00009" in line and "exclusive" in line


def test_a_client_beside_an_exclusive_lease(alone):
    """LNX-14: labels without a lease are refused, and labels with one are sent."""
    holder = alone.client.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with holder, serving(alone):
        lease(holder, 78, share=1)
        refused(client(alone, "--udp", "--generate", "per-packet", host="::1"), 1, "exclusive", "lease the label",
                "flowlabel host")
        client(alone, "--udp", "--label", "79", *QUICK, host="::1").ok()


def test_what_the_samples_do(road):
    """LNX-16, LNX-17: TCP sends ten messages. UDP sends two, the second one with another label."""
    with serving(road) as server, attached(road.lab, road.router, "lan", TC_INGRESS) as attachment:
        client(road, "--label", "255", *QUICK).ok()
        client(road, "--udp", "--label", "254", "--count", "2", "--change-every", "1", *QUICK).ok()
        assert set(flows_of(attachment)) == {(CLIENT, SERVER, 255), (CLIENT, SERVER, 254)}
    tcp, udp = server.document["peers"]
    assert (tcp["protocol"], tcp["messages"], tcp["label_changes"]) == ("tcp", 10, 0)
    assert (udp["protocol"], udp["messages"], udp["label_changes"]) == ("udp", 2, 1)
    assert server.document["port"] == PORT


def test_a_changed_label_makes_another_connection(road):
    """--change-every makes another TCP connection for each label."""
    with serving(road, "--tcp") as server:
        document = client(road, "--label", "5", "--count", "4", "--change-every", "2", "--json", *QUICK).json()
    assert [(labels["sent"], labels["messages"]) for labels in document["labels"]] == [(5, 2), (6, 2)]
    assert [peer["syn_label"] for peer in server.document["peers"]] == [5, 6]


@pytest.mark.parametrize("protocol, sent", [("udp", 3), ("tcp", 2)])
def test_a_changed_label_that_is_refused(alone, protocol, sent):
    """LNX-4, LNX-10: the message that should have the new label is not sent. UDP continues with the old label."""
    holder = alone.client.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with holder, serving(alone) as server:
        lease(holder, 0x102)
        result = client(alone, f"--{protocol}", "--label", "0x101", "--lease", "new", "--change-every", "2", "--count", "4",
                        "--json", *QUICK, host="::1")
    document = warned(result, "0x00102 is leased already").json()
    assert document["labels"] == [{"sent": 0x101, "seen": 0x101, "answer": 0, "messages": sent}]
    assert document["totals"] == {"flows": 1, "sent": sent, "received": sent, "lost": 0, "late": 0}
    assert [peer["labels"] for peer in server.document["peers"]] == [[{"label": 0x101, "messages": sent}]]


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_link_local_addresses(road, protocol):
    """LNX-17: scope ids of link-local addresses work."""
    links = json.loads(road.router.ip("-json", "-6", "address", "show", "dev", "lan", "scope", "link").stdout)
    (address,) = [info["local"] for link in links for info in link.get("addr_info", ()) if "local" in info]
    with serving(road, namespace=road.router) as server:
        document = client(road, f"--{protocol}", "--label", "8", "--json", *QUICK, host=f"{address}%eth0").json()
        refused(client(road, host=address), 2, "link-local", f"{address}%eth0")
    assert document["server"] == {"address": f"{address}%eth0", "port": PORT}
    assert document["totals"]["received"] == 10
    assert server.document["peers"][0]["peer"]["address"].endswith("%lan")


def test_names(road, tmp_path):
    """LNX-17: names are resolved, here with an /etc/hosts of the test."""
    hosts = tmp_path / "hosts"
    hosts.write_text(f"{SERVER} server.example\n192.0.2.1 four.example\n")
    line = f'mount --bind {hosts} /etc/hosts && exec "$F" exercise client "$@" --count 1'
    with serving(road):
        for host, status in (("server.example", 0), ("four.example", 1)):
            done = road.client.run("unshare", "--mount", "bash", "-c", line, "bash", host, *PATIENT,
                                   check=False, env={**os.environ, "F": lab_module.binary()})
            assert done.returncode == status, done
    assert "'four.example' has no IPv6 address" in done.stderr


def test_the_server_answers_from_the_address_it_was_asked_at(road):
    """The server replies from the address to which the request came, even if it would choose another one: the client's
    socket accepts no other."""
    road.server.address("eth0", "2001:db8:2::99/64")
    with serving(road, "--udp"):
        document = client(road, "--udp", "--json", *QUICK, host="2001:db8:2::99").json()
    road.server.ip("address", "del", "2001:db8:2::99/64", "dev", "eth0")
    assert document["totals"]["received"] == 10


def test_a_lease_as_the_kernel_has_it(alone):
    """LNX-11: the lease in the kernel has the requested share, expires and linger."""
    with serving(alone):
        began = time.monotonic()
        document = client(alone, "--label", "40", "--share", "user", "--expires", "60", "--linger", "30", "--json",
                          *QUICK, host="::1").json()
        took = time.monotonic() - began
    (flow,) = document["flows"]
    assert 59 - took <= flow["lease"].pop("expires") <= 60
    assert flow["lease"] == {"label": 40, "share": "user", "linger": 30}
    with alone.client.inside(), open("/proc/thread-self/net/ip6_flowlabel", encoding="ascii") as file:
        (line,) = [line.split() for line in file if line.startswith("00028 ")]
    assert (line[1], line[2], line[4]) == ("3", "0", "30"), "LNX-7: the lease must linger"


def test_renewal(road):
    """LNX-6: a renewed lease does not expire."""
    options = ["--udp", "--count", "21", "--interval", "200ms", "--expires", "60", "--json"]
    with serving(road):
        without = client(road, *options, "--label", "41").json()["flows"][0]["lease"]["expires"]
        renewed = client(road, *options, "--label", "42", "--renew", "300ms").json()["flows"][0]["lease"]["expires"]
    assert without <= 56 and renewed >= 57


LEASE_REFUSALS = [
    (["--label", "50", "--lease", "join"], ["label 0x00032 is not leased"]),
    (["--label", "51", "--lease", "new"], ["0x00033 is leased already"]),
    (["--label", "51", "--share", "user"], ["0x00033", "another share than user", "flowlabel host"]),
    (["--label", "52", "--share", "excl", "--flows", "2"], ["0x00034", "cannot become exclusive"]),
    (["--label", "random", "--lease", "join"], ["may create"]),
]


@pytest.mark.parametrize("protocol", ["--tcp", "--udp"])
@pytest.mark.parametrize("options, words", LEASE_REFUSALS, ids=lambda value: " ".join(value))
def test_refused_leases(alone, protocol, options, words):
    """LNX-4, LNX-5: the error says why and what to do, with exit status 1."""
    holder = alone.client.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with holder, serving(alone):
        lease(holder, 51)
        refused(client(alone, protocol, *options, host="::1"), 1, *words)
        client(alone, protocol, "--label", "51", "--lease", "join", "--count", "1", host="::1").ok()


def test_labels_that_are_left_to_automatic_ones(road):
    """LNX-3: a label in the range of automatic labels is refused with ERANGE."""
    road.client.sysctl("net.ipv6.flowlabel_state_ranges", 1)
    with serving(road):
        refused(client(road, "--label", "0x80001"), 1, "0x80001", "net.ipv6.flowlabel_state_ranges")
        client(road, "--label", "0x7ffff", "--count", "1").ok()


def test_long_leases_take_privilege(road):
    """LNX-8: without root a long lease is refused with EPERM, and otherwise exercise needs no root."""
    with serving(road):
        for options, status in ((["--linger", "151"], 1), (["--expires", "151"], 1), (["--linger", "150"], 0)):
            done = road.client.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", lab_module.binary(),
                                   "exercise", "client", SERVER, "--label", "60", "--count", "1", *options, *PATIENT,
                                   check=False)
            assert done.returncode == status, done
            assert status == 0 or "150 s" in done.stderr and "CAP_NET_ADMIN" in done.stderr


def test_sequential_labels(road):
    """LNX-19: each flow has the next label, beginning with the given one."""
    with serving(road), attached(road.lab, road.router, "lan", TC_INGRESS) as attachment:
        client(road, "--udp", "--label", "0xffffe", "--generate", "sequential", "--flows", "4", *QUICK).ok()
        seen = flows_of(attachment)
    assert seen == {(CLIENT, SERVER, label): 10 for label in (0xFFFFE, 0xFFFFF, 1, 2)}


def test_encoded_labels(road):
    """LNX-19: encoded labels have 15 constant bits and five that vary."""
    with serving(road), attached(road.lab, road.router, "lan", TC_INGRESS) as attachment:
        client(road, "--generate", "encoded", "--label", "0x4abe0", "--flows", "30", "--count", "1").ok()
        labels = {label for _, _, label in flows_of(attachment)}
    assert {label >> 5 for label in labels} == {0x4ABE0 >> 5} and len(labels) > 5


def test_a_constant_label_of_all_flows(road):
    """LNX-19: all flows have the same label."""
    with serving(road, "--tcp") as server:
        client(road, "--generate", "constant", "--label", "3", "--flows", "20", "--count", "1").ok()
    assert [peer["syn_label"] for peer in server.document["peers"]] == [3] * 20


def test_a_label_for_each_packet(road):
    """LNX-19: each packet has a random label, or one that carries a part of a message."""
    with serving(road, "--udp") as server:
        client(road, "--udp", "--generate", "per-packet", "--count", "200", *QUICK).ok()
        document = client(road, "--udp", "--generate", "message", "--text", "Hello", "--count", "5", "--json",
                          *QUICK).json()
    random, _ = server.document["peers"]
    assert len(random["labels"]) > 190 and random["label_changes"] == 199
    text = b"".join(struct.pack("!H", labels["seen"] & 0xFFFF) for labels in document["labels"])
    assert text == b"HelloHello"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_many_flows(road, protocol):
    """LNX-19, R6437-3-5: there are as many labels as flows, except for collisions."""
    with serving(road) as server:
        document = client(road, f"--{protocol}", "--flows", "500", "--label", "random", "--count", "2", "--json").json()
    assert document["totals"] == {"flows": 500, "sent": 1000, "received": 1000, "lost": 0, "late": 0}
    labels = {labels["sent"] for labels in document["labels"]}
    assert len(labels) == 500, "the kernel must lease each label once"
    assert {peer["labels"][0]["label"] for peer in server.document["peers"]} == labels


def test_losses(road):
    """If every second message is dropped on the path, the losses are counted, and the run is no failure."""
    road.router.run("nft", "-f", "-", input=chain("loss", "forward", f"udp dport {PORT} numgen inc mod 2 0 drop"))
    try:
        with serving(road):
            document = client(road, "--udp", "--count", "4", "--timeout", "5s", "--json", *QUICK).json()
    finally:
        road.router.run("nft", "delete", "table", "ip6", "loss")
    assert document["totals"] == {"flows": 1, "sent": 4, "received": 2, "lost": 2, "late": 0}
    lost = [labels for labels in document["labels"] if labels["seen"] is None]
    assert lost == [{"sent": None, "seen": None, "answer": None, "messages": 2}]


def test_a_label_that_changes_on_the_way(road):
    """The client reports that the path changed the label."""
    road.router.run("nft", "-f", "-", input=chain("washer", "forward", f"udp dport {PORT} ip6 flowlabel set 0x54321"))
    try:
        with serving(road):
            warned(client(road, "--udp", "--label", "5", *QUICK), "10 messages", "0x54321 instead of 0x00005")
    finally:
        road.router.run("nft", "delete", "table", "ip6", "washer")


@pytest.mark.parametrize("options, words", [
    (["--tcp"], [f"no program listens on [{SERVER}]:{PORT}", "exercise server"]),
    (["--udp", "--count", "3"], [f"no program listens on [{SERVER}]:{PORT}", "exercise server"]),
], ids=["tcp", "udp"])
def test_nobody_there(road, options, words):
    """Exit status 1 if nothing replies."""
    result = client(road, *options, *QUICK).expect(1)
    assert result.stderr.splitlines()[0].startswith("flowlabel: error: ")
    for word in words:
        assert word in result.stderr


def test_nothing_comes_back(road):
    """Exit status 1 if a firewall drops everything silently."""
    road.server.run("nft", "-f", "-", input=chain("wall", "input", f"th dport {PORT} drop"))
    try:
        refused(client(road, "--tcp", "--timeout", "100ms"), 1, "does not respond", "firewall")
        result = client(road, "--udp", "--count", "2", "--timeout", "50ms").expect(1)
    finally:
        road.server.run("nft", "delete", "table", "ip6", "wall")
    assert "no answer arrived" in result.stderr and "server --udp" in result.stderr
    assert "2 messages sent, 0 answered, 2 lost" in result.stdout


def test_no_way_there(road):
    """A destination without a route is an error."""
    road.client.ip("-6", "route", "add", "unreachable", "2001:db8:dead::/48")
    refused(client(road, host="2001:db8:dead::1"), 1, "2001:db8:dead::1 is unreachable", "ip -6 route get")


def test_a_port_that_is_taken(road):
    """A second server on the same port is an error."""
    with serving(road):
        refused(road.lab.flowlabel(road.server, "exercise", "server"), 1, f"already uses [::]:{PORT}", "another port")
        with serving(road, "--port", "7777"):
            client(road, "--port", "7777", "--count", "1").ok()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_client_ends_with_its_summary(road, number):
    """A signal ends the client with its summary."""
    with serving(road):
        process = road.lab.start(road.client, lab_module.binary(), "exercise", "client", SERVER, "--label", "5",
                                 "--count", "0", "--interval", "20ms", *PATIENT, stdout=subprocess.PIPE, text=True)
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(number)
        rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert lines[2].startswith("message 3: sent 0x00005, seen 0x00005, answer 0x00000, ")
    assert " answered, 0 lost, 0 late" in rest and "round trips: min " in rest


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_client_that_is_still_connecting_ends_with_its_summary(road, options):
    """^C ends the client with its summary, whatever it is doing."""
    road.server.run("nft", "-f", "-", input=chain("wall", "input", f"tcp dport {PORT} drop"))
    try:
        process = road.lab.start(road.client, lab_module.binary(), "exercise", "client", SERVER, "--timeout", "60s",
                                 *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        eventually(lambda: "SYN-SENT" in road.client.run("ss", "-Hant", f"dport = :{PORT}").stdout)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        road.server.run("nft", "delete", "table", "ip6", "wall")
    assert (process.returncode, errors) == (0, "")
    if options:
        document = schema.document(output)
        assert document["totals"] == {"flows": 0, "sent": 0, "received": 0, "lost": 0, "late": 0}
        assert document["round_trip_ms"] is None and document["labels"] == document["flows"] == document["warnings"] == []
    else:
        assert output == f"tcp to [{SERVER}]:{PORT}, 0 flows: 0 messages sent, 0 answered, 0 lost, 0 late\n"


def test_a_server_tells_what_comes(road):
    """The server prints the label of each peer when it first appears and when it changes, and then a summary."""
    server = Server(road, road.server, "--udp", "--tcp")
    assert f"port {PORT} (TCP and UDP)" in server.first_words
    client(road, "--label", "255", "--count", "2", *QUICK).ok()
    client(road, "--udp", "--label", "254", "--count", "4", "--change-every", "2", *QUICK).ok()
    output, errors = server.stop(signal.SIGTERM)
    lines = output.splitlines()
    assert errors == ""
    assert [line.split("]:")[0] for line in lines[:3]] == [f"tcp [{CLIENT}", f"udp [{CLIENT}", f"udp [{CLIENT}"]
    assert [line.split(" ", 2)[2] for line in lines[:3]] == ["connected, SYN label 0x000ff", "label 0x000fe",
                                                             "label 0x000ff"]
    assert lines[3] == "2 peers, 6 messages"
    assert lines[5].split()[2:] == ["0x000ff", "2", "0", "0x000ff"]
    assert lines[6].split()[2:] == ["-", "4", "1", "0x000fe", "0x000ff"]


def test_a_label_that_changes_inside_a_connection(road):
    """LNX-10: the label of the SYN is reported separately from those of the data."""
    server = Server(road, road.server, "--tcp")
    with road.client.socket(socket.AF_INET6, socket.SOCK_STREAM) as stream:
        lease(stream, 7)
        stream.setsockopt(socket.IPPROTO_IPV6, FLOWINFO_SEND, 1)
        stream.connect((SERVER, PORT, 7, 0))
        lease(stream, 7, action=1)
        stream.sendall(b"hello")
        told = [server.process.stdout.readline().split("]:")[1].split(" ", 1)[1] for _ in range(2)]
    output, _ = server.stop()
    assert told == ["connected, SYN label 0x00007\n", "label 0x00000\n"]
    assert output.splitlines()[0] == "1 peer, 1 messages"
    assert output.splitlines()[2].split()[2:] == ["0x00007", "1", "1", "0x00000"]


def test_what_has_arrived_counts_though_the_end_is_asked_for(road):
    """A server that is stopped before it could read still reads what had arrived."""
    with serving(road, "--udp") as server, road.client.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        server.process.send_signal(signal.SIGSTOP)
        sender.sendto(b"hello", (SERVER, PORT))
        eventually(lambda: unread(road.server, PORT) != 0)
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGCONT)
        server.process.wait(timeout=60)
    assert server.document["totals"]["messages"] == 1


def test_strangers_are_seen_and_not_answered(road):
    """Peers of other protocols are shown with their labels and get no reply, so datagrams cannot loop. The only reply
    is to the message that the test then sends as a client does."""
    answer, request = (struct.pack("!4sIIIQ", magic, 24, 7, 0xFFFFFFFF, 0) for magic in (b"FLA1", b"FLQ1"))
    with serving(road, "--udp") as server, road.client.socket(socket.AF_INET6, socket.SOCK_DGRAM) as stranger, one_cpu():
        stranger.setsockopt(socket.IPPROTO_IPV6, FLOWINFO_SEND, 1)
        stranger.settimeout(60)
        for octets in (b"hello", answer, request):  # received by the server in this order
            stranger.sendto(octets, (SERVER, PORT, 0xBEEF, 0))
        back = stranger.recv(100)
        assert back == struct.pack("!4sIIIQ", b"FLA1", 24, 7, 0xBEEF, 0)
    (peer,) = server.document["peers"]
    assert (peer["messages"], peer["bytes"], peer["labels"]) == (3, 53, [{"label": 0xBEEF, "messages": 3}])


@pytest.mark.parametrize("size", ["24", "65527"])
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_sizes(road, protocol, size):
    """The smallest and the largest message arrive; the latter in many segments or fragments."""
    with serving(road) as server:
        document = client(road, f"--{protocol}", "--size", size, "--label", "3", "--count", "3", "--json",
                          *QUICK).json()
    assert document["totals"]["received"] == 3
    assert server.document["totals"]["bytes"] == 3 * int(size)


def test_documents(road):
    """The documents have every field, in the documented order."""
    with serving(road) as server:
        document = client(road, "--json", "--label", "3", *QUICK).json()
    assert list(document) == ["schema", "role", "protocol", "server", "started_at", "ended_at", "totals",
                              "round_trip_ms", "labels", "flows", "warnings"]
    assert (document["schema"], document["role"]) == ("flowlabel.exercise/1", "client")
    trip = document["round_trip_ms"]
    assert 0 < trip["least"] <= trip["mean"] <= trip["most"] < 10_000
    assert list(document["flows"][0]) == ["local", "sent", "received", "lost", "late", "labels", "lease"]
    assert document["flows"][0]["local"]["address"] == CLIENT
    assert list(server.document) == ["schema", "role", "protocols", "port", "reflect", "started_at", "ended_at",
                                     "totals", "peers"]
    assert (server.document["schema"], server.document["role"]) == ("flowlabel.exercise/1", "server")
    assert server.document["totals"] == {"peers": 1, "messages": 10, "bytes": 640, "unlisted": 0, "unreflected": 0}
    assert list(server.document["peers"][0]) == ["protocol", "peer", "syn_label", "messages", "bytes", "label_changes",
                                                 "labels"]
    assert server.document["peers"][0]["peer"] == document["flows"][0]["local"]


def test_a_full_disk(road):
    """If the result cannot be written, exercise ends with exit status 1."""
    argv = [lab_module.binary(), "exercise", "client", SERVER, "--count", "0", *PATIENT]
    with serving(road), open("/dev/full", "w", encoding="ascii") as full, road.client.inside():
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    refused(lab_module.Result(argv, done.returncode, "", done.stderr), 1, "cannot write the result")


def test_nobody_reads(road):
    """A closed pipe ends exercise and is no error."""
    with serving(road):
        process = road.lab.start(road.client, lab_module.binary(), "exercise", "client", SERVER, "--count", "0",
                                 "--interval", "10ms", *PATIENT, stdout=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize("options, words", [
    (["--interval", "10ms"], ["closed the connection", "broke"]),
    (["--interval", "4s", "--change-every", "1"], ["no program listens on"]),  # the server ends between two connections
], ids=["one connection", "many connections"])
def test_a_server_that_ends(road, options, words):
    """If a connection breaks or cannot be made again, the client shows its results so far and the error."""
    server = Server(road, road.server, "--tcp")
    process = road.lab.start(road.client, lab_module.binary(), "exercise", "client", SERVER, "--label", "5", "--count",
                             "0", *options, *PATIENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(0.3)  # the client waits for its next message
    server.stop()
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert " answered, " in output
    (line,) = errors.splitlines()
    assert line.startswith("flowlabel: warning: ") and any(word in line for word in words)


def readme_tour():
    """The commands of the tour in README.md."""
    text = (lab_module.REPOSITORY / "README.md").read_text(encoding="utf-8").split("## Try it on one host\n")[1]
    return textwrap.dedent(text.split("interface:\n\n")[1].split("\n\n")[0])


def test_the_tour_works_as_typed(alone, tmp_path):
    """Each line of README's tour works as printed, with a bpffs of the test."""
    program = tmp_path / "flowlabel"
    program.write_text(f'#!/bin/sh\nexec {lab_module.binary()} "$@" --bpffs {alone.lab.bpffs}\n')
    program.chmod(0o755)
    listens = f"until ss -Hlnt sport = :{PORT} | grep -q LISTEN; do sleep 0.1; done"
    commands = readme_tour().replace("server &", f"server &\n{listens}").replace("kill %1", "kill %1\nwait")
    done = alone.client.run("bash", "-euc", "set -m\n" + commands, timeout=60,
                            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert "new TCP connections" in done.stdout
    assert "message 10: sent 0x12345, seen 0x12345, answer 0x00000, " in done.stdout
    assert "::1     ::1          0x12345  no " in done.stdout
    (stamped,) = [line for line in done.stdout.splitlines() if line.startswith("udp [")]
    label = stamped.split()[-1]
    assert f"message 10: sent 0x00000, seen {label}, answer " in done.stdout
    assert f"::1     ::1          {label}  yes " in done.stdout
    assert "2 peers, 20 messages" in done.stdout
    assert "lo tc-ingress: detached; counted " in done.stderr
