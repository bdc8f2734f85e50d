"""Objects of generated classes as plain values and as JSON, without choosing a converter."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from aiopartnercentral._serialization.members import generated_base, package_of
from aiopartnercentral._utils.validators import type_name

if TYPE_CHECKING:
    from aiopartnercentral._serialization.converters import JsonConverter
    from aiopartnercentral.types import JsonValue


def to_dict(obj: object) -> dict[str, JsonValue]:
    """Return the JSON of an object as a dict, with the names on the wire and the tags of unions.

    `attrs.asdict` leaves out the tags. The dict has everything except `response_metadata`, sensitive values included;
    `json_converter.structure` makes an equal object of it.

    It consists of dicts, lists, strings, numbers, booleans and None. In a document or an unknown union member, a number
    that no float can hold is a `Decimal`, which `json.dumps` rejects as not JSON serializable: use `to_json`.

    Arguments:
        obj: an object of a generated class: a structure, a request, a member of a union or an error.

    Raises:
        TypeError: `obj` is of another class.
        EncodeError: a member does not match the service model.
    """
    made: dict[str, JsonValue] = _converter(obj).unstructure(obj)
    return made


def to_json(obj: object) -> bytes:
    """Return the JSON of an object as compact text in UTF-8, with every number exact; see `to_dict`."""
    return _converter(obj).dumps(obj)


def _converter(obj: object) -> JsonConverter:
    base = generated_base(type(obj))
    if base is None:
        raise TypeError(f"expected an object of a generated class, got {type_name(obj)}")
    converter: JsonConverter = import_module(f"{package_of(base)}.converters").json_converter
    return converter
