"""The limits of a bulk collection: concurrency, request rates, attempts and time."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - callers may resolve the annotations, as cattrs does

import attrs

from aiopartnercentral._utils import validators

__all__ = ["Limits"]

_rates = validators.mapping_of(
    validators.text, validators.positive_number, "a mapping of operation names to requests per second"
)


@attrs.frozen(kw_only=True)
class Limits:
    """Limits of a collection: concurrency, request rates, attempts and time.

    Every limit but `concurrency` applies to each account separately. AWS does not publish the rate limits of the
    Account API; those of its siblings are 5 to 10 requests per second and account.

    Attributes:
        rate: requests per second and account, for all of the account's sources together. When the service throttles an
            account, its rate is halved, and then recovers gradually.
        rates: requests per second for single operations by their wire names, such as `{"ListPartners": 1}`; they are
            counted separately from all others.
        concurrency: maximum requests in flight plus fetched pages.
        sources: maximum sources that are collected at the same time; each keeps a client open. Sources that wait
            because they were throttled, or because a request failed, do not count.
        account_concurrency: maximum sources of one account that are collected at the same time.
        attempts: maximum attempts for each request.
        backoff: the longest wait in seconds before the first retry of a failure other than throttling. It doubles with
            each further retry, up to a minute; the actual wait is a random part of it.
        source_seconds: time limit for fetching one source; it includes waiting for rate limits and excludes the
            consumer's time. None for no limit.
        run_seconds: time limit for the run, including the consumer's time; None for no limit.

    Raises:
        TypeError: a limit is not a number.
        ValueError: a limit is not above 0.
    """

    rate: float = attrs.field(default=5.0, validator=validators.positive_number)
    rates: Mapping[str, float] = attrs.field(factory=dict, validator=_rates)
    concurrency: int = attrs.field(default=10, validator=validators.count)
    sources: int = attrs.field(default=50, validator=validators.count)
    account_concurrency: int = attrs.field(default=2, validator=validators.count)
    attempts: int = attrs.field(default=8, validator=validators.count)
    backoff: float = attrs.field(default=0.5, validator=validators.positive_number)
    retry_after: float = attrs.field(default=60.0, validator=validators.positive_number)
    source_seconds: float | None = attrs.field(
        default=3600.0, validator=validators.optional(validators.positive_number)
    )
    run_seconds: float | None = attrs.field(
        default=6 * 3600.0, validator=validators.optional(validators.positive_number)
    )
