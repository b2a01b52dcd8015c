"""Which installation a client is: found again, discovered, or found to share a data space with another.

Each data space is looked at under its row lock, so two processes never discover the same shop twice.
"""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from structlog import get_logger

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.projects.models import LIVE_FOR, Claim, DataSpace, DataSpaceType, Installation
from portal.usage import notices, recording_store
from portal.usage.clients import Client
from portal.usage.models import Sighting
from portal.usage.recording import Seen, named

log = get_logger()

OPEN = (Claim.WAITING, Claim.COLLIDING)
MOST_OPEN = 20  # claims of a data space that nobody has decided; a key's holder could make up any number of shops


def discover(seen: Sequence[Seen]) -> None:
    """Note on each installation that it was seen; make those that are new, and say which collide or alarm."""
    by_space: dict[tuple[uuid.UUID, uuid.UUID], list[Seen]] = defaultdict(list)
    for one in seen:
        by_space[one.tenant_id, one.data_space_id].append(one)
    spaces = [space for space in recording_store.lock_spaces(by_space) if (space.tenant_id, space.id) in by_space]
    places = _places(spaces)
    for space in spaces:
        place = places[space.id]
        for one in sorted(by_space[space.tenant_id, space.id], key=lambda one: one.last_at):
            place.take(one)
        place.settle()
    recording_store.put_sightings([row for place in places.values() for row in place.sighting_rows()])


def _places(spaces: Sequence[DataSpace]) -> dict[uuid.UUID, "_Place"]:
    places = {space.id: _Place(space) for space in spaces}
    for installation in recording_store.attached_on(spaces):
        if installation.data_space_id in places:
            places[installation.data_space_id].attached.append(installation)
    for space_id, environment, identity, installation in recording_store.sightings_on(spaces):
        if space_id in places:
            places[space_id].known[environment, identity] = installation
    return places


class _Place:
    """One data space, who is attached to it, and what was seen there: `known` installations by what calls show."""

    def __init__(self, space: DataSpace) -> None:
        self.space = space
        self.actor: Actor = system_actor("usage", space.tenant_id)
        self.attached: list[Installation] = []
        self.known: dict[tuple[Environment, str], Installation] = {}
        self.seen: dict[uuid.UUID, dict[str, Any]] = {}
        self.fresh: set[uuid.UUID] = set()
        self.told: set[Event] = set()
        self.passed_over = 0

    @property
    def primary(self) -> Installation | None:
        return next((one for one in self.attached if one.claim is Claim.PRIMARY), None)

    def take(self, one: Seen) -> None:
        """Give what was seen to the installation that it comes from, which is made when there is none.

        Where too many claims wait for somebody already, none is made, and what was seen is a counted use only.
        """
        installation = self._find(one.key.environment, one.client)
        if installation is None and self._is_full():
            self.passed_over += 1
            return
        installation = installation or self._add(one)
        self.known[one.key.environment, one.client.identity] = installation
        self._note(installation, one)
        self._sight(installation, one)
        if self._is_alarming(installation, one.key.environment):
            self._alarm(installation)

    def _is_full(self) -> bool:
        return self.primary is not None and sum(one.claim in OPEN for one in self.attached) >= MOST_OPEN

    def _find(self, side: Environment, client: Client) -> Installation | None:
        # The cloud project is named by few calls only: one that names none is its shop's, when the edition fits. A
        # cloud project has a production and a staging shop, which the environment of their keys tells apart.
        found = self._known(side, client.identity)
        if found is not None:
            return found
        if client.cloud_id is not None:
            return (
                self._of_cloud(side, client)
                or self._known(side, client.identity_by_edition, nameless=True)
                or self._never_seen(side)
            )
        return self._of_edition(side, client) or self._never_seen(side)

    def _known(self, side: Environment, identity: str, *, nameless: bool = False) -> Installation | None:
        found = self.known.get((side, identity))
        if found is None or found.detached_at is not None:
            return None  # one that was detached and still calls is a shop that uses the data space after all
        if nameless and found.cloud_id is not None:
            return None
        # For a while after a move it may still be configured as before.
        moved = found.data_space_id != self.space.id
        return None if moved and found.attached_at < clock.now() - LIVE_FOR else found

    def _of_cloud(self, side: Environment, client: Client) -> Installation | None:
        return next((one for one in self._of_side(side) if one.cloud_id == client.cloud_id), None)

    def _of_edition(self, side: Environment, client: Client) -> Installation | None:
        return next((one for one in self._of_side(side) if _edition_of(one) == client.identity_by_edition), None)

    def _of_side(self, side: Environment) -> list[Installation]:
        """Those with this side that are attached, the primary first."""
        on_side = (one for one in self.attached if one.side is side)
        return sorted(on_side, key=lambda one: one.claim is not Claim.PRIMARY)

    def _never_seen(self, side: Environment) -> Installation | None:
        """The primary that was entered by hand, as long as nothing was seen of it: who calls now is that shop."""
        primary = self.primary
        if primary is None or primary.first_seen_at is not None or primary.side is not side:
            return None
        return primary

    def _add(self, one: Seen) -> Installation:
        client = one.client
        installation = recording_store.add(
            Installation(
                tenant_id=self.space.tenant_id,
                project_id=self.space.project_id,
                data_space_id=self.space.id,
                name=f"Shop ({client.cloud_id or client.edition or 'unknown client'})",
                side=one.key.environment,
                claim=self._claim_of(one.key.environment),
                cloud_id=client.cloud_id,
                client_edition=client.edition,
                client_version=client.version,
                first_seen_at=one.first_at,
                last_seen_at=one.last_at,
            )
        )
        self.attached.append(installation)
        self.fresh.add(installation.id)
        return installation

    def _claim_of(self, side: Environment) -> Claim:
        if self.primary is None:
            return Claim.PRIMARY
        # Where both sides have one data space, one shop of each is meant to be there.
        is_meant = self.space.serves_both_sides and not self._of_side(side)
        return Claim.DECLARED if is_meant else Claim.WAITING

    def _note(self, installation: Installation, one: Seen) -> None:
        first, last = installation.first_seen_at, installation.last_seen_at
        values: dict[str, Any] = {}
        if first is None or one.first_at < first:
            values["first_seen_at"] = one.first_at
        if last is None or one.last_at > last:
            values["last_seen_at"] = one.last_at
            values |= {"client_edition": one.client.edition, "client_version": one.client.version}
        if one.client.cloud_id is not None and installation.cloud_id is None:
            values["cloud_id"] = one.client.cloud_id
        if values:
            recording_store.note_seen(installation, **values)

    def _sight(self, installation: Installation, one: Seen) -> None:
        row_id = named(Sighting.__tablename__, one.tenant_id, one.key.id, self.space.id, one.client.identity)
        before = self.seen.get(row_id)
        self.seen[row_id] = {
            "tenant_id": one.tenant_id,
            "id": row_id,
            "holder_id": one.key.holder_id,
            "environment": one.key.environment,
            "key_pair_id": one.key.id,
            "data_space_id": self.space.id,
            "installation_id": installation.id,
            "identity": one.client.identity,
            "first_at": min(one.first_at, before["first_at"]) if before else one.first_at,
            "last_at": max(one.last_at, before["last_at"]) if before else one.last_at,
        }

    def sighting_rows(self) -> list[dict[str, Any]]:
        """One row for each key and identity that was seen, in the order in which all processes write them."""
        return sorted(self.seen.values(), key=lambda row: row["id"])

    def settle(self) -> None:
        """Say what the claims are now, and tell whom it concerns."""
        now = clock.now()
        self._fill_primary(now)
        if self.passed_over:
            log.warning("too many claims wait on a data space", space=str(self.space.id), passed_over=self.passed_over)
        primary = self.primary
        for one in self.attached:
            if one.claim is Claim.WAITING and primary is not None and _overlap(one, primary):
                self._collide(one, primary)
            elif one.id in self.fresh:
                self._record(Event.INSTALLATION_DISCOVERED, one)

    def _fill_primary(self, now: datetime) -> None:
        """A live claim takes the place that a detached primary left, and is told as the shop found there."""
        heirs = [one for one in self.attached if one.claim is not Claim.DISMISSED and one.is_live(now)]
        if self.primary is None and heirs:
            heirs[0].claim = Claim.PRIMARY
            self.fresh.add(heirs[0].id)

    def _collide(self, one: Installation, primary: Installation) -> None:
        one.claim = Claim.COLLIDING
        is_first = self._is_first_today(Event.INSTALLATION_COLLIDED)
        self._record(Event.INSTALLATION_COLLIDED, one, primary=primary.name)
        if is_first:
            notices.post("installation_collided", one, self.space, primary=primary.name)

    def _is_alarming(self, installation: Installation, side: Environment) -> bool:
        if installation.alarmed_at is not None or installation.data_space_id != self.space.id:
            return False
        if self.space.type is not DataSpaceType.PRODUCTION or self.space.serves_both_sides:
            return False
        return side is Environment.SANDBOX

    def _alarm(self, installation: Installation) -> None:
        recording_store.note_seen(installation, alarmed_at=clock.now())
        is_first = self._is_first_today(Event.INSTALLATION_ALARMED)
        self._record(Event.INSTALLATION_ALARMED, installation)
        if is_first:
            notices.post("installation_alarmed", installation, self.space)

    def _is_first_today(self, event: Event) -> bool:
        # One mail a data space and day (UTC) says where to look; the page there shows them all.
        if event in self.told:
            return False
        self.told.add(event)
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return not recording_store.was_told_since(self.space, event, today)

    def _record(self, event: Event, installation: Installation, primary: str | None = None) -> None:
        parties = recording_store.integrators_at(self.space, clock.now())
        facts = {"space": self.space.name} | ({} if primary is None else {"primary": primary})
        audit.record(self.actor, event, installation, also_seen_by=parties, **facts)  # type: ignore[arg-type]


def _edition_of(installation: Installation) -> str | None:
    """The identity by edition of an installation that was seen; None for one that never was."""
    if installation.first_seen_at is None:
        return None
    return Client(installation.client_edition, None, "", "", None).identity_by_edition


def _overlap(one: Installation, other: Installation) -> bool:
    """Whether both were live at the same time: each lives from its first call until a week after its last."""
    if None in (one.first_seen_at, one.last_seen_at, other.first_seen_at, other.last_seen_at):
        return False
    first, last = max(one.first_seen_at, other.first_seen_at), min(one.last_seen_at, other.last_seen_at)  # type: ignore[type-var]
    return first < last + LIVE_FOR  # type: ignore[operator]
