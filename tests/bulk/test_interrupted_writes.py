"""Runs that are cancelled at any time and resumed, against a service that fails in any way, on trio in virtual time."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

import anyio
import anyio.lowlevel
import attrs
import pytest
from botocore.exceptions import ConnectionClosedError
from hypothesis import given, settings, strategies as st
from trio.testing import MockClock

from aiopartnercentral import selling
from aiopartnercentral.bulk import Limits, RowResult, Source, write_journal
from aiopartnercentral.bulk.rows import RowEncoder
from aiopartnercentral.bulk.write_stream import WriteSpec, WriteStream
from tests.bulk.virtual_time import service_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ROWS = [f"O{index}" for index in range(5)]
FAULTS = ["ok", "throttled", "refused", "broken before", "broken after", "error after"]
ASSIGNEE = selling.AssigneeContact(email="a@example.com", first_name="A", last_name="B", business_title="PAM")


@attrs.define(eq=False)
class Service:
    """Executes requests in memory, each token once; also its own pool and client."""

    faults: dict[str, list[str]]
    executed: Counter[str] = attrs.Factory(Counter)
    sent: Counter[str] = attrs.Factory(Counter)
    in_flight: int = 0
    peak: int = 0
    _tokens: dict[str, str] = attrs.Factory(dict)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    @asynccontextmanager
    async def lease(self, *_: object) -> Any:
        yield self

    def with_options(self, **_: object) -> Self:
        return self

    async def call_operation(self, _: object, request: Any) -> Any:
        name = getattr(request, "partner_opportunity_identifier", None) or request.identifier
        self.sent[name] += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await anyio.sleep(0.05)
            fault = self.faults[name].pop(0) if self.faults.get(name) else "ok"
            if fault in ("ok", "broken after", "error after"):
                self._execute(name, getattr(request, "client_token", None))
            await anyio.sleep(0.05)
        finally:
            self.in_flight -= 1
        match fault:
            case "throttled":
                raise service_error("ThrottlingException")
            case "refused":
                raise service_error("ValidationException")
            case "error after":
                raise service_error("InternalServerException", status=500)
            case "broken before" | "broken after":
                raise ConnectionClosedError(endpoint_url="")
        return selling.CreateOpportunityResponse(id=name)

    def _execute(self, name: str, token: str | None) -> None:
        if token is None or token not in self._tokens:
            self.executed[name] += 1
        if token is not None:
            self._tokens[token] = name


def request(*, has_token: bool, name: str) -> Any:
    if has_token:
        return selling.CreateOpportunityRequest(catalog="AWS", partner_opportunity_identifier=name)
    return selling.AssignOpportunityRequest(catalog="AWS", identifier=name, assignee=ASSIGNEE)


def spec(service: Service, path: Path | None, number: int, *, has_token: bool) -> WriteSpec:
    cls = selling.CreateOpportunityRequest if has_token else selling.AssignOpportunityRequest
    return WriteSpec(
        encoder=RowEncoder(cls),
        rows=((f"O{index}", request(has_token=has_token, name=f"O{index}")) for index in range(number)),
        key=None,
        source=Source("AWS"),
        limits=Limits(rate=100, concurrency=3, attempts=3, backoff=0.01),
        on_error="report",
        ignores=lambda _: False,
        checkpoint=path,
        token_max_age=timedelta(hours=1),
        resends=lambda _: False,
        observer=None,
        open_pool=lambda: cast("Any", service),
    )


async def written(made: WriteSpec, seconds: float) -> dict[str, RowResult[Any]]:
    """Write for some seconds, and return the results until then."""
    results: dict[str, RowResult[Any]] = {}
    with anyio.move_on_after(seconds):
        async with WriteStream(made) as stream:
            async for key, result in stream:
                results |= {key: result}
    return results


async def at_once(function: Callable[[], Any], **_: object) -> Any:
    """Stand for a thread, as the virtual clock does not wait for one."""
    await anyio.lowlevel.cancel_shielded_checkpoint()
    return function()


@pytest.fixture(autouse=True, scope="module")
def _no_threads() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(write_journal, "run_to_completion", at_once)
        yield


@settings(deadline=None)
@given(
    faults=st.dictionaries(st.sampled_from(ROWS), st.lists(st.sampled_from(FAULTS), max_size=4)),
    pauses=st.lists(st.floats(0.01, 0.5), max_size=2),
    has_token=st.booleans(),
)
def test_however_often_it_is_interrupted_no_row_is_executed_twice(
    tmp_path_factory: pytest.TempPathFactory, faults: dict[str, list[str]], pauses: list[float], *, has_token: bool
) -> None:
    path = tmp_path_factory.mktemp("writes") / "run"
    service = Service(faults)

    async def main() -> list[dict[str, RowResult[Any]]]:
        runs = [await written(spec(service, path, 5, has_token=has_token), pause) for pause in pauses]
        return [*runs, await written(spec(service, path, 5, has_token=has_token), math.inf)]

    runs = anyio.run(partial(main), backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
    assert all(number == 1 for number in service.executed.values())
    assert service.peak <= 3
    last = runs[-1]
    assert set(last) == set(ROWS)
    for key in ROWS:
        if any(results[key].is_written for results in runs if key in results):
            assert service.executed[key] == 1
        if last[key].outcome == "failed":
            assert service.executed[key] == 0
        if last[key].outcome == "unknown":
            assert service.sent[key] or not has_token


def test_without_faults_a_run_is_complete_however_often_it_was_interrupted(tmp_path: Path) -> None:
    service = Service({})

    async def main() -> WriteStream[Any]:
        for pause in (0.06, 0.16, 0.26):
            await written(spec(service, tmp_path / "run", 30, has_token=True), pause)
        async with WriteStream(spec(service, tmp_path / "run", 30, has_token=True)) as stream:
            async for _ in stream:
                pass
        return stream

    stream = anyio.run(main, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
    assert stream.report.complete
    assert set(service.executed.values()) == {1}
    assert len(service.executed) == 30


def test_the_number_of_rows_in_memory_does_not_depend_on_their_number() -> None:
    service = Service({})
    alive: Counter[str] = Counter()

    class Request(dict[str, Any]):
        def __del__(self) -> None:
            alive["now"] -= 1

    def rows() -> Any:
        for index in range(3000):
            alive["now"] += 1
            alive["most"] = max(alive["most"], alive["now"])
            yield f"O{index}", Request(PartnerOpportunityIdentifier=f"O{index}" if index % 2 else None, Titel=index % 2)

    async def main() -> WriteStream[Any]:
        made = attrs.evolve(spec(service, None, 0, has_token=True), rows=rows(), limits=Limits(rate=1e6))
        async with WriteStream(made) as stream:
            async for _ in stream:
                pass
        return stream

    stream = anyio.run(main, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})
    assert stream.report.failed == 3000
    assert alive["most"] <= 50
