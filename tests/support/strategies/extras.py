"""The oddities that a drawn wire value may contain besides what the model asks for."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Extras:
    """Which oddities may be mixed into a value; every one of them is something a decoder has to tolerate.

    Arguments:
        unknown_members: structure members that the model does not have, with any JSON value.
        unknown_union_members: unions whose one member has an unknown tag, with any JSON value but null.
        unknown_enum_values: strings outside an enum, as values and as map keys.
        nulls: explicit nulls for absent optional members, beside a union's member, and as map values.
        type_markers: `__type` beside the members of structures and unions.
        timestamp_forms: timestamps in every form that a server may choose, not only the one a client sends.
    """

    unknown_members: bool = False
    unknown_union_members: bool = False
    unknown_enum_values: bool = False
    nulls: bool = False
    type_markers: bool = False
    timestamp_forms: bool = False


CANONICAL = Extras()
"""No oddity: re-encoding the decoded value must give the same JSON."""

TOLERATED = Extras(
    unknown_members=True,
    unknown_union_members=True,
    unknown_enum_values=True,
    nulls=True,
    type_markers=True,
    timestamp_forms=True,
)
"""Every oddity at once; the value is still decodable."""

LOSSLESS = attrs.evolve(CANONICAL, unknown_union_members=True, unknown_enum_values=True)
"""What survives decoding and encoding unchanged."""
