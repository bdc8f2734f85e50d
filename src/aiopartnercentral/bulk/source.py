"""Sources: a catalog, and the credentials to read it with; and the origin of what comes from one."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType, MethodType
from typing import Any, TypeAlias

import attrs

from aiopartnercentral._client import ServiceClient
from aiopartnercentral._transport import options
from aiopartnercentral._transport.credentials import Credentials, CredentialsProvider, Role, check_provider
from aiopartnercentral._transport.pickling import PickledWithoutSecrets, check_no_secrets
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.validators import optional
from aiopartnercentral.errors import CredentialsError
from aiopartnercentral.types.mixins import Shown

__all__ = [
    "Credentials",
    "CredentialsProvider",
    "Identity",
    "Origin",
    "Role",
    "Source",
    "check_sources",
    "identity",
    "stand_in",
]

_READ_FILE = "load_sources(path) returns the sources of a file"
_WAYS = ("profile", "role", "credentials", "client")

Identity: TypeAlias = tuple[int, ...]


def identity(value: object) -> Identity:
    """Return what identifies an object while it exists; for a bound method, its object and its function."""
    if isinstance(value, MethodType):
        return (id(value.__self__), id(value.__func__))
    return (id(value),)


def _default_account(source: Source) -> str:
    # attrs computes defaults before it validates.
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
    # Labels must be the same in every run, but the identity of an object is not.
    if source.account != _default_account(source):
        return f"{source.account}/{source.catalog}"
    return f"{'credentials' if source.client is None else 'client'}/{source.catalog}"


@attrs.frozen(repr=False)
class Source(Shown, PickledWithoutSecrets):
    """A catalog, and the credentials to read it with: at most one of `profile`, `role`, `credentials` and `client`.

    Without any of them, the default credential provider chain is used. It can be pickled if it has no secret.

    Arguments:
        catalog: the catalog, `AWS` or `Sandbox`.
        profile: a profile of the AWS config files.
        role: a role to assume.
        credentials: an async function that returns credentials; it is called when they are first needed and before they
            expire.
        client: an open client to use; it is not closed.
        region_name: the AWS region; by default the service's only one.
        endpoint_url: URL to send requests to instead of AWS.
        label: the name of the source, unique in the run; by default made from its credentials and catalog.
        account: sources with the same account share a rate limit. By default it is the account of the role's ARN, or
            else the profile, the provider or the client.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that is not allowed, or two arguments exclude each other.
    """

    catalog: str = attrs.field(validator=validators.text)
    profile: str | None = attrs.field(default=None, kw_only=True, validator=optional(validators.text))
    role: Role | None = attrs.field(default=None, kw_only=True, validator=optional(validators.instance_of(Role)))
    credentials: CredentialsProvider | None = attrs.field(
        default=None,
        kw_only=True,
        repr=False,
        eq=identity,
        validator=optional(check_provider),
    )
    client: ServiceClient | None = attrs.field(
        default=None, kw_only=True, validator=optional(validators.instance_of(ServiceClient))
    )
    region_name: str | None = attrs.field(default=None, kw_only=True, validator=optional(options.region_name))
    endpoint_url: str | None = attrs.field(default=None, kw_only=True, validator=optional(options.endpoint_url))
    account: str = attrs.field(
        default=attrs.Factory(_default_account, takes_self=True), kw_only=True, validator=validators.text
    )
    label: str = attrs.field(
        default=attrs.Factory(_default_label, takes_self=True), kw_only=True, validator=validators.text
    )

    def __attrs_post_init__(self) -> None:
        """Refuse arguments that exclude each other."""
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} exclude each other: a source has one kind of credentials")
        for name in ("region_name", "endpoint_url"):
            if self.client is not None and getattr(self, name) is not None:
                raise ValueError(f"{name} and client exclude each other: the client has its own {name}")

    def _check_pickled(self) -> None:
        check_no_secrets(
            f"source {self.label}",
            external_id=None if self.role is None else self.role.external_id,
            credentials=None if isinstance(self.credentials, _NotPickled) else self.credentials,
            client=self.client,
        )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Origin(Shown):
    """One source and one of the listings that are collected from it.

    Attributes:
        source: the source.
        service: the service's name, such as `partnercentral-account`.
        listing: the listing's name; by default the operation's wire name.
        operation: the operation's wire name, such as `ListConnections`.
        parent: for an item of a nested listing, the request members that its parent gave, such as
            `{"identifier": "eng-12345678901234"}`; None for any other item, and in reports.
    """

    source: Source
    service: str
    listing: str
    operation: str
    parent: Mapping[str, str] | None = attrs.field(default=None, repr=False)
    _whole: Origin | None = attrs.field(default=None, repr=False, alias="whole")

    @property
    def label(self) -> str:
        """The source's label."""
        return self.source.label

    @property
    def catalog(self) -> str:
        """The source's catalog."""
        return self.source.catalog

    @property
    def account(self) -> str:
        """The account whose limits the source shares."""
        return self.source.account

    @property
    def without_parent(self) -> Origin:
        """The origin without the parent, which is the key in reports."""
        return self if self._whole is None else self._whole

    def with_parent(self, parent: Mapping[str, str]) -> Origin:
        """Return the origin of the items of one parent."""
        return attrs.evolve(self, parent=MappingProxyType(dict(parent)), whole=self.without_parent)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without credentials and without the parent."""
        return {
            "label": self.label,
            "catalog": self.catalog,
            "account": self.account,
            "service": self.service,
            "listing": self.listing,
            "operation": self.operation,
        }

    def __str__(self) -> str:
        return f"{self.label} {self.listing}"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle it without secrets, as a part of a report; its source may no longer be usable."""
        parent = None if self.parent is None else dict(self.parent)
        return _origin, (_without_secrets(self.source), self.service, self.listing, self.operation, parent)


def _origin(
    source: Source, service: str, listing: str, operation: str, parent: Mapping[str, str] | None = None
) -> Origin:
    origin = Origin(source=source, service=service, listing=listing, operation=operation)
    return origin if parent is None else origin.with_parent(parent)


@attrs.frozen
class _NotPickled:
    """Stands for what gave the credentials of a pickled source, so that no others are used instead."""

    name: str

    async def __call__(self) -> Credentials:
        raise CredentialsError(f"{self.name} was not pickled with the report")


def stand_in(catalog: str, *, label: str, account: str) -> Source:
    """Return the source of a report that was read from a file: it has no credentials."""
    return Source(catalog, credentials=_NotPickled("the source"), label=label, account=account)


def _without_secrets(source: Source) -> Source:
    if source.client is not None:
        return attrs.evolve(source, client=None, credentials=_NotPickled("the client"))
    function = source.credentials
    if function is not None and not isinstance(function, _NotPickled):
        name = getattr(function, "__qualname__", type(function).__qualname__)
        return attrs.evolve(source, credentials=_NotPickled(name))
    if source.role is not None and source.role.external_id is not None:
        return attrs.evolve(source, role=attrs.evolve(source.role, external_id=None))
    return source


def check_sources(sources: str | Source | Iterable[str | Source]) -> tuple[Source, ...]:
    """Return the sources of a run; a plain catalog is read with the default credential provider chain.

    Raises:
        TypeError: an item is neither a catalog nor a source, or `sources` is a mapping.
        ValueError: there are no sources, two have the same label, or one is the path of a file.
    """
    if isinstance(sources, Mapping):  # whose keys would be taken for catalogs, without the credentials of its values
        raise TypeError(
            "sources must be catalogs or Source objects, not a mapping: pass a list of its values, such as "
            '[Source("AWS", profile="ada", label="ada")]'
        )
    if not isinstance(sources, Iterable | Source):
        hint = f": {_READ_FILE}" if isinstance(sources, os.PathLike) else ""
        raise TypeError(f"sources must be catalogs or Source objects, not {validators.type_name(sources)}{hint}")
    given = (sources,) if isinstance(sources, str | Source) else tuple(sources)
    if not given:
        raise ValueError("sources must name at least one source")
    first: dict[str, int] = {}
    checked = []
    for position, each in enumerate(given):
        if not isinstance(each, str | Source):
            raise TypeError(f"sources[{position}] must be a catalog or a Source, not {validators.type_name(each)}")
        if isinstance(each, str) and each.casefold().endswith(".toml"):
            raise ValueError(f"{each!a} is the name of a file, not a catalog: {_READ_FILE}")
        source = each if isinstance(each, Source) else Source(each)
        if source.label in first:
            raise ValueError(
                f"sources[{first[source.label]}] and sources[{position}] have the same label {source.label!r}; "
                "give one of them another `label`"
            )
        first[source.label] = position
        checked.append(source)
    return tuple(checked)
