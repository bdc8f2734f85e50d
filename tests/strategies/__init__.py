"""Hypothesis strategies derived from a service model: the JSON that the wire carries, whole or with one fault."""

from __future__ import annotations

from tests.strategies.corruptions import Corruption, CorruptionKind
from tests.strategies.extras import CANONICAL, TOLERATED, Extras
from tests.strategies.json_form import json_form
from tests.strategies.json_values import JsonValue, json_values
from tests.strategies.wire import WireStrategies

__all__ = [
    "CANONICAL",
    "TOLERATED",
    "Corruption",
    "CorruptionKind",
    "Extras",
    "JsonValue",
    "WireStrategies",
    "json_form",
    "json_values",
]
