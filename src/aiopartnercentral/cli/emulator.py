"""`emulator`: runs a local Partner Central."""

from __future__ import annotations

import logging
import os
import re
import sys
from configparser import ConfigParser, Error as ConfigParserError
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import anyio
import attrs
import typer
from aiohttp.http_exceptions import HttpProcessingError

from aiopartnercentral._utils.log_formats import JsonFormatter, TextFormatter
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.cli.runner import CommandError, UsageError
from aiopartnercentral.cli.terminal import is_terminal, say
from aiopartnercentral.emulator import Clock, Credential, Denial, Emulator, Recorder, StateError, read_faults
from aiopartnercentral.emulator.access_log import logger as accesses

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["Prepared", "prepare", "serve"]

# The options whose names differ from those of the arguments of `Emulator`.
_OPTIONS: Final[Mapping[str, str]] = {
    "catalogs": "--catalog",
    "denied_catalogs": "--deny",
    "denials": "--deny",
    "allowed_hosts": "--allow-host",
}


@attrs.frozen(kw_only=True)
class Prepared:
    """An emulator that has not been started.

    Attributes:
        emulator: the emulator.
        host: the address to listen on.
        port: the port to listen on.
        example: a catalog for the example command; None if credentials are verified, or requests forwarded.
        recorder: records the answers of AWS; None if the emulator answers itself.
    """

    emulator: Emulator
    host: str
    port: int
    example: str | None
    recorder: Recorder | None = None


def prepare(
    catalogs: Sequence[str],
    *,
    host: str,
    port: int,
    freeze_time: bool,
    start_time: str | None = None,
    scenario: str | None = None,
    deny: Sequence[str] = (),
    credentials: Path | None = None,
    faults: Path | None = None,
    record: Path | None = None,
    record_from: str | None = None,
    **options: Any,  # noqa: ANN401 - what Emulator takes
) -> Prepared:
    """Return an emulator with these options, which has not been started.

    Arguments:
        catalogs: `NAME=NUMBER` each; empty for the emulator's default.
        host: the address to listen on.
        port: the port to listen on.
        freeze_time: whether its clock stands still.
        start_time: when the clock starts: `now`, or a time in ISO 8601; None for the date of the seeded data.
        scenario: the name or path of a scenario, whose settings the other options replace; None for none.
        deny: `CATALOG` or `CATALOG:OPERATION` each.
        credentials: an AWS credentials file whose profiles have `aws_account_id`; None to accept any credentials.
        faults: a TOML file of faults; None for none.
        record: a new file for the answers of AWS; None to answer itself.
        record_from: the endpoint whose answers are recorded; None for that of AWS.
        options: further arguments of `Emulator`; None for the default.

    Raises:
        typer.BadParameter: an option has an invalid value.
    """
    sizes = _sizes(catalogs)
    given = {name: value for name, value in options.items() if value is not None}
    pairs = [entry.partition(":")[::2] for entry in deny if ":" in entry]
    recorder = None
    try:
        if record is not None:
            if options.get("replay") is not None:
                raise ValueError("--record and --replay must not be given together: each answers requests")  # noqa: TRY301
            from aiopartnercentral.cli.recording import Forwarder  # noqa: PLC0415 - loads botocore

            forwarder = Forwarder(record_from)
            forwarder.check_credentials()
            recorder = Recorder(record, forwarder)
            given["upstream"] = recorder
        elif record_from is not None:
            raise ValueError("--record-from needs --record FILE")  # noqa: TRY301 - shown like every other error
        if sizes:
            given["catalogs"] = sizes
        given |= _clock(start_time, freeze_time=freeze_time)
        if deny:
            given["denied_catalogs"] = [entry for entry in deny if ":" not in entry]
            given["denials"] = [Denial(catalog=name, operation=operation) for name, operation in pairs]
        if credentials is not None:
            given["credentials"] = read_credentials(credentials)
        given |= {"host": host, "port": port}
        emulator = Emulator(**given) if scenario is None else Emulator.from_scenario(scenario, **given)
        if faults is not None:
            _set_faults(emulator, faults)
    except ValueError as error:
        files = {
            "--scenario": scenario,
            "--faults": faults,
            "--credentials": credentials,
            "--replay": given.get("replay"),
        }
        raise _bad_option(str(error), given, files) from None
    example = min(emulator.scenario["catalogs"], key=lambda name: name in emulator.denied_catalogs)
    is_open = credentials is None and recorder is None
    return Prepared(emulator=emulator, host=host, port=port, example=example if is_open else None, recorder=recorder)


def _bad_option(text: str, given: Mapping[str, object], files: Mapping[str, object]) -> typer.BadParameter:
    """Return the error for a message.

    The error names the option if the message begins with its argument of `Emulator`, or with its file.
    """
    message = one_line(text, limit=None)
    for option, file in files.items():
        if file is not None and re.match(
            rf"(?:cannot read [a-z ]+ )?{re.escape(clean(str(file)))}(?:[:,]| (?:is|must) )", message
        ):
            return typer.BadParameter(message, param_hint=repr(option))
    found = re.fullmatch(r"(\w+)(?:\[[^\]]*\])?:? (.*)", message)
    if found is None or found[1] not in given:
        return typer.BadParameter(message)
    option = _OPTIONS.get(found[1], f"--{found[1].replace('_', '-')}")
    return typer.BadParameter(found[2], param_hint=repr(option))


def _sizes(catalogs: Sequence[str]) -> dict[str, int]:
    """Return the sizes of catalogs, each of which is `NAME=NUMBER`."""
    sizes: dict[str, int] = {}
    for entry in catalogs:
        name, equals, count = entry.partition("=")
        if not (name and equals and count.isascii() and count.isdigit()):
            raise typer.BadParameter(f"{entry!a} is not NAME=NUMBER, such as AWS=1000", param_hint="'--catalog'")
        if name in sizes:
            raise typer.BadParameter(f"{name} is given twice", param_hint="'--catalog'")
        try:
            sizes[name] = int(count)
        except ValueError:  # Python limits the number of digits
            raise typer.BadParameter(f"{name}={count[:9]}... has too many digits", param_hint="'--catalog'") from None
    return sizes


def _clock(start_time: str | None, *, freeze_time: bool) -> dict[str, Clock]:
    """Return the clock as an argument of `Emulator`, unless it is the default one."""
    if start_time is None:
        return {"clock": Clock(running=False)} if freeze_time else {}
    try:
        start = datetime.now(UTC) if start_time == "now" else datetime.fromisoformat(start_time)
        return {"clock": Clock(start, running=not freeze_time)}
    except ValueError:
        reason = f"{start_time!a} is neither now nor a time with a time zone, such as 2025-12-24T18:00:00Z"
        raise typer.BadParameter(reason, param_hint="'--start-time'") from None


def _set_faults(emulator: Emulator, path: Path) -> None:
    """Set the faults of the emulator from a file.

    Raises:
        ValueError: the file cannot be read or is invalid; the message names file, fault and key.
    """
    given = read_faults(path)
    try:
        emulator.faults = given
    except ValueError as error:
        raise ValueError(f"{path}, {error}") from None


def read_credentials(path: Path) -> dict[str, Credential]:
    """Return the credentials of an AWS credentials file, by access key id.

    Raises:
        ValueError: the file cannot be read, or a profile is incomplete; the message shows no secret.
    """
    parser, profile = ConfigParser(interpolation=None), ""
    found: dict[str, Credential] = {}
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        for profile in parser.sections():
            of_profile = parser[profile]
            found[of_profile["aws_access_key_id"]] = Credential(
                of_profile["aws_secret_access_key"],
                of_profile["aws_account_id"],
                of_profile.get("aws_session_token"),
            )
    except OSError as error:
        raise ValueError(f"cannot read the credentials of {path}: {error.strerror}") from None
    except KeyError as error:
        raise ValueError(f"{path}: the profile {profile!a} has no {error.args[0]}") from None
    except (ConfigParserError, UnicodeDecodeError):
        raise ValueError(f"{path} is not an AWS credentials file") from None
    except ValueError:
        reason = "has an empty value, or an aws_account_id that is not twelve digits"
        raise ValueError(f"{path}: the profile {profile!a} {reason}") from None
    return found


async def serve(prepared: Prepared, *, access_log: bool = False, as_json: bool = False) -> int:
    """Run the emulator until cancelled; it then sends the responses to the requests under way, and closes every socket.

    Arguments:
        prepared: the emulator.
        access_log: whether to write a line for each request to stderr.
        as_json: whether the lines on stderr are JSON.

    Raises:
        CommandError: it cannot listen on the address, or use the state file or the new recording.
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(_logged(access_log=access_log, as_json=as_json))
        if prepared.recorder is not None:
            place = one_line(str(prepared.recorder.path))
            try:
                stack.enter_context(prepared.recorder)
            except FileExistsError:
                reason = f"{place} exists already: give --record another file, or delete this one"
                raise UsageError(reason) from None
            except OSError as error:
                raise UsageError(f"cannot create {place}: {error.strerror}") from None
        try:
            emulator = await stack.enter_async_context(prepared.emulator)
        except StateError as error:
            raise UsageError(one_line(str(error), limit=None)) from error
        except (OSError, UnicodeError) as error:
            place = f"{one_line(prepared.host)} port {prepared.port}"
            raise CommandError(
                f"cannot listen on {place}: {_reason(error)}: choose another --port or --host"
            ) from error
        _announce(emulator.endpoint_url)
        if prepared.example is not None and is_terminal(sys.stderr):
            # Only on a terminal: a program that starts the emulator does not need the hint.
            say(
                "any credentials are accepted: AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any aiopartnercentral "
                f"collect list-connections --catalog {prepared.example} --endpoint-url {emulator.endpoint_url}"
            )
        await anyio.sleep_forever()
    return 0


def _is_failure(record: logging.LogRecord) -> bool:
    """Return whether a record is a failure of the emulator, and not a client that does not send HTTP."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


@contextmanager
def _logged(*, access_log: bool, as_json: bool) -> Iterator[None]:
    """Log warnings, internal errors, which clients see as status 500, and optionally all requests to stderr."""
    failures, requests = logging.StreamHandler(), logging.StreamHandler()
    failures.setLevel(logging.WARNING)
    failures.setFormatter(JsonFormatter() if as_json else logging.Formatter("aiopartnercentral: %(message)s"))
    failures.addFilter(_is_failure)
    requests.setFormatter(JsonFormatter() if as_json else TextFormatter())
    handlers = [(logging.getLogger(name), failures) for name in ("aiopartnercentral.emulator", "aiohttp.server")]
    level = accesses.level
    if access_log:
        handlers.append((accesses, requests))
        accesses.setLevel(logging.INFO)
    for logger, handler in handlers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        accesses.setLevel(level)
        for logger, handler in handlers:
            logger.removeHandler(handler)


def _reason(error: OSError | UnicodeError) -> str:
    # asyncio replaces the system's error text with its own sentence, which repeats the address.
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return "it is not an address of this machine"


def _announce(url: str) -> None:
    """Print the address.

    Raises:
        CommandError: stdout is closed or cannot be written, so that nobody would learn the address.
    """
    if sys.stdout is None:
        raise CommandError("standard output is closed: the address is written there")
    try:
        os.write(sys.stdout.fileno(), f"listening on {url}\n".encode())
    except OSError as error:
        raise CommandError(f"cannot write standard output: {error.strerror}") from error
