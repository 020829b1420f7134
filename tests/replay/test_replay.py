# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel replay` on its command line: what it reads, prints and writes."""

import csv
import datetime
import gzip
import io
import json
import os
import pathlib
import pty
import re
import resource
import select
import signal
import struct
import subprocess
import time

import pytest

import frames
import pcapfile

CLIENT, SERVER = "2001:db8:c::1", "2001:db8:5::2"
SAMPLE = pathlib.Path(__file__).resolve().parent / "data" / "conversation.pcap"


def _packet(size=8, label=0, source=CLIENT):
    return frames.ethernet(bytes(6), bytes(6), frames.IPV6,
                           frames.ipv6(source, SERVER, frames.UDP, frames.udp(source, SERVER, 1, 2, bytes(size)), label))


def _error_lines(done, status=1):
    """The error and the hint of a run that must fail with STATUS."""
    assert done.status == status, done
    lines = done.stderr.splitlines()
    assert len(lines) == 2 and lines[0].startswith("flowlabel: error: ") and lines[1].startswith("flowlabel: hint: "), lines
    return lines


def test_the_samples_are_what_their_maker_makes(tmp_path):
    """make_samples writes exactly the files in data/."""
    subprocess.run([os.environ["FLOWLABEL_MAKE_SAMPLES"], tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in SAMPLE.parent.iterdir()}


# Captures that can be read


@pytest.mark.parametrize("form", ["file", "stdin", "gzip file", "gzip stdin", "fifo"])
def test_every_way_in_says_the_same(replay, tmp_path, form):
    """A file, standard input and a pipe give the same document, compressed or not."""
    expected = replay.document(SAMPLE)["flows"]
    octets = gzip.compress(SAMPLE.read_bytes()) if form.startswith("gzip") else SAMPLE.read_bytes()
    if form.endswith("stdin"):
        assert replay.document("-", stdin=octets)["flows"] == expected
        return
    path = tmp_path / "capture"
    if form == "fifo":
        os.mkfifo(path)
        writer = subprocess.Popen(["cp", SAMPLE, path])
        assert replay.document(path)["flows"] == expected
        assert writer.wait() == 0
    else:
        path.write_bytes(octets)
        assert replay.document(path)["flows"] == expected


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("magic", [pcapfile.MICRO, pcapfile.NANO])
def test_byte_orders_and_stamps(replay, write, order, magic):
    """Both byte orders are read, and timestamps in microseconds and nanoseconds."""
    path = write([_packet(), _packet(), _packet()], order=order, magic=magic)
    (flow,) = replay.document(path)["flows"]
    assert (flow["packets"], flow["first_seen"], flow["last_seen"]) == (
        3, "2023-11-14T22:13:20.000Z", "2023-11-14T22:13:20.002Z")


def test_times_are_the_captures(replay, write):
    """The time of the document is that of the last packet, so the same file gives the same document."""
    path = write([_packet()])
    assert replay.document(path)["captured_at"] == "2023-11-14T22:13:20.000Z"
    assert replay.document(path) == replay.document(path)


def test_a_capture_without_stamps(replay, write):
    """If the timestamps are 0, the times of the packets and of the document are in 1970."""
    document = replay.document(write([_packet()], seconds=0))
    assert document["captured_at"] == document["flows"][0]["last_seen"] == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize("magic", [pcapfile.MICRO, pcapfile.NANO])
@pytest.mark.parametrize("seconds, date", [(2**31 - 1, "2038-01-19T03:14:07"), (2**31, "2038-01-19T03:14:08"),
                                           (2**32 - 1, "2106-02-07T06:28:15")])
def test_stamps_until_2106(replay, write, tmp_path, magic, seconds, date):
    """The seconds of pcap are an unsigned number of 32 bits, and are written unchanged."""
    path, out = write([_packet(), _packet()], magic=magic, seconds=seconds), tmp_path / "out.pcap"
    document = replay.document(path, "--write", out)
    assert document["captured_at"] == f"{date}.001Z"
    assert document["flows"][0]["first_seen"] == f"{date}.000Z"
    assert pcapfile.read(out).records == pcapfile.read(path).records


def test_times_that_jump_by_decades(replay, tmp_path):
    """A router without a battery-backed clock starts in 1970 and gets the time later: every flow keeps its times, and
    nothing is counted twice."""
    path = tmp_path / "jump.pcap"
    seconds = [0, 1_790_000_000, 60, 1_790_000_060, 4_200_000_000]
    path.write_bytes(pcapfile.pack([]) + b"".join(
        pcapfile.pack([_packet(label=label) for label in {1, number + 2}], seconds=when)[24:]
        for number, when in enumerate(seconds)))
    document = replay.document(path)
    flows = {flow["label"]: (flow["packets"], flow["first_seen"][:16], flow["last_seen"][:16]) for flow in document["flows"]}
    at = ["1970-01-01T00:00", "2026-09-21T14:13", "1970-01-01T00:01", "2026-09-21T14:14", "2103-02-04T02:40"]
    assert flows == {1: (5, at[0], at[4])} | {number + 2: (1, when, when) for number, when in enumerate(at)}
    totals = document["totals"]
    assert totals["counted"]["packets"] == totals["live"]["packets"] + totals["spilled"]["packets"] == 10


def test_times_that_jump_without_end(replay, tmp_path):
    """If the clock jumps very often, the run still ends soon, and a warning has the number of packets that are counted
    at another time."""
    path = tmp_path / "jumps.pcap"
    path.write_bytes(pcapfile.pack([]) + b"".join(pcapfile.pack([_packet()], seconds=when)[24:] for when in [0, 2**31] * 5000))
    done = replay.run(path, "--json")
    assert done.status == 0
    assert re.search(r"warning: the capture's times jump by years too often: 4,500 packets are counted", done.stderr), done.stderr
    assert json.loads(done.stdout)["flows"][0]["packets"] == 10_000


def test_octets_are_those_on_the_wire(replay, write):
    """DEC-8: the original length of a truncated packet counts."""
    whole = _packet(1000)
    document = replay.document(write([(whole[:60], len(whole)), whole], snap_length=60 + len(whole)))
    assert document["totals"]["ipv6_bytes"] == 2 * (len(whole) - 14)


def test_payload_length_beyond_the_frame(replay, write):
    """DEC-8: the bytes are min(40 + payload length, original length)."""
    assert replay.document(write([_packet(100)[:14 + 60]]))["totals"]["ipv6_bytes"] == 60


def test_lengths_of_old_versions(replay, tmp_path):
    """Before version 2.3 of pcap, the original length comes before the captured length. In 2.3 either may be first."""
    whole, path = _packet(100), tmp_path / "old.pcap"
    for minor in (2, 3):
        octets = bytearray(pcapfile.pack([(whole[:60], len(whole))]))
        octets[6] = minor
        octets[32:40] = octets[36:40] + octets[32:36]
        path.write_bytes(octets)
        totals = replay.document(path)["totals"]
        assert (totals["ipv6_packets"], totals["ipv6_bytes"]) == (1, len(whole) - 14)


def test_longer_heads_of_packets(replay, tmp_path):
    """Kuznetzov's pcap has packet headers that are eight octets longer."""
    octets, path, out = pcapfile.pack([_packet()], magic=0xA1B2CD34), tmp_path / "kuznetzov.pcap", tmp_path / "out.pcap"
    path.write_bytes(octets[:40] + bytes(8) + octets[40:])
    assert replay.document(path, "--write", out)["totals"]["ipv6_packets"] == 1
    assert out.read_bytes() == path.read_bytes()


def test_a_snap_length_cuts_nothing(replay, write, tmp_path):
    """A packet longer than the snap length of its file, and one that fills the buffer for large files, are read and
    written completely."""
    path, out = write([_packet(184), _packet(), _packet() + bytes(262144 - 70)], snap_length=119), tmp_path / "out.pcap"
    assert replay.document(path, "--write", out)["totals"]["ipv6_bytes"] == 232 + 56 + 56
    assert out.read_bytes() == path.read_bytes()
    replay.stamp(path, out)
    assert [len(record.octets) for record in pcapfile.read(out).records] == [246, 70, 262144]


def test_every_flow_is_there_whatever_was_spilled(replay, write):
    """With more flows than slots, each flow is printed once, with all its packets, and the conservation identity
    holds."""
    count = 400_000
    head, tail = _packet(0)[:14 + 8], _packet(0)[14 + 24:]
    packets = [head + number.to_bytes(16, "big") + tail for number in range(1, count + 1)]
    document = replay.document(write(packets + packets[:1000]))
    totals = document["totals"]
    assert totals["flows"] == len(document["flows"]) == count
    assert sorted(flow["packets"] for flow in document["flows"]) == [1] * (count - 1000) + [2] * 1000
    assert totals["spilled"]["packets"] > 0
    assert totals["counted"]["packets"] == totals["live"]["packets"] + totals["spilled"]["packets"] == count + 1000


# Output


def test_document(replay):
    """The document is that of `flows`, with the capture as its source, and with counters."""
    document = replay.document(SAMPLE)
    assert list(document) == ["schema", "source", "captured_at", "totals", "counters", "flows"]
    assert document["schema"] == "flowlabel.flows/1"
    assert document["source"] == {"capture": str(SAMPLE), "engine": "native", "stamp": "off"}
    assert document["counters"]["seen"] == document["totals"]["seen_packets"] == 9


def test_other_forms(replay):
    """JSON lines and CSV have the same flows, and the filters apply."""
    flows = replay.document(SAMPLE)["flows"]
    assert [json.loads(line) for line in replay.run(SAMPLE, "--jsonl").stdout.splitlines()] == flows
    rows = list(csv.DictReader(io.StringIO(replay.run(SAMPLE, "--csv").stdout)))
    assert [(row["src"], int(row["label"]), int(row["bytes"])) for row in rows] == [
        (flow["src"], flow["label"], flow["bytes"]) for flow in flows]
    assert [flow["label"] for flow in replay.document(SAMPLE, "--label", "zero")["flows"]] == [0]
    assert replay.document(SAMPLE, "--limit", "1")["flows"] == flows[:1]


def test_table(replay):
    """The table begins with the totals of the file, and then has the flows."""
    done = replay.run(SAMPLE)
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{SAMPLE} (native): 9 packets until 2023-11-14T22:13:20.008Z, 8 of them IPv6")
    assert lines[1] == "not_ipv6 1, zero_label 4"
    assert lines[2].split() == ["SOURCE", "DESTINATION", "LABEL", "STAMPED", "PACKETS", "BYTES", "LAST", "SEEN"]
    assert len(lines) == 5 and "0xbeef5" in lines[3]
    lines = replay.run(SAMPLE, "--label", "zero", "--stamp", "dry-run").stdout.splitlines()
    assert lines[2].startswith("3 of 4 flows match, 4 packets, ")
    assert lines[4].split()[3] == "would"


def test_a_capture_without_packets(replay, write):
    """A capture without packets is not an error: all counts are 0."""
    document = replay.document(write([]))
    assert document["flows"] == [] and document["totals"]["seen_packets"] == 0


def test_progress_bar_only_on_a_terminal(replay):
    """If reading takes longer than a second, a progress bar appears on stderr, and is removed at the end."""
    ours, theirs = pty.openpty()
    command = [os.environ["FLOWLABEL_BIN"], "replay", "-", "--json"]
    packets = pcapfile.pack([_packet()] * 5000)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs) as process:
        process.stdin.write(packets)
        began = time.monotonic()
        while not select.select([ours], [], [], 0.1)[0]:
            assert time.monotonic() - began < 60
            process.stdin.write(packets[24:])
            process.stdin.flush()
        process.stdin.close()
        json.loads(process.stdout.read())
    shown = ""
    while not shown.endswith("\r\x1b[K"):
        assert select.select([ours], [], [], 60)[0], shown
        shown += os.read(ours, 65536).decode()
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0
    assert re.search(r"\r[\d,]+ packets", shown)


# The kernel engine


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel engine needs root")
@pytest.mark.parametrize("stamp", ["off", "zero"])
def test_kernel_engine_says_the_same(replay, capture, tmp_path, stamp):
    """Both engines have the same counts and write the same file, except for times and truncated packets."""
    options = ["--stamp", "zero", "--key-file", replay.key_file] if stamp == "zero" else []
    documents = {}
    for engine in ("native", "kernel"):
        done = replay.run(capture, "--json", "--engine", engine, "--write", tmp_path / engine, *options)
        assert done.status == 0, done.stderr
        documents[engine] = json.loads(done.stdout)
    if "padded with zeros" in done.stderr:
        assert re.search(r"warning: \d+ truncated packets were padded", done.stderr)
        return
    assert done.stderr == ""
    flows = {engine: [{field: flow[field] for field in flow if not field.endswith("_seen")} for flow in document["flows"]]
             for engine, document in documents.items()}
    assert flows["native"] == flows["kernel"]
    assert documents["native"]["counters"] == documents["kernel"]["counters"]
    assert (tmp_path / "native").read_bytes() == (tmp_path / "kernel").read_bytes()


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel engine needs root")
def test_kernel_engine_takes_the_times_of_the_run(replay, write):
    """The times of all packets are within the run, with a tolerance of 10 ms, the longest jiffy."""
    began = time.time()
    document = replay.document(write([_packet()]), "--engine", "kernel")
    (flow,) = document["flows"]
    seen = datetime.datetime.fromisoformat(flow["first_seen"].replace("Z", "+00:00")).timestamp()
    assert began - 0.011 <= seen
    assert flow["first_seen"] == flow["last_seen"] <= document["captured_at"]


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel engine needs root")
@pytest.mark.parametrize("link_type, layer", [(pcapfile.ETHERNET, 14), (pcapfile.RAW, 0), (pcapfile.SLL, 16)])
@pytest.mark.parametrize("captured", [1, 8, 24, 39, 40])
def test_kernel_engine_makes_no_flow_of_half_a_header(replay, write, link_type, layer, captured):
    """A packet whose capture ends within its IPv6 header is truncated for both engines, and is not padded with
    zeros."""
    packet = _packet()
    link = {pcapfile.SLL: bytes(14) + packet[12:14], pcapfile.RAW: b""}.get(link_type, packet[:14])
    path = write([(link + packet[14:14 + captured], layer + 500)], link_type=link_type)
    documents = {}
    for engine in ("native", "kernel"):
        done = replay.run(path, "--engine", engine, "--json")
        assert ("truncated packets were padded" in done.stderr) == (captured == 40 and engine == "kernel"), done.stderr
        documents[engine] = json.loads(done.stdout)
    assert documents["native"]["totals"] == documents["kernel"]["totals"]
    assert documents["native"]["counters"] == documents["kernel"]["counters"]
    assert documents["kernel"]["counters"]["truncated"] == (captured < 40)


@pytest.mark.skipif(os.geteuid() != 0, reason="the kernel engine needs root")
def test_kernel_engine_tells_what_it_could_not_run(replay, write):
    """Frames that are too short are not counted, and a warning says so."""
    done = replay.run(write([_packet(), b"\0" * 13]), "--engine", "kernel", "--json")
    assert done.status == 0
    assert "warning: 1 packets are too short or too long for the kernel's test run" in done.stderr
    assert json.loads(done.stdout)["totals"]["seen_packets"] == 1


# Errors


@pytest.mark.parametrize("octets, words", [
    (b"", "is empty"),
    (b"# notes\n" * 10, "is not a capture: neither pcap nor pcapng"),
    (pcapfile.pack([])[:10], "ends early, within its file header"),
    (pcapfile.pack([]).replace(b"\2\0\4", b"\3\0\4"), "has the unknown pcap version 3"),
    (gzip.compress(b"# notes\n" * 10), "is not a capture: neither pcap nor pcapng"),
    (pcapfile.pack([b"\0" * 40], link_type=105), "has link type 105 (IEEE 802.11), which cannot be read"),
    (pcapfile.pack([b"\0" * 40], link_type=147), "has link type 147, which cannot be read"),
    (pcapfile.pack([]) + struct.pack("<IIII", 1, 0, 262145, 262145), "is damaged: a packet of 262145 bytes"),
], ids=["empty", "text", "half a header", "version 3", "compressed text", "wireless", "unknown", "too long"])
def test_what_is_no_capture(replay, tmp_path, octets, words):
    """Exit 1, nothing on stdout, one line that says what is wrong and one that says what to do."""
    path = tmp_path / "capture"
    path.write_bytes(octets)
    done = replay.run(path)
    error, _ = _error_lines(done)
    assert f"'{path}' {words}" in error
    assert done.stdout == ""


COMPRESSED = {"zstd": ["zstd", "-c"], "xz": ["xz", "-c"], "bzip2": ["bzip2", "-c"], "lz4": ["lz4", "-c"]}


@pytest.mark.parametrize("name", COMPRESSED)
def test_other_compressions_are_named(replay, tmp_path, name):
    """The hint has a command that works, for a file and for stdin."""
    path = tmp_path / "compressed.pcap"
    path.write_bytes(subprocess.run(COMPRESSED[name], input=SAMPLE.read_bytes(), stdout=subprocess.PIPE, check=True).stdout)
    error, hint = _error_lines(replay.run(path))
    assert error.endswith(f"'{path}' is compressed with {name}")
    command = hint.removeprefix("flowlabel: hint: run: ")
    assert command == f"{name} -dc {path} | flowlabel replay -"
    program = f"{os.environ['FLOWLABEL_BIN']} replay - --json"
    shown = subprocess.run(["sh", "-c", command.replace("flowlabel replay -", program)], stdout=subprocess.PIPE, check=True)
    assert json.loads(shown.stdout)["totals"]["ipv6_packets"] == 8
    _, hint = _error_lines(replay.run("-", stdin=path.read_bytes()))
    assert hint.endswith(f"run: {name} -dc | flowlabel replay -")


@pytest.mark.parametrize("make", [lambda folder: folder / "missing.pcap", lambda folder: folder])
def test_what_cannot_be_opened(replay, tmp_path, make):
    """A missing file and a directory are errors."""
    assert str(make(tmp_path)) in _error_lines(replay.run(make(tmp_path)))[0]


@pytest.mark.parametrize("compress", [lambda octets: octets, lambda octets: gzip.compress(octets)[:-40]])
def test_a_capture_that_ends_early(replay, tmp_path, compress):
    """The result up to the end is printed, and an error says that the capture ends early. Exit status 1, and nothing is
    written."""
    octets = pcapfile.pack([os.urandom(14) + _packet(200)[14:] for _ in range(40)])
    path, out = tmp_path / "capture", tmp_path / "out.pcap"
    path.write_bytes(compress(octets if compress(b"x") != b"x" else octets[:-10]))
    done = replay.run(path, "--json", "--write", out)
    error, hint = _error_lines(done)
    read = json.loads(done.stdout)["totals"]["seen_packets"]
    assert 0 < read < 40
    assert "ends early" in error and f"(packets read: {read})" in error
    assert "is not written" in hint
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["same", "symbolic link", "hard link", "folder", "device"])
def test_what_must_not_be_written_over(replay, tmp_path, name):
    """The capture itself, by any name, and anything but a regular file are refused as wrong usage, and stay
    unchanged."""
    capture = tmp_path / "capture.pcap"
    capture.write_bytes(SAMPLE.read_bytes())
    target = {"same": capture, "folder": tmp_path, "device": pathlib.Path("/dev/null")}.get(name, tmp_path / "link")
    if name == "symbolic link":
        target.symlink_to(capture)
    if name == "hard link":
        os.link(capture, target)
    _error_lines(replay.run(capture, "--stamp", "zero", "--write", target), status=2)
    assert capture.read_bytes() == SAMPLE.read_bytes()
    assert pathlib.Path("/dev/null").is_char_device()


def test_by_connection(replay, write):
    """A row for each connection, with its ports and the classes of its changes; the totals are those of the flows."""
    capture = write([_packet(label=5), _packet(label=5), _packet(label=0), _packet(label=7, source="2001:db8:c::2")])
    flows, document = replay.document(capture), replay.document(capture, "--by", "connection")
    assert document["totals"] == flows["totals"] and document["totals"]["flows"] == 3
    first, second = document["flows"]
    assert {name: first[name] for name in ("src", "label", "packets", "protocol", "sport", "dport", "labels", "changes")} == {
        "src": CLIENT, "label": 0, "packets": 3, "protocol": 17, "sport": 1, "dport": 2, "labels": 2, "changes": {"zeroed": 1}}
    assert second["src"] == "2001:db8:c::2" and second["labels"] == 1 and second["changes"] == {}
    assert "zeroed 1" in replay.run(capture, "--by", "connection").stdout
    filtered = replay.document(capture, "--by", "connection", "--src", "2001:db8:c::2")["flows"]
    assert filtered == [second]
    _error_lines(replay.run(capture, "--by", "ports"), status=2)


def test_more_connections_than_slots(replay, write):
    """Connections that leave the table keep their histories; none is missing."""
    sources = [f"2001:db8:{number >> 16:x}::{number & 0xffff:x}" for number in range(3 << 17)]
    changing = "2001:db8:ffff::1"
    packets = [_packet(label=1, source=changing), _packet(label=1, source=changing), _packet(source=changing)]
    document = replay.document(write(packets + [_packet(source=source) for source in sources]), "--by", "connection")
    assert document["totals"]["spilled"]["packets"] > 0
    rows = {row["src"]: row for row in document["flows"]}
    assert len(rows) == len(document["flows"]) == len(sources) + 1
    assert rows[changing]["packets"] == 3 and rows[changing]["changes"] == {"zeroed": 1}


def test_output_that_cannot_be_written(replay, tmp_path):
    """A missing directory is an error."""
    assert "cannot write" in _error_lines(replay.run(SAMPLE, "--write", tmp_path / "no" / "out.pcap"))[0]


def test_an_older_output_is_replaced_whole_or_not_at_all(replay, tmp_path, write):
    """The output file is replaced, also through a symbolic link. A run that fails leaves it unchanged."""
    old, link = tmp_path / "old.pcap", tmp_path / "link"
    old.write_bytes(b"old")
    old.chmod(0o640)
    link.symlink_to(old)
    torn = tmp_path / "torn.pcap"
    torn.write_bytes(SAMPLE.read_bytes()[:-5])
    _error_lines(replay.run(torn, "--write", link))
    assert old.read_bytes() == b"old"
    assert replay.run(SAMPLE, "--write", link).status == 0
    assert link.is_symlink() and old.read_bytes() == SAMPLE.read_bytes()
    assert old.stat().st_mode & 0o777 == 0o640


def test_a_full_disk(replay, tmp_path, write):
    """An error says that the disk is full, and no incomplete file is left."""
    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    capture = write([_packet(1000)] * 1000)
    done = replay.run(capture, "--write", tmp_path / "out.pcap", preexec_fn=small_files)
    assert "cannot write" in _error_lines(done)[0]
    assert list(tmp_path.iterdir()) == [capture]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_nothing(replay, tmp_path, number):
    """After ^C or kill, the process has ended by the signal, and no file is left."""
    command = [os.environ["FLOWLABEL_BIN"], "replay", "-", "--write", tmp_path / "out.pcap"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(pcapfile.pack([_packet(1000)] * 5000))
        process.stdin.flush()
        time.sleep(0.5)
        process.send_signal(number)
        process.wait(timeout=30)
        assert process.stdout.read() == b""
    assert process.returncode == -number
    assert list(tmp_path.iterdir()) == []


def test_usage(replay):
    """Wrong usage ends with exit status 2. --help says what the kernel engine cannot do."""
    for arguments in ([], [SAMPLE, SAMPLE], [SAMPLE, "--engine", "other"], [SAMPLE, "--prf", "siphash-1-3"],
                      [SAMPLE, "--json", "--csv"]):
        _error_lines(replay.run(*arguments), status=2)
    words = replay.run("--help").stdout
    assert "current time" in words and "capture" in words
