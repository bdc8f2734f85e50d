"""What IAM would deny: by catalog, operation and account."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs


@attrs.frozen(kw_only=True)
class Denial:
    """A statement that denies what it matches; `*` and `?` stand for any characters, as in IAM.

    Arguments:
        catalog: names of catalogs; the default is any, and requests that are about no catalog.
        operation: names of operations, such as `CreateConnectionInvitation` or `Tag*`; the default is any.
        account_id: account that is denied; the default is any.

    An operation without a catalog, such as StartVerification, is denied only where `catalog` is `*`.
    """

    catalog: str = "*"
    operation: str = "*"
    account_id: str = "*"

    def matches(self, catalog: str | None, operation: str, account: str) -> bool:
        """Tell whether a request is denied."""
        return (
            (self.catalog == "*" if catalog is None else fnmatchcase(catalog, self.catalog))
            and fnmatchcase(operation, self.operation)
            and fnmatchcase(account, self.account_id)
        )
