# SPDX-License-Identifier: BSD-2-Clause
"""attach --track: counting by connection, and the history of its label, on frames and on what Linux itself sends."""

import collections
import contextlib
import os
import random
import socket
import struct
import threading

import pytest

import lab as lab_module
import schema
import traffic
from collector import Collector, read_records
from feed import DESTINATION, SOURCE, cable, one_cpu
from flows import (TC_EGRESS, TC_EGRESS_CLSACT, TC_INGRESS, TC_INGRESS_CLSACT, XDP_GENERIC, XDP_NATIVE, Attachment,
                   assert_conserved, attached, key_file)
from frames import FRAGMENT, ICMPV6, TCP, UDP, ethernet, ipv6, udp
from kernel import eventually
from saying import refused

FIN, SYN, RST, ACK = 1, 2, 4, 16
LABELS = [0, 1, 2, 0x12345, 0xFFFFF]


def segment(ports, seq, flags, payload=b""):
    """A TCP segment without a checksum."""
    return struct.pack("!HHIIBBHHH", *ports, seq, 1, 5 << 4, flags, 1024, 0, 0) + payload


def random_packet(dice):
    """An IPv6 packet of one of few connections, with one of few labels."""
    ports = dice.choice([(50000, 443), (50001, 443), (443, 50000)])
    payload = bytes(dice.choice([0, 1, 100]))
    flags = dice.choice([ACK] * 6 + [SYN, SYN | ACK, RST, FIN | ACK])
    protocol, upper = dice.choice([
        (TCP, segment(ports, dice.choice([1, 100, 101, 1000]), flags, payload)),
        (UDP, udp(SOURCE, DESTINATION, *ports, payload)),
        (ICMPV6, struct.pack("!BBHHH", 128, 0, 0, 7, 1) + payload),
        (FRAGMENT, struct.pack("!BBHI", UDP, 0, 1, dice.choice([1, 2])) + bytes(8)),
    ])
    return ipv6(SOURCE, DESTINATION, protocol, upper, label=dice.choice(LABELS))


class Feed:
    """Sends packets into v0 of a cable, and adds up by label what it sent."""

    def __init__(self, namespace):
        self.sent = collections.Counter()
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self._socket.bind(("w0", 0))

    def send(self, packet):
        """Sends PACKET from one CPU."""
        with one_cpu():
            self._socket.send(ethernet(b"\2" * 6, b"\4" * 6, 0x86DD, packet))
        self.sent[struct.unpack("!I", packet[:4])[0] & 0xFFFFF] += 1

    def close(self):
        """Closes the socket."""
        self._socket.close()


@pytest.fixture
def host(lab):
    """A namespace with a silent cable from w0 to v0."""
    made = lab.namespace("host")
    cable(made)
    return made


@pytest.fixture
def feed(host):
    """Frames for v0."""
    with contextlib.closing(Feed(host)) as made:
        yield made


def rows(attachment):
    """The flows of ATTACHMENT without their times."""
    return sorted((flow["src"], flow["dst"], flow["label"], flow["packets"], flow["bytes"], flow["stamped"])
                  for flow in attachment.document()["flows"])


def connections(attachment, **members):
    """The connections of ATTACHMENT whose MEMBERS have these values."""
    return [row for row in attachment.document("--by", "connection")["flows"]
            if all(row.get(name) == value for name, value in members.items())]


def changes(attachment, **members):
    """The sum of the changes of these connections, by class."""
    total = collections.Counter()
    for row in connections(attachment, **members):
        total.update(row["changes"])
    return dict(total)


@pytest.mark.parametrize("stamp", ["off", "dry-run", "zero"])
@pytest.mark.parametrize("tracked, other", [(XDP_NATIVE, TC_INGRESS), (TC_INGRESS, XDP_NATIVE),
                                            (XDP_GENERIC, TC_INGRESS)], ids=str)
def test_the_flows_are_those_without_tracking(lab, host, feed, tmp_path, tracked, other, stamp):
    """Labels that change within a connection are counted exactly: a tracked attachment and one that is not show the
    same flows, and every packet is in them. The hook that sees the packets first stamps, and the other one counts
    what leaves it."""
    first = XDP_NATIVE if XDP_NATIVE in (tracked, other) else XDP_GENERIC
    stamping = ["--stamp", stamp] if stamp == "off" else ["--stamp", stamp, "--key-file", key_file(tmp_path)]
    options = {hook: (stamping if hook == first or stamp == "dry-run" else []) + (["--track"] if hook == tracked else [])
               for hook in (tracked, other)}
    dice = random.Random(1)
    with attached(lab, host, "v0", tracked, *options[tracked]) as one, \
            attached(lab, host, "v0", other, *options[other]) as two:
        for _ in range(500):
            feed.send(random_packet(dice))
        eventually(lambda: two.counters()["counted"] == one.counters()["counted"] == 500)
        if stamp == "zero":  # the second hook sees labels that the first one wrote
            assert [row[:5] for row in rows(one)] == [row[:5] for row in rows(two)]
        else:
            assert rows(one) == rows(two)
        assert_conserved(one.document()["totals"])
        assert sum(row["packets"] for row in connections(one if tracked == one.hook else two)) == 500


def test_status_says_that_connections_are_tracked(lab, host):
    """In JSON and in text. A slot takes 192 bytes."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track") as attachment:
        entry = attachment.status()
        assert entry["track"] is True
        assert entry["table"]["bytes"] == 192 * entry["table"]["slots"] * entry["table"]["cpus"]
        assert "connections are tracked" in lab.flowlabel(host, "status", "v0").ok().stdout
    with attached(lab, host, "v0", XDP_NATIVE) as attachment:
        assert "track" not in attachment.status()


def test_by_connection_in_every_form(lab, host, feed):
    """The table, JSON lines and CSV have the ports and the changes; the document holds to its schema."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track") as attachment:
        feed.send(ipv6(SOURCE, DESTINATION, TCP, segment((50000, 443), 0, SYN), label=7))
        for _ in range(3):
            feed.send(ipv6(SOURCE, DESTINATION, TCP, segment((50000, 443), 1, ACK)))
        eventually(lambda: attachment.counters()["counted"] == 4)
        (row,) = connections(attachment)
        assert list(row)[-5:] == ["protocol", "sport", "dport", "labels", "changes"]
        assert (row["protocol"], row["sport"], row["dport"], row["labels"]) == (6, 50000, 443, 2)
        assert (row["packets"], row["label"], row["changes"]) == (4, 0, {"syn-then-zero": 1})
        table = lab.flowlabel(host, "flows", "v0", "--by", "connection").ok().stdout
        assert f"[{SOURCE}]:50000" in table and "syn-then-zero 1" in table and "1 live connection, 4 packets" in table
        text = lab.flowlabel(host, "flows", "v0", "--by", "connection", "--csv").ok().stdout.splitlines()
        assert text[0].endswith(",stamped,protocol,sport,dport,labels,changes")
        assert text[1].endswith(',false,6,50000,443,2,"syn-then-zero 1"')
        assert lab.flowlabel(host, "flows", "v0", "--by", "connection", "--label", "1").ok().stdout.startswith(
            "v0 xdp: 0 of 1 connection match,")


def test_an_attachment_without_tracking_has_no_connections(lab, host):
    """flows --by connection says what to do, and --replace cannot begin to track."""
    with attached(lab, host, "v0", XDP_NATIVE) as attachment:
        refused(lab.flowlabel(host, "flows", "v0", "--by", "connection"), 2, "v0 xdp does not track connections",
                "attach it with --track")
        before = attachment.status()
        refused(lab.flowlabel(host, "attach", "v0", "--track", "--replace"), 1, "v0 is attached without --track",
                "leave --track out", "flowlabel detach v0 --hook xdp")
        assert attachment.status() == before


@pytest.mark.parametrize("hook", [XDP_NATIVE, TC_INGRESS, TC_INGRESS_CLSACT, TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_a_replacement_goes_on_tracking(lab, host, feed, hook):
    """--replace keeps connections and their history, says so, and loses nothing."""
    interface = "w0" if hook in (TC_EGRESS, TC_EGRESS_CLSACT) else "v0"
    with attached(lab, host, interface, hook, "--track") as attachment:
        feed.send(ipv6(SOURCE, DESTINATION, TCP, segment((50000, 443), 0, SYN), label=7))
        for number, option in enumerate([[], ["--stamp", "dry-run"], ["--stamp", "off"]], 1):
            assert "tracking" in attachment.attach("--replace", *option).stdout
            feed.send(ipv6(SOURCE, DESTINATION, TCP, segment((50000, 443), number, ACK, b"x"), label=7 + number))
        eventually(lambda: attachment.counters()["counted"] == 4)
        (row,) = connections(attachment)
        assert (row["packets"], row["labels"], row["changes"]) == (4, 4, {"changed": 3})
        assert len(rows(attachment)) == 4
        assert_conserved(attachment.document()["totals"])


def test_a_new_key_leaves_known_connections_alone(lab, host, feed, tmp_path):
    """A connection that is stamped keeps its label; a new connection gets that of the new key."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    old, new = key_file(tmp_path / "a"), key_file(tmp_path / "b", bytes(16))

    def send(port):
        feed.send(ipv6(SOURCE, DESTINATION, UDP, udp(SOURCE, DESTINATION, port, 53, b"x")))

    with attached(lab, host, "v0", XDP_NATIVE, "--track", "--stamp", "zero", "--key-file", old) as attachment:
        send(1)
        attachment.attach("--replace", "--key-file", new)
        send(1)
        send(2)
        eventually(lambda: attachment.counters()["counted"] == 3)
        (known,), (fresh,) = connections(attachment, sport=1), connections(attachment, sport=2)
        assert (known["packets"], known["labels"], known["changes"]) == (2, 1, {})
    with attached(lab, host, "v0", XDP_NATIVE, "--stamp", "zero", "--key-file", new) as attachment:
        send(1)
        send(2)
        eventually(lambda: attachment.counters()["counted"] == 2)
        labels = {row[2] for row in rows(attachment)}
        assert fresh["label"] in labels and known["label"] not in labels


@pytest.mark.parametrize("ending", ["idle", "active", "deleted"])
def test_collected_records_add_up(lab, host, feed, tmp_path, ending):
    """The records of a tracked attachment have every packet under the label with which it left, also if the interface
    is deleted and the table is read instead of swept."""
    Attachment(lab, host, "v0", XDP_NATIVE).attach("--track", "--flows", 64)
    limits = {"idle": ["--idle", "200ms"], "active": ["--active", "200ms"], "deleted": []}[ending]
    collector = Collector(lab, host, tmp_path / "records", *limits, "v0").reads()
    dice = random.Random(2)
    for _ in range(1000):
        feed.send(random_packet(dice))
    attachment = Attachment(lab, host, "v0", XDP_NATIVE)
    eventually(lambda: attachment.counters()["counted"] == 1000)
    if ending == "deleted":
        host.ip("link", "delete", "v0")
    else:
        eventually(lambda: attachment.document()["totals"]["live"]["packets"] == 0)
    if ending == "active":  # the connections go on, with what they had
        assert sum(row["packets"] for row in connections(attachment)) == 1000
    if ending == "deleted":
        lab.flowlabel(host, "detach", "--all").ok()
        eventually(lambda: sum(record["packets"] for record in read_records(tmp_path / "records")) == 1000)
    collector.stop().ok()
    counted = collections.Counter()
    for record in read_records(tmp_path / "records"):
        counted[record["label"]] += record["packets"]
    assert counted == feed.sent


# What Linux itself does with labels. All of it runs at the same time, on one port for each case.

CLIENT, SERVER = "2001:db8:5::1", "2001:db8:5::2"
PORTS = {case: 5001 + number for number, case in enumerate(
    ["plain", "syn_lost", "data_lost", "acks_lost", "linger", "unread", "closed", "zeroed", "udp"])}
ZEROING, CONNECTIONS = 20, 600


class Linux:
    """A client and a server, whose side is tracked: what the client sends, and what the server sends."""

    def __init__(self, lab):
        self.lab = lab
        self.client, self.server = lab.namespace("client"), lab.namespace("server")
        lab.veth(self.client, "eth0", self.server, "eth0")
        self.client.address("eth0", f"{CLIENT}/64")
        self.server.address("eth0", f"{SERVER}/64")
        self._one_receiving_cpu()
        self.received = Attachment(lab, self.server, "eth0", TC_INGRESS)
        self.sent = Attachment(lab, self.server, "eth0", TC_EGRESS)
        for attachment in (self.received, self.sent):
            attachment.attach("--track")
        self.server.run("nft", "add table ip6 lossy; add chain ip6 lossy input { type filter hook input priority 0; }")
        self.client.run("nft", "add table ip6 lossy; add chain ip6 lossy input { type filter hook input priority 0; }")
        self.client.run("nft", "add table netdev zero; add set netdev zero ports { type inet_service; }; "
                        "add chain netdev zero out { type filter hook egress device eth0 priority 0; }; "
                        "add rule netdev zero out tcp sport @ports tcp flags & syn == 0 ip6 flowlabel set 0")

    def _one_receiving_cpu(self):
        """Makes one CPU receive all packets of the server, and answer them. Each CPU knows only the sequence numbers
        that it has seen, and the client's timers may run on any CPU."""
        cpus = f"{1 << min(os.sched_getaffinity(0)):x}"
        lab_module.command("ip", "netns", "exec", self.server.name, "sh", "-c",
                           f"echo {cpus} > /sys/class/net/eth0/queues/rx-0/rps_cpus")

    def listen(self, case):
        """A listener on the port of CASE."""
        listener = self.server.socket(socket.AF_INET6, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((SERVER, PORTS[case]))
        listener.listen(CONNECTIONS)
        listener.settimeout(60)
        return listener

    def connect(self, case, port=0):
        """A connection from PORT to that of CASE."""
        made = self.client.socket(socket.AF_INET6, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.settimeout(60)
        if port:
            made.bind((CLIENT, port))
        made.connect((SERVER, PORTS[case]))
        return made

    @contextlib.contextmanager
    def lost(self, namespace, rule):
        """Until the block ends, NAMESPACE drops the packets of RULE, after the attachments have seen them."""
        namespace.run("nft", f"add rule ip6 lossy input {rule} drop")
        try:
            yield
        finally:
            namespace.run("nft", "flush chain ip6 lossy input")


@pytest.fixture(scope="module")
def both_hosts(requirements):
    """A client and a server for all the cases."""
    with lab_module.Lab() as lab:
        yield Linux(lab)


@pytest.fixture
def pinned():
    """The sockets are used on one CPU: that on which the server receives."""
    with one_cpu():
        yield


@pytest.fixture
def linux(both_hosts, pinned):
    """Both hosts."""
    return both_hosts


def exchange(linux, case, count):
    """COUNT connections of CASE that send some bytes each way and close."""
    with linux.listen(case) as listener:
        for _ in range(count):
            with linux.connect(case) as client, listener.accept()[0] as server:
                for here, there in ((client, server), (server, client)):
                    here.sendall(bytes(100))
                    here.shutdown(socket.SHUT_WR)
                    while there.recv(100):
                        pass


def test_connections_keep_their_label(linux):
    """Each direction has one label: with ordinary closes, in bulk with GSO and GRO, and after resets."""
    exchange(linux, "plain", 10)
    bulk = [traffic.tcp(*hosts, octets=5_000_000) for hosts in (
        (linux.client, linux.server, SERVER), (linux.server, linux.client, CLIENT))]
    with linux.listen("linger") as listener:
        client = linux.connect("linger")
        listener.accept()[0].close()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    with linux.listen("unread") as listener:
        client = linux.connect("unread")
        server, _ = listener.accept()
        client.sendall(b"x" * 1000)
        eventually(lambda: server.recv(1000, socket.MSG_PEEK))
        server.close()
        client.close()
    for _ in range(2):
        with pytest.raises(ConnectionRefusedError):
            linux.connect("closed", 40001)
    for sent in bulk:
        ports = sent.source_port, sent.destination_port
        for one, (sport, dport) in ((linux.received, ports), (linux.sent, ports[::-1]), (linux.received, ports[::-1]),
                                    (linux.sent, ports)):
            for row in connections(one, sport=sport, dport=dport):
                assert (row["labels"], row["changes"]) == (1, {})
    for case in ("plain", "linger", "unread"):
        eventually(lambda: connections(linux.received, dport=PORTS[case]))
        assert changes(linux.received, dport=PORTS[case]) == {}
        assert changes(linux.sent, sport=PORTS[case]) == {}
        assert {row["labels"] for row in connections(linux.received, dport=PORTS[case])} == {1}
    (refusals,) = connections(linux.sent, sport=PORTS["closed"])
    assert (refusals["packets"], refusals["labels"]) == (2, 1)
    (syns,) = connections(linux.received, dport=PORTS["closed"])  # a new connection on the same ports
    assert (syns["packets"], syns["labels"], syns["changes"]) == (2, 2, {})


def test_rehashes_are_those_that_the_kernel_counts(linux):
    """Lost SYNs, lost data and lost ACKs: each label that Linux changes for them has its class, and there are as many
    as in TcpTimeoutRehash and TcpDuplicateDataRehash."""
    before = {side: side.tcp_counters() for side in (linux.client, linux.server)}

    def new(side, name):
        return side.tcp_counters()[name] - before[side][name]

    with linux.listen("syn_lost") as listener, linux.lost(linux.server, f"tcp dport {PORTS['syn_lost']}"):
        opening = threading.Thread(target=lambda: linux.connect("syn_lost").close())
        opening.start()
        eventually(lambda: changes(linux.received, dport=PORTS["syn_lost"]).get("syn-rehash", 0) >= 1)
        linux.server.run("nft", "flush chain ip6 lossy input")
        listener.accept()[0].close()
        opening.join()
    with linux.listen("data_lost") as listener, linux.connect("data_lost") as client, listener.accept()[0] as server:
        with linux.lost(linux.server, f"tcp dport {PORTS['data_lost']}"):
            client.sendall(b"x" * 100)
            eventually(lambda: changes(linux.received, dport=PORTS["data_lost"]).get("rto-rehash", 0) >= 2)
        assert server.recv(100) == b"x" * 100
    with linux.listen("acks_lost") as listener, linux.connect("acks_lost") as client, listener.accept()[0] as server:
        with linux.lost(linux.client, f"tcp sport {PORTS['acks_lost']}"):
            client.sendall(b"x" * 100)
            assert server.recv(100) == b"x" * 100
            eventually(lambda: changes(linux.sent, sport=PORTS["acks_lost"]).get("ack-change", 0) >= 1)
    cases = ("syn_lost", "data_lost", "acks_lost")

    def counted(attachment, direction, *classes):
        return sum(changes(attachment, **{direction: PORTS[case]}).get(one, 0) for case in cases for one in classes)

    eventually(lambda: counted(linux.received, "dport", "syn-rehash", "rto-rehash") ==
               new(linux.client, "TcpTimeoutRehash"))
    eventually(lambda: counted(linux.sent, "sport", "ack-change") == new(linux.server, "TcpDuplicateDataRehash"))
    watched = linux.lab.flowlabel(linux.server, "watch", "eth0", "--for", "100ms", "--level", "notice", "--jsonl")
    joined = collections.Counter()
    for finding in schema.lines(watched.ok().stdout.splitlines(), "watch_finding"):
        if {finding["sport"], finding["dport"]} & {PORTS[case] for case in cases}:
            joined[finding["class"]] += finding["changes"]
    assert joined == {"syn-rehash": counted(linux.received, "dport", "syn-rehash"),
                      "rto-rehash": counted(linux.received, "dport", "rto-rehash"),
                      "receiver-rehash": counted(linux.sent, "sport", "ack-change")}
    for case, classes in (("syn_lost", {"syn-rehash"}), ("data_lost", {"rto-rehash"}), ("acks_lost", {"rto-rehash"})):
        assert set(changes(linux.received, dport=PORTS[case])) == classes


def test_a_host_that_zeroes_after_the_syn(linux):
    """Of 600 connections exactly those that lose their label after the SYN are named."""
    ports = range(42000, 42000 + CONNECTIONS)  # of their own: the kernel may use a port again after a second
    zeroing = ports[:ZEROING]
    linux.client.run("nft", "add element netdev zero ports { %s }" % ", ".join(map(str, zeroing)))
    with linux.listen("zeroed") as listener:
        for port in ports:
            with linux.connect("zeroed", port) as client:
                server, _ = listener.accept()
                client.sendall(b"x")
                server.close()
    eventually(lambda: len(connections(linux.received, dport=PORTS["zeroed"])) == CONNECTIONS)
    rows_of = connections(linux.received, dport=PORTS["zeroed"])
    assert {row["sport"] for row in rows_of if row["changes"]} == set(zeroing)
    assert changes(linux.received, dport=PORTS["zeroed"]) == {"syn-then-zero": ZEROING}


def test_udp_sockets(linux):
    """A connected socket has a label of its own: a new one on the same ports changes it, after a pause or at once. A
    socket that is not connected has a label of its ports."""

    def send(connected, port):
        with linux.client.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
            sender.bind((CLIENT, port))
            if connected:
                sender.connect((SERVER, PORTS["udp"]))
                sender.send(b"x")
            else:
                sender.sendto(b"x", (SERVER, PORTS["udp"]))

    with linux.server.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receiver:
        receiver.bind((SERVER, PORTS["udp"]))
        for port, connected in ((43001, True), (43002, False)):
            send(connected, port)
            send(connected, port)
        eventually(lambda: len(connections(linux.received, dport=PORTS["udp"])) == 2)
        assert changes(linux.received, sport=43001) in ({"changed": 1}, {"udp-new-socket": 1})
        assert changes(linux.received, sport=43002) == {}


@pytest.mark.usefixtures("pinned")
def test_syn_cookies(lab):
    """A server that answers with cookies forgets the label of its SYN-ACK."""
    made = Linux(lab)
    made.server.sysctl("net.ipv4.tcp_syncookies", 2)
    exchange(made, "plain", 5)
    eventually(lambda: len(connections(made.sent, sport=PORTS["plain"])) == 5)
    assert changes(made.sent, sport=PORTS["plain"]) == {"synack-cookie": 5}
    assert changes(made.received, dport=PORTS["plain"]) == {}


@pytest.mark.usefixtures("pinned")
@pytest.mark.parametrize("setting, value", [("net.ipv6.flowlabel_reflect", 3),
                                            ("net.ipv6.flowlabel_state_ranges", 1)])
def test_settings_of_the_kernel_change_no_label(lab, setting, value):
    """Reflected labels and restricted ranges stay the same for as long as a connection lives."""
    made = Linux(lab)
    made.server.sysctl(setting, value)
    exchange(made, "plain", 5)
    eventually(lambda: len(connections(made.sent, sport=PORTS["plain"])) == 5)
    assert changes(made.sent, sport=PORTS["plain"]) == changes(made.received, dport=PORTS["plain"]) == {}
