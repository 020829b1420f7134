# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests in network namespaces: one lab for each file, and a router between two hosts."""

import pytest

import flows
import lab as lab_module
import topology as topology_module


@pytest.fixture(scope="session", autouse=True)
def all_need(requirements):
    """Every test in this directory needs a lab."""


@pytest.fixture(scope="module")
def lab(requirements):
    """A lab for the tests of one file."""
    with lab_module.Lab() as made:
        yield made


@pytest.fixture(scope="module")
def topology(lab):
    """client - router - server. Packets cross every device separately, with complete checksums."""
    made = topology_module.Topology(lab)
    made.segment_everywhere()
    return made


@pytest.fixture(scope="session")
def key_file(tmp_path_factory):
    """A key file with flows.KEY."""
    return flows.key_file(tmp_path_factory.mktemp("key"))
