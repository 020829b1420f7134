# SPDX-License-Identifier: BSD-2-Clause
"""The command line: wrong usage, help and version."""

import pathlib
import re
import shlex
import subprocess

import pytest

import lab as lab_module
from saying import refused

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOOKS = "xdp|tc-ingress|tc-egress"

# What the help of each command must name, in addition to the common options.
OPTIONS = {
    (): ["attach", "detach", "status", "flows", "stats", "host", "exercise", "key"],
    ("attach",): ["IFACE", "--hook", HOOKS, "--mode", "auto|native|generic", "--flows", "--stamp", "off|dry-run|zero",
                  "--key-file", "--prf", "siphash-2-4|siphash-1-3", "--replace"],
    ("detach",): ["IFACE", "--hook", HOOKS, "--all-netns", "--all"],
    ("collect",): ["IFACE", "--hook", HOOKS, "--idle", "--active", "D|rfc3697|rfc1883", "--jsonl", "--ipfix",
                   "--clickhouse", "--spool-limit", "--prometheus", "--max-flows"],
    ("replay",): ["FILE", "--engine", "native|kernel", "--stamp", "--write", "--label"],
    ("status",): ["IFACE", "--hook", HOOKS, "--json"],
    ("flows",): ["IFACE", "--hook", HOOKS, "--sort", "packets|bytes|last-seen", "--limit", "--src", "--dst", "--label",
                 "LABEL|LABEL/MASK|FIRST-LAST|zero|nonzero|stamped", "--json", "--jsonl", "--csv"],
    ("stats",): ["IFACE", "--hook", HOOKS, "--json", "--interval"],
    ("host",): ["--json", "--netns", "NAME|PID", "--check", "rfc6437|lab|anycast"],
    ("exercise",): ["server", "client"],
    ("exercise", "server"): ["--tcp", "--udp", "--port", "24999", "--reflect", "--json"],
    ("exercise", "client"): ["HOST", "--tcp", "--udp", "--port", "24999", "--label", "LABEL|auto|random|none",
                             "--generate", "constant|sequential|encoded|per-packet|message|syn-then-zero|rst-other",
                             "--text", "--count", "--interval", "--timeout", "--size", "--flows", "--change-every",
                             "--lease", "create|join|new", "--share", "any|excl|process|user", "--expires", "--linger", "--renew",
                             "--raw", "--yes-on-a-real-nic", "--json"],
    ("key",): ["new"],
    ("key", "new"): ["FILE"],
    ("completion",): ["SHELL", "bash, zsh or fish"],
}
EVERYWHERE = ["--bpffs", "-v", "--help", "--version"]

# Wrong command lines, and the words that the error must have.
WRONG = [
    ([], ["needs a command"]),
    (["replace"], ["no command 'replace'"]),
    (["replace", "v0"], ["no command 'replace'"]),
    (["-v"], ["needs a command"]),
    (["-x"], ["no option '-x'"]),
    (["--bpffs"], ["--bpffs", "one value"]),
    (["status", "--bpffs"], ["--bpffs", "one value"]),
    (["status", "--nope"], ["no option '--nope'"]),
    (["status", "v0", "v1"], ["'v1'", "flowlabel status"]),
    (["attach"], ["IFACE"]),
    (["attach", "v0", "w0"], ["takes one interface; 'w0' is a second one"]),
    (["nonsense", "attach"], ["no command 'nonsense'"]),
    (["atach", "v0"], ["no command 'atach'", "did you mean 'attach'?"]),
    (["hepl"], ["no command 'hepl'", "did you mean 'help'?"]),
    (["exercise", "cleint", "::1"], ["'flowlabel exercise'", "did you mean 'client'?"]),
    (["flows", "--jsno"], ["no option '--jsno'", "did you mean '--json'?"]),
    (["attach", "v0", "--satmp=zero"], ["no option '--satmp=zero'", "did you mean '--stamp'?"]),
    (["flows", "--bpfs", "dir"], ["no option '--bpfs'", "did you mean '--bpffs'?"]),
    (["attach", "v0", "--hook", "tc_ingress"], ["--hook", "did you mean 'tc-ingress'?"]),
    (["attach", "v0", "--stamp", "--key-file", "key"], ["--stamp needs off, dry-run or zero", "'--key-file'"]),
    (["attach", "v0", "--key-file", "--stamp=zero"], ["--key-file needs FILE", "'--stamp=zero'"]),
    (["collect", "--jsonl", "-v"], ["--jsonl needs FILE or -", "'-v'"]),
    (["bench", "--help"], ["no command 'bench'"]),
    (["atach", "-h"], ["no command 'atach'", "did you mean 'attach'?"]),
    (["help", "bench"], ["no command 'bench'"]),
    (["bench", "--version"], ["no command 'bench'"]),
    (["flows", "--watch", "--help"], ["no option '--watch'"]),
    (["attach", "v0", "--hook"], ["--hook", "one value"]),
    (["attach", "v0", "--hook", "tc"], ["--hook", "'tc'", "xdp, tc-ingress, tc-egress"]),
    (["attach", "v0", "--hook", "XDP"], ["'XDP'"]),
    (["attach", "v0", "--hook", "xdp", "--hook", "xdp"], ["--hook", "once"]),
    (["attach", "v0", "--mode", "skb"], ["--mode", "'skb'", "auto, native, generic"]),
    (["attach", "v0", "--mode", "native", "--hook", "tc-ingress"], ["--mode", "tc"]),
    (["attach", "v0", "--mode", "auto", "--hook", "tc-egress"], ["--mode", "tc"]),
    (["attach", "v0", "--flows"], ["--flows", "one value"]),
    (["attach", "v0", "--flows", "0"], ["--flows", "'0'", "smaller than 1"]),
    (["attach", "v0", "--flows", "-1"], ["--flows", "'-1'"]),
    (["attach", "v0", "--flows", "many"], ["--flows", "'many'"]),
    (["attach", "v0", "--flows", "1.5"], ["--flows", "'1.5'"]),
    (["attach", "v0", "--flows", "0x100"], ["--flows", "'0x100'"]),
    (["attach", "v0", "--flows", "1k"], ["--flows", "'1k'", "K, M, G are powers of 1000, Ki, Mi, Gi of 1024"]),
    (["attach", "v0", "--flows", "1KB"], ["--flows", "'1KB'"]),
    (["attach", "v0", "--flows", ""], ["--flows is empty"]),
    (["attach", "v0", "--flows", "18446744073709551616"], ["--flows", "below 2^64"]),
    (["attach", "v0", "--stamp"], ["--stamp", "one value"]),
    (["attach", "v0", "--stamp", "on"], ["--stamp", "'on'", "off, dry-run, zero"]),
    (["attach", "v0", "--key-file", "key"], ["--key-file", "stamp"]),
    (["attach", "v0", "--key-file", "key", "--stamp", "off"], ["--key-file", "stamp"]),
    (["attach", "v0", "--prf", "siphash-2-4"], ["--prf", "stamp"]),
    (["attach", "v0", "--prf", "siphash-1-3", "--stamp", "off"], ["--prf", "stamp"]),
    (["attach", "v0", "--stamp", "zero", "--prf", "md5"], ["--prf", "'md5'", "siphash-2-4, siphash-1-3"]),
    (["attach", "v0", "--all"], ["--all"]),
    (["attach", "v0", "--json"], ["--json"]),
    (["detach"], ["detach"]),
    (["detach", "--hook", "xdp"], ["detach"]),
    (["detach", "v0", "--all"], ["--all"]),
    (["detach", "--all", "--hook", "xdp"], ["--all"]),
    (["detach", "v0", "--replace"], ["--replace"]),
    (["flows", "--json", "--jsonl"], ["--json", "--jsonl", "excludes"]),
    (["flows", "--jsonl", "--csv"], ["--jsonl", "--csv", "excludes"]),
    (["flows", "--csv", "--json"], ["--csv", "--json", "excludes"]),
    (["flows", "--sort", "label"], ["--sort", "'label'", "packets, bytes, last-seen"]),
    (["flows", "--limit", "-1"], ["--limit", "'-1'"]),
    (["flows", "--limit", "all"], ["--limit", "'all'"]),
    (["flows", "--src", "10.0.0.0/8"], ["--src", "'10.0.0.0/8'", "2001:db8::/32"]),
    (["flows", "--src", "2001:db8::/129"], ["--src", "0 to 128"]),
    (["flows", "--src", "2001:db8::/"], ["--src", "0 to 128"]),
    (["flows", "--dst", "::/-1"], ["--dst", "0 to 128"]),
    (["flows", "--dst", "example.org"], ["--dst", "'example.org'"]),
    (["flows", "--label", "1048576"], ["--label", "1048575"]),
    (["flows", "--label", "0x100000"], ["--label", "0xfffff"]),
    (["flows", "--label", "-1"], ["--label", "'-1'", "without a first label"]),
    (["flows", "--label", "/0xff"], ["--label", "a mask and no label", "LABEL/MASK, FIRST-LAST"]),
    (["flows", "--label", "0x801/0x3fe00"], ["--label", "bits outside the mask", "did you mean 0x800/0x3fe00?"]),
    (["flows", "--label", "0xff-1"], ["--label", "ends before it begins", "1-0xff"]),
    (["flows", "--label", "1-1048576"], ["--label", "'1048576' is more than the 20 bits"]),
    (["flows", "--label", "some"], ["--label", "'some'"]),
    (["flows", "v0", "--interval", "1"], ["no option '--interval'"]),
    (["flows", "v0", "--watch"], ["no option '--watch'"]),
    (["flows", "v0", "-n", "10"], ["no option '-n'", "'--limit N' shows"]),
    (["flows", "v0", "-n10"], ["no option '-n10'", "'--limit N' shows"]),
    (["flows", "v0", "--top", "10"], ["no option '--top'", "'--limit N' shows"]),
    (["replay", "capture", "--top=10"], ["no option '--top=10'", "'--limit N' shows"]),
    (["stats", "v0", "-n", "10"], ["no option '-n'", "see 'flowlabel stats --help'"]),
    (["stats", "--interval", "0"], ["--interval", "'0'", "shorter than 100ms", "500ms, 15s"]),
    (["stats", "--interval", "1 s"], ["--interval", "'1 s'", "a number without a unit means seconds"]),
    (["stats", "--interval", "86401"], ["--interval", "longer than 1d"]),
    (["stats", "--csv"], ["--csv"]),
    (["collect", "no-such-if"], ["where the records go", "--jsonl FILE (- for stdout), --ipfix URL or --clickhouse URL"]),
    (["collect", "no-such-if", "--ipfix", "[::1]"], ["'[::1]'", "udp://"]),
    (["collect", "no-such-if", "--jsonl", "records", "--mtu", "1500"], ["--mtu", "udp://"]),
    (["collect", "no-such-if", "--jsonl", "records", "--ipfix-no-options"], ["--ipfix-no-options", "--ipfix URL"]),
    (["collect", "no-such-if", "--jsonl", "records", "--clickhouse", "[::1]"], ["'[::1]'", "http"]),
    (["collect", "no-such-if", "--jsonl", "records", "--spool", "spool"], ["--spool", "--clickhouse URL"]),
    (["collect", "no-such-if", "--jsonl", "records", "--clickhouse-linger", "soon"], ["--clickhouse-linger", "'soon'"]),
    (["collect", "no-such-if", "--jsonl", "records", "--idle", "rfc6437"], ["--idle", "'rfc6437'", "rfc1883"]),
    (["collect", "no-such-if", "--jsonl", "records", "--idle", "8d"], ["--idle", "'8d'", "longer than 7d"]),
    (["collect", "no-such-if", "--jsonl", "records", "--spool-limit", "1GB"], ["--spool-limit", "'1GB'", "20Gi"]),
    (["collect", "no-such-if", "--jsonl", "records", "--prometheus", "9641"], ["'9641'", "127.0.0.1:PORT"]),
    (["attach", "lo", "--stamp", "zero", "--key-file", ""], ["--key-file is empty", "variable"]),
    (["collect", "--jsonl", "records", "--clickhouse", ""], ["--clickhouse is empty"]),
    (["collect", "--jsonl", "records", "--clickhouse", "http://[::1]", "--spool", ""], ["--spool is empty"]),
    (["replay", "capture", "--write", ""], ["--write is empty"]),
    (["status", ""], ["IFACE is empty"]),
    (["status", "--bpffs", ""], ["--bpffs is empty"]),
    (["host", "eth0"], ["'eth0'", "flowlabel host"]),
    (["host", "--check"], ["--check", "one value"]),
    (["host", "--check", "rfc"], ["--check", "'rfc'", "rfc6437, lab, anycast"]),
    (["host", "--netns"], ["--netns", "one value"]),
    (["host", "--csv"], ["--csv"]),
    (["exercise"], ["flowlabel exercise", "needs a command"]),
    (["exercise", "both"], ["flowlabel exercise", "'both'"]),
    (["exercise", "server", "--port", "0"], ["--port", "'0'"]),
    (["exercise", "server", "--port", "65536"], ["--port", "larger than 65535"]),
    (["exercise", "server", "::1"], ["'::1'", "flowlabel exercise server"]),
    (["exercise", "client"], ["HOST"]),
    (["exercise", "client", "::1", "--tcp", "--udp"], ["--udp", "--tcp", "excludes"]),
    (["exercise", "client", "::1", "--label", "0x1FFFFF"], ["--label", "'0x1FFFFF'", "0xfffff", "auto, random or none"]),
    (["exercise", "client", "::1", "--label", "some"], ["--label", "'some'"]),
    (["exercise", "client", "::1", "--generate", "noise"], ["--generate", "'noise'", "syn-then-zero"]),
    (["exercise", "client", "::1", "--generate", "per-packet"], ["TCP", "--udp"]),
    (["exercise", "client", "::1", "--generate", "message", "--tcp"], ["TCP", "--udp"]),
    (["exercise", "client", "::1", "--generate", "syn-then-zero"], ["sockets cannot send", "--raw"]),
    (["exercise", "client", "::1", "--generate", "rst-other"], ["sockets cannot send", "--raw"]),
    (["exercise", "client", "::1", "--generate", "sequential", "--label", "random"], ["--generate", "number"]),
    (["exercise", "client", "::1", "--generate", "sequential", "--label", "0"], ["--generate", "number"]),
    (["exercise", "client", "::1", "--udp", "--generate", "per-packet", "--label", "5"], ["--label"]),
    (["exercise", "client", "::1", "--text", "hello"], ["--text", "--generate message"]),
    (["exercise", "client", "::1", "--udp", "--generate", "message", "--text", ""], ["--text"]),
    (["exercise", "client", "::1", "--share", "all", "--label", "5"], ["--share", "'all'", "any, excl, process, user"]),
    (["exercise", "client", "::1", "--share", "any"], ["--share", "no label is leased"]),
    (["exercise", "client", "::1", "--expires", "10", "--label", "none"], ["--expires", "no label is leased"]),
    (["exercise", "client", "::1", "--expires", "65536", "--label", "5"], ["--expires", "longer than 65535s"]),
    (["exercise", "client", "::1", "--linger", "500ms", "--label", "5"], ["--linger", "whole number of seconds"]),
    (["exercise", "client", "::1", "--linger", "-1", "--label", "5"], ["--linger", "'-1'"]),
    (["exercise", "client", "::1", "--change-every", "2"], ["--change-every", "--label"]),
    (["exercise", "client", "::1", "--change-every", "0", "--label", "5"], ["--change-every", "'0'"]),
    (["exercise", "client", "::1", "--count", "many"], ["--count", "'many'"]),
    (["exercise", "client", "::1", "--size", "23"], ["--size", "'23'", "24"]),
    (["exercise", "client", "::1", "--size", "65528"], ["--size", "larger than 65527"]),
    (["exercise", "client", "::1", "--flows", "0"], ["--flows", "'0'"]),
    (["exercise", "client", "::1", "--interval", "fast"], ["--interval", "'fast'", "500ms"]),
    (["exercise", "client", "::1", "--interval", "-1s"], ["--interval", "'-1s'"]),
    (["exercise", "client", "::1", "--interval", "25h"], ["--interval", "'25h'", "1d"]),
    (["exercise", "client", "::1", "--interval", "nan"], ["--interval", "'nan'"]),
    (["exercise", "client", "::1", "--timeout", "90000"], ["--timeout", "'90000'"]),
    (["exercise", "client", "::1", "--renew", "", "--label", "5"], ["--renew is empty"]),
    (["exercise", "client", "::1", "--yes-on-a-real-nic"], ["--yes-on-a-real-nic", "--raw"]),
    (["exercise", "client", "fe80::1"], ["link-local", "fe80::1%eth0"]),
    (["key"], ["flowlabel key", "needs a command"]),
    (["key", "old", "file"], ["flowlabel key", "'old'"]),
    (["key", "new"], ["FILE"]),
    (["key", "new", "one", "two"], ["'two'"]),
    (["key", "new", "one", "--hook", "xdp"], ["--hook"]),
]


def run(*argv, **options):
    """Runs flowlabel without a lab."""
    full = [lab_module.binary(), *argv]
    done = subprocess.run(full, capture_output=True, text=True, timeout=60, **options)
    return lab_module.Result(full, done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("argv, words", WRONG, ids=lambda value: " ".join(value) or "nothing")
def test_wrong_usage(argv, words, tmp_path):
    """Exit status 2, and never CLI11's; the error says what is wrong and what to do."""
    refused(run(*argv, cwd=tmp_path), 2, *words)
    assert not list(tmp_path.iterdir()), "a wrong command line must create no file"


@pytest.mark.parametrize("argv", [
    ["collect", "--clickhouse", "https:/writer:S3CR3T@store:8123"], ["collect", "--clickhouse", "http://w:S3CR3T@store"],
    ["collect", "--ipfix", "http://w:S3CR3T@store"], ["collect", "http://w:S3CR3T@store", "--jsonl", "-"],
    ["collect", "--jsonl", "-", "--prometheus", "w:S3CR3T@host:1"], ["http://w:S3CR3T@store"],
    ["status", "v0", "http://w:S3@CR3T@store"], ["collect", "--jsonl", "/no/w:S3CR3T@store"]], ids=" ".join)
def test_no_message_shows_a_password(argv):
    """No error shows a password, whatever is wrong with the URL, and whichever option has it by mistake: messages go
    into logs."""
    result = run(*argv)
    assert result.status != 0 and result.stderr
    assert "CR3T" not in result.stderr, result


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("help_option", ["--help", "-h"])
def test_help(command, help_option):
    """Every command's help is a success and names all its options."""
    result = run(*command, help_option).ok()
    assert result.stderr == ""
    for word in OPTIONS[command] + EVERYWHERE:
        assert word in result.stdout, word
    assert "unless given" not in " ".join(result.stdout.split()), "write 'default: X'"


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
def test_help_fits_the_terminal(command):
    """Every line has at most 80 columns, and `help COMMAND` prints the same."""
    shown = run(*command, "--help").ok().stdout
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    assert run("help", *command).ok().stdout == shown


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
def test_examples(command, tmp_path):
    """Every command has one to three examples of itself, `collect` one for each sink, and flowlabel parses them."""
    shown = run(*command, "--help").ok().stdout
    assert shown.count("Examples:\n") == 1
    examples = re.findall(r"^  (?:.* \| )?flowlabel (.*)$", shown.split("Examples:\n")[1], re.MULTILINE)
    sinks = (ROOT / "loader/cli/sinks.def").read_text().count("\nSINK(")
    assert 1 <= len(examples) <= 3 or (command == ("collect",) and len(examples) == sinks)
    for example in examples:
        words = shlex.split(example)
        assert tuple(words[:len(command)]) == command
        run(*words, "--help", cwd=tmp_path).ok()  # parses all words and values, and runs nothing


def test_one_spool_in_all_examples():
    """The examples of the help, the manual page and the documents name the same directory for --spool."""
    texts = [run("collect", "--help").ok().stdout]
    texts += [path.read_text().replace("\\-", "-")
              for path in (ROOT / "README.md", ROOT / "docs/fleet.md", ROOT / "docs/man/flowlabel.8")]
    found = [set(re.findall(r"--spool (/[^\s`]+)", text)) for text in texts]
    assert found == [{"/var/lib/flowlabel-spool"}] * len(texts)


def test_the_man_page_fits_the_terminal():
    """Lines that the pager cannot wrap have at most 80 columns, including an indent of 7."""
    page = ROOT / "docs/man/flowlabel.8"
    blocks = re.findall(r"^\.nf\n(.*?)^\.fi\n", page.read_text(), re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"\\(.)", r"\1", re.sub(r"\\f.", "", line)) for block in blocks for line in block.splitlines()]
    assert len(lines) > 30
    assert [line for line in lines if len(line) > 80 - 7] == []


@pytest.mark.parametrize("command", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("version_option", ["--version", "-V"])
def test_version(command, version_option):
    """--version works with every command."""
    name, number = run(*command, version_option).ok().stdout.split()
    assert name == "flowlabel"
    assert len(number.split(".")) == 3


def test_version_as_a_word():
    """`flowlabel version` prints the same as --version."""
    assert run("version").ok().stdout == run("--version").ok().stdout


def test_options_of_every_command_stand_anywhere(lab, host):
    """--bpffs and -v work before and after the command; -v prints libbpf's messages."""
    host.run(lab_module.binary(), "--bpffs", lab.bpffs, "attach", "v0", "--flows", "4")
    host.run(lab_module.binary(), "status", "v0", "--bpffs", lab.bpffs)
    host.run(lab_module.binary(), "detach", "--bpffs", lab.bpffs, "v0")
    for argv in (["-v", "attach", "v0"], ["attach", "-v", "v0"], ["attach", "v0", "-v"]):
        assert "libbpf: " in lab.flowlabel(host, *argv).ok().stderr
        lab.flowlabel(host, "detach", "v0").ok()
    assert lab.flowlabel(host, "attach", "v0").ok().stderr == ""


# Numbers and times with units, and the words of an error that occurs only after they were parsed.
RIGHT = [
    (["attach", "no-such-if", "--flows", "1M"], "no-such-if"),
    (["attach", "no-such-if", "--flows", "64Ki"], "no-such-if"),
    (["flows", "no-such-if", "--limit", "1K"], "no-such-if"),
    (["stats", "no-such-if", "--interval", "500ms"], "no-such-if"),
    (["stats", "no-such-if", "--interval", "0.5"], "no-such-if"),
    (["stats", "no-such-if", "--interval", "1m"], "no-such-if"),
    (["collect", "no-such-if", "--jsonl", "-", "--idle", "15", "--active", "1.5m", "--max-flows", "1Mi"], "no-such-if"),
    (["collect", "no-such-if", "--jsonl", "-", "--idle", "rfc1883", "--active", "rfc3697"], "no-such-if"),
    (["collect", "no-such-if", "--clickhouse", "http://[::1]", "--clickhouse-timeout", "5", "--clickhouse-linger",
      "1m", "--spool", "spool", "--spool-limit", "20Gi"], "no-such-if"),
    (["collect", "no-such-if", "--ipfix", "tcp://[::1]", "--template-interval", "1h", "--connect-interval", "1d"],
     "no-such-if"),
    (["exercise", "client", "ff02::1%lo", "--udp", "--label", "5", "--count", "1", "--interval", "1m", "--timeout",
      "1ms", "--expires", "1m", "--linger", "30", "--renew", "1.5s", "--size", "1Ki"], "is unreachable"),
]


@pytest.mark.parametrize("argv, word", RIGHT, ids=lambda value: " ".join(value) if isinstance(value, list) else value)
def test_units_everywhere(argv, word, lab, host, tmp_path):
    """Numbers take K, Ki, M, ...; times take a unit, and a number without one is in seconds."""
    refused(lab.flowlabel(host, *argv, cwd=tmp_path), 1, word)


def test_a_wrong_environment_is_named(lab, host):
    """A wrong FLOWLABEL_TC, which has two valid values, is an error that names it."""
    refused(lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", env={"FLOWLABEL_TC": "qdisc"}), 2,
            "FLOWLABEL_TC", "'qdisc'", "auto or clsact")
