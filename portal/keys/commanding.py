"""Making a pair on the holder's own machine: a one-time code stands for the intent, and the proof uses it up.

The code says who asks: whoever has it acts as the person who began, with what that person may do at that moment. One
that a token asked for ends with the token.
"""

from dataclasses import dataclass

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit import store as audit_store
from portal.audit.events import Event
from portal.delegations import people
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound
from portal.keys import intent_store, making, possession, store
from portal.keys.codes import hash_of, new_code
from portal.keys.eligibility import require_scope_for
from portal.keys.errors import CodeRefused, MakingOver
from portal.keys.material import PublicHalf
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair
from portal.keys.status import LIVE_STATES
from portal.tenants import store as tenants
from portal.tokens import store as tokens


@dataclass(frozen=True)
class Finder:
    """What a code leads to: the intent, and its person as an actor as of now; account ids of owner and holder."""

    intent: KeyIntent
    actor: Actor
    owner: str
    holder: str


def show_code(actor: Actor, intent: KeyIntent) -> str:
    """A new one-time code for the intent, such as `7h2k-…`; from now on one that was shown before is good for nothing.

    Only its hash is stored. It is good as long as the intent, and acts as the whole person: so a token needs the scope
    for what it makes. Raises: MakingOver, ScopeMissing.
    """
    require_scope_for(actor, intent.environment)
    lock(intent)
    if intent.origin is not KeyOrigin.COMMAND or intent.key_pair_id is not None:
        raise MakingOver()
    making.require_unfinished(intent)
    code = give_code(intent)
    audit.record(
        actor,
        Event.KEY_CODE_SHOWN,
        intent,
        tenant_id=intent.tenant_id,
        also_seen_by=intent.holder_id,
        environment=intent.environment.value,
    )
    return code


def give_code(intent: KeyIntent) -> str:
    """A code for an intent that the caller holds, or that is not on record yet; the intent keeps its hash."""
    code = new_code()
    intent.code_hash = hash_of(code)
    return code


def find(code: str, spki_sha256: bytes | None, *, hold: bool = False) -> Finder:
    """What the code leads to. A code that was used leads there again for the very key that used it, and no other.

    spki_sha256: of the public key that is to be proved, where it is known already. hold: as for `find_by_code`.
    Raises: CodeRefused, AccountSuspended, DelegationPaused.
    """
    intent = intent_store.find_by_code(hash_of(code), hold=hold)
    if intent is None:
        raise CodeRefused()
    _require_usable(intent, intent.key_pair, spki_sha256)
    _require_token_goes_on(intent)
    try:
        actor = people.as_of_now(
            intent.person_id, home_id=intent.holder_id, tenant_id=intent.tenant_id, under=intent.delegation_id
        )
    except NotFound as error:
        raise CodeRefused() from error
    owner, holder = tenants.get(intent.tenant_id), tenants.get(intent.holder_id)
    return Finder(intent, actor, owner.account_id, holder.account_id)


def prove(code: str, *, public: PublicHalf, signature: bytes, base_url: str) -> KeyPair:
    """The pair, in service, because its private half signed the message of the intent that the code stands for.

    The same code, key and signature again end in the same pair. Raises: those of `find` and of `making.prove`.
    """
    found = find(code, public.spki_sha256, hold=True)
    return prove_held(found, public=public, signature=signature, base_url=base_url)


def prove_held(found: Finder, *, public: PublicHalf, signature: bytes, base_url: str) -> KeyPair:
    """The same, for what `find` held in this transaction for a code and this key."""
    intent = found.intent
    made = store.find_by_id(intent.tenant_id, intent.key_pair_id) if intent.key_pair_id else None
    _require_usable(intent, made, public.spki_sha256)
    message = making.message_of(intent, public, base_url=base_url, owner=found.owner, holder=found.holder)
    if made is not None:
        possession.check(made.spki, message, signature)
        return made
    return making.prove_held(found.actor, intent, signed=message, signature=signature, public=public)


def _require_token_goes_on(intent: KeyIntent) -> None:
    # By which token a code was asked for stands in the record alone; a pair that was made goes on without it.
    if intent.key_pair_id is not None:
        return
    token = audit_store.last_facts(intent.tenant_id, Event.KEY_CODE_SHOWN, intent.public_id).get("token")
    if token is not None and not tokens.works(intent.holder_id, token, clock.now()):
        raise CodeRefused()


def _require_usable(intent: KeyIntent, pair: KeyPair | None, spki_sha256: bytes | None) -> None:
    if pair is not None:
        if pair.state not in LIVE_STATES or pair.spki_sha256 != spki_sha256:
            raise CodeRefused()
        return
    try:
        making.require_unfinished(intent)
    except MakingOver as error:
        raise CodeRefused() from error
