"""The converters between wire forms and generated classes, and the parts that generated converters are made of.

There are two wire forms. `JsonConverter` speaks the JSON of the protocol, bytes in and out. `BotocoreConverter` speaks
the dicts that botocore takes and gives, with real datetimes and bytes, and with its marker for unknown union members.

Both are cattrs converters: a hook registered on one of them takes effect wherever its class is nested, because every
generated hook asks the converter for the hooks of its members, and cattrs forgets built hooks when one is registered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.lazy import lazily
from aiopartnercentral.shapes import JsonValue as Json

if TYPE_CHECKING:
    from aiopartnercentral.converting.converters import (
        BotocoreConverter,
        Decode,
        DecodeFactory,
        Encode,
        EncodeFactory,
        JsonConverter,
        ServiceConverter,
        install,
    )
    from aiopartnercentral.converting.decode import (
        ErrorDecoder,
        ErrorMember,
        decode_boolean,
        decode_document,
        decode_float,
        decode_integer,
        decode_object,
        decode_string,
        deferred_decoder,
        hidden_decoder,
        list_decoder,
        map_decoder,
        nullable_decoder,
        union_decoder,
        unknown_decoder,
        variant_decoder,
    )
    from aiopartnercentral.converting.encode import (
        ErrorField,
        check_class,
        deferred_encoder,
        encode_boolean,
        encode_document,
        encode_integer,
        encode_string,
        error_encoder,
        float_encoder,
        hidden_encoder,
        list_encoder,
        map_encoder,
        nullable_encoder,
        union_encoder,
        unknown_encoder,
        variant_encoder,
    )
    from aiopartnercentral.converting.failures import hook_failed, missing
    from aiopartnercentral.converting.timestamps import timestamp_encoder
    from aiopartnercentral.errors import DecodeError, EncodeError

__all__ = [
    "BotocoreConverter",
    "Decode",
    "DecodeError",
    "DecodeFactory",
    "Encode",
    "EncodeError",
    "EncodeFactory",
    "ErrorDecoder",
    "ErrorField",
    "ErrorMember",
    "Json",
    "JsonConverter",
    "ServiceConverter",
    "check_class",
    "decode_boolean",
    "decode_document",
    "decode_float",
    "decode_integer",
    "decode_object",
    "decode_string",
    "deferred_decoder",
    "deferred_encoder",
    "encode_boolean",
    "encode_document",
    "encode_integer",
    "encode_string",
    "error_encoder",
    "float_encoder",
    "hidden_decoder",
    "hidden_encoder",
    "hook_failed",
    "install",
    "list_decoder",
    "list_encoder",
    "map_decoder",
    "map_encoder",
    "missing",
    "nullable_decoder",
    "nullable_encoder",
    "timestamp_encoder",
    "union_decoder",
    "union_encoder",
    "unknown_decoder",
    "unknown_encoder",
    "variant_decoder",
    "variant_encoder",
]

_MODULES = {
    "BotocoreConverter": "converting.converters",
    "Decode": "converting.converters",
    "DecodeError": "errors",
    "DecodeFactory": "converting.converters",
    "Encode": "converting.converters",
    "EncodeError": "errors",
    "EncodeFactory": "converting.converters",
    "ErrorDecoder": "converting.decode",
    "ErrorField": "converting.encode",
    "ErrorMember": "converting.decode",
    "JsonConverter": "converting.converters",
    "ServiceConverter": "converting.converters",
    "check_class": "converting.encode",
    "decode_boolean": "converting.decode",
    "decode_document": "converting.decode",
    "decode_float": "converting.decode",
    "decode_integer": "converting.decode",
    "decode_object": "converting.decode",
    "decode_string": "converting.decode",
    "deferred_decoder": "converting.decode",
    "deferred_encoder": "converting.encode",
    "encode_boolean": "converting.encode",
    "encode_document": "converting.encode",
    "encode_integer": "converting.encode",
    "encode_string": "converting.encode",
    "error_encoder": "converting.encode",
    "float_encoder": "converting.encode",
    "hidden_decoder": "converting.decode",
    "hidden_encoder": "converting.encode",
    "hook_failed": "converting.failures",
    "install": "converting.converters",
    "list_decoder": "converting.decode",
    "list_encoder": "converting.encode",
    "map_decoder": "converting.decode",
    "map_encoder": "converting.encode",
    "missing": "converting.failures",
    "nullable_decoder": "converting.decode",
    "nullable_encoder": "converting.encode",
    "timestamp_encoder": "converting.timestamps",
    "union_decoder": "converting.decode",
    "union_encoder": "converting.encode",
    "unknown_decoder": "converting.decode",
    "unknown_encoder": "converting.encode",
    "variant_decoder": "converting.decode",
    "variant_encoder": "converting.encode",
}

if not TYPE_CHECKING:  # which would take every name for a public one
    __getattr__ = lazily(globals(), _MODULES)
