# SPDX-License-Identifier: BSD-2-Clause
"""Fixtures of the tests of `cmake --install`. FLOWLABEL_BUILD is the build directory."""

import os
import pathlib
import subprocess

import pytest

import lab as lab_module

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FLOWLABEL_BUILD", ROOT / "build"))


def remove_manifests():
    """Removes the manifests that `cmake --install` writes into the build directory."""
    for path in BUILD.glob("install_manifest*.txt"):
        path.unlink()


@pytest.fixture(scope="session", autouse=True)
def manifests():
    """Saves the manifests of an earlier install, and restores them after the tests."""
    before = {path: path.read_bytes() for path in BUILD.glob("install_manifest*.txt")}
    yield
    remove_manifests()
    for path, text in before.items():
        path.write_bytes(text)


@pytest.fixture(autouse=True)
def no_manifests(manifests):
    """Makes each test begin without a manifest of an install."""
    remove_manifests()


@pytest.fixture(scope="session")
def install():
    """A function that installs to PREFIX: everything, or one COMPONENT."""
    def run(prefix, component=None, **options):
        only = ["--component", component] if component else []
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix, *only], check=True, capture_output=True, **options)
        return pathlib.Path(prefix)
    return run


@pytest.fixture
def lab(requirements):
    """A lab for one test."""
    with lab_module.Lab() as made:
        yield made
