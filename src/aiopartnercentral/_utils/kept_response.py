"""A response that an error keeps for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping


@attrs.frozen
class KeptResponse:
    """A response whose body and headers no repr shows, as they may be sensitive."""

    body: bytes | None = attrs.field(repr=False)
    http_status: int
    http_headers: Mapping[str, str] = attrs.field(repr=False)
