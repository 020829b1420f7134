# SPDX-License-Identifier: BSD-2-Clause
"""The totals of a detach include the packets that were in the program when it was detached: detach waits until they
have left it, by membarrier, or in another way if the kernel refuses that (nohz_full)."""

import re
import shutil

import pytest

from lab import binary

NO_MEMBARRIER = ["-e", "inject=membarrier:error=EINVAL"]
MAY_MISS = "may miss packets"


@pytest.fixture
def detach(lab, host, tmp_path):
    """A function detach(options of strace ...) -> (stderr of flowlabel, the calls of membarrier() and bpf() from
    membarrier on, the number of bpf() calls before)"""
    if not shutil.which("strace"):
        pytest.skip("needs strace: run tools/setup")

    def run(*options):
        log = tmp_path / "log"
        lab.flowlabel(host, "attach", "v0", "--hook", "tc-ingress", "--flows", 4).ok()
        done = host.run("strace", "-f", "-qq", "-o", log, "-e", "trace=membarrier,bpf", *options, binary(), "detach", "v0",
                        "--bpffs", lab.bpffs)
        before, waited = log.read_text().split("membarrier(MEMBARRIER_CMD_GLOBAL", 1)
        return done.stderr, waited.splitlines(), before.count("bpf(")

    return run


def test_membarrier_is_enough(detach):
    """Usually membarrier is enough."""
    said, calls, _ = detach()
    assert re.search(r"= 0$", calls[0])
    assert not any("ARRAY_OF_MAPS" in call for call in calls)
    assert MAY_MISS not in said


def test_without_membarrier(detach):
    """Without membarrier, detach updates an array of maps, which waits in the kernel."""
    said, calls, before = detach(*NO_MEMBARRIER)
    assert "EINVAL" in calls[0]
    outer = next(index for index, call in enumerate(calls) if "ARRAY_OF_MAPS" in call)
    assert any(re.search(r"BPF_MAP_UPDATE_ELEM.*= 0$", call) for call in calls[outer:])
    assert MAY_MISS not in said
    # The next run makes the same number of calls before.
    said, calls, _ = detach(*NO_MEMBARRIER, "-e", f"inject=bpf:error=EPERM:when={before + outer}")
    assert "EPERM" in calls[outer] and "ARRAY_OF_MAPS" in calls[outer]
    assert MAY_MISS in said
