"""Which modules of a generated package import which: none in a circle."""

from __future__ import annotations

import ast

import pytest

from codegen import check
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
