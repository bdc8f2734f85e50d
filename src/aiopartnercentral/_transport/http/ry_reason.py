"""The reasons of ry's errors, which it prints as Rust's debug text: `Custom { kind: InvalidData, error: ... }`."""

from __future__ import annotations

import re

__all__ = ["reason"]

_WRAPPERS = re.compile(
    r"(?:hyper_util::client::legacy::Error\((?:\w+, )?"
    r"|hyper::Error\((?:\w+, )?"
    r'|reqwest::Error \{ kind: \w+, (?:url: "[^"]*", )?source: '
    r"|Custom \{ kind: \w+, error: "
    r"|Os \{ code: -?\d+, kind: \w+, message: "
    r'|ConnectError\("[^"]*", (?:\S+, )?'
    r"|ConnectFailed\("
    r"|DnsError \{ inner: )*"
)
"""What the Rust libraries put around the reason of an error."""
_NAME = re.compile(r"\w+")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WITHOUT_MEANING = frozenset({"Other", "OtherError"})


def reason(text: str) -> str:
    """Return the innermost reason of an error, in words, such as `invalid certificate: unknown issuer`.

    The names are those of the Rust libraries. Values, such as the names in a certificate, are left out.

    Arguments:
        text: the debug text; what is not understood is returned unchanged.
    """
    wrapped = _WRAPPERS.match(text)
    rest = text[wrapped.end() :] if wrapped else text
    parts: list[str] = []
    while rest:
        if string := _STRING.match(rest):
            parts.append(re.sub(r"\\(.)", r"\1", string[1]))
            break
        name = _NAME.match(rest)
        if name is None:
            break
        rest = rest[name.end() :]
        if name[0] not in _WITHOUT_MEANING:
            parts.append(_words(name[0].removesuffix("Context") if rest.startswith(" {") else name[0]))
        if not rest.startswith("("):
            break
        rest = rest[1:]
    return ": ".join(parts) or text


def _words(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
