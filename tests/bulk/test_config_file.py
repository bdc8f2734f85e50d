"""A file of sources, and every way to get it wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aiopartnercentral import SourcesFileError
from aiopartnercentral.bulk import Role, Source, load_sources

ARN = "arn:aws:iam::111122223333:role/reader"
OTHER = "arn:aws:iam::444455556666:role/reader"


@pytest.fixture
def load(tmp_path):
    def load(text):
        (tmp_path / "sources.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_sources(tmp_path / "sources.toml")

    return load


def test_every_key_of_a_file(load):
    sources = load(
        f"""
        [defaults]
        catalogs = ["AWS", "Sandbox"]
        region = "us-east-1"
        session_name = "nightly"
        external_id = "ours"
        duration = 900

        [[source]]
        role_arn = "{ARN}"
        external_id_env = "ACME_EXTERNAL_ID"
        role_profile = "runner"
        duration = 1800

        [[source]]
        catalogs = ["AWS"]
        role_arn = "{OTHER}"
        label = "{{catalog}} of other"
        endpoint_url = "http://127.0.0.1:8080"
        account = "shared"

        [[source]]
        catalogs = ["AWS"]
        profile = "acme"
        region = "us-west-2"

        [[source]]
        catalogs = ["AWS"]
        """
    )
    acme = Role(arn=ARN, external_id_env="ACME_EXTERNAL_ID", session_name="nightly", profile="runner", duration=1800)
    other = Role(arn=OTHER, external_id="ours", session_name="nightly", duration=900)
    assert sources == (
        Source("AWS", role=acme, region_name="us-east-1"),
        Source("Sandbox", role=acme, region_name="us-east-1"),
        Source(
            "AWS",
            role=other,
            region_name="us-east-1",
            label="AWS of other",
            endpoint_url="http://127.0.0.1:8080",
            account="shared",
        ),
        Source("AWS", profile="acme", region_name="us-west-2"),
        Source("AWS", region_name="us-east-1"),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"the file has no \[\[source\]\] table"),
        ("source = []", r"the file has no \[\[source\]\] table"),
        ("[sources]", "'sources' is unknown"),
        ("[source]", "source must be an array of tables"),
        ("defaults = 1", "defaults must be a table"),
        ("[[source]", r"is not TOML: .*line 1"),
        (b"\xff", "is not UTF-8"),
        ('[defaults]\nprofile = "a"\n[[source]]', "defaults: profile: unknown key"),
        ('[[source]]\ncatalog = ["AWS"]', "source 1: catalog: unknown key: allowed are catalogs,"),
        ("[[source]]", "source 1: catalogs: is missing"),
        ('[[source]]\ncatalogs = "AWS"', "source 1: catalogs: must be a list of strings"),
        ("[[source]]\ncatalogs = [1]", r"source 1: catalogs\[0\]: must be a string, not an integer"),
        ("[[source]]\ncatalogs = []", "source 1: catalogs: must not be empty"),
        ('[[source]]\ncatalogs = ["AWS", "AWS"]', "source 1: catalogs: must not contain 'AWS' twice"),
        ('[[source]]\ncatalogs = [""]', r"source 1: catalogs\[0\]: must not be empty"),
        (
            '[[source]]\ncatalogs = ["AWS"]\n[[source]]\ncatalogs = ["AWS"]',
            "source 2: label: 'AWS' is already the label of source 1",
        ),
        (
            '[[source]]\ncatalogs = ["AWS", "Sandbox"]\nlabel = "x"',
            "source 1: label: 'x' is the label of each of its catalogs: add {catalog}",
        ),
        ('[[source]]\ncatalogs = ["AWS"]\nlabel = 1', "source 1: label: must be a string, not an integer"),
        ('[[source]]\ncatalogs = ["AWS"]\nregion = "x y"', "source 1: region: must be the name of a region"),
        (
            '[[source]]\ncatalogs = ["AWS"]\nrole_arn = "s3cret"',
            "role_arn: must be 20 to 2048 characters long",
        ),
        (f'[[source]]\nrole_arn = "{ARN}"\nprofile = "a"', "source 1: profile: excludes role_arn"),
        (
            f'[[source]]\nrole_arn = "{ARN}"\nduration = 1',
            "duration: must be an integer from 900 to 43200, not 1",
        ),
        (f'[[source]]\nrole_arn = "{ARN}"\nrole_profile = ""', "source 1: role_profile: must not be empty"),
        (f'[[source]]\nrole_arn = "{ARN}"\nexternal_id = "s3cret é"', "source 1: external_id: must be made of letters"),
        (f'[[source]]\nrole_arn = "{ARN}"\nexternal_id_env = 1', "source 1: external_id_env: must be a string"),
        (
            f'[[source]]\nrole_arn = "{ARN}"\nexternal_id_env = "ANY_ID"\nexternal_id = "s3cret"',
            "source 1: external_id_env: excludes external_id",
        ),
        (
            '[[source]]\nprofile = "a"\nexternal_id = "s3cret"',
            "external_id: needs role_arn, but profile is given",
        ),
        ("[[source]]\nduration = 900", "source 1: duration: needs role_arn, which is missing"),
    ],
)
def test_a_mistake_is_reported_with_file_table_and_key(load, text, message):
    with pytest.raises(SourcesFileError, match=message) as caught:
        load(text)
    assert "sources.toml" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.toml"):
        load_sources(tmp_path / "missing.toml")


def test_the_documented_file_is_valid(load, monkeypatch):
    documentation = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", documentation, re.DOTALL)
    monkeypatch.setenv("PARTNER_EXTERNAL_ID", "ours")
    monkeypatch.setenv("GLOBEX_EXTERNAL_ID", "theirs")
    assert [source.label for source in load(example)] == [
        "111122223333/AWS",
        "111122223333/Sandbox",
        "globex in AWS",
        "globex in Sandbox",
        "acme/AWS",
    ]
