"""The changes from one service model to another, worded as in a release note.

A change is *breaking* if code that works with the package generated from the old model may fail with the new one: a
name is removed, a type changes, an optional argument becomes required, or the service rejects values that it accepted.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from .. import bindings, botocore_data, names, source
from ..build import build
from ..errors import ModelError, SourceError
from ..graph import contained
from . import pinned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ..botocore_data import Botocore
    from ..services import ServiceConfig

Model: TypeAlias = "Mapping[str, Any]"
Kind = Literal["added", "removed", "changed"]

_PARTS = frozenset({"members", "required", "enum", "member", "key", "value"})
# Of a paginator, what no code depends on.
_IDLE = frozenset({"non_aggregate_keys"})
_OF_A_SHAPE = frozenset({"document", "exception", "sparse", "union"})
# Kinds that are one type in Python; any other is one of its own.
_TYPES = {"long": "integer", "double": "float", "character": "string"}
# The names in a package that users type.
_TYPED = ("classes", "variants", "unknowns", "fields", "enum_members", "methods", "arguments")


@attrs.frozen(kw_only=True)
class Change:
    """One difference.

    Attributes:
        kind: whether it was added, removed or changed.
        what: the kind of thing: `operation`, `member`, `enum value`, or the trait's own name.
        where: the operation, the shape, or the shape and member.
        before: its value in the old model, as JSON, where that adds information.
        after: its value in the new one.
        breaking: whether existing code may fail.
    """

    kind: Kind
    what: str
    where: str
    before: Any = None
    after: Any = None
    breaking: bool = False

    def __str__(self) -> str:
        text = f"{self.kind} {self.what} {self.where}"
        return text if self.kind != "changed" else f"{text}: {_shown(self.before)} -> {_shown(self.after)}"


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def obstacle(config: ServiceConfig, models: Path, botocore: Botocore) -> str | None:
    """Return why the pinned model of a service is not compared with that of a botocore, or None if it can be.

    Raises:
        SourceError: no model is pinned.
    """
    if _release(botocore.version) < _release(pinned.botocore_of(config, models)):
        return f"{botocore.name} is older"
    return None if botocore.has(config) else f"{botocore.name} does not have {config.api_version}"


def _release(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def against(config: ServiceConfig, models: Path, botocore: Botocore) -> list[Change]:
    """Return the changes from a service's pinned model to that of a botocore.

    Raises:
        SourceError: one of the two is missing or unreadable, or is not a service model.
    """
    pairs = {}
    for kind in botocore_data.KINDS:
        new = botocore.parsed(config, kind, botocore.original(config, kind))
        pairs[kind] = (pinned.file(config, models, kind) or {}, new)
    try:
        changes = [*compare(*pairs["service-2"]), *compare_pagination(*pairs["paginators-1"])]
    except (AttributeError, LookupError, TypeError, RecursionError) as error:
        raise SourceError(f"{config.name}: a file is not a service model: {type(error).__name__}: {error}") from error
    changes += compare_names(pinned.load(config, models), source.of(botocore, config))
    if len(set(map(json.dumps, pairs["endpoint-rule-set-1"]))) > 1:
        changes.append(Change(kind="changed", what="rules", where="endpoint", before="pinned", after="installed"))
    return changes


def compare(old: Model, new: Model) -> list[Change]:
    """Return the changes between two service models (`service-2` in botocore's format, without prose)."""
    return [
        *_metadata(old.get("metadata", {}), new.get("metadata", {})),
        *_operations(old, new),
        *_shapes(old, new),
    ]


def compare_names(old: source.Source, new: source.Source) -> list[Change]:
    """Return the Python names that mean something else in the new model, as new wire names may take precedence.

    A new model that cannot be generated is a change as well.
    """
    before = names.name(build(attrs.evolve(old, config=attrs.evolve(old.config, whole=False))))
    try:
        after = names.name(build(new))
    except ModelError as error:
        return [Change(kind="added", what="what cannot be generated,", where=str(error), breaking=True)]
    changes = []
    for scope in _TYPED:
        a: Mapping[str | tuple[str, str], str] = getattr(before, scope)
        b: Mapping[str | tuple[str, str], str] = getattr(after, scope)
        for key in (key for key in a if key in b):
            if a[key] != b[key]:
                where = key if isinstance(key, str) else ".".join(key)
                change = Change(
                    kind="changed", what="Python name", where=where, before=a[key], after=b[key], breaking=True
                )
                changes.append(change)
    return changes


def compare_pagination(old: Model, new: Model) -> list[Change]:
    """Return the changes between two paginator models."""
    before, after = old.get("pagination", {}), new.get("pagination", {})
    changes = list(_added_or_removed(before, after, "pagination of"))
    for name in _in_both(before, after):
        breaking = (frozenset(before[name]) | frozenset(after[name])) - _IDLE
        changes += _traits(before[name], after[name], name, breaking=breaking)
    return changes


def _metadata(before: Model, after: Model) -> Iterator[Change]:
    breaking = frozenset({"protocol", "protocols"} if _spoken(before) != _spoken(after) else ())
    yield from _traits(before, after, "metadata", breaking=breaking)


def _spoken(metadata: Model) -> str | None:
    """Return the protocol that botocore uses for the service, or None if it supports none of the service's."""
    try:
        return bindings.protocol(metadata, "metadata").value
    except ModelError:
        return None


def _operations(old: Model, new: Model) -> Iterator[Change]:
    before, after = old["operations"], new["operations"]
    yield from _added_or_removed(before, after, "operation")
    for name in _in_both(before, after):
        for side in ("input", "output"):
            a, b = ((model[name].get(side) or {}).get("shape") for model in (before, after))
            if a != b:
                yield Change(kind="changed", what=side, where=name, before=a, after=b, breaking=True)
        errors = [{e["shape"] for e in model[name].get("errors", ())} for model in (before, after)]
        for error in sorted(errors[0] ^ errors[1]):
            yield Change(kind="added" if error in errors[1] else "removed", what="error", where=f"{name}: {error}")
        ignored = frozenset({"input", "output", "errors"})
        yield from _traits(before[name], after[name], name, ignored=ignored)
    counts = _asked_by(old), _asked_by(new)
    for shape in (shape for shape, count in counts[0].items() if count == 1 < counts[1][shape]):
        # The request's class no longer identifies the operation.
        what = "number of operations of request"
        yield Change(kind="changed", what=what, where=shape, before=1, after=counts[1][shape], breaking=True)


def _shapes(old: Model, new: Model) -> Iterator[Change]:
    before, after = old["shapes"], new["shapes"]
    has_class = {name for name, shape in before.items() if shape["type"] == "structure" or shape.get("enum")}
    for change in _added_or_removed(before, after, "shape"):
        # Other shapes have no class; a member that refers to one is a change of its own.
        yield attrs.evolve(change, breaking=change.breaking and change.where in has_class)
    sent = _reached(old, "input") | _reached(new, "input")
    received = _reached(old, "output") | _reached(new, "output")
    counts = _asked_by(old), _asked_by(new)
    for name in _in_both(before, after):
        ignored = _PARTS | {"min", "max", "pattern"}
        breaking = _OF_A_SHAPE | _breaking_facts(name, before, after)
        yield from _traits(before[name], after[name], name, ignored=ignored, breaking=breaking)
        yield from _limits(name, before[name], after[name], is_sent=name in sent)
        yield from _parts_of(name, before, after)
        is_request = counts[0][name] == 1, counts[1][name] == 1
        facts = {"is_sent": name in sent, "is_received": name in received}
        yield from _members(name, before, after, is_request=is_request, **facts)


def _breaking_facts(name: str, before: Model, after: Model) -> frozenset[str]:
    """Return which of those traits break anything here that need not: the type, and what an error is found by."""
    facts = {"type"} if _python_type(before, name) != _python_type(after, name) else set()
    codes = [model[name].get("error", {}).get("code", name) for model in (before, after)]
    return frozenset(facts | ({"error"} if codes[0] != codes[1] else set()))


def _parts_of(name: str, old: Model, new: Model) -> Iterator[Change]:
    """Yield changes of an enum's values, and of what a list or map consists of."""
    before, after = old[name], new[name]
    if after.get("enum") and not before.get("enum") and before["type"] == after["type"]:
        yield Change(kind="changed", what="type", where=name, before=before["type"], after="enum", breaking=True)
    values = before.get("enum", ()), after.get("enum", ())
    for value in dict.fromkeys((*values[0], *values[1])):
        if (value in values[0]) != (value in values[1]):
            gone = value in values[0]
            where = f"{name}: {value!r}"
            yield Change(kind="removed" if gone else "added", what="enum value", where=where, breaking=gone)
    for part in ("member", "key", "value"):
        if part in before and part in after:
            breaking = _python_type(old, before[part]["shape"]) != _python_type(new, after[part]["shape"])
            types = frozenset({"shape"} if breaking else ())
            yield from _traits(before[part], after[part], f"{name}.{part}", breaking=types)


def _limits(name: str, before: Model, after: Model, *, is_sent: bool) -> Iterator[Change]:
    for trait in ("min", "max", "pattern"):
        a, b = before.get(trait), after.get(trait)
        if a == b:
            continue
        # It is undecidable which of two patterns is narrower.
        narrower = b is not None and (a is None or trait == "pattern" or (b > a if trait == "min" else b < a))
        yield Change(kind="changed", what=trait, where=name, before=a, after=b, breaking=is_sent and narrower)


def _members(
    name: str, before: Model, after: Model, *, is_request: tuple[bool, bool], is_sent: bool, is_received: bool
) -> Iterator[Change]:
    old, new = before[name].get("members", {}), after[name].get("members", {})
    required = frozenset(before[name].get("required", ())), frozenset(after[name].get("required", ()))
    for member in (*old, *(added for added in new if added not in old)):
        where, was, must = f"{name}.{member}", member in required[0], member in required[1]
        # botocore generates an omitted idempotency token.
        made_up = [
            request and members.get(member, {}).get("idempotencyToken", False)
            for request, members in zip(is_request, (old, new), strict=True)
        ]
        given = is_sent and must and not made_up[1]
        if member not in new:
            yield Change(kind="removed", what="member", where=where, breaking=True)
        elif member not in old:
            what = "required member" if must else "member"
            yield Change(kind="added", what=what, where=where, breaking=given)
        else:
            if must != was:
                # It must be given where it could be left out; or it may be None where it never was.
                breaking = given if must else is_received
                a, b = ("required" if each else "optional" for each in (was, must))
                yield Change(kind="changed", what="presence", where=where, before=a, after=b, breaking=breaking)
            facts = {"idempotencyToken"} if given and made_up[0] else set()
            if _python_type(before, old[member]["shape"]) != _python_type(after, new[member]["shape"]):
                facts.add("shape")
            yield from _traits(old[member], new[member], where, breaking=frozenset(facts))


def _traits(
    before: Model,
    after: Model,
    where: str,
    *,
    ignored: frozenset[str] = frozenset(),
    breaking: frozenset[str] = frozenset(),
) -> Iterator[Change]:
    """Yield the traits that differ on one level."""
    for trait in sorted((before.keys() | after.keys()) - ignored):
        a, b = before.get(trait), after.get(trait)
        if a != b:
            yield Change(kind="changed", what=trait, where=where, before=a, after=b, breaking=trait in breaking)


def _added_or_removed(before: Model, after: Model, what: str) -> Iterator[Change]:
    for name in sorted(before.keys() - after.keys()):
        yield Change(kind="removed", what=what, where=name, breaking=True)
    for name in sorted(after.keys() - before.keys()):
        yield Change(kind="added", what=what, where=name)


def _in_both(before: Model, after: Model) -> Iterator[str]:
    return (name for name in before if name in after)


def _python_type(shapes: Model, name: str, within: frozenset[str] = frozenset()) -> object:
    """Return what tells Python types apart: the class of what has one, the kind of what has none."""
    shape = shapes.get(name, {"type": name})
    if shape.get("document"):
        return "document"
    if shape["type"] == "structure" or shape.get("enum") or name in within:
        return name
    parts = (shape[part]["shape"] for part in ("member", "key", "value") if part in shape)
    return _TYPES.get(shape["type"], shape["type"]), *(_python_type(shapes, part, within | {name}) for part in parts)


def _reached(model: Model, side: str) -> frozenset[str]:
    """Return the shapes that the requests or the responses are made of."""
    shapes = model["shapes"]
    roots = _ends(model, side)
    inner = {name: frozenset(_referred(shape)) & shapes.keys() for name, shape in shapes.items()}
    return contained(inner, roots & shapes.keys())


def _ends(model: Model, side: str) -> frozenset[str]:
    """Return the shapes that are whole requests or responses."""
    return frozenset(o[side]["shape"] for o in model["operations"].values() if side in o)


def _asked_by(model: Model) -> Counter[str]:
    """Return how many operations have a shape for their request."""
    return Counter(o["input"]["shape"] for o in model["operations"].values() if "input" in o)


def _referred(shape: Model) -> Iterator[str]:
    parts = (*(shape[part] for part in ("member", "key", "value") if part in shape), *shape.get("members", {}).values())
    return (part["shape"] for part in parts)
