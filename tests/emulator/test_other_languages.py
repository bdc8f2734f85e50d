"""The examples for Node and Java in docs/testing.md."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_the_example_for_node_runs_where_its_package_can_be_installed(tmp_path):
    file = tmp_path / "partner-central.test.mjs"
    file.write_text(example("javascript"), encoding="utf-8")
    checked = output(NODE, "--check", str(file), cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    if NPM is None:
        pytest.skip("its syntax is right; there is no npm to run it")
    (tmp_path / "package.json").write_text("{}")
    quietly = ("--no-audit", "--no-fund", "--fetch-retries=0", "--loglevel=error")
    installed = subprocess.run(
        [NPM, "install", *quietly, "@aws-sdk/client-partnercentral-account"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    if installed.returncode:
        pytest.skip("its syntax is right; npm cannot install its package here")
    # The example calls `python`.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    ran = output(NODE, "--test", str(file), cwd=tmp_path, PATH=path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^. pass 1$", ran.stdout, re.MULTILINE), ran.stdout


@pytest.mark.skipif(JAVA is None or shutil.which("javac") is None, reason="there is no JDK")
def test_the_example_for_java_is_java(tmp_path):
    (tmp_path / "Parse.java").write_text(PARSER, encoding="utf-8")
    for text, is_right in ((example("java"), True), (example("java").replace(";", "", 1), False)):
        file = tmp_path / "PartnerCentralTest.java"
        file.write_text(text, encoding="utf-8")
        parsed = output(JAVA, "Parse.java", str(file), cwd=tmp_path)
        assert parsed.returncode == 0, parsed.stderr
        assert (parsed.stdout == "") == is_right, parsed.stdout
