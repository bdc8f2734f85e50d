"""Asks for MFA codes in the terminal, without blocking the event loop."""

from __future__ import annotations

import getpass
import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CodeRequiredError", "MfaPrompter"]

_SETTING = "mfa_serial of the AWS config file"
_ADVICE = "use credentials that require none, such as those of an IAM Identity Center login or a service role"
_LONGEST_CODE = 1024  # bytes
_POLL = 0.1  # seconds
# Held by the only prompt in the terminal, whichever event loop and thread it is in.
_TERMINAL = threading.Lock()


class CodeRequiredError(BaseException):
    """An MFA code is required; botocore would log an `Exception` as a failed refresh."""


class MfaPrompter:
    """Gives botocore an MFA code, which it asks for where a coroutine cannot wait."""

    def __init__(self) -> None:
        self._code: str | None = None

    def __call__(self, prompt: str) -> str:
        """Return the code for botocore, once.

        Raises:
            CodeRequiredError: it has not been asked for.
        """
        if self._code is None:
            raise CodeRequiredError(prompt)
        code, self._code = self._code, None
        return code

    async def ask(self, prompt: str) -> None:
        """Ask for the code in the terminal; a cancellation leaves the terminal as it was.

        Raises:
            CredentialsError: there is no terminal, or the input ended.
        """
        import anyio  # noqa: PLC0415 - rarely needed

        while not _TERMINAL.acquire(blocking=False):  # noqa: ASYNC110 - an event is of one event loop
            await anyio.sleep(_POLL)
        try:
            self._code = await _read_code(prompt)
        except EOFError:
            self._code = None
        finally:
            _TERMINAL.release()
        if not self._code:
            raise CredentialsError(f"no MFA code was entered ({_SETTING}): enter it, or {_ADVICE}")


async def _read_code(prompt: str) -> str:
    """Return a line from the terminal, which does not show it.

    Raises:
        CredentialsError: there is no terminal.
        EOFError: the input ended.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise _no_terminal()
    if sys.platform == "win32":
        from anyio import to_thread  # noqa: PLC0415 - rarely needed

        return await to_thread.run_sync(getpass.getpass, prompt, abandon_on_cancel=True)
    from anyio import wait_readable  # noqa: PLC0415 - rarely needed

    # Not by `getpass` in a thread: a thread cannot be cancelled, and would take the next line that is typed.
    with _hidden_input() as terminal:
        os.write(terminal, prompt.encode())
        try:
            await wait_readable(terminal)
            return os.read(terminal, _LONGEST_CODE).decode(errors="replace").strip()
        finally:
            os.write(terminal, b"\n")


@contextmanager
def _hidden_input() -> Iterator[int]:
    """Open the terminal without echo, and restore it at the end.

    Raises:
        CredentialsError: there is no terminal.
    """
    import termios  # noqa: PLC0415 - not on Windows

    try:
        terminal = os.open(os.ttyname(sys.stdin.fileno()), os.O_RDWR | os.O_NOCTTY)
    except OSError:
        raise _no_terminal() from None
    try:
        shown = termios.tcgetattr(terminal)
        local_modes = 3
        hidden = [*shown]
        hidden[local_modes] &= ~termios.ECHO
        termios.tcsetattr(terminal, termios.TCSAFLUSH, hidden)
        try:
            yield terminal
        finally:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, shown)
    finally:
        os.close(terminal)


def _no_terminal() -> CredentialsError:
    return CredentialsError(f"an MFA code is required ({_SETTING}), and there is no terminal to ask for it: {_ADVICE}")
