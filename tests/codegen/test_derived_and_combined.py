"""Classes derived from generated ones, and classes of several packages in one converter."""

from __future__ import annotations

from typing import Any, ClassVar, Optional

import attrs
import cattrs
import pytest

from aiopartnercentral import account
from aiopartnercentral._serialization import BotocoreConverter, JsonConverter
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError
from tests.support.comparing import comparable
from tests.support.generated_package import golden

unions: Any = golden("unions").package
renamed: Any = golden("location_names").package
errors: Any = golden("errors").package

SUMMARY = {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": "ada"}}}
CONVERTERS = [account.json_converter, account.botocore_converter, JsonConverter(), BotocoreConverter()]


@attrs.frozen(kw_only=True)
class Labelled(account.AccountSummary):
    label: str = "none"


@attrs.frozen(kw_only=True)
class Demanding(account.AccountSummary):
    label: str


@attrs.frozen(kw_only=True)
class Numbered(account.AccountSummary):
    name: int  # type: ignore[assignment]


@attrs.frozen(kw_only=True)
class Cached(account.AccountSummary):
    initial: str = attrs.field(init=False, default="")


class Undecorated(account.AccountSummary):
    label: str = "none"


class Constructed(account.AccountSummary):
    def __init__(self, label: str) -> None:
        super().__init__(name=label)


@attrs.frozen(kw_only=True)
class Checked(account.AccountSummary):
    """Redeclares a member with its own type, to validate it."""

    scheme: ClassVar[str] = "any"
    name: str = attrs.field(validator=attrs.validators.min_len(1))


class OwnVariant(account.ParticipantAccount):
    """Adds nothing."""


class OwnUnknown(account.ParticipantUnknown):
    """Adds nothing."""


class Plain(account.ConnectionTypeSummary):
    """Adds behaviour, and no field."""

    @property
    def name(self) -> str:
        """The name of the other participant."""
        match self.other_participant:
            case account.ParticipantAccount(summary):
                return summary.name
        return ""


@attrs.define
class Report:
    """A class of somebody else's with members of two services."""

    mine: account.AccountSummary
    choice: unions.Shape | None
    parts: list[renamed.Part]


@pytest.mark.parametrize("converter", CONVERTERS)
def test_a_derived_class_is_decoded_by_the_hooks_of_its_base(converter: Any) -> None:
    assert converter.structure({"Name": "ada"}, Checked) == Checked(name="ada")
    plain = converter.structure(SUMMARY, Plain)
    assert (type(plain), plain.name, plain.status) == (Plain, "ada", account.ConnectionTypeStatus.ACTIVE)
    with pytest.raises(DecodeError, match=r"\$\.Name: required member is missing"):
        converter.structure({"name": "ada"}, Checked)


@pytest.mark.parametrize("converter", CONVERTERS)
@pytest.mark.parametrize(
    ("made", "field"),
    [
        (Labelled(name="ada", label="x"), "label"),
        (Demanding(name="ada", label="x"), "label"),
        (Numbered(name=1), "name"),
        (Cached(name="ada"), "initial"),
        (Undecorated(name="ada"), "label"),
        (Constructed("ada"), "label, name"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_derived_class_with_fields_of_its_own_is_refused(converter: Any, made: Any, field: str) -> None:
    """Its own fields would be filled in when it is decoded, and lost when it is encoded."""
    cls = type(made)
    refusal = f"{cls.__name__} differs from AccountSummary in {field}: register %s hook for it$"
    with pytest.raises(cattrs.StructureHandlerNotFoundError, match=refusal % "a structure"):
        converter.structure({"Name": "ada", "Label": "x"}, cls)
    with pytest.raises(EncodeError, match=refusal % "an unstructure"):
        converter.unstructure(made)
    with pytest.raises(EncodeError, match=refusal % "an unstructure"):
        converter.unstructure(account.ParticipantAccount(made))


@pytest.mark.parametrize("converter", CONVERTERS)
def test_hooks_for_a_derived_class_take_effect_wherever_its_objects_are(converter: Any) -> None:
    copied = converter.copy()
    copied.register_structure_hook(Labelled, lambda value, _: Labelled(name=value["Name"], label=value["Label"]))
    copied.register_unstructure_hook(Labelled, lambda made: {"Name": made.name, "Label": made.label})
    made = Labelled(name="ada", label="x")
    assert copied.structure({"Name": "ada", "Label": "x"}, Labelled) == made
    assert copied.unstructure(account.ParticipantAccount(made)) == {"Account": {"Name": "ada", "Label": "x"}}


@pytest.mark.parametrize("converter", CONVERTERS)
def test_objects_of_derived_classes_are_encoded_wherever_they_are(converter: Any) -> None:
    active = account.ConnectionTypeStatus.ACTIVE
    for variant in (OwnVariant, account.ParticipantAccount):
        detail = Plain(status=active, other_participant=variant(Checked(name="ada")))
        assert converter.unstructure(detail) == SUMMARY
    unknown = account.ConnectionTypeSummary(status=active, other_participant=OwnUnknown("New", 1))
    assert converter.structure(converter.unstructure(unknown), account.ConnectionTypeSummary) == attrs.evolve(
        unknown, other_participant=account.ParticipantUnknown("New", 1)
    )


def test_a_request_with_an_object_of_a_derived_class_is_refused_as_well() -> None:
    contact = account.AllianceLeadContact(first_name="a", last_name="b", email="c@d.e", business_title="t")

    @attrs.frozen(kw_only=True)
    class Contact(account.AllianceLeadContact):
        note: str = ""

    request = account.PutAllianceLeadContactRequest(
        catalog="AWS", identifier="partner-1", alliance_lead_contact=Contact(**attrs.asdict(contact), note="n")
    )
    with pytest.raises(EncodeError, match=r"\$\.AllianceLeadContact: Contact differs from AllianceLeadContact in note"):
        account.botocore_converter.params(request, account.PutAllianceLeadContactRequest)


def test_a_derived_error_is_decoded_by_the_hooks_of_its_base() -> None:
    class Mine(account.ThrottlingException):
        pass

    made = account.json_converter.structure({"Message": "slow down"}, Mine)
    assert (type(made), made.message, made.code) == (Mine, "slow down", "ThrottlingException")
    with pytest.raises(DecodeError, match=r"\$\.Message: required member is missing"):
        account.json_converter.structure({}, Mine)


def test_a_derived_error_with_members_of_its_own_is_refused() -> None:
    class Mine(account.ThrottlingException):
        def __init__(self, response: Any, operation: str = "", *, note: str = "") -> None:
            super().__init__(response, operation)
            self.note = note

    with pytest.raises(cattrs.StructureHandlerNotFoundError, match="Mine differs from ThrottlingException in"):
        account.json_converter.structure({"Message": "slow down"}, Mine)
    with pytest.raises(EncodeError, match=r"Mine differs from ThrottlingException in .*note"):
        account.json_converter.unstructure(Mine(None))


def test_an_error_that_is_not_generated_is_refused() -> None:
    class OwnError(ServiceError):
        pass

    with pytest.raises(cattrs.StructureHandlerNotFoundError):
        account.json_converter.structure({"Message": "x"}, OwnError)


def test_a_hook_for_a_derived_class_leaves_its_base_alone() -> None:
    converter = account.make_json_converter()
    converter.register_structure_hook(Checked, lambda value, _: Checked(name=value["Name"].upper()))
    assert converter.structure({"Name": "ada"}, Checked).name == "ADA"
    assert converter.structure({"Name": "ada"}, account.AccountSummary).name == "ada"
    assert converter.structure(SUMMARY, account.ConnectionTypeSummary).other_participant.value.name == "ada"


@pytest.mark.parametrize("converter", CONVERTERS)
def test_a_converter_uses_the_hooks_of_whatever_package_a_class_is_of(converter: Any) -> None:
    """One with optional members alone would otherwise become an object of Nones."""
    is_json = isinstance(converter, JsonConverter)
    wire = {"part-id": "1", "Same": "s"} if is_json else {"Id": "1", "Same": "s"}
    part = converter.structure(wire, renamed.Part)
    assert (part.id, part.same) == ("1", "s")
    assert converter.unstructure(part) == wire
    with pytest.raises(DecodeError, match=r"\$\.part-id: required member is missing"):
        converter.structure({"id": "1"}, renamed.Part)
    with pytest.raises(EncodeError, match=r"\$\.part-id: expected str, got int"):
        converter.unstructure(attrs.evolve(part, id=1))
    assert converter.structure({"Text": "t"}, unions.Shape) == unions.ShapeText("t")
    assert comparable(converter.structure({"Message": "m", "ResourceId": "r"}, errors.NotFound)) == comparable(
        errors.json_converter.structure({"Message": "m", "ResourceId": "r"}, errors.NotFound)
    )


def test_classes_of_several_packages_combine_in_one_of_somebody_elses() -> None:
    value = {"mine": {"Name": "ada"}, "choice": {"Text": "t"}, "parts": [{"part-id": "1"}]}
    made = account.json_converter.structure(value, Report)
    assert made == Report(account.AccountSummary(name="ada"), unions.ShapeText("t"), [renamed.Part(id="1")])
    assert account.json_converter.unstructure(made) == value
    assert account.json_converter.structure({**value, "choice": None}, Report).choice is None
    with pytest.raises(DecodeError, match=r"\$: expected exactly one union member, got none"):
        account.json_converter.get_structure_hook(unions.Shape)({}, unions.Shape)


def test_hooks_for_classes_of_two_packages_take_effect_in_one_converter() -> None:
    converter = account.make_json_converter()
    converter.register_structure_hook(account.AccountSummary, lambda value, _: value["Name"])
    converter.register_structure_hook_func(lambda cl: cl is unions.ShapeText, lambda value, _: value["Text"].upper())
    assert converter.structure(SUMMARY, account.ConnectionTypeSummary).other_participant.value == "ada"
    assert converter.structure({"Shape": {"Text": "t"}}, unions.ChooseResponse).shape == "T"


def test_classes_of_the_same_name_are_told_apart() -> None:
    @attrs.frozen(kw_only=True)
    class AccountSummary:
        name: str

    assert account.json_converter.loads(b'{"name": "ada"}', AccountSummary) == AccountSummary(name="ada")
    assert account.json_converter.loads(b'{"Name": "ada"}', account.AccountSummary).name == "ada"


def test_a_hook_for_every_enum_and_one_for_strings_are_told_apart() -> None:
    converter = account.make_json_converter()
    converter.register_structure_hook(str, lambda value, _: f"seen {value}")
    assert converter.structure(SUMMARY, account.ConnectionTypeSummary).status is account.ConnectionTypeStatus.ACTIVE
    assert converter.structure("NEW", account.ConnectionTypeStatus).is_unknown


def test_the_tag_of_a_variant_is_that_on_the_wire() -> None:
    assert account.ParticipantAccount.tag == "Account"
    assert {variant.tag for variant in account.Participant.__args__[:-1]} == {
        "PartnerProfile",
        "SellerProfile",
        "Account",
    }


@pytest.mark.parametrize("union", [account.AccountSummary | account.Tag, Optional[account.Tag | str]])  # noqa: UP045
def test_no_class_of_a_users_union_is_chosen_by_the_names_of_attributes(union: Any) -> None:
    refusal = "JSON does not say whether it is .* or .*: register a structure hook for the union"
    for decode in (account.json_converter.structure, account.botocore_converter.structure):
        with pytest.raises(cattrs.StructureHandlerNotFoundError, match=refusal):
            decode({"Name": "acme"}, union)
    converter = account.make_json_converter()
    converter.register_structure_hook(union, lambda value, _: account.AccountSummary(name=value["Name"]))
    assert converter.structure({"Name": "acme"}, union) == account.AccountSummary(name="acme")


def test_a_field_without_an_annotation_is_one_too() -> None:
    @attrs.define(auto_attribs=False, slots=False)
    class Noted(account.AccountSummary):
        note = attrs.field(default="", init=False)

    with pytest.raises(EncodeError, match="Noted differs from AccountSummary in note"):
        account.json_converter.unstructure(Noted(name="acme"))
