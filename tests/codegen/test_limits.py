"""A docstring states each limit of the model with all of its digits."""

from __future__ import annotations

import ast
import itertools
import re

import pytest

from codegen import ir
from codegen.emit.types import shape_facts
from codegen.emit.writer import Writer


@pytest.mark.parametrize(
    ("minimum", "maximum", "facts"),
    [
        (0, 2147483647, ["0 to 2147483647"]),
        (-1234567, None, ["at least -1234567"]),
        (None, 9007199254740993, ["at most 9007199254740993"]),
        (1000000.0, 1000000, ["exactly 1000000"]),
        (0.0, 0.0000005, ["0 to 5e-07"]),
        (None, None, []),
    ],
)
def test_no_digit_of_a_limit_is_lost(minimum, maximum, facts):
    limits = ir.Constraints(minimum=minimum, maximum=maximum)
    assert shape_facts(ir.Scalar(name="Count", kind=ir.Kind.LONG, constraints=limits, sensitive=False)) == facts


@pytest.mark.parametrize("pattern", ["[a`b]+", r"[\`]", r"\\`", r"a\\\`", "[a-z]  [`]{2,}  x", "plain"])
def test_a_pattern_is_one_piece_of_code_and_matches_the_same(pattern):
    (fact,) = shape_facts(
        ir.Scalar(name="Text", kind=ir.Kind.STRING, constraints=ir.Constraints(pattern=pattern), sensitive=False)
    )
    writer = Writer("Any.")
    writer.attribute_docstring(f"{'word ' * 20}; {fact}.")
    (body,) = [node for node in ast.parse(writer.render()).body[1:] if isinstance(node, ast.Expr)]
    assert body.value.value.count("`") == 2
    shown = body.value.value.split("`")[1]
    texts = ["".join(found) for size in (1, 2, 3, 4) for found in itertools.product("a`\\", repeat=size)]
    texts += ["x", "b", "abc  ``  x", "plain"]
    assert [t for t in texts if re.fullmatch(shown, t)] == [t for t in texts if re.fullmatch(pattern, t)]
