# SPDX-License-Identifier: BSD-2-Clause
"""What the running kernel's verifier makes of each program, in every way it can be configured."""

import ctypes
import os
import pathlib
import struct

import pytest

from flows import TC_EGRESS, TC_INGRESS, XDP_NATIVE, attached

LIMIT = 1_000_000  # BPF_COMPLEXITY_LIMIT_INSNS
ENOUGH = LIMIT // 4  # other kernels and compilers may need more

_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_PROG_GET_FD_BY_ID = 13
_libc = ctypes.CDLL(None, use_errno=True)

STAMPING = [["off"], ["dry-run"], ["zero", "--prf", "siphash-1-3"], ["zero", "--prf", "siphash-2-4"]]


def verified_instructions(program):
    """How many instructions the verifier processed for the program with the id PROGRAM."""
    attributes = ctypes.create_string_buffer(struct.pack("=III", program, 0, 0))
    fd = _libc.syscall(_SYS_BPF[os.uname().machine], _BPF_PROG_GET_FD_BY_ID, attributes, 12)
    if fd < 0:
        raise OSError(ctypes.get_errno(), f"program {program}")
    try:
        fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/self/fdinfo/{fd}").read_text().splitlines())
    finally:
        os.close(fd)
    return int(fields["verified_insns"])


@pytest.fixture(scope="module")
def counts(request):
    """{configuration: instructions}, shown at the end whether a test failed or not."""
    counts = {}
    yield counts
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\ninstructions the verifier of Linux {os.uname().release} processed; its limit is {LIMIT:,}:")
        for name, count in counts.items():
            print(f"  {name:<44} {count:>7,}  {count / LIMIT:.1%}")


@pytest.mark.parametrize("stamping", STAMPING, ids=" ".join)
@pytest.mark.parametrize("hook", [XDP_NATIVE, TC_INGRESS, TC_EGRESS], ids=str)
def test_the_verifier_has_head_room(topology, key_file, hook, stamping, counts):
    """Each program loads in every configuration, and takes a quarter of the verifier's patience at most."""
    key = [] if stamping == ["off"] else ["--key-file", key_file]
    with attached(topology.lab, topology.router, "lan", hook, "--stamp", *stamping, *key) as attachment:
        count = verified_instructions(attachment.status()["program"]["id"])
    counts[f"{hook} --stamp {' '.join(stamping)}"] = count
    assert count <= ENOUGH
