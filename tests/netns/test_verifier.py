# SPDX-License-Identifier: BSD-2-Clause
"""The size of each program in every configuration, as the running kernel's verifier and JIT produce it."""

import ctypes
import json
import os
import pathlib
import struct

import pytest

from flows import TC_EGRESS, TC_INGRESS, XDP_NATIVE, attached
from lab import command

LIMIT = 1_000_000  # BPF_COMPLEXITY_LIMIT_INSNS
ENOUGH = LIMIT // 4  # leaves room for other kernels and compilers

_SYS_BPF = {"x86_64": 321, "aarch64": 280}
_BPF_PROG_GET_FD_BY_ID = 13
_libc = ctypes.CDLL(None, use_errno=True)

STAMPING = [["off"], ["dry-run"], ["zero", "--prf", "siphash-1-3"], ["zero", "--prf", "siphash-2-4"]]


# The number of instructions after the verifier has removed dead branches, for each hook and each of STAMPING: measured
# with clang 19 on kernels 6.12 and 6.18, which agree, plus 1 %. If a program becomes longer, this test fails on any
# machine.
LENGTHS = {
    XDP_NATIVE: [819, 2212, 2017, 2240],
    TC_INGRESS: [2305, 3182, 2978, 3202],
    TC_EGRESS: [2233, 3100, 2900, 3123],
}
# The same with --track, where most of a program is for new connections and changes of labels.
LENGTHS_TRACKED = {
    XDP_NATIVE: [5755, 6488, 6295, 6519],
    TC_INGRESS: [6649, 7445, 7245, 7468],
    TC_EGRESS: [6555, 7360, 7162, 7385],
}
OLD_KERNELS_KEEP = 600  # older kernels keep the instructions of a function that is never called


def longest(hook, stamping, tracking):
    """The largest number of instructions that a program may have."""
    if tracking:
        return LENGTHS_TRACKED[hook][STAMPING.index(stamping)]
    length = LENGTHS[hook][STAMPING.index(stamping)]
    if tuple(map(int, os.uname().release.split(".")[:2])) < (6, 12) and (hook, stamping) == (XDP_NATIVE, ["off"]):
        return length + OLD_KERNELS_KEEP
    return length


def program_size(program):
    """(instructions after the verifier, bytes of machine code) of the program with the id PROGRAM."""
    shown = json.loads(command("bpftool", "prog", "show", "id", str(program), "--json").stdout)
    return shown["bytes_xlated"] // 8, shown.get("bytes_jited", 0)


def verified_instructions(program):
    """The number of instructions that the verifier processed for the program with the id PROGRAM."""
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
    """{configuration: (processed, length, bytes)}, printed at the end, whether tests failed or not."""
    counts = {}
    yield counts
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\nLinux {os.uname().release}: instructions that the verifier processed (its limit is {LIMIT:,}), that the"
              " program has, octets of machine code:")
        for name, (processed, length, octets) in counts.items():
            print(f"  {name:<51} {processed:>7,}  {processed / LIMIT:.1%}  {length:>6,}  {octets:>7,}")


@pytest.mark.parametrize("tracking", [[], ["--track"]], ids=["observe", "track"])
@pytest.mark.parametrize("stamping", STAMPING, ids=" ".join)
@pytest.mark.parametrize("hook", [XDP_NATIVE, TC_INGRESS, TC_EGRESS], ids=str)
def test_the_verifier_has_head_room(topology, key_file, hook, stamping, tracking, counts):
    """Each program loads in every configuration, takes at most a quarter of the verifier's instruction limit, and is
    not longer than LENGTHS allows."""
    key = [] if stamping == ["off"] else ["--key-file", key_file]
    with attached(topology.lab, topology.router, "lan", hook, "--stamp", *stamping, *key, *tracking) as attachment:
        program = attachment.status()["program"]["id"]
        processed = verified_instructions(program)
        length, octets = program_size(program)
    counts[" ".join([str(hook), "--stamp", *stamping, *tracking])] = processed, length, octets
    assert processed <= ENOUGH
    assert length <= longest(hook, stamping, tracking)
