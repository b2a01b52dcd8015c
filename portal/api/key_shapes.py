"""What the calls about key pairs share: how a pair and the making of one are told, and what a token has to be for."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from portal.access.actor import Actor, require_scope
from portal.access.roles import Environment, Scope
from portal.api.burning import burn
from portal.api.calls import Calls
from portal.api.door import base_url
from portal.api.shapes import Body, Moment, Shown, Text
from portal.contracts.models import ContractKind
from portal.foundation import clock
from portal.foundation.database import version_of
from portal.foundation.errors import Invalid
from portal.foundation.marking import N_
from portal.foundation.words import same_name
from portal.keys import intent_store, making, store
from portal.keys.errors import PrivateKeyPasted
from portal.keys.material import PublicHalf
from portal.keys.models import KeyEnding, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.tenants import store as tenants
from portal.usage import store as usage
from portal.usage.store import LastUse

calls = Calls("keys", "Key pairs")
calls.blueprint.register_error_handler(PrivateKeyPasted, burn)

LONGEST_PEM = 16_000
SCOPES = {Environment.SANDBOX: Scope.KEYS, Environment.PRODUCTION: Scope.PRODUCTION_KEYS}
# In the query an enumeration is spelled out, so that its description stands where the member does.
Side = Literal["sandbox", "production"]
PublicPem = Annotated[
    Text, Field(description="The public key, in PEM. The private key never travels.", max_length=LONGEST_PEM)
]
Signature = Annotated[Text, Field(description="In base64.", max_length=LONGEST_PEM)]


class NameNotTyped(Invalid):
    code = "typed_name_wrong"
    sentence = N_("This stops something in production, and “typed_name” is not its name: “%(name)s”.")
    mend = N_("Look at what it would stop, then send the name as “typed_name”.")


class KeyPairShown(Shown):
    """A key pair. `api_key` is its id; `live` says whether it works now, and `status` why or why not."""

    api_key: str
    name: str
    environment: Environment
    live: bool
    status: KeyStatus
    owner: str
    owner_name: str
    holder: str
    holder_name: str
    contract: str
    contract_kind: ContractKind
    edition: str
    delegation: str | None
    origin: KeyOrigin
    made_by: str | None
    public_key_sha256: str
    bits: int
    created_at: Moment
    activated_at: Moment | None
    expires_at: Moment | None
    retiring_until: Moment | None
    ending: KeyEnding | None
    stops_at: Annotated[Moment | None, Field(description="When the clock alone stops it.")]
    ended_at: Annotated[Moment | None, Field(description="When it was revoked, or its rotation was over.")]
    last_used_at: Moment | None
    last_used_by: Annotated[str | None, Field(description="The installation's name, where the last call named one.")]
    version: int


class IntentShown(Shown):
    """A key pair that is being made. `message` is what the private key signs, octet by octet, to be proved."""

    id: str
    name: str
    environment: Environment
    origin: KeyOrigin
    replaces: Annotated[str | None, Field(description="The API key of the pair whose place it takes.")]
    message: Annotated[
        str | None, Field(description="Seven lines, each ended by LF; null where the public key is not known yet.")
    ]
    expires_at: Moment
    discarded_at: Moment | None
    key_pair: Annotated[str | None, Field(description="The API key, once there is one.")]
    key_pair_state: KeyState | None


class TypedName(Body):
    """For a pair of production: its name, so that a script that was given another id stops nothing."""

    typed_name: Annotated[Text, Field(description="The pair's name; needed in production.", max_length=1000)] = ""


def get_held(actor: Actor, api_key: str) -> KeyPair:
    """The pair, when the token may act on pairs of its environment. Raises: NotFound, ScopeMissing."""
    pair = store.get(actor, api_key)
    require_scope_for(actor, pair.environment)
    return pair


def get_begun(actor: Actor, intent_id: str) -> KeyIntent:
    """The intent that the token's person began, likewise. Raises: NotFound, ScopeMissing."""
    intent = intent_store.get(actor, intent_id)
    require_scope_for(actor, intent.environment)
    return intent


def require_scope_for(actor: Actor, environment: Environment) -> None:
    """Nothing, when the token may act on pairs of this environment. Raises: ScopeMissing."""
    require_scope(actor, SCOPES[environment])


def require_name(pair: KeyPair, typed: str) -> None:
    """Nothing, when the name of a production pair was typed. Raises: NameNotTyped."""
    if pair.environment is Environment.PRODUCTION and same_name(typed) != same_name(pair.name):
        raise NameNotTyped(name=pair.name)


def pair_told(actor: Actor, api_key: str) -> KeyPairShown:
    """The pair as it is now, as the API tells it."""
    pair = store.get(actor, api_key)
    return KeyPairShown(**members_of(pair, usage.last_uses(actor, [pair])))


def members_of(pair: KeyPair, uses: Mapping[Any, LastUse]) -> dict[str, Any]:
    """The members of `KeyPairShown`, of a pair loaded as `keys.store.get` does; uses: the last ones, by its id."""
    status, use = status_of(pair, clock.now()), uses.get(pair.id)
    same = ("api_key", "name", "environment", "origin", "bits", "created_at", "activated_at", "expires_at")
    return {member: getattr(pair, member) for member in (*same, "retiring_until", "ending", "stops_at")} | {
        "live": status in LIVE,
        "status": status,
        "owner": pair.owner.account_id,
        "owner_name": pair.owner.name,
        "holder": pair.holder.account_id,
        "holder_name": pair.holder.name,
        "contract": pair.contract.public_id,
        "contract_kind": pair.contract.kind,
        "edition": pair.contract.edition.code,
        "delegation": pair.delegation.public_id if pair.delegation else None,
        "made_by": pair.made_by.name if pair.made_by else None,
        "public_key_sha256": pair.spki_sha256.hex(),
        "ended_at": pair.revoked_at or pair.retired_at,
        "last_used_at": use.at if use else None,
        "last_used_by": use.installation if use else None,
        "version": version_of(pair),
    }


def intent_told(actor: Actor, intent_id: str) -> IntentShown:
    """The intent as it is now, as the API tells it."""
    intent = intent_store.get(actor, intent_id)
    pair = intent.key_pair
    return IntentShown(
        id=intent.public_id,
        name=intent.name,
        environment=intent.environment,
        origin=intent.origin,
        replaces=intent.replaces.api_key if intent.replaces else None,
        message=message_of(actor, intent).decode() if intent.spki else None,
        expires_at=intent.expires_at,
        discarded_at=intent.discarded_at,
        key_pair=pair.api_key if pair else None,
        key_pair_state=pair.state if pair else None,
    )


def message_of(actor: Actor, intent: KeyIntent) -> bytes:
    """What the private key of an uploaded public key signs."""
    owner, holder = (tenants.get(one).account_id for one in (actor.tenant_id, actor.home_id))
    public = PublicHalf.of(intent.spki or b"")
    return making.message_of(intent, public, base_url=base_url(), owner=owner, holder=holder)
