"""The one place that talks to aiobotocore: opens its clients, sends calls through them, takes the bodies out."""

from aiopartnercentral._transport.botocore_client import Answer, ErrorAnswerError, Pause, Transport
from aiopartnercentral._transport.client_factory import open_botocore_client

__all__ = ["Answer", "ErrorAnswerError", "Pause", "Transport", "open_botocore_client"]
