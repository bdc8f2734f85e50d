"""Random requests of all services by several accounts, most of them about items that earlier responses had."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import SERVICES
from aiopartnercentral.emulator.validation import compiled
from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.model_values import ModelValues
from tests.emulator.raw_requests import request_of
from tests.emulator.selling import requests

if TYPE_CHECKING:
    from random import Random

    import httpx2

    from aiopartnercentral.emulator.services import Service

ACCOUNTS = ("111111111111", "222222222222", "123456789012")
CATALOGS = ("AWS", "Sandbox")
_REMEMBERED = 300


@attrs.frozen(kw_only=True)
class KnownValues(ModelValues):
    """Makes values that were in a response, where the model allows them."""

    seen: dict[str, None]

    def _text(self, shape: Any) -> str:
        if "pattern" in shape and "enum" not in shape and self.random.random() < 0.9:
            pattern = compiled(shape["pattern"])
            fitting = [text for text in self.seen if pattern.fullmatch(text)]
            # A name matches almost every pattern; an identifier has one of its own.
            if fitting and len(fitting) < len(self.seen):
                return self.random.choice(fitting)
        return super()._text(shape)


@attrs.define
class RandomServices:
    """Sends requests that a seed determines, together with what was answered before."""

    url: str
    http: httpx2.Client
    random: Random
    broken: float = 0.0
    seen: dict[str, dict[str, None]] = attrs.field(factory=lambda: defaultdict(dict))
    outcomes: Counter[tuple[str, str, int]] = attrs.field(factory=Counter)

    def send(self, service: Service, operation: str, request: Any, account: str) -> tuple[int, Any]:
        sent = request_of(service, operation, account, request)
        response = self.http.post(self.url + sent.pop("url"), **sent)
        value = service.decode(response.content)
        assert response.status_code != 500, (service.name, operation, request, value)
        self.outcomes[service.name, operation, response.status_code] += 1
        if response.status_code == 200:
            # The model of `selling` requires tags, and at least one of them: a resource without tags breaks it.
            if value != {"Tags": []}:
                assert_answer_conforms(operation, 200, value, service.name)
            self._remember(service, value)
        return response.status_code, value

    def act(self, names: tuple[str, ...] = tuple(SERVICES), *, only_writes: bool = False) -> None:
        """Send one request of one of the services."""
        service = SERVICES[self.random.choice(names)]
        served = HANDLERS.get(service.name, {})
        choice = [name for name in served if not (only_writes and name.startswith(("Get", "List")))]
        operation = self.random.choice(choice or list(service.validator.operations))
        seen = self.seen[service.name]
        values = KnownValues(service, self.random, optional=0.2, broken=self.broken, seen=seen)
        request = values.request(operation)
        if isinstance(request, dict):
            for name in ("ClientToken", "clientToken"):
                if name in request:
                    request[name] = f"token-{self.random.randrange(10**9)}"
            if operation == "CreateOpportunity" and self.random.random() < 0.7:
                request |= requests.opportunity()
            for name in ("Catalog", "catalog"):
                if isinstance(request.get(name), str):
                    request[name] = CATALOGS[self.random.randrange(8) == 0]
        self.send(service, operation, request, self.random.choice(ACCOUNTS))

    def _remember(self, service: Service, value: Any) -> None:
        seen = self.seen[service.name]
        for text in _identifiers(value):
            seen.pop(text, None)
            seen[text] = None
        while len(seen) > _REMEMBERED:
            del seen[next(iter(seen))]

    def everything(self, service: Service) -> dict[str, Any]:
        """Return all that the accounts can read of a service."""
        told = {}
        for operation in HANDLERS[service.name]:
            shape = service.validator.operations[operation]["input"]["shape"]
            required = set(service.shapes[shape].get("required", ()))
            for account in ACCOUNTS:
                for catalog in CATALOGS:
                    for role in ("SENDER", "RECEIVER"):
                        request = {name: catalog for name in required if name.lower() == "catalog"}
                        request |= {name: role for name in required if name.lower() == "participanttype"}
                        request |= {name: "PROGRAM_MANAGEMENT_ACCOUNT" for name in required if name == "handshakeType"}
                        if operation.startswith(("List", "Get")) and required <= request.keys():
                            key = json.dumps([operation, account, request])
                            told[key] = self._pages(service, operation, request, account)
        return told

    def _pages(self, service: Service, operation: str, request: dict[str, Any], account: str) -> list[Any]:
        pages, token = [], {}
        while token is not None:
            _, page = self.send(service, operation, {**request, **token}, account)
            pages.append(page)
            following = {name: page[name] for name in ("NextToken", "nextToken") if name in page}
            token = following or None
        return pages


def _identifiers(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _identifiers(item)]
    if isinstance(value, list):
        return [text for item in value for text in _identifiers(item)]
    # Identifiers and ARNs, and times as texts.
    is_one = isinstance(value, str) and 5 < len(value) < 200 and any(map(str.isdigit, value)) and " " not in value
    return [value] if is_one else []
