from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.anyio


async def test_it_collects_both_catalogs_whatever_the_environment_holds(run, tmp_path):
    broken = tmp_path / ".aws" / "config"
    broken.parent.mkdir()
    broken.write_text("[profile nope\nregion = ")
    ended = await run(
        *("demo", "--latency", "0.01"),
        AWS_PROFILE="nope", AWS_CONFIG_FILE=str(broken), AWS_ENDPOINT_URL="nonsense", AWS_RETRY_MODE="nonsense",
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_CA_BUNDLE="/nonsense", HOME=str(tmp_path),
        HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="example.com", http_proxy="http://127.0.0.1:9", ALL_PROXY="http://127.0.0.1:9",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    lines = ended.out.decode().splitlines()
    assert lines[0].split() == ["catalog", "id", "type", "status", "participant", "name", "updated"]
    for catalog in ("AWS", "Sandbox"):
        assert len({line.split()[1] for line in lines if line.startswith(f"{catalog} ") and " pac-" in line}) == 10
        assert any(line.startswith(f"{catalog} ") and " complete " in line for line in lines)
    assert lines[-1].startswith("2 sources: 550 items, 11 pages, 0 retries in ")
    shown = ended.out.decode()
    assert {kind for kind in ("partner profile", "seller profile", "account") if f" {kind} " in shown} == {
        "partner profile",
        "seller profile",
        "account",
    }
    assert re.search(r"2 of 2 sources finished in 0:00:\d\d, 11 pages, 550 items, ", ended.err)
