"""The options of an output in Amazon S3, or in another store that speaks its protocol."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - callers may resolve the annotations, as cattrs does
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from aiopartnercentral._transport import options
from aiopartnercentral._transport.credentials import Credentials, CredentialsProvider, Role, check_provider
from aiopartnercentral._transport.pickling import PickledWithoutSecrets, check_no_password, check_no_secrets
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.validators import optional

if TYPE_CHECKING:
    from aiobotocore.config import AioConfig

__all__ = ["S3Options"]

MIN_PART_SIZE: Final = 5 << 20  # of S3, for every part but the last one
_MAX_PART_SIZE = 1 << 30  # is sent again after a failure
_PART_SIZE = 8 << 20
_WAYS = ("profile", "role", "credentials")

_mapping_of_texts = validators.mapping_of(validators.text, validators.text, "a mapping of names to texts")


def _check_credentials(name: str, value: object) -> object:
    if not (isinstance(value, Credentials) or callable(value)):
        kind = validators.type_name(value)
        raise TypeError(f"{name} must be Credentials, or an async function that returns them, not {kind}")
    return value if isinstance(value, Credentials) else check_provider(name, value)


def _check_config(name: str, value: object) -> object:
    config: type[Any] = import_module("botocore.config").Config
    return validators.instance_of(config, "an AioConfig")(name, value)


@attrs.frozen(kw_only=True)
class S3Options(PickledWithoutSecrets):
    """How objects are written to S3, and with which credentials: at most one of `profile`, `role` and `credentials`.

    Without any of them, the default credential provider chain is used. The environment variables and the AWS config
    file that botocore knows apply too, such as `AWS_ENDPOINT_URL_S3`. It can be pickled if it has no secret.

    Arguments:
        profile: a profile of the AWS config files.
        role: a role to assume, such as one of the bucket's account.
        credentials: `Credentials`, or an async function that returns them; never shown.
        region_name: the bucket's region; by default that of the profile or the environment, or else us-east-1.
        endpoint_url: URL of another store that speaks the protocol, such as MinIO or Cloudflare R2.
        kms_key: the id or ARN of the KMS key that encrypts the objects; by default the bucket's setting applies.
        acl: a canned ACL, such as `bucket-owner-full-control`; by default none is sent.
        storage_class: such as `STANDARD_IA`; by default the store's.
        content_type: the media type; by default that of the format.
        metadata: user-defined metadata of every object.
        checksum: the checksum of each part or object, which the store verifies: `crc32`, or `md5` for a store that does
            not support `crc32`.
        part_size: bytes of a part, from 5 MiB to 1 GiB. A larger file is a multipart upload; four parts at most are
            sent at once, and read from the file meanwhile.
        attempts: maximum attempts of each request.
        verify: whether to verify TLS certificates, or the path of a CA bundle.
        config: botocore's config, for all other settings.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that is not allowed, or two arguments exclude each other.
    """

    profile: str | None = attrs.field(default=None, validator=optional(validators.text))
    role: Role | None = attrs.field(default=None, validator=optional(validators.instance_of(Role)))
    credentials: Credentials | CredentialsProvider | None = attrs.field(
        default=None, repr=False, validator=optional(validators.Check(_check_credentials))
    )
    region_name: str | None = attrs.field(default=None, validator=optional(options.region_name))
    endpoint_url: str | None = attrs.field(default=None, validator=optional(options.endpoint_url))
    kms_key: str | None = attrs.field(default=None, validator=optional(validators.text))
    acl: str | None = attrs.field(
        default=None, validator=optional(validators.pattern(r"[a-z]+(-[a-z]+)*", "a canned ACL, such as private"))
    )
    storage_class: str | None = attrs.field(
        default=None, validator=optional(validators.pattern(r"[A-Z][A-Z0-9_]*", "a storage class, such as STANDARD_IA"))
    )
    content_type: str | None = attrs.field(default=None, validator=optional(validators.text))
    metadata: Mapping[str, str] | None = attrs.field(default=None, repr=False, validator=optional(_mapping_of_texts))
    checksum: Literal["crc32", "md5"] = attrs.field(default="crc32", validator=validators.one_of(("crc32", "md5")))
    part_size: int = attrs.field(
        default=_PART_SIZE, validator=validators.integer(least=MIN_PART_SIZE, most=_MAX_PART_SIZE)
    )
    attempts: int = attrs.field(default=8, validator=validators.count)
    verify: bool | str | None = attrs.field(default=None, validator=optional(options.verify))
    config: AioConfig | None = attrs.field(
        default=None, repr=False, validator=optional(validators.Check(_check_config))
    )

    def __attrs_post_init__(self) -> None:
        """Refuse arguments that exclude each other."""
        ways = [way for way in _WAYS if getattr(self, way) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} exclude each other: a store has one kind of credentials")

    def _check_pickled(self) -> None:
        external_id = None if self.role is None else self.role.external_id
        check_no_secrets("S3Options", external_id=external_id, credentials=self.credentials)
        check_no_password(self.config)

    @property
    def headers(self) -> dict[str, Any]:
        """The arguments of a request that creates an object, apart from its content type."""
        given = {
            "ACL": self.acl,
            "StorageClass": self.storage_class,
            "SSEKMSKeyId": self.kms_key,
            "ServerSideEncryption": None if self.kms_key is None else "aws:kms",
            "Metadata": dict(self.metadata) if self.metadata else None,
        }
        return {name: value for name, value in given.items() if value is not None}
