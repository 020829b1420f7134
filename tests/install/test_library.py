# SPDX-License-Identifier: BSD-2-Clause
"""The example of docs/library.md, built against an installed library, attaches, reads flows, inspects and detaches."""

import os
import shlex
import socket
import subprocess

import pytest

from conftest import ROOT
from frames import IPV6, NO_NEXT_HEADER, ethernet, ipv6

SOURCES = "share/doc/flowlabel/examples/count_flows"
CXX = os.environ.get("FLOWLABEL_CXX", "clang++-19")
FLAGS = os.environ.get("FLOWLABEL_CXX_FLAGS", "")


@pytest.fixture(scope="module")
def prefix(install, tmp_path_factory):
    """The library, moved after its installation: the package files contain no absolute path."""
    made = tmp_path_factory.mktemp("library")
    return install(made / "installed", "development").rename(made / "moved")


def run(*argv, **options):
    """Runs a build tool. A failure shows its output."""
    done = subprocess.run(argv, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_with_cmake(prefix, directory):
    """Builds with find_package(flowlabel)."""
    run("cmake", "-S", prefix / SOURCES, "-B", directory, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_CXX_COMPILER={CXX}", f"-DCMAKE_CXX_FLAGS={FLAGS} -Wall -Wextra -Werror")
    run("cmake", "--build", directory)


def build_with_pkg_config(prefix, directory):
    """Builds with pkg-config --static flowlabel."""
    (package,) = prefix.glob("**/pkgconfig")
    environment = {**os.environ, "PKG_CONFIG_PATH": str(package)}
    flags = run("pkg-config", "--cflags", "--static", "--libs", "flowlabel", env=environment)
    run(CXX, "-std=c++23", *shlex.split(FLAGS), prefix / SOURCES / "count_flows.cpp", *shlex.split(flags),
        "-o", directory / "count_flows")


@pytest.mark.parametrize("build", [build_with_cmake, build_with_pkg_config])
def test_example(prefix, tmp_path, lab, build):
    """With both ways to find the library, the built program works."""
    build(prefix, tmp_path)
    host = lab.namespace("host")
    host.ip("link", "add", "name", "v0", "type", "veth", "peer", "name", "w0")
    for interface in ("v0", "w0"):
        host.sysctl(f"net.ipv6.conf.{interface}.disable_ipv6", 1)
        host.ip("link", "set", "dev", interface, "up")
    process = lab.start(host, tmp_path / "count_flows", "v0", lab.bpffs, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "counting; press Enter to stop\n", process.stderr.read()
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("w0", 0))
        packet = ipv6("2001:db8::1", "2001:db8::2", NO_NEXT_HEADER, bytes(60), label=0x12345)
        for _ in range(3):
            wire.send(ethernet(bytes(6), bytes(6), IPV6, packet))
    output, errors = process.communicate("\n", timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines() == ["v0 xdp: live, stamp off, 3 of 3 packets are IPv6",
                                   "2001:db8::1 2001:db8::2 0x12345 3 packets 300 bytes"]
    assert "flowlabel" not in os.listdir(lab.bpffs)
    process = lab.start(host, tmp_path / "count_flows", "nothing", lab.bpffs, stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, "")
    assert errors.startswith("count_flows: error: ") and "nothing" in errors


def test_the_document_names_every_header():
    """docs/library.md lists every installed header, and its code is the code of the example."""
    document = (ROOT / "docs/library.md").read_text()
    for header in (ROOT / "include/flowlabel").iterdir():
        assert f"| `flowlabel/{header.name}` |" in document, header.name
    example = (ROOT / "examples/count_flows/CMakeLists.txt").read_text()
    assert "find_package(flowlabel 0.1 REQUIRED)\n" in document and "find_package(flowlabel 0.1 REQUIRED)\n" in example
