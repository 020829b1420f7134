# SPDX-License-Identifier: BSD-2-Clause
"""A cgroup for one test, in the version of cgroups (1 or 2) that has the controller."""

import contextlib
import pathlib
import uuid

import pytest

ROOT = pathlib.Path("/sys/fs/cgroup")


def _make(controller):
    """Creates a cgroup with CONTROLLER. Returns it, and whether it is of version 2."""
    name = f"flowlabel-test-{uuid.uuid4().hex[:8]}"
    if (ROOT / controller / "cgroup.procs").exists():
        parent = ROOT / controller
    elif (ROOT / "cgroup.controllers").exists() and controller in (ROOT / "cgroup.controllers").read_text().split():
        (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")
        parent = ROOT
    else:
        pytest.skip(f"needs cgroups with the {controller} controller")
    (parent / name).mkdir()
    return parent / name, parent == ROOT


@contextlib.contextmanager
def cpuset(cpus):
    """The command that runs another command on CPUS only."""
    path, _ = _make("cpuset")
    try:
        (path / "cpuset.mems").write_text((path.parent / "cpuset.mems").read_text().strip() or "0")
        (path / "cpuset.cpus").write_text(",".join(map(str, cpus)))
        yield _entering(path)
    finally:
        _remove(path)


@contextlib.contextmanager
def memory(limit):
    """The command that runs another command with at most LIMIT bytes of memory."""
    path, second = _make("memory")
    try:
        (path / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(limit))
        yield _entering(path)
    finally:
        _remove(path)


def _entering(path):
    return ["sh", "-c", f'echo $$ >{path}/cgroup.procs && exec "$@"', "sh"]


def _remove(path):
    """Removes a cgroup. A process that a failed test left in it moves to the parent."""
    for pid in (path / "cgroup.procs").read_text().split():
        (path.parent / "cgroup.procs").write_text(pid)
    path.rmdir()
