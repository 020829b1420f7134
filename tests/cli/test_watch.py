# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel watch`: who changes labels, live and in captures. test_connections.py has what Linux itself does."""

import contextlib
import signal
import subprocess

import pytest

import lab as lab_module
import pcapfile
import schema
from feed import DESTINATION, SOURCE, cable
from flows import TC_EGRESS, TC_INGRESS, XDP_NATIVE, attached
from frames import TCP, ethernet, ipv6
from kernel import eventually
from saying import refused, warned
from test_connections import ACK, RST, SYN, Feed, segment
from test_exercise_raw import QUICK, Cable

LABEL, OTHER = 0x12345, 0x54321
ZEROING, HEALTHY = 3, 17


@pytest.fixture
def host(lab):
    """A namespace with a silent cable from w0 to v0."""
    made = lab.namespace("host")
    cable(made)
    return made


@pytest.fixture
def feed(host):
    """Frames for v0."""
    with contextlib.closing(Feed(host)) as made:
        yield made


def connection(port, *labels, source=SOURCE, seqs=None):
    """A SYN and data of a connection from PORT with LABELS, and their sequence numbers if they do not go on."""
    packets = [ipv6(source, DESTINATION, TCP, segment((port, 443), 0, SYN), label=labels[0])]
    for number, label in enumerate(labels[1:]):
        seq = seqs[number] if seqs else 1 + 10 * number
        packets.append(ipv6(source, DESTINATION, TCP, segment((port, 443), seq, ACK, bytes(10)), label=label))
    return packets


def traffic():
    """Packets of connections that lose their label after the SYN, of one that takes another label after a timeout, of
    one that is reset with another label, and of healthy ones."""
    packets = []
    for port in range(1000, 1000 + ZEROING):
        packets += connection(port, LABEL, 0, 0)
    for port in range(2000, 2000 + HEALTHY):
        packets += connection(port, LABEL, LABEL, LABEL)
    packets += connection(3000, LABEL, LABEL, OTHER, source="2001:db8::7", seqs=[1, 1])
    packets += connection(4000, LABEL, LABEL, source="2001:db8::8")
    packets.append(ipv6("2001:db8::8", DESTINATION, TCP, segment((4000, 443), 11, RST), label=OTHER))
    return packets


CLASSES = {"syn-then-zero": ZEROING, "rto-rehash": 1, "rst-only": 1}
CONNECTIONS = ZEROING + HEALTHY + 2


@pytest.fixture
def watched(lab, host, feed):
    """An attachment that has counted the traffic."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track") as attachment:
        packets = traffic()
        for packet in packets:
            feed.send(packet)
        eventually(lambda: attachment.counters()["counted"] == len(packets))
        yield attachment


@pytest.fixture
def capture(tmp_path):
    """A capture of the traffic."""
    path = tmp_path / "traffic.pcap"
    path.write_bytes(pcapfile.pack([ethernet(bytes(6), bytes(6), 0x86DD, packet) for packet in traffic()]))
    return path


def changes(document):
    """The changes of DOCUMENT by class, without those that did not happen."""
    return {name: entry["changes"] for name, entry in document["classes"].items() if entry["changes"]}


def test_live(lab, host, watched):
    """Each class with its connections, and the findings from the level on, the worst first."""
    document = schema.document(lab.flowlabel(host, "watch", "v0", "--for", "100ms", "--json").ok().stdout)
    assert document["source"]["interface"] == "v0" and document["source"]["hook"] == "xdp"
    assert (document["connections"], document["packets"]) == (CONNECTIONS, len(traffic()))
    assert changes(document) == CLASSES
    assert len(document["classes"]) == 15 and document["classes"]["zeroed"] == {
        "level": "error", "connections": 0, "changes": 0}
    assert [finding["class"] for finding in document["findings"]] == ["syn-then-zero"] * ZEROING
    first = document["findings"][0]
    assert {name: first[name] for name in ("level", "src", "dst", "protocol", "sport", "dport", "from", "to", "changes",
                                           "packets")} == {
        "level": "error", "src": SOURCE, "dst": DESTINATION, "protocol": 6, "sport": 1000, "dport": 443, "from": LABEL,
        "to": 0, "changes": 1, "packets": 3}
    lines = lab.flowlabel(host, "watch", "--for", "100ms", "--level", "info", "--jsonl").ok().stdout.splitlines()
    assert [finding["class"] for finding in schema.lines(lines, "watch_finding")] == [
        "syn-then-zero"] * ZEROING + ["rto-rehash", "rst-only"]


def test_text_names_the_host_and_what_it_means(lab, host, watched):
    """Sentences that say who, what, how often of how many, why and when it is harmless; then a line for each class."""
    done = lab.flowlabel(host, "watch", "v0", "--for", "100ms", "--by", "src", "--level", "notice").ok()
    words = " ".join(done.stdout.split())
    assert (f"error syn-then-zero: {SOURCE}: {ZEROING} of {ZEROING + HEALTHY} connections lose their label after the SYN "
            f"({ZEROING} changes in {3 * ZEROING} packets). A NIC, a driver or a middlebox removes it. Never harmless") in words
    assert "notice rto-rehash: 2001:db8::7: 1 of 1 connection takes another label after a timeout" in words
    assert "One is harmless" in words and "2001:db8::8" not in words
    assert f"{CONNECTIONS} connections, {len(traffic())} packets, labels changed:" in words
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert [line.split()[0] for line in done.stdout.splitlines()[-3:]] == ["syn-then-zero", "rto-rehash", "rst-only"]
    one = " ".join(lab.flowlabel(host, "watch", "--for", "100ms").ok().stdout.split())
    assert f"error syn-then-zero: [{SOURCE}]:1000 > [{DESTINATION}]:443 tcp loses its label after the SYN" in one
    assert "0x12345 > 0x00000" in one
    every = " ".join(lab.flowlabel(host, "watch", "--for", "100ms", "--by", "class").ok().stdout.split())
    assert f"{ZEROING} of {CONNECTIONS} connections lose their label after the SYN" in every


class Watch:
    """A watch that runs; its findings are read when they appear."""

    def __init__(self, lab, host):
        self.process = lab.start(host, lab_module.binary(), "watch", "v0", "--bpffs", lab.bpffs, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True)
        assert "stop with ^C" in self.process.stderr.readline()

    def until(self, word):
        """The lines until one has WORD."""
        lines = [self.process.stdout.readline()]
        while word not in lines[-1]:
            assert lines[-1] != "", lines
            lines.append(self.process.stdout.readline())
        return "".join(lines)

    def ended(self):
        """(stdout, stderr) from now on, once it has ended."""
        output = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, output
        return output


def test_findings_appear_while_it_watches(lab, host, feed):
    """A finding is printed when its packets arrive, once; ^C ends with the summary."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track"):
        watch = Watch(lab, host)
        for port in (1000, 1001):
            for packet in connection(port, LABEL, 0, 0):
                feed.send(packet)
            watch.until(f"error syn-then-zero: [{SOURCE}]:{port}")
        watch.process.send_signal(signal.SIGINT)
        rest, errors = watch.ended()
        assert errors == "" and "2 connections, 6 packets" in rest and "syn-then-zero: " not in rest


def test_what_has_left_the_table_is_not_forgotten(lab, host, feed):
    """A connection whose label changed stays in the report after others took its slot, and after a detach."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track", "--flows", 64) as attachment:
        watch = Watch(lab, host)
        for packet in connection(1000, LABEL, 0, 0):
            feed.send(packet)
        watch.until(f"error syn-then-zero: [{SOURCE}]:1000")  # after one packet without a label it is `zeroed`
        for port in range(2000, 4000):
            feed.send(connection(port, LABEL)[0])
        eventually(lambda: attachment.counters()["counted"] == 2003)
        for packet in connection(1001, LABEL, 0, 0):
            feed.send(packet)
        watch.until(f"error syn-then-zero: [{SOURCE}]:1001")
    rest, errors = watch.ended()  # by the detach
    assert "nothing is left to watch" in errors
    assert rest.splitlines()[-1].split() == ["syn-then-zero", "error", "2", "2"]


def test_both_directions_and_two_places(lab, host, feed):
    """What two attachments see of the same packets counts once, and the sources are a list."""
    with attached(lab, host, "v0", XDP_NATIVE, "--track"), attached(lab, host, "v0", TC_INGRESS, "--track") as second, \
            attached(lab, host, "w0", TC_EGRESS):
        for packet in connection(1000, LABEL, 0, 0):
            feed.send(packet)
        eventually(lambda: second.counters()["counted"] == 3)
        done = lab.flowlabel(host, "watch", "--for", "100ms", "--json")
        warned(done, "1 attachment tracks no connections, and is not watched")
        document = schema.document(done.stdout)
        assert [source["hook"] for source in document["source"]] == ["xdp", "tc-ingress"]
        assert (document["connections"], document["packets"]) == (1, 3)
        assert changes(document) == {"syn-then-zero": 1}


def test_captures(lab, host, capture, tmp_path):
    """The same from a capture, without an attachment; two captures are joined."""
    document = schema.document(lab.flowlabel(host, "watch", "--capture", capture, "--json").ok().stdout)
    assert document["source"]["capture"] == str(capture)
    assert (document["connections"], document["packets"]) == (CONNECTIONS, len(traffic()))
    assert changes(document) == CLASSES
    copy = tmp_path / "copy.pcap"
    copy.write_bytes(capture.read_bytes())
    both = schema.document(lab.flowlabel(host, "watch", "--capture", capture, copy, "--json").ok().stdout)
    assert changes(both) == CLASSES and [source["capture"] for source in both["source"]] == [str(capture), str(copy)]
    assert "no label changed" in lab.flowlabel(host, "watch", "--capture", _healthy(tmp_path)).ok().stdout


def _healthy(tmp_path):
    path = tmp_path / "healthy.pcap"
    path.write_bytes(pcapfile.pack([ethernet(bytes(6), bytes(6), 0x86DD, one) for one in connection(1, LABEL, LABEL)]))
    return path


def test_fail_on(lab, host, capture):
    """Exit status 4, after the output, if there is a change of a level or above, or of a class."""
    for words, status in (("error", 4), ("warning", 4), ("rst-only", 4), ("zeroed,rto-rehash", 4), ("zeroed", 0),
                          ("changed,labelled-late", 0)):
        done = lab.flowlabel(host, "watch", "--capture", capture, "--fail-on", words, "--json")
        done.expect(status)
        assert changes(schema.document(done.stdout)) == CLASSES
    assert "rto-rehash 1" in lab.flowlabel(host, "watch", "--capture", capture, "--fail-on", "rto-rehash").stderr


@pytest.mark.parametrize("pattern, expected", [
    (["constant"], set()), (["sequential"], set()), (["encoded"], set()),
    (["per-packet"], {"alternating", "ack-change"}), (["message", "--text", "hello"], {"alternating", "ack-change"}),
    (["syn-then-zero"], {"syn-then-zero"}), (["rst-other"], {"rst-only"})], ids=str)
def test_the_patterns_of_exercise(lab, pattern, expected):
    """Each pattern gets its verdict, in each of its connections."""
    cable = Cable(lab)
    with attached(lab, cable.far, "v1", TC_INGRESS, "--track") as attachment:
        sent = cable.client("--raw", "v0", *QUICK, "--flows", "5", "--count", "10", "--generate", *pattern).json()
        eventually(lambda: sum(row["packets"] for row in attachment.document("--by", "connection")["flows"]
                               if row.get("dport") == 24999) == sent["totals"]["packets"])
        document = schema.document(lab.flowlabel(cable.far, "watch", "--for", "100ms", "--level", "info", "--json").ok().stdout)
    assert set(changes(document)) == expected
    for name in expected:
        assert document["classes"][name]["connections"] == 5


def test_wrong_usage(lab, host, capture, tmp_path):
    """Each error says what is wrong and what to do."""
    def watch(*options):
        return lab.flowlabel(host, "watch", *options)

    refused(watch("v0", "--capture", capture), 2, "--capture makes no sense with an attachment")
    refused(watch("--capture", capture, "--for", "1s"), 2, "--for makes no sense with --capture")
    refused(watch("--capture", capture, "--by", "dst"), 2, "'dst' is not one of connection, src, src/N, class")
    refused(watch("--capture", capture, "--by", "src/200"), 2, "longer than an address")
    refused(watch("--capture", capture, "--fail-on", "eror"), 2, "'eror' is neither a level nor a class", "'error'?")
    refused(watch("--capture", capture, "--level", "warn"), 2, "'warn' is not one of")
    refused(watch("--capture", tmp_path / "none"), 1, "cannot open")
    refused(watch("--capture", capture, "--json", "--jsonl"), 2, "--json")
    refused(watch("v0"), 3, "nothing is attached")
    with attached(lab, host, "v0", XDP_NATIVE):
        refused(watch(), 2, "no attachment tracks connections", "attach with --track")
        refused(watch("v0"), 2, "no attachment of v0 tracks connections")


def test_a_capture_that_ends_early(lab, host, capture, tmp_path):
    """The output shows what could be read; an error says why that is not all."""
    torn = tmp_path / "torn.pcap"
    torn.write_bytes(capture.read_bytes()[:-5])
    done = lab.flowlabel(host, "watch", "--capture", torn, capture, "--json")
    done.expect(1)
    assert "torn.pcap' ends early" in done.stderr and "what was read before" in done.stderr
    assert changes(schema.document(done.stdout)) == CLASSES
