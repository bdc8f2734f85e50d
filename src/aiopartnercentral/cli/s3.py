"""The options of outputs in S3, together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.sinks.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from aiopartnercentral.sinks import S3Options

__all__ = ["OF_S3", "contradictions", "s3_options"]

OF_S3: Final[Mapping[str, str]] = {
    "s3_profile": "profile",
    "s3_region": "region_name",
    "s3_endpoint_url": "endpoint_url",
    "s3_kms_key": "kms_key",
    "s3_acl": "acl",
    "s3_storage_class": "storage_class",
}
"""The arguments of `S3Options`, by option."""


def s3_options(outputs: Sequence[str | None], given: Mapping[str, Any]) -> S3Options | None:
    """Return the options of the outputs in S3; None if no output is there.

    Raises:
        ValueError: an option has an invalid value.
    """
    if not any(map(is_url, filter(None, outputs))):
        return None
    from aiopartnercentral.sinks import S3Options  # noqa: PLC0415 - local files do not need it

    return S3Options(**{argument: given[name] for name, argument in OF_S3.items()})


def contradictions(outputs: Sequence[str | None], given: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each option of S3 that is not valid or applies to nothing."""
    try:
        options = s3_options(outputs, given)
    except ValueError as error:
        yield f"--s3-{str(error).replace('_', '-', 1)}"
        return
    for name, value in given.items():
        if value is not None and options is None:
            yield f"--{name.replace('_', '-')} needs an --output or --report that begins with s3://"
    output, report = outputs
    if options is not None and output == report:
        yield "--output and --report name the same object"
