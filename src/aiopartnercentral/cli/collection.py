"""The collection that the options of the command describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.bulk import Collection, Limits
from aiopartnercentral.bulk.collection import MAX_AGE
from aiopartnercentral.bulk.incremental import OVERLAP
from aiopartnercentral.cli.option_values import OnFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk import Event, Origin, Source
    from aiopartnercentral.cli.config import Config, ListingArguments
    from aiopartnercentral.types import Listing

__all__ = ["collection_of", "rate_of"]

# The default rate without --sources, for a few catalogs of one account: effectively unlimited.
_UNLIMITED: Final = 100.0


def rate_of(config: Config) -> float:
    """Return the maximum requests per second for each account."""
    return config.rate or (_UNLIMITED if config.sources is None else Limits().rate)


def collection_of(
    config: Config,
    listings: Mapping[str, Listing[Any, Any]],
    sources: Sequence[Source],
    chosen: Sequence[ListingArguments],
    *,
    since: datetime | Report[Origin] | None,
    observer: Callable[[Event], None],
) -> Collection[Any]:
    """Return the collection of some listings of some sources.

    Arguments:
        config: the options.
        listings: all listings, by the name of their method.
        sources: the sources.
        chosen: the listings to collect from them.
        since: where the run begins; None to collect everything.
        observer: called with each event.

    Raises:
        ValueError: an option has an invalid value.
    """
    default = Limits()
    limits = Limits(
        rate=rate_of(config),
        concurrency=config.concurrency,
        account_concurrency=config.concurrency if config.sources is None else default.account_concurrency,
        attempts=config.max_attempts,
    )
    return Collection(
        {one.method: listings[one.method] for one in chosen},
        sources,
        limits=limits,
        on_error="raise" if config.on_error is OnFailure.RAISE else "report",
        on_malformed="raise" if config.malformed is None else "report",
        ignore_errors=config.ignore_errors,
        **config.place,
        checkpoint_max_age=config.checkpoint_max_age or MAX_AGE,
        restart=config.restart,
        since=since,
        overlap=OVERLAP if config.overlap is None else config.overlap,
        whole=[] if since is None else [one.method for one in chosen if one.command in config.whole],
        observer=observer,
        **config.time_limit,
    )
