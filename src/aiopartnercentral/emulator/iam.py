"""Which requests something is about, and what IAM would deny: by catalog, operation and account."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs


@attrs.frozen(kw_only=True)
class Scope:
    """Some of all requests; `*` and `?` stand for any characters, as in IAM.

    Arguments:
        catalog: names of catalogs; the default is any, and requests that are about no catalog.
        operation: names of operations, such as `CreateConnectionInvitation` or `Tag*`; the default is any.
        account_id: account that asks; the default is any.

    An operation without a catalog, such as StartVerification, is among them only where `catalog` is `*`.
    """

    catalog: str = "*"
    operation: str = "*"
    account_id: str = "*"

    def matches(self, catalog: str | None, operation: str, account: str) -> bool:
        """Tell whether a request is among them."""
        return (
            (self.catalog == "*" if catalog is None else fnmatchcase(catalog, self.catalog))
            and fnmatchcase(operation, self.operation)
            and fnmatchcase(account, self.account_id)
        )


@attrs.frozen(kw_only=True)
class Denial(Scope):
    """A statement that denies the requests that it matches."""
