"""Whether a built site is complete: links, anchors, everything from its own directory, and a search index."""

from __future__ import annotations

import builtins
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Attributes whose resource a browser loads by itself; `link` is another if it is a style sheet or an icon."""
_LOADED_LINKS = {"stylesheet", "icon", "preload", "preconnect", "modulepreload", "manifest", "shortcut"}
_OF_OTHERS = {*dir(builtins), "Any", "BotoCoreError", "ClientError", "Generic", "KeyT", "_ConversionError"}
"""Names of bases of classes that are not in the reference."""


class _Page(HTMLParser):
    """The anchors, links and resources of a page, and the references that Sphinx did not turn into links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.dead: set[str] = set()
        self._open_links = 0
        self._reference: list[str] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value is not None}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        if tag == "link" and "href" in given and _LOADED_LINKS & set(given.get("rel", "").split()):
            self.loaded.add(given["href"])
        if tag in _LOADED and _LOADED[tag] in given:
            self.loaded.add(given[_LOADED[tag]])
        self._open_links += tag == "a"
        # A role such as {py:class} makes code of this class, inside of a link if the reference has the name.
        if tag == "code" and "xref" in given.get("class", "").split() and not self._open_links:
            self._reference = []

    def handle_data(self, data: str) -> None:
        if self._reference is not None:
            self._reference.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._open_links -= tag == "a"
        if tag == "code" and self._reference is not None:
            self.dead.add("".join(self._reference))
            self._reference = None


def problems(site: Path) -> list[str]:
    """Return a line for everything that is wrong with the site in a directory."""
    site = site.resolve()
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [f"{path.relative_to(site)}: {text}" for path in pages for text in _of_page(path, site, pages)]
    styles = ((path, path.read_text(encoding="utf-8")) for path in site.rglob("*.css"))
    found += [f"{path.relative_to(site)}: loads from elsewhere" for path, text in styles if _loads_from_elsewhere(text)]
    if not (site / "searchindex.js").is_file():
        found.append("searchindex.js is missing")
    return found


def _of_page(path: Path, site: Path, pages: dict[Path, _Page]) -> Iterator[str]:
    page = pages[path]
    for target in sorted(page.loaded):
        if target.startswith("data:"):
            continue
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            yield f"loads {target}"
        elif not (path.parent / unquote(parts.path)).is_file():
            yield f"loads {target}, which is missing"
    for name in sorted(page.dead - _OF_OTHERS):
        yield f"refers to {name}, which the reference does not have"
    for target in sorted(page.links):
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not file.is_file() or not file.is_relative_to(site):
            yield f"links to {target}, which is missing"
        elif parts.fragment and file in pages and unquote(parts.fragment) not in pages[file].anchors:
            yield f"links to {target}, which has no such anchor"


def _loads_from_elsewhere(style: str) -> bool:
    return any(f"{start}{host}" in style for start in ("url(", "url('", 'url("', "@import ") for host in ("http", "//"))
