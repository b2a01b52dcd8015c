"""What pausing or ending a delegation would stop, and the keys that it would ask to rotate (rules 9 and 15)."""

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.delegation_shapes import calls, find
from portal.api.shapes import Moment, Shown
from portal.delegations.models import Side
from portal.foundation import clock
from portal.handoffs import store as copies
from portal.impact import blast
from portal.impact.blast import BlastRadius
from portal.keys.models import KeyPair
from portal.projects.models import Installation


class PairStopped(Shown):
    """A key pair, by its API key."""

    api_key: str
    name: str
    environment: Environment


class InstallationStopped(Shown):
    """An installation, and the data space that it uses."""

    id: str
    name: str
    data_space: str


class DelegationRadius(Shown):
    """What would stop: the integrator's own key pairs, the installations whose last call was made with one of them,
    and those that may be using them. `to_rotate` are the owner's pairs of which the integrator has a copy: ending the
    delegation asks for their rotation, and stops none of them. `hand_offs` are the ids of those that wait: they are
    destroyed.

    For the integrator's side no installation is named. `more` says that there are installations beyond those named.
    """

    key_pairs: list[PairStopped]
    used_now: list[InstallationStopped]
    possible: list[InstallationStopped]
    more: bool
    last_used_at: Moment | None
    to_rotate: list[PairStopped]
    hand_offs: list[str]


@calls.reads("/<account>/integrators/<delegation_id>/blast-radius", Permission.SEE)
def blast_radius(actor: Actor, delegation_id: str) -> DelegationRadius:
    """Show what pausing or ending a delegation that you give would stop."""
    return _radius(actor, Side.OWNER, delegation_id)


@calls.reads("/<account>/clients/<delegation_id>/blast-radius", Permission.SEE)
def client_blast_radius(actor: Actor, delegation_id: str) -> DelegationRadius:
    """Show what pausing or ending a delegation that you were given would stop."""
    return _radius(actor, Side.INTEGRATOR, delegation_id)


def _radius(actor: Actor, side: Side, delegation_id: str) -> DelegationRadius:
    row = find(actor, side, delegation_id)
    found: BlastRadius = blast.of_delegation(actor, row)
    return DelegationRadius(
        key_pairs=[_pair(one) for one in found.key_pairs],
        used_now=[_installation(one) for one in found.used_now],
        possible=[_installation(one) for one in found.possible],
        more=found.more,
        last_used_at=found.last_use.at if found.last_use else None,
        to_rotate=[] if actor.acts_for_client else [_pair(one) for one in copies.copied_to(row)],
        hand_offs=[] if actor.acts_for_client else [one.public_id for one in copies.waiting_under(row, clock.now())],
    )


def _pair(pair: KeyPair) -> PairStopped:
    return PairStopped(api_key=pair.api_key, name=pair.name, environment=pair.environment)


def _installation(row: Installation) -> InstallationStopped:
    return InstallationStopped(id=row.public_id, name=row.name, data_space=row.data_space.public_id)
