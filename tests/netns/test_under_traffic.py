# SPDX-License-Identifier: BSD-2-Clause
"""Attach, replace and detach while traffic flows: no packet is lost and no connection breaks."""

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
    """client - router - server, the client with a second address for its TCP connections.

    GRO is on where native XDP comes and goes. Without it the end of native XDP ends NAPI as well, and the kernel frees a
    packet that reaches the veth in that moment (veth_napi_del_range() in drivers/net/veth.c; docs/limits.md)."""
    topology.router.ethtool("lan", gro="on")
    topology.client.address("eth0", BULK_CLIENT + "/64")
    mac = ":".join(f"{octet:02x}" for octet in topology.client.mac("eth0"))
    topology.router.ip("neighbour", "replace", BULK_CLIENT, "lladdr", mac, "dev", "lan", "nud", "permanent")
    return topology


@pytest.fixture(params=ALL_HOOKS, ids=str)
def attachment(network, request):
    """A place to attach to. Where clsact is used the qdisc is there before and after: the kernel itself stops a device
    and drops what leaves it while such a qdisc is made or removed (dev_deactivate() in qdisc_graft())."""
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
    """A flood of UDP and a TCP connection through the block. At its end every datagram has arrived, and every octet in
    its place."""
    with Sink(network.server, "eth0") as sink, no_new_errors(network.server):
        transfer = TcpTransfer(network.client, network.server, SERVER, octets=None, source=BULK_CLIENT)
        with Flood(network.client, CLIENT, SERVER) as flood:
            time.sleep(0.1)
            yield flood
            time.sleep(0.1)
        transfer.finish()
        assert flood.sent > 5000, "traffic flowed"
        eventually(lambda: sink.arrived() == flood.sent)


def test_replace_loses_nothing(network, attachment, key_file):
    """R6436-6: programs are exchanged under traffic; no packet is lost, and none goes uncounted."""
    attachment.attach("--flows", 1024)
    with traffic(network) as flood:
        for round_number in range(ROUNDS):
            stamp = ["zero", "--key-file", key_file] if round_number % 2 == 0 else ["off"]
            attachment.attach("--replace", "--stamp", *stamp)
    flows = attachment.flows("--src", CLIENT, "--dst", SERVER)
    totals = attachment.document()["totals"]
    assert sum(packets for packets, _ in flows.values()) == flood.sent
    assert len(flows) == 2, "with the label and without"
    assert_conserved(totals)


def test_attach_and_detach_lose_nothing(network, attachment):
    """R6436-6: programs come and go under traffic."""
    with traffic(network):
        for _ in range(ROUNDS):
            attachment.attach("--flows", 1024)
            attachment.detach()


def test_replace_keeps_the_key(network, attachment):
    """R6437-3-2: a replacement without a key file keeps the random key, so that flows keep their labels."""
    attachment.attach("--flows", 1024, "--stamp", "zero")
    with traffic(network):
        for _ in range(3):
            attachment.attach("--replace", "--stamp", "zero")
    assert len(attachment.flows("--src", CLIENT, "--dst", SERVER)) == 1


def test_observers_beside_a_stamper(network, key_file):
    """R6436-6: of three attachments on a router's way two come and go, and what the other has stamped stays stamped."""
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
    """Native XDP gives way to generic XDP and back; the connection goes on."""
    with traffic(network):
        for hook in (XDP_NATIVE, XDP_GENERIC) * (ROUNDS // 2):
            with attached(network.lab, network.router, "lan", hook):
                time.sleep(0.02)
