"""Every golden package is not only compared but run: what holds for all of them alike."""

from __future__ import annotations

import inspect
import json
import typing
from functools import partial

import anyio
import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from codegen import ir
from codegen.emit.structures import optional
from tests.support.generated_package import FakeTransport, golden
from tests.support.strategies import TOLERATED
from tests.support.synthetic import FEATURES

FEW = settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def shapes(*kinds):
    """Return (feature, shape) for every shape of these kinds, but for those made up for an absent input or output."""
    return [
        pytest.param(feature, shape.name, id=f"{feature}-{shape.name}")
        for feature in FEATURES
        for shape in golden(feature).service.shapes.values()
        if isinstance(shape, kinds) and shape.name in golden(feature).botocore_model.shape_names
    ]


def operations(*, paginated=False):
    return [
        pytest.param(feature, operation, id=f"{feature}-{operation.name}")
        for feature in FEATURES
        for operation in golden(feature).service.operations
        if not paginated or operation.pagination is not None
    ]


def wire(package, shape, **extras):
    """Return the strategy of a shape's JSON, also of a structure made up for an absent input or output."""
    if shape in package.botocore_model.shape_names:
        return package.wire.shape(shape, **extras)
    return st.just({})


def is_error(package, shape):
    found = package.service.shapes[shape]
    return isinstance(found, ir.Structure) and found.fault is not None


@pytest.mark.parametrize(("feature", "shape"), shapes(ir.Structure, ir.Union))
@FEW
@given(data=st.data())
def test_json_survives_the_way_through_the_object(feature, shape, data):
    package = golden(feature)
    value = data.draw(package.wire.shape(shape))
    decoded = package.json.loads(json.dumps(value), package.cls(shape))
    again = package.json.get_unstructure_hook(package.cls(shape))(decoded)
    assert again == value
    assert json.loads(package.json.dumps(decoded)) == value


@pytest.mark.parametrize(("feature", "shape"), shapes(ir.Structure, ir.Union))
@FEW
@given(data=st.data())
def test_both_wire_forms_give_equal_objects(feature, shape, data):
    package = golden(feature)
    cls = package.cls(shape)
    value = data.draw(package.wire.shape(shape))
    ours = package.json.structure(value, cls)
    parsed = package.parsed_by_botocore(shape, value)
    theirs = package.botocore.structure(parsed, cls)
    dicts = package.botocore.get_unstructure_hook(cls)
    assert dicts(theirs) == dicts(ours) == parsed
    if not is_error(package, shape):
        assert theirs == ours
        assert package.botocore.structure(dicts(ours), cls) == ours


@pytest.mark.parametrize(("feature", "shape"), shapes(ir.Structure, ir.Union))
@FEW
@given(data=st.data())
def test_oddities_that_must_be_tolerated_are(feature, shape, data):
    package = golden(feature)
    cls = package.cls(shape)
    decoded = package.json.loads(json.dumps(data.draw(package.wire.shape(shape, extras=TOLERATED))), cls)
    again = package.json.loads(package.json.dumps(decoded), cls)
    if not is_error(package, shape):
        assert again == decoded


@pytest.mark.parametrize(("feature", "operation"), operations())
@FEW
@given(data=st.data())
def test_our_request_is_the_one_that_botocore_sends(feature, operation, data):
    package = golden(feature)
    value = data.draw(wire(package, operation.input))
    request = package.json.structure(value, package.cls(operation.input))
    params = package.botocore.unstructure(request)
    assert json.loads(package.body_by_botocore(operation.name, params)) == json.loads(package.json.dumps(request))


@pytest.mark.parametrize(("feature", "operation"), operations())
@FEW
@given(data=st.data())
def test_every_method_sends_its_arguments_and_returns_the_answer(feature, operation, data):
    package = golden(feature)
    request = package.json.structure(data.draw(wire(package, operation.input)), package.cls(operation.input))
    answer = data.draw(wire(package, operation.output))
    transport = FakeTransport(package, [answer])
    client = package.package.Client(transport)
    arguments = attrs.asdict(request, recurse=False)
    arguments.pop("response_metadata", None)
    response = anyio.run(partial(getattr(client, package.names.methods[operation.name]), **arguments))
    assert transport.asked == [(operation.name, package.botocore.unstructure(request))]
    assert response == package.json.structure(answer, package.cls(operation.output))
    assert response.response_metadata.request_id == "a-request"


@pytest.mark.parametrize(("feature", "operation"), operations(paginated=True))
@FEW
@given(data=st.data())
def test_every_paginator_follows_the_tokens_and_passes_its_arguments_on(feature, operation, data):
    package, how = golden(feature), operation.pagination
    page = package.service.shapes[operation.output]
    keys = {m.name: m.wire_name for m in page.members}
    first, second = (data.draw(wire(package, operation.output)) for _ in range(2))
    first[keys[how.output_token]] = "next"
    second.pop(keys[how.output_token], None)
    # Where the service says that there is more, the token of the last page does not count.
    second[keys[how.output_token]] = "" if how.more_results is None else "never asked for"
    request = package.json.structure(data.draw(wire(package, operation.input)), package.cls(operation.input))
    transport = FakeTransport(package, [first, second])
    if how.more_results is not None:
        first[keys[how.more_results]], second[keys[how.more_results]] = True, False
    given_names = arguments_of(package, operation)
    arguments = {name: getattr(request, field) for field, name in given_names.items()}
    method = getattr(package.package.Client(transport).paginate, package.names.methods[operation.name])
    source = "one" if how.fan_out else package.service.config.name
    paginator = method(**({"catalogs": source} if how.fan_out else {}), **arguments)
    found = anyio.run(paginator.collect)
    fields = package.names.fields[operation.output, how.result_key]
    pages = [package.json.structure(body, package.cls(operation.output)) for body in (first, second)]
    assert found == [(source, item) for made in pages for item in getattr(made, fields) or []]
    expected = package.botocore.unstructure(request)
    for (_, params), token in zip(transport.asked, (None, "next"), strict=True):
        wanted = {**expected, how.input_token: token} | ({how.fan_out: source} if how.fan_out else {})
        wanted.pop(how.limit_key, None)
        assert params == {key: value for key, value in wanted.items() if value is not None}
    transport.values = [first, second]
    spelled = [json.loads(text) for _, text in anyio.run(paginator.raw().collect)]
    assert spelled == [item for body in (first, second) for item in body.get(keys[how.result_key]) or []]


def arguments_of(package, operation):
    """Return the argument of the paginator for each attribute of the request that it leaves to its caller."""
    how = operation.pagination
    own = {how.fan_out, how.input_token, how.limit_key}
    request = package.service.shapes[operation.input]
    return {
        package.names.fields[request.name, m.name]: package.names.arguments[operation.name, m.name]
        for m in request.members
        if m.name not in own
    }


@pytest.mark.parametrize("feature", FEATURES)
def test_every_public_name_is_there_and_its_annotations_resolve(feature):
    package = golden(feature).package
    assert sorted(package.__all__) == dir(package)
    for name in package.__all__:
        found = getattr(package, name)
        if isinstance(found, type):
            assert found.__module__.startswith(package.__name__)
            assert found.__doc__
            if attrs.has(found):
                assert {a.name for a in attrs.fields(found)} <= typing.get_type_hints(found).keys()
    with pytest.raises(AttributeError, match="has no attribute 'no_such_name'"):
        _ = package.no_such_name


@pytest.mark.parametrize(("feature", "shape"), shapes(ir.Structure))
def test_structures_are_frozen_slotted_and_keyword_only(feature, shape):
    package = golden(feature)
    cls = package.cls(shape)
    if is_error(package, shape):
        assert issubclass(cls, Exception)
        return
    members = package.service.shapes[shape].members
    parameters = inspect.signature(cls).parameters
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters.values())
    for member in members:
        parameter = parameters[package.names.fields[shape, member.name]]
        has_default = optional(package.service, package.service.shapes[shape], member)
        assert parameter.default is (None if has_default else inspect.Parameter.empty)
    made = cls(**{package.names.fields[shape, m.name]: None for m in members})
    assert not hasattr(made, "__dict__")
    for attribute in attrs.fields(cls):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(made, attribute.name, 1)


@pytest.mark.parametrize(("feature", "operation"), operations())
def test_every_operation_is_a_coroutine_method_with_keyword_arguments(feature, operation):
    package = golden(feature)
    method = getattr(package.package.Client, package.names.methods[operation.name])
    assert inspect.iscoroutinefunction(method)
    signature = inspect.signature(method)
    request = package.service.shapes[operation.input]
    wanted = {
        package.names.fields[request.name, m.name]: None
        if optional(package.service, request, m)
        else inspect.Parameter.empty
        for m in request.members
    }
    parameters = [p for name, p in signature.parameters.items() if name != "self"]
    assert {p.name: p.default for p in parameters} == wanted
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY for p in parameters)
    assert signature.return_annotation == f"structures.{package.names.classes[operation.output]}"


@pytest.mark.parametrize(("feature", "operation"), operations(paginated=True))
def test_every_paginator_takes_the_filters_and_only_a_page_size_that_the_service_knows(feature, operation):
    package = golden(feature)
    listings = package.package.listings
    taken = getattr(listings, package.names.filters[operation.name])
    options = getattr(listings, package.names.options[operation.name])
    own = {"max_items", "ordered", "concurrency", "buffer_pages", "on_error", "on_malformed", "ignore_errors"}
    filters = set(arguments_of(package, operation).values())
    size = {"page_size"} if operation.pagination.limit_key else set()
    assert set(taken.__annotations__) == {"max_items"} | filters | size
    assert set(options.__annotations__) == own | filters | size
    assert not (own | {"catalog", "catalogs"}) & filters
    structure = package.service.structure(operation.input)
    paging = {operation.pagination.fan_out, operation.pagination.input_token, operation.pagination.limit_key}
    assert taken.__required_keys__ == {
        package.names.arguments[operation.name, member.name]
        for member in structure.members
        if member.name not in paging and not optional(package.service, structure, member)
    }
    method = getattr(package.package.Paginate, package.names.methods[operation.name])
    overloads = typing.get_overloads(method)
    assert [
        [name for name in inspect.signature(each).parameters if name not in ("self", "options")] for each in overloads
    ] == ([["catalog"], ["catalogs"]] if operation.pagination.fan_out else [])
