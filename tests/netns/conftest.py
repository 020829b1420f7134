# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests in network namespaces, and how they end: by a signal as by ^C, with status 77 after a skip."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import flows  # noqa: E402
import lab as lab_module  # noqa: E402
import topology as topology_module  # noqa: E402

SOMETHING_SKIPPED = 77


def pytest_configure():
    lab_module.interrupt_on_signals()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """Tells ctest by the exit status that tests were skipped, so that it shows them as skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter.stats.get("skipped"):
        session.exitstatus = SOMETHING_SKIPPED


@pytest.fixture(scope="session", autouse=True)
def requirements():
    """Skips everything, with the reason, where it cannot run."""
    reason = lab_module.missing_requirements()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="module")
def lab(requirements):
    """A lab for the tests of one file."""
    with lab_module.Lab() as made:
        yield made


@pytest.fixture(scope="module")
def topology(lab):
    """client - router - server. Packets cross every device one by one, with complete checksums."""
    made = topology_module.Topology(lab)
    made.segment_everywhere()
    return made


@pytest.fixture(scope="session")
def key_file(tmp_path_factory):
    """A key file with flows.KEY."""
    return flows.key_file(tmp_path_factory.mktemp("key"))
