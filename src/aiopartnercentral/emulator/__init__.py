"""A local Partner Central: its six services over real HTTP on loopback, for tests, demos and benchmarks.

    server       the `Emulator`: its options, its start and its shutdown
    http_server  connections: their time limits, and how they end
    hosts        checks of the Host and Origin of a request
    options      checks of the options
    settings     what can be set while the emulator runs
    scenario     scenario files; those of the library are in scenarios/
    recording    records the answers of another service, and replays them
    cleaner      removes from a recording what must not be in a file
    access_log   one log record for each request
    pipeline     the steps of a request: parsing, fault injection, authentication, execution, recording
    services     the six services: their models, and the form of their requests, responses and errors
    protocol     AWS JSON 1.0 and Smithy RPC v2 CBOR: parses requests
    cbor         values of CBOR
    auth         the account of a request, and its Signature Version 4
    iam          filters of requests, and denials
    admin_api    the API below `/_emulator/`: readiness, scenario, clock, verification codes, completion URLs
    dashboard/   web pages: items, requests, codes, settings
    dispatcher   permissions, rate limit and validation, then execution
    validation   validates requests and responses against the pinned service models
    operations/  a directory of handlers for each service that has some, and page tokens
    errors       the errors of the service
    response     responses, and how they are sent
    faults/      fault injection
    state/       accounts, catalogs, tasks, quotas, idempotency tokens, the clock
    persistence/ the state file
    seed/        the seeded items, a pure function of (seed, catalog, index)

Nothing here imports botocore, aiobotocore or a generated client: a test double that shared code with the client would
share its mistakes.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from aiopartnercentral._utils.distributions import check_version
from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral.emulator.auth import Credential as Credential
    from aiopartnercentral.emulator.faults.broken_responses import (
        InvalidJson as InvalidJson,
        Reset as Reset,
        TruncatedBody as TruncatedBody,
        WrongContentType as WrongContentType,
    )
    from aiopartnercentral.emulator.faults.config_file import read_faults as read_faults
    from aiopartnercentral.emulator.faults.errors import (
        ExpiredPageToken as ExpiredPageToken,
        ServerError as ServerError,
        Throttle as Throttle,
    )
    from aiopartnercentral.emulator.faults.json_mutations import (
        CorruptItem as CorruptItem,
        ExtraMember as ExtraMember,
        UnknownEnumValue as UnknownEnumValue,
        UnknownUnionMember as UnknownUnionMember,
    )
    from aiopartnercentral.emulator.faults.latency import (
        ExponentialLatency as ExponentialLatency,
        Latency as Latency,
        LognormalLatency as LognormalLatency,
        SlowBody as SlowBody,
        UniformLatency as UniformLatency,
    )
    from aiopartnercentral.emulator.faults.pagination import (
        EmptyPage as EmptyPage,
        RepeatedPageToken as RepeatedPageToken,
    )
    from aiopartnercentral.emulator.faults.rules import Fault as Fault
    from aiopartnercentral.emulator.iam import Denial as Denial
    from aiopartnercentral.emulator.persistence.records import StateError as StateError
    from aiopartnercentral.emulator.recording import Recorder as Recorder
    from aiopartnercentral.emulator.scenario import read_scenario as read_scenario
    from aiopartnercentral.emulator.server import Emulator as Emulator
    from aiopartnercentral.emulator.state.clock import Clock as Clock
    from aiopartnercentral.emulator.state.quotas import Quotas as Quotas
else:
    # While `python -m` looks for the module, an error would end Python with 1: the module itself checks then.
    if sys.argv[:1] != ["-m"]:
        check_version(__name__)
    __getattr__, __dir__ = lazy_imports(globals())
