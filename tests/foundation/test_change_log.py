"""The log of what decides over calls: each changed row under the version it came with, and nothing else."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
import time_machine
from flask import Flask
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from portal.access.actor import system_actor
from portal.access.roles import Right
from portal.access.rows import scoped_to
from portal.contracts import many as many_contracts
from portal.contracts import store as contracts
from portal.contracts.catalogue import ADOBE_COMMERCE
from portal.contracts.many import NewContract
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import DelegationProject
from portal.entitlements import many as many_entitlements
from portal.foundation import changes, clock
from portal.foundation.changes import ALL, CALLS, KEYS, Changed, ChangedRow, ChangeVersion, Gap, News, version_of
from portal.foundation.database import Base, db, transaction
from portal.impact import renewal
from portal.impact.opening import Term
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import connecting
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace, Project
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing, Tenant
from portal.tenants.operations import NewTenant
from tests.conftest import DATABASE
from tests.factories import a_contract, a_delegation, a_key, a_licensee, a_tenant, a_vendor, an_integrator
from tests.parallel import AT_ONCE, at_once

VENDOR = system_actor("tests")
DAY = timedelta(days=1)


@pytest.fixture
def owner():
    return a_licensee()


def noted(act: Callable[[], object]) -> set[Changed]:
    """What is in the log of `act`, in a transaction of its own."""
    db.session.rollback()
    before = version_of(CALLS)
    with transaction():
        act()
    news = since(before)
    assert isinstance(news, News)
    return set(news.rows)


def since(known: changes.Version | None) -> News | Gap:
    found = changes.since(db.session(), known)
    db.session.rollback()
    return found


def a_project(owner, name: str = "Storefront") -> Project:
    with transaction():
        return projects.create(owner, name, contracts.all_of(owner)[0])


def spaces_of(owner) -> list[DataSpace]:
    return list(db.session.scalars(project_store.owned_by(owner, DataSpace)))


def test_a_row_is_noted_by_its_table_tenant_and_id(owner):
    pair = a_key(owner)

    assert noted(lambda: keys.revoke(owner, key_store.get(owner, pair.api_key))) == {
        Changed("key_pairs", owner.tenant_id, pair.id)
    }


def test_a_tenant_is_its_own(owner):
    def suspend():
        tenants.set_standing(VENDOR, tenant_store.get(owner.tenant_id), Standing.SUSPENDED)

    assert noted(suspend) == {Changed("tenants", owner.tenant_id, owner.tenant_id)}


def test_a_new_project_is_noted_by_its_data_spaces(owner):
    changed = noted(lambda: projects.create(owner, "Storefront", contracts.all_of(owner)[0]))

    assert changed == {Changed("data_spaces", owner.tenant_id, space.id) for space in spaces_of(owner)}
    assert len(changed) == 3


def test_a_change_that_decides_nothing_is_not_noted(owner):
    a_project(owner)
    space_id = spaces_of(owner)[0].public_id
    before = version_of(CALLS)

    with transaction():
        projects.rename_data_space(owner, project_store.get_data_space(owner, space_id), "Another name")
    with transaction():
        connecting.note_cloud_project(owner, project_store.get_data_space(owner, space_id), "cloud")
    with transaction():
        projects.rename_project(owner, project_store.get(owner, db.session.scalar(_public_id(owner))), "Other")

    assert version_of(CALLS) == before
    assert version_of(owner.tenant_id) is not None


def _public_id(owner):
    return project_store.owned_by(owner, Project).with_only_columns(Project.public_id)


def test_what_moves_the_version_of_keys_alone_is_not_noted(owner):
    before = version_of(KEYS), version_of(CALLS)

    with transaction():
        tenants.make_request_code(owner)

    assert version_of(KEYS) != before[0]
    assert version_of(CALLS) == before[1]


def test_the_projects_of_a_delegation_are_noted_as_the_delegation(owner):
    first, second = a_project(owner, "First").id, a_project(owner, "Second").id
    given = a_delegation(owner, an_integrator(), project_ids=frozenset({first, second}))

    def narrow():
        delegation = delegation_store.get_given(owner, given.public_id)
        delegations.narrow(
            owner,
            delegation,
            environments=delegation.environments,
            rights=delegation.rights,
            project_ids=frozenset({first}),
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert noted(narrow) == {Changed("delegations", owner.tenant_id, given.id)}


def test_a_row_that_is_deleted_is_noted(owner):
    project_id = a_project(owner).id
    given = a_delegation(owner, an_integrator(), project_ids=frozenset({project_id}))

    def forget():
        rows = project_store.owned_by(owner, DelegationProject)
        db.session.delete(db.session.scalars(rows).one())

    assert noted(forget) == {Changed("delegations", owner.tenant_id, given.id)}


def test_a_row_that_changes_twice_is_noted_once(owner):
    def rename_twice():
        for _time in range(2):
            tenant_store.get(owner.tenant_id).name += "!"
            db.session.flush()

    assert noted(rename_twice) == {Changed("tenants", owner.tenant_id, owner.tenant_id)}


def test_a_change_that_is_rolled_back_is_not_noted(owner):
    db.session.rollback()
    before = version_of(CALLS)

    def fail():
        tenant_store.get(owner.tenant_id).name = "Other"
        db.session.flush()
        raise KeyError

    with pytest.raises(KeyError), transaction():
        fail()
    with transaction():
        pass

    assert version_of(CALLS) == before
    assert since(before) == News(before, frozenset())


def test_a_statement_is_noted_by_its_tenant_or_as_all(owner):
    a_key(owner)
    own = update(DataSpace).where(DataSpace.tenant_id == owner.tenant_id).values(position=0)
    table = Base.metadata.tables["entitlements"]

    def by_model():
        db.session.execute(own, execution_options=scoped_to(owner.tenant_id))

    def by_table():
        ended = update(table).where(table.c.tenant_id == owner.tenant_id).values(ended_at=clock.now())
        db.session.execute(ended, execution_options=scoped_to(owner.tenant_id))

    def of_everybody():
        db.session.execute(update(Tenant).values(standing=Standing.GOOD), execution_options={"held_by": None})

    def of_projects():
        gone = delete(DelegationProject).where(DelegationProject.tenant_id == owner.tenant_id)
        db.session.execute(gone, execution_options=scoped_to(owner.tenant_id))

    assert noted(by_model) == {Changed("data_spaces", owner.tenant_id, ALL)}
    assert noted(by_table) == {Changed("entitlements", owner.tenant_id, ALL)}
    assert noted(of_everybody) == {Changed("tenants", ALL, ALL)}
    assert noted(of_projects) == {Changed("delegations", owner.tenant_id, ALL)}


def test_tenants_and_contracts_that_are_made_by_the_thousand_are_noted_by_tenant():
    vendor, made = a_vendor(), []
    now = clock.now()

    def open_some():
        made.extend(tenants.create_many(vendor, [NewTenant("First", None), NewTenant("Second", None)]))

    def conclude():
        edition = next(one for one in many_contracts.offers() if one.code == ADOBE_COMMERCE.code)
        wanted = [NewContract(tenant_id, edition, now, now + 90 * DAY, None) for tenant_id in ids]
        many_entitlements.conclude_many(vendor, wanted)

    opened = noted(open_some)
    ids = [tenant.id for tenant in made]
    concluded = noted(conclude)

    assert opened == {Changed("tenants", tenant_id, ALL) for tenant_id in ids}
    assert concluded == {Changed(kind, tenant_id, ALL) for kind in ("contracts", "entitlements") for tenant_id in ids}


def test_contracts_that_are_extended_together_are_noted_with_what_they_grant(owner):
    vendor, contract = a_vendor(), contracts.all_of(owner)[0]

    def extend():
        found = many_contracts.lock_many([(contract.tenant_id, contract.id)])
        held = found[contract.id]
        many_entitlements.extend_many(vendor, {held: held.ends_at + 30 * DAY})

    assert noted(extend) == {
        Changed("contracts", owner.tenant_id, contract.id),
        Changed("entitlements", owner.tenant_id, ALL),
    }


def test_keys_that_are_rehung_on_the_next_contract_are_noted(owner):
    vendor, contract = a_vendor(), contracts.all_of(owner)[0]
    a_key(owner)
    ends_at = contract.ends_at
    with transaction():
        old = contracts.get(owner, contract.public_id)
        renewal.renew(vendor, old, Term(old.edition_code, old.ends_at, old.ends_at + 365 * DAY))

    with time_machine.travel(ends_at + DAY, tick=True):
        changed = noted(lambda: renewal.run_due(clock.now()))

    assert Changed("key_pairs", owner.tenant_id, ALL) in changed
    assert Changed("contracts", owner.tenant_id, contract.id) in changed


def test_what_changed_since_a_version_is_all_of_the_later_ones(owner):
    before = version_of(CALLS)
    first, second = a_tenant().id, a_tenant().id

    news = since(before)

    assert news.version == version_of(CALLS)
    assert news.rows == frozenset(Changed("tenants", each, each) for each in (first, second))


def test_it_says_when_the_first_of_it_changed(owner):
    before = version_of(CALLS)
    with clock.travelled_to(clock.now() + DAY):
        a_tenant()
        first_at = version_of(CALLS)[1]
    with clock.travelled_to(clock.now() + 2 * DAY):
        a_tenant()

    assert since(before).first_at == first_at


def test_nothing_changed_since_the_newest_version(owner):
    assert since(version_of(CALLS)) == News(version_of(CALLS), frozenset())


def test_nothing_changed_in_an_empty_database():
    assert since(None) == News(None, frozenset())


def test_a_version_that_was_pruned_is_a_gap(owner):
    before = version_of(CALLS)
    a_tenant()
    with transaction():
        gone = changes.prune(clock.now())

    assert gone > 0
    assert isinstance(since(before), Gap)
    assert since(version_of(CALLS)) == News(version_of(CALLS), frozenset())


def test_the_newest_version_is_never_pruned(owner):
    with transaction():
        changes.prune(clock.now() + DAY)
    newest = version_of(CALLS)

    added = a_tenant().id

    assert since(newest)[:2] == (version_of(CALLS), frozenset({Changed("tenants", added, added)}))


def test_nothing_is_pruned_from_the_middle(owner):
    before = version_of(CALLS)
    with clock.travelled_to(clock.now() - 300 * DAY):
        a_tenant()
    a_tenant()
    with transaction():
        changes.prune(clock.now() - DAY)

    news = since(before)

    assert isinstance(news, News)
    assert len(news.rows) == 2


def test_a_restored_database_is_a_gap(owner):
    lost = version_of(CALLS)
    a_tenant()
    later = version_of(CALLS)
    assert lost is not None
    assert later is not None

    restored = (lost[0], lost[1] - timedelta(seconds=1))

    assert isinstance(since(restored), Gap)
    assert isinstance(since((later[0], restored[1])), Gap)
    assert isinstance(since((later[0] + 1, later[1])), Gap)


def test_a_version_of_a_database_that_counts_none_is_a_gap(owner):
    known = version_of(CALLS)
    with transaction():
        db.session.execute(delete(ChangedRow))
        db.session.execute(delete(ChangeVersion))

    assert isinstance(since(known), Gap)


def test_no_version_is_seen_before_an_earlier_one(app: Flask, owner):
    """One transaction has its version and does not commit yet: the other waits, and nobody sees either."""
    first, second = tenant_store.get(owner.tenant_id).id, a_tenant().id
    before = version_of(CALLS)
    has_it, may_go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        if threading.current_thread().name == "first":
            has_it.set()
            assert may_go.wait(20)

    def rename(tenant_id: uuid.UUID) -> None:
        with app.app_context():
            with transaction():
                tenant_store.get(tenant_id).name += "!"
            db.session.remove()

    named = {"first": first, "second": second}
    threads = [threading.Thread(target=rename, name=name, args=(each,)) for name, each in named.items()]
    db.session.rollback()
    event.listen(Session, "before_commit", hold)
    try:
        threads[0].start()
        assert has_it.wait(20)
        threads[1].start()
        threads[1].join(0.5)
        waits, seen = threads[1].is_alive(), version_of(CALLS)
    finally:
        may_go.set()
        for thread in threads:
            thread.join()
        event.remove(Session, "before_commit", hold)

    assert (waits, seen) == (True, before)
    rows = db.session.execute(select(ChangedRow.row_id).where(ChangedRow.version > before[0]).order_by("version"))
    assert rows.scalars().all() == [first, second]


def test_whoever_follows_misses_none_of_many_changes_at_once(app: Flask):
    made = [a_tenant().id for _each in range(AT_ONCE)]
    db.session.rollback()
    known, seen, stop = version_of(CALLS), set(), threading.Event()

    def follow() -> None:
        nonlocal known
        with app.app_context():
            while True:
                is_last = stop.is_set()
                news = since(known)
                assert isinstance(news, News)
                seen.update(news.rows)
                known = news.version
                if is_last:
                    return

    def rename(number: int) -> None:
        for _time in range(5):
            with transaction():
                tenant_store.get(made[number]).name += "!"

    follower = threading.Thread(target=follow)
    follower.start()
    at_once(rename)
    stop.set()
    follower.join()

    assert seen == {Changed("tenants", each, each) for each in made}
    assert known == version_of(CALLS)


def test_rights_of_a_delegation_are_noted(owner):
    given = a_delegation(owner, an_integrator())

    def narrow():
        delegation = delegation_store.get_given(owner, given.public_id)
        delegations.narrow(
            owner,
            delegation,
            environments=delegation.environments,
            rights=frozenset({Right.VIEW}),
            project_ids=None,
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert noted(narrow) == {Changed("delegations", owner.tenant_id, given.id)}


def test_a_contract_is_noted_with_what_it_grants():
    tenant = a_tenant()
    db.session.rollback()
    before = version_of(CALLS)

    contract = a_contract(tenant)

    news = since(before)
    assert isinstance(news, News)
    assert Changed("contracts", tenant.id, contract.id) in news.rows
    assert {row.kind for row in news.rows} == {"contracts", "entitlements"}


@pytest.mark.skipif(DATABASE != "postgresql", reason="only PostgreSQL tells")
def test_who_listens_is_told_each_version_with_its_transaction(owner):
    listening = psycopg.connect(
        db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    )
    with listening:
        listening.execute(f"LISTEN {changes.CHANNEL}")

        a_tenant()

        told = [one.payload for one in listening.notifies(timeout=5, stop_after=1)]
    assert told == [str(version_of(CALLS)[0])]
