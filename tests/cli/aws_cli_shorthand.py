"""The shorthand parser of the AWS CLI in a process of its own, as importing it replaces botocore in the process.

Run by itself, it answers each line of JSON with a line: the value of `text`, as the model's `shape` makes it if there
is one, or null if it is not shorthand.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def aws_cli_shorthand() -> Iterator[Callable[..., Any]]:
    """Give a function that returns what the AWS CLI makes of a text; None if it refuses it."""
    command = [sys.executable, "-I", __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout

        def read(text: str, model: Any = None, shape: str | None = None) -> Any:
            process.stdin.write(json.dumps({"text": text, "model": model, "shape": shape}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield read
        process.stdin.close()


def main() -> None:
    from awscli.botocore.model import ServiceModel  # noqa: PLC0415 - not where the tests run
    from awscli.shorthand import BackCompatVisitor, ShorthandParseError, ShorthandParser  # noqa: PLC0415

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            found = {"it": ShorthandParser().parse(asked["text"])}
            if asked["shape"] is not None:
                shape = ServiceModel(asked["model"]).shape_for(asked["shape"])
                BackCompatVisitor()._visit(found, shape, "it", found["it"])
        except ShorthandParseError:
            found = {"it": None}
        print(json.dumps(found["it"]), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
