# SPDX-License-Identifier: BSD-2-Clause
"""Records as IPFIX (RFC 7011), received by collectors of other projects: nfacctd, nfcapd and tshark."""

import calendar
import contextlib
import json
import shutil
import socket
import threading
import time

import pytest

import collector as collector_module
import ipfix
from capture import FrameCapture
from collector import Collector, assert_collected, entries, total
from feed import Sender, cable, generate
from flows import TC_EGRESS, TC_INGRESS, XDP_NATIVE
from ipfix import Nfacctd, Nfcapd, Relay, TcpCollector, UdpCollector, assert_sequences, free_port, number, tshark
from kernel import eventually
from lab import command
from saying import refused
from test_collect import attach

REASONS = {"idle": 1, "active": 2, "forced": 4, "end-of-collection": 4, "evicted": 5}
MTU = 512  # RFC 7011 section 10.3.3: if the path MTU is unknown


@pytest.fixture(scope="module", autouse=True)
def peers():
    """Skips, with the reason, if the collectors of other projects are missing."""
    missing = [tool for tool in ("nfacctd", "nfcapd", "nfdump", "tshark", "ss") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: run tools/setup")


@pytest.fixture
def link(lab):
    """v0 and w0, silent, in a namespace whose loopback interface is up."""
    made = lab.namespace("host")
    cable(made)
    return made


def ifindex(namespace, interface="v0"):
    """The interface index."""
    return json.loads(namespace.ip("-json", "link", "show", "dev", interface).stdout)[0]["ifindex"]


def milliseconds(text):
    """An RFC 3339 time as milliseconds since 1970."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1000 + int(text[20:23])


def send_some(namespace, interface="w0"):
    """Sends flows of different sizes; returns what was sent, by flow."""
    with Sender(namespace, interface) as sender:
        for label in (0, 1, 0x12345, 0xFFFFF):
            sender.send(label, octets=label % 1000, times=1 + label % 7)
    return sender.sent


def packets_of(sent):
    """The packets of all flows together."""
    return sum(packets for packets, _ in sent.values())


@pytest.mark.parametrize("hook", [XDP_NATIVE, TC_INGRESS, TC_EGRESS], ids=str)
def test_every_element(lab, link, tmp_path, hook):
    """The elements of docs/collecting.md have the values of the JSON records. IPFIX-9: octet counts are those of IP.
    IPFIX-10: the observation domain distinguishes interface and hook."""
    attach(lab, link, hook=hook)
    with UdpCollector(link) as peer:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url).reads()
        send_some(link, "v0" if hook is TC_EGRESS else "w0")
        collector.stop().ok()
        messages = peer.messages()
    egress = hook is TC_EGRESS
    place = ifindex(link)
    found = {ipfix.flow_key(record): record for message in messages for record in message.flows}
    records = collector.records()
    assert len(found) == len(records) == 4
    for record in records:
        got = found[record["src"], record["dst"], record["label"]]
        assert number(got[ipfix.PACKETS]) == record["packets"]
        assert number(got[ipfix.OCTETS]) == record["bytes"]
        assert number(got[ipfix.START]) == milliseconds(record["first_seen"])
        assert number(got[ipfix.END]) == milliseconds(record["last_seen"])
        assert number(got[ipfix.REASON]) == REASONS[record["end_reason"]]
        assert number(got[ipfix.EGRESS if egress else ipfix.INGRESS]) == place
        assert number(got[ipfix.DIRECTION]) == egress
        assert number(got[ipfix.VERSION]) == 6
        assert len(got) == 11
    numbers = {"xdp": 1, "tc-ingress": 2, "tc-egress": 3}
    assert {message.domain for message in messages} == {0, 4 * place + numbers[hook.hook]}
    names = [fields for message in messages for template, fields in message.records if template in ipfix.NAMES]
    assert names == [{ipfix.EGRESS if egress else ipfix.INGRESS: place.to_bytes(4, "big"), 82: b"v0",
                      83: f"netns {link.inode} ({link.name})".encode()}]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_nfacctd(lab, link, tmp_path, transport):
    """nfacctd (pmacct, with a primitive for field 31): flows, labels, packets and bytes equal what was sent. nfacctd
    does not listen on TCP: a relay forwards each message from TCP to it."""
    attach(lab, link)
    with Nfacctd(lab, link, tmp_path) as peer:
        relay = Relay(link, peer.port)
        with relay:
            url = peer.url if transport == "udp" else relay.url
            collector = Collector(lab, link, tmp_path / "records", "--ipfix", url, "--idle", "300ms").reads()
            sent = send_some(link)
            generate(link, XDP_NATIVE, 250)
            eventually(lambda: collector.packets() == 250 + packets_of(sent))
            assert collector.stop().ok().stderr.count("\n") == 1, "the collector must print nothing but its summary"
            sums = collector_module.by_flow(collector.records())
            eventually(lambda: peer.flows() == sums)
        assert sums.items() >= sent.items()
        assert peer.complaints() == []


def test_nfcapd(lab, link, tmp_path):
    """nfcapd accepts the messages without errors and without a gap in the sequence numbers, and nfdump reads back what
    was sent."""
    attach(lab, link)
    (tmp_path / "nfcapd").mkdir()
    with Nfcapd(lab, link, tmp_path / "nfcapd") as peer:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url).reads()
        sent = send_some(link)
        collector.stop().ok()
        said = peer.stop()
    packets, octets = (sum(amounts) for amounts in zip(*sent.values()))
    assert f"Flows: 4, Packets: {packets}, Bytes: {octets}, Sequence Errors: 0, Bad Packets: 0" in said
    (source, destination, _), *_ = sent
    assert peer.flows() == {(source, destination): (packets, octets)}


def test_nfcapd_without_options(lab, link, tmp_path):
    """nfcapd 1.7 does not count options records, and takes each retransmission of them for a loss. Without options
    records it reports no loss, however often the templates are sent again."""
    attach(lab, link)
    (tmp_path / "nfcapd").mkdir()
    with Nfcapd(lab, link, tmp_path / "nfcapd") as peer:
        options = ["--ipfix", peer.url, "--ipfix-no-options", "--template-interval", "100ms", "--idle", "100ms"]
        collector = Collector(lab, link, tmp_path / "records", *options).reads()
        for label in range(1, 6):
            with Sender(link) as sender:
                sender.send(label)
            eventually(lambda count=label: collector.packets() == count)
        collector.stop().ok()
        said = peer.stop()
    assert "Flows: 5, Packets: 5, Bytes: 200, Sequence Errors: 0, Bad Packets: 0" in said
    assert "Process_ifvrf_option" not in said, "nfcapd cannot read variable-length strings in options"


FIELDS = ["_ws.malformed", "_ws.expert", "cflow.sequence_analysis.expected_sn", "cflow.sequence", "cflow.od_id",
          "cflow.template_id", "cflow.ipv6flowlabel", "cflow.if_name", "cflow.if_descr",
          "cflow.notsent_flows", "cflow.ignore_packets"]


# The last segment may carry the end of the connection together with its message.
CONNECTION_ENDS = ("Expert Info (Chat/Sequence): Connection finish (FIN)",
                   "Expert Info (Note/Sequence): This frame initiates the connection closing")


def assert_dissected(rows, labels):
    """Asserts that no row is malformed, out of sequence or otherwise remarkable, that templates come first, and that
    the flows have LABELS."""
    rows = [dict(zip(FIELDS, row + [[]] * (len(FIELDS) - len(row)))) for row in rows]
    rows = [row for row in rows if row["cflow.sequence"]]
    for row in rows:
        remarks = [remark for remark in row["_ws.expert"] if not remark.startswith(CONNECTION_ENDS)]
        assert row["_ws.malformed"] == remarks == row["cflow.sequence_analysis.expected_sn"] == [], row
    assert rows[0]["cflow.template_id"] and not rows[0]["cflow.ipv6flowlabel"]
    assert sorted(int(label) for row in rows for label in row["cflow.ipv6flowlabel"]) == sorted(labels)
    assert {name for row in rows for name in row["cflow.if_name"]} == {"v0"}
    (namespace,) = {text for row in rows for text in row["cflow.if_descr"]}
    assert namespace.startswith("netns ")
    assert any(row["cflow.notsent_flows"] for row in rows) and any(row["cflow.ignore_packets"] for row in rows)


def send_until_full(link, collector, capture, mtu):
    """Generates bursts until an IP packet has no room for one more record. A busy machine exports records in small
    batches, and a message ends with its batch."""
    made = 0

    def is_full():
        nonlocal made
        made += generate(link, XDP_NATIVE, 3000)["packets"]
        eventually(lambda: collector.packets() == made)
        return max(len(frame) - 14 for frame in capture.frames) > mtu - 75

    eventually(is_full)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_tshark_on_the_wire(lab, link, tmp_path, transport):
    """tshark decodes the messages, and none is malformed. IPFIX-5: no packet is larger than the MTU, 512 bytes by
    default."""
    attach(lab, link)
    make = UdpCollector if transport == "udp" else TcpCollector
    with make(link) as peer, FrameCapture(link, "lo") as capture:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url, "--idle", "200ms").reads()
        eventually(lambda: capture.frames)  # the exporter sends templates before there is a record
        send_until_full(link, collector, capture, MTU)
        collector.stop().ok()
        capture.quiet()
    ipfix.write_pcap(tmp_path / "pcap", capture.frames)
    assert_dissected(tshark(tmp_path / "pcap", "-d", f"{transport}.port=={peer.port},cflow", fields=FIELDS),
                     [record["label"] for record in collector.records()])
    if transport == "udp":
        sizes = [len(frame) - 14 for frame in capture.frames]
        assert max(sizes) <= MTU
        assert {frame[14 + 40 + 6:14 + 40 + 8] != b"\0\0" for frame in capture.frames} == {True}, "UDP checksums"


def test_another_mtu(lab, link, tmp_path):
    """IPFIX-5: --mtu is the size of the IP packet."""
    attach(lab, link)
    with UdpCollector(link) as peer, FrameCapture(link, "lo") as capture:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url, "--mtu", 1500, "--idle", "200ms").reads()
        send_until_full(link, collector, capture, 1500)
        collector.stop().ok()
        capture.quiet()
        assert ipfix.by_flow(peer.messages()) == collector_module.by_flow(collector.records())
    assert max(len(frame) - 14 for frame in capture.frames) <= 1500


def test_a_file(lab, link, tmp_path):
    """RFC 5655: tshark reads the complete file. SIGHUP reopens it, and the new file is complete in itself."""
    attach(lab, link)
    path = tmp_path / "flows.ipfix"
    collector = Collector(lab, link, tmp_path / "records", "--ipfix", f"file:{path}", "--idle", "200ms").reads()
    sent = send_some(link)
    eventually(lambda: collector.packets() == packets_of(sent))
    eventually(lambda: ipfix.is_whole(octets := path.read_bytes())
               and ipfix.by_flow(ipfix.Decoder().decode_all(octets)) == sent)
    first = collector.records()
    path.rename(tmp_path / "old.ipfix")
    collector.process.send_signal(1)
    eventually(path.exists)
    generate(link, XDP_NATIVE, 2000)
    collector.stop().ok()
    assert_dissected(tshark(tmp_path / "old.ipfix", fields=FIELDS), [record["label"] for record in first])
    assert_dissected(tshark(path, fields=FIELDS), [record["label"] for record in collector.records()[len(first):]])
    for one in (tmp_path / "old.ipfix", path):
        assert_sequences(ipfix.Decoder().decode_all(one.read_bytes()))


def test_a_full_disk(lab, link, tmp_path):
    """On a full disk, no message is truncated, lost or written twice."""
    attach(lab, link)
    disk = tmp_path / "disk"
    disk.mkdir()
    command("mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk)
    try:
        argv = ["--ipfix", f"file:{disk}/flows", "--idle", "200ms"]
        collector = Collector(lab, link, tmp_path / "records", *argv).reads()
        made = generate(link, XDP_NATIVE, 5000)
        eventually(lambda: collector.packets() == made["packets"])
        collector.says("No space left")
        eventually(lambda: ipfix.is_whole((disk / "flows").read_bytes()))  # an attempt leaves a part for a moment
        part = ipfix.Decoder().decode_all((disk / "flows").read_bytes())
        assert len(ipfix.by_flow(part)) < 5000
        command("mount", "-o", "remount,size=16m", disk)
        eventually(lambda: ipfix.is_whole(octets := (disk / "flows").read_bytes())
                   and len(ipfix.by_flow(ipfix.Decoder().decode_all(octets))) == 5000)
        ended = collector.stop().ok()
        messages = ipfix.Decoder().decode_all((disk / "flows").read_bytes())
        assert ipfix.by_flow(messages) == collector_module.by_flow(collector.records())
        assert_sequences(messages)
        assert ended.stderr.count("No space left") == 1
    finally:
        command("umount", "--lazy", disk)  # a collector may still write there


def test_templates_are_sent_again(lab, link, tmp_path):
    """IPFIX-4: a UDP collector that restarts can read what follows the next templates. No record comes before its
    template, and no template is withdrawn (the decoder refuses both)."""
    attach(lab, link)
    port = free_port()
    options = ["--ipfix", f"udp://[::1]:{port}", "--template-interval", "2s", "--idle", "100ms"]
    with UdpCollector(link, port) as peer:
        collector = Collector(lab, link, tmp_path / "records", *options).reads()
        first = send_some(link)
        eventually(lambda: sum(256 in message.templates for message in peer.messages()) >= 3)
        before = ipfix.by_flow(peer.messages())
        more = send_some(link)  # without records, no templates are sent after a while
        eventually(lambda: packets_of(ipfix.by_flow(peer.messages())) == packets_of(before) + packets_of(more))
        assert_sequences(peer.messages())
    with UdpCollector(link, port) as peer, Sender(link) as sender:
        eventually(lambda: any(256 in message.templates for message in peer.messages()))
        known = packets_of(first) + packets_of(more)
        for label in range(0x1000, 0x2000):  # after templates failed to reach a collector, records wait for a second
            sender.send(label)
            eventually(lambda: collector.packets() == known + len(sender.sent))
            time.sleep(0.3)
            if ipfix.by_flow(peer.messages()):
                break
        sent = send_some(link)
        eventually(lambda: ipfix.by_flow(peer.messages()).items() >= sent.items())
        collector.stop().ok()
        flows = ipfix.by_flow(peer.messages())
        assert flows == dict(list(sender.sent.items())[len(sent) - len(flows):]) | sent


def test_two_hooks_are_two_domains(lab, link, tmp_path):
    """IPFIX-10: two attachments are two domains, each with its own templates and sequence numbers."""
    attach(lab, link)
    attach(lab, link, hook=TC_INGRESS)
    with UdpCollector(link) as peer:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url).reads(2)
        sent = send_some(link)
        collector.stop().ok()
        messages = peer.messages()
    assert_sequences(messages)
    for domain in (4 * ifindex(link) + 1, 4 * ifindex(link) + 2):
        mine = [message for message in messages if message.domain == domain]
        assert ipfix.by_flow(mine) == sent
        assert mine[0].templates


def test_the_same_ifindex_in_two_namespaces(lab, link, tmp_path):
    """IPFIX-10: domains do not collide if two network namespaces have an interface with the same index, and each names
    its namespace."""
    other = lab.namespace("other")
    cable(other)
    assert ifindex(link) == ifindex(other)
    attach(lab, link)
    attach(lab, other)
    with UdpCollector(link) as peer:
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", peer.url).reads(2)
        sent = {}
        for namespace, label in ((link, 1), (other, 2)):
            with Sender(namespace) as sender:
                sender.send(label, times=label)
            sent.update(sender.sent)
        collector.stop().ok()
        messages = peer.messages()
    domains = {message.domain for message in messages if message.flows}
    plain = 4 * ifindex(link) + 1
    assert domains == {plain, plain + (1 << 24)}
    assert ipfix.by_flow(messages) == sent
    said = {message.domain: fields[83].decode() for message in messages for template, fields in message.records
            if template in ipfix.NAMES}
    labels = {message.domain: number(message.flows[0][ipfix.LABEL]) for message in messages if message.flows}
    namespaces = {1: link, 2: other}
    assert said == {domain: f"netns {namespaces[label].inode} ({namespaces[label].name})"
                    for domain, label in labels.items()}


def test_a_tcp_collector_that_was_away(lab, link, tmp_path):
    """While a TCP collector is unreachable, the exporter retries with a bounded queue. If it is unreachable at the
    start, the exporter warns and continues. A new connection begins with templates and sequence number 0 (RFC 7011
    section 8), and no record is lost or sent twice."""
    attach(lab, link)
    port = free_port()
    options = ["--ipfix", f"tcp://[::1]:{port}", "--connect-interval", "200ms", "--idle", "100ms"]
    collector = Collector(lab, link, tmp_path / "records", *options).reads()
    sent = send_some(link)
    eventually(lambda: collector.packets() == packets_of(sent))
    collector.says("Connection refused")
    with TcpCollector(link, port) as peer:
        eventually(lambda: peer.connections and ipfix.by_flow(peer.messages()[0]) == sent)
    made = generate(link, XDP_NATIVE, 3000)
    eventually(lambda: collector.packets() == made["packets"] + packets_of(sent))
    collector.says("ended the connection")
    with TcpCollector(link, port) as peer:
        eventually(lambda: peer.connections and len(ipfix.by_flow(peer.messages()[-1])) == made["packets"])
        again = send_some(link)
        ended = collector.stop().ok()
        (messages,) = peer.messages()
    assert_sequences(messages)
    assert messages[0].templates
    flows = ipfix.by_flow(messages)
    assert sum(packets for packets, _ in flows.values()) == made["packets"] + sum(one for one, _ in again.values())
    assert {flow: flows[flow] for flow in again} == again
    assert ended.stderr.count("Connection refused") >= 1
    assert ended.stderr.count(f"tcp://[::1]:{port} ended the connection") == 1
    assert "not acknowledged" not in ended.stderr and "were not delivered" not in ended.stderr


def test_a_tcp_collector_that_never_comes(lab, link, tmp_path):
    """Records that no exporter could send are lost, and the identity says how many: exit status 1."""
    attach(lab, link)
    url = f"tcp://[::1]:{free_port()}"
    process = lab.start(link, *Collector.command(lab, "--ipfix", url), stderr=-1, text=True)
    eventually(lambda: entries(lab, link)[0]["ring"]["reader"] == process.pid)
    made = generate(link, XDP_NATIVE, 100)
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert f"flowlabel: error: cannot connect to {url}: Connection refused" in said
    (entry,) = entries(lab, link)
    assert_collected(entry)
    assert entry["totals"]["lost"] == made


def test_a_udp_collector_that_is_not_there(lab, link, tmp_path):
    """Records that a UDP collector could not receive, because it was not there, are counted and reported. The kernel
    continues to count, and the other exporter writes. When a collector starts, it gets templates and, after one second
    without an ICMP error, new records."""
    attach(lab, link)
    port = free_port()
    options = ["--ipfix", f"udp://[::1]:{port}", "--idle", "500ms", "--template-interval", "1h"]
    collector = Collector(lab, link, tmp_path / "records", *options).reads()
    made = generate(link, XDP_NATIVE, 1000)
    eventually(lambda: len(collector.records()) == 1000)
    with UdpCollector(link, port) as peer, Sender(link) as sender:
        eventually(peer.messages)
        for label in range(0x1000, 0x2000):
            sender.send(label)
            eventually(lambda: collector.packets() == made["packets"] + len(sender.sent))
            time.sleep(0.3)
            if arrived := ipfix.by_flow(peer.messages()):
                break
        sent = send_some(link)
        ended = collector.stop().ok()
        messages = peer.messages()
    records = collector.records()
    missed = len(records) - len(ipfix.by_flow(messages))
    assert missed >= 1000 and ipfix.by_flow(messages) == collector_module.by_flow(records[missed:])
    assert (arrived | sent).items() <= ipfix.by_flow(messages).items()
    assert_sequences(messages)
    assert total(records)["packets"] == made["packets"] + len(sender.sent) + packets_of(sent)
    assert f"udp://[::1]:{port} does not take messages: Connection refused" in ended.stderr
    lost = total(records[:missed])
    assert (f"udp://[::1]:{port}: {missed:,} records with {lost['packets']:,} packets {lost['bytes']:,} bytes "
            "were not delivered") in ended.stderr


@contextlib.contextmanager
def chatterbox(namespace):
    """A server that accepts connections and endlessly sends data on them. Yields its port."""
    with namespace.inside():
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                with contextlib.suppress(ConnectionError), listener.accept()[0] as connection:
                    while True:
                        connection.sendall(bytes(1 << 16))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_one_that_sends_data_is_no_collector(lab, link, tmp_path):
    """If a server at the collector's address sends data without end, the exporter warns and closes the connection. The
    other exporter continues, and SIGTERM ends the collector."""
    attach(lab, link)
    with chatterbox(link) as port:
        url = f"tcp://[::1]:{port}"
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", url, "--idle", "200ms").reads()
        collector.says(f"{url} sends data, which no IPFIX collector does")
        sent = send_some(link)
        eventually(lambda: collector.packets() == packets_of(sent))
        collector.stop()  # its last attempt may succeed or fail, depending on timing


def own_names(directory, hosts="", name_server="::1"):
    """A prefix that runs a command with its own /etc/hosts and name server. The test can write the file later."""
    (directory / "hosts").write_text(hosts)
    (directory / "resolv.conf").write_text(f"nameserver {name_server}\noptions timeout:30 attempts:5\n")
    script = 'mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/resolv.conf && shift 2 && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", directory / "hosts", directory / "resolv.conf"]


@pytest.mark.parametrize("scheme, make", [("udp", UdpCollector), ("tcp", TcpCollector)], ids=["udp", "tcp"])
def test_a_name_that_is_known_later(lab, link, tmp_path, scheme, make):
    """A router that boots before its name server collects records: those for a host that cannot be resolved yet wait,
    with UDP, too, and arrive once it can."""
    attach(lab, link)
    with make(link) as peer:
        url = f"{scheme}://collector.example:{peer.port}"
        collector = Collector(lab, link, tmp_path / "records", "--ipfix", url, "--idle", "100ms",
                              prefix=own_names(tmp_path)).reads()
        collector.says(f"cannot look up the host of {url}: Temporary failure in name resolution")
        sent = send_some(link)
        eventually(lambda: collector.packets() == packets_of(sent))
        (tmp_path / "hosts").write_text("::1 collector.example\n")

        def arrived():
            messages = peer.messages()
            return ipfix.by_flow(messages if scheme == "udp" else sum(messages, []))

        eventually(lambda: arrived() == sent)
        collector.says(f"{url}: works again")
        collector.stop().ok()


def test_an_address_that_changes(lab, link, tmp_path):
    """The host name is resolved again for each TCP connection, and for UDP at SIGHUP and while messages are not
    delivered."""
    attach(lab, link)
    for scheme, make, options in (("udp", UdpCollector, []), ("tcp", TcpCollector, ["--connect-interval", "200ms"])):
        names = own_names(tmp_path, hosts="100::1 collector.example\n")  # an address without a route
        with make(link) as peer:
            collector = Collector(lab, link, tmp_path / "records", "--ipfix", f"{scheme}://collector.example:{peer.port}",
                                  *options, prefix=names)
            collector.reads().says("unreachable")
            (tmp_path / "hosts").write_text("::1 collector.example\n")
            eventually(lambda peer=peer: peer.messages() and any(peer.messages()))
            collector.stop().ok()


def test_a_name_server_that_does_not_answer(lab, link, tmp_path):
    """No pending DNS query delays SIGTERM, whichever exporter waits for it: the resolver's timeout is minutes."""
    attach(lab, link)
    with link.socket(socket.AF_INET6, socket.SOCK_DGRAM) as silent:
        silent.bind(("::1", 53))
        options = ["--ipfix", "udp://collector.example", "--ipfix", "tcp://collector.example",
                   "--clickhouse", "http://store.example"]
        collector = Collector(lab, link, tmp_path / "records", *options, prefix=own_names(tmp_path)).reads()
        send_some(link)
        eventually(lambda: silent.recv(4096))
        collector.stop().expect(1)
        listening = Collector(lab, link, tmp_path / "none", "--prometheus", "metrics.example:9641", prefix=own_names(tmp_path))
        refused(listening.wait(), 1, "cannot find the address of 'metrics.example': no name server answers")


@pytest.mark.parametrize("scheme, make, options", [
    ("udp", UdpCollector, []), ("tcp", TcpCollector, ["--connect-interval", "200ms"])], ids=["udp", "tcp"])
def test_one_that_comes_back_is_told_of(lab, link, tmp_path, scheme, make, options):
    """An error ends, with a message, once the collector is reachable, whether there is a record for it or not."""
    attach(lab, link)
    port = free_port()
    url = f"{scheme}://[::1]:{port}"
    collector = Collector(lab, link, tmp_path / "records", "--ipfix", url, *options).reads()
    collector.says("Connection refused")
    with make(link, port):
        collector.says(f"{url}: works again")
        collector.stop().ok()


def test_losses_are_exported(lab, link, tmp_path):
    """The loss counters are exported as options records (RFC 7011 section 4.2): what found the ring full."""
    attach(lab, link)
    generate(link, XDP_NATIVE, 200_000)
    (entry,) = entries(lab, link)
    lost = entry["totals"]["lost"]
    assert lost["packets"] > 0
    with UdpCollector(link) as peer:
        options = ["--ipfix", peer.url, "--mtu", 9000, "--template-interval", "1s", "--idle", "100ms"]
        collector = Collector(lab, link, tmp_path / "records", *options).reads()
        eventually(lambda: any(fields[164] == lost["packets"].to_bytes(8, "big") for message in peer.messages()
                               for template, fields in message.records if template == ipfix.METERING))
        collector.stop().ok()
        (*_, last) = (fields for message in peer.messages() for template, fields in message.records
                      if template == ipfix.METERING)
    assert number(last[165]) == lost["bytes"]
    assert abs(number(last[323]) / 1000 - time.time()) < 60


def test_help(lab, link):
    """IPFIX-6: the default port is 4739, and the default MTU is 512."""
    shown = " ".join(lab.flowlabel(link, "collect", "--help").ok().stdout.split())
    for word in ("--ipfix URL", "udp://HOST[:PORT], tcp://HOST[:PORT] (default port: 4739) or file:PATH", "--mtu N",
                 "included; default: 512", "--template-interval D", "--connect-interval D", "--ipfix-no-options"):
        assert word in shown


BAD = [
    (["--ipfix", "collector"], 2, ["'collector'", "udp://HOST"]),
    (["--ipfix", "http://collector"], 2, ["'http://collector'", "udp://HOST"]),
    (["--ipfix", "udp://"], 2, ["names no host"]),
    (["--ipfix", "udp://::1"], 2, ["brackets"]),
    (["--ipfix", "udp://[::1]:0"], 2, ["port of 1 to 65535"]),
    (["--ipfix", "tcp://[::1]:65536"], 2, ["port of 1 to 65535"]),
    (["--ipfix", "file:"], 2, ["names no file"]),
    (["--ipfix", "udp://[::1]", "--ipfix", "udp://[::1]"], 2, ["twice"]),
    (["--ipfix", "udp://[::1]", "--mtu", "142"], 2, ["--mtu", "142", "143"]),
    (["--ipfix", "udp://[::1]", "--mtu", "65536"], 2, ["--mtu", "65536", "65535"]),
    (["--ipfix", "udp://[::1]", "--mtu", "many"], 2, ["--mtu", "'many'"]),
    (["--ipfix", "tcp://[::1]", "--mtu", "1500"], 2, ["--mtu", "udp://"]),
    (["--ipfix", "udp://[::1]", "--connect-interval", "5s"], 2, ["--connect-interval", "tcp://"]),
    (["--ipfix", "udp://[::1]", "--template-interval", "often"], 2, ["--template-interval", "'often'"]),
    (["--ipfix", "udp://[::1]", "--template-interval", "1ms"], 2, ["--template-interval", "100ms"]),
    (["--jsonl", "-", "--template-interval", "5s"], 2, ["--template-interval", "--ipfix"]),
    (["--ipfix", "file:/nonsense/flows"], 1, ["'/nonsense/flows'", "No such file"]),
    (["--ipfix", "file:/dev/null"], 1, ["not a regular file"]),
    ([], 2, ["--ipfix"]),
]


@pytest.mark.parametrize("arguments, exit_status, words", BAD, ids=lambda value: " ".join(map(str, value))[:40]
                         if isinstance(value, list) else str(value))
def test_bad_input(lab, link, arguments, exit_status, words):
    """A wrong URL, an unwritable file and garbage each give a clear error."""
    attach(lab, link)
    refused(lab.flowlabel(link, "collect", *arguments), exit_status, *words)


def test_nowhere_to_go(lab, link, tmp_path):
    """An unreachable host is reported, and the records for other sinks are complete."""
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "--ipfix", "udp://[2001:db8:ffff::1]").reads()
    sent = send_some(link)
    ended = collector.stop().ok()
    assert "udp://[2001:db8:ffff::1] does not take messages: Network is unreachable" in ended.stderr
    assert collector_module.by_flow(collector.records()) == sent


def test_several_at_once(lab, link, tmp_path):
    """--ipfix can be repeated; an unreachable collector does not delay the others."""
    attach(lab, link)
    with UdpCollector(link) as udp, TcpCollector(link) as tcp:
        away = f"tcp://[::1]:{free_port()}"
        urls = [word for url in (udp.url, tcp.url, f"file:{tmp_path}/flows", away) for word in ("--ipfix", url)]
        collector = Collector(lab, link, tmp_path / "records", *urls).reads()
        sent = send_some(link)
        ended = collector.stop()
        assert ipfix.by_flow(udp.messages()) == sent
        assert ipfix.by_flow(tcp.messages()[0]) == sent
    assert ipfix.by_flow(ipfix.Decoder().decode_all((tmp_path / "flows").read_bytes())) == sent
    assert f"{away}: 4 records" in ended.stderr
    assert_collected(entries(lab, link)[0])
    assert entries(lab, link)[0]["totals"]["lost"] == {"packets": 0, "bytes": 0}


def test_one_that_is_behind_loses_its_own(lab, link, tmp_path):
    """The queue is bounded: what does not fit into the queue of an unreachable collector is lost only for that one and
    counted exactly, and the others get everything."""
    attach(lab, link)
    away = f"tcp://[::1]:{free_port()}"
    argv = ["--ipfix", away, "--max-flows", 1000, "--idle", "200ms"]
    collector = Collector(lab, link, tmp_path / "records", *argv).reads()
    made = generate(link, XDP_NATIVE, 20_000)
    eventually(lambda: entries(lab, link)[0]["collected"]["exported"] == made)
    assert collector.packets() == made["packets"]
    entry = entries(lab, link)[0]
    assert entry["totals"]["lost"] == entry["collected"]["pending"] == {"packets": 0, "bytes": 0}
    ended = collector.stop()
    records = len(collector.records())
    assert f"{away}: {records:,} records with {made['packets']:,} packets {made['bytes']:,} bytes" in ended.stderr
