"""One text for the errors of many sources that differ only in ARNs and account ids, with `*` for what differs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

__all__ = ["common_texts"]

_NAME: Final = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d{12}:[\w+=,.@/*-]*[\w+=@/*-]|\b\d{12}\b")
_CUT: Final = "..."
"""The end of a text that `one_line` has cut."""
_INCOMPLETE: Final = re.compile(r"(?:arn:\S*|\d+)\.\.\.\Z")
_ARN_FIELDS: Final = 6


def common_texts(texts: Iterable[str]) -> dict[str, str]:
    """Return the text to show for each text; those that differ only in ARNs and account ids have the same one.

    A text that is like no other is shown as it is. In a common text, a part of an ARN that differs is a `*`, as in
    `role arn:aws:iam::*:role/partners cannot be assumed`. Where texts of different lengths were cut, only the part that
    all of them have is compared.
    """
    alike: dict[str, list[str]] = {}
    for text in dict.fromkeys(texts):
        frame = _frame(text)
        found = frame if frame in alike else next((other for other in alike if _differ_in_cut(frame, other)), frame)
        alike.setdefault(found, []).append(text)
    return {text: shown for every in alike.values() for shown in (_common(every),) for text in every}


def _frame(text: str) -> str:
    """Return a text without its ARNs and account ids."""
    return _NAME.sub("\0", _complete(text))


def _complete(text: str) -> str:
    """Return a text without an ARN or a number at its end that was cut."""
    return _INCOMPLETE.sub(_CUT, text)


def _differ_in_cut(one: str, other: str) -> bool:
    return any(
        cut.endswith(_CUT) and whole.startswith(cut.removesuffix(_CUT)) for cut, whole in ((one, other), (other, one))
    )


def _common(texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    shown = _complete(max(texts, key=lambda text: len(_frame(text))))
    names: list[list[str]] = [_NAME.findall(_complete(text)) for text in texts]
    own: list[str] = _NAME.findall(shown)
    patterns: dict[str, str] = {}
    for number, name in enumerate(own):
        pattern = _pattern({each[number] for each in names if len(each) > number})
        # A later occurrence may be cut off in the other texts.
        patterns[name] = patterns.get(name, name) if pattern == name else pattern
    return _NAME.sub(lambda found: patterns[found[0]], shown)


def _pattern(names: Collection[str]) -> str:
    """Return ARNs or account ids as one, with `*` for each part in which they differ."""
    fields = [name.split(":", _ARN_FIELDS - 1) for name in names]
    if len(names) > 1 and any(len(each) < _ARN_FIELDS for each in fields):
        return "*"
    *first, resources = [set(each) for each in zip(*fields, strict=True)]
    return ":".join([*map(_field, first), _resource(resources)])


def _resource(resources: Collection[str]) -> str:
    paths = [resource.split("/") for resource in resources]
    if len({len(path) for path in paths}) == 1:
        return "/".join(_field(set(each)) for each in zip(*paths, strict=True))
    kinds = {path[0] for path in paths}
    return f"{kinds.pop()}/*" if len(kinds) == 1 else "*"


def _field(values: Collection[str]) -> str:
    return next(iter(values)) if len(values) == 1 else "*"
