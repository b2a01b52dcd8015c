"""Somebody lost the second factor and the recovery codes. It takes two other people, 24 hours, and a word to everybody.

Who asks has given the password. Who manages an account of theirs vouches, an operator carries it out after 24 hours,
and the person can stop it all the while (docs/decisions/0017).
"""

import uuid
from collections.abc import Collection
from datetime import timedelta

from portal.access.actor import Actor, require
from portal.access.roles import PERMISSIONS, VENDOR_ROLES, Permission
from portal.accounts import factor_store, mailed_store, recovery_store, store
from portal.accounts.errors import (
    NobodyVouched,
    NotByOneself,
    OthersVouch,
    RecoveryOver,
    RecoveryTooEarly,
    SignInLapsed,
    StopLinkGone,
)
from portal.accounts.models import (
    FactorRecovery,
    MailedToken,
    MailPurpose,
    Means,
    Person,
    RecoveryOutcome,
    as_person,
)
from portal.accounts.passwords import ChosenPassword
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.errors import NotFound, PortalError
from portal.foundation.sealing import new_token, token_hash
from portal.outbox import operations as outbox
from portal.tenants import store as tenants

WAIT = timedelta(hours=24)
# How long a request waits for somebody to vouch, and then, once it may be, to be carried out.
PATIENCE = timedelta(days=7)
LINK_GOOD_FOR = 2 * PATIENCE + WAIT
AT_ONCE = 100
# What nobody has who lost the second factor. An account's identity provider speaks for that account only.
KEPT = frozenset({Means.TOTP, Means.PASSKEY, Means.RECOVERY_CODE})
STOPS = (MailPurpose.STOP_ASKED, MailPurpose.STOP_VOUCHED)


def ask_for_recovery(token: str) -> FactorRecovery:
    """The open request of who gave the password to the sign-in `token`, which waits for its second step.

    The person and all who manage their accounts are told; where nobody else manages one, the vendor's staff. Asking
    again is the same request. Raises: SignInLapsed, also where an identity provider took the place of the password.
    """
    person = _waiting(token)
    lock(person)
    _waiting(token)
    found = recovery_store.find_open(person.id)
    if found is not None:
        return found
    recovery = store.add(FactorRecovery(person_id=person.id))
    recovery.person = person
    _tell_person("recovery_asked", person, MailPurpose.STOP_ASKED)
    _tell_others("recovery_asked_told", person)
    audit.record(as_person(person), Event.RECOVERY_ASKED, person, also_seen_by=_homes(person))
    return recovery


def vouch_for_recovery(actor: Actor, recovery_id: uuid.UUID) -> FactorRecovery:
    """`actor` knows that it is this person who asked. From 24 hours from now on it may be carried out.

    By who manages an account to which the person belongs; by the vendor's staff where nobody else does. All are told
    anew. Vouched already, nothing changes, as long as that word counts. Raises: NotAllowed, NotFound, NotByOneself,
    OthersVouch, RecoveryOver.
    """
    recovery = _hold(recovery_id)
    require_may_vouch(actor, recovery.person)
    _require_open(recovery)
    if is_vouched(recovery):
        return recovery
    person, now = recovery.person, clock.now()
    recovery.vouched_by_id, recovery.vouched_in_id = actor.person_id, actor.tenant_id
    recovery.vouched_at, recovery.due_at = now, now + WAIT
    due = f"{recovery.due_at:%Y-%m-%d %H:%M}"
    _tell_person("recovery_vouched", person, MailPurpose.STOP_VOUCHED, by=actor.label, due=due)
    _tell_others("recovery_vouched_told", person, due=due)
    _tell_operators(person, due)
    audit.record(actor, Event.RECOVERY_VOUCHED, person, also_seen_by=_seen_by(actor, person), due=f"{due} UTC")
    return recovery


def refuse_recovery(actor: Actor, recovery_id: uuid.UUID) -> FactorRecovery:
    """Nothing is removed. By who may vouch, or by an operator. Raises: as `vouch_for_recovery`."""
    recovery = _hold(recovery_id)
    if actor.may(Permission.PERSON_KEEP):
        _require_another(actor, recovery.person_id)
    else:
        require_may_vouch(actor, recovery.person)
    _require_open(recovery)
    _close(recovery, RecoveryOutcome.REFUSED, actor.person_id)
    _tell_person("recovery_refused", recovery.person)
    _tell_others("recovery_over_told", recovery.person)
    audit.record(actor, Event.RECOVERY_REFUSED, recovery.person, also_seen_by=_seen_by(actor, recovery.person))
    return recovery


def carry_out_recovery(actor: Actor, recovery_id: uuid.UUID, nobodys: ChosenPassword) -> FactorRecovery:
    """All second factors and recovery codes of the person are removed, apps and passkeys alike, and all sessions end.

    The password ends, too: it may be too short to stand alone. The link to a new one, in a mail, asks for it once more:
    neither who knows it nor who reads the mail gets in alone. Wherever an account asks for a second factor, no days of
    grace are left. nobodys: as `passwords.nobodys` gives it, made before the transaction.
    Raises: NotAllowed for who is no operator, NotByOneself for the person and for who vouched, RecoveryOver,
    NobodyVouched when nobody did or who did may no longer, RecoveryTooEarly.
    """
    require(actor, Permission.PERSON_KEEP)
    recovery = _hold(recovery_id)
    person = recovery.person
    _require_another(actor, person.id, recovery.vouched_by_id)
    _require_open(recovery)
    if not is_vouched(recovery):
        raise NobodyVouched()
    if recovery.due_at is None or clock.now() < recovery.due_at:
        raise RecoveryTooEarly(moment=f"{recovery.due_at:%Y-%m-%d %H:%M}")

    for factor in factor_store.second_factors(person.id):
        factor_store.delete_factor(factor.id)
    factor_store.replace_recovery_codes(person.id, [])
    person.former_hash = person.former_hash or person.password_hash
    person.password_hash = nobodys.hash
    person.recovered_at = clock.now()
    store.end_sessions(person.id, clock.now())
    factor_store.drop_pending_sign_ins(person.id)
    mailed_store.drop_token(person.id, MailPurpose.RESET)
    _close(recovery, RecoveryOutcome.DONE, actor.person_id)
    _tell_person("recovery_done", person)
    _tell_others("recovery_done_told", person)
    audit.record(actor, Event.RECOVERY_DONE, person, also_seen_by=_homes(person))
    return recovery


def recovery_to_stop(token: str) -> Person:
    """Whose request the link with this token stops. Looking changes nothing. Raises: StopLinkGone."""
    found = _stop_token(token)
    if found is None or recovery_store.find_open(found.person_id) is None:
        raise StopLinkGone()
    return found.person


def stop_recovery(token: str) -> None:
    """Nothing is removed: the person says so, by the link in a mail. No sign-in waits for a code any more.

    Raises: StopLinkGone.
    """
    person = recovery_to_stop(token)
    lock(person)
    if _stop_token(token) is None or not _stop(person):
        raise StopLinkGone()
    factor_store.drop_pending_sign_ins(person.id)


def stop_by_factor(person: Person, means: Collection[Means]) -> None:
    """Stop an open request of who just proved a second factor, so has not lost it. Nothing without one.

    The person is locked before.
    """
    if KEPT & set(means):
        _stop(person)


def close_of(actor: Actor, person: Person) -> None:
    """Close an open request of who is disabled; the event is that of the act."""
    found = recovery_store.find_open(person.id)
    if found is not None:
        _close(found, RecoveryOutcome.REFUSED, actor.person_id)


def lapse_recoveries(actor: Actor) -> int:
    """How many requests ended because nobody vouched, or carried them out, for seven days; at most 100."""
    found = recovery_store.due(clock.now(), PATIENCE, AT_ONCE)
    for recovery in found:
        _close(recovery, RecoveryOutcome.LAPSED, None)
        _tell_person("recovery_refused", recovery.person)
        _tell_others("recovery_over_told", recovery.person)
        audit.record(actor, Event.RECOVERY_LAPSED, recovery.person, also_seen_by=_homes(recovery.person))
    return len(found)


def require_may_vouch(actor: Actor, person: Person) -> None:
    """Nothing, when the actor may vouch for this person. Raises: NotAllowed, NotFound, NotByOneself, OthersVouch."""
    require(actor, Permission.MEMBERS_MANAGE)
    _require_another(actor, person.id)
    if actor.tenant_id is not None and store.find_live_membership(actor.tenant_id, person.id) is not None:
        return
    if actor.role not in VENDOR_ROLES:
        raise NotFound()
    if _managers(person):
        raise OthersVouch()


def is_vouched(recovery: FactorRecovery) -> bool:
    """Whether somebody vouched who still manages the account for which they did."""
    by, where = recovery.vouched_by, recovery.vouched_in_id
    if by is None or where is None or not by.is_active:
        return False
    membership = store.find_live_membership(where, by.id)
    return membership is not None and Permission.MEMBERS_MANAGE in PERMISSIONS[membership.role]


def _waiting(token: str) -> Person:
    """Who gave the password to this sign-in."""
    found = factor_store.pending_sign_in(token_hash(token), clock.now())
    if found is None or found.vouched_by_id is not None or not found.person.is_active:
        raise SignInLapsed()
    return found.person


def _hold(recovery_id: uuid.UUID) -> FactorRecovery:
    """The request, and before it its person, kept from changing: signing in takes them in this order, too."""
    lock(recovery_store.get(recovery_id).person)
    return recovery_store.hold(recovery_id)


def may_vouch(actor: Actor, person: Person) -> bool:
    """Whether `require_may_vouch` says nothing."""
    try:
        require_may_vouch(actor, person)
    except PortalError:
        return False
    return True


def _require_another(actor: Actor, *others: uuid.UUID | None) -> None:
    # The portal itself is nobody, and nobody does not count as one of two people.
    if actor.person_id is None or actor.person_id in others:
        raise NotByOneself()


def _require_open(recovery: FactorRecovery) -> None:
    if recovery.closed_at is not None or not recovery.person.is_active:
        raise RecoveryOver()


def _stop(person: Person) -> bool:
    found = recovery_store.find_open(person.id)
    if found is None:
        return False
    _close(found, RecoveryOutcome.STOPPED, person.id)
    _tell_others("recovery_over_told", person)
    audit.record(as_person(person), Event.RECOVERY_STOPPED, person, also_seen_by=_homes(person))
    return True


def _close(recovery: FactorRecovery, outcome: RecoveryOutcome, by_id: uuid.UUID | None) -> None:
    recovery.outcome, recovery.closed_at, recovery.closed_by_id = outcome, clock.now(), by_id
    for purpose in STOPS:
        mailed_store.drop_token(recovery.person_id, purpose)


def _stop_token(token: str) -> MailedToken | None:
    found = (mailed_store.find_token(token_hash(token), purpose, clock.now()) for purpose in STOPS)
    return next((one for one in found if one is not None), None)


def _homes(person: Person) -> list[uuid.UUID]:
    return [row.tenant_id for row in store.memberships_of(person.id)]


def _seen_by(actor: Actor, person: Person) -> list[uuid.UUID]:
    """Whoever acts at home is named to no other account; the vendor's staff is to each of them."""
    return _homes(person) if actor.role in VENDOR_ROLES else []


def _managers(person: Person) -> list[Person]:
    """Who else manages an account to which the person belongs, each once."""
    found = {one.id: one for home in _homes(person) for one in store.people_with(home, Permission.MEMBERS_MANAGE)}
    return [one for one in found.values() if one.id != person.id]


def _staff(wanted: Permission, person: Person) -> list[Person]:
    vendor = tenants.find_vendor()
    found = store.people_with(vendor.id, wanted) if vendor else []
    return [one for one in found if one.id != person.id]


def _tell_person(template: str, person: Person, link: MailPurpose | None = None, **more: str) -> None:
    facts: dict[str, outbox.Fact] = {"name": person.name, **more}
    if link is not None:
        token = new_token()
        mailed_store.keep_token(person.id, link, token_hash(token), clock.now() + LINK_GOOD_FOR)
        facts["token"] = token
    outbox.post(template, person.email, person.language.value, facts)


def _tell_others(template: str, person: Person, **more: str) -> None:
    for one in _managers(person) or _staff(Permission.MEMBERS_MANAGE, person):
        facts: dict[str, outbox.Fact] = {"name": one.name, "who": person.name, "email": person.email, **more}
        outbox.post(template, one.email, one.language.value, facts)


def _tell_operators(person: Person, due: str) -> None:
    for one in _staff(Permission.PERSON_KEEP, person):
        facts: dict[str, outbox.Fact] = {"name": one.name, "who": person.name, "email": person.email, "due": due}
        outbox.post("recovery_to_carry_out", one.email, one.language.value, facts)
