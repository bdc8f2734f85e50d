"""Steps that many tests need: invitations, connections, verified partners."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

CONTACT = {"FirstName": "Ada", "LastName": "Byron", "Email": "ada@byron.example", "BusinessTitle": "Countess"}
PROFILE = {
    "DisplayName": "Byron Engines",
    "Description": "Engines that weave algebraic patterns.",
    "WebsiteUrl": "https://byron.example/",
    "LogoUrl": "https://byron.example/logo.png",
    "PrimarySolutionType": "SOFTWARE_PRODUCTS",
    "IndustrySegments": ["MANUFACTURING", "EDUCATION"],
    "TranslationSourceLocale": "en-GB",
}
_numbers = count()


def token():
    return f"token-{next(_numbers)}"


def invitation(receiver, *, catalog="AWS", kind="OPPORTUNITY_COLLABORATION", **more):
    return {
        "Catalog": catalog,
        "ClientToken": token(),
        "ConnectionType": kind,
        "Email": "ada@byron.example",
        "Message": "Let us work together.",
        "Name": "Ada Byron",
        "ReceiverIdentifier": receiver,
        **more,
    }


async def connected(sender, receiver, **more):
    """Connect two callers, and return the connection as the receiver sees it."""
    made = await sender("CreateConnectionInvitation", **invitation(receiver.account, **more))
    accepted = await receiver(
        "AcceptConnectionInvitation", Catalog=made["Catalog"], Identifier=made["Id"], ClientToken=token()
    )
    return accepted["Connection"]


async def code(caller, emulator, *, email=CONTACT["Email"], catalog="AWS"):
    """Return a fresh verification code."""
    await caller("SendEmailVerificationCode", Catalog=catalog, Email=email)
    (sent,) = [
        sent for sent in emulator.codes if (sent.account, sent.catalog, sent.email) == (caller.account, catalog, email)
    ]
    return sent.code


async def verified(caller, emulator, http, *, name="Byron Engines Ltd"):
    """Verify business and registrant of a caller."""
    business = {"LegalName": name, "RegistrationId": "HRB 1", "CountryCode": "GB"}
    await caller("StartVerification", VerificationDetails={"BusinessVerificationDetails": business})
    started = await caller("StartVerification", VerificationDetails={"RegistrantVerificationDetails": {}})
    url = started["VerificationResponseDetails"]["RegistrantVerificationResponse"]["CompletionUrl"]
    assert (await http.get(url)).status_code == 200
    emulator.clock.advance(timedelta(seconds=60))


async def partner(caller, emulator, http, *, name="Byron Engines Ltd", catalog="AWS", **more):
    """Make a caller a partner of a catalog, and return what CreatePartner answers."""
    if (await caller.send("GetVerification", {"VerificationType": "BUSINESS_VERIFICATION"}))[0] != 200:
        await verified(caller, emulator, http, name=name)
    return await caller(
        "CreatePartner",
        Catalog=catalog,
        LegalName=name,
        PrimarySolutionType="SOFTWARE_PRODUCTS",
        AllianceLeadContact=CONTACT,
        EmailVerificationCode=await code(caller, emulator, catalog=catalog),
        **more,
    )
