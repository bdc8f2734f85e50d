"""Finds the page of an address, and renders it; all other requests are left to the API."""

from __future__ import annotations

import re
from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode

import anyio
import anyio.to_thread
import attrs
import msgspec
from aiohttp import web

from aiopartnercentral._utils.lazy_imports import missing_package
from aiopartnercentral.emulator.admin_api import PREFIX
from aiopartnercentral.emulator.dashboard.views import View
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2 import Environment

    from aiopartnercentral.emulator.dashboard.views import Views
    from aiopartnercentral.emulator.response import Sleep

_ACCOUNT: Final = re.compile(r"/accounts/([0-9]{12})")
_LIST: Final = re.compile(r"/catalogs/([a-zA-Z]{1,64})/([a-z-]{1,64})/([a-z-]{1,64})")
_ITEM: Final = re.compile(r"/items/([A-Za-z0-9_.:-]{1,128})")
_REQUEST: Final = re.compile(r"/requests/([0-9a-f-]{1,64})")
# In escaped JSON: a text that may be an identifier, an ARN or an account.
_LINKED: Final = re.compile(
    r"&quot;((?:arn:[A-Za-z0-9:/_-]+/)?([A-Za-z]{1,32}-?[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*|[0-9]{12}))&quot;"
)
_ASSETS: Final = {"/page.css": "text/css", "/page.js": "text/javascript"}
_REFRESH_SECONDS: Final = 5
_EVENT_SECONDS: Final = 0.5
_EVENTS_PER_SIGN_OF_LIFE: Final = 30
_FORM_SECONDS: Final = 10
_MOST_DIGITS: Final = 19
_UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    # With `no-referrer`, browsers send the origin `null` with a form, which is not the emulator's own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}


_MISSING: Final = View("missing.html", {}, HTTPStatus.NOT_FOUND)


@attrs.frozen
class Dashboard:
    """Responds to requests for web pages.

    Arguments:
        views: the contents of the pages.
        sleep: sleeps for some seconds, or less if the emulator shuts down.
    """

    views: Views
    sleep: Sleep

    async def respond(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Return the response, or None if the request is not for a page."""
        if request.method == "POST" and request.path.startswith("/settings/"):
            return await self._changed(request)
        is_signed = request.headers.get("Authorization", "").startswith("AWS4-")  # by a client of AWS, not a browser
        if request.method not in ("GET", "HEAD") or request.path.startswith(PREFIX) or is_signed:
            return None
        if request.path in _ASSETS:
            return _response(_texts()[request.path[1:]], content_type=_ASSETS[request.path])
        if request.path == "/events":
            return await self._stream(request)
        view = await self._view(request)
        if view is None and "text/html" in request.headers.get("Accept", ""):
            view = _MISSING  # in a browser: operations are not GET requests
        return None if view is None else await self._shown(request, view)

    async def _view(self, request: web.BaseRequest) -> View | None:
        """Return the contents of the page of an address; None if it is not that of a page."""
        await self.views.settle()
        path, query, views = request.path, request.query, self.views
        fixed: dict[str, Callable[[], View]] = {
            "/": views.overview,
            "/accounts": lambda: views.accounts(query),
            "/requests": lambda: views.requests(query),
            "/inbox": lambda: views.inbox(done=_DONE.get(query.get("done", ""), "")),
            "/settings": lambda: views.settings(done=_DONE.get(query.get("done", ""), "")),
            "/connect": lambda: views.connect(f"{request.scheme}://{request.host}"),
        }
        path = _page_of(path)
        if path in fixed:
            return fixed[path]()
        if path == "/search":
            return await views.search(query)
        view: View | None = None
        if found := _LIST.fullmatch(path):
            view = await views.listed(found[1], found[2], found[3], query)
        elif found := _ACCOUNT.fullmatch(path):
            view = views.account(found[1])
        elif found := _ITEM.fullmatch(path):
            view = views.item(found[1])
        elif found := _REQUEST.fullmatch(path):
            view = views.request(found[1])
        return view or (_MISSING if found else None)

    async def _shown(self, request: web.BaseRequest, view: View) -> web.Response:
        """Return a page as HTML, or as JSON if the client prefers that."""
        accepted = request.headers.get("Accept", "")
        if request.query.get("format") == "json" or ("application/json" in accepted and "text/html" not in accepted):
            body = {"now": format_timestamp(self.views.now), **view.data}
            text = msgspec.json.format(encode(body), indent=2).decode()
            return _response(text, content_type="application/json", status=view.status)
        try:
            # The first time, this imports jinja2 and compiles the templates.
            environment = await anyio.to_thread.run_sync(_environment)
        except ImportError:
            text = missing_package("jinja2", extra="emulator")
            return _response(f"{text}\n", content_type="text/plain", status=HTTPStatus.NOT_IMPLEMENTED)
        return _response(self._rendered(environment, view, request), content_type="text/html", status=view.status)

    def _rendered(self, environment: Environment, view: View, request: web.BaseRequest) -> str:
        query = {name: value for name, value in request.query.items() if value and name not in ("format", "done")}
        path = _page_of(request.path)

        def here(**changes: object) -> str:
            kept = {name: value for name, value in {**query, **changes}.items() if value is not None}
            return f"{path}?{urlencode(kept)}" if kept else path

        return environment.get_template(view.template).render(
            view.data,
            here=here,
            path=path,
            query=query,
            linked=self._linked,
            now=format_timestamp(self.views.now),
            facts=self.views.facts(),
            refresh=_REFRESH_SECONDS if "refresh" in query else None,
            refresh_seconds=_REFRESH_SECONDS,
        )

    def _linked(self, value: object) -> str:
        """Return JSON as HTML, in which the identifiers of existing items and accounts are links to their pages."""
        known = self.views.collections()

        def link(found: re.Match[str]) -> str:
            identifier = found[2]
            if identifier.isdecimal():
                return f'&quot;<a href="/accounts/{identifier}">{found[1]}</a>&quot;'
            if any(each.has(identifier) for each in known):
                return f'&quot;<a href="/items/{identifier}">{found[1]}</a>&quot;'
            return found[0]

        text = msgspec.json.format(encode(value), indent=2).decode()
        return _LINKED.sub(link, escape(text))

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        """Send an event whenever something has changed, until the client disconnects or the emulator shuts down."""
        stream = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        if request.method == "HEAD":
            return stream
        seen, offset, quiet = self.views.revision(), self.views.clock_offset(), 0
        await stream.write(b"retry: 2000\n\n")
        while await self.sleep(_EVENT_SECONDS):
            quiet += 1
            latest, moved = self.views.revision(), self.views.clock_offset()
            if latest != seen or abs(moved - offset) > _EVENT_SECONDS:
                seen, offset, quiet = latest, moved, 0
                await stream.write(b"event: change\ndata: %d\n\n" % self.views.pipeline.processed)
            elif quiet % _EVENTS_PER_SIGN_OF_LIFE == 0:
                await stream.write(b":\n\n")
        return stream

    async def _changed(self, request: web.BaseRequest) -> web.Response:
        """Carry out a form: the page is a client of the admin API. A form of another site is refused."""
        # Every browser sends the Origin of a form, and one that is not the emulator's own was refused already.
        if "Origin" not in request.headers:
            text = "A form must come from the dashboard; programs use the admin API: GET /_emulator/ lists it.\n"
            return _response(text, content_type="text/plain", status=HTTPStatus.FORBIDDEN)
        try:
            with anyio.fail_after(_FORM_SECONDS):
                raw = await request.read()
        except (TimeoutError, web.HTTPRequestEntityTooLarge, web.RequestPayloadError):
            return await self._shown(request, self.views.settings(problem="The form did not arrive."))
        form = {name: values[-1] for name, values in parse_qs(raw.decode(errors="replace")).items()}
        name = request.path.removeprefix("/settings/")
        if name not in _FORMS:
            return await self._shown(request, _MISSING)
        path, make = _FORMS[name]
        body = make(form)
        sent = body if isinstance(body, bytes) else encode(body)
        status, answer = self.views.pipeline.admin_api.respond("POST", f"{PREFIX}{path}", "application/json", sent)
        self.views.pipeline.processed += 1
        if status != HTTPStatus.OK:
            problem = msgspec.json.decode(answer)["Message"]
            if name == "code":
                return await self._shown(request, self.views.inbox(problem=problem))
            view = self.views.settings(problem=problem, form=name, text=form.get("changes"))
            return await self._shown(request, view)
        place = f"{_page_of(request.path)}?done={name}"
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_HEADERS, "Location": place})


def _page_of(path: str) -> str:
    """Return the path of the page that has a form, for the path that the form is sent to; other paths unchanged.

    A refused form is shown with its own address, from which the browser brings the page up to date.
    """
    name = path.removeprefix("/settings/")
    return path if name == path or name not in _FORMS else "/inbox" if name == "code" else "/settings"


def _advance(form: Mapping[str, str]) -> object:
    text = form.get("amount", "")
    try:
        return {"AdvanceSeconds": float(text) * _UNITS.get(form.get("unit", ""), 1)}
    except ValueError:
        return {"AdvanceSeconds": text}  # which the admin API refuses


def _reset(form: Mapping[str, str]) -> object:
    seed = form.get("seed", "")
    is_number = len(seed) < _MOST_DIGITS and re.fullmatch("-?[0-9]+", seed, re.ASCII)
    everything = {"Everything": True} if "everything" in form else {}
    return everything | ({"Seed": int(seed) if is_number else seed} if seed else {})


# The forms: for each, the path of the admin API that it is sent to, and what makes the body.
_FORMS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, str]], object]]]] = {
    "clock": ("clock", _advance),
    "running": ("scenario", lambda form: {"clock": {"running": form.get("running") == "true"}}),
    "scenario": ("scenario", lambda form: {"scenario": form.get("name", "")}),
    "changes": ("scenario", lambda form: form.get("changes", "").encode()),
    "faults": ("scenario", lambda _: {"fault": []}),
    "reset": ("reset", _reset),
    "code": ("codes", lambda form: {key: form[key] for key in ("Email", "Code", "Catalog", "Account") if key in form}),
}
_DONE: Final = {
    "clock": "The clock has been advanced.",
    "running": "The clock has been changed.",
    "scenario": "The scenario is in force.",
    "changes": "The settings have been changed.",
    "faults": "All faults have been removed.",
    "reset": "All changes of items have been undone.",
    "code": "The code has been set.",
}


def _response(text: str, *, content_type: str, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, status=status, content_type=content_type, charset="utf-8", headers=_HEADERS)


@cache
def _texts() -> Mapping[str, str]:
    """Return the files of the pages by name; the package may be in a zip file."""
    return {
        file.name: file.read_text(encoding="utf-8")
        for file in (files(__name__.rpartition(".")[0]) / "templates").iterdir()
        if file.name.endswith((".html", ".css", ".js"))
    }


@cache
def _environment() -> Environment:
    """Return the compiled templates; all values in them are escaped."""
    import jinja2  # noqa: PLC0415 - only the dashboard needs it

    environment = jinja2.Environment(
        loader=jinja2.DictLoader(_texts()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": _moment,
        "words": _words,
        "plural": _plural,
        "singular": _singular,
        "count": "{:,}".format,
        "short": _short,
        "breakable": _breakable,
    }
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    return environment


def _breakable(name: str) -> str:
    """Return a name as HTML, in which its parts may be on several lines."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "<wbr>", escape(name))


def _moment(written: Any) -> str:  # noqa: ANN401 - a datetime, or its text
    """Return a time without fractions of a second."""
    return str(written).replace("T", " ")[:19]


def _words(name: str) -> str:
    """Return a constant of the model, or the name of a kind, in words."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").replace("-", " ").capitalize()


def _plural(kind: str) -> str:
    """Return the name of a kind of items in words; some services name it in the singular."""
    return f"{_words(kind)}{'' if kind.endswith('s') else 's'}"


def _singular(kind: str) -> str:
    """Return what one item of a kind is called, in words."""
    text = _words(kind)
    if text.endswith("ies"):
        return f"{text[:-3]}y"
    return text if text.endswith("preferences") else text.removesuffix("s")


def _short(service: str) -> str:
    """Return the name of a service without the part that all have."""
    return service.removeprefix("partnercentral-")
