"""Credentials that are fetched when they are first needed, and refreshed before they expire.

They replace botocore's own, which refresh in the last 15 minutes before they expire: with a session of 15 minutes, at
every call. botocore's also let each of many waiting calls fail by itself, one after another.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import anyio
from aiobotocore.credentials import AioCredentials
from botocore.credentials import ReadOnlyCredentials

from aiopartnercentral._transport.credentials import Credentials
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from aiopartnercentral._transport.credentials import CredentialsProvider

__all__ = ["refreshing_credentials"]

_LOGGER = logging.getLogger(__name__)
# Parts of the lifetime of credentials, counted from its end, and their longest duration: botocore's own times, which
# are these parts of the usual hour.
_EARLY, _EARLY_AT_MOST = 1 / 4, timedelta(minutes=15)
_LATE, _LATE_AT_MOST = 1 / 6, timedelta(minutes=10)
_RETRIES_OF_EARLY = 10  # attempts between early and late, at most, if they fail


class _RefreshingCredentials(AioCredentials):  # type: ignore[misc] # which has no types
    """Credentials for botocore's signers, which ask for frozen ones at each call.

    When a quarter of their lifetime is left, the next call refreshes them while others use the present ones; if that
    fails, it is retried later. When a sixth is left, all calls wait for new ones, and fail if there are none. Only one
    call refreshes at a time.

    Arguments:
        name: what messages call them.
        fetch: returns new ones.
    """

    def __init__(self, name: str, fetch: CredentialsProvider) -> None:
        super().__init__("", "", method="aiopartnercentral")
        self._name = name
        self._fetch = fetch
        self._lock = anyio.Lock()
        self._failures = 0
        self._failure: Exception | None = None
        self._frozen = ReadOnlyCredentials("", "", None)
        # When a refresh begins, when calls begin to wait for it, and the pause before a failed one is retried.
        self._early = self._late = datetime.min.replace(tzinfo=UTC)
        self._pause = timedelta()

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what to sign a call with now; cancelling it leaves the refresh to the next call.

        Raises:
            CredentialsError: a role cannot be assumed, or the credentials are not usable.
            Exception: whatever the caller's provider raises.
        """
        now = datetime.now(UTC)
        if now >= self._early and not (self._lock.locked() and now < self._late):
            await self._refresh()
        return self._frozen

    async def _refresh(self) -> None:
        failures = self._failures
        async with self._lock:
            if self._failures > failures and self._failure is not None:
                raise self._failure  # of the attempt that this call waited for
            if datetime.now(UTC) < self._early:
                return
            try:
                self._take(await self._fetch())
            except Exception as error:
                now = datetime.now(UTC)
                if now < self._late:
                    self._early = now + self._pause
                    _LOGGER.warning("%s: no new credentials yet (%s)", self._name, type(error).__name__)
                    return
                self._failures += 1
                self._failure = error
                raise
            self._failure = None

    def _take(self, got: Credentials) -> None:
        if not isinstance(got, Credentials):
            raise CredentialsError(f"{self._name}: expected Credentials, got {type(got).__name__}")
        now = datetime.now(UTC)
        if got.expires_at is not None and got.expires_at <= now:
            raise CredentialsError(f"{self._name}: got credentials that have expired already")
        if got.expires_at is None:
            self._early = self._late = datetime.max.replace(tzinfo=UTC)
        else:
            left = got.expires_at - now
            self._early = got.expires_at - min(left * _EARLY, _EARLY_AT_MOST)
            self._late = got.expires_at - min(left * _LATE, _LATE_AT_MOST)
            self._pause = (self._late - self._early) / _RETRIES_OF_EARLY
        self._frozen = ReadOnlyCredentials(got.access_key_id, got.secret_access_key, got.session_token)


def refreshing_credentials(name: str, fetch: CredentialsProvider) -> Any:  # noqa: ANN401 - aiobotocore has no types
    """Return credentials for botocore's signers.

    Arguments:
        name: what messages call them.
        fetch: returns new ones.
    """
    return _RefreshingCredentials(name, fetch)
