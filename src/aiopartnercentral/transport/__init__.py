"""The one place that talks to aiobotocore: opens its clients, sends calls through them, takes the bodies out."""

from aiopartnercentral.transport.calls import Answer, ErrorAnswerError, Pause, Transport
from aiopartnercentral.transport.opening import open_botocore_client

__all__ = ["Answer", "ErrorAnswerError", "Pause", "Transport", "open_botocore_client"]
