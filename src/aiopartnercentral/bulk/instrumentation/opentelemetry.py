"""OpenTelemetry spans and metrics of bulk collections, and of a client's calls.

    collection = Collection(..., observer=Telemetry())
    collection = Collection(..., observer=combine(Telemetry(), show))
    async with account.connect(observer=Telemetry()) as client: ...

    aiopartnercentral.bulk.run                  a child of the span that is current where the stream is entered
      aiopartnercentral.bulk.source             events: throttled, retried, restarted
        partnercentral-account.ListConnections  one for each page: its last request

    partnercentral-account.GetPartner           a call, with all its attempts; event: retried

The span of a call is a child of the current span, and the current span itself until the call ends.

Spans and metrics have the codes of errors, and never their texts. Only spans have labels and accounts, so a metric has
no more series than there are combinations of operations, catalogs, outcomes and codes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

import aiopartnercentral
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral._transport.call_events import CallFinished, CallRetried, CallStarted
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral.bulk.instrumentation import events
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

    from aiopartnercentral._transport.call_events import CallEvent
    from aiopartnercentral.bulk.instrumentation.events import Event
    from aiopartnercentral.bulk.source import Origin

__all__ = ["Telemetry"]

_OURS = "aiopartnercentral"
_BULK = f"{_OURS}.bulk"
# Names of OpenTelemetry's semantic conventions. Those for AWS SDKs still require `rpc.system`, which those for all RPC
# have replaced by `rpc.system.name`.
_SYSTEM = {"rpc.system": "aws-api", "rpc.system.name": "aws-api"}
_SERVICE = "rpc.service"
_METHOD = "rpc.method"
_STATUS = "http.response.status_code"
_REQUEST_ID = "aws.request_id"
_ERROR = "error.type"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)  # those of HTTP requests


@attrs.frozen
class _Run:
    """The span of an open run, and those of its sources in progress, each with the context for its children."""

    span: Span
    context: Context
    sources: dict[Origin, tuple[Span, Context]] = attrs.field(factory=dict)


def _operation(of: Origin | CallEvent) -> dict[str, str]:
    """Return the attributes of an operation."""
    return {_SERVICE: of.service, _METHOD: of.operation}


def _server(endpoint_url: str) -> dict[str, str | int]:
    """Return the attributes of an endpoint."""
    parts = urlsplit(endpoint_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return {"server.address": parts.hostname or "", "server.port": port}


class Telemetry:
    """An observer that creates spans and metrics of any number of runs and clients, also at the same time.

    Arguments:
        tracer_provider: provider of the tracer; by default the global one.
        meter_provider: provider of the meter; by default the global one.

    Raises:
        TypeError: a provider is none of OpenTelemetry's.
        ImportError: opentelemetry-api is not installed; the message says what to install.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._trace: Any = import_optional("opentelemetry.trace", extra="otel")
        self._context: Any = import_optional("opentelemetry.context", extra="otel")
        metrics: Any = import_optional("opentelemetry.metrics", extra="otel")
        tracers = validators.optional(validators.instance_of(self._trace.TracerProvider))
        meters = validators.optional(validators.instance_of(metrics.MeterProvider))
        version = aiopartnercentral.__version__
        self._tracer = self._trace.get_tracer(_OURS, version, tracers("tracer_provider", tracer_provider))
        self._meter = metrics.get_meter(_OURS, version, meters("meter_provider", meter_provider))
        self._runs: dict[str, _Run] = {}
        self._calls: dict[int, tuple[Span, Token[Context], dict[str, Any]]] = {}
        self._pages = self._counter("pages", "{page}", "Pages that were fetched.")
        self._items = self._counter("items", "{item}", "Items of the pages that were fetched.")
        self._malformed = self._counter("malformed_items", "{item}", "Malformed items that were omitted.")
        self._retries = self._counter("retries", "{retry}", "Requests that failed and were retried.")
        self._throttles = self._counter("throttles", "{throttle}", "Throttled requests.")
        self._sources = self._counter("sources", "{source}", "Sources that have ended.")
        self._seconds = self._histogram(f"{_BULK}.page.duration", "Duration of the request for a page.")
        self._call_seconds = self._histogram("rpc.client.call.duration", "Duration of a call with its retries.")

    def __call__(self, event: Event | CallEvent) -> None:
        """Record an event."""
        match event:
            case CallStarted():
                self._begin_call(event)
            case CallRetried():
                self._retried_call(event)
            case CallFinished():
                self._end_call(event)
            case events.RunStarted():
                self._begin(event)
            case events.RunFinished():
                self._end(event)
            case events.SourceStarted():
                self._begin_source(event)
            case events.SourceFinished():
                self._end_source(event)
            case events.PageFetched():
                self._page(event)
            case events.Throttled() | events.Retried() | events.SourceRestarted():
                self._trouble(event)

    def _counter(self, name: str, unit: str, description: str) -> Any:  # noqa: ANN401 - of a package that may be absent
        return self._meter.create_counter(f"{_BULK}.{name}", unit=unit, description=description)

    def _histogram(self, name: str, description: str) -> Any:  # noqa: ANN401 - as above
        return self._meter.create_histogram(
            name, unit="s", description=description, explicit_bucket_boundaries_advisory=_BUCKETS
        )

    def _begin_call(self, event: CallStarted) -> None:
        attributes = {**_SYSTEM, **_operation(event), **_server(event.endpoint_url)}
        span = self._tracer.start_span(
            f"{event.service}.{event.operation}", kind=self._trace.SpanKind.CLIENT, attributes=attributes
        )
        # Spans that are created during the call, such as those of an HTTP client, are its children.
        token = self._context.attach(self._trace.set_span_in_context(span))
        self._calls[event.call] = span, token, attributes

    def _retried_call(self, event: CallRetried) -> None:
        span, _, _ = self._calls[event.call]
        attributes: dict[str, Any] = {
            f"{_OURS}.attempt": event.attempt,
            f"{_OURS}.wait": event.seconds,
            _ERROR: event.error,
            _STATUS: event.http_status,
            _REQUEST_ID: event.request_id,
        }
        span.add_event("retried", {name: value for name, value in attributes.items() if value is not None})

    def _end_call(self, event: CallFinished) -> None:
        span, token, attributes = self._calls.pop(event.call)
        self._context.detach(token)
        span.set_attribute(f"{_OURS}.attempts", event.attempts)
        if event.http_status is not None:
            span.set_attribute(_STATUS, event.http_status)
        if event.request_id is not None:
            span.set_attribute(_REQUEST_ID, event.request_id)
        error = {} if event.error is None else {_ERROR: error_type(event.error)}
        span.set_attributes(error)
        if isinstance(event.error, Exception):  # a cancellation is not an error
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()
        self._call_seconds.record(event.seconds, {**attributes, **error})

    def _begin(self, event: events.RunStarted) -> None:
        attributes = {
            f"{_OURS}.run.name": event.run,
            f"{_OURS}.run.sources": len(event.origins),
            f"{_OURS}.run.sources_finished_before": len(event.finished),
        }
        span = self._tracer.start_span(f"{_BULK}.run", attributes=attributes)
        self._runs[event.run] = _Run(span, self._trace.set_span_in_context(span))

    def _end(self, event: events.RunFinished) -> None:
        span = self._runs.pop(event.run).span
        report = event.report
        span.set_attributes(
            {
                f"{_OURS}.run.complete": report.complete,
                f"{_OURS}.run.sources_failed": len(report.failures),
                f"{_OURS}.items": report.items,
                f"{_OURS}.pages": report.pages,
                f"{_OURS}.retries": report.retries,
            }
        )
        if event.error is not None:
            span.set_attribute(_ERROR, error_type(event.error))
        if report.failures or isinstance(event.error, Exception):  # a cancellation is not an error
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def _begin_source(self, event: events.SourceStarted) -> None:
        run, origin = self._runs[event.run], event.origin
        attributes = {
            **_operation(origin),
            f"{_OURS}.label": origin.label,
            f"{_OURS}.catalog": origin.catalog,
            f"{_OURS}.account": origin.account,
            f"{_OURS}.listing": origin.listing,
            f"{_OURS}.resumed": event.resumed,
        }
        span = self._tracer.start_span(f"{_BULK}.source", context=run.context, attributes=attributes)
        run.sources[origin] = span, self._trace.set_span_in_context(span, run.context)

    def _end_source(self, event: events.SourceFinished) -> None:
        run, report = self._runs[event.run], event.report
        span, _ = run.sources.pop(event.origin)
        outcome = {f"{_OURS}.outcome": report.outcome.value}
        if report.error is not None:
            outcome[_ERROR] = error_type(report.error)
        counts = {"items": report.items, "pages": report.pages, "retries": report.retries}
        span.set_attributes({**outcome, **{f"{_OURS}.{name}": count for name, count in counts.items()}})
        if report.outcome is Outcome.FAILED:
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()
        self._sources.add(1, {**self._series(event.origin), **outcome})

    def _page(self, event: events.PageFetched) -> None:
        run, ended = self._runs[event.run], time.time_ns()
        origin, (_, context) = event.origin, run.sources[event.origin]
        attributes = {
            **_SYSTEM,
            **_operation(origin),
            **_server(event.endpoint_url),
            f"{_OURS}.page.number": event.page,
            f"{_OURS}.page.attempts": event.attempts,
            f"{_OURS}.page.waited": event.waited,
            f"{_OURS}.items": event.items,
            f"{_OURS}.malformed_items": event.malformed,
        }
        if event.request_id is not None:
            attributes[_REQUEST_ID] = event.request_id
        self._tracer.start_span(
            f"{origin.service}.{origin.operation}",
            context=context,
            kind=self._trace.SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended - int(event.seconds * 1e9),
        ).end(ended)
        series = self._series(event.origin)
        self._pages.add(1, series)
        self._items.add(event.items, series)
        self._malformed.add(event.malformed, series)
        self._seconds.record(event.seconds, series)

    def _trouble(self, event: events.Throttled | events.Retried | events.SourceRestarted) -> None:
        run = self._runs[event.run]
        span, _ = run.sources[event.origin]
        series = self._series(event.origin)
        if isinstance(event, events.SourceRestarted):
            span.add_event("restarted")
            return
        attributes: dict[str, Any] = {f"{_OURS}.attempt": event.attempt}
        if event.request_id is not None:
            attributes[_REQUEST_ID] = event.request_id
        if isinstance(event, events.Throttled):
            span.add_event("throttled", {**attributes, f"{_OURS}.rate": event.rate})
            self._throttles.add(1, series)
        else:
            error = {_ERROR: error_type(event.error)}
            span.add_event("retried", {**attributes, **error, f"{_OURS}.wait": event.wait})
            self._retries.add(1, {**series, **error})

    def _series(self, origin: Origin) -> dict[str, str]:
        """Return the attributes of a metric, which have few values however many sources there are."""
        return {**_operation(origin), f"{_OURS}.catalog": origin.catalog}
