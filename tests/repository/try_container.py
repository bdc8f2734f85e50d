"""Run by itself: does what the Dockerfile says in a new directory and a new environment, without a container engine.

Not collected by pytest. COPY and RUN are done with `/emulator` in another place; then the image's command is started
there, asked with the image's health check, and stopped.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile, in order, as pairs of name and text."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    return [(name, rest) for line in lines if line and not line.startswith("#") for name, rest in [line.split(None, 1)]]


def copy(text: str, project: Path) -> None:
    """Copy what an instruction names from the checkout, without what git does not keep."""
    *sources, target = shlex.split(text)
    for source in sources:
        place = project / target / source if target == "./" else project / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)


def main(directory: Path) -> None:
    """Build the image's environment below a directory, and try it."""
    project, installed, elsewhere = directory / "project", directory / "emulator", directory / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    commands: dict[str, str] = {}
    for name, text in instructions():
        if name == "COPY" and "--from" not in text:
            copy(text, project)
        elif name == "RUN":
            command = text.replace("/emulator/", f"{installed}/").replace("venv /emulator", f"venv {installed}")
            subprocess.run(["/bin/sh", "-ec", command], cwd=project, env=environment, check=True)
        else:
            commands[name] = text
    shutil.rmtree(project)  # the second stage does not have it
    environment["PATH"] = f"{installed}/bin{os.pathsep}{environment['PATH']}"
    command = [*json.loads(commands["ENTRYPOINT"]), *json.loads(commands["CMD"])]
    port = command[command.index("--port") + 1]
    command = ["127.0.0.1" if word == "0.0.0.0" else "0" if word == port else word for word in command]  # noqa: S104
    with subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            real = process.stdout.readline().strip().rpartition(":")[2]
            check = json.loads(commands["HEALTHCHECK"].partition("CMD ")[2])
            check = [word.replace(f":{port}/", f":{real}/") for word in check]
            subprocess.run(check, cwd=elsewhere, env=environment, check=True)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
    print("the container's commands work")  # noqa: T201 - a script


with tempfile.TemporaryDirectory() as made:
    main(Path(made))
