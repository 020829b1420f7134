# SPDX-License-Identifier: BSD-2-Clause
"""Link layers before the IPv6 header: VLAN tags, PPPoE, MPLS, none. The router is a bridge in these tests, because a
bridge forwards any frame."""

import dataclasses
import socket

import pytest

from capture import Capture, FrameCapture
from flows import ALL_HOOKS, KEY, TC_EGRESS, TC_EGRESS_CLSACT, TC_INGRESS, TC_INGRESS_CLSACT, XDP_GENERIC, XDP_NATIVE
from flows import attached
from frames import IPV6, MPLS, PPPOE, QINQ, UDP, VLAN, Packet, ethernet, ipv6, mpls, pppoe_session, udp, vlan
from lab import Lab
from label import label_of
from topology import CLIENT, SERVER, Topology
from traffic import UdpSender, no_new_errors
from tun import Tun

SOURCE, DESTINATION = "2001:db8:a::1", "2001:db8:b::1"
PORTS = (5000, 6000)
LABEL = label_of(KEY, SOURCE, DESTINATION, (UDP, *PORTS))
TRAFFIC_CLASS = 0xAB


def packet(label=0):
    """The packet in every frame."""
    datagram = udp(SOURCE, DESTINATION, *PORTS, b"some octets of payload")
    return ipv6(SOURCE, DESTINATION, UDP, datagram, label=label, traffic_class=TRAFFIC_CLASS)


@dataclasses.dataclass(frozen=True)
class Encapsulation:
    """A way to carry the packet: the ethertype, and the headers between it and the packet."""

    name: str
    ethertype: int
    wrap: object
    counted: bool = True
    stamped: bool = True
    counter: str = "counted"

    def __str__(self):
        return self.name

    def frame(self, link, label=0):
        """The complete frame."""
        return ethernet(*link, self.ethertype, self.wrap(packet(label)))


ENCAPSULATIONS = [
    Encapsulation("untagged", IPV6, lambda inner: inner),
    Encapsulation("8021q", VLAN, lambda inner: vlan(7, IPV6) + inner),
    Encapsulation("priority-tag", VLAN, lambda inner: vlan(0xE000, IPV6) + inner),
    Encapsulation("8021ad", QINQ, lambda inner: vlan(100, VLAN) + vlan(7, IPV6) + inner),
    Encapsulation("four-tags", QINQ,
                  lambda inner: vlan(1, QINQ) + vlan(2, VLAN) + vlan(3, VLAN) + vlan(4, IPV6) + inner),
    Encapsulation("five-tags", VLAN, lambda inner: vlan(1, VLAN) * 4 + vlan(5, IPV6) + inner,
                  counted=False, stamped=False, counter="vlan_limit"),
    Encapsulation("9100", 0x9100, lambda inner: vlan(100, VLAN) + vlan(7, IPV6) + inner),
    Encapsulation("pppoe", PPPOE, pppoe_session),
    Encapsulation("pppoe-one-byte-protocol", PPPOE, lambda inner: pppoe_session(inner, protocol=b"\x57")),
    Encapsulation("8021q-pppoe", VLAN, lambda inner: vlan(7, PPPOE) + pppoe_session(inner)),
    Encapsulation("mpls", MPLS, lambda inner: mpls(1000) + inner, stamped=False),
    Encapsulation("eight-mpls", MPLS, lambda inner: mpls(*range(16, 24)) + inner, stamped=False),
    Encapsulation("nine-mpls", MPLS, lambda inner: mpls(*range(16, 25)) + inner,
                  counted=False, stamped=False, counter="mpls_limit"),
    Encapsulation("8021q-mpls", VLAN, lambda inner: vlan(7, MPLS) + mpls(1000, 1001) + inner, stamped=False),
    Encapsulation("pseudowire", MPLS, lambda inner: mpls(1000) + ethernet(b"\x60\0\0\0\0\1", b"\x60\0\0\0\0\2", IPV6, inner),
                  counted=False, stamped=False, counter="mpls_not_ip"),
]


class Wire:
    """client - bridge - server. The client sends exactly the bytes of the test's frames."""

    def __init__(self, lab):
        self.lab = lab
        self.client, self.bridge, self.server = (lab.namespace(role) for role in ("client", "bridge", "server"))
        lab.veth(self.client, "eth0", self.bridge, "lan")
        lab.veth(self.bridge, "wan", self.server, "eth0")
        self.bridge.ip("link", "add", "name", "br0", "type", "bridge", "mcast_snooping", "0")
        for port in ("lan", "wan"):
            self.bridge.ip("link", "set", "dev", port, "master", "br0")
        self.bridge.ip("link", "set", "dev", "br0", "up")
        # With br_netfilter, netfilter parses bridged IPv6 and drops malformed packets.
        if self.bridge.has_sysctl("net.bridge.bridge-nf-call-ip6tables"):
            self.bridge.sysctl("net.bridge.bridge-nf-call-ip6tables", 0)
        for host, interface in ((self.client, "eth0"), (self.server, "eth0"), (self.bridge, "br0")):
            host.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)  # only the test sends
        self.link = self.server.mac("eth0"), self.client.mac("eth0")
        self._socket = self.client.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self._socket.bind(("eth0", 0))

    def pass_on(self, *frames):
        """Sends FRAMES, asserts that all pass, and returns what the server receives from the client."""
        with FrameCapture(self.server, "eth0") as capture:
            for frame in frames:
                self._socket.send(frame)
            capture.wait(lambda: len(self._from_client(capture)) >= len(frames))
            return self._from_client(capture)

    def _from_client(self, capture):
        return [frame for frame in capture.frames if frame[6:12] == self.link[1]]


@pytest.fixture
def topology():
    """client - router - server for one test only, which adds devices."""
    with Lab() as own:
        yield Topology(own)


@pytest.fixture(scope="module")
def wire(lab):
    """The bridged network."""
    return Wire(lab)


@pytest.fixture(scope="module", params=ALL_HOOKS, ids=str)
def stamping(wire, key_file, request):
    """A bridge that stamps."""
    hook = request.param
    interface = "wan" if hook.hook == "tc-egress" else "lan"
    with attached(wire.lab, wire.bridge, interface, hook, "--stamp", "zero", "--key-file", key_file) as attachment:
        yield attachment


def counted_here(attachment):
    """{label: (packets, bytes)} of the test's flow."""
    return {label: count for (_, _, label), count in attachment.flows("--src", SOURCE, "--dst", DESTINATION).items()}


def gained(before, after):
    """The difference between two results of counted_here()."""
    return {label: tuple(new - old for new, old in zip(count, before.get(label, (0, 0))))
            for label, count in after.items() if count != before.get(label)}


@pytest.mark.parametrize("encapsulation", ENCAPSULATIONS, ids=str)
def test_frames_of_every_kind(wire, stamping, encapsulation):
    """R6437-2-5, R6437-3-9, R8200-3-1, R6437-6.3-2: only the label of the outermost IPv6 header is written. A packet
    after MPLS, or one that is not understood, passes unchanged and is counted under its reason."""
    before, counters = counted_here(stamping), stamping.counters()
    frames = [encapsulation.frame(wire.link, label) for label in (0, 0x12345)]
    received = wire.pass_on(*frames)
    after = stamping.counters()
    written = LABEL if encapsulation.stamped else 0
    assert received == [encapsulation.frame(wire.link, written), frames[1]]
    assert after[encapsulation.counter] - counters[encapsulation.counter] == 2
    assert after["stamped"] - counters["stamped"] == encapsulation.stamped
    assert gained(before, counted_here(stamping)) == (
        {label: (1, len(packet())) for label in (written, 0x12345)} if encapsulation.counted else {})


@pytest.fixture(scope="module", params=["xdp", "tc-ingress"])
def stamper(request):
    """Which attachment of the pair stamps."""
    return request.param


@pytest.fixture(scope="module", params=[TC_INGRESS, TC_INGRESS_CLSACT], ids=str)
def pair(wire, key_file, stamper, request):
    """Attachments to generic XDP and tc ingress of one device."""
    options = {"xdp": [], "tc-ingress": []}
    options[stamper] = ["--stamp", "zero", "--key-file", key_file]
    with attached(wire.lab, wire.bridge, "lan", XDP_GENERIC, *options["xdp"]) as first, \
            attached(wire.lab, wire.bridge, "lan", request.param, *options["tc-ingress"]) as second:
        yield first, second


@pytest.mark.parametrize("encapsulation", ENCAPSULATIONS, ids=str)
def test_generic_xdp_and_tc_ingress_on_one_device(wire, stamper, pair, encapsulation):
    """After a generic XDP program, skbs reach tc without their Ethernet header. Both attachments count, and either can
    stamp."""
    before = [counted_here(attachment) for attachment in pair]
    received = wire.pass_on(encapsulation.frame(wire.link))
    at_xdp, at_tc = (gained(*counts) for counts in zip(before, map(counted_here, pair)))
    written = LABEL if encapsulation.stamped else 0
    once = (1, len(packet()))
    assert received == [encapsulation.frame(wire.link, written)]
    assert at_tc == ({written: once} if encapsulation.counted else {})
    assert at_xdp == ({(written if stamper == "xdp" else 0): once} if encapsulation.counted else {})


def test_frames_that_are_short_or_wrong_pass(wire, stamping):
    """R8200-3-2, R6436-6: truncated headers and wrong versions pass unchanged, and each is counted under its reason."""
    before = stamping.counters()
    wrong_version = bytearray(packet())
    wrong_version[0] = 0x40 | wrong_version[0] & 0x0F
    frames = [ethernet(*wire.link, IPV6, packet()[:39]), ethernet(*wire.link, IPV6, bytes(wrong_version)),
              ethernet(*wire.link, 0x88B5, b"an experiment of somebody else")]
    assert wire.pass_on(*frames) == frames
    after = stamping.counters()
    assert {name: after[name] - before[name] for name in ("truncated", "bad_version", "not_ipv6", "stamped")} == \
        {"truncated": 1, "bad_version": 1, "not_ipv6": 1, "stamped": 0}


@pytest.mark.parametrize("hook", [XDP_GENERIC, TC_INGRESS, TC_INGRESS_CLSACT], ids=str)
def test_a_device_without_a_link_layer(topology, key_file, hook):
    """R6437-3-9: on a tun device packets begin with the IPv6 header. They are labelled, counted and delivered."""
    stamping = ["--stamp", "zero", "--key-file", key_file]
    with Tun(topology.router, "tunnel") as tunnel, \
            attached(topology.lab, topology.router, "tunnel", hook, *stamping) as attachment, \
            Capture(topology.server, "eth0") as received, no_new_errors(topology.router):
        datagram = udp(SOURCE, SERVER, *PORTS, b"from the tunnel")
        tunnel.write(ipv6(SOURCE, SERVER, UDP, datagram))
        tunnel.write(ipv6(SOURCE, SERVER, UDP, datagram, label=0x54321))
        tunnel.write(b"\x45" + bytes(19) + bytes(8))
        packets = received.quiet().of(SOURCE, SERVER)
        counters = attachment.counters()
        flows = attachment.flows("--src", SOURCE)
    label = label_of(KEY, SOURCE, SERVER, (UDP, *PORTS))
    assert [packet.label for packet in packets] == [label, 0x54321]
    assert all(packet.checksum_is_valid() for packet in packets)
    assert flows == {(SOURCE, SERVER, seen): (1, 40 + len(datagram)) for seen in (label, 0x54321)}
    assert counters["not_ipv6"] == 1


@pytest.mark.parametrize("hook", [TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_what_leaves_through_a_device_without_a_link_layer(topology, key_file, hook):
    """R6437-3-9: the same holds for what a tun device sends."""
    with Tun(topology.router, "tunnel") as tunnel, UdpSender(topology.client, CLIENT) as sender:
        topology.router.ip("route", "add", DESTINATION, "dev", "tunnel")
        with attached(topology.lab, topology.router, "tunnel", hook, "--stamp", "zero", "--key-file",
                      key_file) as attachment:
            sender.send(DESTINATION, 9, b"into the tunnel")
            received = Packet(tunnel.read())
            while received.source != CLIENT:
                received = Packet(tunnel.read())
            flows = attachment.flows("--src", CLIENT)
    assert received.label == label_of(KEY, CLIENT, DESTINATION, sender.transport_to(9))
    assert received.checksum_is_valid()
    assert flows == {received.flow: (1, received.wire_octets)}


def test_native_xdp_falls_back_on_a_tun_device(lab):
    """The driver of a tun device has no native XDP: `auto` falls back to generic and says so, and `native` fails with
    the reason."""
    router = lab.namespace("fallback")
    with Tun(router, "tunnel"):
        refused = lab.flowlabel(router, "attach", "tunnel", "--mode", "native").expect(1)
        assert "flowlabel: error: " in refused.stderr and "flowlabel: hint: " in refused.stderr
        assert "generic" in lab.flowlabel(router, "attach", "tunnel").ok().stderr
        (attachment,) = lab.flowlabel(router, "status", "tunnel", "--json").json()["attachments"]
        assert attachment["mode"] == "generic"
        lab.flowlabel(router, "detach", "tunnel").ok()


def test_native_xdp_on_a_tap_device(topology, key_file):
    """A tap device has Ethernet and native XDP."""
    with Tun(topology.router, "machine", "tap") as machine:
        topology.router.address("machine", "2001:db8:a::2/64")
        link = topology.router.mac("machine"), b"\2\0\0\0\0\2"
        stamping = ["--stamp", "zero", "--key-file", key_file]
        with attached(topology.lab, topology.router, "machine", XDP_NATIVE, *stamping), \
                Capture(topology.server, "eth0") as received:
            machine.write(ethernet(*link, IPV6, ipv6(SOURCE, SERVER, UDP, udp(SOURCE, SERVER, *PORTS, b"hello"))))
            packets = received.quiet().of(SOURCE, SERVER)
    assert [packet.label for packet in packets] == [label_of(KEY, SOURCE, SERVER, (UDP, *PORTS))]
