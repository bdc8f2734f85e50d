"""Hypothesis strategies derived from a service model: the JSON that the wire carries, whole or with one fault."""

from __future__ import annotations

from tests.support.strategies.cbor_form import cbor_form, spelled
from tests.support.strategies.corruptions import Corruption, CorruptionKind
from tests.support.strategies.extras import CANONICAL, LOSSLESS, TOLERATED, Extras
from tests.support.strategies.json_form import json_form
from tests.support.strategies.json_values import JsonValue, json_values
from tests.support.strategies.wire import WireStrategies

__all__ = [
    "CANONICAL",
    "LOSSLESS",
    "TOLERATED",
    "Corruption",
    "CorruptionKind",
    "Extras",
    "JsonValue",
    "WireStrategies",
    "cbor_form",
    "json_form",
    "json_values",
    "spelled",
]
