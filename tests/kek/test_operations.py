"""Rotating the key-encryption key: everything is sealed anew, nothing is lost, and what is wrong is said."""

import pytest
from sqlalchemy import Engine, event, select, update

from portal.access.rows import SCOPE, Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.foundation.sealed import sealed_columns
from portal.foundation.sealing import Sealer
from portal.kek import operations as keks
from portal.kek import store
from portal.kek.errors import KekMissing
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.webhooks.models import WebhookSecret
from tests.factories import a_licensee, a_vendor
from tests.kek.scenes import (
    MADE,
    NEW,
    NEW_ID,
    OLD,
    OLD_ID,
    REFUSAL,
    STRANGE,
    STRANGE_ID,
    a_mail,
    begin_with,
    fill,
    ids_in_use,
    opened,
    rotated,
    stored,
)

pytestmark = pytest.mark.usefixtures("in_small_portions")


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def events() -> list[AuditEvent]:
    db.session.rollback()
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event.startswith("kek."))
    return list(db.session.scalars(rows.order_by(AuditEvent.seq)))


def mails() -> list[OutboxMessage]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def put(mail: OutboxMessage, sealed: str) -> None:
    """As if somebody had written this into the row."""
    with transaction():
        db.session.execute(update(OutboxMessage).where(OutboxMessage.id == mail.id).values(sealed=sealed))


def test_each_sealed_column_says_how_its_values_come_to_be():
    assert MADE.keys() == {str(column) for column in sealed_columns()}


def test_everything_is_sealed_anew_and_opens_as_before(app, owner, operator):
    fill(owner, 3)
    before = opened()
    begin_with(app, NEW, OLD)

    rotation = rotated(operator)

    assert rotation.is_finished
    assert {tally.column: (tally.anew, tally.found) for tally in rotation.tallies} == {
        "identity_providers.client_secret": (3, 3),
        "outbox.sealed": (6, 6),
        "second_factors.sealed": (3, 3),
        "signing_keys.sealed": (9, 9),
        "webhook_secrets.sealed": (3, 3),
    }
    begin_with(app, NEW)
    assert ids_in_use() == {NEW_ID}
    assert opened() == before


def test_a_second_rotation_changes_nothing_and_is_no_event(app, owner, operator):
    fill(owner)
    begin_with(app, NEW, OLD)
    rotated(operator)
    before, told = stored(), len(events())

    rotation = rotated(operator)

    assert [tally.anew for tally in rotation.tallies] == [0] * len(MADE)
    assert stored() == before
    assert len(events()) == told


def test_values_of_all_tenants_are_sealed_anew(app, owner, operator):
    fill(owner)
    fill(a_licensee())
    begin_with(app, NEW, OLD)

    rotated(operator)

    begin_with(app, NEW)
    assert len(opened()) == len(stored()) == 16
    assert ids_in_use() == {NEW_ID}


def test_nothing_but_the_sealed_text_changes(app, owner, operator):
    fill(owner)

    def rest() -> list[tuple[object, ...]]:
        db.session.rollback()
        columns = [column for column in OutboxMessage.__table__.columns if column.name != "sealed"]
        of_secrets = [column for column in WebhookSecret.__table__.columns if column.name != "sealed"]
        found = [tuple(row) for row in db.session.execute(select(*columns).order_by(OutboxMessage.id))]
        secrets = across_tenants(*of_secrets, reason=Reader.UPKEEP).order_by(WebhookSecret.id)
        return found + [tuple(row) for row in db.session.execute(secrets)]

    before = rest()
    begin_with(app, NEW, OLD)

    rotated(operator)

    assert rest() == before


def test_who_is_killed_at_any_statement_loses_nothing_and_the_next_one_goes_on(app, owner, operator):
    fill(owner)
    before = opened()
    begin_with(app, NEW, OLD)
    number, died, finished = 0, 0, False

    def die(_connection, _cursor, _statement, _parameters, _context, _many):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    while not finished:
        number, left = number + 1, number
        event.listen(Engine, "before_cursor_execute", die)
        try:
            finished = rotated(operator).is_finished
        except Killed:
            died += 1
        finally:
            event.remove(Engine, "before_cursor_execute", die)
        assert opened() == before

    print(f"killed at {died} statements, one after the other; {len(before)} values open after each")
    assert died > 10
    assert ids_in_use() == {NEW_ID}


def test_a_value_that_changed_since_it_was_read_is_left_as_it_is(app, owner, operator, monkeypatch):
    fill(owner)
    begin_with(app, NEW, OLD)
    hold, put_there = store.hold, []

    def late(column, keys):
        rows = hold(column, keys)
        if column.table.name == "outbox" and not put_there:
            mail = db.session.get(OutboxMessage, rows[0]["id"])
            put_there.append(outbox._get_sealer().seal(b'{"to": 1}', outbox._place(mail.id, mail.tenant_id)))
            changed = update(OutboxMessage).where(OutboxMessage.id == mail.id).values(sealed=put_there[0])
            db.session.execute(changed, execution_options={SCOPE: Reader.UPKEEP})
        return rows

    monkeypatch.setattr(store, "hold", late)

    assert rotated(operator).is_finished
    assert put_there[0] in stored()


def test_a_row_that_was_deleted_meanwhile_is_no_failure(app, owner, operator):
    fill(owner, 2)
    begin_with(app, NEW, OLD)
    rotation = keks.Rotation(operator)
    steps = rotation.run()
    next(steps)

    with transaction():
        db.session.delete(db.session.merge(mails()[-1]))
    list(steps)

    assert rotation.is_finished
    assert not any(tally.closed for tally in rotation.tallies)
    assert ids_in_use() == {NEW_ID}


def test_what_others_seal_under_the_old_key_meanwhile_is_found(app, owner, operator):
    fill(owner)
    begin_with(app, NEW, OLD)
    rotation = keks.Rotation(operator)
    steps = rotation.run()
    for _ in steps:
        if len(stored()) == 8:  # a process that was not started anew yet
            begin_with(app, OLD, NEW)
            with transaction():
                a_mail(owner)
            begin_with(app, NEW, OLD)

    assert rotation.is_finished
    assert ids_in_use() == {NEW_ID}


def test_a_process_that_goes_on_under_the_old_key_is_noticed(app, owner, operator, monkeypatch):
    monkeypatch.setattr(keks, "PASSES", 3)
    fill(owner)
    begin_with(app, NEW, OLD)
    rotation = keks.Rotation(operator)

    for _ in rotation.run():
        begin_with(app, OLD, NEW)
        with transaction():
            a_mail(owner)
        begin_with(app, NEW, OLD)
        if len(mails()) > 60:
            pytest.fail("it does not end")

    assert not rotation.is_finished


@pytest.mark.parametrize("wrong", ["of another row", "changed", "of an unknown key"])
def test_a_value_that_does_not_open_is_named_and_holds_up_no_other(wrong, app, owner, operator):
    fill(owner, 2)
    first, second, *_ = mails()
    strange = Sealer(STRANGE).seal(b"{}", outbox._place(first.id, first.tenant_id))
    last = "A" if first.sealed[-2] != "A" else "B"
    put(
        first,
        {"of another row": second.sealed, "changed": first.sealed[:-2] + last + first.sealed[-1]}.get(wrong, strange),
    )
    begin_with(app, NEW, OLD)

    rotation = rotated(operator)

    ((row, closed),) = {tally.column: tally for tally in rotation.tallies}["outbox.sealed"].closed.items()
    assert row == (first.id,)
    assert closed.row == str(first.id)
    assert (STRANGE_ID in closed.why) is (wrong == "of an unknown key")
    assert rotation.is_finished
    assert len([sealed for sealed in stored() if f".{NEW_ID}." in sealed]) == len(stored()) - 1


def test_values_under_a_lost_key_are_left_alone(app, owner, operator):
    fill(owner)
    begin_with(app, NEW, lost=OLD_ID)
    before = stored()

    rotation = rotated(operator)

    assert rotation.is_finished
    assert not any(tally.closed for tally in rotation.tallies)
    assert stored() == before


def test_a_rotation_is_on_the_vendors_record_from_its_first_change_on(app, owner, operator):
    vendor = a_vendor()
    fill(owner)
    begin_with(app, NEW, OLD)
    rotation = keks.Rotation(vendor)

    next(rotation.run())
    begun = [(row.event, row.subject_label, row.facts) for row in events()]
    rotated(vendor)

    assert begun == [("kek.rotation_begun", NEW_ID, {"values": 8})]
    assert [row.event for row in events()] == ["kek.rotation_begun"] * 2 + ["kek.rotated"]
    assert {row.tenant_id for row in events()} == {vendor.tenant_id}
    assert events()[-1].facts == {"values": 7}


def test_if_the_record_cannot_be_written_nothing_is_sealed_anew(app, owner, operator, monkeypatch):
    fill(owner)
    begin_with(app, NEW, OLD)
    before = stored()

    def fail(*_words):
        raise ConnectionError

    monkeypatch.setattr("portal.audit.operations.insert_many", fail)
    with pytest.raises(ConnectionError):
        rotated(operator)

    assert stored() == before


def test_which_keys_are_in_use_is_told_by_column(app, owner):
    fill(owner)
    begin_with(app, NEW, OLD)
    with transaction():
        a_mail(owner)

    assert set(keks.in_use()) == {
        keks.Use("identity_providers.client_secret", OLD_ID, 1),
        keks.Use("outbox.sealed", OLD_ID, 2),
        keks.Use("outbox.sealed", NEW_ID, 2),
        keks.Use("second_factors.sealed", OLD_ID, 1),
        keks.Use("signing_keys.sealed", OLD_ID, 3),
        keks.Use("webhook_secrets.sealed", OLD_ID, 1),
    }


def test_a_portal_begins_with_the_keys_that_are_in_use(app, owner):
    fill(owner)
    begin_with(app, NEW, OLD)

    keks.require_here()


def test_a_portal_on_an_empty_database_begins_with_any_key(app):
    begin_with(app, STRANGE)

    keks.require_here()


def test_a_portal_does_not_begin_without_a_key_that_is_in_use(app, owner):
    fill(owner)
    begin_with(app, STRANGE)

    with pytest.raises(KekMissing) as refusal:
        keks.require_here()

    sentence = refusal.value.in_english()
    assert REFUSAL in sentence
    assert "KEK_OTHERS" in sentence
    assert "KEK_LOST" in sentence


def test_one_value_under_an_unknown_key_is_enough(app, owner, operator):
    fill(owner, 2)
    begin_with(app, NEW, OLD)
    next(keks.Rotation(operator).run())
    begin_with(app, NEW)

    with pytest.raises(KekMissing):
        keks.require_here()


def test_a_portal_begins_when_the_key_is_known_to_be_lost(app, owner):
    fill(owner)
    begin_with(app, NEW, lost=OLD_ID)

    keks.require_here()
