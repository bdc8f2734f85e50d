"""Whether a strategy reaches something, and a fixed sample of what it draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import Phase, find, given, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy

FEW = settings(max_examples=8)
"""For what is repeated for every shape of a model, whatever the profile: the shapes have most parts in common."""


_FIXED = settings(derandomize=True, database=None, phases=[Phase.generate])


def reaches(strategy: SearchStrategy[Any], condition: Callable[[Any], bool]) -> bool:
    """Return True once a drawn value meets the condition; the same values are drawn in every run of the same code.

    Raises:
        hypothesis.errors.NoSuchExample: none of 600 values does.
    """
    find(strategy, condition, settings=settings(_FIXED, max_examples=600))
    return True


def sample(strategy: SearchStrategy[Any], count: int = 100) -> list[Any]:
    """Return `count` drawn values, the same ones in every run of the same code.

    `Any` because a test knows what it asked for, and looks into it without asking again.
    """
    drawn: list[Any] = []

    @settings(_FIXED, max_examples=count)
    @given(strategy)
    def keep(value: object) -> None:
        drawn.append(value)

    keep()
    return drawn
