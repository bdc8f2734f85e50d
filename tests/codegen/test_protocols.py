"""The protocol that the generator takes for a service is the one that botocore speaks with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.model import ServiceModel
from botocore.utils import PRIORITY_ORDERED_SUPPORTED_PROTOCOLS

from codegen import bindings, botocore_data, ir
from codegen.project import batch


class Model(msgspec.Struct):
    """The part of a service model that names its protocols."""

    metadata: dict[str, Any]


def test_it_is_botocores_for_every_model():
    read = msgspec.json.Decoder(Model).decode
    wrong = {}
    for config in batch.every(Path("nowhere")):
        metadata = read(botocore_data.installed().original(config, "service-2") or b"").metadata
        ours = bindings.protocol(metadata, config.name).value
        theirs = ServiceModel({"metadata": metadata}, config.name).resolved_protocol
        if ours != theirs:
            wrong[config.name, config.api_version] = (ours, theirs)
    assert wrong == {}


def test_the_order_is_botocores():
    assert tuple(each.value for each in ir.Protocol) == PRIORITY_ORDERED_SUPPORTED_PROTOCOLS


@pytest.mark.parametrize("first", ir.Protocol)
@pytest.mark.parametrize("second", ir.Protocol)
def test_the_order_in_a_model_does_not_matter(first, second):
    metadata = {"protocol": "query", "protocols": [first.value, second.value]}
    assert bindings.protocol(metadata, "demo").value == ServiceModel({"metadata": metadata}).resolved_protocol
