"""Calls for a private key that somebody else may have: stop its pair, or replace it first; who has to act."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Permission
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
from portal.api.key_turning import UserShown, user_shown
from portal.api.shapes import Body, Shown, Text, Version
from portal.impact import leaks as impact
from portal.keys import leaks, store
from portal.keys.errors import RotationOver
from portal.keys.material import read_public_pem
from portal.keys.models import KeyOrigin

MOST_HOURS = 72


class ReplacementWanted(Body):
    """The successor of a pair that leaked, whose private key the caller made."""

    public_key: PublicPem
    hours: Annotated[
        int, Field(description="How long the old pair works once its successor does.", ge=0, le=MOST_HOURS)
    ] = 0


class SuccessorWanted(Body):
    """The successor of a pair that was stopped, whose private key the caller made."""

    public_key: PublicPem
    name: Annotated[Text | None, Field(description="Null: the name of the old pair.")] = None


class SoonEnd(Body):
    """When the pair that leaked stops, counted from now."""

    hours: Annotated[int, Field(ge=1, le=MOST_HOURS)]


class ActingShown(Shown):
    """Who has to act when the pair stops: installations that are not known to have another key, and integrators."""

    users: list[UserShown]
    beyond_reach: Annotated[int, Field(description="How many more installations the caller does not see.")]
    integrators: Annotated[
        list[str], Field(description="Who looks after one of them, or has a copy of the private key.")
    ]


@calls.reads("/<account>/keys/<api_key>/leaked", Permission.KEY_REVOKE)
def who_must_act(actor: Actor, api_key: str) -> ActingShown:
    """Look up who has to act when a key pair stops that leaked."""
    acting = impact.who_must_act(actor, store.get(actor, api_key))
    return ActingShown(
        users=[user_shown(user) for user in acting.users], beyond_reach=acting.hidden, integrators=acting.integrators
    )


@calls.writes("/<account>/keys/<api_key>/leaked", Permission.KEY_REVOKE)
def leaked(actor: Actor, api_key: str, body: TypedName) -> KeyPairShown:
    """Stop a key pair that leaked, at once and for ever. Everybody concerned is told by mail."""
    pair = get_held(actor, api_key)
    require_name(pair, body.typed_name)
    impact.stop(actor, pair)
    return pair_told(actor, api_key)


@calls.writes("/<account>/keys/<api_key>/leaked/replace", Permission.KEY_REVOKE, makes=True)
def leaked_replace(actor: Actor, api_key: str, body: ReplacementWanted) -> IntentShown:
    """Say that a key pair leaked, and begin its successor: get the message to sign.

    The old pair ends `hours` after the proof (`…/keys/making/{intent_id}/proof`), as compromised.
    """
    pair = get_held(actor, api_key)
    public, overlap = read_public_pem(body.public_key), timedelta(hours=body.hours)
    intent = impact.replace(actor, pair, overlap, origin=KeyOrigin.UPLOAD, public=public)
    return intent_told(actor, intent.public_id)


@calls.writes("/<account>/keys/<api_key>/leaked/end", Permission.KEY_REVOKE)
def leaked_end(actor: Actor, api_key: str, version: Version, body: SoonEnd) -> KeyPairShown:
    """Say that a retiring key pair leaked, whose successor is in service: it ends soon, as compromised."""
    pair = get_held(actor, api_key)
    if store.successor_of(pair) is None:  # then it can only be stopped
        raise RotationOver()
    impact.end(actor, pair, timedelta(hours=body.hours), version=version)
    return pair_told(actor, api_key)


@calls.writes("/<account>/keys/<api_key>/replacement", Permission.KEY_REVOKE, makes=True)
def replacement(actor: Actor, api_key: str, body: SuccessorWanted) -> IntentShown:
    """Begin the successor of a key pair that was stopped because it leaked: get the message to sign."""
    pair = get_held(actor, api_key)
    public = read_public_pem(body.public_key)
    intent = leaks.begin_replacement(actor, pair, origin=KeyOrigin.UPLOAD, name=body.name, public=public)
    return intent_told(actor, intent.public_id)
