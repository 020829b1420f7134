# SPDX-License-Identifier: BSD-2-Clause
"""A router whose device merges packets into GRO lists (ethtool's rx-gro-list). Each packet of a list keeps its own IPv6
header, and a program on tc can write only the first one: no flow may leave with some of its packets labelled."""

import collections
import contextlib
import os

import pytest

import topology as topology_module
from capture import Capture, count_flows
from flows import (KEY, TC_EGRESS, TC_EGRESS_CLSACT, TC_INGRESS, TC_INGRESS_CLSACT, XDP_GENERIC, XDP_NATIVE, Attachment,
                   attached)
from lab import binary
from label import label_of
from nft import FlowCounters
from topology import CLIENT, SERVER
from traffic import UdpReceiver, UdpSender, tcp

DATAGRAMS = 100
STAMP = ["--stamp", "zero", "--key-file"]
TC_PLACES = pytest.mark.parametrize("interface, hook", [
    ("lan", TC_INGRESS), ("lan", TC_INGRESS_CLSACT), ("wan", TC_EGRESS), ("wan", TC_EGRESS_CLSACT)], ids=str)


@pytest.fixture(scope="module")
def topology(lab):
    """client - router - server. The router receives the client's packets separately, and the server receives them
    separately."""
    made = topology_module.Topology(lab)
    made.client.ethtool("eth0", **{"tso": "off", "tx-udp-segmentation": "off"})
    made.router.ethtool("wan", tx="off", tso="off", gso="off", gro="off")
    made.server.ethtool("eth0", gro="off")
    made.router.ethtool("lan", gro="on")
    return made


@contextlib.contextmanager
def lists(namespace, interface="lan"):
    """Until the block ends, INTERFACE merges received packets into GRO lists."""
    namespace.ethtool(interface, **{"rx-gro-list": "on"})
    try:
        yield
    finally:
        namespace.ethtool(interface, **{"rx-gro-list": "off"})


def traffic(topology):
    """A UDP flow of DATAGRAMS, whose first and last datagrams are not merged, and a TCP connection. Returns the
    transport of each."""
    with UdpReceiver(topology.server, SERVER) as receiver, UdpSender(topology.client, CLIENT) as sender:
        sender.segment(1000)
        for size in (1000, 1000 * (DATAGRAMS - 2) // 2, 1000 * (DATAGRAMS - 2) // 2, 1000):
            sender.send(SERVER, receiver.port, bytes(size))
        receiver.receive(DATAGRAMS)
        udp = sender.transport_to(receiver.port)
    return udp, tcp(topology.client, topology.server, SERVER, 1_000_000).transport


def labels_of(packets):
    """{transport: the labels of its packets}"""
    labels = collections.defaultdict(set)
    for packet in packets:
        labels[packet.transport].add(packet.label)
    return dict(labels)


def assert_merged(skbs, packets):
    """Asserts that packets were merged: nftables counted far fewer skbs."""
    assert sum(count for count, _ in skbs.flows().values()) < len(packets) / 2


@TC_PLACES
def test_no_flow_is_labelled_in_part(topology, key_file, interface, hook):
    """RFC 6437 section 2: neither packets in lists nor single packets between them are stamped."""
    with lists(topology.router), attached(topology.lab, topology.router, interface, hook, *STAMP, key_file) as router, \
            FlowCounters(topology.router, "lan") as skbs, Capture(topology.server, "eth0") as received:
        transports = traffic(topology)
        packets = received.quiet().of(CLIENT, SERVER)
        assert_merged(skbs, packets)
        assert labels_of(packets) == {transport: {0} for transport in transports}
        assert router.flows("--src", CLIENT, "--dst", SERVER) == count_flows(packets)
        assert not any(flow["stamped"] for flow in router.document("--src", CLIENT)["flows"])
        counters = router.counters()
        assert (counters["skip_gro_list"], counters["stamped"], counters["store_failed"]) == (len(packets), 0, 0)
        assert any("rx-gro-list" in warning for warning in router.status()["warnings"])


@TC_PLACES
def test_dry_run_says_the_same(topology, key_file, interface, hook):
    """A dry run counts what stamping would do."""
    with lists(topology.router), attached(topology.lab, topology.router, interface, hook, "--stamp", "dry-run",
                                          "--key-file", key_file) as router:
        traffic(topology)
        counters = router.counters()
    assert counters["would_stamp"] == 0
    assert counters["skip_gro_list"] > DATAGRAMS


@TC_PLACES
def test_lists_that_begin_later(topology, key_file, interface, hook):
    """If rx-gro-list is switched on under an attachment, the first list stops the stamping of everything that the
    interface receives. --replace starts it again."""
    with attached(topology.lab, topology.router, interface, hook, *STAMP, key_file) as router:
        with Capture(topology.server, "eth0") as received:
            transports = traffic(topology)
            assert labels_of(received.quiet().of(CLIENT, SERVER)) == {
                transport: {label_of(KEY, CLIENT, SERVER, transport)} for transport in transports}
        assert router.status()["warnings"] == []
        with lists(topology.router):
            traffic(topology)
            stamped = router.counters()["stamped"]
            with Capture(topology.server, "eth0") as received:
                transports = traffic(topology)
                packets = received.quiet().of(CLIENT, SERVER)
                assert labels_of(packets) == {transport: {0} for transport in transports}
            assert router.counters()["stamped"] == stamped
            assert any("rx-gro-list" in warning for warning in router.status()["warnings"])
        router.attach("--replace", *STAMP, key_file)
        assert router.status()["warnings"] == []
        with Capture(topology.server, "eth0") as received:
            transports = traffic(topology)
            assert labels_of(received.quiet().of(CLIENT, SERVER)) == {
                transport: {label_of(KEY, CLIENT, SERVER, transport)} for transport in transports}


@TC_PLACES
def test_what_is_merged_without_lists(topology, key_file, interface, hook):
    """UDP merged for forwarding (rx-udp-gro-forwarding) has one IPv6 header for all its segments, like TCP, and is
    stamped."""
    topology.router.ethtool("lan", **{"rx-udp-gro-forwarding": "on"})
    with attached(topology.lab, topology.router, interface, hook, *STAMP, key_file) as router, \
            FlowCounters(topology.router, "lan") as skbs, Capture(topology.server, "eth0") as received:
        transports = traffic(topology)
        packets = received.quiet().of(CLIENT, SERVER)
        assert_merged(skbs, packets)
        assert labels_of(packets) == {transport: {label_of(KEY, CLIENT, SERVER, transport)} for transport in transports}
        assert (router.counters()["stamped"], router.counters()["skip_gro_list"]) == (len(packets), 0)
    topology.router.ethtool("lan", **{"rx-udp-gro-forwarding": "off"})


@pytest.mark.parametrize("hook", [XDP_NATIVE, XDP_GENERIC], ids=str)
def test_xdp_labels_all(topology, key_file, hook):
    """Native XDP runs before GRO: every packet gets its label, and lists hold labelled packets. For generic XDP the
    kernel first turns a list into one packet."""
    with lists(topology.router), attached(topology.lab, topology.router, "lan", hook, *STAMP, key_file) as router, \
            Capture(topology.server, "eth0") as received:
        transports = traffic(topology)
        packets = received.quiet().of(CLIENT, SERVER)
        assert labels_of(packets) == {transport: {label_of(KEY, CLIENT, SERVER, transport)} for transport in transports}
        counters = router.counters()
        assert counters["skip_gro_list"] == 0
        assert counters["stamped"] == len(packets) or hook == XDP_GENERIC


@TC_PLACES
def test_attach_says_it(topology, key_file, interface, hook):
    """attach prints a warning that says what to do, but only if it would stamp."""
    router = Attachment(topology.lab, topology.router, interface, hook)
    with lists(topology.router):
        said = [router.attach("--flows", 1024, *options).stderr
                for options in ([*STAMP, key_file], ["--replace", "--stamp", "dry-run"], ["--replace", "--stamp", "off"])]
    said.append(router.attach("--replace", *STAMP, key_file).stderr)
    router.detach()
    assert ["ethtool -K lan rx-gro-list off" in text for text in said] == [True, True, False, False]
    assert said[2:] == ["", ""]


@pytest.mark.parametrize("hook", [TC_INGRESS, TC_INGRESS_CLSACT], ids=str)
def test_what_lies_above_a_device_that_makes_lists(lab, key_file, hook):
    """A bridge receives the GRO lists of its ports although rx-gro-list of the bridge itself is off."""
    host = lab.namespace("bridged")
    host.ip("link", "add", "name", "port", "type", "veth", "peer", "name", "far")
    host.ip("link", "add", "name", "bridge", "type", "bridge")
    host.ip("link", "set", "dev", "port", "master", "bridge")
    bridge, far = (Attachment(lab, host, interface, hook) for interface in ("bridge", "far"))
    with lists(host, "port"):
        assert "rx-gro-list is on for port" in bridge.attach("--flows", 1024, *STAMP, key_file).stderr
        assert far.attach("--flows", 1024, *STAMP, key_file).stderr == "", "a veth is not above its peer"
    bridge.detach()
    far.detach()
    lab.delete(host)


WITHOUT_BTF = """
for directory in /sys/kernel/btf /boot /lib/modules /usr/lib/debug; do
  [ ! -d $directory ] || mount -t tmpfs none $directory
done
exec "$@"
"""


def attach_without_btf(lab, namespace, interface, hook, *options):
    """Runs `flowlabel attach` where it finds no BTF of the kernel. Returns its stderr."""
    return namespace.run("unshare", "--mount", "sh", "-ec", WITHOUT_BTF, "sh", binary(), "attach", interface,
                         *hook.options, *options, "--bpffs", lab.bpffs, env={**os.environ, **hook.environment}).stderr


@TC_PLACES
def test_a_kernel_that_does_not_show_its_packets(topology, key_file, interface, hook):
    """Without BTF, a GRO list cannot be distinguished from another merged packet: the first of either kind stops the
    stamping."""
    router = Attachment(topology.lab, topology.router, interface, hook)
    said = attach_without_btf(topology.lab, topology.router, interface, hook, "--flows", 1024, *STAMP, key_file)
    assert "no BTF" in said
    traffic(topology)
    with Capture(topology.server, "eth0") as received:
        transports = traffic(topology)
        assert labels_of(received.quiet().of(CLIENT, SERVER)) == {transport: {0} for transport in transports}
    assert router.counters()["skip_gro_list"] > DATAGRAMS
    router.detach()


@pytest.mark.parametrize("hook", [TC_EGRESS, TC_EGRESS_CLSACT], ids=str)
def test_what_the_host_sends_itself_is_no_list(topology, key_file, hook):
    """Only received packets can be a GRO list: without BTF, too, super-packets of the host's own sockets are
    labelled."""
    sender = Attachment(topology.lab, topology.client, "eth0", hook)
    attach_without_btf(topology.lab, topology.client, "eth0", hook, "--flows", 1024, *STAMP, key_file)
    with Capture(topology.server, "eth0") as received, FlowCounters(topology.client, "eth0", hook="egress") as skbs:
        transports = traffic(topology)
        packets = received.quiet().of(CLIENT, SERVER)
        assert_merged(skbs, packets)
        assert labels_of(packets) == {transport: {label_of(KEY, CLIENT, SERVER, transport)} for transport in transports}
    assert sender.counters()["skip_gro_list"] == 0
    sender.detach()
