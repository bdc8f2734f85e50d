"""The site's reference describes every public name, and the links and the sections of the site's pages are right."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import aiopartnercentral
from docs._site import reference, staging
from docs._site.checking import problems
from docs._site.names import PACKAGES, SERVICE_PACKAGES, described, public_names
from tests.support.browser import chromium
from tests.support.doc_blocks import ROOT

SOURCE = Path(aiopartnercentral.__file__).parent
NOT_FOR_IMPORT = {"cli", "__main__"}
"""Modules without an underscore that are programs."""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return reference.pages()


def exported(package: str) -> set[str]:
    """Return what a package exports by its source alone: the names of its `if TYPE_CHECKING` block, or `__all__`."""
    module = importlib.import_module(package)
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and node.orelse and ast.unparse(node.test) == "TYPE_CHECKING":
            aliases = [(each, a) for each in node.body if isinstance(each, ast.ImportFrom) for a in each.names]
            stars = (exported(str(each.module)) for each, alias in aliases if alias.name == "*")
            return {alias.asname or alias.name for _, alias in aliases if alias.name != "*"}.union(*stars)
    return set(getattr(module, "__all__", ()))


def test_every_module_that_users_can_import_from_has_a_page() -> None:
    modules = {path.stem for path in SOURCE.iterdir() if path.suffix in ("", ".py") and not path.stem.startswith("__")}
    public = {f"aiopartnercentral.{name}" for name in modules if not name.startswith("_")} - {
        f"aiopartnercentral.{name}" for name in (*NOT_FOR_IMPORT, "py")
    }
    integrations = {
        f"aiopartnercentral.integrations.{path.stem}" for path in (SOURCE / "integrations").glob("[!_]*.py")
    }
    known = {*PACKAGES, *SERVICE_PACKAGES}
    assert (public - {"aiopartnercentral.integrations"}) | integrations == known - {"aiopartnercentral"}


@pytest.mark.parametrize("package", [*PACKAGES, *SERVICE_PACKAGES])
def test_every_public_name_is_described_once(package: str, pages: dict[str, str]) -> None:
    names = exported(package)
    assert names
    modules = {name for name in names if inspect.ismodule(getattr(importlib.import_module(package), name))}
    assert {name.name for name in public_names(package)} == names
    short = package.removeprefix("aiopartnercentral.")
    text = "".join(
        page for name, page in pages.items() if name == f"reference/{short}" or f"reference/{short}/" in name
    )
    own = re.findall(rf"^\.\. (?:auto\w+|py:\w+):: {re.escape(package)}\.(\w+)$", text, re.MULTILINE)
    modelled = re.findall(r"^:::\{py:\w+\} (\w+)", text, re.MULTILINE)
    others = re.findall(r"\{py:obj\}`(\w+) <([\w.]+)>`", text)
    assert sorted([*own, *modelled, *(name for name, _ in others)]) == sorted(names - modules)
    assert {full for _, full in others} <= set(described())


@pytest.mark.parametrize("service", SERVICE_PACKAGES)
def test_every_listing_and_every_member_of_a_service_is_described(service: str, pages: dict[str, str]) -> None:
    short = service.removeprefix("aiopartnercentral.")
    text = "".join(page for name, page in pages.items() if name.startswith(f"reference/{short}/"))
    for name in public_names(f"{service}.listings"):
        assert f":: {name.full}\n" in text
    classes = dict(re.findall(r"^:::\{py:class\} (\w+)(?:\(.*?\))?\n(.*?)^:::$", text, re.MULTILINE | re.DOTALL))
    assert len(classes) > 50
    package = importlib.import_module(service)
    for name, body in classes.items():
        cls = getattr(package, name)
        members = {each.name for each in getattr(cls, "__attrs_attrs__", ())} | {
            each for each in getattr(cls, "__members__", {}) if not each.startswith("_")
        }
        if not name.endswith("Unknown"):
            assert members - {"response_metadata"} == set(re.findall(r"^`(\w+)`", body, re.MULTILINE)), name


def test_every_public_name_of_the_library_has_a_description() -> None:
    named = {full: name for full, name in described().items() if not full.endswith("Like")}
    assert [full for full, name in named.items() if not name.text] == []


def test_the_pages_are_the_same_in_every_run(pages: dict[str, str]) -> None:
    assert reference.pages() == pages


def test_each_page_is_in_one_section_of_the_start_page() -> None:
    listed = [name for names in staging.navigation().values() for name in names]
    assert sorted(listed) == sorted(staging.sources().keys() - {"index"})


def test_links_are_changed_to_those_of_the_site(tmp_path: Path) -> None:
    staging.stage(tmp_path)
    text = (tmp_path / "contributing.md").read_text(encoding="utf-8")
    assert "](codegen.md)" in text
    assert "](docs/" not in text
    assert not re.search(r"\[[\w.-]+\.md\]\(", (tmp_path / "index.md").read_text(encoding="utf-8"))


def test_links_to_files_that_are_no_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Start\n\n## Part\n\n[page.md](page.md)\n", encoding="utf-8")
    page = docs / "page.md"
    page.write_text("# Page\n\n[notebook](n.ipynb), [code](../code.py), [index.md](index.md#part)\n", encoding="utf-8")
    for path in (docs / "n.ipynb", tmp_path / "code.py"):
        path.touch()
    for name, value in (("ROOT", tmp_path), ("DOCS", docs), ("OTHERS", {})):
        monkeypatch.setattr(staging, name, value)
    staging.stage(tmp_path / "staged")
    assert (tmp_path / "staged" / "page.md").read_text(encoding="utf-8").splitlines()[2] == (
        "[notebook](n.ipynb), code, [Start](index.md#part)"
    )
    assert (tmp_path / "staged" / "n.ipynb").exists()
    page.write_text(
        "# Page\n\n[start](<index.md>), [gone](gone.md)\n\n```text\n[no](link.md)\n```\n\n[notebook](n.ipynb#cell)\n",
        encoding="utf-8",
    )
    with pytest.raises(staging.BrokenLinksError) as raised:
        staging.stage(tmp_path / "again")
    assert str(raised.value).splitlines() == [
        "docs/page.md:3: gone.md does not exist",
        "docs/page.md:9: n.ipynb#cell: only pages have anchors",
    ]


PAGE = """<html><head><link rel="stylesheet" href="style.css"></head><body><h1 id="top">Page</h1>%s</body></html>"""


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="#top">up</a><a href="other.html#there">other</a><img src="data:image/png;base64,AA">', None),
        ('<a href="https://example.com/page">elsewhere</a>', None),
        ('<a href="missing.html">missing</a>', "links to missing.html, which is missing"),
        ('<a href="other.html#nowhere">other</a>', "links to other.html#nowhere, which has no such anchor"),
        ('<a href="../outside.html">outside</a>', "links to ../outside.html, which is missing"),
        ('<script src="https://example.com/x.js"></script>', "loads https://example.com/x.js"),
        ('<img src="//example.com/x.png">', "loads //example.com/x.png"),
        ('<link rel="stylesheet" href="gone.css">', "loads gone.css, which is missing"),
        ('<a href="#top"><code class="xref py py-class">Source</code></a> <code>Sorce</code>', None),
        ('Bases: <code class="xref py py-class"><span class="pre">Exception</span></code>', None),
        (
            '<a href="#top">up</a> <code class="xref py py-obj"><span class="pre">bulk.Sorce</span></code>',
            "refers to bulk.Sorce, which the reference does not have",
        ),
    ],
)
def test_the_check_of_the_built_site_finds_what_is_wrong(tmp_path: Path, body: str, problem: str | None) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "outside.html").touch()
    (site / "index.html").write_text(PAGE % body, encoding="utf-8")
    (site / "other.html").write_text('<p id="there"></p>', encoding="utf-8")
    (site / "style.css").write_text("p { background: url(picture.png) }", encoding="utf-8")
    (site / "searchindex.js").touch()
    assert problems(site) == ([] if problem is None else [f"index.html: {problem}"])


def test_the_check_of_the_built_site_reads_style_sheets_and_misses_the_index(tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("@font-face { src: url('https://example.com/font.woff2') }", encoding="utf-8")
    assert problems(tmp_path) == ["style.css: loads from elsewhere", "searchindex.js is missing"]


def test_long_names_of_the_index_wrap_where_the_page_is_narrow(tmp_path: Path) -> None:
    names = "".join(f"<li>{'name' * 12} (aiopartnercentral.{'name' * 8} attribute)</li>" for _ in range(3))
    row = f"<tr>{f'<td><ul>{names}</ul></td>' * 2}</tr>"
    table = f"<table style='width: 100%' class='indextable genindextable'>{row}</table>"
    page = tmp_path / "genindex.html"
    page.write_text(
        f'<link rel="stylesheet" href="{Path(staging.__file__).with_name("static") / "site.css"}">{table}', "utf-8"
    )
    with chromium(tmp_path / "chromium") as browser:
        for width in (1280, 800, 390):
            browser.open(page.as_uri(), width=width)
            assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), width


def test_the_session_of_the_site_is_the_one_that_the_tests_mean() -> None:
    assert '"docs._site"' in (ROOT / "noxfile.py").read_text(encoding="utf-8")
