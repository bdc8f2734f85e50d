"""Runs the cells of notebooks in a real kernel."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OUTPUTS = {
    "execute_result": ("data", "metadata", "execution_count"),
    "display_data": ("data", "metadata"),
    "stream": ("name", "text"),
    "error": ("ename", "evalue", "traceback"),
}
"""The messages that are outputs of a cell, with their parts in a notebook file."""


class Kernel:
    """A running kernel."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, cell: str) -> list[dict[str, Any]]:
        """Run a cell, and return its outputs as a notebook file has them."""
        outputs: list[dict[str, Any]] = []
        displays: dict[str, dict[str, Any]] = {}

        def take(message: Any) -> None:
            kind, content = message["msg_type"], message["content"]
            name = content.get("transient", {}).get("display_id")
            if kind == "update_display_data":
                displays[name]["data"] = content["data"]
            elif kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
                outputs[-1]["text"] += content["text"]
            elif kind in _OUTPUTS:
                outputs.append({"output_type": kind, **{part: content[part] for part in _OUTPUTS[kind]}})
                displays[name] = outputs[-1]

        self._client.execute_interactive(cell, timeout=120, output_hook=take)
        return outputs


@contextmanager
def kernel(directory: Path | None = None) -> Iterator[Kernel]:
    """Start a kernel, in a directory."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="jupyter_client")
        from jupyter_client.manager import start_new_kernel  # noqa: PLC0415 - only a few tests need it

        manager, client = start_new_kernel(kernel_name="python3", cwd=None if directory is None else str(directory))
        try:
            yield Kernel(client)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
            manager.cleanup_resources()
            manager.context.destroy()  # type: ignore[attr-defined]


def text_of(outputs: list[dict[str, Any]], kind: str = "text/plain") -> str:
    """Return the text of all outputs, or their HTML."""
    return "\n".join("".join(each.get("data", {}).get(kind, each.get("text", ""))) for each in outputs)
