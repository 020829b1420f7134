# SPDX-License-Identifier: BSD-2-Clause
"""`flowlabel completion`: the shells complete what the parser accepts."""

import os
import re
import shutil
import subprocess

import pytest

from saying import refused
from test_usage import OPTIONS, run

SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture(scope="module")
def scripts(requirements, tmp_path_factory):
    """{shell: path of its script}"""
    directory = tmp_path_factory.mktemp("completion")
    paths = {shell: directory / shell for shell in SHELLS}
    for shell, path in paths.items():
        path.write_text(run("completion", shell).ok().stdout)
    return paths


@pytest.fixture
def complete(scripts):
    """A function that returns what bash offers for the last of WORDS, which bash splits at `=`."""
    def completed(*words, **options):
        program = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _flowlabel; '
                   'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-uc", program, scripts["bash"], "flowlabel", *words], capture_output=True, text=True,
                              timeout=60, **options)
        assert (done.returncode, done.stderr) == (0, "")
        return [word for word in done.stdout.splitlines() if word]
    return completed


@pytest.mark.parametrize("words, offered", [
    (["at"], ["attach"]), (["exercise", ""], ["server", "client"]), (["key", "n"], ["new"]),
    (["--bpffs", "/", "exercise", "s"], ["server"]),
    (["attach", "v0", "--ho"], ["--hook"]), (["flows", "--js"], ["--json", "--jsonl"]),
    (["exercise", "client", "--sh"], ["--share"]), (["stats", "--bp"], ["--bpffs"]), (["-"], None),
    (["attach", "--hook", ""], ["xdp", "tc-ingress", "tc-egress"]), (["attach", "--hook", "=", "tc-e"], ["tc-egress"]),
    (["attach", "--hook", "="], ["xdp", "tc-ingress", "tc-egress"]),
    (["flows", "--sort", ""], ["packets", "bytes", "last-seen"]),
    (["flows", "--label", ""], ["zero", "nonzero", "stamped"]), (["flows", "--limit", ""], []),
    (["collect", "--idle", "rfc1"], ["rfc1883"]), (["host", "--check", "a"], ["anycast"]),
    (["completion", ""], SHELLS)], ids=lambda value: " ".join(value or []))
def test_bash(complete, words, offered):
    """bash completes commands, options, and values that are one of several words."""
    assert complete(*words) == (offered or complete(*words))


def test_bash_knows_interfaces_and_files(complete, tmp_path):
    """IFACE completes to the interfaces of this namespace; FILE and DIR complete to paths."""
    interfaces = sorted(os.listdir("/sys/class/net"))
    for words in (["attach", ""], ["collect", "one", ""], ["exercise", "client", "--raw", ""]):
        assert sorted(complete(*words)) == interfaces
    (tmp_path / "key file").touch()
    (tmp_path / "directory").mkdir()
    assert complete("attach", "v0", "--key-file", "k", cwd=tmp_path) == ["key file"]
    assert complete("replay", "k", cwd=tmp_path) == ["key file"]
    assert complete("status", "--bpffs", "", cwd=tmp_path) == ["directory"]


def test_every_option_of_the_help_is_completed(complete, scripts):
    """Every option of the help is completed, and nothing else: both come from one definition."""
    fish = scripts["fish"].read_text()
    zsh = scripts["zsh"].read_text()
    for command in OPTIONS:
        shown = run(*command, "--help").ok().stdout
        listed = set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", shown, re.MULTILINE))
        offered = {word for word in complete(*command, "--") if word.startswith("--")}
        assert listed <= offered and offered - listed <= {"--bpffs", "--help", "--version"}, command
        lines = [line for line in fish.splitlines() if f"__flowlabel_in '{' '.join(command)}'" in line]
        assert {"--" + name for line in lines for name in re.findall(r" -l ([\w-]+)", line)} == offered, command
        part = zsh.split(f'\n        ("{" ".join(command)}")\n')[1].split(";;")[0]
        assert set(re.findall(r"'(--[\w-]+):", part)) == offered, command


@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell)])
def test_the_shell_reads_it(scripts, shell):
    """The shell finds no syntax error in its script. tools/setup does not install zsh and fish (37 MB) only for this
    test."""
    subprocess.run([shell, "-n", scripts[shell]], check=True, timeout=60)


@pytest.mark.parametrize("argv, words", [([], ["SHELL"]), (["tcsh"], ["'tcsh'", "bash, zsh, fish"])])
def test_wrong_shell(argv, words):
    """An unknown shell is an error that lists the supported ones."""
    refused(run("completion", *argv), 2, *words)
