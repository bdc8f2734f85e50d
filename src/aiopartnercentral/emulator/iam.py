"""Filters of requests by service, catalog, operation and account, and the denials of an IAM policy."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

import attrs

from aiopartnercentral._utils import validators

ACCOUNT_ID: Final = "[0-9]{12}"
"""The pattern of an AWS account id."""

account_id: Final = validators.pattern(ACCOUNT_ID, "twelve digits")


@attrs.frozen(kw_only=True)
class RequestFilter:
    """Selects requests; `*` and `?` are wildcards, as in IAM.

    Arguments:
        catalog: names of catalogs; by default any, including requests without a catalog.
        operation: names of operations, such as `CreateConnectionInvitation` or `Tag*`; by default any.
        account_id: the account that sends the request; by default any.
        service: names of services, such as `partnercentral-selling`; by default any.

    Requests without a catalog, such as StartVerification, match only if `catalog` is `*`.

    Raises:
        TypeError: an argument is not a string.
    """

    catalog: str = attrs.field(default="*", validator=validators.any_text)
    operation: str = attrs.field(default="*", validator=validators.any_text)
    account_id: str = attrs.field(default="*", validator=validators.any_text)
    service: str = attrs.field(default="*", validator=validators.any_text)

    def matches(self, service: str, catalog: str | None, operation: str, account: str) -> bool:
        """Return whether a request is selected."""
        return (
            (self.catalog == "*" if catalog is None else fnmatchcase(catalog, self.catalog))
            and fnmatchcase(operation, self.operation)
            and fnmatchcase(account, self.account_id)
            and fnmatchcase(service, self.service)
        )


@attrs.frozen(kw_only=True)
class Denial(RequestFilter):
    """A deny statement of an IAM policy: the requests that it matches get an AccessDeniedException."""
