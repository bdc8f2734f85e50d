"""The signatures of `emulator` and `emulator-set`."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it
from typing import Annotated, Any, Final

import typer

from aiopartnercentral.cli.completion import scenarios
from aiopartnercentral.cli.option_values import LogFormat

__all__ = ["emulator", "emulator_set"]

_ADDRESS, _DATA, _BEHAVIOUR, _LOG = "Address", "Data", "Behaviour and faults", "Log"
_SCENARIO: Final = "A scenario: a TOML file, or the name of one of the library, such as outage or throttled-account."


def _option(panel: str, metavar: str | None, text: str, *names: str, **more: Any) -> Any:  # noqa: ANN401 - typer's
    return typer.Option(*names, metavar=metavar, help=text, rich_help_panel=panel, **more)


def emulator(
    *,
    host: Annotated[
        str, _option(_ADDRESS, "NAME", "Address to listen on; keep it local, as nothing is encrypted.")
    ] = "127.0.0.1",
    port: Annotated[int, _option(_ADDRESS, "NUMBER", "Port to listen on; 0 for any free one.", min=0, max=65535)] = 0,
    allow_host: Annotated[
        list[str] | None,
        _option(
            _ADDRESS,
            "NAME",
            "Accept this name in the Host header too, such as emulator in a container network; can be repeated.",
        ),
    ] = None,
    scenario: Annotated[
        str | None, _option(_DATA, "FILE", f"{_SCENARIO} Other options override it.", autocompletion=scenarios)
    ] = None,
    catalog: Annotated[
        list[str] | None,
        _option(
            _DATA,
            "NAME=NUMBER",
            "A catalog and its number of connections; can be repeated. Default: AWS=120 and Sandbox=30.",
        ),
    ] = None,
    seed: Annotated[int | None, _option(_DATA, "NUMBER", "Seed of the generated data; 0 by default.")] = None,
    state: Annotated[Path | None, _option(_DATA, "FILE", "Save changes here, and load them at the next start.")] = None,
    nightly_changes: Annotated[
        float | None,
        _option(
            _DATA,
            "NUMBER",
            "Share of the seeded opportunities, engagements and customer accounts that each midnight changes.",
            min=0,
            max=1,
        ),
    ] = None,
    files: Annotated[
        Path | None,
        _option(_DATA, "DIRECTORY", "Files of bulk jobs: s3://bucket/key is bucket/key in this directory."),
    ] = None,
    record: Annotated[
        Path | None,
        _option(
            _DATA,
            "FILE",
            "Forward all requests to AWS with your own credentials, and write the answers without secrets to this new "
            "file.",
        ),
    ] = None,
    record_from: Annotated[
        str | None, _option(_DATA, "URL", "Forward them to this endpoint instead of AWS; for --record.")
    ] = None,
    replay: Annotated[
        Path | None, _option(_DATA, "FILE", "Answer with what --record has written to this file.")
    ] = None,
    latency: Annotated[float | None, _option(_BEHAVIOUR, "SECONDS", "Delay of each response.", min=0)] = None,
    requests_per_second: Annotated[
        float | None,
        _option(_BEHAVIOUR, "NUMBER", "Rate limit of each account in each service; no limit by default."),
    ] = None,
    deny: Annotated[
        list[str] | None, _option(_BEHAVIOUR, "NAME", "Deny a catalog, or CATALOG:OPERATION; can be repeated.")
    ] = None,
    task_seconds: Annotated[
        float | None,
        _option(
            _BEHAVIOUR, "SECONDS", "Duration of tasks, verifications and each step of a review; 1 by default.", min=0
        ),
    ] = None,
    freeze_time: Annotated[
        bool,
        _option(
            _BEHAVIOUR, None, "Freeze the clock; move it with emulator-set or POST /_emulator/clock.", "--freeze-time"
        ),
    ] = False,
    start_time: Annotated[
        str | None,
        _option(
            _BEHAVIOUR,
            "TIME",
            "Time at which the clock starts: now, or such as 2025-12-24T18:00:00Z. Default: the date of the seeded "
            "data, 2025-10-01.",
        ),
    ] = None,
    credentials: Annotated[
        Path | None,
        _option(_BEHAVIOUR, "FILE", "AWS credentials file with aws_account_id; accept only these credentials."),
    ] = None,
    faults: Annotated[
        Path | None,
        _option(_BEHAVIOUR, "FILE", "Inject the faults of this TOML file, such as [[fault]] with kind = 'reset'."),
    ] = None,
    access_log: Annotated[
        bool, _option(_LOG, None, "Write a line for each request to stderr.", "--access-log")
    ] = False,
    log_format: Annotated[
        LogFormat, _option(_LOG, None, "text for people, or json for programs: a JSON object in each line.")
    ] = LogFormat.TEXT,
) -> None:
    """Run a local Partner Central until Ctrl-C or SIGTERM; the first line on stdout is its address."""
    from aiopartnercentral.cli.emulator import prepare, serve  # noqa: PLC0415 - loads aiohttp
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    prepared = prepare(
        catalog or [],
        host=host,
        port=port,
        scenario=scenario,
        freeze_time=freeze_time,
        start_time=start_time,
        deny=deny or [],
        credentials=credentials,
        faults=faults,
        record=record,
        record_from=record_from,
        allowed_hosts=allow_host or [],
        seed=seed,
        latency=latency,
        requests_per_second=requests_per_second,
        task_seconds=task_seconds,
        state=state,
        nightly_changes=nightly_changes,
        files=files,
        replay=replay,
    )
    raise typer.Exit(
        run(lambda: serve(prepared, access_log=access_log, as_json=log_format is LogFormat.JSON), when_stopped=0)
    )


def emulator_set(
    url: Annotated[
        str, typer.Argument(metavar="URL", show_default=False, help="Address of the emulator: http://127.0.0.1:8080.")
    ],
    *,
    scenario: Annotated[
        str | None,
        _option(_BEHAVIOUR, "FILE", f"{_SCENARIO} Other settings stay as they are.", autocompletion=scenarios),
    ] = None,
    faults: Annotated[
        Path | None, _option(_BEHAVIOUR, "FILE", "Inject the faults of this TOML file instead of the present ones.")
    ] = None,
    quota: Annotated[
        list[str] | None,
        _option(_BEHAVIOUR, "NAME=NUMBER", "Set a quota, such as open_invitations=3; can be repeated."),
    ] = None,
    requests_per_second: Annotated[
        float | None,
        _option(_BEHAVIOUR, "NUMBER", "Rate limit of each account in each service; 0 for none.", min=0),
    ] = None,
    advance: Annotated[float | None, _option(_BEHAVIOUR, "SECONDS", "Move the clock forward.", min=0)] = None,
    freeze_time: Annotated[
        bool | None, _option(_BEHAVIOUR, None, "Stop the clock, or let it run.", "--freeze-time/--run-time")
    ] = None,
    code: Annotated[
        list[str] | None,
        _option(
            _DATA,
            "EMAIL=CODE",
            "Make a verification code valid for an e-mail address in the catalog AWS, such as ada@example.com=123456; "
            "can be repeated.",
        ),
    ] = None,
    reset: Annotated[
        bool,
        _option(
            _DATA,
            None,
            "First restore what it was started with: data, settings and clock, and clear its list of requests.",
            "--reset",
        ),
    ] = False,
) -> None:
    """Change an emulator while it runs, and print its settings as JSON."""
    from aiopartnercentral.cli.emulator_settings import change  # noqa: PLC0415 - loads aiohttp
    from aiopartnercentral.cli.runner import run  # noqa: PLC0415 - loads the event loop

    raise typer.Exit(
        run(
            lambda: change(
                url,
                scenario=scenario,
                faults=faults,
                quotas=quota or [],
                requests_per_second=requests_per_second,
                advance=advance,
                freeze_time=freeze_time,
                codes=code or [],
                reset=reset,
            )
        )
    )
