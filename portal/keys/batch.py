"""Making several pairs at once with the command line: one intent and one one-time code for each name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.contracts.models import Contract
from portal.foundation import clock
from portal.foundation.database import db, lock
from portal.foundation.errors import PortalError
from portal.foundation.words import clean_name, refuse_private_key, same_name
from portal.keys import commanding, intent_store, making, store
from portal.keys.eligibility import require_environment, require_may_make, require_new
from portal.keys.errors import KeyNameTaken, LinesRefused, NameTwice, NoNames, TooManyNames
from portal.keys.models import KeyIntent, KeyOrigin

MOST = 500


@dataclass(frozen=True)
class Line:
    """One name, and the number of the line it stands in."""

    number: int
    name: str


@dataclass(frozen=True)
class Batch:
    """What a request for several pairs led to. Codes are shown once; they end with their intents."""

    codes: list[tuple[str, str]]  # (code, name), as the names were given
    made_already: list[str]
    made_void: int  # how many codes that were shown before are good for nothing from now on
    ends_at: datetime  # the first end of any of the intents


def read_names(text: str) -> list[Line]:
    """The names in `text`, one a line, cleaned; empty lines are passed over.

    Raises: NoNames, TooManyNames, HoldsPrivateKey, and LinesRefused with what is wrong with each line.
    """
    refuse_private_key(text)
    given = [Line(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if not given:
        raise NoNames()
    if len(given) > MOST:
        raise TooManyNames(most=MOST, given=len(given))
    read: dict[str, Line] = {}
    refused: list[tuple[int, PortalError]] = []
    for line in given:
        try:
            name = clean_name(line.name)
            first = read.setdefault(same_name(name), Line(line.number, name))
            if first.number != line.number:
                raise NameTwice(name=name, first=first.number)
        except PortalError as refusal:
            refused.append((line.number, refusal))
    if refused:
        raise LinesRefused(refused)
    return list(read.values())


def begin(actor: Actor, *, environment: Environment, contract: Contract, lines: Sequence[Line]) -> Batch:
    """An intent with a new code for each name; the same request repeated meets the same intents.

    A name under which the same person made a pair that way is passed over: a batch that was interrupted is asked for
    again as it was. Raises: the refusals of `eligibility`, and LinesRefused with KeyNameTaken.
    """
    lock(contract)  # puts repeated requests in order
    drafts = [
        making.draft(actor, environment=environment, contract=contract, name=line.name, origin=KeyOrigin.COMMAND)
        for line in lines
    ]
    # Before the delegation, as a proof does: two that hold them in another order wait for each other for ever.
    intent_store.hold_open(drafts[0], [draft.name for draft in drafts], clock.now())
    require_environment(actor, environment)
    require_may_make(actor, contract)
    require_new(actor, environment)
    made = intent_store.made_by_command(drafts[0], [draft.name for draft in drafts])
    wanted = [(line, draft) for line, draft in zip(lines, drafts, strict=True) if draft.name not in made]
    _refuse_taken(wanted)
    _require_room(actor, len(wanted))
    return _shown(actor, [draft for _line, draft in wanted], [line.name for line in lines if line.name in made])


def _require_room(actor: Actor, count: int) -> None:
    delegation = store.delegation_of(actor) if actor.acts_for_client else None
    if delegation is not None and delegation.one_pair and count > 1:
        raise TooManyNames(most=1, given=count)


def _refuse_taken(wanted: list[tuple[Line, KeyIntent]]) -> None:
    keys = [same_name(draft.name) for _line, draft in wanted]
    taken = store.names_taken(wanted[0][1], keys) if wanted else set()
    refused: list[tuple[int, PortalError]] = [
        (line.number, KeyNameTaken(name=line.name)) for line, _draft in wanted if same_name(line.name) in taken
    ]
    if refused:
        raise LinesRefused(refused)


def _shown(actor: Actor, drafts: list[KeyIntent], made_already: list[str]) -> Batch:
    known = intent_store.hold_open(drafts[0], [draft.name for draft in drafts], clock.now()) if drafts else {}
    made_void = sum(intent.code_hash is not None for intent in known.values())
    intents = [known.get(draft.name, draft) for draft in drafts]
    codes = [(commanding.give_code(intent), intent.name) for intent in intents]
    db.session.add_all(intents)
    db.session.flush()
    for intent in intents:
        _record(actor, intent)
    ends_at = min((intent.expires_at for intent in intents), default=clock.now())
    return Batch(codes, made_already, made_void, ends_at)


def _record(actor: Actor, intent: KeyIntent) -> None:
    """One event for intent and code: they are one act here."""
    audit.record(
        actor,
        Event.KEY_CODE_SHOWN,
        intent,
        tenant_id=intent.tenant_id,
        also_seen_by=intent.holder_id,
        environment=intent.environment.value,
        origin=intent.origin.value,
    )
