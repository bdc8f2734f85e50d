"""The examples for Node and Java in docs/testing.md, and the AWS SDK for JavaScript."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import anyio.to_thread
import pytest

from tests.emulator import two_accounts

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text(encoding="utf-8")
NODE, NPM, JAVA = (shutil.which(name) for name in ("node", "npm", "java"))
PARSER = """
import java.nio.file.Path;
import javax.tools.*;

public class Parse {
    public static void main(String[] names) throws Exception {
        var compiler = ToolProvider.getSystemJavaCompiler();
        var found = new DiagnosticCollector<JavaFileObject>();
        try (var files = compiler.getStandardFileManager(found, null, null)) {
            var sources = files.getJavaFileObjects(Path.of(names[0]));
            ((com.sun.source.util.JavacTask) compiler.getTask(null, files, found, null, null, sources)).parse();
        }
        found.getDiagnostics().forEach(System.out::println);
    }
}
"""


def example(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


def output(*command, cwd, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=120, check=False, env=environment | variables
    )


def install(directory, *packages):
    """Install packages of npm in a directory, or skip the test."""
    if NPM is None:
        pytest.skip("there is no npm to install packages")
    (directory / "package.json").write_text("{}")
    quietly = ("--no-audit", "--no-fund", "--fetch-retries=0", "--loglevel=error")
    command = [NPM, "install", *quietly, *packages]
    installed = subprocess.run(command, cwd=directory, capture_output=True, timeout=120, check=False)
    if installed.returncode:
        pytest.skip("npm cannot install the packages here")


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_the_example_for_node_runs_where_its_package_can_be_installed(tmp_path):
    file = tmp_path / "partner.test.mjs"
    file.write_text(example("javascript"), encoding="utf-8")
    checked = output(NODE, "--check", str(file), cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    install(tmp_path, "@aws-sdk/client-partnercentral-account")
    # The example calls `python`.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = output(NODE, "--test", str(file), cwd=tmp_path, PATH=path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^. pass 2$", ran.stdout, re.MULTILINE), ran.stdout


@pytest.mark.anyio
@pytest.mark.skipif(NODE is None, reason="there is no Node")
async def test_the_sdk_for_javascript_plays_a_scenario_of_two_accounts_and_services(tmp_path, frozen):
    install(tmp_path, *(f"@aws-sdk/client-{name}" for name in two_accounts.OPERATIONS))
    shutil.copy(Path(__file__).with_name("aws_sdk.mjs"), tmp_path)
    command, pipe = [NODE, "aws_sdk.mjs", frozen.endpoint_url], subprocess.PIPE

    def play():
        with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stdout=pipe, text=True) as process:

            def send(*request):
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
                return json.loads(process.stdout.readline())

            def call(*request):
                response, *error = send(*request)
                assert response is not None, error
                return response

            two_accounts.play(call, lambda *request: send(*request)[1])
            process.stdin.close()
        assert process.returncode == 0

    await anyio.to_thread.run_sync(play)
    for service, operations in two_accounts.OPERATIONS.items():
        done = {each.operation for each in frozen.requests if (each.service, each.status) == (service, 200)}
        assert done == operations


@pytest.mark.skipif(JAVA is None or shutil.which("javac") is None, reason="there is no JDK")
def test_the_example_for_java_is_java(tmp_path):
    (tmp_path / "Parse.java").write_text(PARSER, encoding="utf-8")
    for text, is_right in ((example("java"), True), (example("java").replace(";", "", 1), False)):
        file = tmp_path / "PartnerCentralTest.java"
        file.write_text(text, encoding="utf-8")
        parsed = output(JAVA, "Parse.java", str(file), cwd=tmp_path)
        assert parsed.returncode == 0, parsed.stderr
        assert (parsed.stdout == "") == is_right, parsed.stdout
