"""The converters between wire forms and generated classes, and the parts that generated converters are made of.

There are two wire forms. `JsonConverter` speaks the JSON of the protocol, bytes in and out. `BotocoreConverter` speaks
the dicts that botocore takes and gives, with real datetimes and bytes, and with its marker for unknown union members.

Both are cattrs converters: a hook registered on one of them takes effect wherever its class is nested, because every
generated hook asks the converter for the hooks of its members, and cattrs forgets built hooks when one is registered.
"""

from aiopartnercentral.converting.converters import (
    BotocoreConverter,
    Decode,
    DecodeFactory,
    Encode,
    EncodeFactory,
    FastDecoders,
    JsonConverter,
    ServiceConverter,
    install,
)
from aiopartnercentral.converting.decode import (
    ErrorDecoder,
    ErrorMember,
    decode_boolean,
    decode_float,
    decode_integer,
    decode_object,
    decode_string,
    deferred_decoder,
    list_decoder,
    map_decoder,
    union_decoder,
    unknown_decoder,
    variant_decoder,
)
from aiopartnercentral.converting.encode import (
    ErrorField,
    check_class,
    deferred_encoder,
    encode_boolean,
    encode_float,
    encode_integer,
    encode_string,
    error_encoder,
    list_encoder,
    map_encoder,
    union_encoder,
    unknown_encoder,
    variant_encoder,
)
from aiopartnercentral.converting.failures import hook_failed, missing
from aiopartnercentral.errors import DecodeError, EncodeError
from aiopartnercentral.shapes import JsonValue as Json

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
    "FastDecoders",
    "Json",
    "JsonConverter",
    "ServiceConverter",
    "check_class",
    "decode_boolean",
    "decode_float",
    "decode_integer",
    "decode_object",
    "decode_string",
    "deferred_decoder",
    "deferred_encoder",
    "encode_boolean",
    "encode_float",
    "encode_integer",
    "encode_string",
    "error_encoder",
    "hook_failed",
    "install",
    "list_decoder",
    "list_encoder",
    "map_decoder",
    "map_encoder",
    "missing",
    "union_decoder",
    "union_encoder",
    "unknown_decoder",
    "unknown_encoder",
    "variant_decoder",
    "variant_encoder",
]
