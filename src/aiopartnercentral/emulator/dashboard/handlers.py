"""Finds the page of an address, and renders it; all other requests are left to the API."""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

import anyio.to_thread
import attrs
from aiohttp import web

from aiopartnercentral._utils.lazy_imports import missing_package
from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from jinja2 import Environment

    from aiopartnercentral.emulator.dashboard.views import View, Views

_TEMPLATES: Final = Path(__file__).parent / "templates"
_STYLE: Final = "/page.css"
_CATALOG: Final = re.compile(r"/accounts/(?P<account>[0-9]{12})/(?P<catalog>[a-zA-Z]{1,64})/(?P<kind>[a-z]+)")
_REFRESH_SECONDS: Final = 5
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@attrs.frozen
class Dashboard:
    """Responds to GET and HEAD requests for web pages.

    Arguments:
        views: the contents of the pages.
    """

    views: Views

    async def respond(self, request: web.BaseRequest) -> web.Response | None:
        """Return the response, or None if the request is not for a page."""
        if request.method not in ("GET", "HEAD"):
            return None
        if request.path == _STYLE:
            return _response((_TEMPLATES / "page.css").read_text(encoding="utf-8"), content_type="text/css")
        number = request.query.get("page", "")
        view = self._view(request.path, int(number) if re.fullmatch("[0-9]{1,9}", number) else 1)
        if view is None:
            return None
        try:
            # The first time, this imports jinja2 and compiles the templates.
            environment = await anyio.to_thread.run_sync(_environment)
        except ImportError:
            text = missing_package("jinja2", extra="emulator")
            return _response(f"{text}\n", content_type="text/plain", status=HTTPStatus.NOT_IMPLEMENTED)
        return _response(self._rendered(environment, view, request), content_type="text/html", status=_status(view))

    def _view(self, path: str, number: int) -> View | None:
        if path == "/":
            return self.views.overview()
        if path == "/accounts":
            return self.views.accounts(number)
        if path == "/requests":
            return self.views.recent(number)
        if found := _CATALOG.fullmatch(path):
            return self.views.catalog(**found.groupdict(), number=number) or ("missing.html", {})
        return None

    def _rendered(self, environment: Environment, view: View, request: web.BaseRequest) -> str:
        template, shown = view
        refreshing = "refresh" in request.query

        def here(*, page: int | None = None, refresh: bool = refreshing) -> str:
            query = {"page": page or request.query.get("page"), "refresh": _REFRESH_SECONDS if refresh else None}
            kept = {name: value for name, value in query.items() if value is not None}
            return f"{request.path}?{urlencode(kept)}" if kept else request.path

        return environment.get_template(template).render(
            shown,
            here=here,
            now=format_timestamp(self.views.store.clock.now()),
            refresh=_REFRESH_SECONDS if refreshing else None,
            refresh_seconds=_REFRESH_SECONDS,
        )


def _status(view: View) -> HTTPStatus:
    return HTTPStatus.NOT_FOUND if view[0] == "missing.html" else HTTPStatus.OK


def _response(text: str, *, content_type: str, status: HTTPStatus = HTTPStatus.OK) -> web.Response:
    return web.Response(text=text, status=status, content_type=content_type, charset="utf-8", headers=_HEADERS)


@cache
def _environment() -> Environment:
    """Return the compiled templates; all values in them are escaped."""
    import jinja2  # noqa: PLC0415 - only the dashboard needs it

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": _moment, "words": _words, "count": "{:,}".format, "milliseconds": _milliseconds}
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)
    return environment


def _moment(written: Any) -> str:  # noqa: ANN401 - a datetime, or its text
    """Return a time without fractions of a second."""
    return str(written).replace("T", " ")[:19]


def _words(name: str) -> str:
    """Return a constant of the model in words."""
    return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").capitalize()


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds * 1e3:,.1f}"
