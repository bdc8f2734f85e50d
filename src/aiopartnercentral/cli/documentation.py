"""What AWS says about operations and types, read from the installed botocore: the pinned model has no texts."""

from __future__ import annotations

import gzip
import json
import zlib
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.cli.markup import blocks

if TYPE_CHECKING:
    from aiopartnercentral.cli.markup import Block

__all__ = ["Texts", "installed"]


@attrs.frozen(kw_only=True)
class Texts:
    """The texts of one service; each is empty where there is none.

    Attributes:
        source: who has them, or should have.
        missing: why there are none at all; None if there are some.
        model: botocore's model as JSON, hence `Any`.
    """

    source: str
    missing: str | None = None
    model: dict[str, Any] = attrs.field(factory=dict, repr=False)

    def of(self, name: str) -> list[Block]:
        """Return the text about an operation or a shape, by its wire name."""
        operation = self.model.get("operations", {}).get(name)
        return blocks((operation or self._shape(name)).get("documentation") or "")

    def of_member(self, shape: str, member: str) -> list[Block]:
        """Return the text about a member of a shape, or about the member's type where it has none of its own."""
        reference = self._shape(shape).get("members", {}).get(member, {})
        own = reference.get("documentation") or self._shape(reference.get("shape", "")).get("documentation")
        return blocks(own or "")

    def why_not(self, name: str) -> str:
        """Return the line that says why there is no text about an operation or a shape."""
        return self.missing or f"{self.source} has no text about {name}"

    def _shape(self, name: str) -> dict[str, Any]:
        shape: dict[str, Any] = self.model.get("shapes", {}).get(name, {})
        return shape


def installed(service: str, api_version: str) -> Texts:
    """Return the texts of the installed botocore, or why it has none.

    Arguments:
        service: botocore's name of the service.
        api_version: the model's version; the texts of another may speak of what this one does not have.
    """
    source = f"the installed botocore {version('botocore')}"
    folder = files("botocore") / "data" / service
    if not folder.is_dir():
        return Texts(source=source, missing=f"{source} has no service {service}")
    plain, packed = (folder / api_version / f"service-2.json{end}" for end in ("", ".gz"))
    try:
        if packed.is_file():
            return Texts(source=source, model=json.loads(gzip.decompress(packed.read_bytes())))
        if plain.is_file():
            return Texts(source=source, model=json.loads(plain.read_bytes()))
    except (OSError, EOFError, ValueError, zlib.error):
        return Texts(source=source, missing=f"{source} has a model of {service} that cannot be read")
    return Texts(source=source, missing=f"{source} has {service}, but not its version {api_version}")
