"""Bulk jobs: each creates or updates an item for each record of a CSV file, and reports the result."""

from __future__ import annotations

import csv
from contextlib import suppress
from datetime import datetime, timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any, Final

import attrs
import msgspec

from aiopartnercentral.emulator.errors import EmulatedServiceError, conflict, invalid_field, not_found
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import moment
from aiopartnercentral.emulator.operations.selling.customers import add_customer
from aiopartnercentral.emulator.operations.selling.filters import list_items, list_records
from aiopartnercentral.emulator.operations.selling.opportunities import (
    REPLACED,
    create_opportunity,
    find_opportunity,
    update_opportunity,
)
from aiopartnercentral.emulator.seed.selling import arn
from aiopartnercentral.emulator.seed.selling_work import CUSTOMER_JOB
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.collection import ItemCollection
    from aiopartnercentral.emulator.state.state import State

Item = dict[str, Any]

FILE_CONTENT: Final = "FileContent"
"""The member of a request that has the text of the file that it names; the request itself never has it."""
REPORTS: Final = "/_emulator/reports/"
"""Where the reports of bulk jobs are."""
_URL_VALID_FOR: Final = timedelta(minutes=15)
_REPORT_KEPT_FOR: Final = timedelta(days=7)
_RECORD: Final = "RequestId"
_RESULT: Final = (_RECORD, "Status", "ResourceIdentifier", "ErrorCode", "ErrorMessage")
_RESULTS_PAGE: Final = 100
# The positions of lists that a column can name.
_POSITIONS: Final = frozenset(map(str, range(10)))
_NO_FILE: Final = "The file does not exist, or is not UTF-8 text"


class FileError(Exception):
    """A file that no job can process; the text is the reason."""


@attrs.frozen
class Bulk:
    """A kind of bulk jobs.

    Arguments:
        collection: the attribute of an account that has the jobs.
        uri: the member of a request that names the file.
        shape: the request whose members the columns of a file are.
        execute: executes a record, and returns the identifier of the item.
    """

    collection: str
    uri: str
    shape: str
    execute: Callable[[RequestContext, Item, str], str]

    def jobs(self, context: RequestContext) -> ItemCollection:
        """Return the caller's jobs."""
        jobs: ItemCollection = getattr(context.own, self.collection)
        return jobs

    def find(self, context: RequestContext, identifier: str) -> Item:
        """Return a job of the caller, or raise EmulatedServiceError."""
        job = self.jobs(context).find(identifier_of(identifier))
        if job is None:
            raise not_found("BULK_JOB_NOT_FOUND")
        return job

    def start(self, context: RequestContext) -> Item:
        """Add a job, which reads its file and then processes its records."""
        jobs, identifier = self.jobs(context), context.selling.identifier("bulkjob")
        text = context.request.get(FILE_CONTENT)
        counts = ("TotalRecords", "ProcessedRecords", "SuccessCount", "FailureCount", "DeletedCount")
        job = {
            "Id": identifier,
            "JobId": identifier,
            "Arn": arn(context.account, context.selling.name, CUSTOMER_JOB, identifier),
            "Status": "SUBMITTED",
            "FileName": identifier_of(context.request[self.uri].partition("?")[0])[-255:] or "file",
            "CreatedAt": format_timestamp(context.now),
            **dict.fromkeys(counts, 0),
            "Results": [],
        }
        jobs.add(job)

        def fail(due: datetime, reason: str) -> None:
            outcome = {"Status": "FAILED", "FailureReason": reason, "CompletedAt": format_timestamp(due)}
            jobs.change({**job, **outcome})

        def begin(due: datetime) -> None:
            try:
                records = self._records(context, text)
            except FileError as error:
                fail(due, str(error))
                return
            begun = {**job, "Status": "IN_PROGRESS", "StartedAt": format_timestamp(due), "TotalRecords": len(records)}
            kind = "BULK_UPDATE" if any("Identifier" in each for _, each in records) else "BULK_CREATE"
            jobs.change({**begun, "OperationType": kind})
            context.selling.schedule(due + context.state.task_time, lambda later: finish(later, records))

        def finish(due: datetime, records: list[tuple[str, Item]]) -> None:
            later = attrs.evolve(context, now=due)
            results = [{_RECORD: name, **self._result(later, record, identifier)} for name, record in records]
            succeeded = sum(each["Status"] == "SUCCEEDED" for each in results)
            latest = jobs.find(identifier) or job
            done = {"ProcessedRecords": len(results), "SuccessCount": succeeded, "Results": results}
            ended = {"FailureCount": len(results) - succeeded, "CompletedAt": format_timestamp(due)}
            jobs.change({**latest, **done, **ended, "Status": "COMPLETED"})

        context.selling.schedule(context.now + context.state.task_time, begin)
        return job

    def _records(self, context: RequestContext, text: str | None) -> list[tuple[str, Item]]:
        """Return the records of a file and their names.

        Raises:
            FileError: it is not a CSV file with known columns.
        """
        if text is None:
            raise FileError(_NO_FILE)
        try:
            header, *rows = [row for row in csv.reader(StringIO(text, newline="")) if row]
        except (csv.Error, ValueError):
            raise FileError("The file is not CSV with a header") from None
        named = [[] if each in (_RECORD, "Identifier") else each.split(".") for each in header]
        shapes = context.service.shapes
        for column, path in zip(header, named, strict=True):
            if path and not _is_column(shapes, self.shape, path):
                raise FileError(f"The file has a column that is not known: {column[:100]}")
        records = []
        for number, row in enumerate(rows, 1):
            record: Item = {}
            cells = dict(zip(header, row, strict=False))
            for column, path in zip(header, named, strict=True):
                if path and cells.get(column):
                    _place(shapes, self.shape, path, cells[column], record)
            if "Identifier" in header:
                record["Identifier"] = cells.get("Identifier", "")
            records.append((cells.get(_RECORD) or str(number), record))
        return records

    def _result(self, context: RequestContext, record: Item, job: str) -> Item:
        try:
            return {"Status": "SUCCEEDED", "ResourceIdentifier": self.execute(context, record, job)}
        except EmulatedServiceError as error:
            message = "; ".join(f"{each.name} {each.message}" for each in error.problems) or error.message
            return {"Status": "FAILED", "ErrorCode": error.shape, "ErrorMessage": message}

    def list_results(self, context: RequestContext, identifier: str) -> bytes:
        """Return a page of the results of a job."""
        wanted = context.request.get("Status")
        results = [each for each in self.find(context, identifier)["Results"] if wanted in (None, each["Status"])]
        return list_records(context, results, result_key="Results", shape="BulkJobResult", size=_RESULTS_PAGE)

    def report_url(self, context: RequestContext, identifier: str) -> bytes:
        """Return where the report of a finished job is."""
        job, kind = self.find(context, identifier), context.request.get("ReportType", "FAILED_RECORDS")
        if "CompletedAt" not in job:
            raise conflict("BULK_JOB_IS_RUNNING")
        told: Item = {"ReportType": kind, "ReportFormat": "CSV", "ReportStatus": "EXPIRED"}
        if context.now < moment(job["CompletedAt"]) + _REPORT_KEPT_FOR:
            expires = context.now + _URL_VALID_FOR
            place = "/".join((self.collection, context.selling.name, context.account, job["Id"], kind))
            url = f"{context.origin}{REPORTS}{place}/{int(expires.timestamp())}.csv"
            told |= {"ReportStatus": "AVAILABLE", "Url": url, "ExpiresAt": format_timestamp(expires)}
        output = context.service.output_shape(context.operation) or ""
        return encode(context.service.validator.known(output, told))


def report(state: State, path: str, now: datetime) -> bytes | None:
    """Return the report at a path as CSV; None if there is none, or the URL has expired."""
    with suppress(ValueError):
        collection, name, account, identifier, kind, end = path.removeprefix(REPORTS).split("/")
        expires = int(end.removesuffix(".csv"))
        if collection in ("customer_jobs", "opportunity_jobs") and name in state.sizes and now.timestamp() < expires:
            job = getattr(state.selling(name, now).of(account), collection).find(identifier)
            if job is not None:
                written = StringIO()
                writer = csv.DictWriter(written, _RESULT)
                writer.writeheader()
                writer.writerows(each for each in job["Results"] if kind == "ALL_RECORDS" or each["Status"] == "FAILED")
                return written.getvalue().encode()
    return None


def _is_column(shapes: Mapping[str, Any], shape: str, path: list[str]) -> bool:
    """Return whether a path leads to a value of a structure, or to a list of values."""
    described, name, rest = shapes[shape], path[0] if path else "", path[1:]
    if described["type"] == "structure":
        return name in described["members"] and _is_column(shapes, described["members"][name]["shape"], rest)
    if described["type"] == "list":
        element = described["member"]["shape"]
        if not path:
            return shapes[element]["type"] not in ("structure", "list")
        return name in _POSITIONS and _is_column(shapes, element, rest)
    return not path


def _place(shapes: Mapping[str, Any], shape: str, path: list[str], text: str, target: Any) -> None:  # noqa: ANN401
    """Put the value of a cell into a structure or a list, and make what is missing on its path."""
    described, name = shapes[shape], path[0]
    is_structure = described["type"] == "structure"
    inner = described["members"][name]["shape"] if is_structure else described["member"]["shape"]
    key: Any = name if is_structure else int(name)
    if not is_structure:
        target.extend({} for _ in range(key + 1 - len(target)))
    kind = shapes[inner]["type"]
    if len(path) == 1:
        target[key] = text.split(";") if kind == "list" else text
        return
    if is_structure:
        target.setdefault(key, [] if kind == "list" else {})
    _place(shapes, inner, path[1:], text, target[key])


def _checked(context: RequestContext, operation: str, request: Item) -> RequestContext:
    """Return the request of a record, or raise EmulatedServiceError."""
    # A record cannot choose these, though they are members of the request.
    whole = {**request, "Catalog": context.selling.name, "ClientToken": "bulk"}
    validator = context.service.validator
    if problems := validator.request_problems(operation, whole):
        raise EmulatedServiceError("ValidationException", "The record is not valid", problems=problems)
    return attrs.evolve(context, operation=operation, request=validator.known_request(operation, whole))


def _opportunity(context: RequestContext, record: Item, _: str) -> str:
    if "Identifier" not in record:
        created = create_opportunity(_checked(context, "CreateOpportunity", record))
        identifier: str = msgspec.json.decode(created)["Id"]
        return identifier
    before = find_opportunity(context, record["Identifier"])
    kept: Item = {name: before[name] for name in (*REPLACED, "LifeCycle", "LastModifiedDate") if name in before}
    update_opportunity(_checked(context, "UpdateOpportunity", _merged(kept, record)))
    return str(record["Identifier"])


def _merged(before: Item, changes: Item) -> Item:
    nested = {
        name: _merged(before[name], value)
        for name, value in changes.items()
        if isinstance(value, dict) and isinstance(before.get(name), dict)
    }
    return {**before, **changes, **nested}


def _customer(context: RequestContext, record: Item, job: str) -> str:
    identifier: str = add_customer(_checked(context, "CreateCustomerAccount", record), Import=job)["Id"]
    return identifier


_OPPORTUNITIES: Final = Bulk("opportunity_jobs", "FileURI", "CreateOpportunityRequest", _opportunity)
_CUSTOMERS: Final = Bulk("customer_jobs", "FileUri", "CreateCustomerAccountRequest", _customer)


def start_opportunity_bulk_job(context: RequestContext) -> bytes:
    """Start a job that creates or updates opportunities."""
    return encode({"JobId": _OPPORTUNITIES.start(context)["Id"]})


def list_opportunity_bulk_jobs(context: RequestContext) -> bytes:
    """Return a page of the caller's jobs for opportunities, newest first."""
    request = context.request
    return list_items(
        context,
        context.own.opportunity_jobs,
        result_key="OpportunityBulkJobSummaries",
        keep=lambda job: request.get("JobId") in (None, job["Id"]) and request.get("Status") in (None, job["Status"]),
        order=lambda job: (moment(job["CreatedAt"]), job["Id"]),
        descending=True,
        shape="OpportunityBulkJobSummary",
    )


def list_opportunity_bulk_job_results(context: RequestContext) -> bytes:
    """Return a page of the results of a job for opportunities."""
    return _OPPORTUNITIES.list_results(context, context.request["JobId"])


def get_opportunity_bulk_job_report_url(context: RequestContext) -> bytes:
    """Return where the report of a job for opportunities is; only that of failed records exists."""
    if context.request.get("ReportType") == "ALL_RECORDS":
        raise invalid_field("ReportType", "is not supported yet for opportunities")
    return _OPPORTUNITIES.report_url(context, context.request["JobId"])


def start_customer_account_bulk_job(context: RequestContext) -> bytes:
    """Start a job that creates customer accounts."""
    job = _CUSTOMERS.start(context)
    return encode(context.service.validator.known("StartCustomerAccountBulkJobResponse", job))


def get_customer_account_bulk_job(context: RequestContext) -> bytes:
    """Return one job for customer accounts."""
    job = _CUSTOMERS.find(context, context.request["Identifier"])
    return encode(context.service.validator.known("GetCustomerAccountBulkJobResponse", job))


def list_customer_account_bulk_jobs(context: RequestContext) -> bytes:
    """Return a page of the caller's jobs for customer accounts."""
    wanted = context.request.get("Filter", {})
    identifier = identifier_of(wanted.get("Identifier", ""))
    return list_items(
        context,
        context.own.customer_jobs,
        result_key="items",
        keep=lambda job: identifier in ("", job["Id"]) and wanted.get("Status") in (None, job["Status"]),
        shape="CustomerAccountBulkJobSummary",
    )


def list_customer_account_bulk_job_results(context: RequestContext) -> bytes:
    """Return a page of the results of a job for customer accounts."""
    return _CUSTOMERS.list_results(context, context.request["Identifier"])


def get_customer_account_bulk_job_report_url(context: RequestContext) -> bytes:
    """Return where the report of a job for customer accounts is."""
    return _CUSTOMERS.report_url(context, context.request["Identifier"])
