"""Credentials that are fetched on first use, and refreshed before they expire.

They replace botocore's refreshable credentials, which refresh in the last 15 minutes before they expire: with a session
of 15 minutes, at every call. With botocore's, each of many waiting calls also repeats a failed refresh, one after
another.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aiobotocore.credentials import AioCredentials
from botocore.credentials import ReadOnlyCredentials

from aiopartnercentral._transport.credentials import Credentials
from aiopartnercentral._transport.time_limits import in_time
from aiopartnercentral._utils.threads import SharedAttempt
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from aiopartnercentral._transport.credentials import CredentialsProvider

__all__ = ["RefreshingCredentials"]

_LOGGER = logging.getLogger(__name__)
# Fractions of the credentials' lifetime before its end, and their maximum: botocore's times, which are these fractions
# of one hour.
_EARLY, _EARLY_AT_MOST = 1 / 4, timedelta(minutes=15)
_LATE, _LATE_AT_MOST = 1 / 6, timedelta(minutes=10)
_RETRIES_OF_EARLY = 10  # maximum failed attempts between early and late


class RefreshingCredentials(AioCredentials):  # type: ignore[misc] # which has no types
    """Credentials for botocore's signers, which request frozen ones for each call.

    When a quarter of their lifetime is left, the next call refreshes them while other calls use the current ones; a
    refresh that fails, or takes longer than half the time limit, is retried later. When a sixth is left, all calls wait
    for the refresh, and fail if it fails. Only one call refreshes at a time.

    Arguments:
        name: their name in messages.
        fetch: returns new ones.
        timeout: maximum seconds for that; None for no limit.
    """

    def __init__(self, name: str, fetch: CredentialsProvider, timeout: float | None) -> None:
        super().__init__("", "", method="aiopartnercentral")
        self._name = name
        self._fetch = fetch
        self._timeout = timeout
        self._attempt = SharedAttempt()
        self._frozen = ReadOnlyCredentials("", "", None)
        # When a refresh starts, when calls start to wait for it, and the pause before a failed one is retried.
        self._early = self._late = datetime.min.replace(tzinfo=UTC)
        self._pause = timedelta()

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the current credentials; if this is cancelled, the next call refreshes them.

        Raises:
            CredentialsError: a role cannot be assumed, or a provider failed.
            botocore.exceptions.BotoCoreError: the configuration is not usable, or a login is required.
            Exception: an error of the caller's provider.
        """
        now = datetime.now(UTC)
        if now >= self._early and not (self._attempt.is_running and now < self._late):
            await self._attempt(self._refresh)
        return self._frozen

    def expire(self, access_key: str) -> None:
        """Refresh them at the next call, if they are still those with this access key id."""
        if access_key == self._frozen.access_key:
            self._early = self._late = datetime.min.replace(tzinfo=UTC)

    async def _refresh(self) -> None:
        now = datetime.now(UTC)
        if now < self._early:
            return
        is_early = now < self._late
        limit = self._early_limit(now) if is_early else self._timeout
        try:
            self._store(await in_time(self._name, limit, self._fetch))
        except Exception as error:
            if not is_early:
                raise
            self._early = datetime.now(UTC) + self._pause
            _LOGGER.warning("%s: no new credentials yet (%s)", self._name, type(error).__name__)

    def _early_limit(self, now: datetime) -> float:
        """Return the maximum seconds of an early refresh, after which the call that waits can still be sent."""
        left = (self._late - now).total_seconds()
        return left if self._timeout is None else min(left, self._timeout / 2)

    def _store(self, new: Credentials) -> None:
        if not isinstance(new, Credentials):
            raise CredentialsError(f"{self._name}: expected Credentials, got {type(new).__name__}")
        now = datetime.now(UTC)
        if new.expires_at is not None and new.expires_at <= now:
            raise CredentialsError(f"{self._name}: got credentials that have expired already")
        if new.expires_at is None:
            self._early = self._late = datetime.max.replace(tzinfo=UTC)
        else:
            left = new.expires_at - now
            self._early = new.expires_at - min(left * _EARLY, _EARLY_AT_MOST)
            self._late = new.expires_at - min(left * _LATE, _LATE_AT_MOST)
            self._pause = (self._late - self._early) / _RETRIES_OF_EARLY
        self._frozen = ReadOnlyCredentials(new.access_key_id, new.secret_access_key, new.session_token)
