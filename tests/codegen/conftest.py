"""What the tests of the generator share: the golden packages can be imported, anew if `UPDATE_GOLDEN` is set."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import asynccontextmanager
from importlib import import_module

import pytest
from aiobotocore.config import AioConfig

from codegen import check
from tests.support import synthetic
from tests.support.servers import socket_server

if os.environ.get("UPDATE_GOLDEN"):  # here, before any test imports one of them
    for feature in synthetic.FEATURES:
        check.write(check.render(synthetic.source(feature)), synthetic.config(feature).output, is_ours=True)

sys.path.insert(0, str(synthetic.GOLDEN))


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Return a folder that botocore finds the synthetic models in."""
    folder = tmp_path_factory.mktemp("models")
    for feature in synthetic.FEATURES:
        target = folder / synthetic.config(feature).name / "2025-01-01"
        shutil.copytree(synthetic.MODELS / feature, target)
    return folder


@pytest.fixture
def connected(models, monkeypatch):
    """Return a context manager: the client of a golden package, and a server with one answer."""
    monkeypatch.setenv("AWS_DATA_PATH", str(models))

    @asynccontextmanager
    async def connected(feature, status, headers, body):
        head = {"x-amzn-RequestId": "r-1", "Connection": "close", "Content-Length": len(body), **headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        reply = f"HTTP/1.1 {status} any\r\n{lines}\r\n".encode() + body
        package = import_module(synthetic.config(feature).package)
        options = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        retries = AioConfig(retries={"mode": "standard", "max_attempts": 1})
        with socket_server(reply) as url:
            async with package.connect(endpoint_url=url, config=retries, **options) as client:
                yield client

    return connected
