"""Change versions: moved by every transaction that changes what is held, and by no other."""

import uuid

import pytest
from sqlalchemy import select, update

from portal.access.actor import system_actor
from portal.access.roles import Right
from portal.access.rows import scoped_to
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import changes
from portal.foundation.changes import KEYS, ChangeVersion, version_of
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyPair, KeyState
from portal.projects import operations as projects
from portal.projects.models import Project
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing
from tests.factories import a_delegation, a_key, a_licensee, a_person, a_tenant, an_integrator


@pytest.fixture
def owner():
    return a_licensee()


def moved(what: uuid.UUID, act) -> bool:
    """Whether `act`, in a transaction of its own, moves this version."""
    db.session.rollback()
    before = version_of(what)
    with transaction():
        act()
    return version_of(what) != before


def test_a_key_pair_moves_the_version_of_keys(owner):
    before = version_of(KEYS)
    pair = a_key(owner)

    assert version_of(KEYS) != before
    assert moved(KEYS, lambda: keys.revoke(owner, key_store.get(owner, pair.api_key)))


def test_standing_moves_it(owner):
    def suspend():
        tenants.set_standing(system_actor("tests"), tenant_store.get(owner.tenant_id), Standing.SUSPENDED)

    assert moved(KEYS, suspend)


def test_a_contracts_end_moves_it(owner):
    assert moved(KEYS, lambda: contract_operations.end(system_actor("tests"), contracts.all_of(owner)[0]))


def test_a_delegation_and_its_projects_move_it(owner):
    with transaction():
        project_id = projects.create(owner, "Storefront", contracts.all_of(owner)[0]).id
    given = a_delegation(owner, an_integrator())

    def narrow():
        delegation = delegation_store.get_given(owner, given.public_id)
        delegations.narrow(
            owner,
            delegation,
            environments=delegation.environments,
            rights=frozenset({Right.VIEW}),
            project_ids=frozenset({project_id}),
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert moved(KEYS, lambda: delegations.pause(owner, delegation_store.get_given(owner, given.public_id)))
    assert moved(KEYS, narrow)


def test_a_project_moves_its_tenants_version_and_no_other(owner):
    other = a_licensee()
    before = version_of(KEYS), version_of(other.tenant_id)

    assert moved(owner.tenant_id, lambda: projects.create(owner, "Storefront", contracts.all_of(owner)[0]))
    assert (version_of(KEYS), version_of(other.tenant_id)) == before


def test_what_is_not_held_moves_nothing(owner):
    before = db.session.execute(select(ChangeVersion.id, ChangeVersion.version)).all()

    a_person(), tenant_store.get(owner.tenant_id)
    with transaction():
        a_row = tenant_store.get(owner.tenant_id)
        a_row.name = a_row.name

    assert db.session.execute(select(ChangeVersion.id, ChangeVersion.version)).all() == before


def test_a_change_that_is_rolled_back_moves_nothing(owner):
    pair, before = a_key(owner), None
    db.session.rollback()
    before = version_of(KEYS), changes.changes_here()

    def fail():
        keys.revoke(owner, key_store.get(owner, pair.api_key))
        raise KeyError

    with pytest.raises(KeyError), transaction():
        fail()

    assert (version_of(KEYS), changes.changes_here()) == before
    with transaction():
        pass
    assert (version_of(KEYS), changes.changes_here()) == before


def test_going_back_to_a_savepoint_forgets_nothing_that_was_changed_before_it(owner):
    def act():
        tenant_store.get(owner.tenant_id).name += "!"
        db.session.flush()
        inner = db.session.begin_nested()
        tenant_store.get(owner.tenant_id).name += "?"
        db.session.flush()
        inner.rollback()

    assert moved(KEYS, act)


def test_a_savepoint_is_no_commit(owner):
    before, seen = changes.changes_here(), []

    def act():
        with db.session.begin_nested():
            tenant_store.get(owner.tenant_id).name += "!"
        seen.append(changes.changes_here())

    assert moved(KEYS, act)
    assert seen == [before]
    assert changes.changes_here() == before + 1


def test_a_statement_that_writes_rows_by_itself_moves_it_too(owner):
    a_key(owner)

    def revoke_all():
        rows = update(KeyPair).where(KeyPair.tenant_id == owner.tenant_id).values(state=KeyState.REVOKED)
        db.session.execute(rows, execution_options=scoped_to(owner.tenant_id))

    def rename_all():
        rows = update(Project).where(Project.tenant_id == owner.tenant_id).values(name="Other")
        db.session.execute(rows, execution_options=scoped_to(owner.tenant_id))

    assert moved(KEYS, revoke_all)
    assert moved(owner.tenant_id, rename_all)


def test_each_transaction_moves_it_once(owner):
    db.session.rollback()
    count = db.session.get_one(ChangeVersion, KEYS).version

    with transaction():
        for _time in range(3):
            tenant = tenant_store.get(owner.tenant_id)
            tenant.name += "!"
            db.session.flush()

    assert db.session.get_one(ChangeVersion, KEYS, populate_existing=True).version == count + 1


def test_this_process_counts_its_own_changes():
    before = changes.changes_here()

    owner = a_licensee()
    after = changes.changes_here()
    a_person()

    assert after > before
    assert changes.changes_here() == after
    assert owner.tenant_id is not None


def test_nothing_was_changed_in_a_tenant_that_is_unknown():
    assert version_of(uuid.uuid4()) is None
    a_tenant()
