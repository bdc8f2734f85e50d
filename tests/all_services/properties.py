"""What holds for every generated package, tried on values of each of its shapes; failures name service and shape."""

from __future__ import annotations

import inspect
import json
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules
from random import Random
from typing import TYPE_CHECKING, Any

import attrs
from botocore.parsers import create_parser

from aiopartnercentral import OpenEnum, ServiceError, UnknownMember
from aiopartnercentral._serialization import cbor, fast_encode, jsontext
from aiopartnercentral._utils.text import attribute_texts
from codegen import ir
from codegen.graph import contained, references
from tests.support.comparing import everything_shown
from tests.support.sampler import SECRET, Sampler
from tests.support.strategies import cbor_form, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.generated_package import Executed

_TOMORROW = {"OfTomorrow": {"Deep": [1, None, "x"]}}


def check(package: Executed) -> int:
    """Try everything; returns how many values were tried."""
    _everything_loads(package)
    sampler = Sampler(package.botocore_model._shape_resolver._shape_map)
    tried = 0
    for shape in package.service.shapes.values():
        if isinstance(shape, ir.Structure | ir.Union) and shape.name in sampler.shapes:
            for value in (sampler.smallest(shape.name), sampler.fullest(shape.name), sampler.random(shape.name)):
                with _about(package, shape.name, value):
                    _forms_agree(package, shape, value)
                    if package.service.protocol is ir.Protocol.CBOR:
                        _cbor_agrees(package, shape, value, sampler.shapes)
                tried += 1
            if isinstance(shape, ir.Union):
                _unknown_members_stay(package, shape)
    for operation in package.service.operations:
        if operation.input in sampler.shapes:
            value = sampler.fullest(operation.input)
            with _about(package, operation.name, value):
                _request_is_botocores(package, operation, value)
            tried += 1
    return tried


@contextmanager
def _about(package: Executed, name: str, value: Any) -> Iterator[None]:
    """Say with a failure of the `with` block what it was about."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{package.service.config.name} {name}: {json.dumps(value)[:2000]}")
        raise


def _everything_loads(package: Executed) -> None:
    """Load every module and every public name, and see that it is documented."""
    for name in _modules(package.package):
        import_module(name)
    for name in package.package.__all__:
        found = getattr(package.package, name)
        if isinstance(found, type):
            assert found.__doc__, name
            # The arguments of an operation are described once, by its method.
            is_described = "the arguments of `Client." not in (found.__doc__ or "")
            if attrs.has(found) and not issubclass(found, UnknownMember) and is_described:
                assert set(attribute_texts(found)) == {field.name for field in attrs.fields(found)}, name
    client = package.package.Client
    for operation in package.service.operations:
        method = getattr(client, package.names.methods[operation.name])
        arguments = set(inspect.signature(method).parameters) - {"self"}
        assert inspect.iscoroutinefunction(method), operation.name
        assert _documented(method) >= arguments, operation.name


def _documented(thing: Any) -> set[str]:
    """Return the names that the sections of a docstring explain."""
    lines = (line for line in (inspect.getdoc(thing) or "").splitlines() if line.startswith("    "))
    return {line.strip().partition(":")[0] for line in lines}


def _modules(package: Any) -> Iterator[str]:
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        yield found.name
        if found.ispkg:
            yield from _modules(import_module(found.name))


def _forms_agree(package: Executed, shape: ir.Structure | ir.Union, value: Any) -> None:
    """JSON, fast or not, and botocore's dicts give equal objects, which give back the same JSON and dicts."""
    cls = package.cls(shape.name)
    decoded = package.json.structure(value, cls)
    dicts = package.botocore.get_unstructure_hook(cls)
    assert package.json.get_unstructure_hook(cls)(decoded) == value
    assert json.loads(package.json.dumps(decoded)) == value
    assert fast_encode.dumps(decoded) in (None, jsontext.dumps(package.json.get_unstructure_hook(cls)(decoded)))
    parsed = package.parsed_by_botocore(shape.name, value)
    theirs = package.botocore.structure(parsed, cls)
    assert dicts(decoded) == dicts(theirs) == parsed
    if not isinstance(decoded, ServiceError):
        fast = package.json.loads(json.dumps(value), cls)
        assert fast == decoded == theirs
        assert type(fast) is type(decoded) is type(theirs)
    assert SECRET not in everything_shown(decoded), "a sensitive value is shown"
    _enums_are_open(decoded)


def _cbor_agrees(package: Executed, shape: ir.Structure | ir.Union, value: Any, shapes: Any) -> None:
    """CBOR gives the object that its JSON gives, quickly unless it is an error, and what botocore makes of it."""
    cls, parser = package.cls(shape.name), create_parser("smithy-rpc-v2-cbor")
    body = spelled(cbor_form(value, shape.name, shapes), Random(shape.name))
    assert json.loads(cbor.to_json(body)) == value
    parsed = parser._parse_shape(package.botocore_model.shape_for(shape.name), parser._initial_body_parse(body))
    decoded = package.json.structure(value, cls)
    dicts = package.botocore.get_unstructure_hook(cls)
    assert dicts(decoded) == dicts(package.botocore.structure(parsed, cls))
    if isinstance(shape, ir.Structure) and shape.fault is None and shape.name in _received(package):
        assert import_module(f"{package.package.__name__}.fast").FAST.decode_cbor(body, cls) == decoded


def _received(package: Executed) -> set[str]:
    """Return the shapes of which something is received."""
    answers = {operation.output for operation in package.service.operations if operation.all_in_body}
    return contained(references(package.service.shapes), answers)


def _enums_are_open(decoded: Any) -> None:
    for field in attrs.fields(type(decoded)) if attrs.has(type(decoded)) else ():
        value = getattr(decoded, field.name)
        if isinstance(value, OpenEnum):
            assert value.is_unknown == (value not in list(type(value)))


def _unknown_members_stay(package: Executed, union: ir.Union) -> None:
    cls, unknown = package.cls(union.name), getattr(package.package, package.names.unknowns[union.name])
    for decoded in (package.json.structure(_TOMORROW, cls), package.json.loads(json.dumps(_TOMORROW), cls)):
        assert decoded == unknown("OfTomorrow", _TOMORROW["OfTomorrow"])
        assert package.json.get_unstructure_hook(cls)(decoded) == _TOMORROW


def _request_is_botocores(package: Executed, operation: ir.Operation, value: Any) -> None:
    """What botocore's serializer makes of our parameters is the JSON that we make of the request."""
    cls = package.cls(operation.input)
    request = package.json.structure(value, cls)
    params = package.botocore.params(request, cls)
    assert params == package.botocore.get_unstructure_hook(cls)(request)
    assert json.loads(package.body_by_botocore(operation.name, params, keeps_limits=False)) == value
