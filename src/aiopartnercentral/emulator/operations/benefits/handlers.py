"""The handlers of the service `benefits`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import resources
from aiopartnercentral.emulator.operations.benefits import applications

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "AmendBenefitApplication": applications.amend_benefit_application,
    "AssociateBenefitApplicationResource": applications.associate_benefit_application_resource,
    "CancelBenefitApplication": applications.cancel_benefit_application,
    "CreateBenefitApplication": applications.create_benefit_application,
    "DisassociateBenefitApplicationResource": applications.disassociate_benefit_application_resource,
    "GetBenefit": applications.get_benefit,
    "GetBenefitAllocation": applications.get_benefit_allocation,
    "GetBenefitApplication": applications.get_benefit_application,
    "ListBenefitAllocations": applications.list_benefit_allocations,
    "ListBenefitApplications": applications.list_benefit_applications,
    "ListBenefits": applications.list_benefits,
    "ListTagsForResource": resources.list_tags_for_resource,
    "RecallBenefitApplication": applications.recall_benefit_application,
    "SubmitBenefitApplication": applications.submit_benefit_application,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateBenefitApplication": applications.update_benefit_application,
}
