"""Signatures that AWS has published, in its documentation and its test suite of Signature Version 4."""

from __future__ import annotations

from urllib.parse import quote

import attrs
import pytest

from aiopartnercentral._transport.direct.signature import Signer, canonical_request, signing_key

ACCESS_KEY, SECRET_KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TIME = "20150830T123600Z"


@attrs.frozen
class Published:
    """A request of the test suite, to example.amazonaws.com, and its signature."""

    name: str
    signature: str
    method: str = "GET"
    path: str = "/"
    query: str = ""
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""


FORM = {"content-type": "application/x-www-form-urlencoded"}
SUITE = [
    Published("get-vanilla", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    Published("post-vanilla", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", "POST"),
    Published(
        "post-x-www-form-urlencoded",
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        "POST",
        headers=FORM,
        body=b"Param1=value1",
    ),
    Published(
        "get-header-key-duplicate",
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        headers={"my-header1": "value2,value2,value1"},
    ),
    Published(
        "get-header-value-trim",
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        headers={"my-header1": " value1", "my-header2": ' "a   b   c"'},
    ),
    Published(
        "post-header-key-sort",
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        "POST",
        headers={"my-header1": "value1"},
    ),
    Published("get-utf8", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", path=quote("/ሴ")),
    Published(
        "get-vanilla-empty-query-key",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
        query="Param1=value1",
    ),
]


@pytest.mark.parametrize("published", SUITE, ids=lambda published: published.name)
def test_a_signature_is_the_published_one(published: Published) -> None:
    headers = dict(sorted({**published.headers, "host": "example.amazonaws.com", "x-amz-date": TIME}.items()))
    names = ";".join(headers)
    canonical = canonical_request(published.method, published.path, published.query, headers, published.body)
    signer = Signer("us-east-1", "service", names)
    assert signer.authorization(ACCESS_KEY, SECRET_KEY, TIME, canonical) == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        f"SignedHeaders={names}, Signature={published.signature}"
    )


def test_a_signing_key_is_the_published_one() -> None:
    key = signing_key(SECRET_KEY, "20150830", "us-east-1", "iam")
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


def test_the_key_at_hand_is_of_the_credentials_and_the_day_and_never_shown() -> None:
    used = Signer("us-east-1", "service", "host")
    for key, secret, day in [("a", "one", 30), ("a", "two", 30), ("b", "two", 30), ("b", "two", 31), ("a", "one", 30)]:
        call = key, secret, f"201508{day}T123600Z", "canonical"
        assert used.authorization(*call) == Signer("us-east-1", "service", "host").authorization(*call)
    assert "one" not in repr(used)
