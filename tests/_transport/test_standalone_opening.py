"""A client that starts without botocore stays what it was when it was opened, and is only opened if that is certain."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral._transport import standalone_settings as standalone
from aiopartnercentral._transport.connecting import open_connection
from aiopartnercentral._transport.connection import Transport
from aiopartnercentral._transport.responses import ErrorResponseError
from aiopartnercentral.account.operations import SERVICE
from tests.support.clients import IDENTITY, without_backoff
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from aiopartnercentral._transport.connection import Connection
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PAGE = Reply({"ConnectionSummaries": []})
(LIST_CONNECTIONS,) = (each for each in SERVICE.operations if each.name == "ListConnections")


@pytest.fixture(autouse=True)
def alone(unloaded_botocore: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - order
    """Let clients start without botocore, which waits before no retry; `~` is an empty directory."""
    without_backoff(monkeypatch)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


NOBODY = "http://127.0.0.1:9"
VARIABLES = {
    "AWS_PROFILE": "gone",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_ENDPOINT_URL": NOBODY,
    "AWS_ENDPOINT_URL_PARTNERCENTRAL_ACCOUNT": NOBODY,
    "HTTP_PROXY": NOBODY,
    "AWS_MAX_ATTEMPTS": "1",
    "AWS_RETRY_MODE": "adaptive",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_CA_BUNDLE": "/no/such/file",
    "REQUESTS_CA_BUNDLE": "/no/such/file",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_SDK_UA_APP_ID": "app",
    "AWS_EXECUTION_ENV": "elsewhere",
    "AWS_STS_REGIONAL_ENDPOINTS": "nonsense",
    "AWS_DATA_PATH": "/nowhere",
    "AWS_METADATA_SERVICE_TIMEOUT": "nonsense",
    "AWS_SHARED_CREDENTIALS_FILE": "~/broken",
    "AWS_CONFIG_FILE": "~/broken",
}
"""Environment variables that botocore reads when it opens a client; several of these values make that fail."""
FILES = {
    "config": f"[default]\nmax_attempts = 1\nendpoint_url = {NOBODY}\nparameter_validation = false\n",
    "credentials": "[default\n",
}


def write(folder: Path, name: str) -> None:
    (folder / "broken").write_text("[default\n", encoding="utf-8")
    (folder / ".aws").mkdir(exist_ok=True)
    (folder / ".aws" / name).write_text(FILES[name], encoding="utf-8")


@pytest.mark.parametrize("name", [*VARIABLES, *FILES])
async def test_what_changes_later_does_not_change_how_a_failure_ends(
    name: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server.replies(Reply(status=503))
    service = attrs.evolve(SERVICE, endpoint_url=server.url)
    async with open_connection(service, {}) as connection:
        assert connection.botocore is None
        if name in VARIABLES:
            monkeypatch.setenv(name, VARIABLES[name])
        else:
            write(tmp_path, name)
        transport = Transport(connection)
        call = transport.start_call(LIST_CONNECTIONS)
        with pytest.raises(ErrorResponseError):
            await transport.send(LIST_CONNECTIONS, {"Catalog": "AWS"}, call)
        assert call.attempts == len(server.received) == 3
        server.replies(PAGE)
        assert (await transport.send(LIST_CONNECTIONS, {"Catalog": "AWS"}, call)).body is not None
        assert connection.info.kind == "direct"
    assert len({each.headers["user-agent"] for each in server.received}) == 1
    assert all("Credential=AKIDEXAMPLE/" in each.headers["authorization"] for each in server.received)
    assert all("/us-east-1/partnercentral-account/" in each.headers["authorization"] for each in server.received)


@pytest.mark.parametrize("options", [{}, {"region_name": "eu-west-1", **IDENTITY}])
async def test_the_client_that_is_opened_later_is_the_one_of_the_beginning(
    options: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    options = {"endpoint_url": "https://localhost:1", **options}
    with monkeypatch.context() as patch:
        patch.setattr(standalone, "_has_loaded_botocore", lambda: True)
        async with open_connection(SERVICE, options) as connection:
            expected = settings_of(connection)
    async with open_connection(SERVICE, options) as connection:
        for name, value in VARIABLES.items():
            monkeypatch.setenv(name, value)
        for name in FILES:
            write(tmp_path, name)
        assert connection.botocore is None
        await connection.opened_botocore()
        assert settings_of(connection) == expected


def settings_of(connection: Connection) -> dict[str, str]:
    """Return the settings of a connection and of botocore's client: what it sends, and how."""
    client: Any = connection.botocore.client  # type: ignore[union-attr] # it is open
    http, config = client._endpoint.http_session, client.meta.config
    own = {"_user_provided_options", "http_session_cls", "proxies"}  # the proxies are those of the HTTP client
    return {
        "connection": repr((connection.endpoint_url, connection.max_connections, connection.max_attempts)),
        "address": repr((client.meta.endpoint_url, client.meta.region_name, client.meta.partition)),
        "http": repr((http._verify, http._timeout, http._cert_file, http._max_pool_connections)),
        "proxies": repr(http._proxy_config._proxies or {}),
        "signature": repr((client._request_signer._region_name, client._request_signer._signing_name)),
        "validator": repr(type(client._serializer._serializer)),
        **{name: repr(value) for name, value in vars(config).items() if name not in own},
    }


REGIONS = ("us-east-1", "us-gov-west-1", "cn-north-1", "us-iso-east-1", "eu-isoe-west-1", "eusc-de-east-1", "xy-here-1")


@pytest.mark.parametrize(
    "region",
    [*REGIONS, "fips-us-east-1", "us-east-1-fips", "fips-aws-global", "us-fips-east-1", "aws-global", "us-east"],
)
async def test_requests_are_signed_for_the_region_that_botocore_signs_for(region: str, server: ScriptedServer) -> None:
    server.replies(PAGE)
    options: Any = {"region_name": region, "endpoint_url": server.url}
    for direct in (True, False):
        async with account.connect(**options, direct=direct) as client:
            await client.list_connections(catalog="AWS")
            is_alone = client._api.transport.connection.botocore is None
            assert is_alone == (direct and region in REGIONS)
    ours, theirs = (each.headers["authorization"].split("/")[2] for each in server.received)
    assert ours == theirs


CERTIFI = "import os\ndef where():\n    return os.environ['WHERE']\n"
PRINTED = """if True:
    {first}
    from aiopartnercentral._transport.http.settings import default_ca_bundle
    print(default_ca_bundle())
    from botocore.httpsession import get_cert_path
    print(get_cert_path(True))
"""


@pytest.mark.parametrize("has_own_file", [True, False])
@pytest.mark.parametrize(
    ("module", "first"),
    [
        (CERTIFI, ""),  # as Debian's, which names the file of the system
        ("def where(): return 'its own'", "import certifi, os; certifi.where = lambda: os.environ['WHERE']"),
    ],
)
def test_the_usual_authorities_are_those_that_certifi_names(
    module: str,
    first: str,
    has_own_file: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    package = tmp_path / "certifi"
    package.mkdir()
    (package / "__init__.py").write_text(module, encoding="utf-8")
    if has_own_file:
        (package / "cacert.pem").touch()
    assert run(PRINTED.format(first=first), PYTHONPATH=str(tmp_path), WHERE="/of/the/system") == ["/of/the/system"] * 2
    shutil.rmtree(package)


HOOKS = {
    "an initializer": """
        import botocore

        def initialize(session):
            session.register("before-sign", lambda request, **_: print("seen"))

        botocore.register_initializer(initialize)
    """,
    "an import hook": """
        import importlib.util, sys

        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name != "aiobotocore.endpoint":
                    return None
                sys.meta_path.remove(self)
                spec = importlib.util.find_spec(name)
                load = spec.loader.exec_module

                def patch(module):
                    load(module)
                    really = module.AioEndpoint._send_request

                    async def seen(*arguments, **options):
                        print("seen")
                        return await really(*arguments, **options)

                    module.AioEndpoint._send_request = seen

                spec.loader.exec_module = patch
                return spec

        sys.meta_path.insert(0, Finder())
    """,
    "a hook of wrapt": """
        import wrapt

        @wrapt.when_imported("aiobotocore.endpoint")
        def patch(module):
            @wrapt.patch_function_wrapper(module, "AioEndpoint._send_request")
            def seen(wrapped, instance, arguments, options):
                print("seen")
                return wrapped(*arguments, **options)
    """,
    "no hook": """
        import botocore.vendored.six  # which has a finder of its own
        import wrapt

        assert len(sys.meta_path) > 3
    """,
}
CALLED = """
        import asyncio, sys
        {hook}
        from aiopartnercentral import account

        async def main():
            async with account.connect(endpoint_url=sys.argv[1]) as client:
                await client.list_connections(catalog="AWS")
                print("alone" if client._api.transport.connection.botocore is None else "with botocore")

        asyncio.run(main())
"""


@pytest.mark.parametrize("hook", HOOKS)
def test_what_waits_for_botocore_to_be_loaded_sees_all_requests(hook: str) -> None:
    with scripted_server() as server:
        server.replies(PAGE)
        printed = run(f"if True:{CALLED.format(hook=HOOKS[hook])}", server.url)
    assert printed == (["alone"] if hook == "no hook" else ["seen", "with botocore"])


def run(program: str, *arguments: str, **environment: str) -> list[str]:
    """Run a program in a process of its own, and return the lines that it prints."""
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PATH": "", "HOME": "/nowhere", **keys, **environment},
    )
    return done.stdout.splitlines()
