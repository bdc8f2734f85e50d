"""The converters between wire forms and generated classes, and the parts that generated converters are made of.

There are two wire forms. `JsonConverter` speaks the JSON of the protocol, bytes in and out. `BotocoreConverter` speaks
the dicts that botocore takes and gives, with real datetimes and bytes, and with its marker for unknown union members.

Both are cattrs converters: a hook registered on one of them takes effect wherever its class is nested, because every
generated hook asks the converter for the hooks of its members, and cattrs forgets built hooks when one is registered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral._serialization.conversion_errors import (
        hook_failed as hook_failed,
        missing as missing,
    )
    from aiopartnercentral._serialization.converters import (
        BotocoreConverter as BotocoreConverter,
        Decode as Decode,
        DecodeFactory as DecodeFactory,
        Encode as Encode,
        EncodeFactory as EncodeFactory,
        JsonConverter as JsonConverter,
        ServiceConverter as ServiceConverter,
        install as install,
    )
    from aiopartnercentral._serialization.decode import (
        ErrorDecoder as ErrorDecoder,
        ErrorMember as ErrorMember,
        decode_boolean as decode_boolean,
        decode_document as decode_document,
        decode_float as decode_float,
        decode_integer as decode_integer,
        decode_object as decode_object,
        decode_string as decode_string,
        deferred_decoder as deferred_decoder,
        hidden_decoder as hidden_decoder,
        list_decoder as list_decoder,
        map_decoder as map_decoder,
        nullable_decoder as nullable_decoder,
        union_decoder as union_decoder,
        unknown_decoder as unknown_decoder,
        variant_decoder as variant_decoder,
    )
    from aiopartnercentral._serialization.encode import (
        ErrorField as ErrorField,
        check_class as check_class,
        deferred_encoder as deferred_encoder,
        encode_boolean as encode_boolean,
        encode_document as encode_document,
        encode_integer as encode_integer,
        encode_string as encode_string,
        error_encoder as error_encoder,
        float_encoder as float_encoder,
        hidden_encoder as hidden_encoder,
        list_encoder as list_encoder,
        map_encoder as map_encoder,
        nullable_encoder as nullable_encoder,
        union_encoder as union_encoder,
        unknown_encoder as unknown_encoder,
        variant_encoder as variant_encoder,
    )
    from aiopartnercentral._serialization.timestamps import timestamp_encoder as timestamp_encoder
    from aiopartnercentral.errors import (
        DecodeError as DecodeError,
        EncodeError as EncodeError,
    )
    from aiopartnercentral.types import JsonValue as JsonValue
else:
    __getattr__, __dir__ = lazy_imports(globals())
