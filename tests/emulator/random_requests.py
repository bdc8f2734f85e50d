"""Three accounts that send random requests, valid or not, and a snapshot of everything that they can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import attrs

from tests.emulator.workflows import CONTACT, PROFILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from tests.emulator.raw_requests import Wire

ACCOUNTS = ("111111111111", "222222222222", "123456789012")
CATALOGS = ("AWS", "Sandbox")
KINDS = ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY")


@attrs.define
class Player:
    """Sends requests that a seed determines, together with what was answered before."""

    wire: Wire
    random: Random
    sent: list[tuple[str, str, dict[str, Any]]] = attrs.field(factory=list)
    statuses: list[int] = attrs.field(factory=list)

    def admin(self, method: str, path: str, **body: Any) -> Any:
        return self.wire.http.request(method, f"{self.wire.url}/_emulator/{path}", json=body or None)

    def send(self, operation: str, account: str | None = None, **request: Any) -> Any:
        account = account or self.random.choice(ACCOUNTS)
        self.sent.append((operation, account, request))
        response = self.wire.send(operation, request, account)
        self.statuses.append(response.status_code)
        assert response.status_code in (200, 400), response.text
        return response.json() if response.status_code == 200 else {}

    def act(self) -> None:
        """Do one thing."""
        actions: list[Callable[[], object]] = [
            *[self.invite] * 4, *[self.answer] * 5, self.cancel_connection, self.prefer, self.tag, self.verify,
            *[self.become_partner] * 2, *[self.change_partner] * 3, self.associate, self.again, self.wait, self.look,
        ]  # fmt: skip
        self.random.choice(actions)()

    def _catalog(self) -> str:
        return self.random.choice(CATALOGS)

    def _token(self) -> str:
        return f"token-{self.random.randrange(10**9)}"

    def _some(self, key: str, operation: str, **request: Any) -> tuple[str, str, dict[str, Any]]:
        """Return an account, a catalog, and one of the items that are listed there."""
        account, catalog = self.random.choice(ACCOUNTS), self._catalog()
        items = self.send(operation, account, Catalog=catalog, **request)[key]
        return account, catalog, self.random.choice(items) if items else {"Id": "pac-0000000000000"}

    def invite(self) -> None:
        receiver = self.random.choice((*ACCOUNTS, "pprofile-0000000000000"))
        self.send(
            "CreateConnectionInvitation",
            Catalog=self._catalog(),
            ClientToken=self._token(),
            ConnectionType=self.random.choice(KINDS),
            Email="ada@byron.example",
            Message="Let us work together.",
            Name="Ada Byron",
            ReceiverIdentifier=receiver,
        )

    def answer(self) -> None:
        account, catalog, item = self._some(
            "ConnectionInvitationSummaries", "ListConnectionInvitations", Status="PENDING"
        )
        verb = self.random.choice(("Accept", "Accept", "Reject", "Cancel"))
        place = {"Catalog": catalog, "Identifier": item["Id"], "ClientToken": self._token()}
        self.send(f"{verb}ConnectionInvitation", account, **place)

    def cancel_connection(self) -> None:
        account, catalog, item = self._some("ConnectionSummaries", "ListConnections")
        place = {"Catalog": catalog, "Identifier": item["Id"], "ClientToken": self._token()}
        self.send("CancelConnection", account, **place, ConnectionType=self.random.choice(KINDS), Reason="over")

    def prefer(self) -> None:
        account, place = self.random.choice(ACCOUNTS), {"Catalog": self._catalog()}
        revision = self.send("GetConnectionPreferences", account, **place)["Revision"] - self.random.choice((0, 0, 1))
        self.send("UpdateConnectionPreferences", account, **place, Revision=max(1, revision), AccessType="ALLOW_ALL")

    def tag(self) -> None:
        account = self.random.choice(ACCOUNTS)
        arn = self.send("GetConnectionPreferences", account, Catalog=self._catalog())["Arn"]
        key = f"key-{self.random.randrange(5)}"
        if self.random.randrange(3):
            self.send("TagResource", account, ResourceArn=arn, Tags=[{"Key": key, "Value": self._token()}])
        else:
            self.send("UntagResource", account, ResourceArn=arn, TagKeys=[key])

    def verify(self) -> None:
        account = self.random.choice(ACCOUNTS)
        business = {"LegalName": f"Byron {account}", "RegistrationId": "HRB 1", "CountryCode": "GB"}
        self.send("StartVerification", account, VerificationDetails={"BusinessVerificationDetails": business})
        self.send("StartVerification", account, VerificationDetails={"RegistrantVerificationDetails": {}})
        told = self.send("GetVerification", account, VerificationType="REGISTRANT_VERIFICATION")
        details = told["VerificationResponseDetails"]["RegistrantVerificationResponse"]
        for _ in range(self.random.randrange(3)):
            self.admin("GET", details["CompletionUrl"].partition("/_emulator/")[2])

    def _code(self, account: str, catalog: str) -> str:
        self.send("SendEmailVerificationCode", account, Catalog=catalog, Email=CONTACT["Email"])
        known = {
            (code["Account"], code["Catalog"]): code["Code"] for code in self.admin("GET", "codes").json()["Codes"]
        }
        return known.get((account, catalog), "000000") if self.random.randrange(4) else "999999"

    def become_partner(self) -> None:
        account, catalog = self.random.choice(ACCOUNTS[:2]), self._catalog()
        self.send(
            "CreatePartner",
            account,
            Catalog=catalog,
            ClientToken=self._token(),
            LegalName=f"Byron {account}",
            PrimarySolutionType="SOFTWARE_PRODUCTS",
            AllianceLeadContact=CONTACT,
            EmailVerificationCode=self._code(account, catalog),
        )

    def change_partner(self) -> None:
        account, catalog, item = self._some("PartnerSummaryList", "ListPartners")
        place = {"Catalog": catalog, "Identifier": item["Id"]}
        change = self.random.randrange(5)
        if change == 0:
            self.send("PutProfileVisibility", account, **place, Visibility=self.random.choice(("PUBLIC", "PRIVATE")))
        elif change == 1:
            details = PROFILE | {"DisplayName": self.random.choice(("Engines", "Looms"))}
            self.send("StartProfileUpdateTask", account, **place, ClientToken=self._token(), TaskDetails=details)
        elif change == 2:
            task = self.send("GetProfileUpdateTask", account, **place).get("TaskId", "pprofiletask-0000000000000")
            self.send("CancelProfileUpdateTask", account, **place, ClientToken=self._token(), TaskId=task)
        elif change == 3:
            code = self._code(account, catalog)
            contact = CONTACT | {"BusinessTitle": self._token()}
            self.send(
                "PutAllianceLeadContact", account, **place, AllianceLeadContact=contact, EmailVerificationCode=code
            )
        else:
            domain = {"Email": CONTACT["Email"], "EmailVerificationCode": self._code(account, catalog)}
            self.send(
                "AssociateAwsTrainingCertificationEmailDomain", account, **place, ClientToken=self._token(), **domain
            )

    def associate(self) -> None:
        account, catalog, item = self._some("PartnerSummaryList", "ListPartners")
        place = {"Catalog": catalog, "Identifier": item["Id"], "ClientToken": self._token()}
        other = {"AccountId": self.random.choice(ACCOUNTS)}
        if self.random.randrange(3):
            self.send("StartQualificationsAssociationTask", account, **place, PrimaryPartner=other)
        else:
            self.send("StartQualificationsDisassociationTask", account, **place, AssociatedPartner=other)

    def again(self) -> None:
        """Send a request for the second time: with a token, it is done once."""
        if self.sent:
            operation, account, request = self.random.choice(self.sent)
            self.send(operation, account, **request)

    def wait(self) -> None:
        self.admin("POST", "clock", AdvanceSeconds=self.random.choice((0, 45, 60, 3600, 100_000)))

    def look(self) -> None:
        self.send("ListConnections", Catalog=self._catalog(), MaxResults=3)


@attrs.frozen
class View:
    """Everything that accounts can see, as the bytes of the answers."""

    wire: Wire

    def everything(self) -> dict[str, tuple[int, bytes]]:
        return dict(self._answers())

    def _answers(self) -> Iterator[tuple[str, tuple[int, bytes]]]:
        for path in ("clock", "codes"):
            response = self.wire.http.get(f"{self.wire.url}/_emulator/{path}")
            yield path, (response.status_code, response.content)
        for account in ACCOUNTS:
            for kind in ("BUSINESS_VERIFICATION", "REGISTRANT_VERIFICATION"):
                yield self._ask(account, "GetVerification", VerificationType=kind)
            for catalog in CATALOGS:
                yield from self._catalog(account, catalog)

    def _ask(self, account: str, operation: str, **request: Any) -> tuple[str, tuple[int, bytes]]:
        response = self.wire.send(operation, request, account)
        assert response.status_code < 500
        return f"{account} {operation} {json.dumps(request)}", (response.status_code, response.content)

    def _pages(self, account: str, operation: str, catalog: str) -> Iterator[tuple[str, tuple[int, bytes]]]:
        more: dict[str, Any] = {} if operation == "ListPartners" else {"MaxResults": 5}
        while True:
            asked, (status, body) = self._ask(account, operation, Catalog=catalog, **more)
            yield asked, (status, body)
            more["NextToken"] = json.loads(body).get("NextToken")
            if more["NextToken"] is None:
                return

    def _catalog(self, account: str, catalog: str) -> Iterator[tuple[str, tuple[int, bytes]]]:
        asked, told = self._ask(account, "GetConnectionPreferences", Catalog=catalog)
        yield asked, told
        yield self._ask(account, "ListTagsForResource", ResourceArn=json.loads(told[1])["Arn"])
        for operation, gets in (
            ("ListConnections", ["GetConnection"]),
            ("ListConnectionInvitations", ["GetConnectionInvitation"]),
            ("ListPartners", ["GetPartner", "GetAllianceLeadContact", "GetProfileVisibility", "GetProfileUpdateTask",
                              "GetQualificationsAssociationTask", "GetQualificationsDisassociationTask",
                              "GetQualificationsAssociationDetails"]),
        ):  # fmt: skip
            for asked, told in self._pages(account, operation, catalog):
                yield asked, told
                (items,) = (value for value in json.loads(told[1]).values() if isinstance(value, list))
                for item in items:
                    for get in gets:
                        yield self._ask(account, get, Catalog=catalog, Identifier=item["Id"])
