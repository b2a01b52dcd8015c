"""Declaring that a private key leaked: the act itself, who has to do something now, and mail to both sides."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.delegations import store as delegations
from portal.delegations.models import Delegation, DelegationState
from portal.foundation import clock
from portal.foundation.database import db
from portal.handoffs import store as hand_offs
from portal.impact import notices
from portal.impact.rotation import User, users_of
from portal.keys import leaks, rotation, store
from portal.keys.material import PublicHalf
from portal.keys.models import KeyEnding, KeyIntent, KeyOrigin, KeyPair
from portal.keys.rotation import Plan
from portal.projects.models import Installation


@dataclass(frozen=True)
class Acting:
    """Who has to act: installations not known to have another key, those beyond the reader's reach as a count, and the
    names of the integrators that look after one of them, or have a copy of the private key.
    """

    users: list[User]
    hidden: int
    integrators: list[str]


def who_must_act(actor: Actor, pair: KeyPair) -> Acting:
    """Who has to act when the pair stops, as far as the actor's reach goes."""
    users = users_of(pair, actor)
    caring = _caring(actor, pair.environment, [user.installation for user in users.laggards])
    caring += [] if actor.acts_for_client else [copy.holder.name for copy in hand_offs.copies_of(actor, pair)]
    return Acting(users.laggards, users.hidden_laggards, sorted({pair.holder.name, *caring} - {pair.owner.name}))


def stop(actor: Actor, pair: KeyPair) -> None:
    """Stop a pair that leaked, at once. Repeating it changes nothing. Raises: those of `keys.leaks.stop`."""
    if leaks.stop(actor, pair):
        notices.post_leak(actor, pair, after=None)


def replace(
    actor: Actor, pair: KeyPair, overlap: timedelta, *, origin: KeyOrigin, public: PublicHalf | None = None
) -> KeyIntent:
    """The intent to make the successor of a pair that leaked, which ends `overlap` after it is in service.

    The leak is declared from now on. Raises: those of `rotation.begin`.
    """
    store.hold(pair)
    known = store.is_leaked(pair)
    intent = rotation.begin(actor, pair, Plan(overlap, KeyEnding.LEAK), origin=origin, public=public)
    if not known:
        notices.post_leak(actor, pair, after=overlap)
    return intent


def end(actor: Actor, pair: KeyPair, overlap: timedelta, *, version: int) -> None:
    """Let a retiring pair that leaked end `overlap` from now, as compromised. Raises: as `rotation.change_end`."""
    rotation.change_end(actor, pair, Plan(overlap, KeyEnding.LEAK), version=version)
    notices.post_leak(actor, pair, after=overlap)


def _caring(actor: Actor, environment: Environment, installations: Collection[Installation]) -> list[str]:
    """The integrators that may work on one of these installations. Another one is no business of an integrator."""
    if actor.acts_for_client or not installations:
        return []
    rows = delegations.given_by(actor).where(
        Delegation.state == DelegationState.ACTIVE, Delegation.ends_at > clock.now()
    )
    projects = {installation.project_id for installation in installations}
    return [
        row.integrator.name
        for row in db.session.scalars(rows).unique()
        if row.integrator is not None and _reaches(row, environment, projects)
    ]


def _reaches(delegation: Delegation, environment: Environment, projects: Collection[object]) -> bool:
    ids = delegation.project_ids
    works_there = delegation.rights & {Right.KEYS, Right.INSTALLATIONS} and environment in delegation.environments
    return bool(works_there) and (ids is None or not ids.isdisjoint(projects))
