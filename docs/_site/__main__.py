"""Build the site, and check it as a reader's browser would see it from disk."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from docs._site import reference
from docs._site.checking import problems
from docs._site.staging import BrokenLinksError, stage

HERE = Path(__file__).parent


def main(output: Path) -> int:
    """Write the site into a directory, whose earlier content is deleted; returns the exit code."""
    html, staged = output / "html", output / "pages"
    for directory in (html, staged):
        shutil.rmtree(directory, ignore_errors=True)
    try:
        stage(staged, reference.pages())
    except BrokenLinksError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    arguments = ["-b", "html", "--fail-on-warning", "--keep-going", "--jobs", str(os.cpu_count() or 1), "--quiet"]
    code = build_main([*arguments, "-c", str(HERE), "-d", str(output / "doctrees"), str(staged), str(html)])
    if code:
        return code
    found = problems(html)
    for problem in found:
        print(problem, file=sys.stderr)  # noqa: T201
    print(f"{html / 'index.html'}: {sum(1 for _ in html.rglob('*.html'))} pages")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
