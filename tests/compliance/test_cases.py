from __future__ import annotations

from pathlib import Path

import pytest

from tests.compliance import run, suites
from tests.compliance.outcomes import Result

SUITES = suites.read([Path(__file__).parent / "cases"])
CASES = [Result(suite=suite, case=case).where for suite in SUITES for case in suite.cases]


@pytest.fixture(scope="module")
def results():
    return {result.where: result for result in run.run(SUITES)}


@pytest.mark.parametrize("where", CASES)
def test_the_generated_client_does_what_the_case_says(where, results):
    result = results[where]
    assert result.out_of_scope is None
    assert result.ours.problems == ()


def test_every_case_has_an_id_and_a_description_of_its_own(results):
    assert len(results) == len(CASES)
    cases = [case.told for suite in SUITES for case in suite.cases]
    assert len({case["id"] for case in cases}) == len(cases)
    assert all(case["description"] for case in cases)


def test_the_cases_are_about_what_botocore_alone_does_not_do(results):
    above = [result for result in results.values() if result.is_above]
    assert {result.case.kind for result in above} == set(suites.Kind)
    assert not any(result.is_below for result in results.values())
