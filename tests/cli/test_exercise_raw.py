# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel exercise client --raw`: packets that no socket would send (LNX-19), as a capture and `flowlabel flows` see
them at the other end of a cable."""

import contextlib
import signal
import subprocess

import pytest

import lab as lab_module
from capture import Capture
from flows import TC_INGRESS, attached
from frames import TCP, UDP
from saying import refused
from topology import permanent_neighbours
from tun import Tun

HERE, THERE = "2001:db8::1", "2001:db8::2"
QUICK = ["--interval", "0", "--json"]
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


class Cable:
    """Two hosts, and a capture at the far one."""

    def __init__(self, lab):
        self.lab = lab
        self.near, self.far = lab.namespace("near"), lab.namespace("far")
        lab.veth(self.near, "v0", self.far, "v1")
        self.near.address("v0", HERE + "/64")
        self.far.address("v1", THERE + "/64")
        permanent_neighbours(self.near, "v0", HERE, self.far, "v1", THERE)

    def client(self, *options, host=THERE, namespace=None):
        """`exercise client --raw`"""
        return self.lab.flowlabel(namespace or self.near, "exercise", "client", host, *options)

    @contextlib.contextmanager
    def generated(self, *options):
        """The packets of a run, and its document."""
        with Capture(self.far, "v1") as capture:
            document = self.client("--raw", "v0", *QUICK, *options).json()
            capture.wait(lambda: len(capture.of(HERE, THERE)) == document["totals"]["packets"])
            yield capture.of(HERE, THERE), document


@pytest.fixture(scope="module")
def cable(requirements):
    """near v0 --- v1 far"""
    with lab_module.Lab() as lab:
        yield Cable(lab)


def flags(packet):
    """The flags of a TCP header."""
    return packet.payload[13]


def assert_counted(packets, document):
    """Asserts that the document has the labels of the packets, and that each packet's checksum is right."""
    counts = {}
    for packet in packets:
        assert packet.checksum_is_valid() and packet.traffic_class == 0
        counts[packet.label] = counts.get(packet.label, 0) + 1
    assert {entry["label"]: entry["packets"] for entry in document["labels"]} == counts
    assert document["totals"]["packets"] == len(packets)


def test_a_labelled_syn_then_zero(cable):
    """LNX-19: the SYN has a label, and no packet after it has one."""
    with cable.generated("--generate", "syn-then-zero", "--label", "0x12345", "--count", "3") as (packets, document):
        assert [packet.label for packet in packets] == [0x12345, 0, 0, 0, 0, 0]
        assert [flags(packet) for packet in packets] == [SYN, ACK, PSH | ACK, PSH | ACK, PSH | ACK, FIN | ACK]
        assert len({packet.ports for packet in packets}) == 1 and packets[0].ports[1] == 24999
        assert_counted(packets, document)


def test_a_reset_with_another_label(cable):
    """LNX-19: the reset has another label than the other packets."""
    options = ["--generate", "rst-other", "--label", "255", "--count", "2", "--flows", "2"]
    with cable.generated(*options) as (packets, document):
        for port in (1024, 1025):
            flow = [packet for packet in packets if packet.ports[0] == port]
            assert [packet.label for packet in flow] == [255, 255, 255, 255, 256]
            assert flags(flow[-1]) == RST | ACK
        assert_counted(packets, document)


def test_segments_follow_each_other(cable):
    """Sequence numbers are those that a TCP stack would use."""
    with cable.generated("--label", "1", "--count", "3", "--size", "100") as (packets, _):
        numbers = [int.from_bytes(packet.payload[4:8], "big") for packet in packets]
        assert [number - numbers[0] for number in numbers] == [0, 1, 1, 101, 201, 301]


@pytest.mark.parametrize("protocol, number, extra", [("tcp", TCP, 3), ("udp", UDP, 0)], ids=["tcp", "udp"])
def test_a_label_for_each_packet(cable, protocol, number, extra):
    """LNX-19: each packet has a random label, with TCP, too."""
    options = [f"--{protocol}", "--generate", "per-packet", "--count", "200"]
    with cable.generated(*options) as (packets, document):
        assert len(packets) == 200 + extra and {packet.next_header for packet in packets} == {number}
        assert len({packet.label for packet in packets}) > 190 and all(packet.label for packet in packets)
        assert_counted(packets, document)


def test_a_message_in_the_labels(cable):
    """LNX-19: the labels carry a covert message."""
    options = ["--udp", "--generate", "message", "--text", "Meet at six", "--count", "11"]
    with cable.generated(*options) as (packets, document):
        text = b"".join((packet.label & 0xFFFF).to_bytes(2, "big") for packet in packets)
        assert text == b"Meet at six" * 2
        assert_counted(packets, document)


@pytest.mark.parametrize("options, labels", [
    (["--label", "9"], {9}),
    (["--label", "none"], {0}),
    (["--generate", "sequential", "--label", "0xffffe"], {0xFFFFE, 0xFFFFF, 1, 2}),
], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_labels_of_flows(cable, options, labels):
    """LNX-19: the labels of flows are constant, 0 or sequential."""
    with cable.generated("--udp", "--flows", "4", "--count", "2", *options) as (packets, document):
        assert {packet.label for packet in packets} == labels and len(packets) == 8
        assert len({packet.ports for packet in packets}) == 4
        assert_counted(packets, document)


def test_many_flows_are_counted(cable):
    """LNX-19: `flows` at the other end has each of 20,000 flows."""
    with attached(cable.lab, cable.far, "v1", TC_INGRESS, "--flows", 1 << 20) as attachment:
        document = cable.client("--raw", "v0", "--udp", "--generate", "sequential", "--label", "1", "--flows", "20000",
                                "--count", "1", *QUICK).json()
        assert document["totals"] == {"flows": 20000, "packets": 20000}
        seen = {label for source, destination, label in attachment.flows() if destination == THERE and label}
    assert seen == set(range(1, 20001))


def test_the_document(cable):
    """The document has every field, in the documented order."""
    document = cable.client("--raw", "v0", "--udp", "--label", "5", "--count", "1", *QUICK).json()
    assert list(document) == ["schema", "role", "protocol", "interface", "source", "destination", "started_at",
                              "ended_at", "totals", "labels"]
    assert (document["schema"], document["role"], document["interface"]) == ("flowlabel.exercise/1", "generator", "v0")
    assert (document["source"], document["destination"]) == (HERE, {"address": THERE, "port": 24999})


def test_loopback_and_tun(cable):
    """loopback and tun devices, which lead to no other host, are accepted."""
    text = cable.client("--raw", "lo", "--udp", "--label", "5", "--count", "1", host="::1").ok().stdout
    assert "raw udp from ::1 to [::1]:24999 on lo, 1 flow: 1 packets sent" in text and "0x00005" in text
    with Tun(cable.near, "tun0"):
        cable.near.address("tun0", "2001:db8:7::1/64")
        document = cable.client("--raw", "tun0", "--udp", "--label", "6", "--count", "1", *QUICK,
                                host="2001:db8:7::2").json()
    assert document["source"] == "2001:db8:7::1" and document["labels"] == [{"label": 6, "packets": 1}]


def test_a_real_nic_is_refused(cable):
    """Every device but veth, tun and loopback needs --yes-on-a-real-nic. A bridge stands for the NIC."""
    cable.near.ip("link", "add", "name", "br0", "type", "bridge")
    cable.near.ip("link", "set", "dev", "br0", "up")
    cable.near.address("br0", "2001:db8:9::1/64")
    options = ["--raw", "br0", "--udp", "--label", "5", "--count", "1"]
    refused(cable.client(*options, host="2001:db8:9::2"), 2, "br0", "--yes-on-a-real-nic")
    cable.client(*options, "--yes-on-a-real-nic", host="2001:db8:9::2").ok()


@pytest.mark.parametrize("options, status, words", [
    (["--raw", "nosuch", "--label", "5"], 1, ["no interface 'nosuch'"]),
    (["--raw", "v0"], 2, ["does not label raw packets", "--label"]),
    (["--raw", "v0", "--label", "auto"], 2, ["does not label raw packets"]),
    (["--raw", "v0", "--label", "5", "--share", "excl"], 2, ["no lease"]),
    (["--raw", "v0", "--label", "5", "--change-every", "2"], 2, ["label changes"]),
    (["--raw", "v0", "--udp", "--generate", "syn-then-zero"], 2, ["neither SYN nor RST"]),
    (["--raw", "v0", "--label", "5", "--flows", "64001"], 2, ["64000 flows"]),
    (["--raw", "v0", "--udp", "--label", "5", "--size", "1500"], 1, ["does not fit", "--size"]),
], ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "")
def test_refusals(cable, options, status, words):
    """Contradictory options, and what the kernel refuses, are errors."""
    refused(cable.client(*options), status, *words)


def test_no_privilege(cable):
    """Raw packets need CAP_NET_RAW."""
    done = cable.near.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", lab_module.binary(),
                          "exercise", "client", THERE, "--raw", "v0", "--label", "5", check=False)
    assert done.returncode == 1 and "cannot send raw packets" in done.stderr and "CAP_NET_RAW" in done.stderr


def test_it_ends_by_a_signal(cable):
    """^C ends each flow with its last packet, and then prints the summary."""
    process = cable.lab.start(cable.near, lab_module.binary(), "exercise", "client", THERE, "--raw", "v0", "--generate",
                              "rst-other", "--label", "7", "--count", "0", "--interval", "10ms", stdout=subprocess.PIPE,
                              text=True)
    with Capture(cable.far, "v1") as capture:
        capture.wait(lambda: len(capture.of(HERE, THERE)) > 5)
        process.send_signal(signal.SIGINT)
        text, _ = process.communicate(timeout=60)
        capture.wait(lambda: 8 in capture.labels(HERE, THERE))
        assert flags(capture.of(HERE, THERE)[-1]) == RST | ACK
    assert process.returncode == 0 and "0x00008             1" in text
