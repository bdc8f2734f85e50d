"""Runs cases: both clients against one server, a service for each model."""

from __future__ import annotations

import base64
import sys
from contextlib import asynccontextmanager, contextmanager
from importlib import invalidate_caches
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from aiopartnercentral._serialization.conversion_errors import missing
from aiopartnercentral.errors import DecodeError
from tests.compliance import comparing, models, settings
from tests.compliance.ours import Ours
from tests.compliance.outcomes import Outcome, Result
from tests.compliance.server import Reply, serving
from tests.compliance.suites import Kind
from tests.compliance.theirs import Theirs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from aiobotocore.session import AioSession

    from tests.compliance.models import Mini
    from tests.compliance.server import Server
    from tests.compliance.suites import Case, Suite

_XML = ("query", "ec2", "rest-xml")
_NO_MEMBER = "the response lacks a required member, which is never filled in"
_NULL = "the response has a null in a list that is not sparse, which is a wrong JSON type"


def run(suites: Sequence[Suite]) -> list[Result]:
    """Run all cases and return their results in order."""
    with TemporaryDirectory() as folder, _importable(Path(folder) / "packages"), settings.surroundings():
        return anyio.run(_run, suites, Path(folder))


@contextmanager
def _importable(packages: Path) -> Iterator[None]:
    """Let packages be imported from a folder, and forget them afterwards: the next run's have the same names."""
    sys.path.insert(0, str(packages))
    before = set(sys.modules)
    try:
        yield
    finally:
        sys.path.remove(str(packages))
        for name in set(sys.modules) - before:
            if name.startswith(models.PREFIX):
                del sys.modules[name]


async def _run(suites: Sequence[Suite], folder: Path) -> list[Result]:
    prepared = models.prepare(suites, folder)
    invalidate_caches()  # an import meanwhile may have noted that there was no such folder
    session = settings.session(folder / "models")
    results = []
    async with serving() as server:
        for suite, mini, cases in prepared:
            async with _clients(mini, suite, server, session) as (ours, theirs):
                results += [await _result(suite, case, ours, theirs) for case in cases]
    return results


@asynccontextmanager
async def _clients(
    mini: Mini, suite: Suite, server: Server, session: AioSession
) -> AsyncIterator[tuple[Ours | None, Theirs]]:
    """Open both clients; there is none of ours where the generator refused the model."""
    arguments = settings.options(suite, server)
    async with session.create_client(mini.name, **arguments) as stock:
        theirs = Theirs(mini, stock, server)
        if mini.service is None:
            yield None, theirs
            return
        async with mini.package.connect(session=session, **arguments) as client:
            yield Ours(mini, client, server), theirs


async def _result(suite: Suite, case: Case, ours: Ours | None, theirs: Theirs) -> Result:
    refusal = theirs.mini.refused.get(case.operation)
    if refusal is not None:
        return Result(suite=suite, case=case, out_of_scope=f"the generator refuses the operation: {refusal}")
    protocol = theirs.mini.model.resolved_protocol
    stock = await _outcome(theirs, case, protocol)
    if ours is None:
        failure = Outcome((f"the generator refuses the model: {theirs.mini.error}",))
        return Result(suite=suite, case=case, ours=failure, theirs=stock)
    try:
        outcome = await _outcome(ours, case, protocol)
    except _RefusedOnPurpose as refused:
        return Result(suite=suite, case=case, theirs=stock, out_of_scope=str(refused))
    return Result(suite=suite, case=case, ours=outcome, theirs=stock)


class _RefusedOnPurpose(Exception):  # noqa: N818 - what was found, and no fault
    """A case wants an answer to be taken that is a `DecodeError` by a rule of the project; the message says which."""


async def _outcome(client: Ours | Theirs, case: Case, protocol: str) -> Outcome:
    server = client.server
    server.reply, server.received = _reply(case, protocol), []
    try:
        problems = await client.problems(case)
    except DecodeError as error:
        rule = _rule(error)
        if rule is not None and case.kind is Kind.OUTPUT and "decodeError" not in case.told:
            raise _RefusedOnPurpose(f"{rule}: {error}") from error
        problems = [f"{type(error).__name__}: {error}"]
    except Exception as error:  # noqa: BLE001 - whatever a case brings to light
        problems = [f"{type(error).__name__}: {error}"]
    return Outcome(tuple(problems))


def _rule(error: DecodeError) -> str | None:
    """Return the rule by which an answer is refused that botocore takes, if there is one."""
    if error.reason == missing().reason:
        return _NO_MEMBER
    return _NULL if error.path.endswith("]") and error.reason.endswith("got null") else None


def _reply(case: Case, protocol: str) -> Reply:
    """Return what the server answers: what the case says, or the emptiest answer that the protocol has."""
    told = case.told.get("response", {})
    empty = b"<xml/>" if protocol in _XML and (case.kind is Kind.INPUT or protocol == "query") else b""
    headers = told.get("headers", {})
    if "body" in told:
        text = base64.b64decode(told["body"]) if protocol == comparing.CBOR else told["body"].encode()
    else:
        text = empty
    return Reply(told.get("status_code", 200), headers, text)
