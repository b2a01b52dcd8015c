"""Calls about the rotation of key pairs: begin it, see where it stands, move its end, end it early, roll it back."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.api.key_pairs import InstallationNamed, installation_named
from portal.api.key_shapes import (
    IntentShown,
    KeyPairShown,
    PublicPem,
    TypedName,
    calls,
    get_held,
    intent_told,
    pair_told,
    require_name,
)
from portal.api.shapes import Body, Moment, Shown, Text, Version
from portal.foundation import clock
from portal.impact import rotation as cockpits
from portal.impact.rotation import User
from portal.keys import rotation, store
from portal.keys.errors import OverlapOutOfRange
from portal.keys.material import read_public_pem
from portal.keys.models import KeyEnding, KeyOrigin, KeyPair
from portal.keys.rotation import LONGEST, USUAL, Plan

HOUR = timedelta(hours=1)
Hours = Annotated[
    int | None,
    Field(
        description="How long both pairs work: 1 hour to 90 days; null: to the old pair's own end.",
        ge=0,
        le=LONGEST // HOUR,
    ),
]
Ending = Annotated[
    KeyEnding,
    Field(description="`held`: at the date, or later while shops still use it; `hard`: on the second."),
]


class RotationWanted(Body):
    """A successor whose private key the caller made, and how long the old pair stays beside it."""

    public_key: PublicPem
    overlap_hours: Hours = USUAL // HOUR
    ending: Ending = KeyEnding.HELD
    name: Annotated[Text | None, Field(description="Null: the name of the old pair.")] = None
    forced: Annotated[bool, Field(description="Also while the pair itself still replaces another one.")] = False


class EndWanted(Body):
    """Another end for the old pair, counted from now."""

    overlap_hours: Hours
    ending: Ending


class UserShown(Shown):
    """An installation that may use the old pair; `moved` where it is known to have another key."""

    installation: InstallationNamed
    last_used: Annotated[str | None, Field(description="The API key that it used last.")]
    seen_at: Moment | None
    moved: bool


class RotationShown(Shown):
    """Where a rotation stands. `version` is the ETag of the old pair."""

    old: KeyPairShown
    successor: KeyPairShown | None
    safe_to_close: Annotated[bool, Field(description="Whether every installation is known to have moved.")]
    users: list[UserShown]
    beyond_reach: Annotated[int, Field(description="How many that have not moved the caller does not see.")]
    called_at: Annotated[Moment | None, Field(description="The last call with it that no installation accounts for.")]
    version: int


@calls.writes("/<account>/keys/<api_key>/rotate", Permission.KEY_ROTATE, makes=True)
def rotate(actor: Actor, api_key: str, body: RotationWanted) -> IntentShown:
    """Begin the rotation of a key pair: give its successor's public key, and get the message to sign.

    Nothing changes before the proof (`…/keys/making/{intent_id}/proof`): then the successor is in service and the old
    pair is retiring. `…/blast-radius?act=rotate` says before what has to move.
    """
    pair = get_held(actor, api_key)
    intent = rotation.begin(
        actor,
        pair,
        Plan(_overlap(pair, body.overlap_hours), body.ending),
        origin=KeyOrigin.UPLOAD,
        name=body.name,
        public=read_public_pem(body.public_key),
        forced=body.forced,
    )
    return intent_told(actor, intent.public_id)


@calls.reads("/<account>/keys/<api_key>/rotation", Permission.SEE)
def cockpit(actor: Actor, api_key: str) -> RotationShown:
    """Show where the rotation of a key pair stands: which installation uses which pair."""
    stand = cockpits.cockpit(actor, store.get(actor, api_key))
    old = pair_told(actor, api_key)
    return RotationShown(
        old=old,
        successor=pair_told(actor, stand.successor.api_key) if stand.successor else None,
        safe_to_close=stand.is_safe_to_close,
        users=[user_shown(user) for user in stand.users.seen],
        beyond_reach=stand.users.hidden_laggards,
        called_at=stand.users.called_at,
        version=old.version,
    )


@calls.writes("/<account>/keys/<api_key>/rotation/end", Permission.KEY_ROTATE)
def change_end(actor: Actor, api_key: str, version: Version, body: EndWanted) -> KeyPairShown:
    """Give a retiring key pair another end, sooner or later."""
    pair = get_held(actor, api_key)
    rotation.change_end(actor, pair, Plan(_overlap(pair, body.overlap_hours), body.ending), version=version)
    return pair_told(actor, api_key)


@calls.writes("/<account>/keys/<api_key>/rotation/close", Permission.KEY_ROTATE)
def end_early(actor: Actor, api_key: str, version: Version, body: TypedName) -> KeyPairShown:
    """End a retiring key pair now.

    `…/blast-radius?act=end` says before which installations are not known to have moved.
    """
    pair = get_held(actor, api_key)
    require_name(pair, body.typed_name)
    rotation.end_early(actor, pair, version=version)
    return pair_told(actor, api_key)


@calls.writes("/<account>/keys/<api_key>/rotation/roll-back", Permission.KEY_ROTATE)
def roll_back(actor: Actor, api_key: str, version: Version) -> KeyPairShown:
    """Make a retiring key pair the one in use again, without an end. Its successor goes on beside it."""
    rotation.roll_back(actor, get_held(actor, api_key), version=version)
    return pair_told(actor, api_key)


def user_shown(user: User) -> UserShown:
    """An installation, and which key it used last, as the API tells it."""
    return UserShown(
        installation=installation_named(user.installation),
        last_used=user.last_used.api_key if user.last_used else None,
        seen_at=user.seen_at,
        moved=user.moved,
    )


def _overlap(pair: KeyPair, hours: int | None) -> timedelta:
    """So many hours, or the time to the pair's own end. Raises: OverlapOutOfRange where it has none."""
    if hours is not None:
        return hours * HOUR
    if pair.expires_at is None:
        raise OverlapOutOfRange()
    return pair.expires_at - clock.now() - timedelta(seconds=1)  # until the change is made, time passes
