# SPDX-License-Identifier: BSD-2-Clause
"""The metrics page: its content, who can read it, and that no client harms the collector."""

import json
import os
import pathlib
import re
import socket
import time

import pytest

from collector import UNITS, Collector, assert_collected, entries, total
from feed import DESTINATION, SOURCE, Sender, cable, generate
from flows import TC_INGRESS, XDP_NATIVE
from kernel import eventually
from lab import REPOSITORY, command
from prometheus import (ADDRESS, OPENMETRICS, PORT, TEXT, Prometheus, ask, check_text, missing_tools,
                        openmetrics_families, page, serving)
from saying import refused

RULES = REPOSITORY / "tools/prometheus/flowlabel.rules.yml"
DASHBOARD = REPOSITORY / "tools/grafana/flowlabel.json"
PROMETHEUS_ASKS = ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
LONG = ["--idle", "1h", "--active", "1h"]
BURST = 40_000  # records: fewer than half of what the ring holds
GIVEN = 10  # seconds until a client times out


@pytest.fixture(autouse=True)
def needs_tools():
    """Skips, with the reason, if a tool is missing."""
    if reason := missing_tools():
        pytest.skip(reason)


@pytest.fixture
def link(lab):
    """v0 and w0, which carry only the test's packets."""
    made = lab.namespace("host")
    cable(made)
    return made


def attach(lab, link, *options, interface="v0", hook=XDP_NATIVE, flows=1024):
    """Attaches with a small table, or one of FLOWS slots for each CPU."""
    return lab.flowlabel(link, "attach", interface, *hook.options, "--flows", flows, *options).ok()


def collect(lab, link, tmp_path, *options, to="records", attachments=1):
    """Starts a collector that serves its page."""
    collector = Collector(lab, link, to if str(to).startswith("/") else tmp_path / to, "--prometheus", ADDRESS, *options)
    return serving(link, collector.reads(attachments))


def metric_of(counter):
    """The metric of a counter of `stats`, as in docs/monitoring.md."""
    unit = "" if counter.endswith(("_packets", "_bytes", "_flows")) else "_packets"
    return f"flowlabel_datapath_{counter}{unit}_total"


def test_every_counter_and_the_identity(lab, link, tmp_path):
    """The page has every counter of `stats`, the parts of the identity, occupancy, ring fill, sweep and export lag, the
    exporters' state and the build info, with the values of `stats` and `status`. promtool finds no fault."""
    attach(lab, link)
    began = time.time()
    collector = collect(lab, link, tmp_path, "--idle", "500ms", "--top", 10)
    with Sender(link) as sender:
        sender.send(label=0, octets=60, times=3)
        sender.send(label=7, octets=10, times=5)
        eventually(lambda: collector.packets() == 8)
        sender.send(label=8, times=4)
    eventually(lambda: page(link).value("flowlabel_exporter_written_packets_total") == 12)  # nothing changes any more
    shown = page(link)
    check_text(shown.text)
    stats = lab.flowlabel(link, "stats", "--json").json()
    (entry,) = entries(lab, link)
    assert stats["counters"]["zero_label"] == 3 and stats["counters"]["labelled"] == 9
    for counter, value in stats["counters"].items():
        assert shown.value(metric_of(counter)) == value, counter
    parts = entry["collected"] | entry["totals"]
    for unit in UNITS:
        assert shown.value(f"flowlabel_counted_{unit}_total") == parts["counted"][unit]
        assert shown.value(f"flowlabel_lost_{unit}_total") == parts["lost"][unit] == 0
        inside = sum(shown.value(f"flowlabel_{part}_{unit}") for part in ("live", "pending"))
        assert shown.value(f"flowlabel_counted_{unit}_total") == inside + shown.value(f"flowlabel_exported_{unit}_total")
    assert shown.value("flowlabel_table_slots") == entry["table"]["slots"] * os.cpu_count()
    assert shown.value("flowlabel_ring_size_bytes") == entry["ring"]["bytes"]
    assert shown.value("flowlabel_ring_used_bytes") == shown.value("flowlabel_ring_fullest_ratio") == 0
    assert shown.value("flowlabel_collector_max_flows") == 524288
    assert 0 < shown.value("flowlabel_sweep_duration_seconds") < time.time() - began
    assert 0 <= shown.value("flowlabel_sweep_lag_seconds") < time.time() - began
    assert shown.value("flowlabel_attachment_info", interface="v0", hook="xdp", mode="native", stamp="off") == 1
    assert shown.labels("flowlabel_build_info") == [{"version": lab.flowlabel(link, "--version").stdout.split()[1]}]
    assert began - 1 < shown.value("process_start_time_seconds") < time.time()
    exporter = {"exporter": str(collector.path)}
    assert shown.value("flowlabel_exporter_up", **exporter) == 1
    assert shown.value("flowlabel_exporter_written_records_total", **exporter) >= 2
    assert shown.value("flowlabel_exporter_written_packets_total") == shown.value("flowlabel_exported_packets_total")
    assert shown.value("flowlabel_exporter_lost_records_total") == shown.value("flowlabel_exporter_errors_total") == 0
    collector.stop().ok()


def test_either_format_as_it_is_asked_for(lab, link, tmp_path):
    """The page is in text format 0.0.4 by default, and in OpenMetrics if the Accept header asks for it. A strict parser
    reads both."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, "--top", 3, *LONG)
    with Sender(link) as sender:
        sender.send(label=1)
    for accept in (None, "*/*", "text/plain", "text/html", "application/openmetrics-text;q=0.4, text/plain;q=0.5"):
        assert ask(link, **({"Accept": accept} if accept else {})).headers["Content-Type"] == TEXT, accept
    answers = []

    def of_one_look():
        answers[:] = [ask(link, Accept=accept) for accept in ("application/openmetrics-text", PROMETHEUS_ASKS)]
        return answers[0].text == answers[1].text and "flow_label=" in answers[0].text

    eventually(of_one_look)
    for answer in answers:
        assert (answer.headers["Content-Type"], answer.headers["Vary"]) == (OPENMETRICS, "Accept")
        assert answer.text.endswith("\n# EOF\n")
    families = openmetrics_families(answers[0].text)
    assert families["flowlabel_counted_packets"] == "counter" and families["flowlabel_build"] == "info"
    assert families["flowlabel_top_flow_bytes"] == "gauge"
    collector.stop().ok()


def test_a_prometheus_scrapes_and_answers(lab, link, tmp_path):
    """A Prometheus server scrapes the page (as OpenMetrics, because only that has the type info) and answers a query
    with the number of `stats`. After the end of the collector its `up` is 0."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, *LONG)
    server = Prometheus(lab, link, tmp_path, RULES)
    with Sender(link) as sender:
        sender.send(label=0, times=11)
        sender.send(label=5, times=6)
    counters = lab.flowlabel(link, "stats", "--json").json()["counters"]
    wanted = {"flowlabel_datapath_zero_label_packets_total": counters["zero_label"],
              "flowlabel_counted_packets_total": counters["counted"], "flowlabel_live_flows": 2}
    eventually(lambda: all([value for _, value in server.query(name)] == [number] for name, number in wanted.items()))
    ((labels, value),) = server.query('flowlabel_counted_packets_total{interface="v0", hook="xdp"}')
    assert value == counters["counted"] == 17
    assert (labels["job"], labels["instance"]) == ("flowlabel", ADDRESS)
    types = server.metadata()
    assert types["flowlabel_build"] == "info" and types["flowlabel_counted_packets"] == "counter"
    eventually(lambda: not server.alerts())
    collector.stop().ok()
    eventually(lambda: server.query('up{job="flowlabel"}')[0][1] == 0)
    eventually(lambda: server.alerts() == {"FlowlabelNoReader"})


def test_the_rules():
    """Each alert fires when it should, and not otherwise."""
    command("promtool", "check", "rules", "--lint-fatal", RULES)
    command("promtool", "test", "rules", pathlib.Path(__file__).with_name("flowlabel.rules.test.yml"))


def names_in(expression):
    """The metrics in a PromQL expression."""
    bare = re.sub(r'"[^"]*"|\[[^\]]*\]|\b(?:by|on|without|ignoring)\s*\([^)]*\)', "", expression)
    return set(re.findall(r"\b(?:flowlabel|process)_[a-z0-9_]+", bare))


def strings_in(document):
    """Every string in a JSON document that can be an expression."""
    if isinstance(document, dict):
        for value in document.values():
            yield from strings_in(value)
    elif isinstance(document, list):
        for value in document:
            yield from strings_in(value)
    elif isinstance(document, str):
        yield document


def test_no_name_of_a_rule_or_a_panel_is_dead(lab, link, tmp_path):
    """Every metric in the rules and on the dashboard is on a real page, and every panel has a query."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, "--top", 5, *LONG)
    with Sender(link) as sender:
        sender.send(label=1)
    eventually(lambda: page(link).labels("flowlabel_top_flow_bytes"))
    known = set(page(link).samples)
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels) >= 15
    assert all(names_in(expression) or "up{" in expression for expression in asked)
    recorded = "flowlabel_zero_label_packets"  # part of the name of the recording rule
    used = set().union(*map(names_in, strings_in(dashboard)))
    assert len(used) > 30 and used <= known, used - known
    expressions = re.findall(r"expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)", RULES.read_text())
    assert len(expressions) == RULES.read_text().count("expr:") == 13
    ruled = set().union(*(names_in("".join(found)) for found in expressions)) - {recorded}
    assert len(ruled) >= 8 and ruled <= known, ruled - known
    collector.stop().ok()


def test_the_largest_flows(lab, link, tmp_path):
    """--top N serves gauges for the largest flows. There are no series for other flows, and their number is bounded."""
    attach(lab, link)
    with Sender(link) as sender:
        for label in range(1, 9):
            sender.send(label=label, octets=label, times=2)
        for top, shown in (([], []), (["--top", 0], []), (["--top", 3], [8, 7, 6])):
            collector = collect(lab, link, tmp_path, *top, *LONG)
            now = page(link)
            for unit in UNITS:
                labels = now.labels(f"flowlabel_top_flow_{unit}")
                assert [int(label["flow_label"]) for label in labels] == shown
            for label in shown:
                flow = {"interface": "v0", "hook": "xdp", "src": SOURCE, "dst": DESTINATION, "flow_label": str(label)}
                assert now.value("flowlabel_top_flow_bytes", **flow) == 2 * (40 + label)
                assert now.value("flowlabel_top_flow_packets", **flow) == 2
            assert "2001:db8" not in now.text or shown
            collector.process.kill()  # so that no flow ends
            collector.process.wait()
    generate(link, XDP_NATIVE, 5000)
    collector = collect(lab, link, tmp_path, "--top", 100, *LONG)
    assert len(page(link).labels("flowlabel_top_flow_bytes")) == 100
    check_text(page(link).text)
    collector.stop().ok()


def test_wrong_usage(lab, link, tmp_path):
    """If it cannot listen, or if an option makes no sense, the collector says so before it collects."""
    attach(lab, link)

    def refuse(status, *words, options):
        refused(lab.flowlabel(link, "collect", "--jsonl", tmp_path / "records", *options), status, *words)

    refuse(2, "--prometheus is empty", options=["--prometheus", ""])
    for address in (":", "9641", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:http",
                    "::1:9641", "[::1]", "[]:9641", "[127.0.0.1]:9641", "[::1:9641", "::1]:9641", "http://127.0.0.1:9641"):
        refuse(2, f"'{address}'", "127.0.0.1:PORT", options=["--prometheus", address])
    refuse(1, "cannot find the address of 'no.such.name.invalid'", options=["--prometheus", "no.such.name.invalid:9641"])
    refuse(1, "192.0.2.1:9641", "Cannot assign", "ip address", options=["--prometheus", "192.0.2.1:9641"])
    for top in ("-1", "101", "many", ""):
        refuse(2, "--top", options=["--prometheus", ADDRESS, f"--top={top}"])
    refuse(2, "--prometheus", options=["--top", 5])
    with link.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", PORT))
        other.listen()
        refuse(1, ADDRESS, "in use", "ss -ltnp", options=["--prometheus", ADDRESS])
    refused(lab.flowlabel(link, "collect", "--prometheus", ADDRESS), 2, "where the records go", "--jsonl", "--prometheus")


LOOPBACK = {"127.0.0.1", "::1"}


@pytest.mark.parametrize("address, served", [
    ("127.0.0.1:9641", {"127.0.0.1"}), ("[::1]:9641", {"::1"}), ("localhost:9641", None), (":9641", LOOPBACK)])
def test_where_it_listens(lab, link, tmp_path, address, served):
    """It listens on IPv4, IPv6, all addresses of a name, or everywhere."""
    attach(lab, link)
    served = served or {found[4][0] for found in socket.getaddrinfo("localhost", PORT)}
    collector = Collector(lab, link, tmp_path / "records", "--prometheus", address).reads()
    for host in served:
        eventually(lambda host=host: ask(link, address=(host, PORT)).status == 200)
    for host in LOOPBACK - served:
        with pytest.raises(ConnectionRefusedError):
            ask(link, address=(host, PORT))
    collector.stop().ok()


def test_a_low_port_is_taken_before_the_capabilities_go(lab, link, tmp_path):
    """The port is bound before the capabilities are dropped."""
    attach(lab, link)
    collector = Collector(lab, link, tmp_path / "records", "--prometheus", "127.0.0.1:80").reads()
    eventually(lambda: ask(link, address=("127.0.0.1", 80)).status == 200)
    status = pathlib.Path(f"/proc/{collector.pid}/status").read_text()
    bind_service = 1 << 10
    assert not int(re.search(r"CapEff:\s*(\w+)", status)[1], 16) & bind_service
    assert not int(re.search(r"CapPrm:\s*(\w+)", status)[1], 16) & bind_service
    collector.stop().ok()


def test_what_else_is_asked(lab, link, tmp_path):
    """A path other than the page and the index is 404, a method other than GET and HEAD is 405, and a request that is
    not HTTP does no harm."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, *LONG)
    start = ask(link, "/")
    assert start.status == 200 and 'href="/metrics"' in start.text
    assert ask(link, "/metrics?name=x").status == 200
    for path in ("/metrics/", "/metric", "/metrics/..", "/%2e%2e/etc/passwd", "//metrics", "/favicon.ico"):
        answer = ask(link, path)
        assert answer.status == 404 and "/metrics" in answer.text, path
    head, whole = ask(link, method="HEAD"), ask(link)
    assert (head.status, head.text) == (200, "") and head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert ask(link, "/nothing", method="HEAD").status == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        answer = ask(link, method=method, body="x" * 100_000 if method == "POST" else None)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
    assert ask(link, Range="bytes=0-9").status == 200
    assert ask(link, Range="bytes=" + "0-1," * 1800).status == 200
    assert "Content-Encoding" not in ask(link, **{"Accept-Encoding": "gzip, br"}).headers
    for garbage, answer in ((b"\0\xff\x16\x03" * 100 + b"\r\n\r\n", b"400"), (b"GET /metrics\r\n\r\n", b"400"),
                            (b"GET /" + b"x" * 9000, b"431"), (b"A: b\r\n" * 3000, b"431"),
                            (b"\r\n\r\n", b"400"), (b"GET /metrics HTTP/1.1\r\n\r\n", b"200"),
                            (b"GET /metrics HTTP/1.0\r\nAccept: \xff;;,,q=\r\n\r\n", b"200")):
        assert raw(link, garbage).split()[1:2] == [answer], garbage[:20]
    assert collector.stop().ok().stderr.count("\n") == 1


def raw(namespace, octets):
    """The response to OCTETS."""
    with client(namespace) as connection:
        connection.sendall(octets)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def client(namespace):
    """A connection to the page's server."""
    connection = namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", PORT))
    return connection


def test_slow_clients_and_many(lab, link, tmp_path):
    """Slow clients block neither the collection nor each other, and their use of memory is bounded."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, "--top", 100, "--idle", "200ms")
    descriptors = pathlib.Path(f"/proc/{collector.pid}/fd")
    before = len(list(descriptors.iterdir()))
    silent = [client(link) for _ in range(80)]
    halves = [client(link) for _ in range(80)]
    for connection in halves:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost:")
    readers = []
    for _ in range(40):  # send requests and do not read
        connection = link.socket(socket.AF_INET, socket.SOCK_STREAM)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
        connection.connect(("127.0.0.1", PORT))
        connection.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        readers.append(connection)
    made = generate(link, XDP_NATIVE, BURST)
    for _ in range(20):
        asked = time.monotonic()
        assert ask(link).status == 200
        assert time.monotonic() - asked < GIVEN / 2, "a request must not wait for slow clients"
    assert len(list(descriptors.iterdir())) <= before + 64
    eventually(lambda: total(collector.records()) == made)
    last = client(link)
    last.sendall(b"GET")
    asked = time.monotonic()
    assert last.recv(1) == b"" and GIVEN - 2 < time.monotonic() - asked < 2 * GIVEN  # closed after the timeout, not before
    eventually(lambda: len(list(descriptors.iterdir())) <= before)
    for connection in [*silent, *halves, *readers, last]:
        connection.close()
    (entry,) = entries(lab, link)
    assert_collected(entry)
    assert entry["totals"]["lost"]["packets"] == 0
    collector.stop().ok()


def test_it_ends_although_clients_wait(lab, link, tmp_path):
    """SIGTERM ends the server with its clients, and the next server can bind the port."""
    attach(lab, link)
    for _ in range(3):
        collector = collect(lab, link, tmp_path)
        waiting = client(link)
        waiting.sendall(b"GET /metrics")
        asked = time.monotonic()
        collector.stop().ok()
        assert time.monotonic() - asked < GIVEN / 2
        waiting.close()


def test_many_scrapes_are_one_look(lab, link, tmp_path):
    """Many scrapes at once are cheap: one read of the tables is used for a second. 300 pages of a table with a million
    slots cost the collector the CPU time of a few reads."""
    attach(lab, link, flows=1 << 20)
    collector = collect(lab, link, tmp_path, *LONG)
    ask(link)
    times = pathlib.Path(f"/proc/{collector.pid}/task")

    def server_time():
        """The CPU time of all threads, in clock ticks."""
        return sum(sum(map(int, stat.read_text().rpartition(")")[2].split()[11:13])) for stat in times.glob("*/stat"))

    before, began = server_time(), time.monotonic()
    for _ in range(300):
        ask(link)
    spent = (server_time() - before) / os.sysconf("SC_CLK_TCK")
    took = time.monotonic() - began
    assert spent < 0.3 + 0.3 * took, (spent, took)
    collector.stop().ok()


def test_an_exporter_that_fails(lab, link, tmp_path):
    """A full disk shows in the exporter's state, and waiting records are counted."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, "--idle", "1s", to="/dev/full")
    with Sender(link) as sender:
        sent = time.monotonic()
        sender.send(label=1, times=2)
        eventually(lambda: page(link).value("flowlabel_exporter_up", exporter="/dev/full") == 0)
    eventually(lambda: page(link).value("flowlabel_exporter_errors_total") > 1
               and page(link).value("flowlabel_exporter_lag_seconds") > 1)
    shown = page(link)
    assert shown.value("flowlabel_exporter_errors_total") > 1
    assert shown.value("flowlabel_exporter_queued_records") == 1
    assert 1 < shown.value("flowlabel_exporter_lag_seconds") < time.monotonic() - sent
    assert shown.value("flowlabel_pending_packets") == 2
    assert collector.stop().status == 1


def test_two_hooks_two_namespaces_and_an_odd_name(lab, link, tmp_path):
    """Series have the labels interface, hook and ifindex. The same name and index in another namespace is another
    series. A name may contain characters that the formats escape."""
    other = lab.namespace("other")
    cable(other)
    odd = 'a"\\é'
    link.ip("link", "set", "dev", "w0", "down")
    link.ip("link", "set", "dev", "w0", "name", odd)
    link.ip("link", "set", "dev", odd, "up")
    attach(lab, link)
    attach(lab, link, hook=TC_INGRESS)
    attach(lab, other)
    attach(lab, link, interface=odd)
    with Sender(other) as sender:
        sender.send(label=1, times=3)
    collector = collect(lab, link, tmp_path, "--top", 2, *LONG, attachments=4)
    shown = page(link)
    check_text(shown.text)
    openmetrics_families(ask(link, Accept="application/openmetrics-text").text)
    ifindex = {name: str(json.loads(namespace.ip("-json", "link", "show", "dev", "v0").stdout)[0]["ifindex"])
               for name, namespace in (("here", link), ("there", other))}
    labels = shown.labels("flowlabel_counted_packets_total")
    here = {"interface": "v0", "ifindex": ifindex["here"], "netns": str(link.inode), "netns_name": link.name}
    assert {"hook": "xdp", **here} in labels and {"hook": "tc-ingress", **here} in labels
    there = {"interface": "v0", "ifindex": ifindex["there"], "hook": "xdp", "netns": str(other.inode),
             "netns_name": other.name}
    assert there in labels and shown.value("flowlabel_counted_packets_total", **there) == 3
    assert [label["interface"] for label in labels].count(odd) == 1 and len(labels) == 4
    collector.stop().ok()


def test_an_attachment_that_counts_no_more(lab, link, tmp_path):
    """up is 1 while the interface exists and the program is attached; the device's own packet counter is next to the
    packets seen."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, *LONG)
    of_v0 = {"interface": "v0", "hook": "xdp"}
    with Sender(link) as sender:
        sender.send(label=1, times=3)
        eventually(lambda: page(link).value("flowlabel_device_packets_total", **of_v0) >= 3)
    shown = page(link)
    check_text(shown.text)
    assert shown.value("flowlabel_attachment_up", **of_v0) == 1
    assert shown.value("flowlabel_attachment_moved", **of_v0) == 0
    assert shown.value("flowlabel_attachment_programs_in_front", **of_v0) == 0
    link.ip("link", "delete", "dev", "v0")
    eventually(lambda: page(link).value("flowlabel_attachment_up", **of_v0) == 0)
    assert not page(link).labels("flowlabel_device_packets_total")
    collector.says("v0 xdp: the interface is gone").stop().ok()


def test_after_a_replacement(lab, link, tmp_path):
    """After a replacement, the page describes the program that is attached now, and its counters continue."""
    attach(lab, link)
    collector = collect(lab, link, tmp_path, *LONG)
    with Sender(link) as sender:
        sender.send(label=0, times=2)
        attach(lab, link, "--replace", "--stamp", "zero")
        sender.send(label=0, times=3)
    eventually(lambda: page(link).value("flowlabel_datapath_zero_label_packets_total") == 5)
    shown = page(link)
    assert shown.value("flowlabel_attachment_info", stamp="zero") == 1
    assert shown.value("flowlabel_datapath_stamped_packets_total") == 3
    collector.stop().ok()


def test_attachments_come_and_go(lab, link, tmp_path):
    """Without an attachment there is a page, too, and an alert can detect that."""
    collector = collect(lab, link, tmp_path, attachments=0)
    check_text(page(link).text)
    openmetrics_families(ask(link, Accept="application/openmetrics-text").text)
    attach(lab, link)
    eventually(lambda: page(link).labels("flowlabel_attachment_info"))
    lab.flowlabel(link, "detach", "v0").ok()
    eventually(lambda: not page(link).labels("flowlabel_attachment_info"))
    collector.stop().ok()
