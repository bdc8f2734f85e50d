"""Converters between generated classes and two representations: the protocol's JSON bytes, and botocore's dicts.

`JsonConverter` decodes and encodes the JSON. `BotocoreConverter` decodes and encodes botocore's dicts, which have
datetimes, bytes and a marker for unknown union members.

Both are cattrs converters. A hook registered on one of them takes effect wherever its class is nested, because every
hook made here gets the hooks of its members from the converter, and cattrs drops cached hooks when one is registered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral._serialization.converters import (
        BotocoreConverter as BotocoreConverter,
        JsonConverter as JsonConverter,
    )
    from aiopartnercentral._serialization.fast import Fast as Fast
    from aiopartnercentral._serialization.members import (
        Facts as Facts,
        camel_case as camel_case,
        pascal_case as pascal_case,
    )
    from aiopartnercentral._serialization.service_converter import ServiceConverter as ServiceConverter
else:
    __getattr__, __dir__ = lazy_imports(globals())
