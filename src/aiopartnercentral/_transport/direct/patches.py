"""Whether a tool has patched anything of botocore, aiobotocore or aiohttp that handles requests.

Tools for tracing and tests replace their functions and classes, and expect to see every request. It does not matter
which ones: anything counts that is not of these packages or of what they import. Nothing here loads them.
"""

from __future__ import annotations

import functools
import sys
from operator import is_
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["patched_in_aiohttp", "patched_in_botocore"]

_AIOHTTP = (
    *("aiohttp", "aiohttp.abc", "aiohttp.base_protocol", "aiohttp.client", "aiohttp.client_proto"),
    *("aiohttp.client_reqrep", "aiohttp.connector", "aiohttp.cookiejar", "aiohttp.helpers", "aiohttp.http_writer"),
    *("aiohttp.payload", "aiohttp.resolver", "aiohttp.streams", "aiohttp.tcp_helpers"),
)
_BOTOCORE = (
    *("aiobotocore._endpoint_helpers", "aiobotocore._helpers", "aiobotocore.awsrequest", "aiobotocore.client"),
    *("aiobotocore.context", "aiobotocore.endpoint", "aiobotocore.hooks", "aiobotocore.httpchecksum"),
    *("aiobotocore.httpsession", "aiobotocore.parsers", "aiobotocore.regions", "aiobotocore.retries.special"),
    *("aiobotocore.retries.standard", "aiobotocore.retryhandler", "aiobotocore.signers", "botocore"),
    *("botocore.auth", "botocore.awsrequest", "botocore.client", "botocore.compat", "botocore.compress"),
    *("botocore.config", "botocore.context", "botocore.endpoint", "botocore.endpoint_provider", "botocore.handlers"),
    *("botocore.history", "botocore.hooks", "botocore.httpchecksum", "botocore.httpsession", "botocore.model"),
    *("botocore.parsers", "botocore.regions", "botocore.retries.quota", "botocore.retries.special"),
    *("botocore.retries.standard", "botocore.retryhandler", "botocore.serialize", "botocore.signers"),
    *("botocore.useragent", "botocore.utils", "botocore.validate"),
)
"""The modules that handle a request. Different versions have some of them."""
_TRUSTED = (sys.stdlib_module_names - {"unittest"}) | {
    *("aiobotocore", "aiohttp", "botocore", "aiohappyeyeballs", "aioitertools", "aiosignal", "async_timeout"),
    *("attr", "attrs", "awscrt", "certifi", "dateutil", "frozenlist", "httpx", "httpx2", "jmespath", "multidict"),
    *("propcache", "typing_extensions", "urllib3", "yarl"),
}
"""The packages of what the modules define and import."""
_GENERATED = ("namedtuple_", "_cython_")
_WRAPPING = frozenset({functools.partial, functools.partialmethod, MethodType})
"""What takes the place of a function, and is none of the packages'."""
_OF_IMPORT = frozenset({"__builtins__", "__loader__", "__spec__"})

_original: dict[str, list[tuple[Any, tuple[Any, ...]]]] = {}
"""By the name of a module: its namespace and those of its classes, with the values that none of was patched."""


def patched_in_aiohttp() -> str | None:
    """Return the name of anything in aiohttp that is patched; None if nothing is, or aiohttp is not loaded."""
    return _patched(_AIOHTTP)


def patched_in_botocore() -> str | None:
    """Return the name of anything in botocore or aiobotocore that is patched; None if nothing is."""
    return _patched(_BOTOCORE)


def _patched(names: tuple[str, ...]) -> str | None:
    for name in names:
        module = sys.modules.get(name)
        known = _original.get(name)
        if module is None:
            continue
        if type(module) is not ModuleType:
            return name
        if known and known[0][0] is vars(module) and all(map(_is_unchanged, known)):
            continue
        seen = []
        for owner, prefix in _owners(module):
            members = vars(owner)
            seen.append((members, tuple(members.values())))
            for member, value in list(members.items()):
                if member not in _OF_IMPORT and _is_foreign(value):
                    return f"{prefix}.{member}"
        _original[name] = seen
    return None


def _is_unchanged(known: tuple[Any, tuple[Any, ...]]) -> bool:
    members, values = known
    return len(members) == len(values) and all(map(is_, members.values(), values))


def _owners(module: ModuleType) -> Iterator[tuple[Any, str]]:
    """Yield a module and the classes that it defines, with their names."""
    yield module, module.__name__
    for value in list(vars(module).values()):
        if issubclass(type(value), type) and value.__module__ == module.__name__:
            yield value, f"{module.__name__}.{value.__qualname__}"


def _is_foreign(value: Any) -> bool:  # noqa: ANN401 - any object may take the place of a function
    """Return whether an object is of another package than those that are trusted."""
    kind = type(value)  # which no mock pretends
    if kind is FunctionType:
        return not _is_trusted(value.__globals__.get("__name__")) or _is_foreign(vars(value).get("__wrapped__"))
    if kind is functools._lru_cache_wrapper:  # noqa: SLF001 - it has no other name
        return _is_foreign(value.__wrapped__)
    if kind in {staticmethod, classmethod}:
        return _is_foreign(value.__func__)
    if kind is property:
        return any(map(_is_foreign, (value.fget, value.fset, value.fdel)))
    if kind is ModuleType:
        return False
    is_wrapping = kind in _WRAPPING or hasattr(kind, "__wrapped__")  # older ones of wrapt pretend to be builtins
    return is_wrapping or not _is_trusted((value if issubclass(kind, type) else kind).__module__)


def _is_trusted(module: object) -> bool:
    return isinstance(module, str) and (module.partition(".")[0] in _TRUSTED or module.startswith(_GENERATED))
