# SPDX-License-Identifier: BSD-2-Clause
"""An MTU of 9,000: the driver passes each frame to XDP in several buffers."""

import pytest

from capture import Capture, count_flows
from flows import ALL_HOOKS, KEY, attached
from label import label_of
from topology import CLIENT, SERVER, Topology
from traffic import UdpReceiver, UdpSender, no_new_errors, tcp

MTU = 9000


@pytest.fixture(scope="module")
def jumbo(lab):
    """client - router - server with jumbo frames."""
    made = Topology(lab)
    for host, interface in ((made.client, "eth0"), (made.router, "lan"), (made.router, "wan"), (made.server, "eth0")):
        host.ip("link", "set", "dev", interface, "mtu", MTU)
    made.segment_everywhere()
    return made


@pytest.mark.parametrize("hook", ALL_HOOKS, ids=str)
def test_large_frames_are_counted_and_labelled(jumbo, key_file, hook):
    """R6437-3-9, R6436-11, DEC-8: TCP with segments of 8,928 bytes, and a datagram that fills a frame, are counted and
    labelled."""
    interface = "wan" if hook.hook == "tc-egress" else "lan"
    with attached(jumbo.lab, jumbo.router, interface, hook, "--stamp", "zero", "--key-file", key_file) as attachment, \
            Capture(jumbo.server, "eth0") as received, no_new_errors(jumbo.server):
        connection = tcp(jumbo.client, jumbo.server, SERVER, 1_000_000)
        with UdpReceiver(jumbo.server, SERVER) as receiver, UdpSender(jumbo.client, CLIENT) as sender:
            sender.send(SERVER, receiver.port, bytes(MTU - 48))
            receiver.receive(1)
            transport = sender.transport_to(receiver.port)
        packets = received.quiet().of(CLIENT, SERVER)
        flows = attachment.flows("--src", CLIENT, "--dst", SERVER)
    assert max(packet.wire_octets for packet in packets) == MTU
    assert flows == count_flows(packets)
    assert {label for _, _, label in flows} == {label_of(KEY, CLIENT, SERVER, connection.transport),
                                                label_of(KEY, CLIENT, SERVER, transport)}
    assert all(packet.checksum_is_valid() for packet in packets)
