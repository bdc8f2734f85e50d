"""A docstring states each limit of the model with all of its digits."""

from __future__ import annotations

import pytest

from codegen import ir
from codegen.emit.types import shape_facts


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
