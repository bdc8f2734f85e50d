"""What a person reads in HTML, and which elements and attributes it has."""

from __future__ import annotations

from html.parser import HTMLParser

HOSTILE = "</td><script>alert(1)</script><img src='https://x.example/' onerror=alert(2)>\u202egnp\x1b[2J\ud800&amp;"
"""A text of another account that attacks whoever shows it."""


class HtmlText(HTMLParser):
    """Collects the elements of HTML, their attributes and their texts, and checks that all are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(html)
        self.close()
        assert not self.open
        self.text = "\n".join("|".join(row) for row in self.rows)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("br", "wbr"):
            self.open.append(tag)
        if tag in ("tr", "caption", "p"):
            self.rows.append([] if tag == "tr" else [""])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.rows[-1][-1] += data
