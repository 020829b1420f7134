# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests of the command line: a small lab, and how they end (77 where tests were skipped)."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import flows  # noqa: E402
import lab as lab_module  # noqa: E402

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


@pytest.fixture
def lab(requirements):
    """A lab for one test: it may leave what it likes behind."""
    with lab_module.Lab() as made:
        yield made


@pytest.fixture
def host(lab):
    """A namespace with an interface v0 whose other end is w0 in the same namespace."""
    made = lab.namespace("host")
    lab.veth(made, "v0", made, "w0")
    return made


@pytest.fixture
def key_file(tmp_path):
    """A key file with flows.KEY."""
    return flows.key_file(tmp_path)
