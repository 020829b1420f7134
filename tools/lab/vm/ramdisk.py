# SPDX-License-Identifier: BSD-2-Clause
"""The initial RAM disk of a machine: programs of the host with their shared libraries, Python, and the tests."""

import importlib.util
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile

_HERE = pathlib.Path(__file__).resolve().parent

# Copied from the host; busybox replaces the other programs.
_PROGRAMS = ["bpftool", "busybox", "dash", "ethtool", "ip", "mount", "nft", "ping", "setpriv", "tc", "umount"]
_PYTHON_MODULES = ["_pytest", "attr", "iniconfig", "packaging", "pluggy", "py", "pytest"]
_PYTHON_LEFT_OUT = {"config-*", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter"}


class Missing(Exception):
    """A program or file that the host lacks."""


class Cpio:
    """An uncompressed archive in the format that the kernel reads (Documentation/driver-api/early-userspace). Each
    entry is written once, after its directories."""

    def __init__(self, file):
        self._file = file
        self._there = {"", "/"}

    def folder(self, path):
        """Adds a directory and its parents."""
        if self._is_new(path):
            self._add(path, stat.S_IFDIR | 0o755)

    def link(self, path, target):
        """Adds a symbolic link."""
        if self._is_new(path):
            self._add(path, stat.S_IFLNK | 0o777, str(target).encode())

    def text(self, path, text):
        """Adds a file with TEXT."""
        if self._is_new(path):
            self._add(path, stat.S_IFREG | 0o644, text.encode())

    def copy(self, source, path, left_out=()):
        """Adds the file or directory SOURCE as PATH, without what matches a pattern in LEFT_OUT. Time stamps are kept:
        Python validates compiled files by them."""
        if source.is_dir():
            for entry in sorted(source.iterdir()):
                if not any(entry.match(pattern) for pattern in left_out):
                    self.copy(entry, f"{path}/{entry.name}", left_out)
        elif self._is_new(path):
            about = source.stat()
            self._add(path, stat.S_IFREG | stat.S_IMODE(about.st_mode), source.read_bytes(), int(about.st_mtime))

    def installed(self, source):
        """Adds an installed file or directory under its own path. A path outside /usr (/bin, /lib) gets /usr in front:
        those directories are merged into it."""
        path = str(source)
        self.copy(pathlib.Path(source), path if path.startswith("/usr/") else "/usr" + path, _PYTHON_LEFT_OUT)

    def end(self):
        """Writes the mark after the last entry."""
        self._add("TRAILER!!!", 0)

    def _is_new(self, path):
        if path in self._there:
            return False
        self._there.add(path)
        self.folder(os.path.dirname(path))
        return True

    def _add(self, path, mode, data=b"", mtime=0):
        name = path.lstrip("/").encode() + b"\0"
        fields = (len(self._there), mode, 0, 0, 1, mtime, len(data), 0, 0, 0, 0, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._file.write(head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4))


def write(target, kernel, build, repository, command):
    """Writes the RAM disk of a machine that runs COMMAND (a line of shell) with KERNEL, a directory made by kernels.py.
    In the machine, /flowlabel has the tests of REPOSITORY, and the programs of BUILD where the default preset puts
    them."""
    with open(target, "wb") as file, tempfile.TemporaryDirectory() as stripped:
        cpio = Cpio(file)
        for name in ("bin", "lib", "lib64", "sbin"):
            cpio.link("/" + name, "usr/" + name)
        for name in ("dev", "proc", "root", "run", "sys", "tmp", "usr/local/lib/busybox"):
            cpio.folder("/" + name)
        cpio.copy(_HERE / "init", "/init")
        cpio.text("/command", command + "\n")
        cpio.copy(kernel / "modules", "/usr/lib/modules/" + (kernel / "release").read_text())
        cpio.copy(repository / "tests", "/flowlabel/tests")
        for path in build.glob("tests/**/*.bpf.o"):
            cpio.copy(path, f"/flowlabel/build/{path.relative_to(build)}")

        built = [path for path in (build / "bin/flowlabel", build / "tests/flowlabel_generator",
                                   build / "tests/host/sockets_test", *build.glob("tests/**/kernel_test"))
                 if path.exists()]
        for path in built:
            cpio.copy(_without_debug_information(path, pathlib.Path(stripped)),
                      f"/flowlabel/build/{path.relative_to(build)}")
        programs = [_program(name) for name in _PROGRAMS]
        libraries = pathlib.Path(sysconfig.get_path("stdlib"))
        modules = [_module(name) for name in _PYTHON_MODULES]
        for path in [*programs, libraries, *modules,
                     *_needed_by([*built, *programs, sys.executable, *libraries.glob("lib-dynload/*.so")])]:
            cpio.installed(path)
        cpio.copy(pathlib.Path(sys.executable), "/usr/bin/python3")
        cpio.link("/usr/bin/sh", "dash")
        cpio.end()


def _program(name):
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not path:
        raise Missing(f"the program {name}")
    return path


def _module(name):
    found = importlib.util.find_spec(name)
    if not found:
        raise Missing(f"Python's module {name}")
    return os.path.dirname(found.origin)


def _without_debug_information(program, folder):
    """A copy of PROGRAM without debug information, about a tenth of the size."""
    subprocess.run(["llvm-strip-19", "--strip-debug", program, "-o", folder / program.name], check=True)
    return folder / program.name


def _needed_by(programs):
    """The shared libraries of PROGRAMS, including the dynamic loader."""
    said = subprocess.run(["ldd", *programs], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return sorted(set(re.findall(r"(/\S+) \(0x", said)))
