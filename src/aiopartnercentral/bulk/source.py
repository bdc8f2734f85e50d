"""Sources: what a run collects from, which is a catalog and a way to get at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MethodType
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import attrs

from aiopartnercentral._client import ServiceClient
from aiopartnercentral._transport.credentials import Credentials, CredentialsProvider, Role
from aiopartnercentral._utils import validators

__all__ = ["Credentials", "CredentialsProvider", "Identity", "Role", "Source", "check_sources", "identity"]

_WAYS = ("profile", "role", "credentials", "client")

_region = validators.pattern(r"[a-z0-9]+(-[a-z0-9]+)+", length=(3, 63), allowed="a region's name, such as us-east-1")

Identity: TypeAlias = tuple[int, ...]


def identity(value: object) -> Identity:
    """Return what tells an object from others while it exists; a bound method is its function and its object."""
    if isinstance(value, MethodType):
        return (id(value.__self__), id(value.__func__))
    return (id(value),)


def _endpoint(instance: object, attribute: attrs.Attribute[Any], value: str) -> None:
    validators.text(instance, attribute, value)
    parts = None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # of the address or its port
        usable = False
    if parts is None or not usable:
        raise ValueError(f"{attribute.name} must be an address that begins with http:// or https://")
    if "@" in parts.netloc:
        raise ValueError(f"{attribute.name} must not hold a user name or password")


def _of_class(cls: type, article: str) -> validators.Check:
    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, cls):
            raise TypeError(f"{attribute.name} must be {article} {cls.__name__}, not {validators.type_name(value)}")

    return check


def _callable(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, Callable):  # type: ignore[arg-type] # mypy takes it for no class
        raise TypeError(f"{attribute.name} must be an async function, not {validators.type_name(value)}")


def _default_account(source: Source) -> str:
    # Nothing has been checked yet.
    if isinstance(source.role, Role):
        return source.role.account_id
    if source.profile is not None:
        return f"profile {source.profile}"
    for way in ("credentials", "client"):
        if getattr(source, way) is not None:
            return "-".join([way, *(f"{part:x}" for part in identity(getattr(source, way)))])
    return "default"


def _default_label(source: Source) -> str:
    if isinstance(source.role, Role):
        return f"{source.role.account_id}/{source.catalog}"
    if source.profile is not None:
        return f"{source.profile}/{source.catalog}"
    if source.credentials is None and source.client is None:
        return source.catalog
    # What tells two of these apart is another in the next run; a label is the same in each.
    if source.account != _default_account(source):
        return f"{source.account}/{source.catalog}"
    return f"{'credentials' if source.client is None else 'client'}/{source.catalog}"


@attrs.frozen
class Source:
    """A catalog, and how to get at it: by at most one of `profile`, `role`, `credentials` and `client`.

    With none of them, by the usual AWS credential chain.

    Arguments:
        catalog: the catalog, `AWS` or `Sandbox`.
        profile: a profile of the AWS config files.
        role: a role to assume.
        credentials: an async function that gives credentials, when they are first needed and before they expire.
        client: a client of the caller's own, which stays open and is used as it is.
        region_name: the region, if not the service's only one.
        endpoint_url: where to send calls, if not to AWS.
        label: what the run calls the source, and no other source of the run; made of access and catalog by default.
        account: sources that name the same one share a rate limit. By default the account of the role's ARN, or what
            tells one access from another: the profile, the provider, the client.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that cannot be, or two exclude each other.
    """

    catalog: str = attrs.field(validator=validators.text)
    profile: str | None = attrs.field(default=None, kw_only=True, validator=validators.optional(validators.text))
    role: Role | None = attrs.field(default=None, kw_only=True, validator=validators.optional(_of_class(Role, "a")))
    credentials: CredentialsProvider | None = attrs.field(
        default=None, kw_only=True, repr=False, eq=identity, validator=validators.optional(_callable)
    )
    client: ServiceClient | None = attrs.field(
        default=None, kw_only=True, validator=validators.optional(_of_class(ServiceClient, "a"))
    )
    region_name: str | None = attrs.field(default=None, kw_only=True, validator=validators.optional(_region))
    endpoint_url: str | None = attrs.field(default=None, kw_only=True, validator=validators.optional(_endpoint))
    account: str = attrs.field(
        default=attrs.Factory(_default_account, takes_self=True), kw_only=True, validator=validators.text
    )
    label: str = attrs.field(
        default=attrs.Factory(_default_label, takes_self=True), kw_only=True, validator=validators.text
    )

    def __attrs_post_init__(self) -> None:
        """Check what goes together."""
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} exclude each other: a source has one way of access")
        for name in ("region_name", "endpoint_url"):
            if self.client is not None and getattr(self, name) is not None:
                raise ValueError(f"{name} and client exclude each other: a client has its own")


def check_sources(sources: str | Source | Iterable[str | Source]) -> tuple[Source, ...]:
    """Return the sources of a run; a plain catalog is accessed by the usual AWS credential chain.

    Raises:
        TypeError: one is neither a catalog nor a source.
        ValueError: there is none, or two have the same label.
    """
    if not isinstance(sources, Iterable | Source):
        raise TypeError(f"sources must be catalogs or Source objects, not {validators.type_name(sources)}")
    given = (sources,) if isinstance(sources, str | Source) else tuple(sources)
    if not given:
        raise ValueError("sources must name at least one source")
    first: dict[str, int] = {}
    checked = []
    for position, each in enumerate(given):
        if not isinstance(each, str | Source):
            raise TypeError(f"sources[{position}] must be a catalog or a Source, not {validators.type_name(each)}")
        source = each if isinstance(each, Source) else Source(each)
        if source.label in first:
            raise ValueError(
                f"sources[{first[source.label]}] and sources[{position}] have the same label {source.label!r}; "
                "give one of them another by `label`"
            )
        first[source.label] = position
        checked.append(source)
    return tuple(checked)
