"""The models that stand for all: among them they have every trait, protocol, location and form of time that any has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codegen import bindings, source
from codegen.services import ServiceConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    Model = dict[str, Any]

SAMPLE = (
    ("acm", "2015-12-08"),
    ("apigatewayv2", "2018-11-29"),
    ("appconfig", "2019-10-09"),
    ("appmesh", "2018-10-01"),
    ("autoscaling", "2011-01-01"),
    ("chime", "2018-05-01"),
    ("cloudfront", "2014-05-31"),
    ("cloudwatch", "2010-08-01"),
    ("connectcases", "2022-10-03"),
    ("dynamodb", "2012-08-10"),
    ("ec2", "2014-09-01"),
    ("ecs", "2014-11-13"),
    ("elasticache", "2014-09-30"),
    ("elasticache", "2015-02-02"),
    ("events", "2014-02-03"),
    ("geo-maps", "2020-11-19"),
    ("lakeformation", "2017-03-31"),
    ("lex-runtime", "2016-11-28"),
    ("location", "2020-11-19"),
    ("managedblockchain-query", "2023-05-04"),
    ("mediastore-data", "2017-09-01"),
    ("omics", "2022-11-28"),
    ("partnercentral-revenue-measurement", "2022-07-26"),
    ("pricing", "2017-10-15"),
    ("rds-data", "2018-08-01"),
    ("s3", "2006-03-01"),
    ("s3control", "2018-08-20"),
    ("sagemakertrainingsessionruntime", "2025-02-10"),
    ("sns", "2010-03-31"),
    ("sqs", "2012-11-05"),
    ("sso", "2019-06-10"),
)


def model(service: str, version: str) -> Model:
    """Return a model of the installed botocore, without prose."""
    config = ServiceConfig(name=service, api_version=version, package="any", whole=False)
    return dict(source.of_installed(config).service)


def traits(found: Model) -> Iterator[tuple[str, str]]:
    """Yield everything that a model has of what makes one differ from another: (level, trait)."""
    yield "protocol", bindings.protocol(found["metadata"], "any").value
    yield from (("service", trait) for trait in found)
    yield from (("metadata", trait) for trait in found["metadata"])
    for name, operation in found["operations"].items():
        yield from (("operation", trait) for trait in operation)
        yield from ((end, trait) for end in ("input", "output") for trait in operation.get(end, ()))
        yield from (("error of an operation", trait) for error in operation.get("errors", ()) for trait in error)
        if operation["name"] != name:
            yield "oddity", "an operation with two names"
    requests = [operation["input"]["shape"] for operation in found["operations"].values() if "input" in operation]
    if len(set(requests)) < len(requests):
        yield "oddity", "operations that share a request"
    for shape in found["shapes"].values():
        yield from _of_shape(shape, found["shapes"])


def _of_shape(shape: Model, shapes: Model) -> Iterator[tuple[str, str]]:
    yield from ((shape["type"], trait) for trait in shape)
    yield from (("error", trait) for trait in shape.get("error", ()))
    yield from ((part, trait) for part in ("member", "key", "value") if part in shape for trait in shape[part])
    if shape["type"] == "timestamp":
        yield "form of time", str(shape.get("timestampFormat"))
    if "" in shape.get("enum", ()):
        yield "oddity", "an empty enum value"
    for member in shape.get("members", {}).values():
        yield from (("member of a structure", trait) for trait in member)
        if "location" in member:
            yield "location", member["location"]
        if member.get("jsonvalue") and member.get("location") == "header":
            yield "oddity", "JSON in a header"
        if shape.get("payload") and shapes[member["shape"]]["type"] == "blob":
            yield "oddity", "a stream"
