# SPDX-License-Identifier: BSD-2-Clause
"""For all tests: the path to the modules of tests/support, and the exit status (77 if tests were skipped)."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

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


@pytest.fixture(scope="session")
def requirements():
    """Skips the tests that use it, with the reason, if the machine lacks something that a lab needs."""
    reason = lab_module.missing_requirements()
    if reason:
        pytest.skip(reason)
