# SPDX-License-Identifier: BSD-2-Clause
"""Real traffic through an ingress router that stamps, as the server receives it."""

import pytest

from capture import Capture
from flows import ALL_HOOKS, KEY, XDP_NATIVE, attached
from label import label_of
from nft import FlowCounters
from topology import CLIENT, SERVER
from traffic import UdpReceiver, UdpSender, no_new_errors, ping, tcp

LABEL_OF_THE_HOST = 0x5A5A5


def router_side(hook):
    """The router's interface at which HOOK sees the packets from the client to the server."""
    return "wan" if hook.hook == "tc-egress" else "lan"


@pytest.fixture(params=ALL_HOOKS, ids=str)
def hook(request):
    """Every hook, with every way to attach to it."""
    return request.param


@pytest.fixture
def stamping(topology, hook, key_file):
    """A router that stamps."""
    with attached(topology.lab, topology.router, router_side(hook), hook, "--stamp", "zero",
                  "--key-file", key_file) as attachment:
        yield attachment


@pytest.fixture
def received(topology):
    """A capture of what the server's interface receives."""
    with Capture(topology.server, "eth0") as capture:
        yield capture


def test_tcp_gets_the_label_of_its_connection(topology, stamping, received):
    """R6437-3-2, R6437-3-9, R6437-3-11, R6436-11, R8200-8.1-1: all packets of a connection have the label of the
    formula, the data arrives, and every checksum is right."""
    with no_new_errors(topology.server):
        connection = tcp(topology.client, topology.server, SERVER, 500_000)
    packets = received.quiet().of(CLIENT, SERVER)
    assert {packet.label for packet in packets} == {label_of(KEY, CLIENT, SERVER, connection.transport)}
    assert all(packet.checksum_is_valid() for packet in packets)
    assert stamping.counters()["stamped"] == len(packets)


def test_connections_differ(topology, stamping, received):
    """R6437-3-1: each connection is a flow of its own."""
    connections = [tcp(topology.client, topology.server, SERVER, 100) for _ in range(8)]
    expected = {label_of(KEY, CLIENT, SERVER, connection.transport) for connection in connections}
    assert len(expected) == 8
    assert received.quiet().labels(CLIENT, SERVER) == expected


def test_udp_gets_the_label_of_its_ports(topology, stamping):
    """R6437-3-9, R6437-3-11, R6436-11: the application reads the label of the formula from its control messages."""
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        with no_new_errors(topology.server):
            sender.send(SERVER, receiver.port, b"hello", times=20)
            datagrams = receiver.receive(20)
        expected = label_of(KEY, CLIENT, SERVER, sender.transport_to(receiver.port))
    assert {datagram.label for datagram in datagrams} == {expected}
    assert {datagram.payload for datagram in datagrams} == {b"hello"}


def test_ping_gets_the_label_of_its_addresses(topology, stamping, received):
    """R6437-3-12, DEC-2, R6436-11: a packet without ports gets the label of source and destination, and the echo
    request is answered."""
    with no_new_errors(topology.server):
        ping(topology.client, SERVER, count=5)
    packets = received.quiet().of(CLIENT, SERVER)
    assert [packet.label for packet in packets] == [label_of(KEY, CLIENT, SERVER)] * 5
    assert all(packet.checksum_is_valid() for packet in packets)


def test_all_fragments_get_one_label(topology, stamping, received):
    """R6437-3-12, DEC-1: the first fragment gets the label of the addresses, like the others, and the server
    reassembles the packet."""
    payload = bytes(range(256)) * 20
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        with no_new_errors(topology.server):
            sender.send(SERVER, receiver.port, payload)
            (datagram,) = receiver.receive(1)
    assert datagram.payload == payload
    assert [packet.label for packet in received.quiet().of(CLIENT, SERVER)] == [label_of(KEY, CLIENT, SERVER)] * 4
    assert stamping.counters()["fragments"] == 4


def test_a_label_of_the_host_stays(topology, stamping, received):
    """R6437-2-4, R6437-2-5, R6437-3-9: only label 0 is replaced."""
    before = stamping.counters()
    tcp(topology.client, topology.server, SERVER, 50_000, label=LABEL_OF_THE_HOST)
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        sender.send(SERVER, receiver.port, b"labelled", label=LABEL_OF_THE_HOST)
        receiver.receive(1)
    packets = received.quiet().of(CLIENT, SERVER)
    counters = stamping.counters()
    assert {packet.label for packet in packets} == {LABEL_OF_THE_HOST}
    assert counters["stamped"] == before["stamped"]
    assert counters["labelled"] - before["labelled"] == len(packets)


def test_flows_are_counted_under_the_label_that_leaves(topology, stamping, received):
    """R6437-2-3, R6437-3-9: for each flow the table holds what the server received, and shows which flows were
    stamped."""
    tcp(topology.client, topology.server, SERVER, 200_000)
    tcp(topology.client, topology.server, SERVER, 1_000, label=LABEL_OF_THE_HOST)
    ping(topology.client, SERVER)
    packets = received.quiet().of(CLIENT, SERVER)
    document = stamping.document("--src", CLIENT, "--dst", SERVER)
    flows = {flow["label"]: flow for flow in document["flows"]}
    assert set(flows) == {packet.label for packet in packets}
    for label, flow in flows.items():
        mine = [packet for packet in packets if packet.label == label]
        assert (flow["packets"], flow["bytes"]) == (len(mine), sum(packet.wire_octets for packet in mine))
        assert flow["stamped"] == (label != LABEL_OF_THE_HOST)


def test_dry_run_changes_nothing(topology, hook, key_file, received):
    """In a dry run packets keep label 0, and a flow is counted under the label that stamping would give it."""
    with attached(topology.lab, topology.router, router_side(hook), hook, "--stamp", "dry-run",
                  "--key-file", key_file) as attachment:
        connection = tcp(topology.client, topology.server, SERVER, 20_000)
        packets = received.quiet().of(CLIENT, SERVER)
        counters = attachment.counters()
        (flow,) = attachment.document("--src", CLIENT, "--dst", SERVER)["flows"]
    assert {packet.label for packet in packets} == {0}
    assert flow["label"] == label_of(KEY, CLIENT, SERVER, connection.transport)
    assert flow["stamped"]
    assert flow["packets"] == len(packets)
    assert counters["would_stamp"] == len(packets)
    assert counters["stamped"] == 0


def test_observing_is_the_default(topology, hook, received):
    """R6437-3-14: without --stamp no packet changes, and the status says so."""
    with attached(topology.lab, topology.router, router_side(hook), hook) as attachment:
        tcp(topology.client, topology.server, SERVER, 20_000)
        packets = received.quiet().of(CLIENT, SERVER)
        assert attachment.status()["stamp"] == "off"
        assert attachment.status()["mode"] == hook.mode
        assert attachment.flows("--src", CLIENT, "--dst", SERVER) == {
            (CLIENT, SERVER, 0): (len(packets), sum(packet.wire_octets for packet in packets))}
        assert attachment.counters()["stamped"] == 0
    assert {packet.label for packet in packets} == {0}


@pytest.mark.parametrize("host_label", [0, LABEL_OF_THE_HOST], ids=["unlabelled-host", "labelled-host"])
@pytest.mark.parametrize("stamp", ["off", "zero"])
def test_matrix_of_hosts_and_ingress_routers(topology, key_file, received, host_label, stamp):
    """R6436-10: host {0, labelled} x ingress {off, on}: the label that arrives in each of the four cases."""
    options = ["--key-file", key_file] if stamp == "zero" else []
    with attached(topology.lab, topology.router, "lan", XDP_NATIVE, "--stamp", stamp, *options):
        connection = tcp(topology.client, topology.server, SERVER, 10_000, label=host_label)
        labels = received.quiet().labels(CLIENT, SERVER)
    by_router = label_of(KEY, CLIENT, SERVER, connection.transport)
    assert labels == {host_label or (by_router if stamp == "zero" else 0)}


def test_the_faster_function(topology, key_file, received):
    """R6437-6-3: SipHash-1-3 on request, with the same key and the same flow id."""
    with attached(topology.lab, topology.router, "lan", XDP_NATIVE, "--stamp", "zero", "--key-file", key_file,
                  "--prf", "siphash-1-3") as attachment:
        connection = tcp(topology.client, topology.server, SERVER, 1_000)
        assert attachment.status()["prf"] == "siphash-1-3"
    assert received.quiet().labels(CLIENT, SERVER) == {
        label_of(KEY, CLIENT, SERVER, connection.transport, prf="siphash-1-3")}


def test_two_routers_with_one_key_agree(topology, key_file, received):
    """R6437-1-4, R6437-3-2: the label is a function of key and packet: a second attachment computes the same label."""
    seen = []
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        for hook in ALL_HOOKS:
            with attached(topology.lab, topology.router, router_side(hook), hook, "--stamp", "zero",
                          "--key-file", key_file):
                sender.send(SERVER, receiver.port, b"again")
                seen += [datagram.label for datagram in receiver.receive(1)]
    assert len(set(seen)) == 1 and 0 not in seen


def test_without_a_key_file_labels_are_secret(topology, received):
    """R6437-6-3: each attachment generates its own random key, so that one flow gets different labels from different
    attachments."""
    seen = []
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        for _ in range(4):
            with attached(topology.lab, topology.router, "lan", XDP_NATIVE, "--stamp", "zero"):
                sender.send(SERVER, receiver.port, b"again")
                seen += [datagram.label for datagram in receiver.receive(1)]
    assert len(set(seen)) > 1 and 0 not in seen


def test_control_traffic_is_left_alone(topology, stamping):
    """DEC-5: link-local packets keep label 0, after tc ingress, too, and are counted as out of scope."""
    egress = stamping.hook.hook == "tc-egress"
    sender, interface = (topology.router, "wan") if egress else (topology.client, "eth0")
    before = stamping.counters()
    with FlowCounters(*((topology.server, "eth0") if egress else (topology.router, "lan"))) as behind:
        sender.run("ping", "-6", "-n", "-q", "-c", "2", "-i", "0.01", f"ff02::1%{interface}")
        arrived = {label for _, destination, label in behind.flows() if destination == "ff02::1"}
    counters = stamping.counters()
    assert arrived == {0}
    assert counters["stamped"] == before["stamped"]
    assert counters["skip_scope"] - before["skip_scope"] >= 2
