"""HTML as it stands in service models, well formed or not, as text."""

from __future__ import annotations

import pytest

from aiopartnercentral.cli.layout import lay_out, line
from aiopartnercentral.cli.markup import blocks, plain


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p> </p>", ""),
        ("no tags &amp; &lt;entities&gt;", "no tags & <entities>"),
        ("<p>one\n   line</p><p>two</p>", "one line\n\ntwo"),
        ("<p>a <b>bold</b> <i>word</i> and <code>code</code>.</p>", "a bold word and `code`."),
        ('see <a href="https://example.com/x">the guide</a>.', "see the guide (https://example.com/x)."),
        ('see <a href="https://example.com/x">https://example.com/x</a>', "see https://example.com/x"),
        ('see <a href="#here">here</a> or <a>there</a>', "see here or there"),
        ("<ul><li>one</li><li><p>two</p><p>more</p></li></ul>end", "- one\n- two\n\n  more\n\nend"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n  - b\n2. c"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\n\n  meaning"),
        ("<note><p>mind</p></note><important>this</important>", "Note: mind\n\nImportant: this"),
        ("<pre><code>a {\n  b\n}</code></pre>", "a {\n  b\n}"),
        ("<table><tr><th>x</th><td>y</td></tr><tr><td>z</td></tr></table>", "x y\n\nz"),
        ("arn:aws:x:<region>:<account>/y</account>", "arn:aws:x:<region>:<account>/y</account>"),
        ("</ul></p></a>stray</li>", "stray"),
        ("<p>open <code>end", "open `end"),
        ("a < b and c &unknown; d <", "a < b and c &unknown; d <"),
    ],
)
def test_html_is_readable(html, text):
    assert plain(blocks(html)) == text


def shown(*lines, width):
    return lay_out(lines, width=width).splitlines()


def test_lines_are_broken_between_words_alone():
    address = "https://example.com/" + "x" * 30
    whole = line("see ", address, " or so", indent=2, hang=2)
    assert shown(whole, width=20) == ["  see", f"    {address}", "    or so"]
    assert shown(line("みなと みなと", indent=0), width=10) == ["みなと", "みなと"]
    assert shown(line(), line("a  b", verbatim=True, indent=2), width=3) == ["", "  a  b"]


def test_without_a_width_lines_stay_whole():
    assert shown(line("a " * 100, indent=2), width=None) == ["  " + ("a " * 100).rstrip()]
