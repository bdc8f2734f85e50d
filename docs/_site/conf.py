"""The configuration of Sphinx for the site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

import aiopartnercentral

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "aiopartnercentral"
version = release = aiopartnercentral.__version__
copyright = "the authors of aiopartnercentral"  # noqa: A001 - the name of the setting
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docs._site.markup"]
source_suffix = {".md": "markdown"}
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_use_rtype = False
python_maximum_signature_line_length = 80
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
add_module_names = False

html_theme = "furo"
pygments_dark_style = "github-dark"
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
