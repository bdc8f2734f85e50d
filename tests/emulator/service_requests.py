"""Members of requests of `channel` and `revenue` that several tests send."""

from __future__ import annotations

PRODUCTS = [{"ProductId": "prod-abc", "Accounts": [{"AccountType": "DEPLOYMENT", "AccountIds": ["1" * 12]}]}]


def attestation(account, relationship, **members):
    return {
        "managedServicesAttestationPayload": {
            "legalEntityName": "Looms Ltd.",
            "relationshipIdentifier": relationship,
            "programManagementAccountIdentifier": account,
            "endDate": "2026-10-01T00:00:00Z",
            "supportedServices": ["SECURITY"],
            "legalEntityAddress": {"city": "London", "stateOrRegion": "LND", "postalCode": "E1", "countryCode": "GB",
                                   "addressLine": "1 Mill"},
            "signatoryName": "Charles",
            "signatoryEmail": "charles@looms.example",
            **members,
        }
    }  # fmt: skip


ATTESTATION = {"contractType": "MANAGED_SERVICES_ATTESTATION"}


def allocation(action="CREATE", **members):
    return {
        "Action": action,
        "EntityType": "OFFER",
        "EntityIdentifier": "offer-1",
        "CustomerAwsAccountId": "3" * 12,
        "RevenueSharePercent": "60",
        "EffectiveFrom": "2025-11-01",
        "EffectiveUntil": "2025-12-31",
        **members,
    }
