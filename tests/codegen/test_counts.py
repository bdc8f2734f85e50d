"""How much the account model holds: nothing of it may go missing on the way to the classes."""

from __future__ import annotations

from collections import Counter

import pytest

from aiopartnercentral import ServiceError, account
from codegen import ir, names
from codegen.build import build
from codegen.project import pinned
from codegen.services import MODELS, SERVICES

SERVICE = build(pinned.load(SERVICES[0], MODELS))
NAMES = names.name(SERVICE)


def test_the_shapes_are_all_there():
    kinds = Counter(type(shape).__name__ for shape in SERVICE.shapes.values())
    assert len(SERVICE.shapes) == 192
    assert kinds["Structure"] + kinds["Union"] == 103
    assert (kinds["Union"], kinds["Enum"], len(list(SERVICE.errors()))) == (4, 22, 7)
    assert {union.name for union in SERVICE.unions()} == {
        *("Participant", "ValidationError", "VerificationDetails", "VerificationResponseDetails"),
    }


def test_the_sensitive_shapes_are_all_there():
    sensitive = {s.name for s in SERVICE.shapes.values() if not isinstance(s, ir.Structure | ir.Union) and s.sensitive}
    raw = pinned.load(SERVICES[0], MODELS).service["shapes"]
    assert sensitive == {name for name, shape in raw.items() if shape.get("sensitive")}
    assert len(sensitive) == 4


def test_the_operations_are_all_there():
    assert len(SERVICE.operations) == 34
    assert {o.name for o in SERVICE.operations if o.pagination is not None} == {
        *("ListConnections", "ListConnectionInvitations", "ListPartners"),
    }
    assert [o.name for o in SERVICE.operations if o.pagination and o.pagination.limit_key is None] == ["ListPartners"]
    assert len({NAMES.methods[o.name] for o in SERVICE.operations}) == 34


@pytest.mark.parametrize("shape", [s for s in SERVICE.shapes.values() if s.name in NAMES.classes], ids=lambda s: s.name)
def test_every_shape_with_a_class_is_exported(shape):
    cls = getattr(account, NAMES.classes[shape.name])
    if isinstance(shape, ir.Enum):
        assert [member.value for member in cls] == list(shape.values)
    elif isinstance(shape, ir.Union):
        assert len(cls.__args__) == len(shape.members) + 1
    else:
        assert issubclass(cls, ServiceError) is (shape.fault is not None)


def test_every_operation_names_errors_that_are_modelled():
    modelled = {error.name for error in SERVICE.errors()}
    assert set().union(*(operation.errors for operation in SERVICE.operations)) == modelled
    assert set(account.Client.service.errors) == {e.fault.code for e in SERVICE.errors()}
