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
    """Removes what `cmake --install` writes into the build directory."""
    for path in BUILD.glob("install_manifest*.txt"):
        path.unlink()


@pytest.fixture(scope="session", autouse=True)
def manifests():
    """Keeps the lists of an install that was made before."""
    before = {path: path.read_bytes() for path in BUILD.glob("install_manifest*.txt")}
    yield
    remove_manifests()
    for path, text in before.items():
        path.write_bytes(text)


@pytest.fixture(autouse=True)
def no_manifests(manifests):
    """Each test begins without an install."""
    remove_manifests()


@pytest.fixture(scope="session")
def install():
    """Installs to PREFIX: all, or a COMPONENT."""
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
