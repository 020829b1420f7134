# SPDX-License-Identifier: BSD-2-Clause
"""`cmake --install`: the installed files fit together under any prefix."""

import os
import pathlib
import re
import subprocess

import pytest

from conftest import BUILD, ROOT

RUNTIME = ["sbin/flowlabel", "lib/systemd/system/flowlabel-collect.service", "share/man/man8/flowlabel.8",
           "share/bash-completion/completions/flowlabel", "share/zsh/site-functions/_flowlabel",
           "share/fish/vendor_completions.d/flowlabel.fish", "share/flowlabel/flowlabel.logrotate",
           "share/flowlabel/prometheus/flowlabel.rules.yml", "share/flowlabel/grafana/flowlabel.json",
           "share/doc/flowlabel/README.md", "share/doc/flowlabel/CHANGELOG.md", "share/doc/flowlabel/LICENSE"]
DEVELOPMENT = ["share/doc/flowlabel/examples/count_flows/count_flows.cpp",
               "share/doc/flowlabel/examples/count_flows/CMakeLists.txt"]
# The name of the library directory depends on the configuration.
LIBRARIES = ["libflowlabel.a", "pkgconfig/flowlabel.pc", "cmake/flowlabel/flowlabelConfig.cmake"]


def files(directory):
    """The paths of all files below DIRECTORY, relative to it."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if not path.is_dir()}


def program_of(unit):
    """The program that a unit starts."""
    return pathlib.Path(re.search(r"^ExecStart=(\S+)", unit.read_text(), re.MULTILINE)[1])


def uninstall(**options):
    """Runs the target `uninstall`."""
    return subprocess.run(["cmake", "--build", BUILD, "--target", "uninstall"], capture_output=True, text=True, **options)


def test_the_unit_starts_what_was_installed_with_it(install, tmp_path):
    """The unit uses the prefix of this install, not that of an earlier install or of the configuration. A relative
    prefix works, too."""
    for prefix in (tmp_path / "one", tmp_path / "other", "relative"):
        install(prefix, cwd=tmp_path)
    for prefix in (tmp_path / "one", tmp_path / "other", tmp_path / "relative"):
        program = program_of(prefix / "lib/systemd/system/flowlabel-collect.service")
        assert program == prefix / "sbin/flowlabel"
        assert os.access(program, os.X_OK)
    staged = {**os.environ, "DESTDIR": str(tmp_path / "stage")}
    install("/usr", env=staged)
    assert program_of(tmp_path / "stage/usr/lib/systemd/system/flowlabel-collect.service") == pathlib.Path("/usr/sbin/flowlabel")


def test_a_router_gets_no_headers(install, tmp_path):
    """Each component has its own files and no others."""
    runtime = files(install(tmp_path / "runtime", "runtime"))
    development = files(install(tmp_path / "development", "development"))
    schemas = {f"share/flowlabel/schema/{path.name}" for path in (ROOT / "docs/schema").iterdir()}
    documents = {f"share/doc/flowlabel/docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    headers = {f"include/flowlabel/{path.name}" for path in (ROOT / "include/flowlabel").iterdir()}

    assert set(RUNTIME) | schemas | documents <= runtime
    assert set(DEVELOPMENT) | headers <= development
    assert all(any(path.endswith(name) for path in development) for name in LIBRARIES)
    assert not runtime & development
    assert not [path for path in runtime if path.endswith((".hpp", ".h", ".a", ".cmake", ".pc"))]
    assert files(install(tmp_path / "both")) == runtime | development


def test_headers_need_nothing_else(install, tmp_path):
    """An installed header includes only installed headers and headers of the system."""
    include = install(tmp_path, "development") / "include"
    for header in (include / "flowlabel").iterdir():
        for name in re.findall(r'^#include "(.*)"', header.read_text(), re.MULTILINE):
            assert (include / name).is_file(), f"{header.name} includes {name}"


def test_links_between_the_documents(install, tmp_path):
    """Documents that README.md links to are installed at the same relative path. Only the manual page and the schemas
    have other places."""
    documents = install(tmp_path) / "share/doc/flowlabel"
    links = re.findall(r"\]\((?!http)([^)#]+)", (documents / "README.md").read_text())
    missing = [link for link in links if not (documents / link).exists()]
    assert len(links) > 5 and all(link.startswith(("docs/man/", "docs/schema/")) for link in missing), missing


@pytest.mark.parametrize("staged", [False, True], ids=["prefix", "DESTDIR"])
@pytest.mark.parametrize("component", [None, "runtime"])
def test_uninstall(install, tmp_path, component, staged):
    """Uninstall removes every installed file and flowlabel's own directories. Other directories, and files of other
    owners, stay."""
    options = {"env": {**os.environ, "DESTDIR": str(tmp_path / "stage")}} if staged else {}
    install(tmp_path / "prefix", component, **options)
    prefix = tmp_path / "stage" / str(tmp_path / "prefix").lstrip("/") if staged else tmp_path / "prefix"
    kept = prefix / "share/flowlabel/prometheus/mine.yml"
    kept.touch()
    count = len(files(prefix)) - 1
    done = uninstall(**options)
    assert done.returncode == 0, done.stderr
    assert files(prefix) == {"share/flowlabel/prometheus/mine.yml"}
    assert (prefix / "share/man/man8").is_dir() and not (prefix / "share/doc/flowlabel").exists()
    said = done.stdout + done.stderr
    for words in ("detach --all --all-netns", "/sys/fs/bpf/flowlabel", "/etc/flowlabel.key", "/var/log/flowlabel",
                  "--spool DIR", f"removed {count} files"):
        assert words in said, words
    assert said.index("detach --all") < said.index("removed")
    assert not list(BUILD.glob("install_manifest*.txt"))


def test_uninstall_without_an_install():
    """Without an install, uninstall fails with a line that says what is missing."""
    done = uninstall()
    assert done.returncode != 0
    assert "nothing to uninstall" in done.stdout + done.stderr and "install_manifest.txt" in done.stdout + done.stderr
