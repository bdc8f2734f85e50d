"""Random invitations, responses and cancellations of two accounts, compared with a small reference model."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from aiopartnercentral.emulator import Clock, Emulator, Quotas
from tests.emulator.raw_requests import Wire
from tests.emulator.workflows import invitation

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = tuple[str, str]  # catalog and type: there are only two accounts
KEYS = st.tuples(st.sampled_from(["AWS", "Sandbox"]), st.sampled_from(["OPPORTUNITY_COLLABORATION", "SUBSIDIARY"]))
WHO = st.integers(0, 1)
_pairs = count()


class Reference:
    """Who sent the latest invitation, which of them are pending, and which connections are active."""

    def __init__(self) -> None:
        self.sender: dict[Key, int] = {}
        self.pending: set[Key] = set()
        self.active: set[Key] = set()

    def invite(self, who: int, key: Key) -> str | None:
        if key in self.active or key in self.pending:
            return "DUPLICATE_CONNECTION" if key in self.active else "DUPLICATE_CONNECTION_INVITATION"
        self.sender[key] = who
        self.pending.add(key)
        return None

    def answer(self, who: int, key: Key, *, as_sender: bool, accept: bool = False) -> str | None:
        if key not in self.sender or (self.sender[key] == who) != as_sender:
            return "ACTION_NOT_PERMITTED" if key in self.sender else "CONNECTION_INVITATION_NOT_FOUND"
        if key not in self.pending:
            return "INCOMPATIBLE_CONNECTION_INVITATION_STATE"
        self.pending.remove(key)
        self.active |= {key} if accept else set()
        return None


class TwoAccounts(RuleBasedStateMachine):
    wire: Wire
    clock: Clock

    @initialize()
    def begin(self) -> None:
        pair = 2 * next(_pairs)
        self.accounts = (f"{pair:012d}", f"{pair + 1:012d}")
        self.reference = Reference()
        self.invitations: dict[Key, str] = {}
        self.connections: dict[str, str] = {}

    def send(self, who: int, operation: str, **request: Any) -> Any:
        response = self.wire.send(operation, request, self.accounts[who])
        body = response.json()
        if response.status_code == 200:
            return body
        assert response.status_code == 400, body
        fields = body.get("ErrorDetails", [{"FieldValidationError": {"Code": body["Reason"]}}])
        return fields[0]["FieldValidationError"]["Code"]

    def done(self, who: int, operation: str, expected: str | None, **request: Any) -> Any:
        """Send, and hold what comes against what the reference expects: an error, or none."""
        answer = self.send(who, operation, ClientToken=f"t{next(_pairs)}", **request)
        assert answer == expected if expected else isinstance(answer, dict), answer
        return answer if expected is None else None

    @rule(who=WHO, key=KEYS)
    def invite(self, who: int, key: Key) -> None:
        expected = self.reference.invite(who, key)
        request = invitation(self.accounts[1 - who], catalog=key[0], kind=key[1])
        del request["ClientToken"]
        if sent := self.done(who, "CreateConnectionInvitation", expected, **request):
            self.invitations[key] = sent["Id"]

    @rule(who=WHO, key=KEYS)
    def accept(self, who: int, key: Key) -> None:
        expected = self.reference.answer(who, key, as_sender=False, accept=True)
        if answer := self.done(who, "AcceptConnectionInvitation", expected, **self.place(key)):
            assert self.connections.setdefault(key[0], answer["Connection"]["Id"]) == answer["Connection"]["Id"]

    @rule(who=WHO, key=KEYS)
    def reject(self, who: int, key: Key) -> None:
        expected = self.reference.answer(who, key, as_sender=False)
        self.done(who, "RejectConnectionInvitation", expected, **self.place(key))

    @rule(who=WHO, key=KEYS)
    def cancel_invitation(self, who: int, key: Key) -> None:
        expected = self.reference.answer(who, key, as_sender=True)
        self.done(who, "CancelConnectionInvitation", expected, **self.place(key))

    @rule(who=WHO, key=KEYS)
    def cancel_connection(self, who: int, key: Key) -> None:
        catalog, kind = key
        expected = "INCOMPATIBLE_CONNECTION_STATE" if catalog in self.connections else "CONNECTION_NOT_FOUND"
        place = {"Catalog": catalog, "Identifier": self.connections.get(catalog, "pac-0000000000000")}
        active = key in self.reference.active
        self.done(who, "CancelConnection", None if active else expected, **place, ConnectionType=kind, Reason="")
        self.reference.active.discard(key)

    @rule()
    def wait(self) -> None:
        self.clock.advance(timedelta(days=15))
        self.reference.pending.clear()

    def place(self, key: Key) -> dict[str, str]:
        return {"Catalog": key[0], "Identifier": self.invitations.get(key, "pacinv-0000000000000")}

    @invariant()
    def both_sides_see_what_the_reference_says(self) -> None:
        pending, active = self.reference.pending, self.reference.active
        for who in (0, 1):
            seen_pending, seen_active = set(), set()
            for catalog in ("AWS", "Sandbox"):
                listed = self.send(who, "ListConnectionInvitations", Catalog=catalog, Status="PENDING")
                for item in listed["ConnectionInvitationSummaries"]:
                    seen_pending.add((catalog, item["ConnectionType"], item["ParticipantType"]))
                for item in self.send(who, "ListConnections", Catalog=catalog)["ConnectionSummaries"]:
                    kinds = item["ConnectionTypes"].items()
                    seen_active |= {(catalog, name) for name, kind in kinds if kind["Status"] == "ACTIVE"}
            roles = {True: "SENDER", False: "RECEIVER"}
            assert seen_pending == {(*key, roles[self.reference.sender[key] == who]) for key in pending}
            assert seen_active == active


@pytest.fixture(scope="module")
def machine() -> Iterator[type[TwoAccounts]]:
    plenty = Quotas(invitations_per_day=10_000)
    emulator = Emulator({"AWS": 0, "Sandbox": 0}, clock=Clock(running=False), quotas=plenty)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(emulator),
        httpx2.Client(trust_env=False, timeout=60) as http,
    ):
        TwoAccounts.wire, TwoAccounts.clock = Wire(emulator.endpoint_url, http), emulator.clock
        yield TwoAccounts


def test_any_sequence_of_requests_agrees_with_the_reference(machine):
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30))
