"""The services that are generated, and facts about each that its model does not have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]
"""The checkout or, in a wheel, the package that has the models."""
IS_CHECKOUT = (ROOT / "src").is_dir()
MODELS = ROOT / "service-model"
TEXTS = ROOT / "codegen" / "texts"
_CATALOGS = ("AWS", "Sandbox")


@attrs.frozen(kw_only=True)
class TimeFilter:
    """A filter of a listing by the time at which its items were modified; no model says what a timestamp means.

    Attributes:
        member: request member that has the filter.
        bound: the member below it that takes the lower bound, or the predicate that compares with it.
        field: the value of the predicate's `Key` that stands for the time; None where `bound` is the time itself.
        all_of: the member that combines several filters, all of which must hold; None where there is one filter.
        item: the item's member that has the time.
        inclusive: whether the filter lets through an item that was modified at the lower bound itself.
    """

    member: str
    bound: str
    field: str | None = None
    all_of: str | None = None
    item: str
    inclusive: bool


@attrs.frozen(kw_only=True)
class ServiceConfig:
    """One service to generate.

    Attributes:
        name: botocore's name of the service.
        api_version: the model's version.
        package: import name of the generated package.
        root: the folder that the package is imported from.
        region: the one region that serves the API, used where the caller names none; None where many do.
        endpoint_url: the URL of its endpoint there, as botocore's rules say; None to leave it to botocore.
        fan_out: name of the request member over which paginated operations fan out; None where there is none.
        has_marker: the package has its own `py.typed` (PEP 561); otherwise the package around it has one.
        texts: TOML file with the project's own descriptions; None where it has none.
        enums: the enums whose values a string is documented to have, by its shape: a value of the first enum, alone or
            followed by a colon and a value of the next, and so on.
        values: the documented values of a string that may have others as well, by its shape.
        since: the filter by time of modification of each listing that has one, by its operation.
        created_since: the request member that filters by time of creation, of each listing that has such a filter but
            none by time of modification.
        whole: whether an unsupported operation or paginator is an error, rather than omitted.
    """

    name: str
    api_version: str
    package: str
    root: Path = ROOT / "src"
    region: str | None = None
    endpoint_url: str | None = None
    fan_out: str | None = None
    enums: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    values: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    has_marker: bool = True
    texts: Path | None = None
    since: Mapping[str, TimeFilter] = attrs.field(factory=dict)
    created_since: Mapping[str, str] = attrs.field(factory=dict)
    whole: bool = True

    @property
    def output(self) -> Path:
        """The folder that holds the generated package."""
        return self.root.joinpath(*self.package.split("."))


def _after(member: str, bound: str, item: str) -> TimeFilter:
    """Return a range filter, whose bounds AWS's documentation calls `after` and `before`: they are not included."""
    return TimeFilter(member=member, bound=bound, item=item, inclusive=False)


def _search(field: str, item: str) -> TimeFilter:
    """Return a predicate of the filter of a search."""
    return TimeFilter(
        member="Filter", bound="GreaterThanOrEquals", field=field, all_of="AndAllFilters", item=item, inclusive=True
    )


def _partner_central(
    package: str,
    api_version: str,
    *,
    name: str | None = None,
    host: str | None = None,
    fan_out: str = "Catalog",
    **facts: Any,  # noqa: ANN401 - of `ServiceConfig`
) -> ServiceConfig:
    """Return the configuration of one of the services of Partner Central, all of which are in us-east-1."""
    return ServiceConfig(
        name=f"partnercentral-{name or package}",
        api_version=api_version,
        package=f"aiopartnercentral.{package}",
        region="us-east-1",
        endpoint_url=f"https://partnercentral-{host or f'{package}.us-east-1'}.api.aws",
        fan_out=fan_out,
        has_marker=False,
        texts=TEXTS / f"{package}.toml" if IS_CHECKOUT else None,
        **facts,
    )


SERVICES = (
    _partner_central(
        "account",
        "2025-04-04",
        enums={"ConnectionTypeFilter": ("ConnectionType", "ConnectionTypeStatus")},
        values={"Catalog": _CATALOGS},
    ),
    _partner_central(
        "selling",
        "2022-07-26",
        values={"CatalogIdentifier": _CATALOGS},
        since={
            "ListOpportunities": _after("LastModifiedDate", "AfterLastModifiedDate", item="LastModifiedDate"),
            "SearchCustomerAccounts": _search("LAST_MODIFIED_DATE", item="LastModifiedDate"),
            "SearchEngagements": _search("LastModifiedAt", item="ModifiedAt"),
            "SearchOpportunities": _search("LastModifiedDate", item="LastModifiedDate"),
        },
        created_since={"ListProspectingFromEngagementTasks": "StartAfter"},
    ),
    _partner_central("benefits", "2018-05-10", values={"CatalogName": _CATALOGS}),
    _partner_central("channel", "2024-03-18", host="channel.global", fan_out="catalog", values={"Catalog": _CATALOGS}),
    _partner_central("marketing", "2026-05-31"),
    _partner_central(
        "revenue",
        "2022-07-26",
        name="revenue-measurement",
        host="prm.global",
        created_since={"ListMarketplaceRevenueShares": "CreatedAfter", "ListRevenueAttributions": "CreatedAfter"},
    ),
)
