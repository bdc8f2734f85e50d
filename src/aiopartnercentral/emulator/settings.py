"""What can be set while an emulator runs: `Emulator` in Python, the admin API over HTTP, and the command use this."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import did_you_mean
from aiopartnercentral.emulator import iam, options, scenario as scenarios
from aiopartnercentral.emulator.faults.config_file import parsed, table_of
from aiopartnercentral.emulator.faults.rules import FaultInjector
from aiopartnercentral.emulator.state.catalog import VerificationCode
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK, LATEST, Clock, format_timestamp
from aiopartnercentral.emulator.state.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from os import PathLike

    from aiopartnercentral.emulator.dispatcher import Dispatcher
    from aiopartnercentral.emulator.faults.rules import Fault
    from aiopartnercentral.emulator.iam import Denial

# As long as a code of SendEmailVerificationCode.
_CODE_TIME: Final = timedelta(minutes=15)
_code = validators.pattern("[0-9]{1,6}", "one to six digits")
_email = validators.pattern(r"[^@\s]{1,255}@[^@\s]{1,255}", "an e-mail address")
_quotas = validators.instance_of(Quotas, "a Quotas")
_rate = validators.optional(validators.positive_number)


class Settings:
    """The settings of a running emulator, from any thread of its event loop.

    Arguments:
        dispatcher: the services.

    Attributes:
        clock: the emulator's clock.
        injector: injects the faults.
        in_flight: number of requests that are being processed.
        max_in_flight: the highest number of such requests.
    """

    injector: FaultInjector
    clock: Clock
    in_flight: int
    max_in_flight: int

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._latency = 0.0
        self.injector = FaultInjector(())
        self.clock = dispatcher.store.clock
        self.in_flight = 0
        self.max_in_flight = 0
        self._files: dict[str, str] = {}
        self._restore_start: Callable[[], None] | None = None

    if not TYPE_CHECKING:  # type checkers report the same, but not for a class that has this method

        def __setattr__(self, name: str, value: object) -> None:
            """Set an attribute that the class has or declares; a misspelt setting would change nothing."""
            if not (name.startswith("_") or name in vars(self) or hasattr(type(self), name)):
                declared = {each for cls in type(self).__mro__ for each in get_annotations(cls)}
                if name not in declared:
                    known = [each for each in {*declared, *dir(type(self))} if not each.startswith("_")]
                    text = f"{type(self).__name__!r} object has no attribute {name!r}{did_you_mean(name, known)}"
                    raise AttributeError(text)
            super().__setattr__(name, value)

    def _restorer(self) -> Callable[[], None]:
        """Return a function that restores the present seed, settings and clock."""
        names = ("latency", "requests_per_second", "denied_catalogs", "denials", "faults", "quotas")
        seed, restore_clock = self._dispatcher.state.seed, self.clock.restorer()
        values = {name: getattr(self, name) for name in names}

        def restore() -> None:
            restore_clock()
            self._dispatcher.store.reset(seed)
            for name, value in values.items():
                setattr(self, name, value)

        return restore

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """Count a request while it is being processed."""
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1

    @property
    def latency(self) -> float:
        """Seconds by which every response is delayed."""
        return self._latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._latency = options.seconds("latency", seconds)

    @property
    def requests_per_second(self) -> float | None:
        """The rate limit of each account in each service, or None for no limit; setting it refills the buckets."""
        return self._dispatcher.requests_per_second

    @requests_per_second.setter
    def requests_per_second(self, rate: float | None) -> None:
        self._dispatcher.requests_per_second = _rate("requests_per_second", rate)

    @property
    def denied_catalogs(self) -> frozenset[str]:
        """Catalogs for which every request gets an AccessDeniedException."""
        return self._dispatcher.denied

    @denied_catalogs.setter
    def denied_catalogs(self, names: Collection[str]) -> None:
        self._dispatcher.denied = options.denied_catalogs(names, self._dispatcher.state.sizes)

    @property
    def denials(self) -> Sequence[Denial]:
        """Further requests that get an AccessDeniedException."""
        return self._dispatcher.denials

    @denials.setter
    def denials(self, denied: Collection[Denial]) -> None:
        self._dispatcher.denials = options.denials(denied, self._dispatcher.state.sizes)

    @property
    def faults(self) -> Sequence[Fault]:
        """The faults to inject, in the order in which they take effect; setting them restarts the counting of calls."""
        return self.injector.faults

    @faults.setter
    def faults(self, given: Collection[Fault]) -> None:
        self.injector = FaultInjector(options.faults(given, self._dispatcher.state.sizes))

    @property
    def quotas(self) -> Quotas:
        """The quotas of each account in each catalog; setting them does not change what an account already has.

        Raises:
            StateError: the state file cannot be written; the quotas are as they were.
        """
        return self._dispatcher.state.quotas

    @quotas.setter
    def quotas(self, quotas: Quotas) -> None:
        self._dispatcher.store.set_quotas(_quotas("quotas", quotas))

    @property
    def codes(self) -> Sequence[VerificationCode]:
        """The valid e-mail verification codes; the emulator sends no e-mail."""
        now = self.clock.now()
        return [code for code in self._dispatcher.state.codes() if now < code.expires_at]

    def reset(self, seed: int | None = None, *, everything: bool = False) -> None:
        """Undo all changes of items, and forget verifications, idempotency tokens and used quotas.

        The clock, the settings and the list of requests stay as they are, unless everything is reset.

        Arguments:
            seed: seed of the generated data from now on; None for the present one, or for that of the start if
                everything is reset.
            everything: whether to restore the settings of the start, too, to undo all moves and stops of the clock, to
                clear the list of requests, and to begin a replay again.

        Raises:
            TypeError: an argument has a wrong type.
            ValueError: there is a state file, and the seed is another one, or everything is to be reset.
            StateError: the state file cannot be written; nothing was undone.
        """
        if seed is not None:
            validators.integer()("seed", seed)
        with CLOCK_LOCK:
            if validators.flag("everything", everything):
                (self._restore_start or self._restorer())()
                self.max_in_flight = self.in_flight
                self._forget_requests()
            self._dispatcher.store.reset(self._dispatcher.state.seed if seed is None else seed)

    def _forget_requests(self) -> None:
        """Clear the list of requests, if there is one."""

    def set_code(self, email: str, code: str, *, catalog: str = "AWS", account_id: str | None = None) -> None:
        """Make a code the valid one of an e-mail address, as if it had been sent now.

        Arguments:
            email: the address.
            code: one to six digits.
            catalog: the catalog that it is valid in.
            account_id: the account that it is valid for; by default the owner of the seeded data.

        Raises:
            TypeError: an argument is not a string.
            ValueError: an argument has a wrong value; the text begins with its name.
            StateError: the state file cannot be written.
        """
        with CLOCK_LOCK:
            self._dispatcher.store.set_code(self._verification_code(email, code, catalog, account_id))

    def _verification_code(
        self, email: str, code: str, catalog: str = "AWS", account_id: str | None = None
    ) -> VerificationCode:
        state = self._dispatcher.state
        account = iam.account_id("account_id", state.owner if account_id is None else account_id)
        name, expires_at = validators.one_of(state.sizes)("catalog", catalog), self.clock.now() + _CODE_TIME
        return VerificationCode(account, name, _email("email", email), _code("code", code), expires_at)

    @property
    def scenario(self) -> Mapping[str, Any]:
        """The present situation with the keys of a scenario and the types of JSON, without credentials."""
        state, now = self._dispatcher.state, self.clock.now()
        return {
            "seed": state.seed,
            "account_id": state.owner,
            "task_seconds": state.task_time.total_seconds(),
            "nightly_changes": state.nightly_changes,
            "catalogs": dict(state.sizes),
            "latency": self.latency,
            "requests_per_second": self.requests_per_second,
            "denied_catalogs": sorted(self.denied_catalogs),
            "clock": {"start": format_timestamp(now), "running": self.clock.running},
            "quotas": attrs.asdict(self.quotas),
            "denial": [
                {name: value for name, value in attrs.asdict(denial).items() if value != "*"} for denial in self.denials
            ],
            "fault": [table_of(fault) for fault in self.faults],
            **self._files,
        }

    def change(self, scenario: str | PathLike[str] | Mapping[str, Any]) -> None:
        """Set everything that a scenario has; what it does not have stays. If something is wrong, nothing is set.

            emulator.change({"fault": [{"kind": "reset", "calls": 1}], "clock": {"running": False}})

        Arguments:
            scenario: the name of a scenario that is part of the library, the path of a TOML file, or a mapping with
                the keys of a file. The clock is moved forward to `clock.start`, and then by `clock.advance_seconds`.
                Each `code` has the arguments of `set_code`.

        Raises:
            TypeError: an argument has a wrong type.
            ValueError: something is wrong, or can be set at the start only; the message names the key.
            StateError: the state file cannot be written.
        """
        given = scenarios.read_changes(scenario)
        sizes = self._dispatcher.state.sizes
        checks: dict[str, Callable[[str, Any], object]] = {
            "latency": options.seconds,
            "requests_per_second": _rate,
            "denied_catalogs": lambda _, names: options.denied_catalogs(names, sizes),
            "denials": lambda _, denied: options.denials(denied, sizes),
            "faults": lambda _, faults: options.faults(faults, sizes),
        }
        for name, check in checks.items():
            if name in given:
                check(name, given[name])
        with self._dispatcher.store.together():
            clock, codes = given.pop("clock", {}), given.pop("codes", [])
            now = self.clock.now()
            by = clock.get("start", now) - now
            if by < timedelta(0):
                raise ValueError("clock.start must not be in the past: the clock only moves forward")
            by += clock.get("advance", timedelta(0))
            if by > LATEST - now:
                raise ValueError("clock.advance_seconds must not move the clock beyond the year 9000")
            parsed("", "code", codes, lambda code: self._verification_code(**code))
            self.clock.advance(by)
            self.clock.running = clock.get("running", self.clock.running)
            if "quotas" in given:
                self.quotas = attrs.evolve(self.quotas, **given.pop("quotas"))
            for code in codes:
                self.set_code(**code)
        for name, value in given.items():
            setattr(self, name, value)
