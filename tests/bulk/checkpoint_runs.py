"""Collections with a checkpoint in S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.bulk import Collection
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.object_store import BUCKET

if TYPE_CHECKING:
    from aiopartnercentral.emulator import Emulator
    from tests.support.object_store import ObjectStore

KEY = "night/run.json"
URL = f"s3://{BUCKET}/{KEY}"


def collected(store: ObjectStore, emulator: Emulator, **given: Any) -> Any:
    given = {"checkpoint": URL, "checkpoint_s3": store.options(), "limits": FAST} | given
    return Collection(LISTING, [of(emulator, "a")], **given)
