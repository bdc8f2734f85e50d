from __future__ import annotations

import pytest

from tests.cli.service import connection, page, serving

pytestmark = pytest.mark.anyio

ODD = [
    b'{"Catalog": "AWS" , "Zukunft": {"Umsatz": 1.10, "Faktor": 1E5, "Gro\xc3\x9f": 123456789012345678901234567890}}',
    b'{"Id":"pac-1","OtherParticipant":{"Hologram":{"Depth":-0.0,"Name":"\xe6\xa1\x9c"}},"Escaped":"\\u00e9\\/\\n"}',
    b'{"a":1,"a":2,"b":[],"c":null,"d":"\\ud83d\\ude00","e":1.0000000000000000000001}',
    b"{}",
]


@pytest.mark.parametrize("command", ["list-connections", "list-connection-invitations", "list-partners"])
async def test_every_line_is_an_item_as_it_was_spelled(run, command):
    keys = {
        "ListConnections": "ConnectionSummaries",
        "ListConnectionInvitations": "ConnectionInvitationSummaries",
        "ListPartners": "PartnerSummaryList",
    }

    def answer(operation, sent):
        if sent.get("NextToken") is None:
            return page(ODD[:2], "more", keys[operation])
        assert sent["NextToken"] == "more"
        return page(ODD[2:], None, keys[operation])

    async with serving(answer) as url:
        ended = await run("collect", command, "--catalog", "AWS", "--endpoint-url", url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.split(b"\n") == [*ODD, b""]


async def test_line_breaks_between_tokens_do_not_break_the_line(run):
    def answer(_operation, _sent):
        return b'{\r\n  "ConnectionSummaries": [\n    {\n      "Id": "pac-1",\r\n      "N": 1.10\n    }\n  ]\n}\n'

    async with serving(answer) as url:
        ended = await run("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url)
    assert ended.code == 0
    assert ended.out.count(b"\n") == 1
    assert b"".join(ended.out.split()) == b'{"Id":"pac-1","N":1.10}'


async def test_ordered_gives_one_catalog_after_the_other(run):
    def answer(_operation, sent):
        first = 0 if sent.get("NextToken") is None else 2
        items = [connection(number, sent["Catalog"]) for number in (first, first + 1)]
        return page(items, None if first else "more")

    async with serving(answer) as url:
        ended = await run(
            "collect", "list-connections", "--catalog", "B", "--catalog", "A", "--ordered", "--endpoint-url", url
        )
    assert ended.code == 0
    assert ended.out.splitlines() == [connection(number, catalog) for catalog in "BA" for number in range(4)]


async def test_the_options_of_the_listing_are_what_is_sent(run):
    requests = []

    def answer(operation, sent):
        requests.append((operation, sent))
        return page([], None, "ConnectionInvitationSummaries")

    async with serving(answer) as url:
        ended = await run(
            *("collect", "list-connection-invitations", "--catalog", "AWS", "--endpoint-url", url),
            *("--connection-type", "SUBSIDIARY", "--status", "SOMETHING_NEW", "--participant-type", "SENDER"),
            *("--other-participant-identifier", "a", "--other-participant-identifier", "b", "--page-size", "7"),
        )
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    sent = {
        "Catalog": "AWS",
        "ConnectionType": "SUBSIDIARY",
        "Status": "SOMETHING_NEW",
        "ParticipantType": "SENDER",
        "OtherParticipantIdentifiers": ["a", "b"],
        "MaxResults": 7,
    }
    assert requests == [("ListConnectionInvitations", sent)]


async def test_both_catalogs_of_the_emulator_come_whole(run, emulator):
    ended = await run(
        "collect", "list-connections", "--catalog", "AWS", "--catalog", "Sandbox", "--endpoint-url",
        emulator.endpoint_url, "--format", "ndjson", "--output", "-",
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    catalogs = [item["Catalog"] for item in ended.items]
    assert (catalogs.count("AWS"), catalogs.count("Sandbox")) == (250, 30)
    assert len({item["Id"] for item in ended.items}) == 280


async def test_max_items_is_for_each_catalog_and_complete_as_asked(run, emulator):
    ended = await run(
        *("collect", "list-partners", "--catalog", "AWS", "--catalog", "Sandbox", "--max-items", 2),
        *("--endpoint-url", emulator.endpoint_url),
    )
    assert (ended.code, ended.err) == (0, "")
    assert sorted(item["Catalog"] for item in ended.items) == ["AWS", "AWS", "Sandbox", "Sandbox"]


async def test_more_than_fits_into_memory_at_once_arrives_in_order(run):
    pages = 60

    def answer(_operation, sent):
        number = int(sent.get("NextToken") or 0)
        items = [connection(number * 100 + index) for index in range(100)]
        return page(items, str(number + 1) if number + 1 < pages else None)

    async with serving(answer) as url:
        ended = await run("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url)
    assert ended.code == 0
    assert ended.out.splitlines() == [connection(number) for number in range(pages * 100)]
