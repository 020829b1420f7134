# SPDX-License-Identifier: BSD-2-Clause
"""Attach, replace and detach under traffic lose no packet and break no connection."""

import contextlib
import time

import pytest

from capture import Capture
from flood import Flood, Sink
from flows import ALL_HOOKS, KEY, TC_EGRESS, TC_INGRESS, XDP_GENERIC, XDP_NATIVE, Attachment, assert_conserved, attached
from kernel import eventually
from label import label_of
from topology import CLIENT, SERVER
from traffic import TcpTransfer, no_new_errors

BULK_CLIENT = "2001:db8:1::3"
ROUNDS = 8


@pytest.fixture(scope="module")
def network(topology):
    """client - router - server. The client has a second address for its TCP connections.

    GRO is on where native XDP is attached and detached. Without GRO, the end of native XDP ends NAPI as well, and the
    kernel frees a packet that reaches the veth at that moment (veth_napi_del_range() in drivers/net/veth.c;
    docs/limits.md).
    """
    topology.router.ethtool("lan", gro="on")
    topology.client.address("eth0", BULK_CLIENT + "/64")
    mac = ":".join(f"{octet:02x}" for octet in topology.client.mac("eth0"))
    topology.router.ip("neighbour", "replace", BULK_CLIENT, "lladdr", mac, "dev", "lan", "nud", "permanent")
    return topology


@pytest.fixture(params=ALL_HOOKS, ids=str)
def attachment(network, request):
    """Each hook to attach to. With clsact the qdisc exists before and after the test: while it is created or removed,
    the kernel deactivates the device and drops what leaves it (dev_deactivate() in qdisc_graft())."""
    interface = "wan" if request.param.hook == "tc-egress" else "lan"
    clsact = request.param.mode == "clsact"
    if clsact:
        network.router.run("tc", "qdisc", "add", "dev", interface, "clsact")
    yield Attachment(network.lab, network.router, interface, request.param)
    network.lab.flowlabel(network.router, "detach", "--all").ok()
    if clsact:
        network.router.run("tc", "qdisc", "delete", "dev", interface, "clsact")


@contextlib.contextmanager
def traffic(network):
    """A flood of UDP and a TCP connection during the block. At its end, asserts that every datagram and every byte of
    the connection has arrived."""
    with Sink(network.server, "eth0") as sink, no_new_errors(network.server):
        transfer = TcpTransfer(network.client, network.server, SERVER, octets=None, source=BULK_CLIENT)
        with Flood(network.client, CLIENT, SERVER) as flood:
            time.sleep(0.1)
            yield flood
            time.sleep(0.1)
        transfer.finish()
        assert flood.sent > 5000, "the test needs traffic"
        eventually(lambda: sink.arrived() == flood.sent)


def test_replace_loses_nothing(network, attachment, key_file):
    """R6436-6: replace exchanges the program under traffic: no packet is lost or uncounted."""
    attachment.attach("--flows", 1024)
    with traffic(network) as flood:
        for round_number in range(ROUNDS):
            stamp = ["zero", "--key-file", key_file] if round_number % 2 == 0 else ["off"]
            attachment.attach("--replace", "--stamp", *stamp)
    flows = attachment.flows("--src", CLIENT, "--dst", SERVER)
    totals = attachment.document()["totals"]
    assert sum(packets for packets, _ in flows.values()) == flood.sent
    assert len(flows) == 2, "one flow with the label and one without"
    assert_conserved(totals)


def test_attach_and_detach_lose_nothing(network, attachment):
    """R6436-6: attach and detach under traffic lose no packet."""
    with traffic(network):
        for _ in range(ROUNDS):
            attachment.attach("--flows", 1024)
            attachment.detach()


def test_replace_keeps_the_key(network, attachment):
    """R6437-3-2: replace without a key file keeps the random key, so that flows keep their labels."""
    attachment.attach("--flows", 1024, "--stamp", "zero")
    with traffic(network):
        for _ in range(3):
            attachment.attach("--replace", "--stamp", "zero")
    assert len(attachment.flows("--src", CLIENT, "--dst", SERVER)) == 1


def test_observers_beside_a_stamper(network, key_file):
    """R6436-6: attaching and detaching two observers does not change the labels that a third attachment stamps."""
    with attached(network.lab, network.router, "lan", XDP_NATIVE, "--stamp", "zero", "--key-file", key_file), \
            Capture(network.server, "eth0") as received:
        with traffic(network):
            for _ in range(ROUNDS // 2):
                with attached(network.lab, network.router, "lan", TC_INGRESS), \
                        attached(network.lab, network.router, "wan", TC_EGRESS):
                    time.sleep(0.02)
        packets = received.quiet().of(BULK_CLIENT, SERVER)
    assert {packet.label for packet in packets} == {label_of(KEY, BULK_CLIENT, SERVER, packets[0].transport)}


def test_a_change_of_mode_under_traffic(network):
    """The connection survives a change from native XDP to generic XDP and back."""
    with traffic(network):
        for hook in (XDP_NATIVE, XDP_GENERIC) * (ROUNDS // 2):
            with attached(network.lab, network.router, "lan", hook):
                time.sleep(0.02)
