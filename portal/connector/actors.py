"""Makes the Actor of a key: what its record, or the delegation above it, lets a shop see and do."""

import uuid

from portal.access.actor import Actor, Reach
from portal.access.roles import RIGHT_GIVES, Environment, Permission, Right
from portal.verifier.held_keys import HeldKey
from portal.verifier.records import Delegation

# What a shop does with its owner's key. Keys, people and delegations are for people.
OWN = frozenset({Permission.SEE, Permission.PROJECT_CHANGE})
LONGEST_LABEL = 255


def of_key(held: HeldKey) -> Actor:
    """The key pair as an actor in its owner's tenant, within the delegation when it has one.

    An owner's key reaches both environments, whichever its own (design 4).
    """
    key, delegation = held.key, held.key.delegation
    return Actor(
        tenant_id=key.owner.id,
        home_id=key.holder.id,
        home_name=key.holder.name,
        label=f"{key.api_key} “{held.name}”"[:LONGEST_LABEL],
        permissions=OWN if delegation is None else _given(delegation),
        reach=Reach() if delegation is None else _reached(delegation, key.holder.id),
        delegation_id=None if delegation is None else delegation.id,
        credential=key.api_key,
    )


def _given(delegation: Delegation) -> frozenset[Permission]:
    return OWN & frozenset().union(*(RIGHT_GIVES[Right(right)] for right in delegation.rights))


def _reached(delegation: Delegation, holder_id: uuid.UUID) -> Reach:
    sides = frozenset(Environment(side) for side in delegation.environments)
    return Reach(sides, delegation.project_ids, holder_id=holder_id)
