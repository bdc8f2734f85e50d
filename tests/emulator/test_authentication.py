"""Signatures of boto3, and denials."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import anyio.to_thread
import boto3
import botocore.auth
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from aiopartnercentral.emulator import Credential, Denial, Emulator, Fault, Reset

pytestmark = pytest.mark.anyio

ADA = Credential("ada-secret", "111111111111")
BOB = Credential("bob-secret", "222222222222", "bob-token")


@pytest.fixture
async def guarded():
    async with Emulator(credentials={"AKIAADA": ADA, "ASIABOB": BOB}) as running:
        yield running


async def asked(emulator, key, secret, token=None, *, change=None, region="us-east-1", **request):
    """Return the catalog's preferences as boto3 gets them, or the code of the error."""

    def work():
        session = boto3.session.Session(key, secret, token, region_name=region)
        config = Config(retries={"total_max_attempts": 1})
        client = session.client("partnercentral-account", endpoint_url=emulator.endpoint_url, config=config)
        if change:
            client.meta.events.register("before-send", change)
        try:
            return client.get_connection_preferences(**(request or {"Catalog": "AWS"}))["Arn"]
        except ClientError as error:
            return error.response["Error"]["Code"]
        finally:
            client.close()

    return await anyio.to_thread.run_sync(work)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
async def test_a_request_is_of_the_account_that_signed_it(guarded, region):
    assert ADA.account_id in await asked(guarded, "AKIAADA", "ada-secret", region=region)
    assert BOB.account_id in await asked(guarded, "ASIABOB", "bob-secret", "bob-token", region=region)
    assert [request.account for request in guarded.requests] == [ADA.account_id, BOB.account_id]


@pytest.mark.parametrize(
    ("key", "secret", "token", "code"),
    [
        ("AKIANOBODY", "ada-secret", None, "UnrecognizedClientException"),
        ("111111111111", "ada-secret", None, "UnrecognizedClientException"),
        ("AKIAADA", "wrong", None, "InvalidSignatureException"),
        ("ASIABOB", "bob-secret", None, "UnrecognizedClientException"),
        ("ASIABOB", "bob-secret", "wrong", "UnrecognizedClientException"),
        ("AKIAADA", "ada-secret", "surplus", "UnrecognizedClientException"),
    ],
)
async def test_wrong_credentials_are_refused(key, secret, token, code, *, guarded):
    assert await asked(guarded, key, secret, token) == code


async def test_a_request_that_was_changed_after_signing_is_refused(guarded):
    def tamper(request, **_):
        request.body = request.body.replace(b"AWS", b"Sandbox")
        request.headers["Content-Length"] = str(len(request.body))

    def redirect(request, **_):
        request.headers["X-Amz-Target"] = "PartnerCentralAccount.ListPartners"

    def strip(request, **_):
        del request.headers["Authorization"]

    def add(request, **_):
        # A header whose value is no UTF-8.
        request.headers["X-Odd"] = "\xff"
        signed = request.headers["Authorization"].replace(b"SignedHeaders=", b"SignedHeaders=x-odd;")
        request.headers["Authorization"] = signed

    def cut(request, **_):
        request.headers["Authorization"] = request.headers["Authorization"][:-9]

    changes = (tamper, redirect, add, strip, cut)
    refused = [await asked(guarded, "AKIAADA", "ada-secret", change=change) for change in changes]
    assert refused == [
        "InvalidSignatureException",
        "InvalidSignatureException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "IncompleteSignatureException",
    ]


@pytest.mark.parametrize(("minutes", "accepted"), [(-6, False), (-4, True), (4, True), (6, False)])
async def test_an_old_or_future_signature_is_refused(minutes, accepted, *, guarded, monkeypatch):
    now = botocore.auth.get_current_datetime

    def skewed(*arguments, **options) -> datetime:
        return now(*arguments, **options) + timedelta(minutes=minutes)

    monkeypatch.setattr(botocore.auth, "get_current_datetime", skewed)
    answer = await asked(guarded, "AKIAADA", "ada-secret")
    assert answer == "InvalidSignatureException" if not accepted else ADA.account_id in answer


async def test_moving_the_emulators_clock_does_not_affect_signatures(guarded):
    guarded.clock.advance(timedelta(days=400))
    assert ADA.account_id in await asked(guarded, "AKIAADA", "ada-secret")


def test_a_credential_hides_its_secret_and_has_an_account():
    assert "secret" not in repr(BOB)
    assert "bob-token" not in repr(BOB)
    with pytest.raises(ValueError, match="account_id"):
        Credential("secret", "ada")


@pytest.mark.parametrize(
    ("denial", "denied"),
    [
        (Denial(catalog="AWS"), {("AWS", "ListPartners"), ("AWS", "GetConnectionPreferences")}),
        (Denial(operation="List*"), {("AWS", "ListPartners"), ("Sandbox", "ListPartners")}),
        (Denial(catalog="Sand*", operation="GetConnectionPreferences"), {("Sandbox", "GetConnectionPreferences")}),
        (Denial(catalog="AWS", account_id="222222222222"), set()),
        (Denial(operation="GetVerification"), {("", "GetVerification")}),
        (Denial(catalog="AWS", operation="*Verification"), set()),
    ],
)
async def test_denials_by_catalog_operation_and_account(denial, denied, *, frozen, ada):
    frozen.denials = [denial]
    requests = [(c, o) for c in ("AWS", "Sandbox") for o in ("ListPartners", "GetConnectionPreferences")]
    seen = set()
    for catalog, operation in (*requests, ("", "GetVerification")):
        request = {"Catalog": catalog} if catalog else {"VerificationType": "BUSINESS_VERIFICATION"}
        _, body = await ada.send(operation, request)
        if body.get("__type") == "AccessDeniedException":
            assert body["Reason"] == "ACCESS_DENIED"
            seen.add((catalog, operation))
    assert seen == denied


async def test_a_resource_is_denied_with_its_catalog(frozen, ada):
    arn = (await ada("GetConnectionPreferences", Catalog="AWS"))["Arn"]
    frozen.denied_catalogs = ["AWS"]
    assert await ada.refused("ListTagsForResource", ResourceArn=arn) == "ACCESS_DENIED"


NEVER = {
    "'Sandbx' matches no catalog (did you mean 'Sandbox'?): there are AWS, Sandbox": {"catalog": "Sandbx"},
    "'ListPartner' matches no operation (did you mean 'ListPartners'?)": {"operation": "ListPartner"},
    "'list_partners' matches no operation (did you mean 'ListPartners'?)": {"operation": "list_partners"},
    "'account' matches no service (did you mean 'partnercentral-account'?): there are ": {"service": "account"},
    "account_id must be twelve digits, or have wildcards": {"account_id": "12345678901"},
}


@pytest.mark.parametrize(("problem", "selected"), NEVER.items())
def test_what_matches_no_request_is_refused(problem, selected):
    with pytest.raises(ValueError, match=rf"^denials\[0\]: {re.escape(problem)}"):
        Emulator(denials=[Denial(**selected)])
    with pytest.raises(ValueError, match=f"^fault 1: {re.escape(problem)}"):
        Emulator().faults = [Fault(Reset(), **selected)]


def test_accounts_may_have_wildcards():
    accounts = ("*", "1234*", "12345678901?", "123456789012")
    emulator = Emulator(denials=[Denial(account_id=each) for each in accounts])
    assert [denial.account_id for denial in emulator.denials] == [*accounts]


def test_an_unknown_catalog_is_refused_with_the_known_ones():
    sizes = dict.fromkeys(["AWS", "Sandbox", "Alpha", "Beta", "Gamma", "Delta", "Epsilon"], 1)
    with pytest.raises(ValueError, match=r"^denied_catalogs\[0\] must be one of 7 names, not 'Sandbx' .*'Sandbox'\?"):
        Emulator(sizes, denied_catalogs=["Sandbx"])
    with pytest.raises(ValueError, match=r"^denied_catalogs\[0\] must be one of 0 names, not 'AWS'$"):
        Emulator({}, denied_catalogs=["AWS"])
    with pytest.raises(ValueError, match=r"^catalog must be 'AWS' or 'Sandbox', not 'aws'$"):
        Emulator().set_code("ada@example.com", "123456", catalog="aws")
