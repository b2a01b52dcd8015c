"""Making a key pair: an intent first, then the pair, then the proof or the confirmation that it was saved."""

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.models import Contract
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_name, same_name
from portal.keys import handing_over, intent_store, possession, store
from portal.keys.eligibility import require_environment, require_may_make, require_new, require_scope_for
from portal.keys.errors import AlreadyShown, KeyBlocked, KeyKnown, KeyNameTaken, MakingOver
from portal.keys.material import PublicHalf
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.status import MAKING_TIME


def begin(
    actor: Actor,
    *,
    environment: Environment,
    contract: Contract,
    name: str,
    origin: KeyOrigin,
    public: PublicHalf | None = None,
) -> KeyIntent:
    """The intent to make one key pair; the same request repeated meets the same intent.

    public: the key that was given, for origin UPLOAD; the pair exists once its possession is proved.
    Raises: the refusals of `eligibility`, KeyNameTaken and those of a name.
    """
    lock(contract)  # puts repeated requests in order
    require_new(actor, environment)
    require_may_make(actor, contract)
    intent = draft(actor, environment=environment, contract=contract, name=name, origin=origin, public=public)
    return open_intent(actor, intent)


def draft(
    actor: Actor,
    *,
    environment: Environment,
    contract: Contract,
    name: str,
    origin: KeyOrigin,
    public: PublicHalf | None = None,
) -> KeyIntent:
    """An intent as `begin` has it, not on record yet. Raises: the refusals of a name."""
    return KeyIntent(
        tenant_id=actor.tenant_id,
        holder_id=actor.home_id,
        contract_id=contract.id,
        delegation_id=actor.delegation_id,
        environment=environment,
        name=clean_name(name),
        origin=origin,
        person_id=actor.person_id,
        spki=public.spki if public else None,
        expires_at=clock.now() + MAKING_TIME,
    )


def open_intent(actor: Actor, intent: KeyIntent, event: Event = Event.KEY_INTENDED, **facts: str) -> KeyIntent:
    """The intent, on record as this event, or the one that the same request met before. The caller holds a lock.

    Raises: KeyNameTaken.
    """
    if store.name_is_taken(intent, same_name(intent.name)):
        raise KeyNameTaken(name=intent.name)
    known = intent_store.find_open(intent, clock.now())
    if known is not None:
        return known
    store.add(intent)
    _record(actor, event, intent, **facts)
    return intent


def issue(actor: Actor, intent: KeyIntent, public: PublicHalf) -> KeyPair:
    """The pending pair of an intent whose keys the server made. It does not verify before `confirm` (rule 2).

    Raises: AlreadyShown when the intent has its pair, MakingOver, KeyNameTaken, OldPairChanged, OldPairLeaked and the
    refusals of `eligibility`.
    """
    lock(intent)
    if intent.key_pair_id is not None:
        raise AlreadyShown()
    require_unfinished(intent)
    intent.expires_at = clock.now() + MAKING_TIME
    _require_may_go_on(actor, intent)
    handing_over.require_old_in_service(intent)
    pair = _add_pair(actor, intent, public, KeyState.PENDING)
    _record(actor, Event.KEY_MADE, pair)
    return pair


def confirm(actor: Actor, intent: KeyIntent) -> KeyPair:
    """The pair, in service, because the person says that the private key was saved. Repeating it changes nothing.

    For a successor the old pair is retiring from now on. Raises: MakingOver when it lapsed or was discarded,
    OldPairChanged, OldPairLeaked, and the refusals of `eligibility`.
    """
    lock(intent)
    pair = _pair_of(actor, intent)
    if pair.state is KeyState.ACTIVE:
        return pair
    if pair.state is not KeyState.PENDING or clock.now() >= intent.expires_at:
        raise MakingOver()
    _require_may_go_on(actor, intent)
    old = handing_over.retire_old(intent)
    if old is not None:
        pair.name = handing_over.free_name(intent, pair.name)
        pair.name_key = same_name(pair.name)
    pair.state, pair.activated_at = KeyState.ACTIVE, clock.now()
    _record_service(actor, pair, old)
    return pair


def prove(
    actor: Actor, intent: KeyIntent, *, signed: bytes, signature: bytes, public: PublicHalf | None = None
) -> KeyPair:
    """The pair whose private half its holder made, in service, because it signed this intent's message.

    public: the public half, where it comes with the proof; that of an uploaded one stands in the intent.
    Whether the key is known already is looked at after the proof, so nobody learns it about keys of others.
    For a successor the old pair is retiring from now on.
    Raises: ProofWrong, KeyBlocked, KeyKnown, KeyNameTaken, MakingOver, OldPairChanged, OldPairLeaked, the refusals of
    `eligibility` and those of a weak key.
    """
    lock(intent)
    return prove_held(actor, intent, signed=signed, signature=signature, public=public)


def prove_held(
    actor: Actor, intent: KeyIntent, *, signed: bytes, signature: bytes, public: PublicHalf | None = None
) -> KeyPair:
    """The same, for an intent that the caller has locked in this transaction."""
    if intent.key_pair_id is not None:
        return _pair_of(actor, intent)
    require_unfinished(intent)
    spki = intent.spki or (public.spki if public else None)
    if spki is None:
        raise MakingOver()
    half = PublicHalf.of(spki)
    possession.check(half.spki, signed, signature)
    _require_may_go_on(actor, intent)
    old = handing_over.retire_old(intent)
    pair = _add_pair(actor, intent, half, KeyState.ACTIVE)
    _record_service(actor, pair, old)
    return pair


def discard(actor: Actor, intent: KeyIntent) -> None:
    """Give the intent up; its pair, when it has an unconfirmed one, lapses. Repeating it changes nothing.

    Raises: MakingOver when the pair is in service: revoke it instead; ScopeMissing.
    """
    require_scope_for(actor, intent.environment)
    lock(intent)
    if intent.discarded_at is not None:
        return
    pair = _pair_of(actor, intent) if intent.key_pair_id is not None else None
    if pair is not None and pair.state is not KeyState.PENDING:
        raise MakingOver()
    intent.discarded_at = clock.now()
    if pair is None:
        _record(actor, Event.KEY_INTENT_DISCARDED, intent)
    else:
        pair.state = KeyState.LAPSED
        _record(actor, Event.KEY_DISCARDED, pair)


def message_of(intent: KeyIntent, public: PublicHalf | None, *, base_url: str, owner: str, holder: str) -> bytes:
    """What the holder signs for this intent; owner and holder are account ids.

    public: None where it is not known yet; the last line is then empty, for the holder to complete.
    """
    return possession.message(
        base_url=base_url,
        intent_id=intent.public_id,
        nonce=intent.nonce,
        owner=owner,
        holder=holder,
        environment=intent.environment.value,
        spki_sha256=public.spki_sha256 if public else b"",
    )


def _add_pair(actor: Actor, intent: KeyIntent, public: PublicHalf, state: KeyState) -> KeyPair:
    if store.is_blocked(public.spki_sha256):
        raise KeyBlocked()
    if store.find_by_fingerprint(public.spki_sha256) is not None:
        raise KeyKnown()
    name = handing_over.free_name(intent, intent.name) if intent.replaces_id else intent.name
    if store.name_is_taken(intent, same_name(name)):
        raise KeyNameTaken(name=name)
    try:
        pair: KeyPair = store.add(_pair_for(intent, name, public, state))
    except IntegrityError as error:  # somebody was faster with the same key or the same name
        raise (KeyKnown() if "spki" in str(error.orig) else KeyNameTaken(name=intent.name)) from error
    intent.key_pair_id = pair.id
    return pair


def _pair_for(intent: KeyIntent, name: str, public: PublicHalf, state: KeyState) -> KeyPair:
    return KeyPair(
        tenant_id=intent.tenant_id,
        holder_id=intent.holder_id,
        contract_id=intent.contract_id,
        delegation_id=intent.delegation_id,
        environment=intent.environment,
        name=name,
        name_key=same_name(name),
        replaces_id=intent.replaces_id,
        spki=public.spki,
        spki_sha256=public.spki_sha256,
        bits=public.bits,
        state=state,
        origin=intent.origin,
        made_by_id=intent.person_id,
        activated_at=clock.now() if state is KeyState.ACTIVE else None,
    )


def _pair_of(actor: Actor, intent: KeyIntent) -> KeyPair:
    if intent.key_pair_id is None:
        raise MakingOver()
    return store.get_by_id(actor, intent.key_pair_id)


def require_unfinished(intent: KeyIntent) -> None:
    """Nothing, while the intent may still lead to a pair. Raises: MakingOver."""
    if intent.discarded_at is not None or clock.now() >= intent.expires_at:
        raise MakingOver()


def _require_may_go_on(actor: Actor, intent: KeyIntent) -> None:
    if intent.delegation_id != actor.delegation_id:  # the one under which it began is over, and another one runs
        raise MakingOver()
    if intent.replaces_id is None:
        require_new(actor, intent.environment, but=intent.key_pair_id)
    else:
        require_environment(actor, intent.environment)
    contract = store.contract_of(actor, intent)
    require_may_make(actor, contract, like_for_like=intent.replaces_id is not None)


def _record_service(actor: Actor, pair: KeyPair, old: KeyPair | None) -> None:
    """One event for a pair that is in service now; for a successor it tells of the old pair, too."""
    if old is not None and old.state is KeyState.COMPROMISED:
        _record(actor, Event.KEY_REPLACED, pair, before=old.name, replaced=old.api_key)
        return
    if old is None or old.retiring_until is None or old.ending is None:
        _record(actor, Event.KEY_ACTIVATED, pair)
        return
    _record(
        actor,
        Event.KEY_ROTATED,
        pair,
        before=old.name,
        replaced=old.api_key,
        until=handing_over.moment_in_words(old.retiring_until),
        ending=old.ending.value,
    )


def _record(actor: Actor, event: Event, subject: KeyIntent | KeyPair, **facts: str) -> None:
    audit.record(
        actor,
        event,
        subject,
        tenant_id=subject.tenant_id,
        also_seen_by=subject.holder_id,
        environment=subject.environment.value,
        origin=subject.origin.value,
        **facts,
    )
