# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests of the command line: a small lab."""

import pytest

import flows
import lab as lab_module


@pytest.fixture(scope="session", autouse=True)
def all_need(requirements):
    """Every test in this directory needs a lab."""


@pytest.fixture
def lab(requirements):
    """A lab for one test, which need not clean up."""
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
