"""A statement that touches a tenant's table says whose rows it means, or it does not run."""

import uuid

import pytest
from sqlalchemy import delete, exists, func, insert, select, text, union_all, update
from sqlalchemy.orm import aliased, selectinload

from portal.access.rows import Reader, TenantMoved, UnscopedRead, across_tenants, owned_by, received_by, scoped_to
from portal.accounts.models import Membership, Person
from portal.audit.models import AuditEvent
from portal.contracts.models import Contract, Edition
from portal.delegations.models import Delegation
from portal.foundation import ids
from portal.foundation.database import db, transaction
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import DataSpace, Project
from portal.tenants.models import Tenant
from tests.factories import a_key, a_licensee, a_tenant

A_TENANT = uuid.UUID(int=7)
Other = aliased(Project)

STATEMENTS = {
    "a select": select(Project),
    "a select of one column": select(Project.name),
    "a count": select(func.count()).select_from(Project),
    "a count without an entity": select(func.count(Project.id)),
    "a table instead of a class": select(Project.__table__),
    "a text": text("SELECT name FROM projects"),
    "a text for a class": select(Project).from_statement(text("SELECT * FROM projects")),
    "an update": update(Project).values(name="gone"),
    "an update of one row": update(Project).where(Project.id == A_TENANT).values(name="gone"),
    "a deletion": delete(Project),
    "an insertion": insert(Project).values(tenant_id=A_TENANT, id=A_TENANT),
    "a join to a tenant's table": select(Person).join(Membership, Membership.person_id == Person.id),
    "an outer join": select(Edition).outerjoin(Contract),
    "an alias": select(Other),
    "a subquery in a condition": select(Person).where(Person.id.in_(select(Membership.person_id))),
    "a scalar subquery": select(Tenant.name, select(func.count(Project.id)).scalar_subquery()),
    "an EXISTS": select(Tenant).where(exists().where(Project.tenant_id == Tenant.id)),
    "a subquery to select from": select(select(Project.name).subquery()),
    "a common table expression": select(select(Project.name).cte()),
    "a union": union_all(select(Tenant.name), select(Project.name)),
    "a table that has two parties": select(Delegation),
    "the record": select(AuditEvent),
}


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_a_statement_without_a_scope_does_not_run(statement):
    with pytest.raises(UnscopedRead):
        db.session.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [statement for name, statement in STATEMENTS.items() if not name.startswith(("a text", "an insertion"))],
    ids=[name for name in STATEMENTS if not name.startswith(("a text", "an insertion"))],
)
def test_the_same_statement_runs_with_a_scope(statement):
    db.session.execute(statement, execution_options=scoped_to(A_TENANT))


def test_rows_updated_by_their_keys_need_a_scope_too():
    rows = [{"tenant_id": A_TENANT, "id": A_TENANT, "name": "gone"}]

    with pytest.raises(UnscopedRead):
        db.session.execute(update(Project), rows)


def test_rows_inserted_by_the_hundred_need_a_scope_too():
    rows = [{"tenant_id": A_TENANT, "id": A_TENANT, "name": "new"}]

    with pytest.raises(UnscopedRead):
        db.session.execute(insert(Project), rows)


def test_a_look_up_by_key_needs_a_scope():
    with pytest.raises(UnscopedRead):
        db.session.get(Project, (A_TENANT, A_TENANT))


def test_a_legacy_query_needs_a_scope():
    with pytest.raises(UnscopedRead):
        db.session.query(Project).count()


@pytest.mark.parametrize("table", [Person, Tenant, Edition], ids=lambda model: model.__tablename__)
def test_a_table_of_nobody_needs_no_scope(table):
    db.session.execute(select(table))


def test_a_read_across_tenants_says_who_reads():
    a_licensee(), a_licensee()

    found = db.session.scalars(across_tenants(Contract, reason=Reader.CONSOLE)).all()

    assert len({row.tenant_id for row in found}) == 2


def test_what_belongs_to_a_found_row_is_loaded_without_another_scope():
    owner = a_licensee()
    with transaction():
        projects.create(owner, "Shop", _contract(owner))

    found = db.session.scalars(owned_by(owner, Project).options(selectinload(Project.data_spaces))).one()

    assert {space.tenant_id for space in found.data_spaces} == {owner.tenant_id}


def test_a_table_with_one_party_has_no_other_one_to_read_it():
    with pytest.raises(TypeError):
        received_by(a_licensee(), Project)


def test_a_row_never_moves_to_another_tenant():
    owner, elsewhere = a_licensee(), a_tenant()
    with transaction():
        project_id = projects.create(owner, "Shop", _contract(owner)).public_id

    with pytest.raises(TenantMoved), transaction():
        project_store.get(owner, project_id).tenant_id = elsewhere.id

    assert project_store.get(owner, project_id).tenant_id == owner.tenant_id


def test_a_row_that_was_not_read_again_does_not_move_either():
    """After a commit the row's columns are forgotten; the old tenant is looked up before the new one is taken."""
    pair, elsewhere = a_key(a_licensee()), a_tenant()
    db.session.expire(pair)

    with pytest.raises(TenantMoved), transaction():
        pair.tenant_id = elsewhere.id


def test_a_row_cannot_refer_to_another_tenants():
    owner, other = a_licensee(), a_licensee()
    with transaction():
        foreign = projects.create(other, "Shop", _contract(other))

    with pytest.raises(Exception, match=r"(?i)foreign key"), transaction():  # noqa: PT012 - the flush is the act
        db.session.add(_a_space(owner.tenant_id, foreign.id))
        db.session.flush()


def _a_space(tenant_id: uuid.UUID, project_id: uuid.UUID) -> DataSpace:
    return DataSpace(
        tenant_id=tenant_id,
        id=ids.uuid7(),
        project_id=project_id,
        type="production",
        environment="production",
        name="A space",
        name_key="a space",
        position=1,
    )


def _contract(owner):
    return db.session.scalars(owned_by(owner, Contract)).one()
