"""Figures as data: the values of each client in each round, ratios between clients, and targets."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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
        rounds: Mapping[str, Iterable[float]],
        *,
        more_is_better: bool = False,
        compared: bool = True,
    ) -> Panel:
        """Return the panel of what each client took in each round."""
        series = tuple(Series(name, tuple(values)) for name, values in rounds.items())
        return cls(title=title, unit=unit, series=series, more_is_better=more_is_better, compared=compared)

    def series_of(self, client: str) -> Series:
        """Return the series of a client."""
        return next(series for series in self.series if series.client == client)

    def ratio(self, above: str, below: str) -> float:
        """Return the ratio of two clients' medians."""
        return self.series_of(above).span.median / self.series_of(below).span.median

    def advantage(self, series: Series) -> Span:
        """Return how many times better than a client the first one is: by their medians, and round by round."""
        first = self.series[0]
        pairs = zip(first.rounds, series.rounds, strict=True)
        factors = tuple(_times_better(ours, theirs, more_is_better=self.more_is_better) for ours, theirs in pairs)
        overall = _times_better(first.span.median, series.span.median, more_is_better=self.more_is_better)
        return Span(overall, min(factors), max(factors))


def _times_better(ours: float, theirs: float, *, more_is_better: bool) -> float:
    above, below = (ours, theirs) if more_is_better else (theirs, ours)
    return above / below


@attrs.frozen(kw_only=True)
class Target:
    """The target of a case.

    Attributes:
        what: the quantity, in words.
        limit: what it is compared with.
        unit: of both; empty for a fraction of one.
        at_least: whether the limit is the least allowed, rather than the most.
        value: what was measured, or None.
    """

    what: str
    limit: float
    unit: str
    at_least: bool = False
    value: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether it was reached."""
        if self.value is None:
            return "not measured"
        reached = self.value >= self.limit if self.at_least else self.value <= self.limit
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
