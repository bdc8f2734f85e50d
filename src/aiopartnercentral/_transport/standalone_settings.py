"""The settings of connections that start without botocore. Settings that only botocore understands are left to it."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Any

import attrs
import botocore

from aiopartnercentral._transport.call_context import CBOR
from aiopartnercentral._transport.direct.patches import patched_in_aiohttp
from aiopartnercentral._transport.direct.request import usual_path
from aiopartnercentral._transport.event_loops import running_loop
from aiopartnercentral._transport.standalone_credentials import (
    CREDENTIALS,
    STS_ENDPOINTS,
    VARIABLES_OF_CHAIN,
    credentials,
)
from aiopartnercentral._utils import model_data

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.types import Service

__all__ = ["StandaloneSettings", "logs_botocore", "standalone_settings"]

_SIGV4 = "aws.auth#sigv4"
_REGION = r"(?!.*fips)[a-z]{2,}(-[a-z]+)+-[0-9]+"
_UNDERSTOOD = frozenset({"region_name", "endpoint_url", "timeout", "verify", "http_client", "profile", *CREDENTIALS})
_WITHOUT_EFFECT = frozenset(
    {
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EXECUTION_ENV"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_DEFAULT_OUTPUT", "AWS_PAGER", "AWS_EC2_METADATA_DISABLED"),
        *("AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
        *VARIABLES_OF_CHAIN,
    }
)
"""Environment variables that are understood here, or do not matter to a service that is in one region alone."""
_PREFIXES_WITHOUT_EFFECT = ("AWS_LAMBDA_", "AWS_XRAY_", "AWS_CLI_")
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"})
_OF_ERRORS = ("botocore.exceptions", "botocore.vendored")
"""The modules of botocore that the library's own exceptions load."""
_FINDERS = (
    *("_frozen_importlib", "_distutils_hack", "_virtualenv", "_pytest.", "importlib_metadata", "pyimod"),
    *("pkg_resources.", "setuptools.", "__editable__", "_editable_impl_", "editables."),
)
"""How the modules of usual finders on `sys.meta_path` begin; any other may patch botocore once it is loaded."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StandaloneSettings:
    """What a connection needs that botocore would have resolved.

    Attributes:
        protocol: the protocol of the service: `json` or CBOR's.
        endpoint_url: the URL that requests are sent to.
        region: the region that they are signed for.
        keys: the credentials that sign them, None for none, or `"chain"` if botocore's chain has to find them.
        verify: the CA bundle that is trusted; True for the one that botocore trusts by itself.
        http_client: the name of the HTTP client.
    """

    protocol: str
    endpoint_url: str
    region: str
    keys: Any
    verify: bool | str
    http_client: str


def standalone_settings(service: Service, options: Mapping[str, Any]) -> StandaloneSettings | None:
    """Return the settings of a connection that can start without botocore; None if anything is left to botocore.

    Arguments:
        service: the service.
        options: the options of a client.
    """
    given = {name: value for name, value in options.items() if value is not None}
    endpoint, region = given.get("endpoint_url", service.endpoint_url), given.get("region_name", service.region)
    verify = given.get("verify", _ca_bundle())
    if region is None or not given.keys() <= _UNDERSTOOD or not _is_usual_verify(verify):
        return None
    if endpoint is None or usual_path(endpoint) not in {"", "/"}:
        return None
    if region != service.region and ("endpoint_url" not in given or re.fullmatch(_REGION, region) is None):
        return None
    if _has_other_settings() or not _has_usual_process():
        return None
    protocol, keys = _protocol(service), credentials(given)
    if protocol is None or keys is None:
        return None
    return StandaloneSettings(
        protocol=protocol,
        endpoint_url=endpoint,
        region=region,
        keys=keys,
        verify=verify,
        http_client=given.get("http_client", "asyncio"),
    )


def _protocol(service: Service) -> str | None:
    """Return the protocol that botocore would speak with a service; None if that is not for direct requests."""
    try:
        metadata = model_data.load(service.name, service.api_version)["metadata"]
    except FileNotFoundError:  # of a package that the user has generated
        return None
    protocol: str = CBOR if CBOR in metadata.get("protocols", ()) else metadata["protocol"]
    is_usual = metadata["signatureVersion"] == "v4" and metadata.get("auth", [_SIGV4])[:1] == [_SIGV4]
    return protocol if is_usual and protocol in {"json", CBOR} else None


def _ca_bundle() -> bool | str:
    """Return the CA bundle of the environment; True if it has none."""
    return next((os.environ[name] for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE") if name in os.environ), True)


def _is_usual_verify(verify: bool | str) -> bool:  # noqa: FBT001 - botocore's option
    """Return whether certificates are verified, with a CA bundle that exists if one is named."""
    return verify is True or (isinstance(verify, str) and os.path.isfile(verify))  # noqa: PTH113 - slow to load


def _has_other_settings() -> bool:
    """Return whether there is a setting that only botocore understands."""
    for name, value in os.environ.items():
        upper = name.upper()
        if upper in _WITHOUT_EFFECT or upper.startswith(_PREFIXES_WITHOUT_EFFECT):
            continue
        if upper == "AWS_STS_REGIONAL_ENDPOINTS" and value in STS_ENDPOINTS:
            continue
        if upper.startswith(("AWS_", "BOTO")) or (value and upper in _PROXIES):
            return True
    if sys.platform in {"darwin", "win32"}:
        from urllib.request import getproxies  # noqa: PLC0415 - slow to load

        if getproxies():  # of the system
            return True
    return os.path.exists(os.path.expanduser("~/.aws/models"))  # noqa: PTH110, PTH111 - pathlib is slow to load


def _has_usual_process() -> bool:
    """Return whether the process runs asyncio, has not loaded botocore, and nobody wants to see botocore's work."""
    if running_loop() is None:
        return False
    if _has_loaded_botocore() or vars(botocore)["_INITIALIZERS"]:  # which would be called with botocore's session
        return False
    return not (_has_unusual_finder() or logs_botocore()) and patched_in_aiohttp() is None


def _has_unusual_finder() -> bool:
    """Return whether an import hook may patch botocore once it is loaded."""
    modules = (f"{getattr(finder, '__module__', '')}" for finder in sys.meta_path)
    return not all(name.startswith(_FINDERS) or f".{name}".endswith(".six") for name in modules)


def logs_botocore() -> bool:
    """Return whether any logger of botocore is enabled at DEBUG."""
    names = ("botocore", "aiobotocore", *logging.root.manager.loggerDict)
    own = (name for name in names if name.partition(".")[0] in {"aiobotocore", "botocore"})
    return any(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in own)


def _has_loaded_botocore() -> bool:
    """Return whether botocore is loaded: then it takes little time, and may have been changed."""
    modules = [name for name in sys.modules if name.startswith(("botocore.", "aiobotocore."))]
    return not all(name.startswith(_OF_ERRORS) for name in modules)
