"""The demo world: whole, of the past, made by the portal's own operations, and left as the README's tour needs it."""

from itertools import pairwise

from sqlalchemy import select

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.accounts import store as accounts
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.delegations.models import OPEN_STATES, Delegation, DelegationProposal, DelegationState
from portal.demo.cast import AURORA, BAMBOO, COMPANIES, HARBOUR, JONAS, KARIM, LEA, NORDLICHT, Company, everybody
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.words import same_name
from portal.impact.rotation import cockpit
from portal.keys import store as keys
from portal.keys.models import KeyPair, KeyState
from portal.keys.status import KeyStatus, status_of
from portal.projects import allotments
from portal.tenants import store as tenants
from portal.tenants.models import Tenant
from portal.usage import store as usage


def tenant(company: Company) -> Tenant:
    found = tenants.find_by_name_key(same_name(company.name))
    assert found is not None
    return found


def in_account(company: Company) -> Actor:
    return system_actor("tests", tenant(company).id)


def live_pairs(company: Company) -> list[KeyPair]:
    return [pair for side in Environment for pair in keys.live(in_account(company), clock.now(), side)]


def delegations(company: Company) -> list[Delegation]:
    rows = across_tenants(Delegation, reason=Reader.UPKEEP).where(Delegation.tenant_id == tenant(company).id)
    return list(db.session.scalars(rows))


def test_its_record_is_whole_and_runs_with_time(make_world):
    make_world()

    moments: dict[object, list] = {}
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).order_by(AuditEvent.chain_id, AuditEvent.seq)
    for event in db.session.scalars(rows):
        moments.setdefault(event.chain_id, []).append(event.at)

    assert list(audit.verify()) == []
    assert all(earlier <= later for chain in moments.values() for earlier, later in pairwise(chain))
    assert max(at for chain in moments.values() for at in chain) <= clock.now()


def test_every_company_has_a_history_of_many_days(make_world):
    make_world()

    for company in COMPANIES[:-1]:
        rows = across_tenants(AuditEvent.at, reason=Reader.UPKEEP).where(AuditEvent.tenant_id == tenant(company).id)
        days = {at.date() for at in db.session.scalars(rows)}
        assert len(days) >= 5, company.name


def test_the_tours_licensee_has_no_live_pair_no_open_delegation_and_room_for_a_project(make_world):
    make_world()

    assert live_pairs(AURORA) == []
    assert [row.state for row in delegations(AURORA)] == [DelegationState.ENDED]
    assert [allotment.left for allotment in allotments.of(in_account(AURORA))] == [2]


def test_the_integrator_acts_for_one_client_and_has_something_to_answer(make_world):
    make_world()

    (delegation,) = (row for row in delegations(BAMBOO) if row.state in OPEN_STATES)
    proposals = db.session.scalars(across_tenants(DelegationProposal, reason=Reader.UPKEEP)).all()

    assert delegation.state is DelegationState.ACTIVE
    assert delegation.integrator_id == tenant(HARBOUR).id
    assert {pair.holder_id for pair in live_pairs(BAMBOO)} == {tenant(BAMBOO).id, tenant(HARBOUR).id}
    assert [row.integrator_id for row in proposals] == [tenant(HARBOUR).id]


def test_one_pair_is_in_rotation_and_its_shop_has_not_moved_yet(make_world):
    make_world()

    (old,) = (pair for pair in live_pairs(BAMBOO) if status_of(pair, clock.now()) is KeyStatus.RETIRING)
    stand = cockpit(in_account(BAMBOO), old)

    assert stand.successor is not None
    assert not stand.is_safe_to_close
    assert [user.installation.name for user in stand.users.laggards] == ["竹風線上茶舖"]


def test_the_partner_has_a_signer_a_deputy_inside_the_dates_and_an_owner_who_is_neither(make_world):
    make_world()

    signing = {
        someone.name
        for someone in (JONAS, LEA, KARIM)
        for membership in accounts.memberships_of(accounts.person_by_email(someone.email).id)
        if contracts.powers_of(membership, clock.now()).signs
    }

    assert signing == {JONAS.name, LEA.name}
    assert live_pairs(NORDLICHT)


def test_shops_use_some_keys_leave_one_alone_and_two_collide(make_world):
    make_world()

    pairs = [(company, pair) for company in (BAMBOO, NORDLICHT) for pair in live_pairs(company)]
    used = {
        (pair.name, pair.state): usage.last_uses(in_account(company), [pair]).get(pair.id) for company, pair in pairs
    }
    claims = [one.installation.claim.value for one in usage.installations(in_account(NORDLICHT))]

    assert used["Bamboo, live", KeyState.RETIRING].installation == "竹風線上茶舖"
    assert used["官網金鑰", KeyState.ACTIVE] is used["Showcase 2", KeyState.ACTIVE] is None
    assert sorted(claims) == ["colliding", "primary"]


def test_all_roles_live_in_the_tours_licensee():
    assert {someone.role.value for someone in AURORA.people} == {"owner", "key_manager", "developer", "viewer"}


def test_everybody_belongs_to_their_company_in_their_role(make_world):
    make_world()

    for company, someone in everybody():
        (membership,) = accounts.memberships_of(accounts.person_by_email(someone.email).id)
        assert (membership.tenant.name, membership.role) == (company.name, someone.role)


def test_there_is_one_vendor(make_world):
    make_world()

    assert len(db.session.scalars(select(Tenant).where(Tenant.is_vendor)).all()) == 1
