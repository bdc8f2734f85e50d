"""Figures as data: the values of each client in each round, ratios between clients, and targets."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Verdict = Literal["met", "missed", "not measured"]


@attrs.frozen
class Span:
    """A median with its minimum and maximum."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: tuple[float, ...]) -> Span:
        """Return the span of at least one value."""
        return cls(median(values), min(values), max(values))


@attrs.frozen
class Series:
    """The values of one client in each round.

    Attributes:
        client: its name.
        rounds: one value a round, in the panel's unit.
    """

    client: str
    rounds: tuple[float, ...]

    @property
    def span(self) -> Span:
        """The median, minimum and maximum over the rounds."""
        return Span.of(self.rounds)


def ratio(above: Series, below: Series) -> Span:
    """Return the ratio of two clients: of their medians, with the least and the greatest of single rounds."""
    rounds = [one / other for one, other in zip(above.rounds, below.rounds, strict=True)]
    return Span(above.span.median / below.span.median, min(rounds), max(rounds))


@attrs.frozen(kw_only=True)
class Panel:
    """One table: the same quantity for several clients.

    Attributes:
        title: what was measured.
        unit: of all values.
        series: one for each client; the one that others are compared with comes first.
        more_is_better: whether a high value is a good one.
        compared: whether ratios of these values mean anything.
    """

    title: str
    unit: str
    series: tuple[Series, ...]
    more_is_better: bool = False
    compared: bool = True

    @classmethod
    def of(
        cls,
        title: str,
        unit: str,
        rounds: Mapping[str, Iterable[Any]],
        value: Callable[[Any], float] = float,
        *,
        more_is_better: bool = False,
        compared: bool = True,
    ) -> Panel:
        """Return the panel of a value of each client's result in each round."""
        series = tuple(Series(name, tuple(map(value, results))) for name, results in rounds.items())
        return cls(title=title, unit=unit, series=series, more_is_better=more_is_better, compared=compared)

    def series_of(self, client: str) -> Series:
        """Return the series of a client."""
        return next(series for series in self.series if series.client == client)

    def ratio(self, above: str, below: str) -> Span:
        """Return the ratio of two clients."""
        return ratio(self.series_of(above), self.series_of(below))

    def advantage(self, series: Series) -> Span:
        """Return how many times better than a client the first one is."""
        first = self.series[0]
        return ratio(first, series) if self.more_is_better else ratio(series, first)


@attrs.frozen(kw_only=True)
class Target:
    """The target of a case.

    Attributes:
        what: the quantity, in words.
        limit: what it is compared with.
        unit: of both; empty for a fraction of one.
        at_least: whether the limit is the least allowed, rather than the most.
        value: what was measured, or None; its median decides.
    """

    what: str
    limit: float
    unit: str
    at_least: bool = False
    value: Span | None

    @property
    def verdict(self) -> Verdict:
        """Whether it was reached."""
        if self.value is None:
            return "not measured"
        reached = self.value.median >= self.limit if self.at_least else self.value.median <= self.limit
        return "met" if reached else "missed"


@attrs.frozen(kw_only=True)
class Figure:
    """One thing that was measured, in one or several tables.

    Attributes:
        key: its name for `--only`.
        title: one line.
        how: how it was measured, in a sentence or two.
        panels: the tables.
        targets: what it is meant to reach.
        samples: more raw values than the rounds of the panels hold: client -> round -> values.
        sample_unit: of the samples.
    """

    key: str
    title: str
    how: str
    panels: tuple[Panel, ...]
    targets: tuple[Target, ...] = ()
    samples: dict[str, list[list[float]]] = attrs.field(factory=dict)
    sample_unit: str = ""
