"""The repr of generated classes, which their base has for all of them."""

from __future__ import annotations

import attrs

from aiopartnercentral import account


@attrs.frozen(kw_only=True, weakref_slot=False)
class Own(account.AccountSummary):
    """A user's class, with the repr that attrs writes."""


def written_by_attrs(obj: attrs.AttrsInstance) -> str:
    """Return what attrs would show."""
    cls = attrs.frozen(kw_only=True, slots=False)(type(type(obj).__name__, (type(obj),), {}))
    return repr(cls(**{field.name: getattr(obj, field.name) for field in attrs.fields(type(obj)) if field.init}))


def test_it_is_what_attrs_would_write() -> None:
    summary = account.AccountSummary(name="Acme")
    detail = account.ConnectionTypeSummary(
        status=account.ConnectionTypeStatus("NEW"), other_participant=account.ParticipantAccount(summary)
    )
    response = account.ListConnectionsResponse(connection_summaries=[], next_token="more")
    assert repr(summary) == "AccountSummary(name='Acme')" == written_by_attrs(summary)
    assert repr(response) == written_by_attrs(response)
    assert "response_metadata" not in repr(response)
    assert repr(detail.other_participant) == f"ParticipantAccount(value={summary!r})"
    assert repr(Own(name="Acme")) == "Own(name='Acme')"
