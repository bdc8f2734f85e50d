"""How much a bulk collection may do at once, how fast, and for how long."""

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
    """The limits of a collection: concurrency, request rates, attempts and time.

    Every limit but `concurrency` applies to each account separately. AWS does not publish the rate limits of the
    Account API; those of its siblings are 5 to 10 requests per second and account.

    Attributes:
        rate: requests per second and account, all of the account's sources together. When the service throttles an
            account, its rate is halved and then recovers step by step.
        rates: requests per second for single operations by their wire names, such as `{"ListPartners": 1}`; they are
            counted separately from all others.
        concurrency: the most requests and fetched pages at the same time.
        sources: the most sources being collected at the same time; each keeps a client open. Sources that wait because
            they were throttled, or because a request failed, do not count.
        account_concurrency: the most sources of one account at the same time.
        attempts: how often a request is sent at most.
        backoff: the longest wait in seconds before the first retry of a failure other than throttling. It doubles with
            each further retry, up to a minute; the actual wait is a random part of it.
        source_seconds: how long fetching one source may take, including its waits for a turn and excluding the
            consumer's time; None for no limit.
        run_seconds: how long the whole run may take, including the consumer's time; None for no limit.

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
    source_seconds: float | None = attrs.field(
        default=3600.0, validator=validators.optional(validators.positive_number)
    )
    run_seconds: float | None = attrs.field(
        default=6 * 3600.0, validator=validators.optional(validators.positive_number)
    )
