"""Checks the Host and Origin of every request, so that no web page of another site can use the emulator.

A browser on the same machine reaches the emulator. A page can resolve its own name to 127.0.0.1 (DNS rebinding), and
then reads what it requests; its requests have its name as Host. A page can also send POST requests to other addresses
without reading the response; those have its address as Origin.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.errors import protocol_error
from aiopartnercentral.emulator.services import service_of_host

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiohttp import web

_HOST: Final = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]{1,253})|\[(?P<address>[0-9A-Fa-f:.]{2,45})\])(?::[0-9]{1,5})?", re.ASCII
)
_LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_patterns = validators.collection_of(
    validators.pattern(r"[A-Za-z0-9._*?-]{1,253}|[0-9A-Fa-f.]*(:[0-9A-Fa-f.]*){2,7}", "a host name without a port"),
    "a collection of host names",
)


def allowed_hosts(given: Collection[str]) -> tuple[str, ...]:
    """Return the host names, in lower case."""
    return tuple(name.lower() for name in _patterns("allowed_hosts", given))


def is_loopback(address: str) -> bool:
    """Return whether only this machine can reach an address."""
    try:
        return ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


@attrs.frozen
class TrustedHosts:
    """The hosts whose requests are served.

    Arguments:
        listening: the address or name that the emulator listens on.
        allowed: further host names, in lower case; `*` and `?` are wildcards.
    """

    listening: str
    allowed: tuple[str, ...]

    def check(self, request: web.BaseRequest) -> None:
        """Check the Host and Origin of a request; a request without an Origin is not from a page of another site.

        Raises:
            EmulatedServiceError: the Host is malformed or not trusted, or the Origin is another one.
        """
        host = request.host
        found = _HOST.fullmatch(host)
        if found is None:
            # It becomes part of completion URLs.
            message = "The Host header must be a host name or address, optionally with a port"
            raise protocol_error("MalformedHttpRequestException", message)
        name = (found["address"] or found["name"]).lower().removesuffix(".")
        if name not in _LOCAL_NAMES and not self._is_trusted(name, request):
            message = (
                "The Host header must be localhost, the address that the emulator listens on, the host name of a "
                "service, or a name that --allow-host or allowed_hosts permits"
            )
            raise protocol_error("UntrustedHostException", message, status=403)
        origin = request.headers.get("Origin")
        if origin is not None and origin.lower() not in (f"http://{host.lower()}", f"https://{host.lower()}"):
            message = "Web pages of other origins cannot use the emulator"
            raise protocol_error("UntrustedOriginException", message, status=403)

    def _is_trusted(self, name: str, request: web.BaseRequest) -> bool:
        # Where the emulator listens on all addresses of the machine, the socket has the one that the client has used.
        local = request.get_extra_info("sockname")
        return (
            name.endswith(".localhost")
            or is_loopback(name)
            or name == self.listening.lower()
            or (local is not None and name == local[0])
            or any(fnmatchcase(name, pattern) for pattern in self.allowed)
            # Only AWS can resolve these names, so a web page that has one was not loaded from another site.
            or service_of_host(name) is not None
        )
