from __future__ import annotations

import signal
import socket

import anyio
import httpx2
import pytest

from aiopartnercentral import ServiceError, account
from tests.cli.processes import COMMAND, GUARD, address, connect, everything

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
async def test_it_serves_what_was_asked_for_until_a_signal(started, sent):
    sizes = ("--catalog", "AWS=5", "--catalog", "Sandbox=2", "--catalog", "Secret=1")
    options = (*sizes, "--deny", "Secret", "--seed", "7")
    async with started("emulator", *options) as process:
        async with connect(await address(process)) as client:
            listing = client.paginate.list_connections(catalogs=["AWS", "Sandbox"])
            catalogs = [catalog for catalog, _ in await listing.collect()]
            with pytest.raises(account.AccessDeniedException):
                await client.list_connections(catalog="Secret")
        process.send_signal(sent)
        assert await everything(process.stderr) == b""
        assert await everything(process.stdout) == b""
        assert await process.wait() == 0
    assert sorted(catalogs) == ["AWS"] * 5 + ["Sandbox"] * 2


async def test_what_is_no_http_gets_an_answer_and_leaves_no_traceback(started):
    async with started("emulator") as process:
        host, _, port = (await address(process)).removeprefix("http://").partition(":")
        for sent in (b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nNo header\r\n\r\n"):
            async with await anyio.connect_tcp(host, int(port)) as stream:
                await stream.send(sent)
                assert (await stream.receive()).partition(b" ")[2].startswith(b"400 ")
        process.send_signal(signal.SIGTERM)
        assert await everything(process.stderr) == b""
        assert await process.wait() == 0


async def test_another_host_is_served_if_it_is_allowed_and_other_machines_are_a_warning(started):
    async with started("emulator", "--host", "0.0.0.0", "--allow-host", "emulator") as process:  # noqa: S104
        line = await process.stdout.receive()
        port = line.decode().strip().rpartition(":")[2]
        async with httpx2.AsyncClient(trust_env=False) as http:
            seen = [
                (await http.get(f"http://127.0.0.1:{port}/", headers={"Host": host})).status_code
                for host in ("emulator:8080", "evil.example")
            ]
        process.send_signal(signal.SIGTERM)
        warning = (await everything(process.stderr)).decode()
    assert seen == [200, 403]
    assert warning == (
        f"aiopartnercentral: other machines can reach the emulator at 0.0.0.0 port {port}, where nothing is encrypted\n"
    )


async def test_too_many_requests_are_throttled(started):
    async with (
        started("emulator", "--requests-per-second", "0.001") as process,
        connect(await address(process)) as client,
    ):
        await client.list_partners(catalog="AWS")
        with pytest.raises(account.ThrottlingException):
            await client.list_partners(catalog="AWS")


async def test_frozen_time_moves_on_demand_only(started):
    async with started("emulator", "--freeze-time", "--task-seconds", "3600") as process:
        url = await address(process)
        business = account.BusinessVerificationDetails(legal_name="Ada", registration_id="1", country_code="GB")
        details = account.VerificationDetailsBusinessVerificationDetails(business)
        seen = []
        async with connect(url) as client, httpx2.AsyncClient(trust_env=False) as http:
            await client.start_verification(verification_details=details)
            for seconds in (3599, 1):
                await http.post(f"{url}/_emulator/clock", json={"AdvanceSeconds": seconds})
                told = await client.get_verification(verification_type="BUSINESS_VERIFICATION")
                seen.append(told.verification_status)
    assert seen == ["IN_PROGRESS", "SUCCEEDED"]


async def test_given_credentials_must_sign_and_an_operation_can_be_denied(started, tmp_path):
    file = tmp_path / "credentials"
    profile = "[ada]\naws_access_key_id=x\naws_secret_access_key={}\naws_account_id=111122223333\n"
    for secret, error in (("y", None), ("other", "InvalidSignatureException")):
        file.write_text(profile.format(secret))
        async with (
            started("emulator", "--credentials", file, "--deny", "AWS:List*") as process,
            connect(await address(process)) as client,
        ):
            if error is None:
                assert "111122223333" in (await client.get_connection_preferences(catalog="AWS")).arn
                with pytest.raises(account.AccessDeniedException):
                    await client.list_partners(catalog="AWS")
            else:
                with pytest.raises(ServiceError) as caught:
                    await client.get_connection_preferences(catalog="AWS")
                assert caught.value.code == error


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("no ini", "{} is not an AWS credentials file"),
        ("[a]\naws_access_key_id=x\naws_secret_access_key=SECRET\n", "{}: the profile 'a' has no aws_account_id"),
        (
            "[a]\naws_access_key_id=x\naws_secret_access_key=SECRET\naws_account_id=1\n",
            "{}: the profile 'a' has an empty value, or an aws_account_id that is not twelve digits",
        ),
        (None, "cannot read the credentials of {}: No such file or directory"),
    ],
)
async def test_credentials_that_cannot_be_used(run, tmp_path, text, complaint):
    file = tmp_path / "credentials"
    if text is not None:
        file.write_text(text)
    ended = await run("emulator", "--credentials", file)
    assert (ended.code, ended.out) == (2, b"")
    assert complaint.format(file) in ended.err
    assert "SECRET" not in ended.err


@pytest.mark.parametrize("option", ["--faults", "--scenario", "--credentials", "--replay"])
@pytest.mark.parametrize("content", [b"\x9d\xff", None])
def test_a_wrong_file_is_named_with_its_option(run_here, tmp_path, option, content):
    file = tmp_path / "bin.toml"
    if content is not None:
        file.write_bytes(content)
    ended = run_here("emulator", option, file, COLUMNS="300")
    assert ended.code == 2
    (complaint,) = [line for line in ended.err.splitlines() if line.startswith("Error: ")]
    assert complaint.startswith(f"Error: Invalid value for '{option}': ")
    assert str(file) in complaint
    assert "codec" not in complaint


@pytest.mark.parametrize("option", ["--faults", "--scenario", "--credentials", "--replay", "--files", "--state"])
def test_a_file_name_that_is_too_long_for_the_emulator(run_here, option):
    ended = run_here("emulator", option, "a" * 300)
    assert (ended.code, "Traceback" in ended.err) == (2, False)
    assert "a" * 60 in ended.err
    assert "File name too long" in ended.err or "neither a file" in ended.err or "must be a directory" in ended.err


async def test_a_state_is_taken_up_again_and_belongs_to_one_emulator(started, run, tmp_path):
    file = tmp_path / "state"
    seen = []
    for _ in range(2):
        async with started("emulator", "--catalog", "AWS=0", "--state", file) as process:
            async with connect(await address(process)) as client:
                before = await client.get_connection_preferences(catalog="AWS")
                after = await client.update_connection_preferences(
                    catalog="AWS", revision=before.revision, access_type="DENY_ALL"
                )
                seen.append(after.revision)
            second = await run("emulator", "--catalog", "AWS=0", "--state", file)
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        assert (second.code, second.out) == (2, b"")
        assert f"{file} is in use by another emulator" in second.complaint
    assert seen == [2, 3]


async def test_a_state_of_another_emulator_is_wrong_usage(run, tmp_path):
    file = tmp_path / "state"
    file.write_text("Dear diary,\n")
    ended = await run("emulator", "--state", file)
    assert (ended.code, ended.out) == (2, b"")
    assert f"{file}, line 1: this is not the state of an emulator" in ended.complaint
    assert file.read_text() == "Dear diary,\n"


async def test_faults_of_a_file_strike(started, tmp_path):
    file = tmp_path / "faults.toml"
    file.write_text('[[fault]]\nkind = "throttle"\nrate = 0\ncapacity = 1\noperation = "ListP*"\nquota_code = "L-1"\n')
    async with started("emulator", "--faults", file) as process, connect(await address(process)) as client:
        await client.list_partners(catalog="AWS")
        with pytest.raises(account.ThrottlingException) as caught:
            await client.list_partners(catalog="AWS")
        await client.list_connections(catalog="AWS")
    assert caught.value.quota_code == "L-1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot read the faults of {}: No such file"),
        ("[[fault]", "{} is not TOML: "),
        ("\udcff", "{} is not TOML: "),
        ("a = 1", "{} must have only [[fault]] tables, not 'a'"),
        ("fault = 1", "{} must have only [[fault]] tables, not 'fault'"),
        ("fault = [1]", "{} must have only [[fault]] tables, not 'fault'"),
        ('[[fault]]\nkind = "reset"\n[[fault]]', "{}, fault 2: kind is missing: it must be one of latency, "),
        (
            '[[fault]]\nkind = "rest"',
            "{}, fault 1: kind must be one of 18 names, not 'rest' (did you mean 'reset'?): 'latency', ",
        ),
        ('[[fault]]\nkind = ["reset"]', "{}, fault 1: kind must be one of 18 names, not a list: 'latency', "),
        (
            '[[fault]]\nkind = "reset"\nwhn = "after"',
            "{}, fault 1: whn is not a key of reset, which has when, catalog, ",
        ),
        ('[[fault]]\nkind = "latency"', "{}, fault 1: seconds is missing: latency needs it"),
        (
            '[[fault]]\nkind = "latency"\nseconds = "1"',
            "{}, fault 1: seconds must be a number from 0 to 86400, not a string",
        ),
        (
            '[[fault]]\nkind = "latency"\nseconds = true',
            "{}, fault 1: seconds must be a number from 0 to 86400, not a boolean",
        ),
        ('[[fault]]\nkind = "reset"\ncalls = "5-1"', "{}, fault 1: calls must not end before they begin"),
        ('[[fault]]\nkind = "reset"\ncatalog = 1', "{}, fault 1: catalog must be a string, not an integer"),
        ('[[fault]]\nkind = "reset"\naccount_id = []', "{}, fault 1: account_id must be a string, not a list"),
        ('[[fault]]\nkind = "wrong_content_type"\nbody = 1', "{}, fault 1: body must be a string, not an integer"),
        ('[[fault]]\nkind = "reset"\noperation = "Lst*"', "{}, fault 1: 'Lst*' matches no operation"),
        (
            '[[fault]]\nkind = "reset"\ncatalog = "Moon"',
            "{}, fault 1: 'Moon' matches no catalog: there are AWS, Sandbox",
        ),
        (
            '[[fault]]\nkind = "extra_member"\nshape = "Moon"',
            "{}, fault 1: shape must match a shape to which extra_member applies, not 'Moon'",
        ),
        (
            f'[[fault]]\nkind = "latency"\nseconds = 1{"0" * 400}',
            "{}, fault 1: seconds must be a number from 0 to 86400, not an integer of more than 20 digits",
        ),
        (f"a = {'[' * 9999}{']' * 9999}", "{} is nested too deeply"),
    ],
)
def test_faults_that_cannot_be_are_wrong_usage(run_here, tmp_path, text, complaint):
    file = tmp_path / "faults.toml"
    if text is not None:
        file.write_bytes(text.encode(errors="surrogateescape"))
    ended = run_here("emulator", "--faults", file, COLUMNS="1000")
    assert (ended.code, ended.out) == (2, b"")
    assert complaint.format(file) in ended.err
    assert "Traceback" not in ended.err


async def test_a_port_in_use_is_one_line(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = await run("emulator", "--port", port)
    assert (ended.code, ended.out) == (1, b"")
    assert f"127.0.0.1 port {port}: Address already in use: choose another --port" in ended.complaint


async def test_a_host_that_is_none(run):
    ended = await run("emulator", "--host", "256.1.1.1")
    assert ended.code == 1
    assert "cannot listen on 256.1.1.1" in ended.complaint


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--deny", "AWZ", "must be 'AWS' or 'Sandbox', not 'AWZ'"),
        ("--deny", "AWZ:ListPartners", "'AWZ' matches no catalog (did you mean 'AWS'?): there are AWS, Sandbox"),
        ("--catalog", "A-1=5", "key must be 1 to 64 ASCII letters"),
        ("--catalog", "AWS=99999999999", "must be an integer from 0 to "),
        ("--allow-host", "a:1", "must be a host name without a port"),
        ("--latency", "1e9", "must be a number from 0 to "),
        ("--requests-per-second", "0", "must be a number above 0, not 0.0"),
        ("--task-seconds", "1e9", "must be a number from 0 to "),
        ("--files", "missing", "must be a directory, and missing is not one"),
    ],
)
def test_a_value_that_the_emulator_refuses_names_the_option(run_here, option, value, complaint):
    ended = run_here("emulator", option, value, COLUMNS="1000")
    assert (ended.code, ended.out) == (2, b"")
    assert f"Error: Invalid value for '{option}': {complaint}" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--catalog", "AWS"),
        ("--catalog", "AWS=many"),
        ("--catalog", "AWS=-1"),
        ("--catalog", "AWS=²"),
        ("--catalog", "=5"),
        ("--catalog", "A-1=5"),
        ("--catalog", "AWS=1", "--catalog", "AWS=2"),
        ("--catalog", "AWS=99999999999"),
        ("--catalog", f"AWS={'9' * 9999}"),
        ("--allow-host", "emulator:8080"),
        ("--allow-host", ""),
        ("--latency", "-1"),
        ("--latency", "nan"),
        ("--requests-per-second", "0"),
        ("--task-seconds", "-1"),
        ("--task-seconds", "nan"),
        ("--deny", "Nowhere:*"),
        ("--port", "70000"),
    ],
)
def test_impossible_values_are_wrong_usage(run_here, arguments):
    ended = run_here("emulator", *arguments)
    assert (ended.code, ended.out) == (2, b"")
    assert "Traceback" not in ended.err
    assert "Error: " in ended.err


@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        (">/dev/full", b"cannot write standard output: No space left on device"),
        (">&-", b"standard output is closed: the address is written there"),
    ],
)
async def test_an_address_that_nobody_learns_is_an_error(environment, redirection, message):
    with anyio.fail_after(GUARD):
        ended = await anyio.run_process(
            ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, "emulator"], env=environment, check=False
        )
    assert (ended.returncode, ended.stderr) == (1, b"aiopartnercentral: " + message + b"\n")
