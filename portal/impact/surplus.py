"""Data spaces beyond their project's allotment, across tenants."""

from sqlalchemy.orm import joinedload

from portal.access.rows import Reader, across_tenants, one_or_not_found
from portal.contracts.models import Contract
from portal.projects.models import DataSpace, Project


def get(public_id: str) -> DataSpace:
    """The data space with this public id, whoever's it is, with installation, project, contract and tenant.

    Raises: NotFound.
    """
    to_contract = joinedload(DataSpace.project, innerjoin=True).joinedload(Project.contract, innerjoin=True)
    rows = across_tenants(DataSpace, reason=Reader.CONSOLE).where(DataSpace.public_id == public_id)
    found: DataSpace = one_or_not_found(
        rows.options(
            joinedload(DataSpace.installation),
            to_contract.joinedload(Contract.edition, innerjoin=True),
            to_contract.joinedload(Contract.tenant, innerjoin=True),
        )
    )
    return found
