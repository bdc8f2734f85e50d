"""A local Partner Central: the Account API over real HTTP on loopback, for tests, demos and benchmarks.

    server      what an emulator can be told, and its life as an HTTP server
    arguments   what it is told, checked
    front       from an HTTP request to status and body of its answer
    framing     JSON 1.0: which operation, what it says, what is remembered of it
    identity    which account asks, and whether it is who it says
    signature   Signature Version 4
    policy      what IAM would deny
    control     what the service has no operation for: the time, the codes sent, a registrant's visit
    page/       pages for people: accounts, catalogs, recent requests
    service     from a well-framed request to the answer's bytes
    history     what changes the world: carried out, written down, and carried out again at the next start
    entries     what is written down
    journal     the file that it is written to
    validation  a request or an answer against the pinned service model
    tokens      the same request with the same ClientToken is carried out once
    call        one valid request, as a handler gets it
    operations/ one handler for each operation of the model
    faults      the service's errors as answers
    disorder/   what goes wrong on demand
    reply       an answer, and in what way it is to be sent
    sending     an answer over the wire, whole or not
    paging      page tokens
    world       every account's side of every catalog, and what an account is beyond catalogs
    store       what one account has in one catalog
    shelf       items of one kind: seeded ones made on first use and encoded once, changes laid over them
    tasks       what takes its time
    quotas      how much an account may have and do
    clock       the emulator's time, which can be moved
    throttle    how many requests a second are too many
    seed        the seeded items, a pure function of (seed, catalog, index)
    company     the companies behind the items
    dice        repeatable chance
    words       the vocabulary of the seed

Nothing here imports botocore, aiobotocore or the generated client: what tests the client must not share its mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.clock import Clock
from aiopartnercentral.emulator.entries import StateError
from aiopartnercentral.emulator.identity import Credential
from aiopartnercentral.emulator.policy import Denial
from aiopartnercentral.emulator.quotas import Quotas
from aiopartnercentral.lazy import lazily

if TYPE_CHECKING:
    from aiopartnercentral.emulator.disorder.altering import (
        ExtraMember,
        MalformedItem,
        UnknownEnumValue,
        UnknownUnionMember,
    )
    from aiopartnercentral.emulator.disorder.breaking import ContentType, HalfBody, InvalidJson, Reset
    from aiopartnercentral.emulator.disorder.fault import Fault
    from aiopartnercentral.emulator.disorder.leading import EmptyPage, RepeatedToken
    from aiopartnercentral.emulator.disorder.reading import read_faults
    from aiopartnercentral.emulator.disorder.refusing import ExpiredToken, ServerError, Throttle
    from aiopartnercentral.emulator.disorder.waiting import (
        ExponentialLatency,
        Latency,
        LognormalLatency,
        Trickle,
        UniformLatency,
    )
    from aiopartnercentral.emulator.server import Emulator

__all__ = [
    "Clock",
    "ContentType",
    "Credential",
    "Denial",
    "EmptyPage",
    "Emulator",
    "ExpiredToken",
    "ExponentialLatency",
    "ExtraMember",
    "Fault",
    "HalfBody",
    "InvalidJson",
    "Latency",
    "LognormalLatency",
    "MalformedItem",
    "Quotas",
    "RepeatedToken",
    "Reset",
    "ServerError",
    "StateError",
    "Throttle",
    "Trickle",
    "UniformLatency",
    "UnknownEnumValue",
    "UnknownUnionMember",
    "read_faults",
]

# Imported when somebody asks for them: the server needs aiohttp, which is optional, and few need faults.
_LATER = {
    "disorder.altering": (
        "ExtraMember",
        "MalformedItem",
        "UnknownEnumValue",
        "UnknownUnionMember",
    ),
    "disorder.breaking": (
        "ContentType",
        "HalfBody",
        "InvalidJson",
        "Reset",
    ),
    "disorder.fault": ("Fault",),
    "disorder.leading": (
        "EmptyPage",
        "RepeatedToken",
    ),
    "disorder.reading": ("read_faults",),
    "disorder.refusing": (
        "ExpiredToken",
        "ServerError",
        "Throttle",
    ),
    "disorder.waiting": (
        "ExponentialLatency",
        "Latency",
        "LognormalLatency",
        "Trickle",
        "UniformLatency",
    ),
    "server": ("Emulator",),
}


if not TYPE_CHECKING:  # which would take every name for a public one
    __getattr__ = lazily(globals(), {name: f"emulator.{module}" for module, names in _LATER.items() for name in names})
