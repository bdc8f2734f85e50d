"""The same mistake gets the same words from every public constructor."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account, emulator
from aiopartnercentral.bulk import Collection, Credentials, Limits, Role, Source, load_sources
from aiopartnercentral.emulator import Clock, Credential, Denial, Emulator, Fault, Quotas, Reset

if TYPE_CHECKING:
    from collections.abc import Callable

ARN = "arn:aws:iam::111122223333:role/reader"
HUGE = 10**5000


def make(cls: type, **required: Any) -> Callable[..., Any]:
    return lambda **arguments: cls(**{**required, **arguments})


def set_later(**arguments: Any) -> Any:
    running = Emulator()
    for name, value in arguments.items():
        setattr(running, name, value)


LIMITS = make(Limits)
ROLE = make(Role, arn=ARN)
SOURCE = make(Source, catalog="AWS")
CREDENTIALS = make(Credentials, access_key_id="key", secret_access_key="s3cret")
CREDENTIAL = make(Credential, secret_access_key="s3cret", account_id="111122223333")
COLLECTION = make(Collection, listings=account.listings.list_partners(), sources="AWS")
FAULT = make(Fault, action=Reset())
DENIAL = make(Denial)
UNIFORM = make(emulator.UniformLatency, minimum=0, maximum=1)

NUMBERS = {
    "number above 0": [
        *((LIMITS, name) for name in ("rate", "backoff", "source_seconds", "run_seconds")),
        (make(Emulator), "requests_per_second"),
        (set_later, "requests_per_second"),
    ],
    "number above 0 and at most 1000000000": [(make(emulator.SlowBody), "bytes_per_second")],
    "number from 0 to 946684800": [
        (make(Emulator), "latency"),
        (make(Emulator), "task_seconds"),
        (set_later, "latency"),
    ],
    "number from 0 to 1": [(FAULT, "probability")],
    "number from 0 to 86400": [
        (make(emulator.Latency), "seconds"),
        (UNIFORM, "minimum"),
        (UNIFORM, "maximum"),
        (make(emulator.ExponentialLatency, mean=1), "mean"),
        (make(emulator.ExponentialLatency, mean=1), "maximum"),
        (make(emulator.LognormalLatency), "median"),
        (make(emulator.Throttle, rate=1), "retry_after"),
    ],
    "number from 0 to 10": [(make(emulator.LognormalLatency, median=1), "sigma")],
    "number from 0 to 0.999": [(make(emulator.TruncatedBody), "fraction")],
    "number from 0 to 1000000000": [
        (make(emulator.Throttle), "rate"),
        (make(emulator.Throttle, rate=1), "capacity"),
    ],
}
INTEGERS = {
    "integer of at least 1": [
        *((LIMITS, name) for name in ("concurrency", "sources", "account_concurrency", "attempts")),
        (FAULT, "burst"),
    ],
    "integer of at least 0": [
        (make(Quotas), name)
        for name in (
            "active_connections",
            "open_invitations",
            "invitations_per_day",
            "email_domains",
            "codes_per_day",
            "profile_updates_per_day",
            "visibility_updates_per_day",
        )
    ],
    "integer from 900 to 43200": [(ROLE, "duration")],
    "integer from 500 to 599": [(make(emulator.ServerError), "status")],
    "integer from 1 to 1000": [(make(emulator.RepeatedPageToken), "length")],
    "integer from 0 to 65535": [(make(Emulator), "port")],
    "integer from -9223372036854775808 to 9223372036854775808": [(FAULT, "seed")],
}
TEXTS = [
    *((SOURCE, name) for name in ("catalog", "profile", "region_name", "endpoint_url", "account", "label")),
    *((ROLE, name) for name in ("arn", "external_id", "external_id_env", "session_name", "profile")),
    *((CREDENTIALS, name) for name in ("access_key_id", "secret_access_key", "session_token")),
    *((CREDENTIAL, name) for name in ("secret_access_key", "account_id", "session_token")),
    *((make(Emulator), name) for name in ("host", "account_id")),
    *((make(emulator.ServerError), name) for name in ("error", "message")),
    *((make(emulator.Throttle, rate=1), name) for name in ("service_code", "quota_code")),
    (make(emulator.WrongContentType), "content_type"),
    *((make(emulator.UnknownUnionMember), name) for name in ("member", "shape")),
    *((make(emulator.UnknownEnumValue), name) for name in ("value", "shape")),
    *((make(emulator.ExtraMember), name) for name in ("member", "shape")),
    (make(emulator.CorruptItem), "member"),
]
ANY_TEXTS = [
    *((FAULT, name) for name in ("catalog", "operation", "account_id")),
    *((DENIAL, name) for name in ("catalog", "operation", "account_id")),
    (make(emulator.WrongContentType), "body"),
]
FLAGS = [
    *((make(cls), "everywhere") for cls in (emulator.ExtraMember, emulator.UnknownEnumValue)),
    (make(emulator.UnknownUnionMember), "everywhere"),
    (make(Clock), "running"),
]
CHOICES = {
    "'before' or 'after'": [
        *((make(cls), "when") for cls in (Reset, emulator.ServerError)),
        (make(emulator.Latency, seconds=1), "when"),
        (UNIFORM, "when"),
        (make(emulator.ExponentialLatency, mean=1), "when"),
        (make(emulator.LognormalLatency, median=1), "when"),
    ],
    "'missing' or 'wrong_type'": [(make(emulator.CorruptItem), "how")],
}
INSTANCES = {
    "a Role": [(SOURCE, "role")],
    "a ServiceClient": [(SOURCE, "client")],
    "an async function": [(SOURCE, "credentials")],
    "a function": [(make(Clock), "tick")],
    "a datetime with a time zone, such as datetime.now(timezone.utc)": [
        (CREDENTIALS, "expires_at"),
        (make(Clock), "start"),
    ],
    "an action, such as Reset()": [(make(Fault), "action")],
    "a Clock": [(make(Emulator), "clock")],
    "a Quotas": [(make(Emulator), "quotas")],
    "a path": [
        (make(Emulator), "state"),
        (COLLECTION, "checkpoint"),
        (load_sources, "path"),
        (emulator.read_faults, "path"),
    ],
    "a mapping of operation names to requests per second": [(LIMITS, "rates")],
    "a mapping of catalog names to numbers of connections": [(make(Emulator), "catalogs")],
    "a mapping of access key ids to Credential objects": [(make(Emulator), "credentials")],
    "a collection of catalog names": [(make(Emulator), "denied_catalogs"), (set_later, "denied_catalogs")],
    "a collection of Denial objects": [(make(Emulator), "denials"), (set_later, "denials")],
    "a collection of Fault objects": [(make(Emulator), "faults"), (set_later, "faults")],
}


def refused(error: type[Exception], text: str, make: Callable[..., Any], /, **arguments: Any) -> None:
    with pytest.raises(error, match=f"^{re.escape(text)}$") as caught:
        make(**arguments)
    assert type(caught.value) is error
    assert "s3cret" not in str(caught.value)


def flat(groups: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(make, name, expected, id=f"{name}-{expected}-{position}")
        for expected, arguments in groups.items()
        for position, (make, name) in enumerate(arguments)
    ]


@pytest.mark.parametrize(("make", "name", "expected"), flat(NUMBERS))
def test_numbers(make: Callable[..., Any], name: str, expected: str) -> None:
    text = f"{name} must be a {expected}, not"
    for value, came in (("3", "a string"), (True, "a boolean"), ([1], "a list"), (b"1", "bytes")):
        refused(TypeError, f"{text} {came}", make, **{name: value})
    refused(ValueError, f"{text} -1", make, **{name: -1})
    for value in (float("nan"), float("inf"), float("-inf")):
        refused(ValueError, f"{name} must be a finite {expected}, not {value}", make, **{name: value})
    refused(ValueError, f"{text} an integer of more than 20 digits", make, **{name: HUGE})
    if "above" in expected:
        refused(ValueError, f"{text} 0", make, **{name: 0})


@pytest.mark.parametrize(("make", "name", "expected"), flat(INTEGERS))
def test_integers(make: Callable[..., Any], name: str, expected: str) -> None:
    text = f"{name} must be an {expected}, not"
    for value, came in (("3", "a string"), (True, "a boolean"), (1.0, "a float"), (None, "None"), ([1], "a list")):
        refused(TypeError, f"{text} {came}", make, **{name: value})
    refused(ValueError, f"{text} an integer of more than 20 digits", make, **{name: -HUGE})
    if "at least" in expected:
        refused(ValueError, f"{text} -1", make, **{name: -1})
    else:
        refused(ValueError, f"{text} an integer of more than 20 digits", make, **{name: HUGE})


@pytest.mark.parametrize(("make", "name"), [*TEXTS, *ANY_TEXTS])
def test_texts(make: Callable[..., Any], name: str) -> None:
    for value, came in ((3, "an integer"), (3.0, "a float"), (b"s3cret", "bytes"), (["s3cret"], "a list")):
        refused(TypeError, f"{name} must be a string, not {came}", make, **{name: value})


@pytest.mark.parametrize(("make", "name"), TEXTS)
def test_texts_that_must_not_be_empty(make: Callable[..., Any], name: str) -> None:
    refused(ValueError, f"{name} must not be empty", make, **{name: " "})
    refused(ValueError, f"{name} must not contain control characters", make, **{name: "s3cret\x1b[2J"})
    refused(ValueError, f"{name} must not contain surrogates", make, **{name: "s3cret\ud800"})


@pytest.mark.parametrize(("make", "name"), FLAGS)
def test_flags(make: Callable[..., Any], name: str) -> None:
    for value, came in (("yes", "a string"), (1, "an integer"), (None, "None")):
        refused(TypeError, f"{name} must be a boolean, not {came}", make, **{name: value})


@pytest.mark.parametrize(("make", "name", "expected"), flat(CHOICES))
def test_choices(make: Callable[..., Any], name: str, expected: str) -> None:
    refused(TypeError, f"{name} must be {expected}, not an integer", make, **{name: 3})
    refused(TypeError, f"{name} must be {expected}, not a list", make, **{name: ["before"]})
    refused(ValueError, f"{name} must be {expected}, not 'now'", make, **{name: "now"})


@pytest.mark.parametrize(("make", "name", "expected"), flat(INSTANCES))
def test_instances(make: Callable[..., Any], name: str, expected: str) -> None:
    text = f"{name} must be {expected}, not"
    refused(TypeError, f"{text} an integer", make, **{name: 3})
    if expected != "a path":
        refused(TypeError, f"{text} a string", make, **{name: "s3cret"})
    else:
        refused(ValueError, f"{name} must not be empty", make, **{name: ""})
        refused(ValueError, f"{name} must not contain null characters", make, **{name: "s3cret\0"})


def test_items_are_named_by_their_place() -> None:
    refused(TypeError, "rates['Get'] must be a number above 0, not a string", LIMITS, rates={"Get": "3"})
    refused(ValueError, "rates['Get'] must be a finite number above 0, not nan", LIMITS, rates={"Get": float("nan")})
    refused(TypeError, "rates key must be a string, not an integer", LIMITS, rates={3: 3})
    for each in (make(Emulator), set_later):
        refused(TypeError, "denials[1] must be a Denial, not a string", each, denials=[Denial(), "AWS"])
        refused(TypeError, "denied_catalogs[0] must be a string, not an integer", each, denied_catalogs=[3])
        refused(
            TypeError, "faults[0] must be a Fault, such as Fault(Reset()), not the class Fault", each, faults=[Fault]
        )
    refused(
        TypeError, "credentials['s'] must be a Credential, not a string", make(Emulator), credentials={"s": "s3cret"}
    )


def test_datetimes_have_a_time_zone() -> None:
    naive = datetime(2025, 1, 1)  # noqa: DTZ001 - the case
    for each, name in ((CREDENTIALS, "expires_at"), (make(Clock), "start")):
        text = f"{name} must be a datetime with a time zone, such as datetime.now(timezone.utc), not one without"
        refused(ValueError, text, each, **{name: naive})
    late = datetime(9001, 1, 1, tzinfo=UTC)
    refused(ValueError, "start must be a datetime before the year 9001", make(Clock), start=late)


def test_the_clock_of_an_emulator_is_moved_by_timedeltas() -> None:
    refused(TypeError, "by must be a timedelta, not an integer", Clock().advance, by=3)
