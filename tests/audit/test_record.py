"""The record: one event an act, in the act's own transaction, in the chain of whom it concerns (rule 21)."""

from itertools import pairwise

import pytest
from sqlalchemy import func, select

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.audit import store
from portal.audit.events import Event
from portal.audit.models import AuditChain, AuditEvent
from portal.audit.sentences import SENTENCES
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Denied
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import a_delegation, a_licensee, a_member, a_person, a_tenant, an_integrator, tenant_of


def events_of(tenant_id) -> list[AuditEvent]:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.chain_id == tenant_id)
    return list(db.session.scalars(rows.order_by(AuditEvent.seq)))


def count() -> int:
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(AuditEvent)) or 0


def rename(owner, name: str) -> None:
    tenants.rename(owner, name, tenant_of(owner).version)


def rename_and_be_refused(owner) -> None:
    with transaction():
        rename(owner, "Borealis")
        tenants.set_standing(owner, tenant_of(owner), Standing.SUSPENDED)


@pytest.fixture
def owner():
    return a_member(a_tenant("Aurora"))


def test_an_act_is_one_event_that_says_who_did_what_to_what(owner):
    with transaction():
        rename(owner, "Borealis")

    event = events_of(owner.tenant_id)[-1]
    assert (event.event, event.actor_id, event.actor_label) == ("tenant.renamed", owner.person_id, owner.label)
    assert (event.subject_type, event.subject_id) == ("tenant", tenant_of(owner).account_id)
    assert (event.subject_label, event.facts) == ("Borealis", {"before": "Aurora"})
    assert (event.actor_home_id, event.refused, event.copy_of) == (owner.tenant_id, False, None)


def test_several_acts_of_one_transaction_are_as_many_events(owner):
    before = count()

    with transaction():
        tenants.make_request_code(owner)
        tenants.make_request_code(owner)

    assert count() == before + 2


def test_an_act_that_is_rolled_back_leaves_no_event(owner):
    before = count()

    with pytest.raises(NotAllowed):
        rename_and_be_refused(owner)
    with transaction():
        pass

    assert count() == before
    assert tenant_of(owner).name == "Aurora"


def test_an_act_whose_event_cannot_be_written_does_not_happen(owner, monkeypatch):
    def fail(_row):
        raise RuntimeError("the record is full")

    monkeypatch.setattr(audit, "fingerprint", fail)
    with pytest.raises(RuntimeError), transaction():
        rename(owner, "Borealis")

    assert tenant_of(owner).name == "Aurora"


def test_each_tenant_has_a_chain_of_its_own_numbered_from_one():
    first, second = a_tenant(), a_tenant()

    assert [event.seq for event in events_of(first.id)] == [1]
    assert [event.seq for event in events_of(second.id)] == [1]


def test_each_event_holds_the_hash_of_the_one_before_it():
    owner = a_licensee()
    events = events_of(owner.tenant_id)

    assert events[0].previous_hash == audit.GENESIS
    assert all(later.previous_hash == earlier.hash for earlier, later in pairwise(events))
    assert len({event.hash for event in events}) == len(events) > 2


def test_the_head_of_a_chain_is_its_last_event(owner):
    head = db.session.get_one(AuditChain, owner.tenant_id)
    last = events_of(owner.tenant_id)[-1]

    assert (head.last_seq, head.last_hash) == (last.seq, last.hash)


def test_an_event_of_no_tenant_is_in_the_persons_chain():
    person = a_person()
    with transaction():
        audit.record(system_actor("tests"), Event.SIGN_IN_FAILED, person)

    (event,) = [row for row in events_of(audit.SYSTEM_CHAIN) if row.event == "person.sign_in_failed"]
    assert event.tenant_id is None


def test_the_other_party_of_a_delegation_gets_a_linked_copy():
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator)

    (original,) = (row for row in events_of(owner.tenant_id) if row.event == "delegation.offered")
    (copy,) = (row for row in events_of(integrator.tenant_id) if row.event == "delegation.offered")
    assert copy.copy_of == f"{original.chain_id}/{original.seq}"
    assert (copy.tenant_id, copy.facts, copy.at) != (original.tenant_id, original.facts, None)
    assert copy.facts == original.facts


def test_who_sees_its_own_act_gets_no_copy_of_it(owner):
    tenant = tenant_of(owner)
    with transaction():
        audit.record(owner, Event.REQUEST_CODE_MADE, tenant, also_seen_by=owner.tenant_id)

    assert [row.event for row in events_of(owner.tenant_id)].count("tenant.request_code_made") == 1


def test_events_are_of_the_moment_at_which_they_are_written(owner):
    before = clock.now()

    with transaction():
        rename(owner, "Borealis")

    assert before <= events_of(owner.tenant_id)[-1].at <= clock.now()


def test_a_refused_act_is_an_event_in_a_transaction_of_its_own(owner):
    audit.record_refusal(owner, Denied(), "POST keys.revoke")

    event = events_of(owner.tenant_id)[-1]
    assert (event.event, event.refused, event.subject_id) == ("refused", True, "POST keys.revoke")
    assert event.facts["reason"] == "denied"


def test_refusals_of_one_person_are_kept_up_to_twenty_a_minute(owner):
    for _time in range(audit.REFUSALS_PER_MINUTE + 5):
        audit.record_refusal(owner, Denied(), "POST keys.revoke")

    assert sum(row.refused for row in events_of(owner.tenant_id)) == audit.REFUSALS_PER_MINUTE


def test_one_persons_refusals_do_not_hide_anothers(owner):
    other = a_member(tenant_of(owner))
    for _time in range(audit.REFUSALS_PER_MINUTE + 1):
        audit.record_refusal(owner, Denied(), "POST keys.revoke")

    audit.record_refusal(other, Denied(), "POST keys.revoke")

    assert events_of(owner.tenant_id)[-1].actor_id == other.person_id


@pytest.mark.no_database
def test_every_event_has_a_sentence_and_every_sentence_an_event():
    assert set(SENTENCES) == set(Event)


def test_a_page_of_events_is_the_actors_own_newest_first(owner):
    with transaction():
        rename(owner, "Borealis")
    a_licensee()

    page = store.page(owner, before_seq=None, limit=2)

    assert [event.seq for event in page] == sorted((event.seq for event in page), reverse=True)
    assert {event.tenant_id for event in page} == {owner.tenant_id}


def test_the_head_of_every_chain_is_there():
    a_licensee()

    chains = set(db.session.scalars(across_tenants(AuditEvent.chain_id, reason=Reader.UPKEEP).distinct()))
    assert chains == set(db.session.scalars(select(AuditChain.id)))


def test_the_record_says_when_something_was_last_done(owner):
    tenant = tenant_of(owner)
    assert store.last_at(tenant.id, "tenant.renamed", tenant.account_id) is None
    with transaction():
        rename(owner, "Borealis")

    newest = events_of(tenant.id)[-1]

    assert store.last_at(tenant.id, "tenant.renamed", tenant.account_id) == newest.at
    assert store.last_at(a_tenant().id, "tenant.renamed", tenant.account_id) is None
