"""The fast path of one service: functions that convert common values, made when a class is first converted.

They convert the JSON types of the model, one known member in a union, timestamps in the one form that the service
writes. For anything else they raise an exception, and a converter converts the value or reports the error. So nothing
here explains an error, and nothing is lenient.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from aiopartnercentral._serialization.members import Facts, generated_base, package_of
from aiopartnercentral.types import Structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._serialization.fast_decode import Decoders
    from aiopartnercentral.types import JsonValue

    Decode = Callable[[bytes | str], Any]
    DecodeCbor = Callable[[bytes], Any]
    Encode = Callable[[Any], dict[str, JsonValue]]

# msgspec completes a class when the first decoder of it is made, and crashes if two threads do so at once.
_MAKING_A_DECODER = Lock()


@attrs.define(eq=False, slots=False)
class Fast:
    """The fast functions of one service.

    Attributes:
        package: the import name of the generated package.
        facts: the facts of its model that its classes do not show.
    """

    package: str
    facts: Facts = attrs.field(factory=Facts, repr=False)
    # None for a class that only the converters convert.
    _decoders: dict[type, Decode | None] = attrs.field(factory=dict, init=False, repr=False)
    _cbor_decoders: dict[type, DecodeCbor | None] = attrs.field(factory=dict, init=False, repr=False)
    _encoders: dict[type, Encode | None] = attrs.field(factory=dict, init=False, repr=False)
    _made: Decoders | None = attrs.field(default=None, init=False, repr=False)

    def decode(self, data: bytes | str, cls: object) -> Any:  # noqa: ANN401 - an object of the class
        """Decode JSON text into an object of the class; returns None if a converter must decode or report it."""
        decode = self.decoder(cls)
        try:
            return None if decode is None else decode(data)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def decode_cbor(self, data: bytes, cls: type) -> Any:  # noqa: ANN401 - as above
        """Decode CBOR into an object of the class; returns None if a converter must decode or report it."""
        if cls not in self._cbor_decoders:
            self._cbor_decoders[cls] = self._make_cbor_decoder(cls)
        decode = self._cbor_decoders[cls]
        try:
            return None if decode is None else decode(data)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def encode(self, request: object, cls: type) -> dict[str, JsonValue] | None:
        """Encode a request into botocore's parameters; returns None if a converter must encode or report it."""
        encode = self.encoder(cls) if type(request) is cls else None
        try:
            return None if encode is None else encode(request)
        except Exception:  # noqa: BLE001 - a converter must decide
            return None

    def decoder(self, cls: object) -> Decode | None:
        """Return the function that decodes JSON text into an object of the class, if there is one."""
        if not isinstance(cls, type):
            return None
        if cls not in self._decoders:
            self._decoders[cls] = self._make_decoder(cls)
        return self._decoders[cls]

    def encoder(self, cls: type) -> Encode | None:
        """Return the function that encodes an object of the class into botocore's parameters, if there is one."""
        if cls not in self._encoders:
            self._encoders[cls] = self._make_encoder(cls)
        return self._encoders[cls]

    def _make_decoder(self, cls: type) -> Decode | None:
        made = self._make(cls)
        if made is None:
            return None
        parse, _, convert = made

        def decode(data: bytes | str) -> Any:  # noqa: ANN401 - an object of the class
            if not data.isascii() and not isinstance(data, str):
                data.decode()  # checks UTF-8 in members that msgspec skips
            return convert(parse(data))

        return decode

    def _make_cbor_decoder(self, cls: type) -> DecodeCbor | None:
        made = self._make(cls)
        if made is None:
            return None
        from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - few services speak CBOR

        _, wire, convert = made
        parse = cbor.decoder(wire)
        return lambda data: convert(parse(data))

    def _make(self, cls: type) -> tuple[Decode, type, Callable[[Any], Any]] | None:
        """Return what parses the JSON of a class, its wire class and its function; None if there cannot be any."""
        if not self._is_ours(cls):
            return None
        from aiopartnercentral._serialization import fast_decode  # noqa: PLC0415 - no import waits for what a call needs
        from aiopartnercentral._serialization.wire_classes import UnusualError  # noqa: PLC0415 - as above

        with _MAKING_A_DECODER:
            if self._made is None:
                self._made = fast_decode.Decoders(is_cbor=self.facts.is_cbor)
            try:
                wire, convert = self._made.of(cls)
            except UnusualError:
                return None
            return msgspec.json.Decoder(wire).decode, wire, convert

    def _make_encoder(self, cls: type) -> Encode | None:
        if not self._is_ours(cls):
            return None
        from aiopartnercentral._serialization import fast_encode  # noqa: PLC0415 - as above

        return fast_encode.encoder(cls, is_botocore=True)

    def _is_ours(self, cls: type) -> bool:
        """Return whether a class is a structure of the package, and not derived from one."""
        return issubclass(cls, Structure) and generated_base(cls) is cls and package_of(cls) == self.package
