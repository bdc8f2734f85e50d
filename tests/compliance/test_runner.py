"""The runner itself: that it finds what is wrong, and says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from importlib import import_module
from pathlib import Path

import pytest

from tests.compliance import models, run, suites
from tests.compliance.__main__ import main
from tests.compliance.examples import ERROR, INPUT, OUTPUT, PLANTED, REFUSED, SHAPES, UNSENDABLE, changed, suite

ROOT = Path(__file__).parents[2]


@pytest.fixture
def written(tmp_path):
    """Write suites to a file and return its path."""

    def write(*found, name="file.json"):
        path = tmp_path / name
        path.write_text(json.dumps(list(found)), encoding="utf-8")
        return path

    return write


def results(path):
    return run.run(suites.read([path]))


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    path = tmp_path_factory.mktemp("planted") / "file.json"
    path.write_text(json.dumps([suite(*PLANTED.values())]), encoding="utf-8")
    return dict(zip(PLANTED, results(path), strict=True))


def test_cases_that_are_right_pass_on_both_sides_as_far_as_botocore_can(written):
    found = results(written(suite(INPUT, UNSENDABLE, OUTPUT, REFUSED, ERROR)))
    assert [result.ours.problems for result in found] == [()] * 5
    assert [result.they_passed for result in found] == [True, True, True, False, False]
    assert [result.is_above for result in found] == [False, False, False, True, True]


@pytest.mark.parametrize("problem", PLANTED)
def test_a_planted_mistake_is_found_and_named(problem, planted):
    result = planted[problem]
    assert result.failed
    assert any(found.startswith(problem) for found in result.ours.problems), result.ours.problems


def test_a_mistake_that_both_are_told_is_found_on_both_sides(planted):
    wrong = ("method", "uri", "host", "header X-Amz-Target", "header Host", "header X-None", "body", "code", "message")
    assert [problem for problem in wrong if planted[problem].they_passed or planted[problem].is_below] == []


def test_the_exit_code_is_one_only_below_botocore(written, capsys):
    right, wrong = written(suite(OUTPUT)), written(suite(changed(OUTPUT, "json", {})), name="wrong.json")
    both = written(suite(changed(INPUT, "serialized.uri", "/elsewhere")), name="both.json")
    assert main([str(right)]) == 0
    assert main([str(right), "--strict"]) == 0
    assert main([str(right), str(wrong)]) == 1
    assert "ONLY BOTOCORE'S" in capsys.readouterr().out
    assert main([str(both)]) == 0
    assert "(botocore's: failed)" in capsys.readouterr().out
    assert main([str(both), "--strict"]) == 1


def test_the_text_names_what_failed_and_counts_each_file(written, capsys):
    path = written(suite(OUTPUT, changed(OUTPUT, "json", {}), REFUSED))
    assert main([str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    name = f"{path.parent.name}/file.json"
    assert lines[0].startswith(f"ONLY BOTOCORE'S  {name} 0:1 #1: json: expected {{}}")
    assert lines[1] == ""
    heads = "file cases ours botocore's out of scope only ours only botocore's"
    assert lines[2].split() == heads.split()
    assert lines[3].split() == [name, "3", "2", "2", "0", "1", "1"]
    assert lines[4].split() == ["total", "3", "2", "2", "0", "1", "1"]
    assert "botocore" in lines[-1]
    assert main([str(path), "--verbose"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["passed", "ONLY", "only"]
    assert "the response was not rejected" in lines[2]


def test_json_for_programs(written, capsys):
    assert main([str(written(suite(OUTPUT, REFUSED))), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told["versions"]) == {"aiopartnercentral", "aiobotocore", "botocore"}
    assert [score["cases"] for score in told["scores"]] == [2, 2]
    counts = {"cases": 2, "ours": 2, "theirs": 1, "out_of_scope": 0, "above": 1, "below": 0}
    assert told["scores"][-1] == {"file": "total", **counts}
    first, second = told["cases"]
    assert (first["ours"], first["botocore"], first["out_of_scope"]) == ([], [], None)
    assert second["botocore"] == ["the response was not rejected"]


def test_streams_and_answers_that_are_refused_by_rule_are_out_of_scope(written, capsys):
    strict = {"name": "GetStrict", "output": {"shape": "Strict"}}
    cases = [
        {
            "given": {"name": "Read", "output": {"shape": "Streamed"}},
            "response": {"body": "b"},
            "result": {"body": "b"},
        },
        {"given": {"name": "Listen", "output": {"shape": "Told"}}, "response": {"body": ""}, "result": {"events": []}},
        {"given": strict, "response": {"body": "{}"}, "result": {}},
        {"given": strict, "response": {"body": '{"names": [null]}'}, "result": {"names": [None]}},
    ]
    path = written(suite(*cases, protocol="rest-json"))
    found = results(path)
    assert [result.out_of_scope is not None for result in found] == [True] * 4
    assert not any(result.failed or result.is_below for result in found)
    assert main([str(path), "--strict"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "a stream (trait 'payload' on a blob)" in lines[0]
    assert "a stream of events (trait 'eventstream')" in lines[1]
    assert "$.names: required member is missing" in lines[2]
    assert "$.names[0]: expected string, got null" in lines[3]


def test_a_model_that_the_generator_refuses_is_below_botocore(written):
    shapes = {**SHAPES, "Name": {"type": "string", "colour": "red"}}
    (found,) = results(written(suite(changed(OUTPUT, "result.pet", {}), shapes=shapes)))
    assert "unknown trait 'colour'" in str(found.ours)
    (found,) = results(written(suite(INPUT, shapes=shapes)))
    assert found.is_below


def test_operations_of_one_name_are_told_apart(written):
    other = {**INPUT, "given": {**INPUT["given"], "http": {"method": "PUT", "requestUri": "/"}}}
    found = results(written(suite(INPUT, changed(other, "serialized.method", "PUT"), INPUT)))
    assert [result.ours.problems for result in found] == [()] * 3


def test_an_import_before_the_packages_are_written_hides_none(written, monkeypatch):
    prepare = models.prepare

    def importing(*arguments):
        with pytest.raises(ModuleNotFoundError):
            import_module("compliance_none_of_these")
        return prepare(*arguments)

    monkeypatch.setattr(models, "prepare", importing)
    assert [result.ours.problems for result in results(written(suite(INPUT)))] == [()]


def test_nothing_of_a_run_stays(written):
    paths, environment = list(sys.path), dict(os.environ)
    results(written(suite(INPUT)))
    assert not any(name.startswith("compliance_") for name in sys.modules)
    assert (sys.path, dict(os.environ)) == (paths, environment)
    assert uuid.uuid4() != uuid.uuid4()


def test_a_folder_is_read_with_its_folders_but_without_lists_of_what_to_ignore(written, tmp_path, capsys):
    (tmp_path / "input").mkdir()
    written(suite(INPUT), name="input/a.json")
    written(suite(OUTPUT), name="b.json")
    (tmp_path / "some-ignore-list.json").write_text("{}", encoding="utf-8")
    assert main([str(tmp_path), "--format", "json"]) == 0
    files = [score["file"] for score in json.loads(capsys.readouterr().out)["scores"]]
    assert files == [f"{tmp_path.name}/b.json", "input/a.json", "total"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "not JSON"),
        ("{}", "expected a list of suites"),
        ("[1]", "suite 0: expected an object with metadata, shapes, cases"),
        ('[{"metadata": {}, "shapes": {}}]', "suite 0: expected an object with"),
        ('[{"metadata": {}, "shapes": {}, "cases": []}]', "suite 0: its metadata name no protocol"),
        (json.dumps([suite({"params": {}})]), "suite 0, case 0: expected an object with the operation as `given`"),
        (json.dumps([suite({"given": {}, "params": {}})]), "none of serialized, encodeError"),
        (json.dumps([suite({"given": {}, "response": {}})]), "none of result, error, decodeError"),
    ],
)
def test_a_malformed_file_is_a_clear_message(text, message, tmp_path, capsys):
    path = tmp_path / "file.json"
    path.write_text(text, encoding="utf-8")
    assert main([str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{path}")
    assert message in captured.err


def test_what_is_not_there_is_a_clear_message(tmp_path, capsys):
    assert main([str(tmp_path / "none.json")]) == 2
    assert "no such file or folder" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "no *.json in this folder" in capsys.readouterr().err


def test_the_command(written):
    command = [sys.executable, "-m", "tests.compliance", str(written(suite(changed(OUTPUT, "json", {}))))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "ONLY BOTOCORE'S" in done.stdout
