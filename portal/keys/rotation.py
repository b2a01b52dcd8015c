"""Rotation: a successor beside the old pair for a chosen overlap, then only the successor (rules 5, 8, 9, 10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import clean_name, same_name
from portal.keys import making, store, tickets
from portal.keys.eligibility import require_may_rotate, require_runs_rotation
from portal.keys.errors import (
    AlreadyRotating,
    KeyNameTaken,
    LeakStays,
    NotInService,
    OverlapBeyondEnd,
    OverlapOutOfRange,
    OverlapRunning,
    RotationOver,
    TicketPairBeside,
)
from portal.keys.handing_over import free_name, moment_in_words
from portal.keys.material import PublicHalf
from portal.keys.models import LEAKED, KeyEnding, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.status import LIVE, MAKING_TIME, KeyStatus, status_of

# The limits: long enough for one shop, short enough that nobody forgets the old pair.
SHORTEST, LONGEST, USUAL = timedelta(hours=1), timedelta(days=90), timedelta(days=14)
ENDED_STATES = (KeyState.RETIRED, KeyState.COMPROMISED)


@dataclass(frozen=True)
class Plan:
    """How long the old pair works beside its successor, and how it then ends."""

    overlap: timedelta = USUAL
    ending: KeyEnding = KeyEnding.HELD


def begin(
    actor: Actor,
    pair: KeyPair,
    plan: Plan,
    *,
    origin: KeyOrigin,
    name: str | None = None,
    public: PublicHalf | None = None,
    forced: bool = False,
) -> KeyIntent:
    """The intent to make a successor of `pair`; the same request repeated meets the same intent.

    Nothing changes for `pair` before the successor is in service (`making.confirm`, `making.prove`). The successor
    keeps owner, holder, contract, delegation, environment and, unless another is given, the name. forced: begin
    although `pair` itself still replaces another one; a leak needs no force. A plan that says leak declares it: the
    public half is blocked from now on, whatever becomes of the successor; doors call `impact.leaks`, which tells
    people. Raises: NotInService, AlreadyRotating, LeakStays when it leaked and the plan says otherwise, OverlapRunning,
    OverlapOutOfRange, OverlapBeyondEnd, KeyNameTaken, and the refusals of `eligibility`.
    """
    store.hold(pair)  # puts repeated requests in order
    require_may_rotate(actor, pair)
    _require_rotatable(pair)
    _require_in_range(pair, plan)
    intent = intent_for(actor, pair, plan, origin, name, public)
    if plan.ending is KeyEnding.LEAK:
        event = Event.LEAK_DECLARED if store.block(pair.spki_sha256, LEAKED) else Event.REPLACEMENT_INTENDED
        return making.open_intent(actor, intent, event, before=pair.name, replaced=pair.api_key)
    if store.is_leaked(pair):
        raise LeakStays()
    if not forced:
        _require_no_overlap(pair)
        if tickets.has_another(pair):
            raise TicketPairBeside()
    return making.open_intent(actor, intent, Event.ROTATION_INTENDED)


def change_end(actor: Actor, pair: KeyPair, plan: Plan, *, version: int) -> None:
    """Let the retiring pair end `plan.overlap` from now, in the way the plan says: extend it, or draw it nearer.

    Raises: RotationOver, LeakStays when it leaked and the plan says otherwise, OverlapOutOfRange, OverlapBeyondEnd,
    Changed and the refusals of `require_runs_rotation`.
    """
    _hold_retiring(actor, pair)
    until = clock.now() + plan.overlap
    _require_version(pair, version, until)
    if pair.ending is KeyEnding.LEAK and plan.ending is not KeyEnding.LEAK:
        raise LeakStays()
    _require_in_range(pair, plan)
    if plan.ending is KeyEnding.LEAK:
        store.block(pair.spki_sha256, LEAKED)
    pair.retiring_until, pair.ending = until, plan.ending
    _record(actor, Event.KEY_END_CHANGED, pair, until=moment_in_words(until), ending=plan.ending.value)


def end_early(actor: Actor, pair: KeyPair, *, version: int) -> None:
    """Take the retiring pair out of service now. Repeating it changes nothing.

    Raises: RotationOver, Changed and the refusals of `require_runs_rotation`.
    """
    store.hold(pair)
    require_runs_rotation(actor, pair)
    if pair.state in ENDED_STATES:
        return
    _require_retiring(pair)
    _require_version(pair, version, clock.now())
    _end(pair)
    _record(actor, Event.KEY_ENDED_EARLY, pair)


def roll_back(actor: Actor, pair: KeyPair, *, version: int) -> KeyPair | None:
    """Make the retiring pair the one in use again, for good. Returns its successor, which goes on beside it, if any.

    Shops that moved to the successor keep working: to stop it is an act of its own, with a blast radius of its own. The
    pair has its name back; a successor that bears it gets a number. Repeating it changes nothing.
    Raises: RotationOver, LeakStays, Changed and the refusals of `require_runs_rotation`.
    """
    store.hold(pair)
    require_runs_rotation(actor, pair)
    if pair.state is KeyState.ACTIVE:
        return None
    _require_retiring(pair)
    _require_version(pair, version, None)
    if pair.ending is KeyEnding.LEAK:
        raise LeakStays()
    successor = store.hold_successor_of(pair)
    if successor is not None:
        _set_free(successor, pair)
    _reinstate(pair)
    beside = {"successor": successor.name, "successor_key": successor.api_key} if successor else {"successor": "–"}
    _record(actor, Event.KEY_ROLLED_BACK, pair, **beside)
    return successor


def end_by_clock(actor: Actor, pair: KeyPair) -> None:
    """Store that the overlap is over, for the worker, which holds the pair and has seen that nothing keeps it open."""
    _end(pair)
    event = Event.KEY_COMPROMISED if pair.state is KeyState.COMPROMISED else Event.KEY_RETIRED
    _record(actor, event, pair)


def intent_for(
    actor: Actor, pair: KeyPair, plan: Plan, origin: KeyOrigin, name: str | None, public: PublicHalf | None
) -> KeyIntent:
    """What fixes a successor of `pair` before any key exists; not on record yet."""
    return KeyIntent(
        tenant_id=pair.tenant_id,
        holder_id=pair.holder_id,
        contract_id=pair.contract_id,
        delegation_id=pair.delegation_id,
        environment=pair.environment,
        name=pair.name if name is None else clean_name(name),
        origin=origin,
        person_id=actor.person_id,
        spki=public.spki if public else None,
        replaces_id=pair.id,
        overlap_seconds=int(plan.overlap.total_seconds()),
        ending=plan.ending,
        expires_at=clock.now() + MAKING_TIME,
    )


def _require_rotatable(pair: KeyPair) -> None:
    if pair.state is KeyState.RETIRING:
        raise AlreadyRotating()
    if status_of(pair, clock.now()) is not KeyStatus.ACTIVE:
        raise NotInService()


def _require_no_overlap(pair: KeyPair) -> None:
    old = store.predecessor_of(pair)
    if old is not None and status_of(old, clock.now()) in LIVE:
        raise OverlapRunning(old=old.name)


def _require_in_range(pair: KeyPair, plan: Plan) -> None:
    # What leaked may end as soon as its successor is in service.
    shortest = timedelta() if plan.ending is KeyEnding.LEAK else SHORTEST
    if not shortest <= plan.overlap <= LONGEST:
        raise OverlapOutOfRange()
    if pair.expires_at is not None and clock.now() + plan.overlap > pair.expires_at:
        raise OverlapBeyondEnd(until=moment_in_words(pair.expires_at))


def _hold_retiring(actor: Actor, pair: KeyPair) -> None:
    store.hold(pair)
    require_runs_rotation(actor, pair)
    _require_retiring(pair)


def _require_retiring(pair: KeyPair) -> None:
    if pair.state is not KeyState.RETIRING or _is_past_its_end(pair):
        raise RotationOver()


def _is_past_its_end(pair: KeyPair) -> bool:
    return pair.stops_at is not None and clock.now() >= pair.stops_at


def _require_version(pair: KeyPair, version: int, wanted: datetime | None) -> None:
    if pair.version == version:
        return
    now = moment_in_words(pair.retiring_until) if pair.retiring_until else ""
    yours = moment_in_words(wanted) if wanted else N_("No end")
    raise Changed(versions=[(N_("End of the old key pair"), yours, now)])


def _end(pair: KeyPair) -> None:
    pair.state = KeyState.COMPROMISED if pair.ending is KeyEnding.LEAK else KeyState.RETIRED
    pair.retired_at = clock.now()


def _set_free(successor: KeyPair, pair: KeyPair) -> None:
    successor.replaces_id = None
    if successor.name_key == pair.name_key:
        successor.name = free_name(successor, successor.name, numbered=True)
        successor.name_key = same_name(successor.name)
    db.session.flush()  # the name is free from here on


def _reinstate(pair: KeyPair) -> None:
    pair.name = free_name(pair, pair.name)
    pair.name_key = same_name(pair.name)
    pair.state = KeyState.ACTIVE
    pair.retiring_since, pair.retiring_until, pair.ending = None, None, None
    try:
        db.session.flush()
    except IntegrityError as error:  # somebody was faster with the name
        raise KeyNameTaken(name=pair.name) from error


def _record(actor: Actor, event: Event, pair: KeyPair, **facts: str) -> None:
    audit.record(
        actor,
        event,
        pair,
        tenant_id=pair.tenant_id,
        also_seen_by=pair.holder_id,
        environment=pair.environment.value,
        **facts,
    )
