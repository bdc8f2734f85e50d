"""Completion in the shells themselves, with the scripts that the command installs."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import termios
import time
from contextlib import contextmanager

import pytest

from tests.cli.processes import COMMAND, GUARD

NAME = "aiopartnercentral"
CASES = [
    ("che", "check"),
    ("collect list-connection-inv", "list-connection-invitations"),
    ("collect list-connections --oth", "--other-participant-identifier"),
    ("collect list-connections --connection-type SUB", "SUBSIDIARY"),
    ("collect list-connections --catalog San", "Sandbox"),
    ("collect list-connections --profile acm", "acme"),
    ("check partners.toml list-opportunity-bulk-job-r", "list-opportunity-bulk-job-results"),
]


@pytest.fixture
def home(environment, tmp_path):
    """Return the environment of a user whose shell has the command on its path."""
    program = tmp_path / "bin" / NAME
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {" ".join(COMMAND)} "$@"\n')
    program.chmod(0o755)
    config = tmp_path / "config"
    config.write_text("[profile acme]\n")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    unset = {"XDG_CONFIG_HOME": str(tmp_path / ".config"), "XDG_DATA_HOME": str(tmp_path / ".local")}
    return environment | unset | {"HOME": str(tmp_path), "PATH": path, "AWS_CONFIG_FILE": str(config), "TERM": "dumb"}


def install(shell, home):
    """Install the completion from within a shell, by which the command knows which shell it is."""
    # The second command keeps the shell from replacing itself by the first.
    script = f"{NAME} --install-completion; true"
    done = subprocess.run([shutil.which(shell), "-c", script], env=home, capture_output=True, text=True, check=True)
    assert f"{shell} completion installed" in done.stdout


def shells(name):
    return pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"needs {name}"))


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
def test_fish(home):
    install("fish", home)
    for typed, completed in CASES:
        done = subprocess.run(
            [shutil.which("fish"), "-c", f"complete -C '{NAME} {typed}'"],
            env=home,
            capture_output=True,
            text=True,
            check=True,
        )
        assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [completed], done.stderr


@contextmanager
def shell_in_terminal(shell, home, arguments=()):
    """Give the terminal of a new shell that shows its prompt."""
    child, ours = pty.fork()
    if child == 0:
        os.execve(shutil.which(shell), [shell, *arguments, "-i"], home)  # noqa: S606 - the shell itself is tried
    termios.tcsetwinsize(ours, (50, 250))  # otherwise a long line is scrolled
    try:
        os.write(ours, b"PS1='rea''dy> '\n")  # not as it is echoed
        until(ours, r"ready> $")
        yield ours
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(ours)


def complete(ours, typed, completed):
    """Type a part of a command and TAB, and wait for the rest; then clear the line."""
    os.write(ours, f"{NAME} {typed}\t".encode())
    until(ours, re.escape(completed.removeprefix(typed.split()[-1])))
    os.write(ours, b"\x15\n")
    until(ours, r"ready> $")


@pytest.mark.parametrize("shell", [shells("bash"), shells("zsh")])
def test_shells_with_a_line_editor(home, shell, tmp_path):
    install(shell, home)
    arguments = ["--rcfile", str(tmp_path / ".bashrc")] if shell == "bash" else []
    with shell_in_terminal(shell, home, arguments) as ours:
        for typed, completed in CASES:
            complete(ours, typed, completed)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize("case", [CASES[0], CASES[3]])
def test_zsh_completes_at_the_first_tab(home, case):
    install("zsh", home)
    with shell_in_terminal("zsh", home) as ours:
        complete(ours, *case)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
@pytest.mark.parametrize("shown", [f"{NAME} --show-completion", f"_{NAME.upper()}_COMPLETE=source_zsh {NAME}"])
@pytest.mark.parametrize("way", ["a file in fpath", "eval"])
def test_zsh_completes_with_the_script_that_is_shown(home, tmp_path, shown, way):
    functions = tmp_path / "functions"
    functions.mkdir()
    start = f"fpath+={functions}; autoload -Uz compinit; compinit\n"
    if way == "eval":
        start += f'eval "$({shown})"\n'
    else:
        subprocess.run([shutil.which("zsh"), "-c", f"{shown} > {functions}/_{NAME}; true"], env=home, check=True)
    (tmp_path / ".zshrc").write_text(start)
    with shell_in_terminal("zsh", home) as ours:
        complete(ours, *CASES[0])


def until(ours, pattern):
    """Read what the shell shows until it matches."""
    shown, end = "", time.monotonic() + GUARD
    while not re.search(pattern, shown):
        assert select.select([ours], [], [], max(0, end - time.monotonic()))[0], shown
        shown += os.read(ours, 65536).decode("utf-8", "replace").replace("\r", "")
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]", "", shown)
