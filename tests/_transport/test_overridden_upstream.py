"""Digests of the code of aiobotocore and botocore that ours overrides, or on whose inside it relies.

An unknown digest means that a new version has changed that code. Read the change, check in our code what is said here,
mend it if need be, and add the digest with the first version that has it. The digests cover every version from the
oldest that the project allows to the newest that was checked.
"""

from __future__ import annotations

import hashlib
import inspect
from importlib import import_module
from importlib.metadata import version
from operator import attrgetter

import attrs
import pytest
from botocore.credentials import ReadOnlyCredentials, RefreshableCredentials

from aiopartnercentral._transport import refreshable_credentials


@attrs.frozen
class Overridden:
    """A class or function of upstream's, what to check in ours when it changes, and the digests that were checked."""

    name: str
    check: str
    digests: dict[str, str]
    """First version -> digest; an empty digest where there is no such function."""

    @property
    def module(self) -> str:
        return self.name.partition(":")[0]


_VIEW = "_transport/sessions.py, _View: takes over `__dict__` of another session, and so all that `__init__` sets"
_CREDENTIALS = "_transport/sessions.py: `get_credentials` is all by which a client finds its credentials"
_TLS = "_transport/tls.py: one context for all clients of the same `verify`, whose certificates are read once"
_GUARD = "_transport/http_client.py: `send` makes all requests with the session that `_get_session` returns"
_CHAIN = "_transport/providers.py: `equipped` finds the HTTP clients, the prompter and the inner providers of the chain"
_OWN = "_transport/refreshable_credentials.py: `get_frozen_credentials` is all that a signer asks for"
_CALL = "_transport/botocore_client.py: `send` calls it, and `provide-client-params` has the same object as parameters"
_RESPONSE = "_transport/call_context.py, _scope_responses: sends a request, and emits `before-parse` for its response"
_TIMES = "_transport/refreshable_credentials.py: asks at the times that botocore asks at, for a usual hour"
_TOKENS = "_transport/direct/sender.py: gives the same members a token"
_TRACES = "_transport/direct/request.py, trace_id: sends the same header"
_QUOTA = "_transport/direct/sender.py: calls it after a success, with a context that is empty"
_BODY = "_transport/direct/body.py: makes the same JSON of the same parameters"
_HANDOVER = "_transport/direct/handover.py: is given the outcome of its first attempt, and keeps the id"

OVERRIDDEN = [
    Overridden("botocore.handlers:generate_idempotent_uuid", _TOKENS, {"1.40.61": "7c9382f37477"}),
    Overridden("botocore.handlers:add_recursion_detection_header", _TRACES, {"1.40.61": "f2d983caa367"}),
    Overridden("botocore.retries.standard:RetryQuotaChecker.release_retry_quota", _QUOTA, {"1.40.61": "b6156939795d"}),
    Overridden("botocore.serialize:JSONSerializer", _BODY, {"1.40.61": "73a743077548"}),
    Overridden("aiobotocore.endpoint:AioEndpoint._send_request", _HANDOVER, {"2.25.1": "ea4506509ac2"}),
    Overridden("aiobotocore.signers:AioRequestSigner._choose_signer", _HANDOVER, {"2.25.1": "14b0b8fd1536"}),
    Overridden("aiobotocore.session:AioSession.__init__", _VIEW, {"2.25.1": "b5d4765552ed", "3.9.0": "8afce441d5a8"}),
    Overridden("botocore.session:Session.__init__", _VIEW, {"1.40.61": "c796153d589e"}),
    Overridden("aiobotocore.session:AioSession.get_credentials", _CREDENTIALS, {"2.25.1": "0d3bf4499df6"}),
    Overridden("aiobotocore.session:AioSession.create_client", _CREDENTIALS, {"2.25.1": "deedfbc38a7a"}),
    Overridden(
        "aiobotocore.session:AioSession._create_client",
        _CREDENTIALS,
        {"2.25.1": "2106c4a5f7b7", "3.7.0": "e610b12f93f5", "3.9.0": "a5b2c5d017f9"},
    ),
    Overridden(
        "aiobotocore.httpsession:AIOHTTPSession.__init__",
        f"{_TLS}; `verify` and `proxies` come first, `client_cert` by its name",
        {"2.25.1": "73cbe4bebb06", "3.0.0": "12f5d8ceaaa8", "3.6.0": "ac3f3abd6fab", "3.9.2": "b33c91a9b813"},
    ),
    Overridden("aiobotocore.httpsession:AIOHTTPSession._get_ssl_context", _TLS, {"2.25.1": "5d1c283c1cd6"}),
    Overridden(
        "aiobotocore.httpsession:AIOHTTPSession._create_connector",
        f"{_TLS}; nothing else of the context may differ between clients without proxy and client certificate",
        {"2.25.1": "9820b0a49e10", "3.8.0": "912ba4c71fbc", "3.9.0": "5960ddd6e3d5"},
    ),
    Overridden(
        "aiobotocore.httpsession:AIOHTTPSession._build_verify_context",
        f"{_TLS}; what is set on a context is the same for the same `verify`",
        {"2.25.1": "", "3.9.0": "de83fb8cc0c0"},
    ),
    Overridden(
        "aiobotocore.httpsession:AIOHTTPSession._get_session",
        _GUARD,
        {"2.25.1": "dde0e20be14d", "3.10.0": "b502f2a6f977"},
    ),
    Overridden(
        "aiobotocore.httpsession:AIOHTTPSession.send", _GUARD, {"2.25.1": "12ca98c0c82a", "3.10.0": "28c1cd8009ba"}
    ),
    Overridden(
        "aiobotocore.client:AioBaseClient._make_api_call", _CALL, {"2.25.1": "7894d4f8a07f", "3.6.0": "f832d87cc95d"}
    ),
    Overridden("aiobotocore.client:AioBaseClient._emit_api_params", _CALL, {"2.25.1": "5ab6b4bbc3c8"}),
    Overridden("aiobotocore.endpoint:AioEndpoint._do_get_response", _RESPONSE, {"2.25.1": "023bc6561076"}),
    Overridden(
        "aiobotocore.credentials:create_credential_resolver",
        _CHAIN,
        {"2.25.1": "caa373a4b623", "3.10.0": "b357a56ebe27"},
    ),
    Overridden(
        "botocore.credentials:ProfileProviderBuilder.providers",
        _CHAIN,
        {"1.40.61": "e066068fb363", "1.41.5": "4c5d7ef0e434"},
    ),
    Overridden("botocore.credentials:AssumeRoleProvider.__init__", _CHAIN, {"1.40.61": "e64ed0fa2445"}),
    Overridden("aiobotocore.credentials:AioCredentials", _OWN, {"2.25.1": "9e10bd0a9dfb"}),
    Overridden("botocore.credentials:Credentials.__init__", _OWN, {"1.40.61": "7fb709ae3b2f"}),
    Overridden("aiobotocore.signers:AioRequestSigner.get_auth_instance", _OWN, {"2.25.1": "a567f309d946"}),
    Overridden("aiobotocore.credentials:AioRefreshableCredentials._refresh", _TIMES, {"2.25.1": "67e7ed7b1cc4"}),
]


def digest(name: str) -> str:
    module, _, attribute = name.partition(":")
    try:
        found = attrgetter(attribute)(import_module(module))
    except AttributeError:
        return ""
    return hashlib.sha1(inspect.getsource(found).encode(), usedforsecurity=False).hexdigest()[:12]


@pytest.mark.parametrize("overridden", OVERRIDDEN, ids=attrgetter("name"))
def test_what_is_overridden_is_as_it_was_when_ours_was_written(overridden: Overridden) -> None:
    found = digest(overridden.name)
    assert found in overridden.digests.values(), (
        f"{overridden.name} has changed in {overridden.module} {version(overridden.module.partition('.')[0])}, to "
        f"{found or 'nothing'}: check {overridden.check}"
    )


def test_frozen_credentials_are_made_of_what_a_signer_takes() -> None:
    assert ReadOnlyCredentials._fields[:3] == ("access_key", "secret_key", "token")


def test_new_credentials_are_asked_for_as_early_as_by_botocore() -> None:
    assert RefreshableCredentials._advisory_refresh_timeout == refreshable_credentials._EARLY_AT_MOST.total_seconds()
    assert RefreshableCredentials._mandatory_refresh_timeout == refreshable_credentials._LATE_AT_MOST.total_seconds()
