"""URLs of objects in S3, as paths of outputs."""

from __future__ import annotations

from typing import Final

__all__ = ["SCHEME", "is_url", "literal", "split_url"]

SCHEME: Final = "s3://"


def is_url(path: str) -> bool:
    """Return whether a path is the URL of an object.

    Raises:
        ValueError: it is a URL of another kind, or one that a path object has damaged.
    """
    if path.startswith(SCHEME):
        return True
    scheme, separator, _ = path.partition(":/")
    if separator and scheme == "s3":
        raise ValueError(f"path must be a string if it is a URL, as a path object drops a slash: {path!a}")
    if separator and path.startswith(f"{scheme}://") and len(scheme) > 1 and scheme.isalnum():
        raise ValueError(
            f"path must be that of a file or begin with {SCHEME}; for another store, pass a file object: {path!a}"
        )
    return False


def literal(path: str) -> str:
    """Return the template that stands for one path."""
    return path.replace("{", "{{").replace("}", "}}")


def split_url(url: str) -> tuple[str, str]:
    """Return the bucket and the key of a URL, or the template of the keys.

    Raises:
        ValueError: it names no bucket or no key, or a key that cannot be the path of a spool file.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not bucket or not key:
        raise ValueError(f"path must name a bucket and a key, such as s3://bucket/key.parquet: {url!a}")
    if {"{", "}"} & {*bucket}:
        raise ValueError(f"path must have no placeholder in the name of the bucket: {url!a}")
    if {"", ".", ".."} & {*key.split("/")}:
        raise ValueError(f"path must have a name between two slashes, and at its end: {url!a}")
    return bucket, key
