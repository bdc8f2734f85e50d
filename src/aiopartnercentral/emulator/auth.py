"""Which account sends a request, and whether it is who it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.errors import protocol_error
from aiopartnercentral.emulator.options import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from aiopartnercentral.emulator.signature import SignatureVersion4

_ACCESS_KEY = re.compile(r"AWS4-HMAC-SHA256\s.*?Credential=(?P<key>[^/,\s]+)/")


@attrs.frozen
class Credential:
    """What signs the requests of an account.

    Arguments:
        secret_access_key: the secret that goes with the access key id.
        account_id: the account, in twelve digits.
        session_token: what temporary credentials send beside the signature; None for lasting ones.

    Raises:
        ValueError: the account is not twelve digits.
    """

    secret_access_key: str = attrs.field(repr=False)
    account_id: str = attrs.field(validator=attrs.validators.matches_re(ACCOUNT))
    session_token: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class Identities:
    """Who may ask.

    Arguments:
        owner: the account that has the seeded data.
        credentials: the known credentials by access key id; None if any will do.
        signature: how requests are signed.
    """

    owner: str
    credentials: Mapping[str, Credential] | None = attrs.field(repr=False)
    signature: SignatureVersion4

    def claimed(self, request: web.BaseRequest) -> str:
        """Return the account that a request says it is from, whether it is or not.

        Where any credentials will do, an access key id of twelve digits is an account itself. Else it is the owner.
        """
        found = _ACCESS_KEY.match(request.headers.get("Authorization", ""))
        key = found["key"] if found else ""
        if self.credentials is not None:
            known = self.credentials.get(key)
            return known.account_id if known else self.owner
        return key if ACCOUNT.fullmatch(key) else self.owner

    def check(self, request: web.BaseRequest, body: bytes) -> None:
        """Verify the signature of a request, unless any credentials will do.

        Raises:
            ServiceFaultError: it is not signed, by nobody who is known, or not like this.
        """
        if self.credentials is None:
            return
        signed = self.signature.read(request)
        known = self.credentials.get(signed.access_key)
        if known is None or request.headers.get("X-Amz-Security-Token") != known.session_token:
            message = "The security token included in the request is invalid"
            raise protocol_error("UnrecognizedClientException", message)
        self.signature.check(signed, request, body, known.secret_access_key)
