"""Sources, roles and credentials: their defaults, and the arguments that they refuse."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from functools import partial, wraps
from pathlib import Path
from types import MappingProxyType
from unittest.mock import AsyncMock

import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Role, Source, by_account, check_sources
from aiopartnercentral.sinks import S3Options

ARN = "arn:aws:iam::111122223333:role/reader"


async def provider():
    return Credentials(access_key_id="key", secret_access_key="s3cret")


async def yielding():
    yield await provider()


def waiting():
    yield provider()


async def of_region(region, *, attempts=3):
    return region, attempts


class Vault:
    async def fetch(self):
        return await provider()


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"profile": "a", "role": Role(arn=ARN)}, ValueError, "profile and role exclude each other"),
        ({"profile": "a", "credentials": provider}, ValueError, "profile and credentials exclude each other"),
        ({"catalog": ""}, ValueError, "catalog must not be empty"),
        ({"catalog": 1}, TypeError, "catalog must be a string, not an integer"),
        ({"profile": ""}, ValueError, "profile must not be empty"),
        ({"profile": "a\nb"}, ValueError, "profile must not contain control characters"),
        ({"role": ARN}, TypeError, "role must be a Role, not a string"),
        ({"credentials": "key"}, TypeError, "credentials must be an async function, not a string"),
        ({"credentials": yielding}, TypeError, "credentials must be an async function, not an async generator: return"),
        (
            {"credentials": waiting},
            TypeError,
            "credentials must be an async function, not a generator: write `async def",
        ),
        (
            {"credentials": of_region},
            TypeError,
            "credentials must be .* without required .*, not one that needs region: bind",
        ),
        (
            {"credentials": Vault.fetch},
            TypeError,
            "credentials must be an async .*, not one that needs self: bind them with functools",
        ),
        (
            {"credentials": Credentials},
            TypeError,
            "credentials must be an async .* needs access_key_id, secret_access_ke",
        ),
        ({"client": object()}, TypeError, "client must be a ServiceClient, not an object"),
        ({"label": " "}, ValueError, "label must not be empty"),
        ({"label": "a\x1b[2J"}, ValueError, "label must not contain control characters"),
        ({"label": "a\ud800"}, ValueError, "label must not contain surrogates"),
        ({"label": None}, TypeError, "label must be a string, not None"),
        ({"account": ""}, ValueError, "account must not be empty"),
        ({"region_name": "us east"}, ValueError, "region_name must be the name of a region"),
        ({"endpoint_url": "localhost:80"}, ValueError, "endpoint_url must be a URL that begins with http"),
        ({"endpoint_url": "http://host:x"}, ValueError, "endpoint_url must be a URL that begins with http"),
        ({"endpoint_url": "http://me:s3cret@host"}, ValueError, "endpoint_url must be a URL without user name"),
    ],
)
def test_a_wrong_argument_of_a_source_is_refused_by_name(arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}") as caught:
        Source(**{"catalog": "AWS", **arguments})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "function",
    [
        provider,
        Vault().fetch,
        partial(of_region, "us-east-1"),
        wraps(of_region)(lambda: of_region("us-east-1")),
        lambda *_, **__: provider(),
        AsyncMock(),
    ],
)
def test_whatever_can_be_called_without_arguments_may_be_a_provider(function):
    assert Source("AWS", credentials=function).credentials is function
    assert S3Options(credentials=function).credentials is function


@pytest.mark.parametrize("function", [yielding, waiting, of_region])
def test_a_store_refuses_the_providers_that_a_source_refuses(function):
    with pytest.raises(TypeError, match=r"^credentials must be an async function"):
        S3Options(credentials=function)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"arn": "arn:aws:iam::1:role/a"}, ValueError, "arn must be the ARN of a role"),
        ({"arn": "arn:aws:iam::111122223333:user/reader"}, ValueError, "arn must be the ARN of a role"),
        ({"arn": "arn:aws:sts::111122223333:assumed-role/a/b"}, ValueError, "arn must be the ARN of a role"),
        ({"arn": None}, TypeError, "arn must be a string, not None"),
        ({"external_id": "s3cret é"}, ValueError, "external_id must be made of letters"),
        ({"external_id": "s3cret", "external_id_env": "ID"}, ValueError, "external_id_env excludes external_id"),
        ({"external_id": "s"}, ValueError, "external_id must be 2 to 1224 characters long, not 1"),
        ({"session_name": "my run"}, ValueError, "session_name must be made of letters"),
        ({"session_name": "x" * 65}, ValueError, "session_name must be 2 to 64 characters long, not 65"),
        ({"profile": ""}, ValueError, "profile must not be empty"),
        ({"duration": 899}, ValueError, "duration must be an integer from 900 to 43200, not 899"),
        ({"duration": 43201}, ValueError, "duration must be an integer from 900 to 43200, not 43201"),
        ({"duration": True}, TypeError, "duration must be an integer from 900 to 43200, not a boolean"),
        ({"duration": 3600.0}, TypeError, "duration must be an integer from 900 to 43200, not a float"),
    ],
)
def test_a_wrong_argument_of_a_role_is_refused_by_name(arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}") as caught:
        Role(**{"arn": ARN, **arguments})
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"access_key_id": ""}, ValueError, "access_key_id must not be empty"),
        ({"secret_access_key": b"s3cret"}, TypeError, "secret_access_key must be a string, not bytes"),
        ({"secret_access_key": "s3cret\n"}, ValueError, "secret_access_key must not contain control characters"),
        ({"session_token": ""}, ValueError, "session_token must not be empty"),
        ({"expires_at": 12}, TypeError, "expires_at must be a datetime with a time zone, .*, not an integer"),
        ({"expires_at": datetime(2030, 1, 1)}, ValueError, "expires_at must be a datetime with"),  # noqa: DTZ001 - naive
    ],
)
def test_a_wrong_argument_of_credentials_is_refused_by_name(arguments, kind, message):
    with pytest.raises(kind, match=f"^{message}") as caught:
        Credentials(**{"access_key_id": "key", "secret_access_key": "x", **arguments})
    assert "s3cret" not in str(caught.value)


def test_secrets_are_never_shown():
    role = Role(arn=ARN, external_id="s3cret")
    source = Source("AWS", role=role)
    given = Credentials(
        access_key_id="key", secret_access_key="s3cret", session_token="s3cret", expires_at=datetime.now(UTC)
    )
    for each in (role, source, given):
        again = copy.deepcopy(each)
        assert again == each
        assert hash(again) == hash(each)
        for shown in (repr(each), str(each), repr(again), repr([again])):
            assert "s3cret" not in shown
    assert "s3cret" not in repr(Source("AWS", credentials=lambda key="s3cret": key))


def test_the_defaults_of_label_and_account():
    vault = Vault()
    sources = [
        Source("AWS"),
        Source("AWS", profile="acme"),
        Source("Sandbox", role=Role(arn=ARN)),
        Source("AWS", credentials=provider),
        Source("AWS", credentials=vault.fetch, account="444455556666"),
    ]
    assert [source.label for source in sources] == [
        "AWS",
        "acme/AWS",
        "111122223333/Sandbox",
        "credentials/AWS",
        "444455556666/AWS",
    ]
    assert [source.account for source in sources[:3]] == ["default", "profile acme", "111122223333"]
    accounts = [Source("AWS", credentials=each).account for each in (vault.fetch, vault.fetch, Vault().fetch, provider)]
    assert accounts[0] == accounts[1]
    assert len(set(accounts)) == 3


def test_sources_with_equal_arguments_are_equal():
    vault = Vault()
    assert Source("AWS", credentials=vault.fetch) == Source("AWS", credentials=vault.fetch)
    assert Source("AWS", credentials=vault.fetch) != Source("AWS", credentials=Vault().fetch)
    assert len({Source("AWS", profile="a"), Source("AWS", profile="a"), Source("AWS", profile="b")}) == 2


def test_catalogs_become_sources_with_the_usual_credential_chain():
    assert check_sources("AWS") == (Source("AWS"),)
    assert check_sources(Source("AWS", profile="a")) == (Source("AWS", profile="a"),)
    assert check_sources(["AWS", Source("AWS", profile="a")]) == (Source("AWS"), Source("AWS", profile="a"))
    assert check_sources(iter(["AWS"])) == (Source("AWS"),)


@pytest.mark.parametrize(
    ("sources", "kind", "message"),
    [
        ([], ValueError, "sources must name at least one source"),
        (1, TypeError, "sources must be catalogs or Source objects, not an integer"),
        (["AWS", 1], TypeError, r"sources\[1\] must be a catalog or a Source, not an integer"),
        (["AWS", "Sandbox", "AWS"], ValueError, r"sources\[0\] and sources\[2\] have the same label 'AWS'"),
        (["AWS", ""], ValueError, "catalog must not be empty"),
        (Path("sources.toml"), TypeError, r"Source objects, not a .*Path: load_sources\(path\) returns the sources of"),
        ("sources.toml", ValueError, r"^'sources.toml' is the name of a file, not a catalog: load_sources\(path\) "),
        (["AWS", "night.TOML"], ValueError, "^'night.TOML' is the name of a file"),
    ],
)
def test_wrong_sources_of_a_run_are_refused(sources, kind, message):
    with pytest.raises(kind, match=message):
        check_sources(sources)


@pytest.mark.parametrize("sources", [{"AWS": Source("AWS", profile="ada")}, {}, MappingProxyType({"AWS": "Sandbox"})])
@pytest.mark.parametrize(
    "use",
    [
        check_sources,
        lambda sources: Collection(account.listings.list_connections(), sources),
        lambda sources: by_account(sources, 2),
    ],
)
def test_a_mapping_is_not_taken_for_catalogs_without_the_credentials_of_its_values(use, sources):
    with pytest.raises(
        TypeError, match=r"^sources must be .* Source objects, not a mapping: pass a list of its values"
    ):
        use(sources)
