"""Which modules of a generated package import which: none in a circle."""

from __future__ import annotations

import ast

import pytest

from codegen import check, names
from codegen.source import Source
from tests.support import synthetic


def imported(text):
    """Return the modules that a generated module imports from its own package, as paths."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("golden_"):
            place = node.module.partition(".")[2]
            found |= {f"{place}.{alias.name}".lstrip(".") for alias in node.names}
    return found


def check_structures(files):
    modules = {name: imported(text) for name, text in files.items() if name.startswith("structures/")}
    del modules["structures/__init__.py"]
    for name, found in modules.items():
        beside = {"structures.common"} if name != "structures/common.py" else set()
        assert found <= {"enums", *beside}, name
    return modules


@pytest.mark.parametrize("feature", synthetic.FEATURES)
def test_a_module_of_structures_imports_common_ones_alone(feature):
    check_structures(check.render(synthetic.source(feature)))


def test_what_a_moved_request_is_made_of_moves_with_it():
    model = synthetic.model("unions")
    model["shapes"]["ChooseAgainRequest"] = {"type": "structure", "members": {"Own": {"shape": "Own"}}}
    model["shapes"]["Own"] = {"type": "structure", "members": {"Choice": {"shape": "OwnChoice"}}}
    model["shapes"]["OwnChoice"] = {"type": "structure", "union": True, "members": {"Own": {"shape": "Own"}}}
    model["operations"]["ChooseAgain"] = {
        **model["operations"]["Choose"],
        "name": "ChooseAgain",
        "input": {"shape": "ChooseAgainRequest"},
    }
    files = check.render(Source(config=synthetic.config("unions"), service=model, paginators={}))
    modules = check_structures(files)
    assert modules.keys() == {"structures/common.py"}
    text = files["structures/common.py"].decode()
    for name in ("Own", "OwnChoiceOwn", "ChooseAgainRequest"):
        assert f"class {name}(" in text


def test_what_a_shape_without_an_operation_is_made_of_is_common():
    model = synthetic.model("unions")
    model["shapes"]["Unused"] = {"type": "structure", "members": {"Shape": {"shape": "Shape"}}}
    check_structures(check.render(Source(config=synthetic.config("unions"), service=model, paginators={})))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"job": 3, "job_result": 4}, {"job": "job", "job_result": "job"}),
        ({"profile_task": 18, "profile": 4, "profile_image": 5}, {"profile_image": "profile", "profile": "profile"}),
        ({"visit_plan": 2, "visit_report": 2}, {"visit_plan": "visit", "visit_report": "visit"}),
        ({"import_plan": 2, "import_report": 2}, {"import_plan": "import_plan", "import_report": "import_plan"}),
        ({"tags_for_thing": 2, "thing": 4}, {"tags_for_thing": "thing", "thing": "thing"}),
        ({"big": 30, "big_a": 2, "big_b": 2}, {"big": "big", "big_a": "big_a", "big_b": "big_a"}),
        (
            {"a_b": 14, "a_c": 15, "a_d": 11, "a_e": 12},
            {"a_b": "a_b", "a_c": "a_c", "a_d": "a", "a_e": "a"},
        ),
    ],
)
def test_small_resources_whose_names_begin_alike_share_a_module(sizes, expected):
    together = names._together(sizes)
    assert {name: together[name] for name in expected} == expected
    in_module = {module: sum(sizes[n] for n in sizes if together[n] == module) for module in together.values()}
    assert all(size <= names._SHAPES_TOGETHER or size in sizes.values() for size in in_module.values())
