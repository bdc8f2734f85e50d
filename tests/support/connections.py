"""Connections as the service writes them."""

from __future__ import annotations

from typing import Any


def connection(catalog: str, number: int, **extra: Any) -> dict[str, Any]:
    return {
        "Catalog": catalog,
        "Id": f"pac-{number:013}",
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{catalog}/connection/pac-{number:013}",
        "OtherParticipantAccountId": "123456789012",
        "UpdatedAt": "2024-05-01T12:00:00Z",
        "ConnectionTypes": {"SUBSIDIARY": {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": "n"}}}},
        **extra,
    }
