"""Credentials of connections that start without botocore: as botocore finds them, or left to it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import BotoCoreError, NoCredentialsError
from hypothesis import HealthCheck, given, settings, strategies as st

from aiopartnercentral import CredentialsError, account
from aiopartnercentral._transport import standalone_credentials, standalone_settings as standalone
from aiopartnercentral._transport.client_factory import open_botocore_client
from aiopartnercentral._transport.direct.request import Keys
from aiopartnercentral._transport.standalone import chain_credentials
from aiopartnercentral._transport.standalone_settings import standalone_settings
from aiopartnercentral.account.operations import SERVICE
from tests.support.clients import IDENTITY
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from aiopartnercentral._transport.standalone_settings import StandaloneSettings
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {"timeout": 600.0, "endpoint_url": "http://127.0.0.1:1"}
KEYS = "aws_access_key_id = {0}\naws_secret_access_key = secret-{0}\n"
EXPIRED = Reply({"__type": "ExpiredTokenException"}, status=400)
PAGE = Reply({"ConnectionSummaries": []})


@pytest.fixture(autouse=True)
def alone(unloaded_botocore: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - order
    """Let clients start without botocore; there are no credentials yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


def write(folder: Path, *, config: str = "", shared: str = "") -> None:
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "credentials").write_text(shared, encoding="utf-8")


def keys_of(found: StandaloneSettings | None) -> str | None:
    return None if found is None else found.keys.access_key


USUAL: list[tuple[str, str, str, dict[str, Any], str]] = [
    ("the default profile", "", "[default]\n" + KEYS.format("D"), {}, "D"),
    ("of the config file", "[default]\n" + KEYS.format("D"), "", {}, "D"),
    ("a profile", "", "[acme]\n" + KEYS.format("A"), {"profile": "acme"}, "A"),
    (
        "of the config file, with a region",
        "[profile acme]\nregion=x\n" + KEYS.format("A"),
        "",
        {"profile": "acme"},
        "A",
    ),
    (
        "the credentials file goes first",
        "[profile acme]\n" + KEYS.format("C"),
        "[acme]\n" + KEYS.format("A"),
        {"profile": "acme"},
        "A",
    ),
    (
        "other profiles do not matter",
        "[default]\nsso_session = x\n[sso-session x]\na = b\n[profile acme]\noutput=json\ncli_pager=\n",
        "[default]\nrole_arn = x\n[acme]\n# comment\n" + KEYS.format("A"),
        {"profile": "acme"},
        "A",
    ),
    (
        "explicit credentials go first",
        "[default]\nregion = x\n",
        "[default]\n" + KEYS.format("D"),
        IDENTITY,
        "AKIDEXAMPLE",
    ),
]


@pytest.mark.parametrize(("config", "shared", "options", "expected"), [e[1:] for e in USUAL], ids=[e[0] for e in USUAL])
async def test_a_profile_with_nothing_but_credentials_needs_no_botocore(
    config: str, shared: str, options: Mapping[str, Any], expected: str, tmp_path: Path
) -> None:
    write(tmp_path, config=config, shared=shared)
    found = standalone_settings(SERVICE, {**OPTIONS, **options})
    assert keys_of(found) == expected
    assert "secret-" not in repr(found)


async def test_the_environment_goes_before_its_own_profile_but_not_before_an_explicit_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, shared="[default]\n" + KEYS.format("D") + "[acme]\n" + KEYS.format("A"))
    monkeypatch.setenv("AWS_PROFILE", "default")
    assert keys_of(standalone_settings(SERVICE, OPTIONS)) == "D"
    monkeypatch.setenv("AWS_DEFAULT_PROFILE", "acme")
    assert keys_of(standalone_settings(SERVICE, OPTIONS)) == "A"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    assert standalone_settings(SERVICE, OPTIONS) is None  # incomplete
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "e")
    assert keys_of(standalone_settings(SERVICE, OPTIONS)) == "E"
    assert keys_of(standalone_settings(SERVICE, {**OPTIONS, "profile": "default"})) == "D"


@pytest.mark.parametrize(
    "section",
    [
        "[default]\naws_access_key_id = A\n",
        "[default]\n" + KEYS.format("ä"),
        *(
            f"[default]\n{KEYS.format('A')}{each}\n"
            for each in (
                "endpoint_url = http://127.0.0.1:1",
                "ca_bundle = x",
                "retry_mode = standard",
                "services = x",
                "s3 =\n  addressing_style = x",
                "s3 =\n  us_east_1_regional_endpoint = bogus",
                "sts_regional_endpoints = Legacy",
                "aws_security_token = x",
                "aws_account_id = 111122223333",
                "anything = x",
                "region =\n  no equals sign",
                " aws_session_token = continued",
                "output",
                "output = a\noutput = b",
                '[profile "quoted"]\nregion = x',
                "[default]\nregion = x",
                "[other]\nregion =\n  no equals sign",
                "[DEFAULT]\nendpoint_url = x",
            )
        ),
    ],
)
@pytest.mark.parametrize("file", ["config", "shared"])
async def test_a_setting_that_only_botocore_understands_is_left_to_it(file: str, section: str, tmp_path: Path) -> None:
    write(tmp_path, **{file: "[default]\n" + KEYS.format("D")})
    assert standalone_settings(SERVICE, OPTIONS) is not None
    write(tmp_path, **{file: section})
    found = standalone_settings(SERVICE, OPTIONS)
    assert found is None or (file == "shared" and '"quoted"' in section)  # which no profile of this file is


@pytest.mark.parametrize("name", sorted(standalone_credentials._OF_CHAIN))
@pytest.mark.parametrize("file", ["config", "shared"])
async def test_a_setting_that_says_how_to_obtain_credentials_is_left_to_the_chain(
    file: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, **{file: f"[default]\n{KEYS.format('D')}{name} = x\n"})
    assert chosen({}) == "chain"
    assert chosen(IDENTITY) is None  # as botocore checks the settings nevertheless
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "e")
    assert chosen({}) == "chain"


@pytest.mark.parametrize("options", [{}, {"profile": "default"}])
@pytest.mark.parametrize("lines", ["", "region = x", "sts_regional_endpoints = legacy"])
async def test_without_credentials_the_chain_looks_elsewhere(
    lines: str, options: Mapping[str, Any], tmp_path: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, shared=f"[default]\n{lines}\n")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "regional")
    assert chosen(options) == "chain"
    async with account.connect(endpoint_url=server.url, **options) as client:
        with pytest.raises(NoCredentialsError):
            await client.list_connections(catalog="AWS")
    assert server.received == []


@pytest.mark.parametrize("name", sorted(standalone_credentials.VARIABLES_OF_CHAIN))
@pytest.mark.parametrize("spelled", [str.upper, str.lower])
async def test_a_variable_that_says_how_to_obtain_credentials_is_left_to_the_chain(
    name: str, spelled: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, shared=f"[default]\n{KEYS.format('D')}")
    monkeypatch.setenv(spelled(name), "x")
    assert chosen({}) == "chain"
    assert chosen(IDENTITY) == IDENTITY["aws_access_key_id"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "E")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "e")
    assert chosen({}) == "chain"


def chosen(options: Mapping[str, Any]) -> str | None:
    """Return the access key id that is found without botocore, or `chain`; None if all is left to botocore."""
    found = standalone_settings(SERVICE, {**OPTIONS, **options})
    return None if found is None else getattr(found.keys, "access_key", found.keys)


@pytest.mark.parametrize("profile", ["nobody", "", "profile acme"])
async def test_a_profile_that_does_not_exist_is_left_to_botocore(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, config="[profile acme]\n" + KEYS.format("A"), shared="[default]\n" + KEYS.format("D"))
    assert standalone_settings(SERVICE, {**OPTIONS, "profile": profile}) is None
    assert standalone_settings(SERVICE, {**OPTIONS, **IDENTITY, "profile": profile}) is None
    monkeypatch.setenv("AWS_PROFILE", profile)
    assert standalone_settings(SERVICE, {**OPTIONS, **IDENTITY}) is None


async def test_bytes_that_are_no_text_are_left_to_botocore(tmp_path: Path) -> None:
    (tmp_path / "config").write_bytes(b"[default]\nregion = \xff\xfe\n")
    assert standalone_settings(SERVICE, {**OPTIONS, **IDENTITY}) is None


NAMES = st.sampled_from(["default", "acme"])
KEY_LINES = (
    *("aws_access_key_id = A1", "AWS_ACCESS_KEY_ID=A2", "aws_access_key_id: A3", "aws_access_key_id ="),
    *("aws_secret_access_key = S1", "aws_secret_access_key=S2", "  aws_secret_access_key = S3"),
    *("aws_session_token = T1", "aws_session_token =", "aws_security_token = T2", "aws_account_id = 1"),
    *("aws_secret_access_key = S4\n  of two lines", "aws_access_key_id = A5\n  of two lines"),
    "aws_session_token = T3\n  of two lines",
)
SETTINGS = (
    *("region = eu-west-1", "region = not a region", "region =\n  a = b", "output = json", "output", "; comment", ""),
    *("s3 =\n  addressing_style = path", "s3 = x", "s3 =\n  x", "s3 =\n  use_arn_region = maybe", "mfa_serial = x"),
    *("s3 =\n  addressing_style = x", "sts_regional_endpoints = Legacy"),
    *("sts_regional_endpoints = legacy", "cli_pager =", "cli_follow_urlparam = yes", "retry_mode = legacy"),
    *("max_attempts = 7", "use_fips_endpoint = true", "parameter_validation = false", "ca_bundle = /x"),
    *('credential_process = echo \'{"Version": 1, "AccessKeyId": "P", "SecretAccessKey": "p"}\'',),
    *("credential_process = false", "role_session_name = x", "duration_seconds = 900", "duration_seconds = soon"),
    *("source_profile = acme", "credential_source = Environment", "external_id = x", "web_identity_token_file = /x"),
    *("sso_start_url = x", "sso_session = x", "sso_region = eu-west-1", "sso_account_id = 1", "sso_role_name = x"),
    *("sdk_ua_app_id = x", "defaults_mode = standard", "services = x", "account_id_endpoint_mode = required"),
)
"""Settings, many of which change what botocore does; none makes it send a request to obtain credentials."""


def files(header: str) -> st.SearchStrategy[str]:
    """Draw a file with a few sections, most of them of a profile with credentials."""
    names = NAMES.map(lambda name: "[default]" if name == "default" else header.format(name))
    odd = st.sampled_from(["[profile default]", "[profilex acme]", "[DEFAULT]", "[services x]", "[other]"])
    lines = st.sampled_from(SETTINGS) | st.sampled_from(KEY_LINES)
    complete = st.lists(lines, max_size=2).map(lambda drawn: [*KEYS.format("A").splitlines(), *drawn])
    bodies = complete | complete | st.lists(lines, max_size=3)
    section = st.tuples(names | names | odd, bodies).map(lambda parts: "\n".join([parts[0], *parts[1]]))
    return (section | st.lists(section, max_size=2).map("\n".join)).map(lambda text: f"{text}\n")


@given(
    config=files("[profile {}]"),
    shared=files("[{}]"),
    chosen=st.none() | NAMES,
    named=st.none() | NAMES,
    has_keys=st.booleans(),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_whatever_needs_no_botocore_is_what_botocore_does(
    *,
    config: str,
    shared: str,
    chosen: str | None,
    named: str | None,
    has_keys: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(tmp_path, config=config, shared=shared)
    with monkeypatch.context() as patch:
        if named is not None:
            patch.setenv("AWS_PROFILE", named)
        if has_keys:
            patch.setenv("AWS_ACCESS_KEY_ID", "E")
            patch.setenv("AWS_SECRET_ACCESS_KEY", "e")
        await compare(chosen, tmp_path, patch)


@pytest.mark.parametrize("line", [*SETTINGS, *KEY_LINES])
@pytest.mark.parametrize("file", ["config", "shared"])
async def test_a_setting_without_effect_has_none_on_botocore(
    file: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, **{file: f"[default]\n{KEYS.format('A')}{line}\n"})
    await compare(None, tmp_path, monkeypatch)


async def compare(profile: str | None, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Check that botocore does with files as it does with nothing but the credentials that were found in them."""
    found = standalone_settings(SERVICE, {**OPTIONS, "profile": profile})
    if found is None:
        return
    keys = found.keys
    if keys == "chain":
        try:
            credentials = await chain_credentials({**OPTIONS, "profile": profile}, "us-east-1")
            if credentials is None:
                return
            keys = Keys.of(await credentials.get_frozen_credentials())
        except (CredentialsError, BotoCoreError) as error:
            with pytest.raises(type(error), match=re.escape(str(error))):
                await opened(profile=profile)
            return
    theirs = await opened(profile=profile)
    write(folder)
    patch.delenv("AWS_PROFILE", raising=False)
    patch.setenv("AWS_ACCESS_KEY_ID", keys.access_key)
    patch.setenv("AWS_SECRET_ACCESS_KEY", keys.secret_key)
    patch.setenv("AWS_SESSION_TOKEN", keys.token or "")
    assert theirs == await opened()


async def opened(**options: Any) -> dict[str, str]:
    """Return the settings of botocore's client: what it sends, and how."""
    async with open_botocore_client(SERVICE, timeout=600.0, endpoint_url="http://127.0.0.1:1", **options) as client:
        keys = await client._request_signer._credentials.get_frozen_credentials()
        http, config = client._endpoint.http_session, vars(client.meta.config)
        given = config.pop("_user_provided_options")
        return {
            "keys": repr((keys.access_key, keys.secret_key, keys.token)),
            "address": repr((client.meta.endpoint_url, client.meta.region_name)),
            "http": repr((http._verify, http._timeout, http._cert_file, http._proxy_config._proxies)),
            "validator": repr(type(client._serializer)),
            **{
                name: repr((value, given.get(name))) for name, value in config.items() if name != "s3"
            },  # another service's
        }


FILE = "[{0}]\n" + KEYS.format("{1}") + "[other]\n" + KEYS.format("OTHER")
CONFIG = FILE.replace("[", "[profile ")


@pytest.mark.parametrize("starts_alone", [True, False])
@pytest.mark.parametrize("profile", [None, "acme"])
@pytest.mark.parametrize("file", ["config", "credentials"])
async def test_expired_credentials_are_read_again_where_they_were_found(
    file: str,
    profile: str | None,
    starts_alone: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standalone, "_has_loaded_botocore", lambda: not starts_alone)
    monkeypatch.setenv("AWS_PROFILE", "acme")
    form = FILE if file == "credentials" else CONFIG
    (tmp_path / file).write_text(form.format("acme", "OLD") + "aws_session_token = t\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(form.format("acme", "ELSEWHERE"), encoding="utf-8")

    def change() -> None:
        (tmp_path / file).write_text(form.format("acme", "NEW"), encoding="utf-8")
        monkeypatch.setenv("AWS_PROFILE", "other")
        monkeypatch.setenv("AWS_CONFIG_FILE" if file == "config" else "AWS_SHARED_CREDENTIALS_FILE", str(elsewhere))
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "LATER")

    assert await signed_with(change, profile=profile) == ["OLD", "OLD", "NEW", "NEW"]


@pytest.mark.parametrize("starts_alone", [True, False])
async def test_expired_credentials_of_the_environment_are_read_there_again(
    starts_alone: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(standalone, "_has_loaded_botocore", lambda: not starts_alone)

    def store(name: str) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", name)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"secret-{name}")

    store("OLD")
    write(tmp_path, shared="[default]\n" + KEYS.format("D"))
    assert await signed_with(lambda: store("NEW")) == ["OLD", "OLD", "NEW", "NEW"]
    # They are gone: there are others in the profile, but those may be another account's.
    with pytest.raises(CredentialsError, match="env: no credentials"):
        await signed_with(lambda: monkeypatch.delenv("AWS_ACCESS_KEY_ID"))


async def signed_with(change: Callable[[], None], **options: Any) -> list[str]:
    """Return the access key ids of two requests, of which the second one has expired after a change, and of others."""
    with scripted_server() as server:
        async with account.connect(endpoint_url=server.url, **options) as client:
            server.replies(PAGE, EXPIRED, PAGE, PAGE)
            await client.list_connections(catalog="AWS")
            change()
            page = await client.list_connections(catalog="AWS")
            await client.list_connections(catalog="AWS")
    assert page.response_metadata is not None
    assert page.response_metadata.attempts == 2
    tokens = [each.headers.get("x-amz-security-token") for each in server.received]
    assert tokens[2:] == [None, None]
    return [each.headers["authorization"].split("=")[1].split("/")[0] for each in server.received]
