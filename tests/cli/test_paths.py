# SPDX-License-Identifier: BSD-2-Clause
"""What other users can do to the bpffs, the files and the names that root uses: flowlabel refuses and reports it, and
does nothing that they want."""

import contextlib
import fcntl
import os
import pathlib
import stat
import subprocess

import pytest

import lab as lab_module
from kernel import attached_xdp, pins
from lab import LAYOUT, command
from saying import refused

NOBODY = 65534
EVERY_COMMAND = [["attach", "v0", "--flows", 4], ["detach", "v0"], ["detach", "--all"], ["status"], ["flows", "v0"],
                 ["collect", "--jsonl", "-"]]
ATTACHING = "bpf,+net_admin,+perfmon"


def as_nobody(*argv):
    """Runs ARGV as a user without privileges."""
    return command("setpriv", "--reuid", NOBODY, "--clear-groups", *argv)


def run(namespace, *argv, prefix=(), **options):
    """Runs flowlabel without --bpffs except in ARGV. PREFIX starts the command."""
    full = [*prefix, lab_module.binary(), *argv]
    done = namespace.run(*full, check=False, timeout=60, **options)
    return lab_module.Result(list(map(str, full)), done.returncode, done.stdout, done.stderr)


@contextlib.contextmanager
def locked(directory):
    """Until the block ends, this process has an exclusive lock on DIRECTORY."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def tree(directory):
    """The paths of everything below DIRECTORY."""
    return sorted(str(path.relative_to(directory)) for path in pathlib.Path(directory).rglob("*"))


@pytest.fixture
def victim(tmp_path):
    """A directory of root that is named like a hook, with a file in a subdirectory."""
    directory = tmp_path / "victim"
    (directory / "xdp/data").mkdir(parents=True)
    (directory / "xdp/data/file").write_text("kept")
    os.chmod(directory, 0o700)
    return directory


def test_pins_that_another_user_made(lab, host, victim):
    """Root follows no symbolic link of another user, removes nothing that it leads to, and names the owner of the
    directory."""
    home = pathlib.Path(lab.bpffs, "flowlabel")
    as_nobody("mkdir", "-p", home / f"v{LAYOUT}")
    as_nobody("ln", "-s", victim, home / f"v{LAYOUT}/1-1")
    before = tree(victim)
    for argv in EVERY_COMMAND:
        refused(lab.flowlabel(host, *argv), 1, home, f"belongs to user {NOBODY}", f"rm -r {home}", "chmod 0700")
        assert tree(victim) == before
    assert attached_xdp(host, "v0") == {}


def test_a_bpffs_that_others_may_write(lab, host):
    """Without the sticky bit, other users could put their own directory in the place of flowlabel's."""
    for mode, commands in ((0o777, EVERY_COMMAND), (0o770, [["status"]]), (0o702, [["status"]])):
        os.chmod(lab.bpffs, mode)
        for argv in commands:
            refused(lab.flowlabel(host, *argv), 1, f"{lab.bpffs} has mode {mode:04o}", f"chmod 0700 {lab.bpffs}")
    assert pins(lab) == []


def test_a_bpffs_of_another_user(lab, host):
    """A bpffs and directories of another user are refused: their owner may change everything in them."""
    os.chown(lab.bpffs, NOBODY, -1)
    inner = pathlib.Path(lab.bpffs, "mine")
    inner.mkdir()
    for directory in (lab.bpffs, inner):
        for argv in (["status"], ["detach", "--all"], ["attach", "v0"]):
            refused(run(host, *argv, "--bpffs", directory), 1, f"{lab.bpffs} belongs to user {NOBODY}", "--bpffs")


def test_a_directory_that_others_may_write(lab, host):
    """A directory at any level that others may write, as a umask of 0 used to create them, is reported with a hint, and
    after the repair everything works."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    made = [pathlib.Path(lab.bpffs, pin) for pin in pins(lab)]
    for directory in made:
        directory.chmod(0o777)
        for argv in (["status"], ["detach", "--all"], ["attach", "v0", "--replace"]):
            refused(lab.flowlabel(host, *argv), 1, f"{directory} has mode 0777", f"chmod 0700 {directory}")
        directory.chmod(0o700)
    assert len(made) == 4 and attached_xdp(host, "v0") != {}
    lab.flowlabel(host, "detach", "v0").ok()
    assert pins(lab) == []


def test_a_symbolic_link_among_the_pins(lab, host, victim):
    """A symbolic link among the pins is reported, whoever owns it, and its target is not touched."""
    home = pathlib.Path(lab.bpffs, "flowlabel")
    before = tree(victim)
    for level in (f"v{LAYOUT}", f"v{LAYOUT}/1-1", f"v{LAYOUT}/1-1/xdp"):
        link = home / level
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(victim / "xdp" if link.name == "xdp" else victim)
        for argv in (["status"], ["detach", "--all"]):
            refused(lab.flowlabel(host, *argv), 1, f"{link} is not a directory", f"rm {link}")
        link.unlink()
    assert tree(victim) == before


def test_what_is_left_over_is_removed_and_nothing_else(lab, host, victim):
    """A symbolic link in a directory that a killed command left is removed; its target stays."""
    directory = pathlib.Path(lab.bpffs, f"flowlabel/v{LAYOUT}/1-1/xdp")
    directory.mkdir(parents=True)
    (directory / "table").symlink_to(victim)
    (directory / "link").symlink_to(victim / "xdp/data/file")
    before = tree(victim)
    lab.flowlabel(host, "detach", "--all").ok()
    assert tree(victim) == before
    assert pins(lab) == []


def test_directories_are_for_their_owner_alone(lab, host):
    """Directories are accessible only to their owner, whatever the umask is, so that others cannot lock them either."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4, umask=0).ok()
    made = [pathlib.Path(lab.bpffs, pin) for pin in pins(lab)]
    assert len(made) == 4
    assert {stat.S_IMODE(directory.stat().st_mode) for directory in made} == {0o700}
    assert {stat.S_IMODE(pin.stat().st_mode) for pin in made[-1].iterdir()} == {0o600}
    for directory in made:
        with pytest.raises(AssertionError, match="Permission denied"):
            as_nobody("flock", "--nonblock", directory, "true")


def test_a_lock_of_another_user_holds_up_nobody(lab, host):
    """Commands do not lock the bpffs itself, which other users may open, so that they cannot delay commands."""
    holder = lab.start(host, "setpriv", "--reuid", NOBODY, "--clear-groups", "flock", "--no-fork", lab.bpffs, "sh", "-c",
                       "echo held; exec cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    lab.flowlabel(host, "status", "v0").ok()
    lab.flowlabel(host, "detach", "v0").ok()
    assert holder.poll() is None


def test_who_holds_the_lock_is_told(lab, host):
    """If a lock is held, which takes a directory that is open to others, the error names the process."""
    home = pathlib.Path(lab.bpffs, "flowlabel")
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    name = pathlib.Path("/proc/self/comm").read_text().strip()
    with locked(home):
        refused(lab.flowlabel(host, "status"), 1, f"process {os.getpid()} ({name}) of user 0", "held the lock", home)


def test_who_holds_an_attachment_is_told(lab, host):
    """If an attachment is locked by a process that is no collector, the error has its process id."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    with locked(pathlib.Path(lab.bpffs, pins(lab)[-1])):
        refused(lab.flowlabel(host, "collect", "v0", "--jsonl", "/dev/null"), 1, "v0 xdp is collected by",
                f"process {os.getpid()} ")


def test_a_user_with_a_bpffs_of_their_own(lab, host):
    """With a bpffs of their own and the three capabilities, a user without root can do everything. Root is refused
    there, with the reason."""
    mine = pathlib.Path(lab.bpffs, "mine")
    mine.mkdir(mode=0o700)
    os.chown(mine, NOBODY, -1)

    as_user = ["setpriv", "--reuid", NOBODY, "--clear-groups"]
    for option in ("--inh-caps", "--ambient-caps", "--bounding-set"):
        as_user += [option, "-all,+" + ATTACHING]
    run(host, "attach", "v0", "--flows", 4, "--bpffs", mine, prefix=as_user).ok()
    run(host, "attach", "v0", "--replace", "--bpffs", mine, prefix=as_user).ok()
    assert "v0 xdp" in run(host, "status", "--bpffs", mine, prefix=as_user).ok().stdout
    refused(run(host, "status", "--bpffs", mine), 1, f"{mine} belongs to user {NOBODY}", "run flowlabel as that user")
    run(host, "detach", "v0", "--bpffs", mine, prefix=as_user).ok()
    assert list(mine.iterdir()) == []


def test_nothing_is_mounted_over_files(host, tmp_path):
    """A bpffs is not mounted over a directory with files, which it would hide, or over a directory of another user."""
    if pathlib.Path("/proc/self/mountinfo").read_text() != pathlib.Path("/proc/1/mountinfo").read_text():
        pytest.skip("this is not the mount namespace of process 1")
    (tmp_path / "file").touch()
    try:
        refused(run(host, "attach", "v0", "--bpffs", tmp_path), 1, "not empty", "--bpffs")
        (tmp_path / "file").unlink()
        os.chown(tmp_path, NOBODY, -1)
        refused(run(host, "attach", "v0", "--bpffs", tmp_path), 1, f"belongs to user {NOBODY}")
        assert not os.path.ismount(tmp_path)
    finally:
        if os.path.ismount(tmp_path):
            command("umount", tmp_path)


@pytest.fixture
def shared(tmp_path):
    """A directory like /tmp, in which all users may create files."""
    for directory in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        directory.chmod(0o711)
    made = tmp_path / "shared"
    made.mkdir()
    made.chmod(0o1777)
    return made


def test_key_files_of_others(lab, host, key_file):
    """A key file of another user is refused, whatever its mode: its owner knows its content."""
    os.chown(key_file, NOBODY, -1)
    argv = ["attach", "v0", "--flows", 4, "--stamp", "zero", "--key-file", key_file]
    refused(lab.flowlabel(host, *argv), 1, f"key file {key_file} belongs to user {NOBODY}", f"chown 0 {key_file}")
    assert attached_xdp(host, "v0") == {}


def test_credentials_of_others(lab, host, tmp_path):
    """A credentials file of another user is refused, too."""
    path = tmp_path / "credentials"
    path.write_text("user\nsecret\n")
    path.chmod(0o600)
    os.chown(path, NOBODY, -1)
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    result = refused(lab.flowlabel(host, "collect", "--clickhouse", "http://[::1]:9", "--clickhouse-credentials", path),
                     1, f"credentials file {path} belongs to user {NOBODY}")
    assert "secret" not in result.stderr


def test_a_new_key_behind_a_symbolic_link(lab, host, shared):
    """A symbolic link in the place of a new key file is refused, also if it is dangling."""
    as_nobody("ln", "-s", shared.parent / "target", shared / "key")
    refused(run(host, "key", "new", shared / "key"), 1, "exists already")
    assert not (shared.parent / "target").exists()


CAPTURE = pathlib.Path(__file__).resolve().parents[1] / "replay/data"


def test_what_others_put_where_records_go(lab, host, shared):
    """In a directory such as /tmp, records go neither through a symbolic link of another user nor into that user's
    file."""
    target = shared.parent / "target"
    target.write_bytes(b"")
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    as_nobody("ln", "-s", target, shared / "link")
    as_nobody("ln", "-s", shared.parent / "none", shared / "dangling")
    as_nobody("touch", shared / "file")
    as_nobody("mkfifo", shared / "fifo")
    for name in ("link", "dangling", "file", "fifo"):
        for options in (["--jsonl", shared / name], ["--ipfix", f"file:{shared / name}"]):
            refused(lab.flowlabel(host, "collect", *options), 1, f"{shared / name}' belongs to user {NOBODY}")
    assert target.read_bytes() == b"" and not (shared.parent / "none").exists()


def test_a_capture_is_written_behind_no_link_of_others(host, shared):
    """`replay --write` replaces an existing file, but not one that another user owns."""
    target = shared.parent / "target"
    target.write_text("kept")
    capture = sorted(CAPTURE.glob("*.pcap*"))[0]
    as_nobody("ln", "-s", target, shared / "link")
    refused(run(host, "replay", capture, "--write", shared / "link"), 1, f"{shared / 'link'}' belongs to user {NOBODY}")
    assert target.read_text() == "kept"
    as_nobody("sh", "-c", f"umask 0; : > {shared / 'file'}")
    run(host, "replay", capture, "--write", shared / "file", umask=0o077).ok()
    status = (shared / "file").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (0, 0o600)


def test_a_spool_that_others_may_write(lab, host, shared):
    """A spool that others may write is refused: they could add records that the collector sends."""
    lab.flowlabel(host, "attach", "v0", "--flows", 4).ok()
    argv = ["collect", "--clickhouse", "http://[::1]:9", "--spool", shared / "spool"]
    as_nobody("mkdir", shared / "spool")
    refused(lab.flowlabel(host, *argv), 1, f"{shared / 'spool'}' belongs to user {NOBODY}")
    (shared / "spool").rmdir()
    (shared / "spool").mkdir()
    (shared / "spool").chmod(0o770)
    refused(lab.flowlabel(host, *argv), 1, "mode 0770", f"chmod 0700 {shared / 'spool'}")
    assert list((shared / "spool").iterdir()) == []


EVIL = "e\x1b[31mX\x1b[2J"
SHOWN = r"e\x1b[31mX\x1b[2J"


def test_names_give_a_terminal_no_orders(lab, host):
    """Interface names with control characters are escaped for terminals; JSON has the real name."""
    host.ip("link", "set", "dev", "v0", "down")
    host.ip("link", "set", "dev", "v0", "name", EVIL)
    for argv in (["attach", EVIL, "--flows", 4], ["attach", EVIL, "--replace"], ["status"], ["flows", EVIL],
                 ["stats", EVIL], ["flows"], ["host"]):
        result = lab.flowlabel(host, *argv).ok()
        assert SHOWN in result.stdout
        assert "\x1b" not in result.stdout + result.stderr
    for argv in (["status", "--json"], ["flows", EVIL, "--json"]):
        assert EVIL in str(lab.flowlabel(host, *argv).json()).encode().decode("unicode_escape")
    assert "\x1b" not in lab.flowlabel(host, "flows", EVIL, "--csv").ok().stdout
    lab.flowlabel(host, "attach", "w0", "--flows", 4).ok()
    assert SHOWN in refused(lab.flowlabel(host, "flows"), 2, "choose one").stderr
    result = lab.flowlabel(host, "detach", EVIL).ok()
    assert f"flowlabel: {SHOWN} xdp: detached" in result.stderr and "\x1b" not in result.stderr


FORGED = "x\nflowlabel: error: forged"
FORGERIES = [
    ["attach", FORGED],
    ["status", FORGED],
    ["flows", "--hook", FORGED],
    [FORGED],
    ["status", "--" + FORGED],
    ["replay", FORGED],
    ["host", "--netns", FORGED],
    ["flows", "--bpffs", FORGED],
    ["key", "new", "/none/" + FORGED],
    ["replay", b"/none/\xff\xe2\x80\xae"],
]


def test_no_line_is_forged():
    """A newline in a name starts no line in the output, and bytes that are not UTF-8 are escaped."""
    for argv in FORGERIES:
        done = subprocess.run([lab_module.binary(), *argv], capture_output=True, check=False)
        lines = done.stderr.splitlines()
        assert done.returncode != 0 and 1 <= len(lines) <= 2, done
        assert all(line.startswith((b"flowlabel: error: ", b"flowlabel: hint: ")) for line in lines), done
        assert not any(line.startswith(b"flowlabel: error: forged") for line in lines), done
        assert (rb"x\x0aflowlabel" if FORGED in str(argv[-1]) else rb"\xff\xe2\x80\xae") in done.stderr, done
        assert b"\xff" not in done.stderr
