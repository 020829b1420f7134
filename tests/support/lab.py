# SPDX-License-Identifier: BSD-2-Clause
"""A private network for a test: namespaces, links, a bpffs, and the program under test.

    with Lab() as lab:
        client, server = lab.namespace("client"), lab.namespace("server")
        lab.veth(client, "eth0", server, "eth0")
        client.address("eth0", "2001:db8::1/64")
        lab.flowlabel(server, "attach", "eth0").ok()
        lab.flowlabel(server, "flows", "eth0", "--json").json()

Names contain the process id, so that parallel runs do not collide. The end of the block removes everything: after
success, after a failure, and after a signal if interrupt_on_signals() was called. The next run removes what a run that
was killed with SIGKILL left.
"""

import contextlib
import ctypes
import dataclasses
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import schema

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
NETNS_DIRECTORY = pathlib.Path("/run/netns")
PREFIX = "fltest"
LAYOUT = int((REPOSITORY / "tests/maps/layout.txt").read_text().split()[1])  # FL_LAYOUT_VERSION

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_serial = itertools.count(1)


def binary():
    """The flowlabel under test: FLOWLABEL_BIN. Default: the binary of the default preset."""
    return os.environ.get("FLOWLABEL_BIN", str(REPOSITORY / "build/bin/flowlabel"))


def kernel_version():
    """(major, minor) of the running kernel."""
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int(minor)


def interrupt_on_signals():
    """Makes SIGTERM and SIGHUP end the process like ^C, so that every `with` block and every fixture cleans up."""

    def interrupt(number, frame):
        raise KeyboardInterrupt(signal.Signals(number).name)

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


def command(*argv, check=True, **options):
    """Runs ARGV and captures its output as text. A failure shows the output."""
    done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


@dataclasses.dataclass
class Result:
    """The output and the exit status of a run of flowlabel."""

    argv: list
    status: int
    stdout: str
    stderr: str

    def ok(self):
        """Returns itself; asserts that the exit status is 0."""
        return self.expect(0)

    def expect(self, status):
        """Returns itself; asserts that the exit status is STATUS."""
        assert self.status == status, f"{' '.join(self.argv)}: exit status {self.status}\n{self.stdout}{self.stderr}"
        return self

    def json(self):
        """The JSON document on stdout, validated against its schema."""
        return schema.document(self.ok().stdout)


class Namespace:
    """A network namespace that has a name for `ip netns`."""

    def __init__(self, name):
        self.name = name
        command("ip", "netns", "add", name)
        self._file = open(NETNS_DIRECTORY / name, "rb")
        # An interface stays down until a test sets it up, and has only the addresses that a test assigns.
        for scope in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{scope}.accept_ra", 0)
            self.sysctl(f"net.ipv6.conf.{scope}.accept_dad", 0)
            self.sysctl(f"net.ipv6.conf.{scope}.router_solicitations", 0)
        self.ip("link", "set", "dev", "lo", "up")

    def close(self):
        """Deletes the namespace and everything in it."""
        self._file.close()
        command("ip", "netns", "delete", self.name)

    @property
    def inode(self):
        """The inode number of the namespace, which identifies it in the kernel."""
        return os.fstat(self._file.fileno()).st_ino

    @contextlib.contextmanager
    def inside(self):
        """Until the block ends, this thread and the processes that it starts are in the namespace. Sockets that are
        created in the block stay in it."""
        with open("/proc/thread-self/ns/net", "rb") as home:
            _setns(self._file.fileno())
            try:
                yield
            finally:
                _setns(home.fileno())

    def run(self, *argv, check=True, **options):
        """Runs a command in the namespace. The mount namespace is that of the test, so the bpffs stays visible."""
        with self.inside():
            return command(*argv, check=check, **options)

    def ip(self, *argv):
        """Runs `ip` in the namespace."""
        return command("ip", "-n", self.name, *argv)

    def sysctl(self, name, value):
        """Sets a net.* sysctl of the namespace."""
        with self.inside():
            _sysctl_path(name).write_text(str(value))

    def has_sysctl(self, name):
        """Does this kernel have the sysctl?"""
        with self.inside():
            return _sysctl_path(name).exists()

    def socket(self, *arguments):
        """Creates a socket.socket() in the namespace."""
        with self.inside():
            return socket.socket(*arguments)

    def address(self, interface, *addresses):
        """Assigns ADDRESSES ("2001:db8::1/64") to INTERFACE, without duplicate address detection."""
        for address in addresses:
            flags = ["nodad"] if ":" in address else []
            self.ip("address", "add", address, "dev", interface, *flags)

    def ethtool(self, interface, **features):
        """Switches offload features: ethtool("eth0", tso="off")."""
        self.run("ethtool", "-K", interface, *itertools.chain(*features.items()))

    def mac(self, interface):
        """The Ethernet address of INTERFACE as 6 bytes."""
        link = json.loads(self.ip("-json", "link", "show", "dev", interface).stdout)[0]
        return bytes.fromhex(link["address"].replace(":", ""))

    def snmp6(self):
        """The kernel's IPv6 counters of the namespace."""
        with self.inside():
            text = pathlib.Path("/proc/thread-self/net/snmp6").read_text()
        return {name: int(value) for name, value in (line.split() for line in text.splitlines())}

    def tcp_counters(self):
        """The kernel's TCP counters of the namespace, including those of netstat."""
        counters = {}
        with self.inside():
            for file in ("snmp", "netstat"):
                lines = pathlib.Path("/proc/thread-self/net", file).read_text().splitlines()
                for names, values in zip(lines[::2], lines[1::2]):
                    if names.startswith("Tcp"):
                        counters.update(zip(names.split()[1:], map(int, values.split()[1:])))
        return counters


def _sysctl_path(name):
    return pathlib.Path("/proc/sys", name.replace(".", "/"))


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Lab:
    """Everything that one test creates outside its process, and its removal."""

    def __init__(self):
        remove_leftovers()
        self._prefix = f"{PREFIX}{os.getpid()}-{next(_serial)}-"
        self._namespaces = []
        self._processes = []
        with _signals_held():
            self.bpffs = tempfile.mkdtemp(prefix=self._prefix)
            try:
                command("mount", "-t", "bpf", "bpf", self.bpffs)
            except AssertionError:
                self.close()
                raise

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def namespace(self, role):
        """Creates a namespace for ROLE."""
        with _signals_held():
            namespace = Namespace(self._prefix + role)
            self._namespaces.append(namespace)
        return namespace

    def delete(self, namespace):
        """Deletes a namespace before the end of the lab."""
        self._namespaces.remove(namespace)
        namespace.close()

    def veth(self, one, one_name, other, other_name):
        """Creates a veth pair between two namespaces and sets both ends up."""
        one.ip("link", "add", "name", one_name, "type", "veth", "peer", "name", other_name, "netns", other.name)
        one.ip("link", "set", "dev", one_name, "up")
        other.ip("link", "set", "dev", other_name, "up")

    def flowlabel(self, namespace, *argv, env=None, timeout=120, **options):
        """Runs flowlabel in NAMESPACE with the lab's own bpffs. ENV is added to the environment."""
        full = [binary(), *map(str, argv), "--bpffs", self.bpffs]
        environment = {**os.environ, **(env or {})}
        done = namespace.run(*full, check=False, env=environment, timeout=timeout, **options)
        return Result(full, done.returncode, done.stdout, done.stderr)

    def start(self, namespace, *argv, **options):
        """Starts a command in NAMESPACE. It ends with the lab or with this process at the latest."""
        with namespace.inside():
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, argv)], **options)
        self._processes.append(process)
        return process

    def close(self):
        """Ends the started processes, then removes the bpffs with all pins, then the namespaces."""
        with _signals_held():
            for process in self._processes:
                _end(process)
            self._processes.clear()
            if self.bpffs:
                _remove_bpffs(self.bpffs)
                self.bpffs = None
            while self._namespaces:
                self._namespaces.pop().close()


@contextlib.contextmanager
def _signals_held():
    """Defers signals until the block ends, so that what is created is always noted, and what is noted is always
    removed."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process):
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _remove_bpffs(directory):
    if os.path.ismount(directory):
        command("umount", directory)
    os.rmdir(directory)


def remove_leftovers():
    """Removes what labs of processes that have ended left."""
    pattern = re.compile(PREFIX + r"(\d+)-")
    for directory, remove in ((pathlib.Path(tempfile.gettempdir()), _remove_bpffs),
                              (NETNS_DIRECTORY, lambda path: command("ip", "netns", "delete", path.name))):
        for path in directory.glob(PREFIX + "*"):
            match = pattern.match(path.name)
            if match and not pathlib.Path("/proc", match[1]).exists():
                try:
                    remove(path)
                except (AssertionError, OSError):
                    if path.exists():  # else a run that started at the same moment was faster
                        raise


def missing_requirements():
    """Why these tests cannot run on this machine, or None."""
    if os.geteuid() != 0:
        return "needs root: namespaces and BPF"
    tools = [tool for tool in ("ip", "tc", "nft", "ethtool", "ping") if not shutil.which(tool)]
    if tools:
        return f"needs {', '.join(tools)}: run tools/setup"
    if not os.path.exists(binary()):
        return f"needs {binary()}: build it first"
    return None
