# SPDX-License-Identifier: BSD-2-Clause
"""`cmake --install`: what it puts in place fits together, whatever prefix it is given."""

import os
import pathlib
import re
import subprocess

BUILD = pathlib.Path(os.environ.get("FLOWLABEL_BUILD", pathlib.Path(__file__).resolve().parents[2] / "build"))


def install(prefix, **options):
    """Installs to PREFIX."""
    subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, capture_output=True, **options)


def program_of(unit):
    """The program that a unit starts."""
    return pathlib.Path(re.search(r"^ExecStart=(\S+)", unit.read_text(), re.MULTILINE)[1])


def test_the_unit_starts_what_was_installed_with_it(tmp_path):
    """The prefix of the install counts, not the one of an earlier install or of the configuration; a relative one, too."""
    for prefix in (tmp_path / "one", tmp_path / "other", "relative"):
        install(prefix, cwd=tmp_path)
    for prefix in (tmp_path / "one", tmp_path / "other", tmp_path / "relative"):
        program = program_of(prefix / "lib/systemd/system/flowlabel-collect.service")
        assert program == prefix / "sbin/flowlabel"
        assert os.access(program, os.X_OK)
    staged = {**os.environ, "DESTDIR": str(tmp_path / "stage")}
    install("/usr", env=staged)
    assert program_of(tmp_path / "stage/usr/lib/systemd/system/flowlabel-collect.service") == pathlib.Path("/usr/sbin/flowlabel")


def test_what_else_is_there(tmp_path):
    """The man page, and the file for logrotate."""
    install(tmp_path)
    for name in ("share/man/man8/flowlabel.8", "share/flowlabel/flowlabel.logrotate"):
        assert (tmp_path / name).is_file()
