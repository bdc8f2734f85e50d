"""What the model calls sensitive is shown by nothing: no repr, no message, no path."""

from __future__ import annotations

import pickle
import traceback
from datetime import UTC, datetime

import golden_sensitive as sensitive
import pytest

from aiopartnercentral import DecodeError, EncodeError
from tests.support.generated_package import golden

SECRET = "hunter2"


def vault():
    return sensitive.Vault(
        needed=SECRET,
        secret=SECRET,
        secret_bytes=SECRET.encode(),
        secrets=[SECRET],
        secret_count=777,
        secret_lists=[[SECRET]],
        hidden_list=[SECRET],
        values={"plain": SECRET},
        keys={SECRET: "plain"},
        hidden_map={SECRET: SECRET},
        hidden_maps=[{SECRET: SECRET}],
        deep_keys=[{SECRET: "plain"}],
        secret_kind=sensitive.SecretKind(SECRET),
        kind_keys={sensitive.SecretKind(SECRET): "plain"},
        secret_moment=datetime(1777, 7, 7, tzinfo=UTC),
        secret_double=0.777,
        secret_flag=True,
        choice=sensitive.ChoiceHidden(SECRET),
        choices=[
            sensitive.ChoiceHidden(SECRET),
            sensitive.ChoiceKeys({SECRET: "plain"}),
            sensitive.ChoiceOpen("shown"),
        ],
        plain="shown",
    )


def test_nothing_shows_a_sensitive_value():
    secret = vault()
    error = sensitive.Leak(message="shown", secret=SECRET, vault=secret)
    for shown in (
        repr(secret),
        repr(sensitive.HideRequest(vault=secret, secret=SECRET, secrets=[SECRET])),
        repr(sensitive.HideResponse(vault=secret, secret=SECRET)),
        repr(
            [sensitive.ChoiceHidden(SECRET), sensitive.ChoiceKeys({SECRET: ""}), sensitive.ChoiceUnknown("tag", SECRET)]
        ),
        repr(error),
        str(error),
    ):
        assert SECRET not in shown
        assert "777" not in shown
    assert "shown" in repr(secret)
    assert "<redacted>" in repr(secret)
    assert "secret" not in repr(sensitive.Vault(needed=""))
    assert sensitive.json_converter.loads(sensitive.json_converter.dumps(secret), sensitive.Vault) == secret


def test_a_message_is_hidden_by_whatever_name_the_model_has_for_it():
    answer = {"Error": {"Code": "Whisper", "Message": SECRET}}
    error = sensitive.Whisper(answer, "Hide", text=SECRET)
    assert error.text == SECRET
    copy = pickle.loads(pickle.dumps(error))
    for shown in (str(error), repr(error), repr(error.args), message_of(error), repr(copy)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("Secret", {SECRET: SECRET}, "$.Secret"),
        ("Secrets", [SECRET, [SECRET]], "$.Secrets"),
        ("SecretBytes", f"{SECRET}§", "$.SecretBytes"),
        ("SecretMoment", SECRET, "$.SecretMoment"),
        ("SecretDouble", SECRET, "$.SecretDouble"),
        ("SecretKind", [SECRET], "$.SecretKind"),
        ("Values", {"plain": [SECRET]}, "$.Values"),
        ("Keys", {SECRET: [SECRET]}, "$.Keys"),
        ("DeepKeys", [{SECRET: 1}], "$.DeepKeys"),
        ("KindKeys", {SECRET: 1}, "$.KindKeys"),
        ("HiddenMap", {SECRET: 1}, "$.HiddenMap"),
        ("HiddenMaps", [{SECRET: 1}], "$.HiddenMaps"),
        ("InnerMap", {"plain": [SECRET]}, "$.InnerMap.plain"),
        ("Choice", {"Keys": {SECRET: 1}}, "$.Choice.Keys"),
        ("Documents", {SECRET: 1}, "$.Documents"),
        ("Room", {"Doors": {SECRET: 1}}, "$.Room"),
        ("Room", {"Inner": {"ByName": {SECRET: 1}}}, "$.Room"),
        ("Room", {"Doors": SECRET}, "$.Room"),
        ("Rooms", {SECRET: 1}, "$.Rooms"),
        ("Pick", {SECRET: 1, f"{SECRET}2": 2}, "$.Pick"),
        ("Pick", {"One": [SECRET]}, "$.Pick"),
    ],
)
def test_no_conversion_error_shows_a_sensitive_value(member, value, path):
    with pytest.raises(DecodeError) as caught:
        sensitive.json_converter.structure({"Needed": SECRET, member: value}, sensitive.Vault)
    assert caught.value.path == path
    assert SECRET not in f"{caught.value!r}\n{message_of(caught.value)}"
    field = golden("sensitive").names.fields["Vault", member]
    with pytest.raises(EncodeError) as refused:
        sensitive.json_converter.unstructure(sensitive.Vault(needed=SECRET, **{field: wrong(value)}))
    assert SECRET not in f"{refused.value!r}\n{message_of(refused.value)}"


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("document", {SECRET: object()}, "$.Document"),
        ("document", {SECRET: [float("nan")]}, "$.Document"),
        ("documents", [{SECRET: object()}], "$.Documents"),
        ("room", sensitive.Room(doors={SECRET: 1}), "$.Room"),
        ("room", sensitive.Room(inner=sensitive.Inner(by_name={SECRET: 1})), "$.Room"),
        ("rooms", {SECRET: 1}, "$.Rooms"),
        ("rooms", {SECRET: sensitive.Room(doors={SECRET: 1})}, "$.Rooms"),
        ("pick", sensitive.PickUnknown(SECRET, None), "$.Pick"),
    ],
)
def test_no_path_leads_into_a_sensitive_value_that_is_sent(field, value, path):
    with pytest.raises(EncodeError) as refused:
        sensitive.json_converter.unstructure(sensitive.Vault(needed="", **{field: value}))
    assert refused.value.path == path
    assert SECRET not in f"{refused.value!r}\n{message_of(refused.value)}"


def message_of(error):
    """Return what a traceback shows of the error and those that it shows before it, without the lines of code."""
    return "".join(traceback.format_exception(error, limit=0))


def wrong(value):
    """Return something of the same form that cannot be encoded either."""
    if isinstance(value, dict):
        return {key: object() for key in value}
    return (
        [wrong(item) if isinstance(item, dict) else object() for item in value] if isinstance(value, list) else object()
    )
