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

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral.emulator.auth import Credential as Credential
    from aiopartnercentral.emulator.faults.config_file import read_faults as read_faults
    from aiopartnercentral.emulator.faults.connection import (
        ContentType as ContentType,
        HalfBody as HalfBody,
        InvalidJson as InvalidJson,
        Reset as Reset,
    )
    from aiopartnercentral.emulator.faults.errors import (
        ExpiredToken as ExpiredToken,
        ServerError as ServerError,
        Throttle as Throttle,
    )
    from aiopartnercentral.emulator.faults.latency import (
        ExponentialLatency as ExponentialLatency,
        Latency as Latency,
        LognormalLatency as LognormalLatency,
        Trickle as Trickle,
        UniformLatency as UniformLatency,
    )
    from aiopartnercentral.emulator.faults.mutations import (
        ExtraMember as ExtraMember,
        MalformedItem as MalformedItem,
        UnknownEnumValue as UnknownEnumValue,
        UnknownUnionMember as UnknownUnionMember,
    )
    from aiopartnercentral.emulator.faults.pagination import (
        EmptyPage as EmptyPage,
        RepeatedToken as RepeatedToken,
    )
    from aiopartnercentral.emulator.faults.rules import Fault as Fault
    from aiopartnercentral.emulator.iam import Denial as Denial
    from aiopartnercentral.emulator.persistence.records import StateError as StateError
    from aiopartnercentral.emulator.server import Emulator as Emulator
    from aiopartnercentral.emulator.state.clock import Clock as Clock
    from aiopartnercentral.emulator.state.quotas import Quotas as Quotas
else:
    __getattr__, __dir__ = lazy_imports(globals())
