"""The account service as the tests see it: its model, its strategies, and botocore's view of it."""

from __future__ import annotations

from botocore.model import ServiceModel

from aiopartnercentral._utils import model_data
from tests.support.service_server import loaded

_ACCOUNT = loaded("account")
MODEL = model_data.load("partnercentral-account", "2025-04-04")
BOTOCORE = ServiceModel(MODEL, "partnercentral-account")
WIRE = _ACCOUNT.wire
UNIONS, RECEIVED, OPERATIONS = _ACCOUNT.unions, _ACCOUNT.received, _ACCOUNT.operations
decode, encode, python_type = _ACCOUNT.decode, _ACCOUNT.encode, _ACCOUNT.cls
