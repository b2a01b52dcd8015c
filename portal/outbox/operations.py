"""Messages leave with the transaction that caused them, and are delivered after it.

`create_app` calls `configure(Sealer(kek))` once. The worker calls `worker.run_once(send)` every few seconds.
"""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from structlog import get_logger

from portal.access.rows import columns_of, insert_many
from portal.foundation import clock, ids
from portal.foundation.database import transaction
from portal.foundation.sealing import CannotUnseal, Place, Sealer
from portal.outbox import store
from portal.outbox.models import OutboxMessage

log = get_logger()

LEASE = timedelta(minutes=5)
# The wait after each failed attempt; after the eighth the message is given up. Together 41 hours and 36 minutes:
# a mail server that is away over a day loses nothing.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720, 1260))
LONGEST_ERROR = 500
KEPT = timedelta(days=30)  # after delivery: long enough to answer "did the mail leave?"

Fact = str | int | bool | None


@dataclass(frozen=True)
class Message:
    """An opened message: to whom, in which language, from which template, filled with which facts.

    `id` stays the same over all attempts, so that a message which arrives twice can be recognised.
    """

    id: uuid.UUID
    template: str
    to: str
    language: str
    facts: dict[str, Fact]
    created_at: datetime


@dataclass(frozen=True)
class Letter:
    """A message that is to be posted, as `post` takes it apart."""

    template: str
    to: str
    language: str
    facts: dict[str, Fact]
    tenant_id: uuid.UUID | None = None


Send = Callable[[Message], None]

_sealer: Sealer | None = None


def configure(sealer: Sealer) -> None:
    """Seal and open messages with this sealer from now on."""
    global _sealer
    _sealer = sealer


def post(
    template: str, to: str, language: str, facts: dict[str, Fact], tenant_id: uuid.UUID | None = None
) -> OutboxMessage:
    """A message that leaves when the caller's transaction is committed, and never when it is not.

    template: the name in templates/mail/ without its ending. facts: what the template is filled with; they are
    sealed together with the address, because links carry tokens.
    """
    return store.add(_sealed(Letter(template, to, language, facts, tenant_id)))


def post_many(letters: Sequence[Letter]) -> None:
    """As `post`, each of them, in a few statements altogether."""
    insert_many(OutboxMessage, [columns_of(_sealed(letter)) for letter in letters])


def _sealed(letter: Letter) -> OutboxMessage:
    message_id, now = ids.uuid7(), clock.now()
    content = {"to": letter.to, "language": letter.language, "facts": letter.facts}
    sealed = _get_sealer().seal(json.dumps(content, ensure_ascii=False).encode(), _place(message_id, letter.tenant_id))
    return OutboxMessage(
        id=message_id,
        template=letter.template,
        tenant_id=letter.tenant_id,
        sealed=sealed,
        created_at=now,
        due_at=now,
        attempts=0,
    )


def deliver_due(send: Send, limit: int = 20) -> int:
    """How many of at most `limit` due messages were delivered. Opens transactions of its own.

    At least once: a message is claimed under a lease, sent outside of any transaction, and settled afterwards. Whoever
    is killed in between leaves it to the next one when the lease ends.
    """
    now = clock.now()
    with transaction():
        claimed = [(row.id, row.attempts, _opened(row)) for row in store.claim(now, now + LEASE, limit)]
    return sum(_deliver(send, *parts) for parts in claimed)


def _deliver(send: Send, message_id: uuid.UUID, attempts: int, message: Message | None) -> bool:
    try:
        if message is None:
            raise CannotUnseal("sealed under another key-encryption key")
        send(message)
    except Exception as error:  # whatever goes wrong with one message must not hold up the others
        _put_off(message_id, attempts, error)
        return False
    with transaction():
        store.settle(message_id, attempts, delivered_at=clock.now(), last_error=None)
    return True


def _put_off(message_id: uuid.UUID, attempts: int, error: Exception) -> None:
    now, what = clock.now(), f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    with transaction():
        if attempts > len(WAITS):
            store.settle(message_id, attempts, given_up_at=now, last_error=what)
            log.error("mail given up", message=str(message_id), attempts=attempts, error=what)
        else:
            store.settle(message_id, attempts, due_at=now + WAITS[attempts - 1], last_error=what)


def tidy_up() -> None:
    """Delete messages that left, or were given up, 30 days ago."""
    store.forget(clock.now() - KEPT)


def read_all(limit: int) -> list[Message]:
    """The newest messages, opened, the last one first. For the demo's mailbox page only."""
    return [message for message in map(_opened, store.newest(limit)) if message is not None]


def _opened(row: OutboxMessage) -> Message | None:
    try:
        content = json.loads(_get_sealer().unseal(row.sealed, _place(row.id, row.tenant_id)))
    except CannotUnseal:
        return None
    return Message(row.id, row.template, content["to"], content["language"], content["facts"], row.created_at)


def _place(message_id: uuid.UUID, tenant_id: uuid.UUID | None) -> Place:
    return Place("outbox", "sealed", str(message_id), str(tenant_id or ""))


def _get_sealer() -> Sealer:
    if _sealer is None:
        raise RuntimeError("outbox.operations.configure() was not called")
    return _sealer
