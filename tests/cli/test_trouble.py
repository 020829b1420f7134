# SPDX-License-Identifier: BSD-2-Clause
"""Errors outside the program: bpffs, privileges, key files, memory, full disks, closed descriptors."""

import os
import pathlib
import shutil
import stat
import subprocess

import pytest

import lab as lab_module
import schema
from flows import KEY
from kernel import attached_xdp, eventually, filters, flowlabel_programs, pins, qdiscs
from lab import LAYOUT, command
from saying import refused

EVERY_COMMAND = [["attach", "v0"], ["detach", "v0"], ["status", "v0"], ["flows", "v0"], ["stats", "v0"]]
READERS = EVERY_COMMAND[2:]
WRITERS = [["attach", "v0"], ["attach", "v0", "--replace"], ["detach", "v0"], ["detach", "--all"]]
NAMED = {"ids": " ".join}
WAYS = [("xdp", {}), ("tc-ingress", {}), ("tc-egress", {"FLOWLABEL_TC": "clsact"})]


def run_in(namespace, *argv, **options):
    """Runs flowlabel without --bpffs except in ARGV."""
    full = [lab_module.binary(), *map(str, argv)]
    done = namespace.run(*full, check=False, timeout=60, **options)
    return lab_module.Result(full, done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("argv", EVERY_COMMAND[1:], **NAMED)
def test_no_bpffs(host, tmp_path, argv):
    """Without a bpffs, nothing is attached."""
    refused(run_in(host, *argv, "--bpffs", tmp_path), 3, "nothing is attached")


def test_attach_without_a_directory_for_the_bpffs(host, tmp_path):
    """A missing bpffs is an error that says how to get one."""
    refused(run_in(host, "attach", "v0", "--bpffs", tmp_path / "none"), 1, "no bpffs", "mount -t bpf")


def test_attach_where_a_mount_would_not_last(host, tmp_path):
    """In a private mount namespace attach mounts nothing, and says what to do."""
    full = ["unshare", "--mount", lab_module.binary(), "attach", "v0", "--bpffs", tmp_path]
    done = host.run(*full, check=False)
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "mount namespace", "nsenter --net=")
    assert not os.path.ismount(tmp_path)


def test_attach_mounts_a_missing_bpffs(host, tmp_path):
    """If the mount outlives the command, attach mounts the bpffs, accessible only to its owner."""
    if pathlib.Path("/proc/self/mountinfo").read_text() != pathlib.Path("/proc/1/mountinfo").read_text():
        pytest.skip("this is not the mount namespace of process 1")
    try:
        run_in(host, "attach", "v0", "--flows", 4, "--bpffs", tmp_path).ok()
        assert os.path.ismount(tmp_path)
        assert stat.S_IMODE(tmp_path.stat().st_mode) & 0o777 == 0o700
        run_in(host, "detach", "v0", "--bpffs", tmp_path).ok()
    finally:
        if os.path.ismount(tmp_path):
            command("umount", tmp_path)


def delayed_mount(host, directory, interface):
    """Starts `attach INTERFACE` whose mount() is delayed by half a second."""
    full = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=mount:delay_enter=500000", lab_module.binary(),
            "attach", interface, "--flows", 4, "--bpffs", directory]
    with host.inside():
        return subprocess.Popen(list(map(str, full)), stdout=subprocess.PIPE, text=True)


def test_two_attaches_mount_one_bpffs(host, tmp_path):
    """Two attaches at once mount only one bpffs: a second mount over the first would hide its attachments."""
    if pathlib.Path("/proc/self/mountinfo").read_text() != pathlib.Path("/proc/1/mountinfo").read_text():
        pytest.skip("this is not the mount namespace of process 1")
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")
    try:
        both = [delayed_mount(host, tmp_path, interface) for interface in ("v0", "w0")]
        for attach in both:
            attach.communicate(timeout=60)
            assert attach.returncode == 0
        mounts = pathlib.Path("/proc/self/mountinfo").read_text().count(f" {tmp_path} ")
        assert mounts == 1
        assert run_in(host, "detach", "--all", "--bpffs", tmp_path).ok().stderr.count("detached") == 2
    finally:
        while os.path.ismount(tmp_path):
            command("umount", tmp_path)


def test_a_directory_of_the_user(lab, host):
    """A subdirectory of a bpffs can be --bpffs, however its path is written; it stays after the last detach."""
    directory = pathlib.Path(lab.bpffs, "mine")
    directory.mkdir()
    for name in (f"{directory}/", f"{directory}/.", directory):
        run_in(host, "attach", "v0", "--flows", 4, "--bpffs", name).ok()
        run_in(host, "detach", "v0", "--bpffs", name).ok()
        assert list(directory.iterdir()) == []


@pytest.mark.parametrize("argv", [["status"], ["detach", "--all"]], **NAMED)
def test_a_hidden_bpffs_is_told(host, tmp_path, argv):
    """If the host's mounts are not visible, as under `ip netns exec`, an empty result is not reported as nothing
    attached."""
    full = ["unshare", "--mount", lab_module.binary(), *argv, "--bpffs", tmp_path]
    done = host.run(*full, check=False)
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "no bpffs at", "not known what is attached",
            "nsenter --net=")


@pytest.mark.parametrize("argv", [["status"], ["attach", "v0"], ["flows", "v0"], ["detach", "--all"]], **NAMED)
def test_a_container_without_the_bpffs_of_the_host(host, tmp_path, argv):
    """In a PID namespace, which means a container, the hint says what the container needs."""
    full = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", lab_module.binary(), *argv, "--bpffs", tmp_path]
    done = host.run(*full, check=False)
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "no bpffs at",
            f"docker run -v {tmp_path}:{tmp_path} --network host --cap-add BPF")


@pytest.mark.parametrize("argv", [["flows", "v0"], ["status", "v0"], ["detach", "v0"]], **NAMED)
def test_a_hidden_bpffs_where_something_was_named(host, tmp_path, argv):
    """The same holds if an interface was named, and there is a hint."""
    full = ["unshare", "--mount", lab_module.binary(), *argv, "--bpffs", tmp_path]
    done = host.run(*full, check=False)
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "no bpffs at", "nsenter --net=")


@pytest.mark.parametrize("hook, environment", WAYS, ids=["xdp", "tcx", "clsact"])
@pytest.mark.parametrize("pin", ["counters", "ring", "info", "secrets"])
def test_a_damaged_attachment(lab, host, pin, hook, environment):
    """An attachment with missing pins does not keep others from being shown, read and detached. The error says what to
    do, and `detach` does it with exit status 0."""
    for interface in ("v0", "w0"):
        lab.flowlabel(host, "attach", interface, "--flows", 4, "--hook", hook, env=environment).ok()
    directory = pathlib.Path(lab.bpffs, min(pins(lab), key=lambda path: (not path.endswith(hook), path)))
    (directory / pin).unlink()
    words = [directory / pin, f"'flowlabel detach w0 --hook {hook}'"]
    shown = lab.flowlabel(host, "status").expect(1)
    assert shown.stdout.startswith(f"v0 {hook} ") and "w0" not in shown.stdout
    assert all(str(word) in shown.stderr for word in words)
    document = schema.document(lab.flowlabel(host, "status", "--json").expect(1).stdout)
    assert len(document["attachments"]) == len(document["unreadable"]) == 1
    assert "v0" in lab.flowlabel(host, "flows").expect(1).stdout and "v0" in lab.flowlabel(host, "stats").expect(1).stdout
    lab.flowlabel(host, "flows", "v0").ok()
    refused(lab.flowlabel(host, "status", "w0"), 1, *words)
    assert "w0" in lab.flowlabel(host, "status", "--check").expect(4).stdout
    said = lab.flowlabel(host, "detach", "w0").ok().stderr
    assert f"w0 {hook}: detached; some of its pins were missing, so its totals are unknown" in said
    assert attached_xdp(host, "w0") == {} and not filters(host, "w0", "egress")
    if pin != "info":  # the info map says which program created the qdisc
        assert "clsact" not in qdiscs(host, "w0")
    assert f"v0 {hook}: detached; counted" in lab.flowlabel(host, "detach", "--all").ok().stderr
    assert pins(lab) == []


def test_a_directory_that_others_may_change(lab, host):
    """A refused directory of one interface does not keep other attachments from being shown and detached."""
    for interface in ("v0", "w0"):
        lab.flowlabel(host, "attach", interface, "--flows", 4).ok()
    (ifindex,) = (entry["source"]["ifindex"] for entry in lab.flowlabel(host, "status", "--json").json()["attachments"]
                  if entry["source"]["interface"] == "w0")
    (directory,) = pathlib.Path(lab.bpffs).glob(f"flowlabel/v{LAYOUT}/*-{ifindex}")
    directory.chmod(0o777)
    shown = lab.flowlabel(host, "status").expect(1)
    assert shown.stdout.startswith("v0 xdp ") and "w0" not in shown.stdout
    assert shown.stderr.count("has mode 0777") == 1 and f"chmod 0700 {directory}" in shown.stderr
    lab.flowlabel(host, "flows", "v0").ok()
    done = lab.flowlabel(host, "detach", "--all").expect(1)
    assert "v0 xdp: detached" in done.stderr and done.stderr.count("has mode 0777") == 1
    directory.chmod(0o700)
    assert "w0 xdp: detached" in lab.flowlabel(host, "detach", "--all").ok().stderr
    assert pins(lab) == []


@pytest.fixture
def read_only(lab, host):
    """A bpffs with an attachment, remounted read-only."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    command("mount", "-o", "remount,ro", lab.bpffs)
    yield
    command("mount", "-o", "remount,rw", lab.bpffs)


@pytest.mark.parametrize("argv", WRITERS, **NAMED)
def test_read_only_bpffs(lab, host, read_only, argv):
    """Commands that change something are refused, and change nothing."""
    before = attached_xdp(host, "v0"), pins(lab)
    refused(lab.flowlabel(host, *argv), 1, "read-only", "remount,rw")
    assert (attached_xdp(host, "v0"), pins(lab)) == before


@pytest.mark.parametrize("argv", EVERY_COMMAND, **NAMED)
def test_another_layout(lab, host, argv):
    """Pins of another layout version are reported with a hint, and not touched."""
    version = f"v{LAYOUT + 1}"
    other = pathlib.Path(lab.bpffs, "flowlabel", version, "1-2/xdp")
    other.mkdir(parents=True)
    refused(lab.flowlabel(host, *argv), 1, f"flowlabel/{version}", f"layout {version}", f"v{LAYOUT}", "--bpffs")
    assert other.is_dir()
    assert attached_xdp(host, "v0") == {}


@pytest.mark.parametrize("argv", [*EVERY_COMMAND, ["detach", "--all"], ["status"]], **NAMED)
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_nobody(lab, host, argv, mode):
    """Without root every command is an error. The error of attach names the capabilities that it needs."""
    os.chmod(lab.bpffs, mode)
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    full = ["setpriv", "--reuid", "65534", "--clear-groups", lab_module.binary(), *argv, "--bpffs", lab.bpffs]
    done = host.run(*full, check=False)
    words = ["CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"] if argv[0] == "attach" else ["denied", "run it as root"]
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, *words)
    lab.flowlabel(host, "detach", "v0").ok()


def with_capabilities(lab, namespace, capabilities, *argv, env=None):
    """Runs flowlabel as root with CAPABILITIES only."""
    allowed = "".join(f",+{name}" for name in capabilities)
    full = ["setpriv", "--bounding-set", "-all" + allowed, lab_module.binary(), *argv, "--bpffs", lab.bpffs]
    done = namespace.run(*full, check=False, env={**os.environ, **(env or {})})
    return lab_module.Result(full, done.returncode, done.stdout, done.stderr)


ENOUGH = ["bpf", "net_admin", "perfmon"]


@pytest.mark.parametrize("hook, environment", WAYS, ids=["xdp", "tcx", "clsact"])
def test_the_capabilities_that_are_enough(lab, host, hook, environment):
    """CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON are enough to attach, replace and detach. Reading needs only permission to
    open the pins."""
    options = ["v0", "--hook", hook]
    with_capabilities(lab, host, ENOUGH, "attach", *options, env=environment).ok()
    with_capabilities(lab, host, ENOUGH, "attach", *options, "--replace", env=environment).ok()
    for reader in ("status", "flows", "stats"):
        with_capabilities(lab, host, [], reader, *options).ok()
    with_capabilities(lab, host, ENOUGH, "detach", *options).ok()
    assert pins(lab) == []


def test_what_the_kernel_tells_to_few(lab, host):
    """The kernel shows names and tags of programs only with CAP_SYS_ADMIN: without it, `status` prints no empty tag,
    and `attach` does not claim that an XDP program is not flowlabel's."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    assert "tag" not in with_capabilities(lab, host, [], "status").ok().stdout
    (shown,) = with_capabilities(lab, host, [], "status", "--json").json()["attachments"]
    assert shown["program"]["tag"] is None
    other = pathlib.Path(lab.bpffs, "other")
    other.mkdir()
    full = ["setpriv", "--bounding-set", "-all" + "".join(f",+{name}" for name in ENOUGH), lab_module.binary(), "attach",
            "v0", "--bpffs", other]
    done = host.run(*full, check=False)
    result = refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "it may belong to another attachment",
                     "bpftool prog")
    assert "not flowlabel's" not in result.stderr


def test_no_right_to_mount_a_bpffs(host, tmp_path):
    """The hint says how to work without root: with a bpffs that the user may write, and three capabilities."""
    if pathlib.Path("/proc/self/mountinfo").read_text() != pathlib.Path("/proc/1/mountinfo").read_text():
        pytest.skip("this is not the mount namespace of process 1")
    full = ["setpriv", "--bounding-set", "-all", lab_module.binary(), "attach", "v0", "--bpffs", tmp_path]
    done = host.run(*full, check=False)
    refused(lab_module.Result(full, done.returncode, done.stdout, done.stderr), 1, "cannot mount a bpffs", "--bpffs",
            "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON")


@pytest.mark.parametrize("missing", ENOUGH)
def test_a_missing_capability_is_named(lab, host, missing):
    """The error names each missing capability, and no other."""
    having = [name for name in ENOUGH if name != missing]
    result = refused(with_capabilities(lab, host, having, "attach", "v0"), 1, "lacks: CAP_" + missing.upper())
    assert all("CAP_" + name.upper() not in result.stderr.splitlines()[0] for name in having)
    assert pins(lab) == []


def test_detach_without_the_right_to_change_filters(lab, host):
    """If detach may not change filters, it changes nothing: the filter and its pins stay."""
    lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", env={"FLOWLABEL_TC": "clsact"}).ok()
    refused(with_capabilities(lab, host, ["bpf"], "detach", "v0"), 1, "clsact filter", "not permitted", "CAP_NET_ADMIN")
    lab.flowlabel(host, "status", "v0").ok()
    lab.flowlabel(host, "detach", "v0").ok()


BAD_KEYS = {
    "empty": (b"", "0 characters instead of 32"),
    "short": (b"00112233445566778899aabbccddee\n", "30 characters instead of 32"),
    "long": (b"00112233445566778899aabbccddeeff00\n", "more"),
    "two-newlines": (b"00112233445566778899aabbccddeeff\n\n", "more"),
    "windows": (b"00112233445566778899aabbccddeeff\r\n", "more"),
    "not-hex": (b"00112233445566778899aabbccddeefg\n", "character 32"),
    "prefixed": (b"0x112233445566778899aabbccddeeff\n", "character 2"),
    "binary": (bytes(range(32)), "character 1"),
}


def attach_with_key(lab, namespace, path):
    """Attaches with stamping and a key file."""
    return lab.flowlabel(namespace, "attach", "v0", "--stamp", "zero", "--key-file", path, "--flows", 4)


@pytest.mark.parametrize("name", BAD_KEYS)
def test_bad_key_file(lab, host, tmp_path, name):
    """A key file must have 32 hexadecimal digits and at most one newline. Otherwise nothing is attached, and the key is
    not printed."""
    content, words = BAD_KEYS[name]
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_bytes(content)
    result = refused(attach_with_key(lab, host, path), 1, path, words, "32 hexadecimal digits")
    assert "00112233" not in result.stderr
    assert pins(lab) == []


@pytest.mark.parametrize("newline", ["", "\n"], ids=["no-newline", "newline"])
@pytest.mark.parametrize("digits", ["00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF"])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_good_key_file(lab, host, tmp_path, newline, digits, mode):
    """Every permitted form of a key file is accepted."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(digits + newline)
    path.chmod(mode)
    attach_with_key(lab, host, path).ok()
    lab.flowlabel(host, "detach", "v0").ok()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o601])
def test_key_file_for_others(lab, host, key_file, mode):
    """A key file that others may access, or that is executable, is refused, and the hint says chmod 0600."""
    key_file.chmod(mode)
    refused(attach_with_key(lab, host, key_file), 1, f"mode 0{mode:o}", "chmod 0600")


def test_no_key_file(lab, host, tmp_path):
    """A missing file, a directory, a FIFO (which must not block the command) and an unreadable file are refused."""
    refused(attach_with_key(lab, host, tmp_path / "none"), 1, "none", "No such file", "flowlabel key new")
    refused(attach_with_key(lab, host, tmp_path), 1, "not a regular file", "flowlabel key new")
    os.mkfifo(tmp_path / "fifo", 0o600)
    refused(attach_with_key(lab, host, tmp_path / "fifo"), 1, "not a regular file")
    assert pins(lab) == []


def test_the_key_is_never_printed(lab, host, key_file):
    """The key is printed neither by attach, nor by -v, which prints the verifier's log, nor by any reader."""
    said = ""
    for argv in (["attach", "v0", "--stamp", "zero", "--key-file", key_file, "-v"],
                 ["attach", "v0", "--replace", "--stamp", "dry-run", "--key-file", key_file, "-v"],
                 ["status", "-v"], ["status", "--json"], ["stats", "--json"], ["flows", "--json"],
                 ["detach", "v0", "-v"]):
        result = lab.flowlabel(host, *argv).ok()
        said += result.stdout + result.stderr
    assert "libbpf: " in said
    words = [KEY.hex()]
    for order in ("little", "big"):
        for size in (4, 8):
            numbers = [int.from_bytes(KEY[at:at + size], order) for at in range(0, 16, size)]
            words += [text for number in numbers for text in (str(number), f"{number:x}")]
    assert [word for word in words if word in said.lower()] == []


def test_key_new(tmp_path):
    """`key new` creates a file of mode 0600 with 32 digits, each time with another key, and does not touch an existing
    file."""
    run = [lab_module.binary(), "key", "new"]
    keys = set()
    for name in ("a", "b"):
        subprocess.run([*run, tmp_path / name], check=True, umask=0o077 if name == "a" else 0)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        keys.add((tmp_path / name).read_text())
    assert len(keys) == 2
    assert all(len(key) == 33 and int(key, 16) for key in keys)
    before = (tmp_path / "a").read_bytes()
    done = subprocess.run([*run, tmp_path / "a"], capture_output=True, text=True, check=False)
    refused(lab_module.Result(run, done.returncode, done.stdout, done.stderr), 1, "exists already", "remove the file")
    assert (tmp_path / "a").read_bytes() == before


@pytest.fixture
def full_disk(tmp_path):
    """A file system without a free page."""
    command("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", tmp_path)
    (tmp_path / "fill").write_bytes(bytes(4096))
    yield tmp_path
    command("umount", tmp_path)


def test_key_new_on_a_full_disk(full_disk):
    """On a full disk, no incomplete key file is left."""
    run = [lab_module.binary(), "key", "new", full_disk / "key"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    refused(lab_module.Result(run, done.returncode, done.stdout, done.stderr), 1, "cannot write key file",
            "No space left")
    assert not (full_disk / "key").exists()


def test_key_new_where_it_cannot_be(tmp_path):
    """A missing directory, and one in which the user may not write, are errors."""
    run = [lab_module.binary(), "key", "new", tmp_path / "none/key"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    refused(lab_module.Result(run, done.returncode, done.stdout, done.stderr), 1, "cannot create", "No such file")
    run = ["setpriv", "--reuid", "65534", "--clear-groups", lab_module.binary(), "key", "new",
           "/run/flowlabel-test-key"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    refused(lab_module.Result(run, done.returncode, done.stdout, done.stderr), 1, "cannot create", "denied")


def binary(size):
    """A size of memory, in the form of flowlabel's messages."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size} bytes" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return None


@pytest.mark.parametrize("given, slots", [(1, 4), (4, 4), (5, 8), (1000, 1024), ("1Ki", 1024), ("2K", 2048)])
def test_table_sizes(lab, host, given, slots):
    """The number of slots is rounded up to a power of two; the minimum is one set of four."""
    said = lab.flowlabel(host, "attach", "v0", "--flows", given).ok().stdout
    (entry,) = lab.flowlabel(host, "status", "--json").json()["attachments"]
    table = entry["table"]
    assert table["slots"] == slots
    assert table["bytes"] == slots * 64 * table["cpus"]
    assert f"table {slots:,} slots x {table['cpus']} CPUs = {binary(table['bytes'])}, " in said
    assert f"rings {entry['ring']['bytes'] / (1 << 20):.1f} MiB" in said


@pytest.mark.parametrize("given", [1 << 29, 1 << 30, 1 << 32, 1 << 40, (1 << 64) - 1])
def test_a_table_too_large_for_the_memory(lab, host, given):
    """The error says how much memory the table needs, and how much is available."""
    before = flowlabel_programs()
    result = refused(lab.flowlabel(host, "attach", "v0", "--flows", given), 1, "takes", "iB are available", "--flows")
    cpus = int(result.stderr.split(" CPUs")[0].split()[-1])
    assert f"a table of {binary(min(given, 1 << 40)).replace('.0', '').replace('iB', 'i')} slots" in result.stderr
    if given <= 1 << 40:
        assert f"takes {binary(given * 64 * cpus)}" in result.stderr
    else:
        assert "takes more than" in result.stderr
    assert pins(lab) == []
    eventually(lambda: flowlabel_programs() <= before)  # programs of another test may exist for a while
