# SPDX-License-Identifier: BSD-2-Clause
"""Counts compared with independent ones: nftables, a packet capture, and the identity counted = live + spilled +
lost."""

import random
import socket
import struct

import pytest

from capture import Capture, count_flows
from flows import ALL_HOOKS, INGRESS_HOOKS, TC_EGRESS, TC_INGRESS, XDP_GENERIC, XDP_NATIVE, Attachment
from flows import assert_conserved, attached
from frames import ethernet, ipv6, udp
from nft import FlowCounters
from topology import CLIENT, CLIENT4, ROUTER_LAN4, SERVER, SERVER4
from traffic import UdpReceiver, UdpSender, ping, tcp

MANY_LABELS = [0, 1, 0x80000, 0xFFFFF, *random.Random(6437).sample(range(2, 0xFFFFF), 256)]
ROOM_FOR_ALL = ["--flows", 16384]  # no set of slots overflows
BOTH_WAYS = {(CLIENT, SERVER), (SERVER, CLIENT)}


def traffic_of_many_flows(topology):
    """Sends TCP, UDP and ping, labelled and unlabelled, unfragmented and fragmented."""
    tcp(topology.client, topology.server, SERVER, 300_000)
    tcp(topology.client, topology.server, SERVER, 30_000, label=0x00001)
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        for label in MANY_LABELS:
            sender.send(SERVER, receiver.port, bytes(label % 100), label=label)
        sender.send(SERVER, receiver.port, bytes(6000))
    ping(topology.client, SERVER, count=4, size=1000)
    ping(topology.client, SERVER, count=2, size=4000)


def between_the_hosts(flows):
    """The FLOWS between client and server, without packets that the kernels send on their own."""
    return {flow: count for flow, count in flows.items() if flow[:2] in BOTH_WAYS}


@pytest.mark.parametrize("stamp", ["off", "zero"])
@pytest.mark.parametrize("hook", INGRESS_HOOKS, ids=str)
def test_counts_equal_those_of_nftables(topology, key_file, hook, stamp):
    """R6437-2-2, R6437-2-3, DEC-8: for each flow, packets and bytes equal those of nftables after flowlabel on the same
    interface."""
    options = ["--stamp", "zero", "--key-file", key_file] if stamp == "zero" else ["--stamp", "off"]
    with attached(topology.lab, topology.router, "lan", hook, *ROOM_FOR_ALL, *options) as attachment, \
            FlowCounters(topology.router, "lan") as second_opinion:
        traffic_of_many_flows(topology)
        expected = between_the_hosts(second_opinion.flows())
        assert len(expected) > 250
        assert between_the_hosts(attachment.flows()) == expected


@pytest.mark.parametrize("hook", [hook for hook in ALL_HOOKS if hook.hook == "tc-egress"], ids=str)
def test_egress_counts_equal_those_of_nftables(topology, hook):
    """R6437-2-3, DEC-8: the same holds for packets that leave."""
    with attached(topology.lab, topology.router, "wan", hook, *ROOM_FOR_ALL) as attachment, \
            FlowCounters(topology.router, "wan", hook="egress") as second_opinion:
        traffic_of_many_flows(topology)
        expected = between_the_hosts(second_opinion.flows())
        assert len(expected) > 250
        assert between_the_hosts(attachment.flows()) == expected


def test_all_hooks_at_once(topology):
    """Two attachments on one interface, and others next to them: each counts independently what the server receives."""
    places = [("lan", XDP_NATIVE), ("lan", TC_INGRESS), ("wan", TC_EGRESS)]
    attachments = [Attachment(topology.lab, topology.router, *place) for place in places]
    with Capture(topology.server, "eth0") as received:
        for attachment in attachments:
            attachment.attach("--flows", 1024)
        try:
            tcp(topology.client, topology.server, SERVER, 100_000)
            ping(topology.client, SERVER)
            expected = count_flows(received.quiet().of(CLIENT, SERVER))
            for attachment in attachments:
                assert attachment.flows("--src", CLIENT, "--dst", SERVER) == expected
            document = topology.lab.flowlabel(topology.router, "status", "--json").json()
            assert [(entry["source"]["interface"], entry["source"]["hook"]) for entry in document["attachments"]] == \
                [("lan", "xdp"), ("lan", "tc-ingress"), ("wan", "tc-egress")]
            topology.lab.flowlabel(topology.router, "flows", "lan", "--json").expect(2)
        finally:
            topology.lab.flowlabel(topology.router, "detach", "--all").ok()
    assert topology.lab.flowlabel(topology.router, "status", "--json").json()["attachments"] == []


def test_both_directions_on_two_interfaces(topology):
    """On two interfaces, each attachment counts its own direction, including the labels that the server's stack sends
    back."""
    with attached(topology.lab, topology.router, "lan", XDP_NATIVE) as lan, \
            attached(topology.lab, topology.router, "wan", XDP_GENERIC) as wan, \
            Capture(topology.server, "eth0") as at_server, Capture(topology.client, "eth0") as at_client:
        tcp(topology.client, topology.server, SERVER, 50_000)
        assert lan.flows("--src", CLIENT, "--dst", SERVER) == count_flows(at_server.quiet().of(CLIENT, SERVER))
        assert wan.flows("--src", SERVER, "--dst", CLIENT) == count_flows(at_client.quiet().of(SERVER, CLIENT))


@pytest.mark.parametrize("hook", INGRESS_HOOKS, ids=str)
def test_what_is_not_ipv6_is_counted_as_such(topology, hook):
    """IPv4 and ARP pass, and are counted only under their reason."""
    topology.client.run("ping", "-4", "-n", "-q", "-c", "1", SERVER4)
    with attached(topology.lab, topology.router, "lan", hook) as attachment:
        topology.client.run("ping", "-4", "-n", "-q", "-c", "3", "-i", "0.01", SERVER4)
        topology.client.ip("neighbour", "flush", "dev", "eth0", "to", ROUTER_LAN4)
        topology.client.run("ping", "-4", "-n", "-q", "-c", "1", SERVER4)
        counters = attachment.counters()
        flows = between_the_hosts(attachment.flows())
    assert counters["not_ipv6"] >= 5, f"4 echo requests and an ARP request from {CLIENT4}"
    assert counters["seen"] == counters["not_ipv6"] + counters["counted"]
    assert flows == {}


@pytest.mark.parametrize("hook", INGRESS_HOOKS, ids=str)
def test_octets_are_those_of_the_packet(topology, hook):
    """DEC-8: Ethernet padding does not count; a payload length beyond the frame does not add bytes; payload length 0
    counts the bytes that are there."""
    addresses = topology.router.mac("lan"), topology.client.mac("eth0")
    payload = udp(CLIENT, SERVER, 1000, 9, b"x")
    good = ipv6(CLIENT, SERVER, 17, payload, label=0x111)
    too_long = bytearray(ipv6(CLIENT, SERVER, 17, payload, label=0x222))
    struct.pack_into("!H", too_long, 4, 9999)
    no_length = bytearray(ipv6(CLIENT, SERVER, 17, payload, label=0x333))
    struct.pack_into("!H", no_length, 4, 0)
    wire = topology.client.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.bind(("eth0", 0))
    with wire, attached(topology.lab, topology.router, "lan", hook) as attachment:
        for packet in (good + bytes(30), bytes(too_long), bytes(no_length)):
            wire.send(ethernet(*addresses, 0x86DD, packet))
        assert between_the_hosts(attachment.flows()) == {
            (CLIENT, SERVER, 0x111): (1, 49), (CLIENT, SERVER, 0x222): (1, 49), (CLIENT, SERVER, 0x333): (1, 49)}


@pytest.mark.parametrize("hook", ALL_HOOKS, ids=str)
def test_nothing_is_evicted_silently(topology, hook):
    """The identity holds: with far more flows than slots, every packet is live, spilled or lost."""
    interface = "wan" if hook.hook == "tc-egress" else "lan"
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender, \
            attached(topology.lab, topology.router, interface, hook, "--flows", 64) as attachment:
        for label in range(3000):
            sender.send(SERVER, receiver.port, b"0123456789", label=label)
        totals = attachment.document()["totals"]
        counters = attachment.counters()
        ring = attachment.status()["ring"]
    assert_conserved(totals)
    assert totals["counted"]["packets"] >= 3000
    assert totals["spilled"]["packets"] >= 3000 - 2 * 64
    assert totals["lost"]["packets"] == 0
    assert counters["spilled_flows"] * 64 == ring["used"] <= ring["bytes"]
