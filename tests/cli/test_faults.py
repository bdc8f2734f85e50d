"""Each foreseeable fault is one line that says what to do, and never a traceback."""

from __future__ import annotations

import anyio
import pytest

from tests.cli.service import connection, page, serving
from tests.support.credential_sources import ASSUME_ROLE, BASE, sts_error
from tests.support.servers import Reply, refusing_port, scripted_server

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS")
BOTH = (*COLLECT, "--catalog", "Sandbox")


def ok(_operation, sent):
    return page([connection(1, sent["Catalog"])])


@pytest.fixture
async def url():
    async with serving(ok) as address:
        yield address


@pytest.fixture
def dead_url():
    with refusing_port() as port:
        yield f"http://127.0.0.1:{port}"


async def test_missing_credentials_are_told_once_for_all_catalogs(run, url):
    ended = await run(*BOTH, "--endpoint-url", url, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert ended.code == 1
    assert "AWS, Sandbox: no AWS credentials" in ended.complaint
    assert "name a profile" in ended.complaint


async def test_half_of_the_credentials(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url, AWS_SECRET_ACCESS_KEY="")
    assert ended.code == 1
    assert "credentials are incomplete" in ended.complaint
    assert "AKIDEXAMPLE" not in ended.err


async def test_credentials_that_a_process_does_not_give(run, url, tmp_path):
    config = tmp_path / "config"
    config.write_text("[profile p]\ncredential_process = sh -c 'echo the-secret >&2; exit 1'\n")
    ended = await run(
        *(*COLLECT, "--endpoint-url", url, "--profile", "p"),
        AWS_CONFIG_FILE=str(config), AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
    )  # fmt: skip
    assert ended.code == 1
    assert "AWS: profile p: credential_process: its command failed" in ended.complaint
    assert "the-secret" not in ended.err


@pytest.mark.parametrize(("option", "variable", "code"), [(("--profile", "nope"), "", 2), ((), "nope", 1)])
async def test_an_unknown_profile(run, url, option, variable, code):
    ended = await run(*COLLECT, *option, "--endpoint-url", url, AWS_PROFILE=variable)
    assert ended.code == code
    assert "no profile 'nope'" in ended.complaint


async def test_a_setting_that_is_not_a_number(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url, AWS_METADATA_SERVICE_TIMEOUT="abc")
    assert ended.code == 1
    assert (
        "metadata_service_timeout must be a number: check metadata_service_timeout of the AWS config file"
        in ended.complaint
    )
    ended = await run(*COLLECT, "--endpoint-url", url, AWS_MAX_ATTEMPTS="abc", COLUMNS="200")
    assert (ended.code, ended.out) == (2, b"")
    assert "Invalid value for '--max-attempts' (env var: 'AWS_MAX_ATTEMPTS')" in ended.err


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        (
            "credential_process = echo no json",
            "profile p: credential_process: its command did not print credentials of version 1",
        ),
        (
            "role_arn = arn:aws:iam::123456789012:role/x\nweb_identity_token_file = {folder}/missing",
            "profile p: web identity: {folder}/missing: No such file or directory",
        ),
    ],
)
async def test_credentials_that_cannot_be_had(run, url, tmp_path, setting, problem):
    config = tmp_path / "config"
    config.write_text(f"[profile p]\n{setting.format(folder=tmp_path)}\n")
    ended = await run(
        *COLLECT,
        *("--endpoint-url", url, "--profile", "p"),
        AWS_CONFIG_FILE=str(config),
        AWS_ACCESS_KEY_ID="",
        AWS_SECRET_ACCESS_KEY="",
    )
    assert ended.code == 1
    assert problem.format(folder=tmp_path) in ended.complaint


async def test_a_denied_role_is_told_with_what_it_needs(run, url, tmp_path):
    config = tmp_path / "config"
    config.write_text(ASSUME_ROLE + BASE)
    environment = {"AWS_CONFIG_FILE": str(config), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    with scripted_server() as sts:
        sts.replies(sts_error("AccessDenied", "the-external-id is wrong"))
        ended = await run(
            *(*COLLECT, "--endpoint-url", url, "--profile", "p"), AWS_ENDPOINT_URL_STS=sts.url, **environment
        )
    assert ended.code == 1
    assert "AWS: profile p: AssumeRole failed: AccessDenied: <redacted> is wrong: " in ended.complaint
    assert "the role's trust policy must allow the caller" in ended.complaint
    assert "ListConnections" not in ended.complaint


async def test_an_mfa_code_without_a_terminal(run, url, tmp_path):
    config = tmp_path / "config"
    config.write_text(f"{ASSUME_ROLE}mfa_serial = arn:aws:iam::111122223333:mfa/ada\n{BASE}")
    environment = {"AWS_CONFIG_FILE": str(config), "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    ended = await run(*COLLECT, "--endpoint-url", url, "--profile", "p", **environment)
    assert ended.code == 1
    assert "an MFA code is required (mfa_serial of the AWS config file), and there is no terminal" in ended.complaint


async def test_a_captive_portal_does_not_empty_the_file(run, tmp_path):
    output = tmp_path / "items.ndjson"
    output.write_text("last night's items")
    with scripted_server() as portal, scripted_server() as other:
        other.replies(Reply({"ConnectionSummaries": []}))
        portal.replies(Reply(status=302, headers={"Location": f"{other.url}/login?token=the-secret"}))
        ended = await run(*COLLECT, "--endpoint-url", portal.url, "--output", output)
    assert ended.code == 1
    assert f"redirects to {other.url.removeprefix('http://')}, and redirects are not followed" in ended.complaint
    assert "the-secret" not in ended.err
    assert output.read_text() == "last night's items"
    assert len(portal.received) == 1


async def test_an_impossible_region(run):
    ended = await run(*COLLECT, "--region", "no region", COLUMNS="200")
    assert ended.code == 2
    assert "Invalid value for '--region': 'no region' is not a region: check its name" in ended.err


async def test_an_unusable_address_in_the_environment(run):
    ended = await run(*COLLECT, AWS_ENDPOINT_URL="nonsense")
    assert ended.code == 1
    assert "AWS_ENDPOINT_URL" in ended.complaint


async def test_an_unreachable_endpoint(run, dead_url):
    ended = await run(*BOTH, "--endpoint-url", dead_url, AWS_MAX_ATTEMPTS="1")
    assert ended.code == 1
    assert f"AWS, Sandbox: cannot connect to {dead_url}" in ended.complaint


async def test_an_unreachable_proxy_without_its_password(run, url, dead_url):
    proxy = dead_url.replace("//", "//user:the-password@")
    ended = await run(*COLLECT, "--endpoint-url", url, AWS_MAX_ATTEMPTS="1", HTTP_PROXY=proxy)
    assert ended.code == 1
    assert "proxy" in ended.complaint
    assert "the-password" not in ended.err


async def test_a_certificate_that_is_not_trusted_or_no_tls_at_all(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url.replace("http:", "https:"), AWS_MAX_ATTEMPTS="1")
    assert ended.code == 1
    assert "TLS to https://127.0.0.1" in ended.complaint


async def test_a_bundle_of_certificates_that_is_not_there(run, url, tmp_path):
    ended = await run(
        *COLLECT, "--endpoint-url", url.replace("http:", "https:"),
        AWS_MAX_ATTEMPTS="1", AWS_CA_BUNDLE=str(tmp_path / "none.pem"),
    )  # fmt: skip
    assert ended.code == 1
    assert "AWS_CA_BUNDLE" in ended.complaint


async def test_an_endpoint_that_hangs_up(run):
    async def hang_up(stream):
        await stream.receive()
        await stream.aclose()

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, hang_up)
        port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - no Django
        ended = await run(*COLLECT, "--endpoint-url", f"http://127.0.0.1:{port}", AWS_MAX_ATTEMPTS="1")
        group.cancel_scope.cancel()
    assert ended.code == 1
    assert "closed the connection" in ended.complaint


async def test_access_denied_on_one_of_two_keeps_the_other(run, emulator):
    ended = await run(
        *("collect", "list-connections", "--catalog", "Denied", "--catalog", "Sandbox"),
        *("--endpoint-url", emulator.endpoint_url),
    )
    assert ended.code == 1
    assert len(ended.items) == 30
    assert "Denied: AccessDeniedException" in ended.complaint
    assert "policy must allow ListConnections" in ended.complaint


async def test_each_catalog_that_failed_differently_has_its_line(run, emulator):
    ended = await run(
        *("collect", "list-connections", "--catalog", "Denied", "--catalog", "Unknown", "--catalog", "AWS"),
        *("--endpoint-url", emulator.endpoint_url),
    )
    assert ended.code == 1
    assert len(ended.items) == 250
    denied, unknown, *causes = ended.err.splitlines()
    assert "Denied: AccessDenied" in denied
    assert "Unknown: ValidationException" in unknown
    assert "Catalog is not a catalog of this account" in unknown
    admin, you = "the account's administrator can fix it: allow the operation", "you can fix it: correct what"
    assert [line.removeprefix("aiopartnercentral: ") for line in causes] == [
        f"access denied: 1 source (Denied); {admin} on the catalog",
        f"request refused: 1 source (Unknown); {you} the error names",
    ]


async def test_raise_stops_the_others(run):
    async def answer(_operation, sent):
        if sent["Catalog"] == "AWS":
            return 400, b'{"__type":"AccessDeniedException","Message":"no"}'
        return await anyio.sleep_forever()

    async with serving(answer) as url:
        ended = await run(*BOTH, "--on-error", "raise", "--endpoint-url", url)
    assert (ended.code, ended.out) == (1, b"")
    assert "AWS: AccessDeniedException: no" in ended.complaint


async def test_report_tells_of_failures_in_the_report_only(run, emulator):
    ended = await run(
        *("collect", "list-connections", "--catalog", "Denied", "--catalog", "Sandbox", "--on-error", "report"),
        *("--endpoint-url", emulator.endpoint_url),
    )
    assert ended.code == 1
    assert len(ended.items) == 30
    assert "aiopartnercentral:" not in ended.err
    assert ended.err.count("AccessDeniedException") == 1
    assert "2 sources: 30 items, 1 page, 0 retries" in ended.err
    assert "\nerror: Denied: AccessDeniedException" in ended.err


@pytest.mark.parametrize("policy", ["raise", "finish", "report"])
@pytest.mark.parametrize("switch", ["--summary", "--no-summary"])
async def test_a_failure_is_told_once(run, emulator, policy, switch):
    ended = await run(
        *("collect", "list-connections", "--catalog", "Denied", "--on-error", policy, switch),
        *("--endpoint-url", emulator.endpoint_url),
    )
    assert ended.code == 1
    assert ended.err.count("AccessDeniedException") == 1
    assert ("\nerror: Denied: " if switch == "--summary" else "aiopartnercentral: Denied: ") in f"\n{ended.err}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>hello</html>", "not JSON"),
        (b"[]", "expected object"),
        (b'{"ConnectionSummaries":{"SecretName":1}}', "$.ConnectionSummaries"),
        (b'{"ConnectionSummaries":[],"NextToken":5}', "$.NextToken"),
        (b"{}", "$.ConnectionSummaries"),
    ],
)
async def test_a_malformed_page(run, body, words):
    async with serving(lambda operation, sent: body if sent["Catalog"] == "AWS" else ok(operation, sent)) as url:
        ended = await run(*BOTH, "--endpoint-url", url)
    assert ended.code == 1
    assert [item["Catalog"] for item in ended.items] == ["Sandbox"]
    assert words in ended.complaint
    assert "SecretName" not in ended.err


async def test_a_malformed_item_shows_in_a_table(run):
    async with serving(lambda *_: page([b'{"Catalog":5}'])) as url:
        ended = await run(*COLLECT, "--format", "table", "--endpoint-url", url)
    assert (ended.code, ended.out) == (1, b"")
    assert "$.ConnectionSummaries[0]" in ended.complaint


async def test_page_tokens_in_a_circle(run):
    async with serving(lambda *_: page([connection(1)], "again")) as url:
        ended = await run(*COLLECT, "--endpoint-url", url)
    assert ended.code == 1
    assert "was already used" in ended.complaint


async def test_the_message_of_a_rejected_signature_is_not_repeated(run):
    message = r"The Canonical String should have been 'POST\nx-amz-security-token:the-token'"
    body = f'{{"__type":"InvalidSignatureException","message":"{message}"}}'.encode()
    async with serving(lambda *_: (403, body)) as url:
        ended = await run(*COLLECT, "--endpoint-url", url)
    assert ended.code == 1
    assert "credentials were not accepted (InvalidSignatureException)" in ended.complaint
    assert "Canonical" not in ended.err


async def test_only_the_first_line_of_a_message_and_nothing_that_steers_the_terminal(run):
    body = rb'{"__type":"ConflictException","message":"first \u001b[31m\u009b line\nx-amz-security-token:the-token"}'
    async with serving(lambda *_: (400, body)) as url:
        ended = await run(*COLLECT, "--endpoint-url", url)
    assert ended.code == 1
    assert r"ConflictException: first \x1b[31m\x9b line" in ended.complaint
    assert "the-token" not in ended.err


async def test_throttling_and_a_broken_service_say_to_wait(run):
    def answer(_operation, sent):
        if sent["Catalog"] == "AWS":
            return 400, b'{"__type":"ThrottlingException","Message":"Rate exceeded"}'
        return 500, b'{"__type":"InternalServerException","Message":"oops"}'

    async with serving(answer) as url:
        ended = await run(*BOTH, "--endpoint-url", url, AWS_MAX_ATTEMPTS="1")
    assert ended.code == 1
    lines = sorted(ended.err.splitlines())
    assert "AWS: ThrottlingException: Rate exceeded: try again later" in lines[0]
    assert "Sandbox: InternalServerException: oops (HTTP 500): try again later" in lines[1]


@pytest.mark.parametrize(
    ("status", "hint"),
    [(501, "(HTTP 501): the endpoint does not have ListConnections"), (505, "(HTTP 505)")],
)
async def test_a_server_error_that_stays_is_not_repeated(run, status, hint):
    asked = []

    def answer(operation, _sent):
        asked.append(operation)
        return status, b'{"__type":"OddException","Message":"no"}'

    async with serving(answer) as url:
        ended = await run(*COLLECT, "--endpoint-url", url)
    assert (ended.code, len(asked)) == (1, 1)
    assert ended.complaint == f"aiopartnercentral: AWS: OddException: no {hint}\n"


async def test_a_server_that_is_not_partner_central(run):
    async with serving(lambda *_: (404, b"<html>nothing here</html>")) as url:
        ended = await run(*COLLECT, "--endpoint-url", url)
    assert ended.code == 1
    assert "HTTP 404" in ended.complaint


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--catalog"),
        (("--catalog", "A B"), "not the name of a catalog"),
        (("--catalog", ""), "not the name of a catalog"),
        (("--catalog", "A\x1b[31m"), "not the name of a catalog"),
        (("--catalog", "A", "--catalog", "A"), "given twice"),
        (("--catalog", "A", "--page-size", "101"), "--page-size"),
        (("--catalog", "A", "--max-items", "0"), "--max-items"),
        (("--catalog", "A", "--concurrency", "0"), "--concurrency"),
        (("--catalog", "A", "--on-error", "ignore"), "--on-error"),
        (("--catalog", "A", "--format", "xml"), "--format"),
        (("--catalog", "A", "--output", ""), "--output"),
        (("--catalog", "A", "--endpoint-url", "ftp://host"), "--endpoint-url"),
        (("--catalog", "A", "--endpoint-url", "localhost:80"), "--endpoint-url"),
        (("--catalog", "A", "--endpoint-url", "http://h:99999"), "--endpoint-url"),
        (("--catalog", "A", "--endpoint-url", "http://u:the-password@h"), "--endpoint-url"),
        (("--catalog", "A", "--connection-type", "\udcff"), "--connection-type"),
        (("--catalog", "A", "--connection-type", ""), "--connection-type"),
        (("--catalog", "A", "--profile", ""), "--profile"),
    ],
)
async def test_wrong_usage_is_exit_code_2_or_told_by_the_client(run, arguments, words):
    ended = await run("collect", "list-connections", *arguments)
    assert ended.code == 2
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert "\x1b" not in ended.err
    assert "the-password" not in ended.err
    assert ended.out == b""
