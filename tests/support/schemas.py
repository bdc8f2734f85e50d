"""What JSON schemas refer to."""

from __future__ import annotations

from typing import Any


def references(schema: Any) -> set[str]:
    """Return the names of all definitions that a JSON schema refers to."""
    if isinstance(schema, list):
        return set().union(*map(references, schema))
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own.union(*map(references, schema.values()))
