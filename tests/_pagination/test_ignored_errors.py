"""A misspelt name in `ignore_errors` is told, wherever it is given; one that a service may send is kept."""

from __future__ import annotations

import warnings

import pytest

from aiopartnercentral import account, selling
from aiopartnercentral._pagination.ignored_errors import ignoring
from aiopartnercentral.account.operations import SERVICE
from aiopartnercentral.bulk import Collection, Writes
from aiopartnercentral.errors import CredentialsError, ServiceError

WRONG = "AccessDeniedExeption"
TOLD = "ignore_errors: 'AccessDeniedExeption' is not a known error: did you mean AccessDeniedException?"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("AccessDeniedExeption", "AccessDeniedException"),
        ("accessdeniedexception", "AccessDeniedException"),
        ("ValidatonException", "ValidationException"),
        ("CredentialError", "CredentialsError"),
        ("ThrotlingException", "ThrottlingException"),
    ],
)
def test_the_name_that_may_be_meant_is_told(given, meant):
    with pytest.warns(UserWarning, match=f"'{given}' is not a known error: did you mean {meant}\\?"):
        ignoring([given], [SERVICE])


@pytest.mark.parametrize(
    "name",
    [
        *("AccessDeniedException", "AccessDenied", "ExpiredTokenException", "InvalidClientTokenId", "SlowDown"),
        *("CredentialsError", "EndpointConnectionError", "TimeoutError", "ConnectionError", "BrandNewException"),
    ],
)
def test_a_name_that_is_known_or_like_no_other_is_kept(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not ignoring([name], [SERVICE])(CredentialsError("x", code="y")) or name == "CredentialsError"


def test_the_misspelt_name_itself_is_ignored_nevertheless():
    with pytest.warns(UserWarning, match="did you mean"):
        is_ignored = ignoring([WRONG], [SERVICE])
    assert is_ignored(ServiceError({"Error": {"Code": WRONG}}, "Op"))
    assert not is_ignored(ServiceError({"Error": {"Code": "AccessDeniedException"}}, "Op"))


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_each_way_to_give_it_warns_at_the_line_of_the_caller():
    async with account.connect(aws_access_key_id="x", aws_secret_access_key="y") as client:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            client.paginate.list_connections(catalogs=["AWS"], ignore_errors=[WRONG])
            Collection(account.listings.list_connections(), "AWS", ignore_errors=[WRONG])
            Writes(selling.CreateOpportunityRequest, [], "AWS", ignore_errors=[WRONG])
    assert [str(each.message) for each in told] == [TOLD] * 3
    assert {each.filename for each in told} == {__file__}
