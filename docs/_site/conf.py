"""The configuration of Sphinx for the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer  # type: ignore[import-untyped]

import aiopartnercentral

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "aiopartnercentral"
version = release = aiopartnercentral.__version__
copyright = "the authors of aiopartnercentral"  # noqa: A001 - the name of the setting
language = "en"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"aiopartnercentral {release}"
html_static_path = [str(Path(__file__).parent / "static")]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # a browser does not let a page from disk read the pages for it
html_last_updated_fmt = None
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}


def setup(app: Sphinx) -> None:
    """Add what the site needs in addition to Sphinx."""
    app.add_lexer("crontab", TextLexer)
