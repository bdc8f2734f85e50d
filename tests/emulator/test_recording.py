"""Recording another emulator in the role of AWS, and replaying what was recorded."""

from __future__ import annotations

import json
import os
import stat

import anyio
import httpx2
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import ServiceError, account, benefits, channel, marketing, revenue, selling
from aiopartnercentral.cli.recording import Forwarder
from aiopartnercentral.emulator import (
    Credential,
    Emulator,
    Fault,
    Recorder,
    Reset,
    ServerError,
    TruncatedBody,
    UnknownUnionMember,
)
from aiopartnercentral.emulator.cleaner import Cleaner
from aiopartnercentral.emulator.services import SERVICES

pytestmark = pytest.mark.anyio

KEY = "ASIAREALKEYREALKEY00"
REAL = Credential("the-real-secret", "123456789012", "the-real-token")
CALLERS = {
    "aws_access_key_id": "AKIACALLERSOWNKEY000",
    "aws_secret_access_key": "the-callers-secret",
    "aws_session_token": "the-callers-token",
}
LISTINGS = {
    account: ["list_connections", "list_partners"],
    selling: ["list_opportunities", "list_solutions"],
    benefits: ["list_benefit_applications"],
    channel: ["list_program_management_accounts"],
    marketing: ["list_campaigns"],
    revenue: ["list_revenue_attributions"],
}


@pytest.fixture(autouse=True)
def _credentials_of_the_recorder(monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", REAL.secret_access_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", REAL.session_token)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
async def aws():
    """Return what stands for AWS: it accepts the credentials of the recorder alone."""
    async with Emulator({"AWS": 30, "Sandbox": 5}, credentials={KEY: REAL}) as running:
        yield running


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.ndjson"


@pytest.fixture
def recording(aws, file):
    """Return `async with recording() as proxy`."""

    class Recording:
        async def __aenter__(self):
            self.recorder = Recorder(file, Forwarder(aws.endpoint_url)).__enter__()
            self.proxy = Emulator({"AWS": 0}, upstream=self.recorder)
            return await self.proxy.__aenter__()

        async def __aexit__(self, *error):
            await self.proxy.__aexit__(*error)
            self.recorder.__exit__(*error)

    return Recording


def connect(package, emulator, **options):
    config = AioConfig(retries={"total_max_attempts": 1})
    return package.connect(endpoint_url=emulator.endpoint_url, config=config, **CALLERS, **options)


async def collected(emulator):
    """Return what the library collects of each service."""
    found = {}
    for package, names in LISTINGS.items():
        async with connect(package, emulator) as client:
            for name in names:
                found[name] = await getattr(client.paginate, name)(catalog="AWS").collect()
        if package is account:
            async with connect(package, emulator) as client:
                found["small_pages"] = await client.paginate.list_connections(catalog="AWS", page_size=5).collect()
    return {name: list(items) for name, items in found.items()}


async def details(emulator):
    """Return the details of an opportunity, which have sensitive members, and errors of both protocols."""
    async with connect(selling, emulator) as client:
        first = await anext(aiter(client.paginate.list_opportunities(catalog="AWS")))
        opportunity = await client.get_opportunity(catalog="AWS", identifier=first.id)
        with pytest.raises(selling.ResourceNotFoundException) as json_error:
            await client.get_opportunity(catalog="AWS", identifier="O0000000000")
    async with connect(marketing, emulator) as client:
        first = await anext(aiter(client.paginate.search_campaign_templates(catalog="AWS")))
        made = await client.create_campaign(catalog="AWS", name="Engine", campaign_template_id=first.id)
        campaign = await client.get_campaign(catalog="AWS", campaign_identifier=made.arn)
        with pytest.raises(marketing.ResourceNotFoundException) as cbor_error:
            await client.get_campaign(catalog="AWS", campaign_identifier="camp-0123456789abc")
    return opportunity, campaign, str(json_error.value), str(cbor_error.value)


def lines(file):
    header, *others = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert header == {"format": "aiopartnercentral-recording", "version": 1}
    return others


async def test_what_was_recorded_is_replayed_without_the_service(aws, recording, file):
    async with recording() as proxy:
        listed, (opportunity, campaign, *errors) = await collected(proxy), await details(proxy)
    assert {request.account for request in aws.requests} == {REAL.account_id}
    assert len(listed["list_connections"]) == 30
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    async with Emulator({"AWS": 0}, replay=file) as replaying:
        before = len(aws.requests)
        again, (replayed, same_campaign, *same_errors) = await collected(replaying), await details(replaying)
        assert await collected(replaying) == again  # the last answers are repeated
        assert len(aws.requests) == before
    assert again["list_connections"] == listed["list_connections"]
    assert {name: len(items) for name, items in again.items()} == {name: len(items) for name, items in listed.items()}
    assert same_errors == errors
    assert same_campaign == campaign  # with times of CBOR
    assert replayed.id == opportunity.id
    assert replayed.customer.account.company_name != opportunity.customer.account.company_name


async def test_the_file_has_no_credentials_and_nothing_sensitive(aws, recording, file):
    async with recording() as proxy:
        await collected(proxy)
        await details(proxy)
        async with connect(account, proxy) as client:
            await client.send_email_verification_code(catalog="AWS", email="ada@byron.example")
            details_ = account.VerificationDetailsRegistrantVerificationDetails(account.RegistrantVerificationDetails())
            await client.start_verification(verification_details=details_)
    text = file.read_text(encoding="utf-8")
    for secret in (KEY, *CALLERS.values(), REAL.secret_access_key, REAL.session_token, "ada@byron", "/verifications/"):
        assert secret not in text
    tokens = [request.body.get("NextToken") for request in aws.requests if request.body.get("NextToken")]
    assert len(tokens) > 3
    assert not any(token in text for token in tokens)
    assert "page-1" in text
    assert "ClientToken" not in text


def filled(shapes, name, secrets, *, sensitive=False, depth=0):
    """Return a value of a shape with all members, and add each of its sensitive texts to `secrets`."""
    shape = shapes[name]
    sensitive = sensitive or bool(shape.get("sensitive"))

    def inner(each):
        return filled(shapes, each, secrets, sensitive=sensitive, depth=depth + 1)

    kind = shape["type"]
    if kind == "string":
        secrets += [f"secret-{len(secrets)}-x"] if sensitive else []
        return secrets[-1] if sensitive else "plain"
    if kind not in ("structure", "list", "map"):
        return {"boolean": True, "timestamp": "2026-01-01T00:00:00Z"}.get(kind, 7)
    if kind == "list":
        return [inner(shape["member"]["shape"])] if depth < 9 else []
    members = {"key": shape["value"]} if kind == "map" else shape["members"]
    some = list(members.items())[depth % len(members) :][:1] if shape.get("union") else members.items()
    return {key: inner(member["shape"]) for key, member in some} if depth < 9 else {}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_sensitive_member_of_every_operation_is_removed(name):
    service, seen = SERVICES[name], 0
    for operation in service.validator.operations.values():
        for kind in ("input", "output"):
            shape = operation.get(kind, {}).get("shape")
            secrets = []
            value = filled(service.shapes, shape, secrets) if shape else {}
            value["NotOfTheModel"] = {"Deep": ["secret-new", {"Of": 42}]}
            cleaned = Cleaner().clean(service, shape, value, renumber=True)
            text = json.dumps(cleaned)
            assert not any(f'"{secret}"' in text for secret in [*secrets, "secret-new"])
            assert cleaned["NotOfTheModel"] == {"Deep": ["REMOVED", {"Of": 0}]}
            assert text.count("plain") >= json.dumps(value).count("plain") - 2  # a page token and an idempotency token
            seen += len(secrets)
    assert seen > 0


@pytest.mark.parametrize("service", [SERVICES["partnercentral-account"], SERVICES["partnercentral-marketing"]])
def test_texts_of_errors_lose_principals_keys_and_removed_values(service):
    cleaner = Cleaner()
    member = next(name for name, shape in service.shapes.items() if shape.get("sensitive"))
    cleaner._without_values(["Countess"])
    text = f"{member}: User: arn:aws:sts::123456789012:assumed-role/Admin/ada with {KEY} denied; Countess is wrong"
    cleaned = cleaner.clean_text({"Message": text, "List": [text, 1]})
    assert cleaned["Message"] == f"{member}: User: REMOVED with REMOVED denied; REMOVED is wrong"
    assert cleaned["List"] == [cleaned["Message"], 1]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_has_another_type_than_in_the_model_is_removed(name):
    service = SERVICES[name]
    for found, shape in service.shapes.items():
        if shape["type"] != "structure":
            continue
        members = {each: service.shapes[member["shape"]]["type"] for each, member in shape["members"].items()}
        wrong = {
            each: "secret text" if kind in ("structure", "list", "map") else {"Deep": ["secret text"]}
            for each, kind in members.items()
            if each not in ("NextToken", "nextToken")
        }
        assert "secret" not in json.dumps(Cleaner().clean(service, found, wrong, renumber=True))


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/path?token=secret",
        "https://example.com/path#secret",
        "https://ada:secret@localhost/path",
        "https://ada:secret@example.com/path?x=https://b:secret@example.org/#secret",
    ],
)
def test_of_a_url_only_host_and_path_are_recorded(url):
    service, request = SERVICES["partnercentral-selling"], {"Catalog": url}
    cleaned = Cleaner().clean(service, "ListOpportunitiesRequest", request, renumber=True)
    assert cleaned["Catalog"] in ("https://example.com/path", "https://localhost/path")


def test_texts_of_errors_lose_addresses_that_no_member_has():
    text = "The address <ada.lovelace+aws@mail.example.co.uk>, and eve@example.com: not verified"
    assert Cleaner().clean_text({"Message": text}) == {"Message": "The address <REMOVED>, and REMOVED: not verified"}


async def test_an_answer_that_cannot_be_written_reaches_its_client_once(aws, recording, file, caplog):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with recording() as proxy, connect(account, proxy) as client:
        first = await client.list_connections(catalog="AWS", max_results=3)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 100, before[1]))
        try:
            lost = await client.list_connections(catalog="AWS", max_results=5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        last = await client.list_connections(catalog="AWS", max_results=4)
    assert [len(page.connection_summaries) for page in (first, lost, last)] == [3, 5, 4]
    assert len(aws.requests) == 3
    assert "an answer to ListConnections is not recorded: File too large" in caplog.text
    assert [each["request"]["MaxResults"] for each in lines(file)] == [3, 4]


async def test_an_unknown_union_member_is_recorded_and_becomes_a_test(aws, recording, file):
    aws.faults = [Fault(UnknownUnionMember(everywhere=True), operation="ListConnections")]
    async with recording() as proxy, connect(account, proxy) as client:
        await client.list_connections(catalog="AWS", max_results=3)
    async with Emulator({"AWS": 0}, replay=file) as replaying, connect(account, replaying) as client:
        page = await client.list_connections(catalog="AWS", max_results=3)
    for connection in page.connection_summaries:
        for kind in connection.connection_types.values():
            assert isinstance(kind.other_participant, account.ParticipantUnknown)


async def test_answers_to_equal_requests_come_in_order(recording, file):
    async with recording() as proxy, connect(account, proxy) as client:
        for kind in ("DENY_ALL", "ALLOW_ALL"):
            found = await client.get_connection_preferences(catalog="AWS")
            await client.update_connection_preferences(catalog="AWS", revision=found.revision, access_type=kind)
    seen = []
    async with Emulator({"AWS": 0}, replay=file) as replaying, connect(account, replaying) as client:
        seen += [(await client.get_connection_preferences(catalog="AWS")).revision for _ in range(3)]
        replaying.reset()
        seen.append((await client.get_connection_preferences(catalog="AWS")).revision)
        replaying.reset(everything=True)
        seen.append((await client.get_connection_preferences(catalog="AWS")).revision)
    assert [revision - seen[0] for revision in seen] == [0, 1, 1, 1, 0]
    assert len(lines(file)) == 4


async def test_the_dashboard_and_the_admin_api_say_that_answers_are_replayed_or_recorded(recording, file, http):
    async def pages(emulator):
        texts = {}
        for path in ("/", "/accounts", "/settings", "/accounts/123456789012", "/search?q=a"):
            headers = {"Accept": "text/html"}
            texts[path] = (await http.get(f"{emulator.endpoint_url}{path}", headers=headers)).text
        shown = (await http.get(f"{emulator.endpoint_url}/?format=json")).json()
        assert not any(shown["services"].values())
        return texts, shown

    async with recording() as proxy, connect(account, proxy) as client:
        await client.list_connections(catalog="AWS", max_results=1)
        texts, shown = await pages(proxy)
        assert all("Recording: requests go to AWS" in text and str(file) in text for text in texts.values())
        assert (shown["record"], shown["replay"], "replay" in proxy.scenario) == (str(file), None, False)
    async with Emulator(replay=file) as replayed:
        texts, shown = await pages(replayed)
        assert all("Replay: answers come from" in text and str(file) in text for text in texts.values())
        assert not any("connections" in text.lower() for path, text in texts.items() if path != "/settings")
        assert (shown["record"], shown["replay"]) == (None, str(file))
        present = (await http.get(f"{replayed.endpoint_url}/_emulator/scenario")).json()
        assert present["replay"] == str(file)
    async with Emulator() as plain:
        text = (await http.get(f"{plain.endpoint_url}/", headers={"Accept": "text/html"})).text
        assert "Replay:" not in text
        assert "Recording:" not in text


async def test_an_unknown_request_gets_an_error_that_says_what_was_recorded(recording, file):
    async with recording() as proxy, connect(account, proxy) as client:
        for size in (3, 4):
            await client.list_connections(catalog="AWS", max_results=size)
    async with (
        Emulator({"AWS": 0}, replay=file) as replaying,
        connect(account, replaying) as client,
        connect(marketing, replaying) as other,
    ):
        with pytest.raises(ServiceError) as other_request:
            await client.list_connections(catalog="AWS", max_results=5)
        with pytest.raises(ServiceError) as other_operation:
            await other.list_campaigns(catalog="AWS")
    for caught, text in (
        (other_request, "answers.ndjson has 2 requests of ListConnections; the most similar one differs in MaxResults"),
        (
            other_operation,
            "was not recorded; answers.ndjson has partnercentral-account ListConnections (2)",
        ),
    ):
        assert caught.value.code == "NotImplementedException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert text in str(caught.value)


@pytest.mark.parametrize("action", [Reset(), TruncatedBody()])
async def test_a_service_that_cannot_be_reached_is_a_bad_gateway_and_not_recorded(action, aws, recording, file):
    aws.faults = [Fault(action)]
    async with recording() as proxy, connect(account, proxy) as client:
        with pytest.raises(ServiceError, match="cannot be reached") as caught:
            await client.list_connections(catalog="AWS")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 502
    assert not file.exists()


async def test_a_redirect_is_not_followed_and_only_the_body_is_forwarded(file):
    seen = []

    async def answer(stream):
        async with stream:
            head = b""
            while b"\r\n\r\n" not in head:
                head += await stream.receive()
            seen.append(head)
            await stream.send(
                b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 2\r\n"
                b"Connection: close\r\n\r\n{}"
            )

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.listeners[0].extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - of anyio
    async with listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, answer)
        with Recorder(file, Forwarder(f"http://127.0.0.1:{port}")) as recorder:
            async with Emulator({"AWS": 0}, upstream=recorder) as proxy, connect(account, proxy) as client:
                with pytest.raises(Exception, match=r"307|redirect"):
                    await client.list_connections(catalog="AWS")
        group.cancel_scope.cancel()
    (head,) = seen
    assert KEY.encode() in head
    for secret in CALLERS.values():
        assert secret.encode() not in head


@pytest.mark.parametrize("error", ["InternalServerException", "NobodyKnowsException"])
async def test_the_dashboard_of_a_recorder_hides_the_texts_of_errors(error, aws, recording):
    aws.faults = [Fault(ServerError(status=500, error=error, message="Ada is wrong"))]
    async with recording() as proxy, httpx2.AsyncClient(base_url=proxy.endpoint_url, trust_env=False) as http:
        async with connect(account, proxy) as client:
            with pytest.raises(ServiceError, match="Ada is wrong"):
                await client.list_connections(catalog="AWS")
        page = await http.get(f"/requests/{proxy.requests[-1].request_id}?format=json")
    assert proxy.requests[-1].status == 500
    response = page.json()["request"]["response"]
    assert "Ada" not in page.text
    assert "(hidden)" in response.values()


async def test_without_credentials_nothing_is_sent(aws, recording, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    async with recording() as proxy, connect(account, proxy) as client:
        with pytest.raises(ServiceError, match="no credentials in the environment of the recorder"):
            await client.list_connections(catalog="AWS")
    assert aws.requests == ()


async def test_the_endpoint_of_aws_is_the_default_and_the_environment_cannot_lead_elsewhere(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forwarder = Forwarder(None)
    hosts = {name: forwarder._signed(service, "ListX", b"{}").url.split("/")[2] for name, service in SERVICES.items()}
    assert hosts["partnercentral-account"] == "partnercentral-account.us-east-1.api.aws"
    assert all(host.endswith((".api.aws", ".amazonaws.com")) for host in hosts.values())


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com", "example.com", "http://example.com", "https://a:b@example.com", "https://example.com/x"],
)
def test_another_endpoint_must_be_a_host_and_encrypted(url):
    with pytest.raises(ValueError, match=r"^--record-from must"):
        Forwarder(url)


async def test_a_request_under_way_is_answered_and_recorded_when_the_proxy_stops(aws, recording, file):
    aws.latency = 1.5
    pages = []
    async with anyio.create_task_group() as group, connect_later(pages, group, recording, aws):
        pass
    assert len(pages) == 1
    assert len(lines(file)) == 1


class connect_later:  # noqa: N801 - a context manager
    """Send a request through a proxy, and stop the proxy while the service works on it."""

    def __init__(self, pages, group, recording, aws):
        self.pages, self.group, self.recording, self.aws = pages, group, recording(), aws

    async def __aenter__(self):
        proxy = await self.recording.__aenter__()

        async def ask():
            async with connect(account, proxy) as client:
                self.pages.append(await client.list_connections(catalog="AWS"))

        self.group.start_soon(ask)
        with anyio.fail_after(10):
            while not self.aws.in_flight:
                await anyio.sleep(0.01)

    async def __aexit__(self, *error):
        await self.recording.__aexit__(*error)


def test_an_existing_file_is_not_overwritten(file):
    file.write_text("Dear diary,\n")
    with pytest.raises(FileExistsError), Recorder(file, Forwarder(None)):
        pass
    assert file.read_text() == "Dear diary,\n"


HEADER = b'{"format":"aiopartnercentral-recording","version":1}\n'


def line(**changes):
    """Return a line of a service of CBOR."""
    exchange = {"service": "partnercentral-marketing", "operation": "ListCampaigns", "request": {}, "status": 200}
    return json.dumps({**exchange, "response": {}, **changes}).encode() + b"\n"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot read the recording {}: No such file"),
        (b"", "{}, line 1: this is not a recording"),
        (b"Dear diary,\n", "{}, line 1: this is not a recording"),
        (HEADER.replace(b"1}", b"2}"), "{}, line 1: this is not a recording"),
        (HEADER + b"{}\n", "{}, line 2: the line is damaged"),
        (HEADER + b"[" * 100_000, "{}, line 2: the line is damaged"),
        (
            HEADER + b'{"service":"s3","operation":"Get","request":{},"status":200,"response":{}}',
            "{}, line 2: the models",
        ),
        *(
            (HEADER + line(status=status), "{}, line 2: the line is damaged")
            for status in (-1, 0, 101, 600, 10**30, "200", None)
        ),
        *(
            (HEADER + line(response={"nested": [value]}), "{}, line 2: the line is damaged")
            for value in ({"$time": "yesterday"}, {"$time": "9" * 20}, {"$bytes": "x"}, {"$bytes": "\u00e9"})
        ),
        (HEADER + line() + line()[:-9], "{}, line 3: the line is damaged"),
    ],
)
def test_a_wrong_file_is_refused_by_line(file, text, complaint):
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(ValueError, match=r"recording|line") as caught:
        Emulator(replay=file)
    assert str(caught.value).startswith(complaint.format(file))


def test_a_replay_has_no_upstream(file):
    file.write_bytes(HEADER)
    with pytest.raises(ValueError, match=r"^replay must not be given together with upstream"):
        Emulator(replay=file, upstream=Recorder(file, Forwarder(None)))
