# SPDX-License-Identifier: BSD-2-Clause
"""A device that passes the sum of the whole packet to the stack (CHECKSUM_COMPLETE): stamping must update that sum.

TCP works even with a wrong sum, because the stack then verifies the packet itself. Therefore a BPF program after
flowlabel's records the sum and the bytes, and the test adds up the bytes itself. A vxlan device provides such sums if
its outer checksum was computed in software; veth never does.
"""

import json
import pathlib
import struct
import sysconfig

import pytest

from flows import KEY, TC_INGRESS, TC_INGRESS_CLSACT, attached
from frames import Packet, ones_sum
from lab import command
from label import label_of
from traffic import UdpReceiver, UdpSender, no_new_errors, ping, tcp

SENDER, RECEIVER = "2001:db8:7::1", "2001:db8:7::2"
PROBE = pathlib.Path(__file__).parent / "bpf/checksum_probe.bpf.c"
HOOKS = pytest.mark.parametrize("hook", [TC_INGRESS, TC_INGRESS_CLSACT], ids=str)


class Tunnel:
    """sender - receiver, each with the device vx0 over a cable that carries complete checksums."""

    def __init__(self, lab):
        self.lab = lab
        self.sender, self.receiver = lab.namespace("sender"), lab.namespace("receiver")
        lab.veth(self.sender, "eth0", self.receiver, "eth0")
        for host, own, other, inner in ((self.sender, "10.0.0.1", "10.0.0.2", SENDER),
                                        (self.receiver, "10.0.0.2", "10.0.0.1", RECEIVER)):
            host.address("eth0", own + "/24")
            host.ethtool("eth0", tx="off", gro="off")
            host.ip("link", "add", "name", "vx0", "type", "vxlan", "id", "7", "local", own, "remote", other,
                    "dstport", "4789", "udpcsum")
            host.ip("link", "set", "dev", "vx0", "up")
            host.address("vx0", inner + "/64")
            host.sysctl("net.ipv6.auto_flowlabels", 0)


class Probe:
    """checksum_probe.bpf.c on tc ingress of a device, after flowlabel."""

    def __init__(self, namespace, interface, program):
        self._namespace = namespace
        self._interface = interface
        namespace.run("tc", "qdisc", "add", "dev", interface, "clsact")
        namespace.run("tc", "filter", "add", "dev", interface, "ingress", "pref", "60000", "bpf", "direct-action",
                      "object-file", program, "section", "tc")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._namespace.run("tc", "qdisc", "delete", "dev", self._interface, "clsact")

    def observations(self):
        """[(Packet, the sum that came with it or a negative errno)]"""
        shown = self._namespace.run("tc", "-json", "filter", "show", "dev", self._interface, "ingress").stdout
        (program,) = [entry["options"]["prog"]["id"] for entry in json.loads(shown)
                      if entry.get("options", {}).get("prog", {}).get("name") == "checksum_probe"]
        (observations,) = [map_id for map_id in _bpftool("prog", "show", "id", program)["map_ids"]
                           if _bpftool("map", "show", "id", map_id)["name"] == "observations"]
        found = [self._observation(entry) for entry in _bpftool("map", "dump", "id", observations)]
        return [(packet, checksum) for packet, checksum in found if packet.octets]

    @staticmethod
    def _observation(entry):
        value = bytes(int(octet, 16) for octet in entry["value"])
        checksum, length, _ = struct.unpack_from("=qII", value)
        return Packet(value[16:16 + length]), checksum


def _bpftool(*arguments):
    return json.loads(command("bpftool", "--json", *arguments).stdout)


def folded(checksum):
    """Folds a 32-bit sum of the kernel to 16 bits, as ones_sum() returns it."""
    while checksum >> 16:
        checksum = (checksum & 0xFFFF) + (checksum >> 16)
    return struct.unpack("!H", struct.pack("=H", checksum))[0]


@pytest.fixture(scope="module")
def tunnel(lab):
    """The two hosts of the tunnel."""
    return Tunnel(lab)


@pytest.fixture(scope="module")
def probe_program(tmp_path_factory):
    """The compiled probe program."""
    program = tmp_path_factory.mktemp("bpf") / "checksum_probe.bpf.o"
    headers = f"/usr/include/{sysconfig.get_config_var('MULTIARCH')}"
    command("clang-19", "--target=bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-idirafter", headers,
            "-c", PROBE, "-o", program)
    return program


@HOOKS
def test_the_sum_stays_true(tunnel, probe_program, key_file, hook):
    """R8200-8.1-3: after flowlabel, the sum covers the bytes as they are now, including the label."""
    with Probe(tunnel.receiver, "vx0", probe_program) as probe, \
            attached(tunnel.lab, tunnel.receiver, "vx0", hook, "--stamp", "zero", "--key-file", key_file), \
            UdpReceiver(tunnel.receiver, RECEIVER) as receiver, UdpSender(tunnel.sender, SENDER) as sender:
        ping(tunnel.sender, RECEIVER, count=5)
        for size in range(20):
            sender.send(RECEIVER, receiver.port, bytes(range(size)))
        receiver.receive(20)
        seen = [(packet, checksum) for packet, checksum in probe.observations()
                if (packet.source, packet.destination) == (SENDER, RECEIVER)]
        transport = sender.transport_to(receiver.port)
    stamped = [(packet, checksum) for packet, checksum in seen if packet.label]
    assert {packet.label for packet, _ in stamped} == {label_of(KEY, SENDER, RECEIVER),
                                                       label_of(KEY, SENDER, RECEIVER, transport)}
    assert len(stamped) >= 25
    for packet, checksum in stamped:
        unstamped = struct.pack("!I", packet.word & 0xFFF00000) + packet.octets[4:]
        assert checksum >= 0, "the device must provide sums"
        assert folded(checksum) % 0xFFFF == ones_sum(packet.octets) % 0xFFFF
        assert folded(checksum) % 0xFFFF != ones_sum(unstamped) % 0xFFFF, "the label must change the sum"


@HOOKS
def test_the_stack_behind_the_tunnel_accepts_it(tunnel, key_file, hook):
    """R6436-11, R8200-8.1-1: TCP, UDP and ping through the tunnel arrive labelled, and no error is counted."""
    with attached(tunnel.lab, tunnel.receiver, "vx0", hook, "--stamp", "zero", "--key-file", key_file) as attachment, \
            no_new_errors(tunnel.receiver):
        connection = tcp(tunnel.sender, tunnel.receiver, RECEIVER, 1_000_000)
        ping(tunnel.sender, RECEIVER)
        with UdpReceiver(tunnel.receiver, RECEIVER) as receiver, UdpSender(tunnel.sender, SENDER) as sender:
            sender.send(RECEIVER, receiver.port, b"hello")
            (datagram,) = receiver.receive(1)
            assert datagram.label == label_of(KEY, SENDER, RECEIVER, sender.transport_to(receiver.port))
        assert (SENDER, RECEIVER, label_of(KEY, SENDER, RECEIVER, connection.transport)) in attachment.flows()


def test_somebody_elses_filter_stays(tunnel, probe_program):
    """Detach keeps a clsact qdisc that existed before, and another user's filter on it."""
    with Probe(tunnel.receiver, "vx0", probe_program):
        with attached(tunnel.lab, tunnel.receiver, "vx0", TC_INGRESS_CLSACT):
            pass
        shown = tunnel.receiver.run("tc", "filter", "show", "dev", "vx0", "ingress").stdout
    assert "checksum_probe" in shown and "flowlabel" not in shown
