"""What `modify` is not sure of, it does not write; and what the function has changed, in whatever way, is written."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiopartnercentral import DecodeError, EncodeError, NotModifiableError, benefits, modify
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiopartnercentral import Modification
    from tests.support.servers import Received

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("aws_environment")]

Update = benefits.UpdateBenefitApplicationInput
GET = benefits.GetBenefitApplicationInput(catalog="AWS", identifier="benappl-1234567890123")
CONFLICT = Reply({"__type": "ConflictException", "message": "stale"}, status=409)
UNAVAILABLE = Reply({"__type": "InternalServerException", "message": "x"}, status=500)
THROTTLED = Reply({"__type": "ThrottlingException", "message": "x"}, status=429)


@attrs.define
class Application:
    """A server with one benefit application, which refuses stale revisions.

    Attributes:
        kept: the application.
        answers: what the next updates are answered after they were executed.
        refusals: what the next updates are answered instead.
        later: what updates are answered instead once one was executed.
        sent: the bodies of all updates.
    """

    url: str = ""
    kept: dict[str, Any] = attrs.field(factory=dict)
    answers: list[Reply] = attrs.field(factory=list)
    refusals: list[Reply] = attrs.field(factory=list)
    later: list[Reply] = attrs.field(factory=list)
    sent: list[dict[str, Any]] = attrs.field(factory=list)

    def answer(self, received: Received) -> Reply:
        if received.operation == "GetBenefitApplication":
            return Reply(self.kept)
        body = received.body
        self.sent.append(body)
        if self.refusals:
            return self.refusals.pop(0)
        if body["Revision"] != self.kept["Revision"]:
            return CONFLICT
        self.kept.update(body, Revision=str(int(body["Revision"]) + 1))
        self.refusals = self.later
        return self.answers.pop(0) if self.answers else Reply({"Revision": self.kept["Revision"]})

    async def modified(self, change: Callable[[Any], Any], **options: Any) -> Modification[Any]:
        async with benefits.connect(endpoint_url=self.url) as client:
            return await modify(client, GET, Update, change, **options)


@contextmanager
def running(**members: Any) -> Iterator[Application]:
    with scripted_server() as server:
        kept = {"Id": GET.identifier, "Catalog": "AWS", "Description": "d", "Revision": "1", **members}
        state = Application(server.url, kept)
        server.answer = state.answer
        yield state


def longer(request: Update) -> Update:
    return attrs.evolve(request, description=f"{request.description}+")


@pytest.mark.parametrize("further", [[], [THROTTLED] * 10])
async def test_a_change_is_not_applied_twice_after_an_uncertain_attempt(further: list[Reply]) -> None:
    def whether_needed(request: Update) -> Update:
        return request if request.description == "d+" else longer(request)

    with running() as state:
        state.answers, state.later = [UNAVAILABLE], further
        with pytest.raises(benefits.InternalServerException) as caught:
            await state.modified(longer)
        assert state.kept["Description"] == "d+"
        assert len(state.sent) > 1
        assert len({each["ClientToken"] for each in state.sent}) == 1
        assert "may have been written" in "".join(caught.value.__notes__)
        assert not (await state.modified(whether_needed)).is_sent


async def test_an_update_with_an_empty_token_is_not_repeated() -> None:
    with running() as state:
        state.answers = [UNAVAILABLE]
        with pytest.raises(benefits.InternalServerException):
            await state.modified(lambda request: attrs.evolve(longer(request), client_token=""))
        assert len(state.sent) == 1


async def test_a_conflict_after_a_certain_refusal_is_another_writers() -> None:
    with running() as state:
        state.refusals = [THROTTLED, CONFLICT]
        done = await state.modified(longer)
        assert (done.attempts, state.kept["Description"]) == (2, "d+")


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda request: attrs.evolve(longer(request), revision="2"), "Revision"),
        (lambda request: attrs.evolve(longer(request), identifier="another"), "Identifier"),
        (lambda request: attrs.evolve(longer(request), catalog="Sandbox"), "Catalog"),
        (
            lambda _: Update(catalog="AWS", client_token="t", identifier=GET.identifier, revision="", name="new"),
            "Revision",
        ),
    ],
)
@pytest.mark.parametrize("options", [{"dry_run": True}, {"overwrite": True}])
async def test_what_is_written_is_what_was_read(change: Any, name: str, options: dict[str, Any]) -> None:
    with running() as state:
        with pytest.raises(NotModifiableError, match=f"the function has changed {name}"):
            await state.modified(change, **options)
        assert state.sent == []


async def test_the_response_must_be_of_the_catalog() -> None:
    with running(Catalog="Sandbox") as state:
        with pytest.raises(DecodeError, match="another catalog"):
            await state.modified(longer)
        assert state.sent == []


DOCUMENT = {"a": 1, "n": None, "list": [1, None]}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"a": True}, "$.BenefitApplicationDetails.a: 1 -> true"),
        ({"a": 1.0}, "$.BenefitApplicationDetails.a: 1 -> 1.0"),
        ({"more": None}, "$.BenefitApplicationDetails: "),
        ({"list": [1]}, "$.BenefitApplicationDetails.list: [1,null] -> [1]"),
        ({"list": [True, None]}, "$.BenefitApplicationDetails.list[0]: 1 -> true"),
    ],
)
@pytest.mark.parametrize("in_place", [False, True])
async def test_documents_are_compared_exactly(change: dict[str, Any], path: str, in_place: bool) -> None:  # noqa: FBT001 - a case
    def changed(request: Update) -> Update:
        if in_place:
            request.benefit_application_details.update(change)
            return request
        return attrs.evolve(request, benefit_application_details={**request.benefit_application_details, **change})

    with running(BenefitApplicationDetails=DOCUMENT) as state:
        dry = await state.modified(changed, dry_run=True)
        done = await state.modified(changed)
        assert repr(state.sent[0]["BenefitApplicationDetails"]) == repr({**DOCUMENT, **change})
        assert str(done) == str(dry)
        assert str(done).startswith(path)


async def test_a_null_that_goes_is_a_change() -> None:
    with running(BenefitApplicationDetails=DOCUMENT) as state:
        await state.modified(lambda request: request.benefit_application_details.pop("n") or request)
        assert state.sent[0]["BenefitApplicationDetails"] == {"a": 1, "list": [1, None]}


async def test_a_change_in_place_that_is_not_returned_is_refused() -> None:
    with running(PartnerContacts=[{"Email": "a@example.com"}]) as state:
        with pytest.raises(NotModifiableError, match="in place, and returned None"):
            await state.modified(lambda request: request.partner_contacts.clear())
        assert state.sent == []
        await state.modified(lambda request: request.partner_contacts.clear() or request)
        assert state.sent[0]["PartnerContacts"] == []


A = {"Email": "a@example.com", "FirstName": "A", "LastName": "L", "Newer": 1}
B = {"Email": "b@example.com", "FirstName": "A", "LastName": "L", "Newer": 2}
new = benefits.Contact


@pytest.mark.parametrize(
    "change",
    [
        lambda a, b: [attrs.evolve(b, first_name="x"), attrs.evolve(a, first_name="y")],
        lambda a, b: [attrs.evolve(a, first_name="x"), attrs.evolve(b, first_name="y")],
        lambda _, b: [new(email="n@example.com", first_name="N", last_name="L"), b],
        lambda _, b: [new(first_name="N"), b],
        lambda a, _: [attrs.evolve(a, first_name="x")],
        lambda a, b: [b, attrs.evolve(a, first_name="x")],
    ],
)
async def test_items_with_unknown_members_are_refused_unless_it_is_certain_which_they_are(change: Any) -> None:
    with running(PartnerContacts=[A, B]) as state:
        with pytest.raises(EncodeError, match=r"^\$\.PartnerContacts: the items have members"):
            await state.modified(
                lambda request: attrs.evolve(request, partner_contacts=change(*request.partner_contacts))
            )
        assert state.sent == []


async def test_one_member_of_one_item_may_be_edited() -> None:
    with running(PartnerContacts=[A, B]) as state:

        def change(request: Update) -> None:
            first, second = request.partner_contacts
            return attrs.evolve(request, partner_contacts=[first, attrs.evolve(second, first_name="x")])

        await state.modified(change)
        assert state.sent[0]["PartnerContacts"] == [A, {**B, "FirstName": "x"}]


async def test_items_without_unknown_members_may_be_changed_at_will() -> None:
    plain = [{key: value for key, value in each.items() if key != "Newer"} for each in (A, B)]
    with running(PartnerContacts=plain) as state:

        def change(request: Update) -> Update:
            first, second = request.partner_contacts
            return attrs.evolve(
                request, partner_contacts=[attrs.evolve(second, last_name="y"), first, new(email="n@example.com")]
            )

        await state.modified(change)
        assert [each["Email"][0] for each in state.sent[0]["PartnerContacts"]] == ["b", "a", "n"]


@pytest.mark.parametrize("name", ["Description", "Revision", "Identifier", "ClientToken", "Status"])
async def test_only_what_is_not_known_or_not_returned_can_be_left_out(name: str) -> None:
    with running(Newer=1) as state:
        with pytest.raises(ValueError, match=f"leave_out names {name}, but is for"):
            await state.modified(longer, leave_out=["Newer", name])
        done = await state.modified(longer, leave_out=["Newer", "Never"])
        assert done.unmatched == ("Never",)
        assert "Newer" not in state.sent[0]
