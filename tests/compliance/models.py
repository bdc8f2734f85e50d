"""A suite as a service: its model for botocore's loader, and the package that is generated from it."""

from __future__ import annotations

import copy
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import attrs
from botocore.model import ServiceModel

from codegen import emit, names
from codegen.botocore_data import strip_prose
from codegen.build import build
from codegen.errors import CodegenError
from codegen.services import ServiceConfig
from codegen.source import Source
from tests.compliance.suites import OPERATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from types import ModuleType

    from botocore.model import OperationModel

    from codegen import ir
    from tests.compliance.suites import Case, Suite

API_VERSION = "2025-01-01"
PREFIX = "compliance_"
"""What the names of all packages begin with."""


@attrs.frozen
class Mini:
    """A small service.

    Attributes:
        name: botocore's name of it.
        model: its model, as botocore reads it.
        service: what the generator read; None where it refused the model.
        names: the Python names of what was generated.
        refused: why there is nothing generated of an operation, by operation.
        error: why there is nothing generated at all, or None.
    """

    name: str
    model: ServiceModel
    service: ir.Service | None
    names: names.Names | None
    refused: Mapping[str, str]
    error: str | None = None

    @property
    def package(self) -> ModuleType:
        """The generated package."""
        return import_module(package_of(self.name))

    def operation_model(self, case: Case) -> OperationModel:
        """Return botocore's model of a case's operation."""
        return self.model.operation_model(case.operation)

    def operation(self, case: Case) -> Any:
        """Return the generated description of a case's operation."""
        operations = import_module(f"{package_of(self.name)}.operations").SERVICE.operations
        return next(each for each in operations if each.name == case.operation)

    def field(self, shape: str, member: str) -> str:
        """Return the attribute of a member."""
        assert self.names is not None
        return self.names.fields[shape, member]

    def cls(self, shape: str) -> Any:
        """Return the class that was generated for a shape."""
        assert self.names is not None
        return getattr(self.package, self.names.classes[shape])


def package_of(name: str) -> str:
    """Return the name of the package of a service."""
    return name.replace("-", "_")


def prepare(suites: Iterable[Suite], root: Path) -> list[tuple[Suite, Mini, list[Case]]]:
    """Write models and packages of all suites below a folder; gives the services, each with its cases.

    A suite may have several operations of one name; each of them is in a service of its own.

    Arguments:
        suites: all there are: botocore looks for services once.
        root: a folder, in which `models` is for botocore's loader and `packages` for Python.
    """
    groups = [(suite, *group) for suite in suites for group in _grouped(suite)]
    return [
        (suite, _mini(f"compliance-{number}", _model(suite, operations, number), root), cases)
        for number, (suite, operations, cases) in enumerate(groups)
    ]


def _grouped(suite: Suite) -> list[tuple[dict[str, Any], list[Case]]]:
    groups: list[tuple[dict[str, Any], list[Case]]] = []
    for case in suite.cases:
        given = dict(case.given)
        found = next((group for group in groups if group[0].get(case.operation, given) == given), None)
        if found is None:
            groups.append(({case.operation: given}, [case]))
        else:
            found[0][case.operation] = given
            found[1].append(case)
    return groups


def _model(suite: Suite, operations: Mapping[str, Any], number: int) -> dict[str, Any]:
    """Return a whole service model: a suite leaves out what a serializer or parser alone does not need."""
    metadata = {
        "apiVersion": API_VERSION,
        "endpointPrefix": "compliance",
        "jsonVersion": "1.1",
        "serviceFullName": f"Compliance {number}",
        "serviceId": f"Compliance {number}",
        "signatureVersion": "v4",
        "targetPrefix": "Compliance",
        **suite.told["metadata"],
    }
    made = {name: _operation(operation, suite) for name, operation in operations.items()}
    shapes = {name: _mended(shape) for name, shape in suite.told["shapes"].items()}
    return strip_prose({"version": "2.0", "metadata": metadata, "operations": made, "shapes": shapes})


def _mended(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return a shape without the slips of the older files, which botocore passes over and the generator does not."""
    mended = copy.deepcopy(dict(shape))
    for part in ("member", "key", "value"):
        if mended["type"] not in ("list", "map"):
            mended.pop(part, None)
        mended.get(part, {}).pop("LocationName", None)
    return mended


def _operation(given: Mapping[str, Any], suite: Suite) -> dict[str, Any]:
    name = given.get("name", OPERATION)
    http = {"method": "POST", "requestUri": "/", **given.get("http", {})}
    operation = {**copy.deepcopy(dict(given)), "name": name, "http": http}
    output = operation.get("output")
    if suite.protocol == "query" and output and suite.told["shapes"][output["shape"]].get("members"):
        # The files leave out the element around a result that every query service has.
        output["resultWrapper"] = f"{name}Result"
    return operation


def _mini(name: str, model: dict[str, Any], root: Path) -> Mini:
    version = model["metadata"]["apiVersion"]
    folder = root / "models" / name / version
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model), encoding="utf-8")
    read = ServiceModel(copy.deepcopy(model), name)
    config = ServiceConfig(
        name=name,
        api_version=version,
        package=package_of(name),
        root=root / "packages",
        region="us-east-1",
        whole=False,
    )
    try:
        service = build(Source(config=config, service=model, paginators={}))
    except CodegenError as error:
        return Mini(name, read, None, None, {}, str(error))
    named = names.name(service)
    for path, text in emit.texts(service, named).items():
        target = config.output / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    refused = {each.where.removeprefix(f"{name}."): each.reason for each in service.omissions if each.refused}
    return Mini(name, read, service, named, refused)
