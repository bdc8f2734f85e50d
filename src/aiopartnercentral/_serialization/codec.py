"""Converts for one client: with fast functions or converters, and large bodies off the event loop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple, Unpack

from aiopartnercentral._utils.loading import load_in_this_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from anyio import CapacityLimiter

    from aiopartnercentral._serialization.converters import BotocoreConverter, JsonConverter
    from aiopartnercentral._serialization.fast import Fast
    from aiopartnercentral._serialization.hooks import ErrorDecoder
    from aiopartnercentral.errors import ServiceError
    from aiopartnercentral.types import JsonValue

T = TypeVar("T")
ArgumentsT = TypeVarTuple("ArgumentsT")

_LONGEST_IN_THE_LOOP = 128 * 1024  # bytes: about 0.7 ms of decoding


class Codec:
    """Encodes the requests and decodes the responses of one client.

    A service's shared converters are imported when a user imports them, or when the fast functions fall back to them.
    Until then, they cannot have a user's hook.
    """

    def __init__(
        self, fast: Fast, *, json: JsonConverter | None = None, botocore: BotocoreConverter | None = None
    ) -> None:
        """Convert with the given converters; by default with the service's shared ones."""
        self._fast = fast
        self._shared = f"{fast.package}.converters"
        self._given = {"json_converter": json, "botocore_converter": botocore}
        self._threads: CapacityLimiter | None = None

    async def json(self) -> JsonConverter:
        """Return the converter of responses."""
        converter: JsonConverter = await self._converter("json_converter")
        return converter

    async def botocore(self) -> BotocoreConverter:
        """Return the converter of botocore's dicts."""
        converter: BotocoreConverter = await self._converter("botocore_converter")
        return converter

    async def encode(self, request: object, cls: type) -> JsonValue:
        """Encode a request of the class into botocore's parameters.

        Raises:
            EncodeError: a member does not match the service model, or botocore cannot send it.
            Exception: an error of a hook.
        """
        if self._existing("botocore_converter") is None and (params := self._fast.encode(request, cls)) is not None:
            return params
        return (await self.botocore()).params(request, cls)

    async def decode(self, body: bytes, cls: type) -> Any:  # noqa: ANN401 - a hook may make anything of it
        """Decode a body into an object of the class.

        Raises:
            DecodeError: the body is not JSON, or does not match the service model.
            Exception: an error of a hook.
        """
        if self._existing("json_converter") is None:
            response = await self.off_the_event_loop(self._fast.decode, body, cls)
            if response is not None:
                return response
        converter = await self.json()
        return await self.off_the_event_loop(converter.loads, body, cls)

    async def decode_cbor(self, body: bytes, cls: type) -> Any:  # noqa: ANN401 - as above
        """Decode a CBOR body into an object of the class; hooks get the JSON that stands for it.

        Raises:
            DecodeError: the body is not CBOR, or does not match the service model.
            Exception: an error of a hook.
        """
        converter = self._existing("json_converter")
        if converter is None or not converter.has_own_hooks:
            response = await self.off_the_event_loop(self._fast.decode_cbor, body, cls)
            if response is not None:
                return response
        return await self.decode(await self.json_of(body), cls)

    async def json_of(self, body: bytes) -> bytes:
        """Return the JSON that stands for a CBOR body.

        Raises:
            DecodeError: the body is not CBOR.
        """
        from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - few services speak CBOR

        return await self.off_the_event_loop(cbor.to_json, body)

    async def structure(self, parsed: Mapping[str, Any], cls: type) -> Any:  # noqa: ANN401 - as above
        """Convert botocore's parsed response to an object of the class."""
        converter = await self.botocore()
        return converter.get_structure_hook(cls)(dict(parsed), cls)

    async def error_decoder(self, cls: type[ServiceError], *, of_json: bool) -> ErrorDecoder:
        """Return the decoder of an error class, which uses hooks for its members and none for the class itself."""
        converter = await self._converter("json_converter" if of_json else "botocore_converter")
        # The converter has imported it already.
        from aiopartnercentral._serialization.hooks import ErrorDecoder, error_decoder  # noqa: PLC0415

        hook = converter.get_structure_hook(cls)
        return hook if isinstance(hook, ErrorDecoder) else error_decoder(cls, converter)

    async def off_the_event_loop(
        self, convert: Callable[[bytes, Unpack[ArgumentsT]], T], body: bytes, *args: *ArgumentsT
    ) -> T:
        """Convert a body, in a thread if it is so large that it would block the event loop for too long.

        With users' hooks, a body of any size is converted in the caller's thread and context, which they may need.
        """
        converter = self._existing("json_converter")
        if len(body) <= _LONGEST_IN_THE_LOOP or (converter is not None and converter.has_own_hooks):
            return convert(body, *args)
        return await self._in_thread(convert, body, *args)

    async def _in_thread(self, function: Callable[[Unpack[ArgumentsT]], T], *args: *ArgumentsT) -> T:
        from anyio import CapacityLimiter, to_thread  # noqa: PLC0415 - rarely needed

        if self._threads is None:
            # Not anyio's default limiter: all of its threads may be waiting for calls of this client.
            self._threads = CapacityLimiter(1)
        return await to_thread.run_sync(function, *args, limiter=self._threads)

    async def _converter(self, name: str) -> Any:  # noqa: ANN401 - one of the converters
        converter = self._existing(name)
        if converter is None:  # importing them takes a tenth of a second, which would block the event loop
            converter = getattr(await self._in_thread(load_in_this_thread, self._shared), name)
        return converter

    def _existing(self, name: str) -> Any:  # noqa: ANN401 - one of the converters, or None
        return self._given[name] or getattr(sys.modules.get(self._shared), name, None)
