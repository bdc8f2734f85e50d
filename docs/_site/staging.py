"""The pages that Sphinx reads: those of the repository, whose links are changed to the site's, and generated ones."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path
from posixpath import normpath, relpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OTHERS = {"changelog": "CHANGELOG.md", "contributing": "CONTRIBUTING.md", "examples": "examples/README.md"}
"""Pages of other directories that the site has, too, by their names there."""

_FENCED = re.compile(r"^(```.*?^```$)", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\(<?([^)\s>]+)>?\)")
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)


class BrokenLinksError(LookupError):
    """Links of the pages lead nowhere."""


def sources() -> dict[str, Path]:
    """Return the pages of the repository by their names on the site, without suffix."""
    docs = {path.relative_to(DOCS).with_suffix("").as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
    return docs | {name: ROOT / path for name, path in OTHERS.items()}


def navigation() -> dict[str, list[str]]:
    """Return the pages of each section of the start page, which is the only list of them, in its order."""
    parts = _SECTION.split((DOCS / "index.md").read_text(encoding="utf-8"))[1:]
    on_site = {path: name for name, path in sources().items()}
    sections = {}
    for title, text in zip(parts[::2], parts[1::2], strict=True):
        paths = [(DOCS / link.partition("#")[0]).resolve() for _, link in _LINK.findall(text) if "://" not in link]
        sections[title] = list(dict.fromkeys(on_site[path] for path in paths))
    return sections


def stage(directory: Path, generated: Mapping[str, str] | None = None) -> None:
    """Write all pages into a directory.

    Arguments:
        directory: where Sphinx will read them; must not exist.
        generated: further pages by name, whose start page is `reference/index`.

    Raises:
        BrokenLinksError: links lead nowhere; the message has a line for each.
    """
    broken: list[str] = []
    texts = {name: _with_links_of_the_site(path, broken) for name, path in sources().items()}
    if broken:
        raise BrokenLinksError("\n".join(broken))
    for name, text in texts.items():
        more = _toctrees("reference/index" if generated else None) if name == "index" else ()
        _write(directory, name, text + "".join(more))
    for name, text in (generated or {}).items():
        _write(directory, name, text)
    for path in DOCS.rglob("*"):  # pictures and notebooks
        if path.is_file() and path.suffix != ".md" and "_site" not in path.parts:
            (directory / path.relative_to(DOCS)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, directory / path.relative_to(DOCS))


def _write(directory: Path, name: str, text: str) -> None:
    path = directory / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _toctrees(reference: str | None) -> Iterator[str]:
    sections = navigation() | ({"Reference": [reference]} if reference else {})
    for title, names in sections.items():
        pages = "\n".join(names)
        yield f"\n```{{toctree}}\n:hidden:\n:caption: {title}\n\n{pages}\n```\n"


def _with_links_of_the_site(path: Path, broken: list[str]) -> str:
    """Return a page's text, with links to pages by their names on the site, and without those to source files.

    Arguments:
        path: the page.
        broken: gets a line for each link that leads nowhere.
    """
    text = path.read_text(encoding="utf-8")
    on_site = {source: f"{name}.md" for name, source in sources().items()}

    def changed(link: re.Match[str], start: int) -> str:
        label, target = link.groups()
        place, hash_sign, anchor = target.partition("#")
        if "://" in place or not place:
            return link[0]
        found = Path(normpath(path.parent / place))
        reason = None
        if not found.exists():
            reason = f"{place} does not exist"
        elif anchor and found not in on_site and found.is_relative_to(DOCS):
            reason = f"{target}: only pages have anchors"
        if reason:
            line = text.count("\n", 0, start + link.start()) + 1
            broken.append(f"{path.relative_to(ROOT)}:{line}: {reason}")
            return label
        if found not in on_site:
            return link[0] if found.is_relative_to(DOCS) else label
        if label == found.name:  # which says more in a directory of files than on the site
            label = _title(found)
        return f"[{label}]({relpath(on_site[found], Path(on_site[path]).parent)}{hash_sign}{anchor})"

    parts, start = [], 0
    for part in _FENCED.split(text):
        parts.append(part if part.startswith("```") else _LINK.sub(partial(changed, start=start), part))
        start += len(part)
    return "".join(parts)


def _title(path: Path) -> str:
    """Return the title of a page.

    Raises:
        LookupError: it has none.
    """
    title = _TITLE.search(path.read_text(encoding="utf-8"))
    if title is None:
        raise LookupError(f"{path} has no title")
    return title[1]
