"""Calls about key pairs that exist: the list, one of them, what stopping it would stop, its name and its end."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.api.key_shapes import (
    KeyPairShown,
    Side,
    TypedName,
    calls,
    get_held,
    members_of,
    pair_told,
    require_name,
)
from portal.api.shapes import Body, Listed, Moment, Paged, Query, Shown, Text, Version, listed
from portal.handoffs import store as hand_offs
from portal.handoffs.models import KeyCopy
from portal.impact import blast, rotation
from portal.impact.blast import BlastRadius
from portal.keys import material, operations, store
from portal.keys.handing_over import is_stopped_alone
from portal.keys.models import KeyPair, KeyState
from portal.projects.models import Installation
from portal.usage import store as usage


class CopyShown(Shown):
    """Who besides the holder has, or may have, the private key; `rotation_due_at` since when it should not."""

    account: str
    name: str
    since: Moment
    rotation_due_at: Moment | None


class KeyPairWhole(KeyPairShown):
    """A key pair with all that its page tells. `version` is its ETag."""

    public_key: str
    replaces: Annotated[str | None, Field(description="The API key of the pair whose place it took.")]
    replaced_by: Annotated[str | None, Field(description="The API key of the pair in service that took its place.")]
    leak: Annotated[
        Literal["declared", "stopped"] | None,
        Field(description="What is to do after a leak: it still works, or it stopped and has no successor."),
    ]
    copies: list[CopyShown]
    hand_off: Annotated[str | None, Field(description="The hand-off of it that is offered or opened.")]


class Wanted(Paged):
    """Which key pairs."""

    environment: Annotated[Side | None, Field(description="Only those of this environment.")] = None
    api_key: Annotated[Text, Field(description="Only the one with this API key.", max_length=255)] = ""


class Asked(Query):
    """Before which act."""

    act: Annotated[
        Literal["revoke", "rotate", "end"],
        Field(description="`rotate`: what has to move before its end. `end`: a rotation's end, now."),
    ] = "revoke"


class Named(Shown):
    """Something by its id and its name."""

    id: str
    name: str


class InstallationNamed(Named):
    """An installation, with the data space that it is on."""

    data_space: Named


class BlastShown(Shown):
    """What an act would stop. A shop that nobody saw yet may still be configured with the pair."""

    key_pairs: list[Named]
    used_now: Annotated[list[InstallationNamed], Field(description="Their last call was made with one of these.")]
    possible: Annotated[list[InstallationNamed], Field(description="They may be using them.")]
    data_spaces: Annotated[list[Named], Field(description="Theirs, which stay as they are.")]
    more: Annotated[bool, Field(description="Whether there are others that are not named.")]
    integrators: list[str]
    last_used_at: Moment | None
    goes_on: Annotated[list[Named], Field(description="The pairs of this side that work beside it.")]
    is_last: Annotated[bool, Field(description="Whether it works, and nobody in the account has another one.")]


class Renaming(Body):
    """Another name."""

    name: Text


@calls.reads("/<account>/keys", Permission.SEE)
def index(actor: Actor, query: Wanted) -> Listed[KeyPairShown]:
    """List key pairs of one environment or both, newest first."""
    side = Environment(query.environment) if query.environment else None
    page = store.listed(actor, side, place=query.after, api_key=query.api_key.lower())
    uses = usage.last_uses(actor, page.rows)
    return Listed[KeyPairShown](**listed(page, lambda pair: KeyPairShown(**members_of(pair, uses))))


@calls.reads("/<account>/keys/<api_key>", Permission.SEE)
def show(actor: Actor, api_key: str) -> KeyPairWhole:
    """Show a key pair: whether it works and why, its last use, who has it, and where it stands in a rotation."""
    pair = store.get(actor, api_key)
    old, successor, running = store.predecessor_of(pair), store.successor_of(pair), hand_offs.live_of(actor, pair)
    return KeyPairWhole(
        **members_of(pair, usage.last_uses(actor, [pair])),
        public_key=material.public_pem(pair.spki),
        replaces=old.api_key if old else None,
        replaced_by=successor.api_key if successor else None,
        leak=_leak(pair),
        copies=[_copy_shown(one) for one in hand_offs.copies_of(actor, pair)],
        hand_off=running.public_id if running else None,
    )


@calls.reads("/<account>/keys/<api_key>/blast-radius", Permission.SEE)
def blast_radius(actor: Actor, api_key: str, query: Asked) -> BlastShown:
    """Look up what revoking, rotating or ending a key pair would stop, before it is done.

    The same as the pages forecast, as far as the caller's reach goes. Nothing, where the pair is out of service.
    """
    pair = store.get(actor, api_key)
    if query.act == "revoke":
        return blast_shown(blast.of_key(actor, pair))
    if query.act == "rotate":
        return blast_shown(blast.of_rotation(actor, pair))
    return blast_shown(blast.of_ending(actor, pair, rotation.users_of(pair, actor).laggards))


@calls.writes("/<account>/keys/<api_key>/rename", Permission.KEY_RENAME)
def rename(actor: Actor, api_key: str, version: Version, body: Renaming) -> KeyPairShown:
    """Give a key pair another name. Its holder does that."""
    operations.rename(actor, get_held(actor, api_key), name=body.name, version=version)
    return pair_told(actor, api_key)


@calls.writes("/<account>/keys/<api_key>/revoke", Permission.KEY_REVOKE)
def revoke(actor: Actor, api_key: str, body: TypedName) -> KeyPairShown:
    """Revoke a key pair: it opens nothing any more, and never will.

    `…/blast-radius` says before what that stops.
    """
    pair = get_held(actor, api_key)
    require_name(pair, body.typed_name)
    operations.revoke(actor, pair)
    return pair_told(actor, api_key)


def blast_shown(radius: BlastRadius) -> BlastShown:
    """A blast radius as the API tells it."""
    return BlastShown(
        key_pairs=_pairs_named(radius.key_pairs),
        used_now=[installation_named(one) for one in radius.used_now],
        possible=[installation_named(one) for one in radius.possible],
        data_spaces=[_named(space) for space in radius.data_spaces],
        more=radius.more,
        integrators=list(radius.integrators),
        last_used_at=radius.last_use.at if radius.last_use else None,
        goes_on=_pairs_named(radius.others_live),
        is_last=radius.is_last,
    )


def installation_named(installation: Installation) -> InstallationNamed:
    """An installation, its data space loaded, by name."""
    return InstallationNamed(
        id=installation.public_id, name=installation.name, data_space=_named(installation.data_space)
    )


def _named(thing: Any) -> Named:
    return Named(id=thing.public_id, name=thing.name)


def _pairs_named(pairs: Sequence[KeyPair]) -> list[Named]:
    return [Named(id=pair.api_key, name=pair.name) for pair in pairs]


def _leak(pair: KeyPair) -> Literal["declared", "stopped"] | None:
    if pair.state is KeyState.ACTIVE and store.is_leaked(pair):
        return "declared"
    return "stopped" if is_stopped_alone(pair) else None


def _copy_shown(copy: KeyCopy) -> CopyShown:
    return CopyShown(
        account=copy.holder.account_id,
        name=copy.holder.name,
        since=copy.created_at,
        rotation_due_at=copy.rotation_due_at,
    )
