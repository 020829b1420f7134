# SPDX-License-Identifier: BSD-2-Clause
"""Super-packets (GSO) are counted as the packets and bytes on the wire, and every segment is labelled."""

import collections
import contextlib
import functools
import pathlib
import shutil

import pytest

import topology as topology_module
from capture import Capture, OutgoingCapture, count_flows
from flows import KEY, TC_EGRESS, TC_EGRESS_CLSACT, TC_INGRESS, TC_INGRESS_CLSACT, XDP_GENERIC, XDP_NATIVE, attached
from frames import IPV4, TCP, UDP, ethernet, ipv4_super_packet, super_packet
from lab import command, kernel_version
from label import label_of
from nft import FlowCounters
from topology import CLIENT, ROUTER_LAN, SERVER
from traffic import UdpReceiver, UdpSender, no_new_errors, tcp
from tun import Tun

BEHIND_TUN = "2001:db8:3::2"
INSIDE_CLIENT, INSIDE_ROUTER = "2001:db8:4::2", "2001:db8:4::1"
TUNNEL_PORT = "5555"  # a configured port and not the default one, as is common
OUTER_LABEL = 0x3ABCD


@pytest.fixture(scope="module")
def topology(lab):
    """client - router - server. The client's stack makes super-packets, and the server receives segments."""
    made = topology_module.Topology(lab)
    made.router.ethtool("wan", tx="off", tso="off", gso="off", gro="off")
    made.server.ethtool("eth0", gro="off")
    return made


@pytest.fixture
def segmenting_client(topology):
    """The client's super-packets are segmented after tc egress and before its device: the peer receives segments."""
    offloads = {"tso": "off", "tx-udp-segmentation": "off", "tx-udp_tnl-segmentation": "off",
                "tx-udp_tnl-csum-segmentation": "off"}
    topology.client.ethtool("eth0", **offloads)
    yield topology.client
    topology.client.ethtool("eth0", **dict.fromkeys(offloads, "on"))


def super_traffic(topology):
    """TCP and UDP in large writes. Returns the transport of each."""
    connection = tcp(topology.client, topology.server, SERVER, 2_000_000)
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        sender.segment(1000)
        for size in (40_000, 999, 1001, 12_345):
            sender.send(SERVER, receiver.port, bytes(size))
        receiver.receive(40 + 1 + 2 + 13)
        return connection.transport, sender.transport_to(receiver.port)


@pytest.fixture
def receive_offload(topology, segmenting_client):
    """The router's device merges the client's segments again (GRO)."""
    topology.router.ethtool("lan", gro="on")
    yield
    topology.router.ethtool("lan", gro="off")


@pytest.mark.parametrize("hook", [TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_egress_counts_what_the_peer_receives(topology, segmenting_client, hook):
    """R6437-2-3, DEC-8: at the sender, before segmentation, flowlabel counts the segments and bytes that the peer
    receives. Native XDP at the peer counts the same."""
    with attached(topology.lab, topology.client, "eth0", hook) as sender, \
            attached(topology.lab, topology.router, "lan", XDP_NATIVE) as peer, \
            FlowCounters(topology.client, "eth0", hook="egress") as skbs, \
            Capture(topology.router, "lan") as received:
        super_traffic(topology)
        # Only here: a router computes wrong sizes for forwarded super-packets with an extension header, and drops them.
        tcp(topology.client, topology.server, SERVER, 500_000, extension=True)
        expected = count_flows(received.quiet().of(CLIENT, SERVER))
        assert sender.flows("--src", CLIENT, "--dst", SERVER) == expected
        assert peer.flows("--src", CLIENT, "--dst", SERVER) == expected
        assert skbs.flows()[CLIENT, SERVER, 0][0] < expected[CLIENT, SERVER, 0][0] / 3, "the test needs super-packets"
        assert sender.counters()["gso_estimated"] == 0


@pytest.mark.parametrize("beside", [None, XDP_GENERIC], ids=["alone", "behind-generic-xdp"])
@pytest.mark.parametrize("hook", [TC_INGRESS, TC_INGRESS_CLSACT], ids=str)
def test_ingress_counts_and_labels_segments(topology, key_file, hook, beside):
    """R6437-2-3, R6437-3-2, DEC-8: a router that receives super-packets counts the segments that the server receives,
    each with the label of its connection, also if a generic XDP program has removed the link layer."""
    with attached(topology.lab, topology.router, "lan", hook, "--stamp", "zero", "--key-file", key_file) as router, \
            FlowCounters(topology.router, "lan") as skbs, Capture(topology.server, "eth0") as received:
        if beside:
            with attached(topology.lab, topology.router, "lan", beside):
                transports = super_traffic(topology)
        else:
            transports = super_traffic(topology)
        packets = received.quiet().of(CLIENT, SERVER)
        expected = count_flows(packets)
        assert router.flows("--src", CLIENT, "--dst", SERVER) == expected
        skb_count = sum(count[0] for flow, count in skbs.flows().items() if flow[:2] == (CLIENT, SERVER))
        assert skb_count < len(packets) / 3, "the test needs super-packets"
    assert {label for _, _, label in expected} == {label_of(KEY, CLIENT, SERVER, transport) for transport in transports}


@pytest.mark.parametrize("hook", [TC_INGRESS, TC_INGRESS_CLSACT], ids=str)
def test_what_the_device_has_put_together(topology, receive_offload, hook):
    """R6437-2-3, DEC-8: after GRO, flowlabel counts the packets and bytes that the sender's device sent."""
    with attached(topology.lab, topology.router, "lan", hook) as attachment, \
            OutgoingCapture(topology.client, "eth0") as sent, FlowCounters(topology.router, "lan") as skbs:
        tcp(topology.client, topology.server, SERVER, 2_000_000)
        expected = count_flows(sent.quiet().of(CLIENT, SERVER))
        assert attachment.flows("--src", CLIENT, "--dst", SERVER) == expected
        assert skbs.flows()[CLIENT, SERVER, 0][0] < expected[CLIENT, SERVER, 0][0] / 2, "the test needs super-packets"


@contextlib.contextmanager
def vxlan(topology):
    """A VXLAN tunnel between client and router, over IPv6, with a label of its own. Yields the inner addresses. It
    drops frames to any address but that of the other end, such as the multicast that kernels send."""
    ends = (topology.client, CLIENT, INSIDE_CLIENT), (topology.router, ROUTER_LAN, INSIDE_ROUTER)
    for host, local, inside in ends:
        host.ip("link", "add", "tunnel", "mtu", "1400", "type", "vxlan", "id", "7", "dstport", TUNNEL_PORT, "local", local,
                "flowlabel", hex(OUTER_LABEL), "nolearning", "udp6zerocsumtx", "udp6zerocsumrx")
        host.ip("link", "set", "dev", "tunnel", "up")
        host.address("tunnel", inside + "/64")
    for (host, *_), (peer, remote, _) in (ends, ends[::-1]):
        host.run("bridge", "fdb", "add", peer.mac("tunnel").hex(":"), "dev", "tunnel", "dst", remote)
    try:
        topology_module.permanent_neighbours(topology.client, "tunnel", INSIDE_CLIENT, topology.router, "tunnel",
                                             INSIDE_ROUTER)
        yield INSIDE_CLIENT, INSIDE_ROUTER
    finally:
        for host, *_ in ends:
            host.ip("link", "del", "dev", "tunnel")


@contextlib.contextmanager
def vxlan_gpe(topology):
    """A VXLAN-GPE tunnel between client and router that carries IP without Ethernet. Yields the inner addresses."""
    ends = (topology.client, CLIENT, INSIDE_CLIENT), (topology.router, ROUTER_LAN, INSIDE_ROUTER)
    with contextlib.ExitStack() as stack:
        for (host, local, inside), (_, remote, other) in (ends, ends[::-1]):
            host.ip("link", "add", "tunnel", "mtu", "1400", "type", "vxlan", "gpe", "external", "dstport", TUNNEL_PORT,
                    "udp6zerocsumtx", "udp6zerocsumrx")
            stack.callback(host.ip, "link", "del", "dev", "tunnel")
            host.ip("link", "set", "dev", "tunnel", "up")
            host.ip("address", "add", inside, "dev", "tunnel", "nodad")
            host.ip("-6", "route", "add", other, "encap", "ip6", "id", "7", "src", local, "dst", remote, "dev", "tunnel")
        yield INSIDE_CLIENT, INSIDE_ROUTER


@contextlib.contextmanager
def foo_over_udp(topology, kind, port, device):
    """A tunnel between client and router whose packets the kernel encapsulates in UDP. Yields the inner addresses."""
    if not has_foo_over_udp():
        pytest.skip("this kernel has no FOU and GUE for IPv6 (fou6)")
    ends = (topology.client, CLIENT, INSIDE_CLIENT), (topology.router, ROUTER_LAN, INSIDE_ROUTER)
    with contextlib.ExitStack() as stack:
        for (host, local, inside), (_, remote, _) in (ends, ends[::-1]):
            host.ip("fou", "add", "port", TUNNEL_PORT, *port, "-6")
            stack.callback(host.ip, "fou", "del", "port", TUNNEL_PORT, "-6")
            host.ip("link", "add", "name", "tunnel", "type", *device, "local", local, "remote", remote, "encap", kind,
                    "encap-sport", TUNNEL_PORT, "encap-dport", TUNNEL_PORT, "encap-csum", "encaplimit", "none")
            stack.callback(host.ip, "link", "del", "dev", "tunnel")
            host.ip("link", "set", "dev", "tunnel", "mtu", "1400", "up")
            host.ip("address", "add", inside + "/64", "dev", "tunnel", "nodad")
        yield INSIDE_CLIENT, INSIDE_ROUTER


@functools.cache
def has_foo_over_udp():
    """Does this kernel have the encapsulations of fou6? Loads the module if there is one."""
    if shutil.which("modprobe"):
        command("modprobe", "-q", "fou6", check=False)
    return pathlib.Path("/sys/module/fou6").exists()


def fou(topology):
    """IPv6 directly after UDP."""
    return foo_over_udp(topology, "fou", ["ipproto", "41"], ["ip6tnl", "mode", "ip6ip6"])


def gue(topology):
    """IPv6 after a GUE header."""
    return foo_over_udp(topology, "gue", ["gue"], ["ip6tnl", "mode", "ip6ip6"])


@contextlib.contextmanager
def srv6(topology):
    """The client sends packets for the server through the router, in an outer IPv6 header with a segment routing
    header. Yields the inner addresses."""
    for interface in ("all", "lan"):
        topology.router.sysctl(f"net.ipv6.conf.{interface}.seg6_enabled", 1)
    topology.client.ip("-6", "route", "add", SERVER, "encap", "seg6", "mode", "encap", "segs", ROUTER_LAN, "dev", "eth0",
                       "mtu", "1400")
    try:
        yield CLIENT, SERVER
    finally:
        topology.client.ip("-6", "route", "del", SERVER)


def count_frames(packets):
    """Like count_flows(), but counts all bytes that arrived: the receiving end of a FOU tunnel subtracts the size of
    its headers from the outer payload length before the packet socket copies the packet."""
    octets = collections.Counter()
    for packet in packets:
        octets[packet.flow] += len(packet.octets)
    return {flow: (count, octets[flow]) for flow, (count, _) in count_flows(packets).items()}


@pytest.mark.parametrize("tunnel", [vxlan, vxlan_gpe, srv6, fou, gue], ids=lambda tunnel: tunnel.__name__)
@pytest.mark.parametrize("hook", [TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_tunnelled_super_packets(topology, segmenting_client, hook, tunnel):
    """DEC-8: each segment of a tunnelled super-packet repeats the headers of the tunnel and the inner headers."""
    with tunnel(topology) as (source, destination), \
            attached(topology.lab, topology.client, "eth0", hook) as sender, \
            attached(topology.lab, topology.router, "lan", XDP_NATIVE) as peer, \
            FlowCounters(topology.client, "eth0", hook="egress") as skbs, \
            Capture(topology.router, "lan") as received:
        server = topology.server if destination == SERVER else topology.router
        tcp(topology.client, server, destination, 1_000_000, source=source)
        expected = count_frames(received.quiet().of(CLIENT, ROUTER_LAN))
        assert sender.flows("--src", CLIENT, "--dst", ROUTER_LAN) == expected
        assert peer.flows("--src", CLIENT, "--dst", ROUTER_LAN) == expected
        merged = sum(count[0] for flow, count in skbs.flows().items() if flow[:2] == (CLIENT, ROUTER_LAN))
        assert merged < sum(packets for packets, _ in expected.values()), "the test needs super-packets"
        assert sender.counters()["gso_estimated"] == 0


def gre_in_udp(topology):
    """IPv6 after a GRE header after UDP, an encapsulation that flowlabel does not know."""
    return foo_over_udp(topology, "fou", ["ipproto", "47"], ["ip6gre"])


@pytest.mark.parametrize("hook", [TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_super_packets_in_a_tunnel_that_is_not_known(topology, segmenting_client, hook):
    """DEC-8: the kernel marks these super-packets as tunnelled. flowlabel estimates their segments, and counts them as
    `gso_estimated`."""
    with gre_in_udp(topology) as (source, destination), \
            attached(topology.lab, topology.client, "eth0", hook) as sender, \
            FlowCounters(topology.client, "eth0", hook="egress") as skbs, \
            Capture(topology.router, "lan") as received:
        tcp(topology.client, topology.router, destination, 1_000_000, source=source)
        (packets, octets), = count_frames(received.quiet().of(CLIENT, ROUTER_LAN)).values()
        (counted_packets, counted_octets), = sender.flows("--src", CLIENT, "--dst", ROUTER_LAN).values()
        estimated = sender.counters()["gso_estimated"]
        merged = sum(count[0] for flow, count in skbs.flows().items() if flow[:2] == (CLIENT, ROUTER_LAN))
    assert counted_packets == packets
    assert 0 < packets - merged <= estimated <= packets, "all but unmerged packets, of which there are at most MERGED"
    assert counted_octets < octets


def test_xdp_counts_frames(topology):
    """XDP sees no segments: a frame that generic XDP receives is one packet with all its bytes."""
    with attached(topology.lab, topology.router, "lan", XDP_GENERIC) as attachment, \
            FlowCounters(topology.router, "lan") as skbs:
        tcp(topology.client, topology.server, SERVER, 1_000_000)
        expected = {flow: count for flow, count in skbs.flows().items() if flow[:2] == (CLIENT, SERVER)}
        assert attachment.flows("--src", CLIENT, "--dst", SERVER) == expected
    (packets, octets), = expected.values()
    assert octets / packets > 3 * 1500, "the test needs super-packets"


def test_bulk_tcp_survives_every_hook_at_once(topology, key_file):
    """R6436-11: the data arrives when super-packets pass generic XDP, tc ingress and tc egress, one of which stamps."""
    with attached(topology.lab, topology.router, "lan", XDP_GENERIC), \
            attached(topology.lab, topology.router, "lan", TC_INGRESS, "--stamp", "zero", "--key-file", key_file), \
            attached(topology.lab, topology.router, "wan", TC_EGRESS) as last, no_new_errors(topology.server):
        connection = tcp(topology.client, topology.server, SERVER, 10_000_000)
        flows = last.flows("--src", CLIENT, "--dst", SERVER)
    assert set(flows) == {(CLIENT, SERVER, label_of(KEY, CLIENT, SERVER, connection.transport))}


SUPER_PACKETS = [
    pytest.param(TCP, 10_000, 1000, 10, id="tcp-even"),
    pytest.param(TCP, 10_001, 1000, 11, id="tcp-one-octet-more"),
    pytest.param(UDP, 5_000, 1200, 5, id="udp"),
]
if kernel_version() < (6, 2):
    SUPER_PACKETS.pop()  # only the stack can create super-packets of UDP segments


@pytest.mark.parametrize("kind", ["tun", "tap"])
@pytest.mark.parametrize("protocol, octets, segment_size, segments", SUPER_PACKETS)
def test_segments_that_the_sender_did_not_count(topology, key_file, kind, protocol, octets, segment_size, segments):
    """DEC-8: a super-packet from outside the stack has a segment size, but no number of segments (gso_segs 0)."""
    with Tun(topology.router, "machine", kind, super_packets=True) as machine:
        topology.router.address("machine", "2001:db8:3::1/64")
        topology.router.ip("neighbour", "replace", BEHIND_TUN, "lladdr", "02:00:00:00:00:02", "dev", "machine")
        packet = super_packet(protocol, BEHIND_TUN, SERVER, (40_000, 9), bytes(octets))
        link = b"" if kind == "tun" else ethernet(topology.router.mac("machine"), b"\2\0\0\0\0\2", 0x86DD)
        with attached(topology.lab, topology.router, "machine", TC_INGRESS, "--stamp", "zero", "--key-file",
                      key_file) as attachment, Capture(topology.server, "eth0") as received:
            machine.write_segments(packet, segment_size, link)
            packets = received.quiet().of(BEHIND_TUN, SERVER)
            assert attachment.flows("--src", BEHIND_TUN) == count_flows(packets)
            assert attachment.counters()["gso_estimated"] == 0
    assert len(packets) == segments
    assert {packet.label for packet in packets} == {label_of(KEY, BEHIND_TUN, SERVER, (protocol, 40_000, 9))}
    assert all(packet.checksum_is_valid() for packet in packets)


@pytest.mark.parametrize("kind", ["tun", "tap"])
@pytest.mark.parametrize("octets, segments", [(10_000, 10), (10_001, 11)])
def test_segments_of_other_protocols_that_the_sender_did_not_count(topology, kind, octets, segments):
    """DEC-8: packets other than IPv6 are counted in segments, too, if only the segment size is known: `seen` is the sum
    of all."""
    with Tun(topology.router, "machine", kind, super_packets=True) as machine:
        link = b"" if kind == "tun" else ethernet(topology.router.mac("machine"), b"\2\0\0\0\0\2", IPV4)
        with attached(topology.lab, topology.router, "machine", TC_INGRESS) as attachment:
            machine.write_segments(ipv4_super_packet((40_000, 9), bytes(octets)), 1000, link)
            counters = attachment.counters()
    assert (counters["seen"], counters["not_ipv6"], counters["gso_estimated"]) == (segments,) * 3
