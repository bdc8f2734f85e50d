"""Profile update tasks, which take some time; a partner has one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.account.partners import find_partner
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import PartnerTasks, ProfileTask

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

_STARTED: Final = "profile updates"


def _response(context: RequestContext, partner: dict[str, Any], task: ProfileTask) -> bytes:
    return encode({name: partner[name] for name in ("Catalog", "Arn", "Id")} | task.as_response(context.now))


def start_profile_update_task(context: RequestContext) -> bytes:
    """Start to replace a partner's profile."""
    partner, details = find_partner(context), context.request["TaskDetails"]
    _check_unrepeated(details)
    tasks = context.catalog.tasks.get(partner["Id"], PartnerTasks())
    if tasks.profile and tasks.profile.status(context.now) == "IN_PROGRESS":
        raise conflict("INCOMPATIBLE_PROFILE_STATE")
    started = context.catalog.usage[_STARTED]
    if started.count(context.now) >= context.state.quotas.profile_updates_per_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_PROFILE_UPDATE_PER_DAY")
    started.add(context.now)
    context.catalog.tasks[partner["Id"]] = tasks
    tasks.profile = ProfileTask(
        task_id=context.state.identifier("pprofiletask"),
        details=details,
        started_at=context.now,
        due_at=context.now + context.state.task_time,
        problems=_problems(context, details),
    )
    return _response(context, partner, tasks.profile)


def get_profile_update_task(context: RequestContext) -> bytes:
    """Return the latest task of a partner."""
    partner = find_partner(context)
    return _response(context, partner, _latest(context, partner))


def cancel_profile_update_task(context: RequestContext) -> bytes:
    """Cancel a task that is in progress; the profile does not change."""
    partner = find_partner(context)
    task = _latest(context, partner)
    if task.task_id != context.request["TaskId"]:
        raise not_found("PARTNER_PROFILE_TASK_NOT_FOUND")
    if task.status(context.now) != "IN_PROGRESS":
        raise conflict("INCOMPATIBLE_PARTNER_PROFILE_TASK_STATE")
    task.canceled_at = context.now
    return _response(context, partner, task)


def _latest(context: RequestContext, partner: dict[str, Any]) -> ProfileTask:
    tasks = context.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.profile is None:
        raise not_found("PARTNER_PROFILE_TASK_NOT_FOUND")
    return tasks.profile


def _check_unrepeated(details: dict[str, Any]) -> None:
    locales = [content["Locale"] for content in details.get("LocalizedContents", ())]
    for name, values in (("IndustrySegments", details["IndustrySegments"]), ("LocalizedContents", locales)):
        if len(set(values)) < len(values):
            raise invalid_field(f"TaskDetails.{name}", "has a duplicate", "DUPLICATE_VALUE")


def _problems(context: RequestContext, details: dict[str, Any]) -> list[dict[str, str]]:
    """Return the ErrorDetailList of a profile that the service would refuse; otherwise an empty list.

    No URL is fetched. One in the reserved domain `.invalid` counts as unreachable, so that tests can make a task fail;
    the display name of another account's partner makes it fail, too.
    """
    problems = []
    for content in ({"Locale": details["TranslationSourceLocale"]} | details, *details.get("LocalizedContents", ())):
        for member, reason in (("WebsiteUrl", "INVALID_WEBSITE_URL"), ("LogoUrl", "INVALID_LOGO_URL")):
            if _is_invalid(content[member]):
                problems.append((content["Locale"], f"The {member} cannot be fetched", reason))
    for catalog in context.state.catalogs(context.catalog.name, context.now):
        partner = catalog.partner()
        taken = partner and partner["Profile"]["DisplayName"] == details["DisplayName"]
        if catalog is not context.catalog and taken:
            message = "Another partner has this DisplayName"
            problems.append((details["TranslationSourceLocale"], message, "DUPLICATE_PROFILE"))
            break
    return [{"Locale": locale, "Message": message, "Reason": reason} for locale, message, reason in problems]


def _is_invalid(url: str) -> bool:
    # https://datatracker.ietf.org/doc/html/rfc2606#section-2
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return True
    return host is None or host.rstrip(".").endswith(".invalid")
