"""The AWS config files are parsed once for all sessions, and again once they have changed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from botocore import configloader
from botocore.exceptions import ConfigParseError, ProfileNotFound

from aiopartnercentral._transport import config_files
from aiopartnercentral._transport.sessions import Sessions

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

PROFILES = 20


def write(path: Path, text: str) -> None:
    """Write a file that has not changed for a while."""
    path.write_text(text)
    ago = time.time() - 3600
    os.utime(path, (ago, ago))


def profiles(key: str, title: str = "profile ") -> str:
    return "".join(
        f"[{title}p{number}]\naws_access_key_id = {key}{number:02}\naws_secret_access_key = x\n"
        for number in range(PROFILES)
    )


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return the paths of the config file and the credentials file."""
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    return config, credentials


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the files that have been parsed, each as often as it was."""
    read, parse = list[str](), configloader.raw_config_parse

    def counted(path: str) -> object:
        read.append(path)
        return parse(path)

    monkeypatch.setattr(configloader, "raw_config_parse", counted)
    return read


async def keys() -> list[str]:
    """Return the access key of each profile, as a new run obtains it."""
    sessions = Sessions(None, None, 10, 10.0)
    found = [await sessions.of_profile(f"p{number}", "us-east-1") for number in range(PROFILES)]
    return [(await each.get_frozen_credentials()).access_key for each in found]


@pytest.mark.parametrize("place", ["config", "credentials"])
async def test_all_profiles_of_all_runs_share_one_parse(
    files: tuple[Path, Path], parsed: list[str], place: str
) -> None:
    config, credentials = files
    write(config, profiles("AKIA") if place == "config" else "[default]\n")
    write(credentials, profiles("AKIA", "") if place == "credentials" else "[other]\n")
    expected = [f"AKIA{number:02}" for number in range(PROFILES)]
    assert [await keys(), await keys()] == [expected, expected]
    assert parsed.count(str(config)) <= 2  # for botocore's two forms of it
    assert parsed.count(str(credentials)) <= 2


async def test_a_renewed_profile_is_read_again(files: tuple[Path, Path]) -> None:
    config, credentials = files
    write(config, "")
    for key in ("AKIA", "BKIA", "CKIA"):  # of the same size and time
        write(credentials, profiles(key, ""))
        assert (await keys())[-1] == f"{key}{PROFILES - 1}"
    credentials.unlink()
    with pytest.raises(ProfileNotFound):
        await keys()


async def test_a_file_that_was_just_written_is_not_kept(files: tuple[Path, Path]) -> None:
    _, credentials = files
    for key in ("AKIA", "BKIA", "CKIA"):
        credentials.write_text(profiles(key, ""))
        now = time.time_ns()
        os.utime(credentials, ns=(now, now))
        assert (await keys())[0] == f"{key}00"


async def test_the_credentials_file_adds_to_a_profile_and_not_to_the_config_file(files: tuple[Path, Path]) -> None:
    config, credentials = map(str, files)
    write(files[0], "[profile p]\nregion = eu-west-1\noutput = json\n")
    write(files[1], "[p]\noutput = text\naws_access_key_id = AKIA\n[q]\n")
    both = config_files.full_config(config, credentials)["profiles"]
    assert both == {"p": {"region": "eu-west-1", "output": "text", "aws_access_key_id": "AKIA"}, "q": {}}
    assert config_files.load_config(config)["profiles"] == {"p": {"region": "eu-west-1", "output": "json"}}


async def test_a_corrupt_file_is_an_error_each_time(files: tuple[Path, Path]) -> None:
    write(files[0], "[profile p\n")
    for _ in range(2):
        with pytest.raises(ConfigParseError):
            await keys()
