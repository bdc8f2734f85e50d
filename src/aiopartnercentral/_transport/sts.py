"""Assumes IAM roles with STS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral._transport.credential_errors import credentials_error
from aiopartnercentral._transport.credentials import external_id_of, usable_credentials
from aiopartnercentral._transport.log_filter import begin_secret_work, end_secret_work

if TYPE_CHECKING:
    from aiopartnercentral._transport.credentials import Credentials, Role

__all__ = ["assume"]


async def assume(sts: Any, role: Role) -> Credentials:  # noqa: ANN401 - aiobotocore has no types
    """Assume a role with an STS client, and return its credentials.

    Raises:
        CredentialsError: the role cannot be assumed; the message names the role or the environment variable of the
            external id, and never the external id.
    """
    external_id = external_id_of(role)  # whose error is the same for each role
    asked: dict[str, Any] = {
        "RoleArn": role.arn,
        "RoleSessionName": role.session_name,
        "DurationSeconds": role.duration,
    }
    token = begin_secret_work()
    try:
        if external_id is not None:
            asked["ExternalId"] = external_id
        return _credentials(await sts.assume_role(**asked))
    except Exception as error:  # noqa: BLE001 - whatever a response causes that is not from STS, but from a proxy
        what = f"role {role.arn} cannot be assumed"
        failure = credentials_error(what, error, endpoint_url=sts.meta.endpoint_url)
    finally:
        end_secret_work(token)
    # Raised outside the handler: the message of STS or botocore may repeat the external id, and must not be its
    # context.
    raise failure


def _credentials(answer: Any) -> Credentials:  # noqa: ANN401 - aiobotocore has no types
    members = answer["Credentials"]
    return usable_credentials(
        members["AccessKeyId"], members["SecretAccessKey"], members["SessionToken"], members["Expiration"]
    )
