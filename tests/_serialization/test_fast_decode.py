"""The functions of the fast path, which are made when a class is first converted."""

from __future__ import annotations

import json
import linecache
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from aiopartnercentral import account, selling
from aiopartnercentral._serialization.fast import Fast
from aiopartnercentral._serialization.fast_decode import FallbackRequired
from aiopartnercentral.account.fast import FAST
from aiopartnercentral.types import ResponseMetadata

SUMMARY = {
    "Catalog": "AWS",
    "Id": "pac-0000000000001",
    "Arn": "arn",
    "OtherParticipantAccountId": "000000000001",
    "UpdatedAt": "2024-05-01T12:00:00+02:00",
    "ConnectionTypes": {},
}


def test_a_traceback_shows_the_source_of_a_made_function() -> None:
    decode = FAST.decoder(account.ConnectionSummary)
    assert decode is not None
    with pytest.raises(FallbackRequired) as raised:
        decode(json.dumps(SUMMARY))
    shown = "".join(traceback.format_exception(raised.value))
    assert "in decode_ConnectionSummary" in shown
    assert "made.updated_at = decode_iso8601(made.updated_at)" in shown


def test_threads_may_make_the_functions_of_overlapping_classes_at_once() -> None:
    for _ in range(20):
        fast = Fast("aiopartnercentral.selling")
        names = [
            "GetOpportunityResponse",
            "ListOpportunitiesResponse",
            "CreateOpportunityRequest",
            "OpportunitySummary",
        ]
        start = Barrier(len(names))

        def make(name: str, fast: Fast = fast, start: Barrier = start) -> bool:
            start.wait()
            return fast.decoder(getattr(selling, name)) is not None

        with ThreadPoolExecutor(len(names)) as threads:
            assert all(threads.map(make, names))
        listing = fast.decode(b'{"OpportunitySummaries": []}', selling.ListOpportunitiesResponse)
        assert listing == selling.ListOpportunitiesResponse(opportunity_summaries=[])


def test_other_types_have_no_fast_functions() -> None:
    class Derived(account.ListConnectionsResponse):
        pass

    for cls in (
        Derived,
        selling.Tag,
        account.ParticipantAccount,
        account.AccessDeniedException,
        ResponseMetadata,
        dict,
    ):
        assert FAST.decoder(cls) is None
        assert FAST.encoder(cls) is None
    assert FAST.decoder(account.Participant) is None


def test_what_was_decoded_before_does_not_change_a_function() -> None:
    def source(*names: str) -> str:
        fast = Fast("aiopartnercentral.account")
        for name in (*names, "ListConnectionsResponse"):
            assert fast.decoder(getattr(account, name)) is not None
        cls = account.ListConnectionsResponse
        return "".join(linecache.getlines(f"<decoders of {cls.__module__}.{cls.__name__}>")).partition("\ndef ")[0]

    assert source() == source("ConnectionSummary", "GetConnectionResponse") == source("ConnectionTypeSummary")
    assert "decode_ConnectionSummary" not in source()
