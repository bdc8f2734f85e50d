"""A certificate for loopback servers, which only the file of its authority makes trusted."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from pathlib import Path


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of the authority, to verify with, and the context of a server with its certificate."""
    authority, file = trustme.CA(), folder / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return file, context
