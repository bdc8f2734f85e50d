"""Profile update tasks: one at a time, checked and applied while time passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.partners import find_partner
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import PartnerTasks, ProfileTask

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call

_STARTED: Final = "profile updates"


def _told(call: Call, partner: dict[str, Any], task: ProfileTask) -> bytes:
    return encode({name: partner[name] for name in ("Catalog", "Arn", "Id")} | task.told(call.now))


def start_profile_update_task(call: Call) -> bytes:
    """Begin to replace a partner's profile."""
    partner, details = find_partner(call), call.request["TaskDetails"]
    _check_unrepeated(details)
    tasks = call.catalog.tasks.get(partner["Id"], PartnerTasks())
    if tasks.profile and tasks.profile.status(call.now) == "IN_PROGRESS":
        raise conflict("INCOMPATIBLE_PROFILE_STATE")
    started = call.catalog.used[_STARTED]
    if started.at(call.now) >= call.world.quotas.profile_updates_a_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_PROFILE_UPDATE_PER_DAY")
    started.add(call.now)
    call.catalog.tasks[partner["Id"]] = tasks
    tasks.profile = ProfileTask(
        task_id=call.world.identifier("pprofiletask"),
        details=details,
        started_at=call.now,
        due_at=call.now + call.world.task_time,
        problems=_problems(call, details),
    )
    return _told(call, partner, tasks.profile)


def get_profile_update_task(call: Call) -> bytes:
    """Return the latest task of a partner."""
    partner = find_partner(call)
    return _told(call, partner, _latest(call, partner))


def cancel_profile_update_task(call: Call) -> bytes:
    """End a task that is in progress, and leave the profile as it is."""
    partner = find_partner(call)
    task = _latest(call, partner)
    if task.task_id != call.request["TaskId"]:
        raise not_found("PARTNER_PROFILE_TASK_NOT_FOUND")
    if task.status(call.now) != "IN_PROGRESS":
        raise conflict("INCOMPATIBLE_PARTNER_PROFILE_TASK_STATE")
    task.canceled_at = call.now
    return _told(call, partner, task)


def _latest(call: Call, partner: dict[str, Any]) -> ProfileTask:
    tasks = call.catalog.tasks.get(partner["Id"])
    if tasks is None or tasks.profile is None:
        raise not_found("PARTNER_PROFILE_TASK_NOT_FOUND")
    return tasks.profile


def _check_unrepeated(details: dict[str, Any]) -> None:
    locales = [content["Locale"] for content in details.get("LocalizedContents", ())]
    for name, values in (("IndustrySegments", details["IndustrySegments"]), ("LocalizedContents", locales)):
        if len(set(values)) < len(values):
            raise invalid_field(f"TaskDetails.{name}", "has something twice", "DUPLICATE_VALUE")


def _problems(call: Call, details: dict[str, Any]) -> list[dict[str, str]]:
    """Return why the service would turn down a profile: as ErrorDetailList has it, and at most as long.

    Nobody fetches an address here. One in the reserved domain `.invalid` counts as one that cannot be fetched, so that
    a task can be made to fail; so does a display name that another account's partner has.
    """
    problems = []
    for content in ({"Locale": details["TranslationSourceLocale"]} | details, *details.get("LocalizedContents", ())):
        for member, reason in (("WebsiteUrl", "INVALID_WEBSITE_URL"), ("LogoUrl", "INVALID_LOGO_URL")):
            if _is_invalid(content[member]):
                problems.append((content["Locale"], f"The {member} cannot be fetched", reason))
    for side in call.world.sides(call.catalog.name, call.now):
        partner = side.partner()
        taken = partner and partner["Profile"]["DisplayName"] == details["DisplayName"]
        if side is not call.catalog and taken:
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
