"""Whatever the catalogs answer, however they are collected: every good item comes once, in order, and is reported."""

from __future__ import annotations

from itertools import accumulate

import anyio
import anyio.lowlevel
import attrs
import pytest
from hypothesis import example, given, strategies as st

from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.errors import PaginationError
from tests._pagination.fakes import Script, Service, ServiceDownError, bounded, no_task_left


@attrs.frozen
class Case:
    scripts: dict[str, Script]
    view: str
    options: dict[str, object]
    pauses: int
    stop_after: int | None


@st.composite
def scripts(draw) -> Script:
    sizes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4))
    script = Script(sizes, retries=draw(st.integers(0, 2)), delay=draw(st.integers(0, 3)))
    match draw(st.sampled_from(["ends", "ends", "fails", "repeats"])):
        case "fails":
            script.error = ServiceDownError(attempts=draw(st.integers(1, 3)))
            script.sizes = sizes[draw(st.integers(0, 1)) :]
        case "repeats" if len(sizes) > 1:
            script.back_to = draw(st.integers(1, len(sizes) - 1))
    return script


@st.composite
def cases(draw) -> Case:
    number = draw(st.integers(1, 5))
    return Case(
        scripts={f"C{index}": draw(scripts()) for index in range(number)},
        view=draw(st.sampled_from(["items", "items", "pages", "raw"])),
        options={
            "ordered": draw(st.booleans()),
            "concurrency": draw(st.integers(1, 6)),
            "buffer_pages": draw(st.integers(0, 3)),
            "on_error": draw(st.sampled_from(["raise", "finish", "report"])),
            "max_items": draw(st.none() | st.integers(1, 8)),
        },
        pauses=draw(st.integers(0, 2)),
        stop_after=draw(st.none() | st.integers(0, 6)),
    )


@attrs.frozen
class Expected:
    """What a catalog brings if nothing stops it, worked out from the script by other means than the library's."""

    entries: list[str]
    items: int
    pages: int
    outcome: Outcome
    next_token: str | None
    error: type[Exception] | None
    retries: int


def expect(case: Case, catalog: str) -> Expected:
    script = case.scripts[catalog]
    limit = case.options["max_items"] or 10**6
    whole = case.view == "pages"
    ends = list(accumulate(script.sizes))
    reaching = next((number for number, end in enumerate(ends) if end >= limit), None)
    last = len(script.sizes) - 1 if reaching is None else reaching
    items = min(limit, sum(script.sizes)) if not whole else sum(script.sizes[: last + 1])
    pages = last + 1 if script.sizes else 0
    entries = [f"page {catalog}/{number}" for number in range(pages)] if whole else script.items(catalog)[:items]
    outcome, token, error, retries = Outcome.COMPLETE, None, None, pages * script.retries
    if reaching is not None and ends[reaching] > limit and not whole:
        outcome, token = Outcome.LIMITED, f"{catalog}/{reaching}" if reaching else None
    elif reaching is not None:
        token = script.next_token(catalog, reaching)
        outcome = Outcome.LIMITED if token else Outcome.COMPLETE
    elif script.error is not None:
        outcome, error = Outcome.FAILED, ServiceDownError
        token = f"{catalog}/{len(script.sizes)}" if script.sizes else None
        retries += script.error.attempts - 1
    elif script.back_to is not None:
        outcome, error = Outcome.FAILED, PaginationError
    return Expected(entries, items, pages, outcome, token, error, retries)


async def run(case: Case):
    fake = Service(case.scripts)
    paginator = fake.paginator(**case.options)
    source = {"items": paginator, "pages": paginator.pages(), "raw": paginator.raw()}[case.view]
    seen: list[tuple[str, str]] = []
    raised = None
    async with no_task_left():
        with bounded():
            async with source as stream:
                try:
                    while case.stop_after is None or len(seen) < case.stop_after:
                        catalog, entry = await anext(stream)
                        seen.append((catalog, entry.decode() if isinstance(entry, bytes) else entry))
                        for _ in range(case.pauses):
                            await anyio.lowlevel.checkpoint()
                except StopAsyncIteration:
                    pass
                except Exception as exc:  # noqa: BLE001 - which error it may be is what the caller checks
                    raised = exc
                during = stream.report
    assert fake.peak <= case.options["concurrency"]
    assert not fake.in_flight.total()
    return seen, raised, during, stream.report


def entries_of(seen, catalog):
    return [entry for name, entry in seen if name == catalog]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(case=cases())
@example(
    case=Case(
        {"C0": Script([0, 0], back_to=1), "C1": Script([2])},
        "items",
        {"ordered": False, "concurrency": 2, "buffer_pages": 1, "on_error": "raise", "max_items": None},
        pauses=1,
        stop_after=None,
    )
)
def test_a_collection_is_what_the_service_holds(backend, case):
    seen, raised, during, report = anyio.run(run, case, backend=backend)
    expected = {catalog: expect(case, catalog) for catalog in case.scripts}
    failing = {catalog for catalog, one in expected.items() if one.error is not None}
    stopped = case.stop_after is not None and len(seen) == case.stop_after
    if case.options["ordered"]:
        assert [name for name, _ in seen] == sorted(name for name, _ in seen)
    if not stopped and (case.options["on_error"] != "raise" or not failing):
        check_whole(expected, seen, report)
        assert during == report
    check_parts(case, expected, seen, report)
    check_raised(case, expected, raised, report, stopped=stopped)


def check_whole(expected, seen, report):
    for catalog, one in expected.items():
        told = report.sources[catalog]
        assert entries_of(seen, catalog) == one.entries
        assert (told.items, told.pages, told.outcome) == (one.items, one.pages, one.outcome)
        assert (told.next_token, told.retries) == (one.next_token, one.retries)
        assert isinstance(told.error, one.error or type(None))
    assert report.complete == all(one.outcome is Outcome.COMPLETE for one in expected.values())


def check_parts(case, expected, seen, report):
    """What holds however the collection ended."""
    assert report.pages == sum(told.pages for told in report.sources.values())
    for catalog, one in expected.items():
        told = report.sources[catalog]
        mine = entries_of(seen, catalog)
        assert mine == one.entries[: len(mine)]
        assert told.pages <= one.pages
        sizes = case.scripts[catalog].sizes
        if case.view == "pages":
            assert told.items == sum(sizes[: len(mine)])
        else:
            assert told.items == len(mine)
        assert told.outcome in {Outcome.CANCELLED, one.outcome}
        assert (told.error is not None) == (told.outcome is Outcome.FAILED)
        if told.outcome in {Outcome.CANCELLED, Outcome.FAILED}:
            number = int(told.next_token.split("/")[1]) if told.next_token else 0
            done = sum(sizes[:number])
            assert done <= told.items
            # Either nothing of the page to go on from was handed over, or a part of it, or it is the first page again
            # because a token was repeated.
            rest = told.items - done
            assert rest == 0 or rest < sizes[number] or (told.next_token is None and one.error is PaginationError)


def check_raised(case, expected, raised, report, *, stopped):
    policy = case.options["on_error"]
    failing = {catalog for catalog, one in expected.items() if one.error is not None}
    if stopped or not failing or policy == "report":
        assert raised is None or (policy == "raise" and failing)
    elif policy == "finish" and len(expected) == 1:
        assert raised is report.failures[next(iter(expected))]
    elif policy == "finish":
        assert isinstance(raised, SourcesFailedError)
        assert set(raised.failures) == failing
    if policy == "raise" and raised is not None:
        (catalog,) = report.failures
        assert report.failures[catalog] is raised
        assert isinstance(raised, expected[catalog].error)
        assert raised.__notes__ == [f"while collecting catalog {catalog}"]
    elif policy == "raise" and failing and not stopped:
        raise AssertionError("a failure was not raised")
