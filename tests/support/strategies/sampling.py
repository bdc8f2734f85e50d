"""A fixed sample of what a strategy draws, to ask whether something is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import Phase, given, settings

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

FEW = settings(max_examples=8)
"""For what is repeated for every shape of a model, whatever the profile: the shapes have most parts in common."""


def sample(strategy: SearchStrategy[Any], count: int = 300) -> list[Any]:
    """Return `count` drawn values, the same ones in every run of the same code.

    `Any` because a test knows what it asked for, and looks into it without asking again.
    """
    drawn: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
    )
    @given(strategy)
    def keep(value: object) -> None:
        drawn.append(value)

    keep()
    return drawn
