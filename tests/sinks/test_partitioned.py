from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import account
from aiopartnercentral.cli.services import details, summaries
from aiopartnercentral.sinks import Page, SinkError, open_sink
from aiopartnercentral.sinks.path_template import safe_file_name
from tests.sinks.files import descriptors, names
from tests.sinks.readers import rows
from tests.sinks.sample_pages import CLS, page, raw

pytestmark = pytest.mark.anyio
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
ODD = [
    *("../../etc/passwd", "a/b", "a\\b", "CON", "con", "con.txt", "x" * 300, "X" * 300, "x" * 299 + "y", "", ".", ".."),
    *(
        "acme",
        "Acme",
        "ACME",
        "aCme",
        "acme/AWS",
        "acme/aws",
        "AWS",
        "aws",
        "Aws",
        "Sandbox",
        "sandbox",
        "~1",
        "acme~1",
    ),
    *("Ünï ☃", "u\u0308", "\u00fc", "İ", "ß", "ss", "\ud800", "a\0b", "a b", "a:b", "%", "%41", "a.", "a ", "-rf", "K"),
]
LABELS = st.sampled_from(ODD) | st.text(max_size=90) | st.text("aAwWsS/.~%", max_size=8)


@given(label=LABELS)
def test_a_part_of_a_name_is_safe_everywhere(label):
    name = safe_file_name(label)
    assert re.fullmatch(r"[A-Za-z0-9._%~-]{1,80}", name)
    assert name.strip(".") == name
    assert name.partition(".")[0].lower() not in RESERVED


@given(one=LABELS, other=LABELS)
def test_two_values_never_share_a_name_in_any_file_system(one, other):
    assert (safe_file_name(one).casefold() == safe_file_name(other).casefold()) == (one == other)


def test_odd_values_never_share_a_name():
    assert len({safe_file_name(label).casefold() for label in ODD}) == len(ODD)


@pytest.mark.parametrize("label", ["AWS", "Sandbox", "acme", "acme-2.prod_x"])
def test_usual_names_stay_as_they_are(label):
    assert safe_file_name(label) == label
    assert safe_file_name(f"{label}/AWS") == (f"{label}%2FAWS" if label.islower() else safe_file_name(f"{label}/AWS"))


async def filled(template, pages, **options):
    sink = open_sink(template, **options)
    await sink.open()
    for each in pages:
        await sink.write(each)
    await sink.commit()
    return sink


async def test_a_file_for_each_source_and_none_outside_of_the_directory(tmp_path):
    directory = tmp_path / "directory"
    directory.mkdir()
    labels = [label for label in ODD if "\0" not in label]
    pages = [Page(label, "AWS", "list_connections", raw=[raw(n)]) for n, label in enumerate(labels)]
    await filled(directory / "{label}.ndjson", pages, max_open=3)
    assert names(tmp_path) == ["directory"]
    assert len(names(directory)) == len(labels)
    found = {path.read_bytes() for path in directory.iterdir()}
    assert found == {raw(n) + b"\n" for n in range(len(labels))}


@pytest.mark.skipif(not descriptors(), reason="needs /proc")
async def test_at_most_so_many_files_are_open(tmp_path):
    open_at_once = []

    def count():
        links = (os.path.realpath(f"/proc/self/fd/{fd}") for fd in descriptors())
        open_at_once.append(sum(link.startswith(str(tmp_path)) for link in links))

    sink = open_sink(tmp_path / "{label}.ndjson", max_open=4)
    await sink.open()
    for number in range(90):
        await sink.write(page(number, 1, label=f"label {number % 15}"))
        count()
        if number % 20 == 19:
            await sink.flush()
            count()
    await sink.commit()
    assert max(open_at_once) == 4
    for label in range(15):
        lines = (tmp_path / f"label%20{label}.ndjson").read_bytes().splitlines()
        assert lines == [raw(number) for number in range(90) if number % 15 == label]


async def test_directories_and_classes_by_operation(tmp_path):
    classes = {"list_connections": CLS, "list_partners": account.PartnerSummary}
    partner = account.json_converter.structure(
        {
            "Catalog": "AWS",
            "Id": "partner-1",
            "Arn": "arn",
            "LegalName": "hunter2",
            "CreatedAt": "2024-05-01T12:00:00Z",
        },
        account.PartnerSummary,
    )
    pages = [page(0), Page("acme", "AWS", "list_partners", [partner]), page(5)]
    await filled(tmp_path / "{operation}/{catalog}/{label}.csv", pages, cls=classes)
    (connections,) = (tmp_path / "list_connections" / "AWS").iterdir()
    (partners,) = (tmp_path / "list_partners" / "AWS").iterdir()
    assert len(rows(connections)) == 11
    assert rows(partners)[1][2:] == ["AWS", "arn", "partner-1", "hunter2", "2024-05-01T12:00:00Z"]


@pytest.mark.parametrize("template", ["{label}{operation}.ndjson", "{label}-{operation}.ndjson"])
async def test_two_combinations_of_values_never_share_a_file(tmp_path, template):
    pages = [Page("a", "AWS", "b-c", raw=[raw(1)]), Page("a-b", "AWS", "c", raw=[raw(2)])]
    if template == "{label}{operation}.ndjson":
        (tmp_path / "ab-c.ndjson").symlink_to("a-bc.ndjson")
    with pytest.raises(
        ValueError, match="label 'a', operation 'b-c' and label 'a-b', operation 'c' name the same file"
    ):
        open_sink(tmp_path / template).paths(pages)
    sink = open_sink(tmp_path / template)
    await sink.open()
    await sink.write(pages[0])
    with pytest.raises(SinkError, match="name the same file"):
        await sink.write(pages[1])
    await sink.commit()
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {raw(1) + b"\n"}
    await filled(tmp_path / "{catalog}.ndjson", pages)  # a file for both, as the template says
    assert (tmp_path / "AWS.ndjson").read_bytes() == raw(1) + b"\n" + raw(2) + b"\n"


async def test_hard_links_of_one_template_become_files_of_their_own(tmp_path):
    one, other, backup = (tmp_path / f"{name}.ndjson" for name in ("one", "other", "backup"))
    one.write_text("earlier")
    for link in (other, backup):
        link.hardlink_to(one)
    pages = [Page(name, "AWS", "list_connections", raw=[raw(n)]) for n, name in enumerate(("one", "other"))]
    await filled(tmp_path / "{label}.ndjson", pages)
    assert (one.read_bytes(), other.read_bytes()) == (raw(0) + b"\n", raw(1) + b"\n")
    assert backup.read_text() == "earlier"


async def test_a_source_without_items_has_a_file(tmp_path):
    await filled(tmp_path / "{catalog}.csv", [Page("a", "Sandbox", "list_connections")], cls=CLS)
    assert len(rows(tmp_path / "Sandbox.csv")) == 1


async def test_each_file_is_resumed_at_its_position(tmp_path):
    template = tmp_path / "{label}.ndjson"
    sink = open_sink(template, max_open=1)
    await sink.open()
    for number in range(6):
        await sink.write(page(number, 1, label=str(number % 3)))
    position = json.loads(json.dumps(await sink.flush()))
    for number in range(6, 12):
        await sink.write(page(number, 1, label=str(number % 4)))
    await sink.abort(keep=True)
    assert len(names(tmp_path)) == 3
    again = open_sink(template, max_open=2)
    await again.open(position)
    for number in range(6, 12):
        await again.write(page(number, 1, label=str(number % 4)))
    await again.commit()
    assert names(tmp_path) == [f"{n}.ndjson" for n in range(4)]
    for label in range(4):
        wanted = [raw(n) for n in range(12) if (n % 3 if n < 6 else n % 4) == label]
        assert (tmp_path / f"{label}.ndjson").read_bytes().splitlines() == wanted


async def test_the_day_of_a_run_is_the_one_on_which_it_began(tmp_path):
    def sink_of(day):
        sink = open_sink(tmp_path / "{date}-{account}.ndjson")
        sink.run_began(datetime.fromisoformat(f"{day}T23:59:59Z"))
        return sink

    first, later = (Page("a", "AWS", "L", raw=[line], account="111122223333") for line in (b"1", b"2"))
    sink = sink_of("2026-11-28")
    await sink.open()
    await sink.write(first)
    position = json.loads(json.dumps(await sink.flush()))
    await sink.abort(keep=True)
    sink = sink_of("2026-11-29")
    await sink.open(position)
    await sink.write(later)
    await sink.commit()
    assert names(tmp_path) == ["2026-11-28-111122223333.ndjson"]
    assert (tmp_path / "2026-11-28-111122223333.ndjson").read_bytes() == b"1\n2\n"
    sink = sink_of("2026-11-29")
    await sink.open(position)
    await sink.abort(keep=False)
    sink.run_began(datetime(2026, 11, 29, tzinfo=UTC))
    await sink.open()  # another run, of another day, with other files
    assert (await sink.flush())["files"] == []
    await sink.write(later)
    await sink.commit()
    assert names(tmp_path) == ["2026-11-28-111122223333.ndjson", "2026-11-29-111122223333.ndjson"]


async def test_files_of_earlier_runs_are_found_whatever_their_values(tmp_path):
    template = tmp_path / "[x] {date}/{label}/{catalog}-{label}.csv"
    for label in ODD:
        sink = open_sink(template, cls=CLS)
        await sink.open()
        await sink.write(Page(label, "AWS", "op"))
        await sink.commit()
    every = {str(path) for path in tmp_path.rglob("*.csv")}
    day = sink.template.date
    for name in (
        f"[x] {day}/a/AWS-b.csv",
        f"[x] {day}/a/AWS-.csv",
        "[x] 2026-01-01/a/AWS-a.csv",
        f"x {day}/a/AWS-a.csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / f"[x] {day}" / "d").mkdir()
    (tmp_path / f"[x] {day}" / "d" / "AWS-d.csv").mkdir()
    last = sink.template.expand(Page(ODD[-1], "AWS", ""))
    assert {file.path for file in await sink.earlier_files()} == every - {last}
    await sink.open()
    await sink.write(Page("-rf", "AWS", "op"))
    await sink.abort(keep=False)
    assert {file.path for file in await sink.earlier_files()} == every


LISTINGS = sorted(
    name.replace("-", "_") for known in (summaries(), details()) for each in known.values() for name in each
)


async def test_only_files_named_for_a_listing_are_those_of_earlier_runs(tmp_path):
    sink = open_sink(tmp_path / "{operation}.ndjson")
    in_python = [safe_file_name("".join(map(str.capitalize, name.split("_")))) for name in LISTINGS]
    for name in ("c", "report", "list", "list-partners", "my_list_partners", *LISTINGS, *in_python):
        (tmp_path / f"{name}.ndjson").touch()
    sink.paths([Page("a", "AWS", "c"), Page("a", "AWS", LISTINGS[0])])
    await sink.open()
    await sink.write(Page("a", "AWS", LISTINGS[0]))
    await sink.commit()
    found = {file.path for file in await sink.earlier_files()}
    assert found == {str(tmp_path / f"{name}.ndjson") for name in ("c", *LISTINGS[1:], *in_python)}


async def test_a_failed_run_leaves_nothing(tmp_path):
    (tmp_path / "a.ndjson").write_text("earlier")
    sink = open_sink(tmp_path / "{label}.ndjson")
    await sink.open()
    await sink.write(page(0, label="a"))
    await sink.write(page(0, label="b"))
    await sink.flush()
    await sink.abort(keep=False)
    assert names(tmp_path) == ["a.ndjson"]
    assert (tmp_path / "a.ndjson").read_text() == "earlier"


async def test_the_directory_before_the_first_field_must_be_there(tmp_path):
    with pytest.raises(SinkError, match=r"its directory .*nowhere does not exist"):
        await open_sink(tmp_path / "nowhere" / "{label}.ndjson").open()


async def test_no_position_leads_out_of_the_directory(tmp_path):
    directory, elsewhere = tmp_path / "directory", tmp_path / "elsewhere"
    directory.mkdir()
    elsewhere.mkdir()
    sink = open_sink(directory / "{label}.ndjson")
    await sink.open()
    await sink.write(page(0, label="acme"))
    position = await sink.flush()
    await sink.abort(keep=True)
    for label in ("../elsewhere/owned", str(elsewhere / "owned")):
        (partial,) = directory.glob(".*.part")
        (elsewhere / partial.name).write_bytes(partial.read_bytes())
        for changed in (
            json.dumps(position).replace("acme", label),
            json.dumps(position).replace('"acme"', f'"{label}"'),
        ):
            other = open_sink(directory / "{label}.ndjson")
            with pytest.raises(SinkError, match="the saved run wrote"):
                await other.open(json.loads(changed))
            await other.abort(keep=True)
        assert names(elsewhere) == [partial.name]
        assert names(directory) == [partial.name]


@pytest.mark.parametrize(
    "odd", [{}, [], "x", {"version": 1, "template": "other", "run_id": "x", "files": {}}, {"version": 1}]
)
async def test_what_is_not_a_position_is_refused(tmp_path, odd):
    with pytest.raises(SinkError, match="wrote another output"):
        await open_sink(tmp_path / "{label}.ndjson").open(odd)


@pytest.mark.parametrize(
    "text", ["{", "}", "{}", "{0}", "{name}", "{label!r}", "{label:>9}", "{label.x}", "{label[0]}"]
)
def test_what_is_not_a_template_is_refused(text):
    with pytest.raises(
        ValueError, match=re.escape("placeholders are {catalog}, {label}, {account}, {service}, {operation}, {date}")
    ):
        open_sink(f"{text}.ndjson")


async def test_braces_may_stand_for_themselves(tmp_path):
    await filled(tmp_path / "{{x}}.ndjson", [page(0)])
    assert names(tmp_path) == ["{x}.ndjson"]


async def test_services_have_files_of_their_own_and_another_run_of_others_leaves_nothing_in_place(tmp_path):
    template = tmp_path / "{service}/{label}.ndjson"
    pages = [Page("a", "AWS", "L", raw=[raw(n)], service=name) for n, name in enumerate(("selling", "x/y"))]
    sink = open_sink(template)
    await sink.open()
    await sink.write(pages[0])
    position = json.loads(json.dumps(await sink.flush()))
    await sink.abort(keep=True)
    await sink.open(position)
    await sink.write(pages[1])
    await sink.commit()
    files = [tmp_path / "selling" / "a.ndjson", tmp_path / "x%2Fy" / "a.ndjson"]
    assert [file.read_bytes() for file in files] == [raw(0) + b"\n", raw(1) + b"\n"]
    other = open_sink(template)
    await filled_sink(other, [Page("b", "AWS", "L", service="account")])
    assert await other.earlier_files() == []
    await filled_sink(other, [Page("b", "AWS", "L", service="x/y")])
    assert [file.path for file in await other.earlier_files()] == [str(files[1])]
    assert other.paths(pages) == [str(file) for file in files]  # of a run that has no page of them
    assert {file.path for file in await other.earlier_files()} == {*map(str, files)}


async def filled_sink(sink, pages):
    await sink.open()
    for each in pages:
        await sink.write(each)
    await sink.commit()
