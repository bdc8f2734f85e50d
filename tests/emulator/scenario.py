"""A scenario of two accounts with every operation of the service, for any client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import httpx2

from tests.emulator.workflows import CONTACT, PROFILE, invitation

if TYPE_CHECKING:
    from collections.abc import Callable

ADA, BOB = "111111111111", "222222222222"
CATALOG = {"Catalog": "Sandbox"}


@attrs.frozen
class Scenario:
    """The whole life of two accounts.

    Arguments:
        url: where the emulator is.
        call: `call(account, operation, request)` gives the answer.
        refuse: `refuse(account, operation, request)` gives the name of the error.
    """

    url: str
    call: Callable[[str, str, dict[str, Any]], dict[str, Any]]
    refuse: Callable[[str, str, dict[str, Any]], str]

    def play(self) -> None:
        partners = {
            account: self._become_partner(account, name) for account, name in ((ADA, "Byron"), (BOB, "Babbage"))
        }
        self._manage(partners[ADA])
        self._invite()
        self._connect(partners)

    def _admin(self, path: str, **body: Any) -> Any:
        with httpx2.Client(trust_env=False, timeout=30) as http:
            url = path if "://" in path else f"{self.url}/_emulator/{path}"
            response = http.post(url, json=body) if body else http.get(url)
        assert response.status_code == 200
        return response.json()

    def _wait(self) -> None:
        self._admin("clock", AdvanceSeconds=60)

    def _code(self, account: str, email: str) -> str:
        self.call(account, "SendEmailVerificationCode", {**CATALOG, "Email": email})
        codes = self._admin("codes")["Codes"]
        return next(code["Code"] for code in codes if (code["Account"], code["Email"]) == (account, email))

    def _become_partner(self, account: str, name: str) -> dict[str, Any]:
        business = {"LegalName": name, "RegistrationId": "HRB 1", "CountryCode": "GB"}
        self.call(account, "StartVerification", {"VerificationDetails": {"BusinessVerificationDetails": business}})
        started = self.call(
            account, "StartVerification", {"VerificationDetails": {"RegistrantVerificationDetails": {}}}
        )
        self._admin(started["VerificationResponseDetails"]["RegistrantVerificationResponse"]["CompletionUrl"])
        self._wait()
        verification = self.call(account, "GetVerification", {"VerificationType": "REGISTRANT_VERIFICATION"})
        assert verification["VerificationStatus"] == "SUCCEEDED"
        made = self.call(
            account,
            "CreatePartner",
            {
                **CATALOG,
                "LegalName": name,
                "PrimarySolutionType": "SOFTWARE_PRODUCTS",
                "AllianceLeadContact": CONTACT,
                "EmailVerificationCode": self._code(account, CONTACT["Email"]),
            },
        )
        (listed,) = self.call(account, "ListPartners", CATALOG)["PartnerSummaryList"]
        assert listed["Id"] == made["Id"]
        return made

    def _manage(self, partner: dict[str, Any]) -> None:
        place = {**CATALOG, "Identifier": partner["Id"]}
        contact = self.call(ADA, "GetAllianceLeadContact", place)["AllianceLeadContact"]
        self.call(ADA, "PutAllianceLeadContact", {**place, "AllianceLeadContact": contact | {"BusinessTitle": "CEO"}})
        email = "training@byron.example"
        domain = {**place, "Email": email, "EmailVerificationCode": self._code(ADA, email)}
        self.call(ADA, "AssociateAwsTrainingCertificationEmailDomain", domain)
        (known,) = self.call(ADA, "GetPartner", place)["AwsTrainingCertificationEmailDomains"]
        gone = {**place, "DomainName": known["DomainName"]}
        self.call(ADA, "DisassociateAwsTrainingCertificationEmailDomain", gone)
        self.call(ADA, "PutProfileVisibility", {**place, "Visibility": "PUBLIC"})
        assert self.call(ADA, "GetProfileVisibility", place)["Visibility"] == "PUBLIC"
        started = self.call(ADA, "StartProfileUpdateTask", {**place, "TaskDetails": PROFILE})
        assert self.call(ADA, "GetProfileUpdateTask", place)["Status"] == "IN_PROGRESS"
        end = {**place, "TaskId": started["TaskId"]}
        assert self.call(ADA, "CancelProfileUpdateTask", end)["Status"] == "CANCELED"
        arn = {"ResourceArn": partner["Arn"]}
        self.call(ADA, "TagResource", {**arn, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]})
        self.call(ADA, "UntagResource", {**arn, "TagKeys": ["a"]})
        assert self.call(ADA, "ListTagsForResource", arn)["Tags"] == [{"Key": "b", "Value": "2"}]

    def _invite(self) -> None:
        before = self.call(BOB, "GetConnectionPreferences", CATALOG)
        denial = {**CATALOG, "Revision": before["Revision"], "AccessType": "DENY_ALL"}
        after = self.call(BOB, "UpdateConnectionPreferences", denial)
        request = invitation(BOB, catalog="Sandbox", kind="SUBSIDIARY")
        assert self.refuse(ADA, "CreateConnectionInvitation", request) == "ConflictException"
        welcome = {**CATALOG, "Revision": after["Revision"], "AccessType": "ALLOW_ALL"}
        self.call(BOB, "UpdateConnectionPreferences", welcome)
        for account, operation in ((BOB, "RejectConnectionInvitation"), (ADA, "CancelConnectionInvitation")):
            request = invitation(BOB, catalog="Sandbox", kind="SUBSIDIARY")
            sent = self.call(ADA, "CreateConnectionInvitation", request)
            place = {**CATALOG, "Identifier": sent["Id"]}
            assert self.call(BOB, "GetConnectionInvitation", place)["Status"] == "PENDING"
            self.call(account, operation, {**place, "ClientToken": f"{operation}-1"})

    def _connect(self, partners: dict[str, dict[str, Any]]) -> None:
        request = invitation(partners[BOB]["Profile"]["ProfileId"], catalog="Sandbox", kind="SUBSIDIARY")
        self.call(ADA, "CreateConnectionInvitation", request)
        pending = self.call(BOB, "ListConnectionInvitations", {**CATALOG, "Status": "PENDING"})
        (received,) = pending["ConnectionInvitationSummaries"]
        acceptance = {**CATALOG, "Identifier": received["Id"], "ClientToken": "acceptance"}
        connection = self.call(BOB, "AcceptConnectionInvitation", acceptance)["Connection"]
        place = {**CATALOG, "Identifier": connection["Id"]}
        for account, other in ((ADA, BOB), (BOB, ADA)):
            assert self.call(account, "GetConnection", place)["OtherParticipantAccountId"] == other
        self._associate({**CATALOG, "Identifier": partners[ADA]["Id"]}, {"AccountId": BOB})
        end = {**place, "ConnectionType": "SUBSIDIARY", "Reason": "It was a trial."}
        self.call(ADA, "CancelConnection", {**end, "ClientToken": "end"})
        for account in (ADA, BOB):
            (listed,) = self.call(account, "ListConnections", CATALOG)["ConnectionSummaries"]
            assert listed["ConnectionTypes"]["SUBSIDIARY"]["Status"] == "CANCELED"
        assert self.refuse(BOB, "CancelConnection", {**end, "ClientToken": "late"}) == "ConflictException"

    def _associate(self, place: dict[str, Any], primary: dict[str, str]) -> None:
        for kind, member, status in (
            ("Association", "PrimaryPartner", "ASSOCIATED"),
            ("Disassociation", "AssociatedPartner", "NOT_ASSOCIATED"),
        ):
            self.call(ADA, f"StartQualifications{kind}Task", {**place, member: primary})
            self._wait()
            assert self.call(ADA, f"GetQualifications{kind}Task", place)["Status"] == "SUCCEEDED"
            assert self.call(ADA, "GetQualificationsAssociationDetails", place)["Status"] == status
