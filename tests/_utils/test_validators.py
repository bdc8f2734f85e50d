"""The kit's own words: what each check lets pass, and how it refuses the rest."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiopartnercentral._utils import validators

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiopartnercentral._utils.validators import Check

HUGE = 10**5000  # Python neither converts this to a float nor prints it
HOUR = timedelta(hours=1)
NAMES = validators.collection_of(validators.text, "a collection of names", not_empty=True, unique=True)
RATES = validators.mapping_of(validators.text, validators.positive_number, "a mapping of names to rates")
ACCOUNT = validators.pattern("[0-9]{12}", "twelve digits")
SESSION = validators.pattern("[a-z]+", "lower-case letters", length=(2, 4))
WORDS = validators.one_of(["reset", "server_error", "latency", "throttle", "empty_page", "slow_body", "invalid_json"])
EITHER = validators.one_of(("before", "after"))


async def awaiting(event: object) -> None:
    del event


async def yielding(event: object) -> AsyncIterator[object]:
    yield event


class Awaiting:
    async def __call__(self, event: object) -> None:
        await awaiting(event)

    async def call(self, event: object) -> None:
        await awaiting(event)


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (validators.text, "Müller"),
        (validators.path, "state.jsonl"),
        (validators.any_text, ""),
        (ACCOUNT, "123456789012"),
        (SESSION, "ab"),
        (validators.number(), -1.5),
        (validators.number(), int(sys.float_info.max)),
        (validators.number(least=0, most=1), 1),
        (validators.positive_number, 1e-300),
        (validators.count, 1),
        pytest.param(validators.integer(), HUGE, id="huge"),
        (validators.flag, False),
        (EITHER, "before"),
        (validators.instance_of(datetime), datetime(2025, 1, 1, tzinfo=UTC)),
        (validators.function(), len),
        (validators.function(), awaiting),
        (validators.observer(), print),
        (validators.observer(), [].append),
        (validators.observer(), Fruit),
        (RATES, MappingProxyType({"a": 1})),
        (validators.optional(validators.text), None),
        (validators.aware_datetime, datetime(2025, 1, 1, tzinfo=UTC)),
        (validators.aware_datetime, datetime.min.replace(tzinfo=timezone(-HOUR))),
        (validators.positive_duration, timedelta(microseconds=1)),
    ],
)
def test_a_right_value_is_given_back(check: Check[Any], value: object) -> None:
    assert check("name", value) is value


def test_items_become_a_tuple_paths_a_string_and_words_the_choice() -> None:
    assert NAMES("names", iter(["a", "b"])) == ("a", "b")
    assert validators.path("state", Path("a") / "b") == str(Path("a") / "b")
    assert validators.one_of(Fruit)("fruit", "pear") is Fruit.PEAR


@pytest.mark.parametrize(
    ("check", "value", "error", "message"),
    [
        (validators.text, 3, TypeError, "name must be a string, not an integer"),
        (validators.text, None, TypeError, "name must be a string, not None"),
        (validators.text, str, TypeError, "name must be a string, not the class str"),
        (validators.text, b"", TypeError, "name must be a string, not bytes"),
        (validators.text, "", ValueError, "name must not be empty"),
        (validators.text, " \t", ValueError, "name must not be empty"),
        (validators.text, "a\x1b[2J", ValueError, "name must not contain control characters"),
        (validators.text, "a\ud800", ValueError, "name must not contain surrogates"),
        (validators.path, 3, TypeError, "name must be a path, not an integer"),
        (validators.path, b"state", TypeError, "name must be a path, not bytes"),
        (validators.any_text, 3.5, TypeError, "name must be a string, not a float"),
        (ACCOUNT, "s3cret", ValueError, "name must be twelve digits"),
        (ACCOUNT, "\u0661" * 12, ValueError, "name must be twelve digits"),
        (ACCOUNT, "123456789012\n", ValueError, "name must not contain control characters"),
        (ACCOUNT, 123456789012, TypeError, "name must be a string, not an integer"),
        (SESSION, "s3cret", ValueError, "name must be 2 to 4 characters long, not 6"),
        (validators.number(), float("nan"), ValueError, "name must be a finite number, not nan"),
        pytest.param(
            validators.number(),
            HUGE,
            ValueError,
            "name must be a finite number, not an integer of more than 20 digits",
            id="huge",
        ),
        (validators.number(least=0), float("inf"), ValueError, "name must be a finite number of at least 0, not inf"),
        (validators.number(least=0, most=1), -0.5, ValueError, "name must be a number from 0 to 1, not -0.5"),
        (validators.number(above=0, most=5), 6, ValueError, "name must be a number above 0 and at most 5, not 6"),
        (validators.number(most=5), 6, ValueError, "name must be a number of at most 5, not 6"),
        (validators.positive_number, 0, ValueError, "name must be a number above 0, not 0"),
        (validators.positive_number, "3", TypeError, "name must be a number above 0, not a string"),
        (validators.positive_number, True, TypeError, "name must be a number above 0, not a boolean"),
        (validators.positive_number, None, TypeError, "name must be a number above 0, not None"),
        pytest.param(
            validators.integer(least=1, most=9), -HUGE, ValueError, "not an integer of more than 20 digits", id="huge"
        ),
        (validators.integer(), 1.0, TypeError, "name must be an integer, not a float"),
        (validators.count, 0, ValueError, "name must be an integer of at least 1, not 0"),
        (validators.count, "3", TypeError, "name must be an integer of at least 1, not a string"),
        (validators.count, True, TypeError, "name must be an integer of at least 1, not a boolean"),
        (validators.flag, 1, TypeError, "name must be a boolean, not an integer"),
        (validators.flag, "yes", TypeError, "name must be a boolean, not a string"),
        (EITHER, "now", ValueError, "name must be 'before' or 'after', not 'now'"),
        (EITHER, "\x1b\ud800", ValueError, r"name must be 'before' or 'after', not '\x1b\ud800'"),
        (EITHER, "x" * 1000, ValueError, "name must be 'before' or 'after', not another string"),
        (EITHER, ["before"], TypeError, "name must be 'before' or 'after', not a list"),
        (validators.one_of("abc"), "d", ValueError, "name must be 'a', 'b' or 'c', not 'd'"),
        (validators.one_of("abcdefg"), "x", ValueError, "name must be one of 7 names, not 'x': 'a', 'b', "),
        (WORDS, "Rest", ValueError, "name must be one of 7 names, not 'Rest' (did you mean 'reset'?): 'reset', "),
        (WORDS, "error", ValueError, "name must be one of 7 names, not 'error' (did you mean 'server_error'?): "),
        (validators.one_of(["a"]), "d", ValueError, "name must be 'a', not 'd'"),
        (validators.one_of([]), "d", ValueError, "name must be one of 0 names, not 'd'"),
        (validators.instance_of(datetime), "2025", TypeError, "name must be a datetime, not a string"),
        (validators.instance_of(datetime), datetime, TypeError, "name must be a datetime, not the class datetime"),
        (validators.instance_of(OSError), {}, TypeError, "name must be an OSError, not a mapping"),
        (validators.function("an async function"), "f", TypeError, "name must be an async function, not a string"),
        (validators.observer(), "f", TypeError, "name must be a function of an event, not a string"),
        *(
            (validators.observer(), each, TypeError, "of an event, not an async function, which would never be awaited")
            for each in (awaiting, yielding, partial(awaiting, 1), Awaiting(), Awaiting().call, partial(Awaiting()))
        ),
        (NAMES, "AWS", TypeError, "name must be a collection of names, not a string"),
        (NAMES, {"AWS": 1}, TypeError, "name must be a collection of names, not a mapping"),
        (NAMES, 3, TypeError, "name must be a collection of names, not an integer"),
        (NAMES, [], ValueError, "name must not be empty"),
        (NAMES, ["a", 1], TypeError, "name[1] must be a string, not an integer"),
        (NAMES, ["a", "b", "a"], ValueError, "name must not contain 'a' twice"),
        (RATES, [1], TypeError, "name must be a mapping of names to rates, not a list"),
        (RATES, {1: 1}, TypeError, "name key must be a string, not an integer"),
        (RATES, {"a": "1"}, TypeError, "name['a'] must be a number above 0, not a string"),
        (RATES, {"a": -1}, ValueError, "name['a'] must be a number above 0, not -1"),
        (validators.optional(validators.count), 0, ValueError, "name must be an integer of at least 1, not 0"),
        (validators.positive_duration, 3600, TypeError, "name must be a timedelta, not an integer"),
        (validators.positive_duration, timedelta(), ValueError, "name must be a timedelta above 0, not 0:00:00"),
        (validators.aware_datetime, 12, TypeError, "name must be a datetime with a time zone"),
        (validators.aware_datetime, datetime(2025, 1, 1), ValueError, "not one without"),  # noqa: DTZ001 - the case
        (validators.aware_datetime, datetime.max.replace(tzinfo=timezone(-HOUR)), ValueError, "years 1 to 9999 of UTC"),
        (validators.aware_datetime, datetime.min.replace(tzinfo=timezone(HOUR)), ValueError, "years 1 to 9999 of UTC"),
    ],
)
def test_a_wrong_value_is_refused_in_the_same_words_everywhere(
    check: Check[Any], value: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as caught:
        check("name", value)
    assert type(caught.value) is error
    assert message in str(caught.value)
    assert str(caught.value).startswith("name")
    assert "s3cret" not in str(caught.value)


def test_a_check_is_an_attrs_validator_that_names_the_argument() -> None:
    @attrs.define
    class Options:
        _rate: float = attrs.field(default=1.0, validator=validators.positive_number)
        names: Mapping[str, float] = attrs.field(factory=dict, validator=RATES)

    assert Options(rate=2.0, names={"a": 1.0}) == Options(2.0, {"a": 1.0})
    with pytest.raises(TypeError, match=r"^rate must be a number above 0, not a string$"):
        Options(rate="3")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^names\['a'\] must be a number above 0, not 0$"):
        Options(names={"a": 0})
