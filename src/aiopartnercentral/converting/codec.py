"""How one client converts: by the fast functions alone until there is a converter, which may have hooks."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from aiopartnercentral.converting.decode import ErrorDecoder

if TYPE_CHECKING:
    from aiopartnercentral.converting.converters import BotocoreConverter, JsonConverter
    from aiopartnercentral.converting.fast import Fast
    from aiopartnercentral.errors import ServiceError
    from aiopartnercentral.shapes import JsonValue


class Codec:
    """Encodes the requests and decodes the responses of one client.

    A service's shared converters are built when somebody names them, or when there is something here that the fast
    functions are not sure of. Until then nobody can have added a hook to them.
    """

    def __init__(
        self, fast: Fast, *, json: JsonConverter | None = None, botocore: BotocoreConverter | None = None
    ) -> None:
        """Convert by the given converters, or by the service's shared ones."""
        self._fast = fast
        self._given = {"json_converter": json, "botocore_converter": botocore}

    @property
    def json(self) -> JsonConverter:
        """The converter of responses."""
        converter: JsonConverter = self._existing("json_converter") or self._shared().json_converter
        return converter

    @property
    def botocore(self) -> BotocoreConverter:
        """The converter of requests."""
        converter: BotocoreConverter = self._existing("botocore_converter") or self._shared().botocore_converter
        return converter

    def encode(self, request: object, cls: type) -> JsonValue:
        """Encode a request of the class into botocore's parameters.

        Raises:
            EncodeError: a member is not what the service model says, or botocore cannot send it.
            Exception: whatever a hook raises.
        """
        fast = self._fast.encoder(cls) if self._existing("botocore_converter") is None else None
        if fast is not None:
            # What it is not sure of, the converter encodes or reports.
            with suppress(Exception):
                return fast(request)
        return self.botocore.params(request, cls)

    def decode(self, body: bytes, cls: type) -> Any:  # noqa: ANN401 - a hook may make anything of it
        """Decode a body into an object of the class.

        Raises:
            DecodeError: the body is no JSON, or its value is not what the service model says.
            Exception: whatever a hook raises.
        """
        fast = self._fast.decoder(cls) if self._existing("json_converter") is None else None
        if fast is not None:
            with suppress(Exception):
                return fast(body)
        return self.json.loads(body, cls)

    @property
    def decodes_by_hooks_of_others(self) -> bool:
        """Whether a hook that was not generated may take part, which may want to be called where the caller is."""
        converter = self._existing("json_converter")
        return converter is not None and converter.has_own_hooks

    def error_decoder(self, cls: type[ServiceError], *, of_json: bool) -> ErrorDecoder:
        """Return the generated decoder of an error class; its members go by the converter's hooks, itself by none."""
        converter = self.json if of_json else self.botocore
        hook = converter.get_structure_hook(cls)
        if isinstance(hook, ErrorDecoder):
            return hook
        decoder: ErrorDecoder = self._shared().DECODERS[cls](converter)
        return decoder

    def _existing(self, name: str) -> Any:  # noqa: ANN401 - one of the converters
        return self._given[name] or getattr(sys.modules.get(self._module), name, None)

    def _shared(self) -> Any:  # noqa: ANN401 - a module
        return import_module(self._module)

    @property
    def _module(self) -> str:
        return f"{self._fast.package}.converters"
