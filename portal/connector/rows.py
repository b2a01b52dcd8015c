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
from portal.projects.models import DataSpace, DataSpaceType

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
    return [_row(data_space, entitled) for data_space in found]


def _row(data_space: DataSpace, entitled: Sequence[str]) -> Row:
    project, contract = data_space.project, data_space.project.contract
    changed_at = _moment(data_space.changed_at or data_space.created_at)
    return {
        "environmentId": data_space.public_id,
        "environmentName": data_space.name,
        "environmentType": TYPES[data_space.type],
        "projectId": project.public_id,
        "projectName": project.name,
        "mageId": contract.tenant.account_id,
        "organizationId": contract.tenant.account_id,
        "organizationName": contract.tenant.name,
        "imsOrganizationId": "",
        "accountGroup": contract.edition.name,
        "entitlementAuthority": AUTHORITY,
        "accountEntitlements": entitled,
        "featureSet": sorted(NAMES.get(row.service_code, row.service_code) for row in data_space.features),
        "cloudId": data_space.cloud_project or "",
        "subscriptionEndDate": _moment(contract.ended_at or contract.ends_at),
        "accountSyncStatus": {"status": "SUCCESS", "updatedAt": changed_at},
        "createdAt": _moment(data_space.created_at),
        "updatedAt": changed_at,
        "hipaa": False,
    }


def _moment(moment: datetime) -> str:
    """ISO-8601 in UTC with milliseconds and a Z."""
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
