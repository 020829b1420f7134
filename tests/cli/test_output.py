# SPDX-License-Identifier: BSD-2-Clause
"""Documents, lines and tables: names, order, values; and output that fails or ends early."""

import csv
import datetime
import io
import ipaddress
import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest

import lab as lab_module
import schema
from counters import counter_names
from frames import ethernet, ipv6
from lab import Lab
from saying import refused

AMOUNT = ["packets", "bytes"]
FLOW = ["src", "dst", "label", "packets", "bytes", "first_seen", "last_seen", "stamped"]
TOTALS = ["seen_packets", "ipv6_packets", "ipv6_bytes", "labelled_packets", "flows", "counted", "live", "spilled",
          "lost"]
SOURCE = ["interface", "ifindex", "hook", "netns", "netns_name", "stamp"]
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# (source, destination, label, packets, payload bytes): what the link carries before the tests. Two flows have the same
# bytes and differ in the source, two in the destination, two only in the label.
SENT = [
    ("2001:db8::9", "2001:db8:1::1", 0x12345, 5, 100),
    ("2001:db8::1", "2001:db8:1::1", 0, 3, 60),
    ("2001:db8::1", "2001:db8:1::1", 7, 3, 60),
    ("2001:db8::1", "2001:db8:1::2", 7, 3, 60),
    ("2001:db8::2", "2001:db8:1::1", 7, 3, 60),
    ("2001:db8::f", "2001:db8:1::1", 0xFFFFF, 30, 0),
    *[("2001:db8:7::" + format(number, "x"), "2001:db8:8::", 0, 1, number) for number in range(1, 31)],
]


def key(sent):
    """The sort key of a flow: addresses are compared as numbers, so 2001:db8::9 comes before 2001:db8::10."""
    return ipaddress.IPv6Address(sent[0]), ipaddress.IPv6Address(sent[1]), sent[2]


ORDER = sorted(SENT, key=lambda sent: (-sent[3] * (40 + sent[4]), key(sent)))


@pytest.fixture(scope="module")
def link(requirements):
    """(lab, namespace) with an attachment on v0 that has counted only SENT."""
    with Lab() as lab:
        host = lab.namespace("host")
        host.ip("link", "add", "name", "v0", "type", "veth", "peer", "name", "w0")
        for interface in ("v0", "w0"):
            host.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
            host.ip("link", "set", "dev", interface, "up")
        lab.flowlabel(host, "attach", "v0", "--flows", 1024).ok()
        with host.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
            wire.bind(("w0", 0))
            for source, destination, label, packets, octets in SENT:
                packet = ipv6(source, destination, 59, bytes(octets), label=label)
                for _ in range(packets):
                    wire.send(ethernet(bytes(6), bytes(6), 0x86DD, packet))
        yield lab, host


@pytest.fixture
def run(link):
    """A function that runs flowlabel on that link."""
    lab, host = link
    return lambda *argv: lab.flowlabel(host, *argv)


def seen(flows):
    """(source, destination, label, packets, bytes) of flow objects."""
    return [(flow["src"], flow["dst"], int(flow["label"]), int(flow["packets"]), int(flow["bytes"])) for flow in flows]


def expected(sent):
    """The same of what was sent."""
    return [(source, destination, label, packets, packets * (40 + octets))
            for source, destination, label, packets, octets in sent]


def moment(text):
    """Parses a time of a document."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def assert_recent(text):
    """Asserts that a time is RFC 3339, UTC with milliseconds, within the last minutes."""
    assert RFC_3339.fullmatch(text)
    age = datetime.datetime.now(datetime.timezone.utc) - moment(text)
    assert datetime.timedelta(seconds=-1) < age < datetime.timedelta(minutes=10)


def assert_totals(totals):
    """Asserts names, order and values of the totals."""
    packets, octets = sum(sent[3] for sent in SENT), sum(sent[3] * (40 + sent[4]) for sent in SENT)
    whole, nothing = {"packets": packets, "bytes": octets}, {"packets": 0, "bytes": 0}
    assert list(totals) == TOTALS
    assert totals == {"seen_packets": packets, "ipv6_packets": packets, "ipv6_bytes": octets,
                      "labelled_packets": sum(sent[3] for sent in SENT if sent[2]), "flows": len(SENT),
                      "counted": whole, "live": whole, "spilled": nothing, "lost": nothing}
    assert all(list(totals[part]) == AMOUNT for part in ("counted", "live", "spilled", "lost"))


def test_flows_json(run):
    """The document has every field, in the documented order. Flows are sorted by bytes, and then by (src, dst,
    label)."""
    document = run("flows", "--json").json()
    assert list(document) == ["schema", "source", "captured_at", "totals", "flows"]
    assert document["schema"] == "flowlabel.flows/1"
    assert list(document["source"]) == SOURCE
    assert (document["source"]["interface"], document["source"]["hook"], document["source"]["stamp"]) == (
        "v0", "xdp", "off")
    assert_recent(document["captured_at"])
    assert_totals(document["totals"])
    assert seen(document["flows"]) == expected(ORDER)
    for flow in document["flows"]:
        assert list(flow) == FLOW
        assert isinstance(flow["label"], int) and flow["stamped"] is False
        assert flow["first_seen"] <= flow["last_seen"] <= document["captured_at"]
        assert_recent(flow["first_seen"])


def test_flows_jsonl(run):
    """--jsonl prints one flow object for each line, and nothing else."""
    lines = run("flows", "--jsonl").ok().stdout.splitlines()
    flows = schema.lines(lines, "flow")
    assert flows == run("flows", "--json").json()["flows"]


def test_flows_csv(run):
    """--csv prints a header line, and the fields of the flow object in their order."""
    rows = list(csv.reader(io.StringIO(run("flows", "--csv").ok().stdout)))
    assert rows[0] == FLOW
    flows = run("flows", "--json").json()["flows"]
    assert rows[1:] == [[json.dumps(value).strip('"') for value in flow.values()] for flow in flows]


def test_flows_table(run):
    """The table has 20 rows, labels as 0x and five digits, and the number of the remaining flows."""
    lines = run("flows").ok().stdout.splitlines()
    assert lines[0] == f"v0 xdp: {len(SENT)} live flows, 77 packets, 4.8 kB"
    assert lines[1].split() == ["SOURCE", "DESTINATION", "LABEL", "STAMPED", "PACKETS", "BYTES", "LAST", "SEEN"]
    rows = [line.split() for line in lines[2:-1]]
    assert [(row[0], row[1], row[2]) for row in rows] == [(sent[0], sent[1], f"0x{sent[2]:05x}") for sent in ORDER[:20]]
    assert lines[-1].startswith(f"and {len(SENT) - 20} more")


@pytest.mark.parametrize("limit", [0, 1, 25, len(SENT), 1000])
@pytest.mark.parametrize("output", [[], ["--json"], ["--jsonl"], ["--csv"]], ids=" ".join)
def test_limit(run, limit, output):
    """--limit works with every output format; the totals stay those of the whole table."""
    text = run("flows", "--limit", limit, *output).ok().stdout
    destinations = re.findall(r"2001:db8:[18]::", text)
    assert len(destinations) == min(limit, len(SENT))
    if output == ["--json"]:
        assert_totals(json.loads(text)["totals"])


def test_header_of_a_selection(run):
    """The header of a selection counts what matches, whatever the limit."""
    def header(*options):
        return run("flows", *options).ok().stdout.splitlines()[0]

    assert header("--src", "2001:db8::1") == f"v0 xdp: 3 of {len(SENT)} flows match, 9 packets, 900 bytes"
    assert header("--src", "2001:db8::1", "--limit", 1) == header("--src", "2001:db8::1")
    assert header("--label", "0xfffff") == f"v0 xdp: 1 of {len(SENT)} flows matches, 30 packets, 1.2 kB"
    assert run("flows", "--limit", 0).ok().stdout.splitlines()[-1] == f"and {len(SENT)} more (--limit {len(SENT)} shows all)"


def test_one_live_flow(lab, host):
    """The header uses the singular for one flow."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("w0", 0))
        wire.send(ethernet(bytes(6), bytes(6), 0x86DD, ipv6("2001:db8::1", "2001:db8::2", 59, bytes(20), label=7)))
    shown = lab.flowlabel(host, "flows", "v0", "--src", "2001:db8::1").ok().stdout
    assert re.match(r"v0 xdp: 1 of \d+ flows? matches, 1 packet, 60 bytes\n", shown), shown


@pytest.mark.parametrize("mode, word", [("dry-run", "would"), ("zero", "yes")])
def test_stamped_flows(lab, host, mode, word):
    """`zero` selects flows that came with label 0, also if they are counted under another label; a dry run prints
    `would`."""
    lab.flowlabel(host, "attach", "v0", "--flows", 64, "--stamp", mode).ok()
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("w0", 0))
        for label in (0, 7):
            wire.send(ethernet(bytes(6), bytes(6), 0x86DD, ipv6("2001:db8::1", "2001:db8::2", 59, b"", label=label)))

    def flows(word):
        document = lab.flowlabel(host, "flows", "v0", "--label", word, "--src", "2001:db8::1", "--json").json()
        assert document["source"]["stamp"] == mode
        return document["flows"]

    (zero,), (nonzero,) = flows("zero"), flows("nonzero")
    assert zero["stamped"] is True and zero["label"] not in (0, 7)
    assert (nonzero["stamped"], nonzero["label"]) == (False, 7)
    assert flows("stamped") == [zero] and flows("0") == []
    rows = lab.flowlabel(host, "flows", "v0", "--src", "2001:db8::1").ok().stdout.splitlines()[2:]
    assert sorted(row.split()[3] for row in rows) == sorted(["no", word])
    for command in ("stats", "status"):
        document = lab.flowlabel(host, command, "v0", "--json").json()
        assert document.get("attachments", [document])[0]["source"]["stamp"] == mode


SORTS = {
    "packets": lambda sent: (-sent[3], key(sent)),
    "bytes": lambda sent: (-sent[3] * (40 + sent[4]), key(sent)),
    "octets": lambda sent: (-sent[3] * (40 + sent[4]), key(sent)),
}


@pytest.mark.parametrize("by", SORTS)
def test_sort(run, by):
    """--sort sorts, and then by (src, dst, label)."""
    assert seen(run("flows", "--sort", by, "--json").json()["flows"]) == expected(sorted(SENT, key=SORTS[by]))


def test_sort_by_time(run):
    """--sort by time: the latest comes first."""
    times = [flow["last_seen"] for flow in run("flows", "--sort", "last-seen", "--json").json()["flows"]]
    assert times == sorted(times, reverse=True)


FILTERS = [
    (["--src", "2001:db8::1"], lambda sent: sent[0] == "2001:db8::1"),
    (["--src", "2001:db8::/124"], lambda sent: sent[0].startswith("2001:db8::")),
    (["--src", "2001:db8:7:ffff::/48"], lambda sent: sent[0].startswith("2001:db8:7::")),
    (["--dst", "2001:db8:1::2"], lambda sent: sent[1] == "2001:db8:1::2"),
    (["--src", "::/0", "--dst", "2001:DB8:8::/45"], lambda sent: sent[1] == "2001:db8:8::"),
    (["--label", "7"], lambda sent: sent[2] == 7),
    (["--label", "0x12345"], lambda sent: sent[2] == 0x12345),
    (["--label", "74565"], lambda sent: sent[2] == 0x12345),
    (["--label", "1048575"], lambda sent: sent[2] == 0xFFFFF),
    (["--label", "0"], lambda sent: sent[2] == 0),
    (["--label", "zero"], lambda sent: sent[2] == 0),
    (["--label", "nonzero"], lambda sent: sent[2] != 0),
    (["--label", "nonzero", "--src", "2001:db8::1", "--dst", "2001:db8:1::1"],
     lambda sent: sent[:3] == ("2001:db8::1", "2001:db8:1::1", 7)),
    (["--label", "1-0x12345"], lambda sent: 1 <= sent[2] <= 0x12345),
    (["--label", "0x345/0xfff"], lambda sent: sent[2] == 0x12345),
    (["--label", "stamped"], lambda sent: False),
    (["--label", "99"], lambda sent: False),
]


@pytest.mark.parametrize("options, matches", FILTERS, ids=lambda value: "" if callable(value) else " ".join(value))
def test_filters(run, options, matches):
    """--src, --dst and --label select flows; the totals stay those of the whole table."""
    document = run("flows", *options, "--json").json()
    assert seen(document["flows"]) == expected(filter(matches, ORDER))
    assert_totals(document["totals"])


def test_nothing_matches(run):
    """Every output format can print no flow."""
    assert run("flows", "--label", "99").ok().stdout == f"v0 xdp: 0 of {len(SENT)} flows match, 0 packets, 0 bytes\n"
    assert run("flows", "--label", "99", "--jsonl").ok().stdout == ""
    assert run("flows", "--label", "99", "--csv").ok().stdout.strip() == ",".join(FLOW)


def test_stats_json(run):
    """The document has source, totals, counters, and a counter object for each CPU; these add up."""
    document = run("stats", "--json").json()
    assert list(document) == ["schema", "source", "captured_at", "totals", "counters", "per_cpu"]
    assert document["schema"] == "flowlabel.stats/1"
    assert list(document["source"]) == SOURCE
    assert_totals(document["totals"])
    names = list(document["counters"])
    assert names == counter_names()
    assert all(list(cpu) == names for cpu in document["per_cpu"])
    assert document["counters"] == {name: sum(cpu[name] for cpu in document["per_cpu"]) for name in names}
    (status,) = run("status", "--json").json()["attachments"]
    assert len(document["per_cpu"]) == status["table"]["cpus"] >= os.cpu_count()


def test_stats_table(run):
    """The table has every counter, with its meaning."""
    lines = run("stats").ok().stdout.splitlines()
    names = list(run("stats", "--json").json()["counters"])
    assert [line.split()[0] for line in lines[1:]] == names
    assert all(len(line.split()) > 3 for line in lines[1:])


def test_status_json(run):
    """The document has every field."""
    document = run("status", "--json").json()
    assert list(document) == ["schema", "attachments", "unreadable"]
    assert document["schema"] == "flowlabel.status/1" and document["unreadable"] == []
    (entry,) = document["attachments"]
    assert list(entry) == ["source", "mode", "stamp", "prf", "attached_at", "program", "in_front", "table", "ring",
                           "totals", "collected", "warnings"]
    assert entry["in_front"] == []
    assert (entry["mode"], entry["stamp"], entry["prf"], entry["warnings"]) == ("native", "off", "siphash-2-4", [])
    assert_recent(entry["attached_at"])
    assert list(entry["program"]) == ["id", "tag"] and re.fullmatch("[0-9a-f]{16}", entry["program"]["tag"])
    assert [name for name in entry["table"] if name != "cpus"] == ["slots", "bytes", "occupied"]
    assert entry["table"]["occupied"] >= len(SENT)
    assert list(entry["ring"]) == ["bytes", "used", "reader"]
    assert_totals(entry["totals"])


@pytest.mark.parametrize("argv", [["flows", "--json"], ["flows", "--jsonl"], ["flows", "--csv"], ["flows"], ["stats"],
                                  ["stats", "--json"], ["stats", "--json", "--interval", "1"], ["status"],
                                  ["status", "--json"], ["--help"], ["--version"]], ids=" ".join)
def test_a_full_disk(link, argv):
    """On a full disk, the exit status is 1, and the error says so."""
    lab, host = link
    with open("/dev/full", "w", encoding="ascii") as full:
        command = [lab_module.binary(), *argv, "--bpffs", lab.bpffs]
        with host.inside():
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    refused(lab_module.Result(command, done.returncode, "", done.stderr), 1, "cannot write the result", "No space left")


def shell(link, text):
    """Runs a line of bash, with flowlabel as $F."""
    lab, host = link
    return host.run("bash", "-c", text, check=False, timeout=60,
                    env={**os.environ, "F": lab_module.binary(), "B": lab.bpffs})


def test_closed_descriptors(link):
    """A closed stdout is an error. A closed or full stderr changes neither the result nor the exit status."""
    done = shell(link, '"$F" flows --json --bpffs "$B" >&-')
    assert (done.returncode, "cannot write the result" in done.stderr) == (1, True)
    whole = json.loads(shell(link, '"$F" flows --json --bpffs "$B"').stdout)
    for redirection in ("2>&-", "2>/dev/full", "2>&- <&-"):
        document = json.loads(shell(link, f'"$F" flows --json --bpffs "$B" {redirection}').stdout)
        assert document["flows"] == whole["flows"]
        assert shell(link, f'"$F" flows nosuch --bpffs "$B" {redirection}').returncode == 1
        assert shell(link, f'"$F" nonsense {redirection}').returncode == 2


def test_words_never_go_into_a_file(link, tmp_path):
    """If stdout and stderr are closed at the start, their output never goes into a file that is opened later."""
    shell(link, f'"$F" key new {tmp_path}/key >&- 2>&-')
    shell(link, f'"$F" key new {tmp_path}/key >&- 2>&-')
    assert re.fullmatch("[0-9a-f]{32}\n", (tmp_path / "key").read_text())


@pytest.fixture
def ticking(link):
    """`stats --json --interval 100ms`, writing to a pipe."""
    lab, host = link
    began = time.time()
    process = lab.start(host, lab_module.binary(), "stats", "--json", "--interval", "100ms", "--bpffs", lab.bpffs,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.began = began
    yield process
    process.stdout.close()
    process.stderr.close()


def test_interval(ticking):
    """--interval prints one compact document for each line, 100 ms apart. One may be late, and the next one then comes
    sooner, but there are never more documents than intervals have passed."""
    documents = [schema.document(ticking.stdout.readline()) for _ in range(4)]
    assert {document["schema"] for document in documents} == {"flowlabel.stats/1"}
    times = [moment(document["captured_at"]).timestamp() for document in documents]
    assert times == sorted(times)
    for number, when in enumerate(times):
        assert when - ticking.began > 0.099 * number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_interval_ends_by_a_signal(ticking, number):
    """A signal ends it cleanly: no incomplete line, nothing on stderr, exit status 0."""
    ticking.stdout.readline()
    ticking.send_signal(number)
    rest, errors = ticking.communicate(timeout=60)
    assert (ticking.returncode, errors) == (0, b"")
    assert all(json.loads(line) for line in rest.splitlines())


def test_interval_ends_when_nobody_reads(ticking):
    """A closed pipe is no error."""
    ticking.stdout.readline()
    ticking.stdout.close()
    assert ticking.wait(timeout=60) == 0
