"""Rows of the registry: one data space as the stock client is shown it (connector-protocol section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.access.actor import Actor
from portal.contracts.catalogue import CATALOG_SERVICE, LIVE_SEARCH, PAYMENT_SERVICES, PRODUCT_RECOMMENDATIONS
from portal.entitlements import store as entitlements
from portal.foundation import clock
from portal.projects import store as projects
from portal.projects.models import DataSpaceType
from portal.projects.store import Shown

Row = dict[str, Any]

TYPES = {DataSpaceType.PRODUCTION: "Production", DataSpaceType.TESTING: "Testing"}
AUTHORITY = "partner-portal"


@dataclass(frozen=True)
class Feature:
    """A service under the client's name for it: in the path of the call that switches it on, and in a row."""

    code: str
    name: str
    service_code: str


FEATURES = (
    Feature("PREMIUM_SEARCH", "Premium Search", LIVE_SEARCH.code),
    Feature("PRODUCT_RECOMMENDATIONS", "Product Recommendations", PRODUCT_RECOMMENDATIONS.code),
    Feature("CATALOG_SERVICE", "Catalog Service", CATALOG_SERVICE.code),
    Feature("PAYMENT_SERVICES", "Payment Services", PAYMENT_SERVICES.code),
)
BY_CODE = {feature.code: feature for feature in FEATURES}
NAMES = {feature.service_code: feature.name for feature in FEATURES}


def of(actor: Actor, *, project_id: str | None = None, data_space_id: str | None = None) -> list[Row]:
    """The rows within the actor's reach: all, those of a project, or of one data space. Two statements at most."""
    found = projects.shown_to_shops(actor, project_id=project_id, data_space_id=data_space_id)
    if not found:
        return []
    entitled = [service.name for service in entitlements.services_of(actor, clock.now())]
    return [_row(space, entitled) for space in found]


def _row(space: Shown, entitled: Sequence[str]) -> Row:
    created_at = _moment(space.created_at)
    changed_at = created_at if space.changed_at is None else _moment(space.changed_at)
    return {
        "environmentId": space.id,
        "environmentName": space.name,
        "environmentType": TYPES[space.type],
        "projectId": space.project_id,
        "projectName": space.project_name,
        "mageId": space.account_id,
        "organizationId": space.account_id,
        "organizationName": space.tenant_name,
        "imsOrganizationId": "",
        "accountGroup": space.edition,
        "entitlementAuthority": AUTHORITY,
        "accountEntitlements": entitled,
        "featureSet": sorted(NAMES.get(code, code) for code in space.features),
        "cloudId": space.cloud_project or "",
        "subscriptionEndDate": _moment(space.contract_ended_at or space.contract_ends_at),
        "accountSyncStatus": {"status": "SUCCESS", "updatedAt": changed_at},
        "createdAt": created_at,
        "updatedAt": changed_at,
        "hipaa": False,
    }


def _moment(moment: datetime) -> str:
    """ISO-8601 in UTC with milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
