"""Run by itself, where only the built wheel is installed: it generates a package, and calls its service.

Not collected by pytest.
"""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import anyio

import aiopartnercentral

COMMAND = (sys.executable, "-I", "-m", "aiopartnercentral.codegen")


class Pricing(BaseHTTPRequestHandler):
    """Answers a request with the operation and the request in it."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        body = json.dumps({"Services": [{"ServiceCode": f"{operation} {asked['ServiceCode']}"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing."""


async def call(package: Any, url: str) -> None:
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret", "region_name": "us-east-1"}
    async with package.connect(endpoint_url=url, **keys) as client:
        response = await client.describe_services(service_code="AmazonEC2")
        assert [each.service_code for each in response.services] == ["DescribeServices AmazonEC2"], response
        listed = [each async for each in client.paginate.describe_services(service_code="AmazonS3")]
        assert [each.service_code for each in listed] == ["DescribeServices AmazonS3"], listed


def main() -> None:
    assert Path(aiopartnercentral.__file__).is_relative_to(sys.prefix)
    with TemporaryDirectory() as folder, HTTPServer(("127.0.0.1", 0), Pricing) as server:
        options = ("--service", "pricing", "--output", folder, "--package", "our.prices")
        subprocess.run([*COMMAND, "generate", *options], check=True)
        subprocess.run([*COMMAND, "check", *options], check=True)
        sys.path.insert(0, folder)
        Thread(target=server.serve_forever, daemon=True).start()
        anyio.run(call, import_module("our.prices"), f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
    refused = subprocess.run([*COMMAND, "generate"], capture_output=True, text=True, check=False)
    assert (refused.returncode, "own packages" in refused.stderr) == (2, True), refused
    print("the generator in the wheel works")  # noqa: T201 - a script


if __name__ == "__main__":
    main()
