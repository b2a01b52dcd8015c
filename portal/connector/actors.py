"""Makes the Actor of a key: what its record, or the delegation above it, lets a shop see and do."""

from portal.access.actor import Actor, Reach
from portal.access.roles import RIGHT_GIVES, Environment, Permission, Right
from portal.verifier.snapshot import Delegated, KeyRecord

# What a shop does with its owner's key. Keys, people and delegations are for people.
OWN = frozenset({Permission.SEE, Permission.PROJECT_CHANGE})
LONGEST_LABEL = 255


def of_key(record: KeyRecord) -> Actor:
    """The key pair as an actor in its owner's tenant, within the delegation when it has one.

    An owner's key reaches both environments, whichever its own (design 4).
    """
    return Actor(
        tenant_id=record.tenant_id,
        home_id=record.holder_id,
        home_name=record.holder_name,
        label=f"{record.api_key} “{record.name}”"[:LONGEST_LABEL],
        permissions=OWN if record.delegation is None else _given(record.delegation),
        reach=Reach() if record.delegation is None else _reached(record, record.delegation),
        delegation_id=None if record.delegation is None else record.delegation.id,
        credential=record.api_key,
    )


def _given(delegation: Delegated) -> frozenset[Permission]:
    return OWN & frozenset().union(*(RIGHT_GIVES[Right(right)] for right in delegation.rights))


def _reached(record: KeyRecord, delegation: Delegated) -> Reach:
    sides = frozenset(Environment(side) for side in delegation.environments)
    return Reach(sides, delegation.project_ids, holder_id=record.holder_id)
