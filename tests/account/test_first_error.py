"""What a process loads for the first error that a service answers with, and for the first value of a converter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALLED = {
    *("client", "converters", "enums", "errors", "fast", "listings", "operations", "structures"),
    *("structures.common", "structures.connection"),
}


def account_modules_after(code: str) -> set[str]:
    """Return the modules of the account package that a fresh process has loaded after this."""
    code = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    prefix = "aiopartnercentral.account."
    return {name.removeprefix(prefix) for name in done.stdout.split() if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("AccessDeniedException", {"Message": "no", "Reason": "ACCESS_DENIED"}),
        ("ValidationException", {"Message": "no", "Reason": "REQUEST_VALIDATION_FAILED", "ErrorDetails": []}),
    ],
)
def test_the_first_error_loads_no_structures_of_other_operations(name: str, members: dict[str, object]) -> None:
    call = f"""if True:
        import anyio
        from aiopartnercentral import account
        from tests.support.servers import Reply, scripted_server

        async def main(url):
            options = {{"aws_access_key_id": "a", "aws_secret_access_key": "b"}}
            async with account.connect(endpoint_url=url, **options) as client:
                try:
                    await client.list_connections(catalog="AWS")
                except account.{name} as error:
                    assert (error.message, error.problems) == ("no", ()), error.problems

        with scripted_server() as server:
            server.replies(Reply({{"__type": "{name}", **{members!r}}}, status=400))
            anyio.run(main, server.url)
    """
    assert account_modules_after(call) <= CALLED


def test_a_converter_loads_the_structures_that_it_is_asked_for_alone() -> None:
    decode = """if True:
        from aiopartnercentral import account
        account.json_converter.structure({"ResourceArn": "arn"}, account.ListTagsForResourceResponse)
    """
    structures = {name for name in account_modules_after(decode) if name.startswith("structures.")}
    assert structures == {"structures.resource", "structures.common"}
