"""Applying: all or nothing, by the rules of the operations, and without doubles however often it is done."""

import threading
from contextlib import suppress
from contextvars import Context
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from portal.access.actor import system_actor
from portal.access.roles import PERMISSIONS, Role
from portal.access.rows import Reader, across_tenants
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.audit import operations as audit
from portal.audit import store as events
from portal.cli.speaking import operator_at
from portal.contracts import store as contracts
from portal.entitlements import operations as entitlements
from portal.entitlements import store as granted
from portal.foundation import clock
from portal.foundation.changes import version_of
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed
from portal.foundation.words import same_name
from portal.imports import applying, store, working
from portal.imports import operations as imports
from portal.imports.errors import ChangesNothing, HasProblems, ImportMoved
from portal.imports.models import ImportState, LineKind
from portal.outbox import operations as outbox
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Tenant
from tests.factories import a_contract, a_licensee, a_member, a_person, a_tenant, a_vendor, membership_of, tenant_of
from tests.imports.files import AURORA, a_file, applied, checked, codes, confirmed, given, report
from tests.parallel import at_once

PARTNER = "New,a@example.com,solution-partner,2031-01-01,2031-12-31,a@example.com"
BOREAL = "Boreal,b@example.com,integrator,2031-01-01,2031-12-31"
WITH_SIGNER = "name,owner_email,edition,first_day,last_day,signer_email"


@pytest.fixture
def admin():
    return a_vendor()


def named(name: str):
    return tenant_store.find_by_name_key(same_name(name))


def called(name: str):
    rows = across_tenants(Tenant, reason=Reader.UPKEEP).where(Tenant.name_key == same_name(name))
    return db.session.scalars(rows).all()


def there(tenant):
    return system_actor("tests", tenant.id)


def events_of(tenant) -> list[tuple[str, str]]:
    rows = events.page(there(tenant), before_seq=None, limit=100)
    return [(row.event, row.actor_label) for row in reversed(rows)]


def test_the_account_the_contract_its_services_and_the_invitation_are_there(admin):
    applied(admin, AURORA)

    tenant = named("Aurora")
    (contract,) = contracts.all_of(there(tenant))
    assert (contract.edition_code, contract.starts_at.date().isoformat()) == ("adobe-commerce", "2031-01-01")
    assert contract.ends_at.date().isoformat() == "2032-01-01"
    assert len(granted.all_of(there(tenant))) == 4
    assert [row.email for row in people.open_invitations(there(tenant))] == ["ann@example.com"]


def test_it_writes_what_the_operations_write(admin):
    applied(admin, AURORA)
    with transaction():
        by_hand = tenants.create(admin, "By hand")
        now = clock.now()
        entitlements.conclude(admin, by_hand, contracts.edition("adobe-commerce"), now, now + timedelta(days=9))
        accounts.invite(there(by_hand), "hand@example.com", Role.OWNER)

    imported, made = events_of(named("Aurora")), events_of(named("By hand"))

    assert [event for event, _who in imported] == [event for event, _who in made]
    assert {who for _event, who in imported} == {admin.label}


def test_every_chain_is_whole_afterwards(admin):
    applied(admin, *(f"Shop {n},o{n}@example.com,integrator,2031-01-01,2031-12-31" for n in range(30)))

    assert list(audit.verify()) == []


def test_the_vendors_chain_says_what_was_put_in(admin):
    applied(admin, AURORA)

    (event, *_earlier) = events.page(admin, before_seq=None, limit=5)
    assert event.event == "import.applied"
    assert event.facts == {"opened": 1, "concluded": 1, "extended": 0, "invited": 1, "signers": 0}


def test_the_mail_is_that_of_an_invitation(admin):
    applied(admin, f"{AURORA},zh_Hant", header="name,owner_email,edition,first_day,last_day,language")

    (mail,) = [mail for mail in outbox.read_all(10) if mail.to == "ann@example.com"]
    assert (mail.template, mail.language, mail.facts["tenant"]) == ("invitation", "zh_Hant", "Aurora")
    assert accounts.open_one(str(mail.facts["token"])).role is Role.OWNER


def test_what_is_held_in_memory_of_the_accounts_is_outdated(admin):
    applied(admin, AURORA)

    assert version_of(named("Aurora").id) is not None


def test_the_same_file_again_changes_nothing(admin):
    lines = [
        AURORA,
        "Aurora,ann@example.com,integrator,2031-01-01,2031-12-31",
        BOREAL,
    ]
    applied(admin, *lines)

    again = checked(admin, *lines)

    assert {line.kind for line in report(admin, again)} == {LineKind.UNCHANGED}
    assert imports.why_not(again).code == ChangesNothing.code


def test_the_same_file_again_changes_nothing_once_the_owner_has_joined(admin):
    applied(admin, AURORA)
    a_member(named("Aurora"))

    assert {line.kind for line in report(admin, checked(admin, AURORA))} == {LineKind.UNCHANGED}


def test_a_later_last_day_extends_contract_and_services(admin):
    applied(admin, AURORA)

    applied(admin, "Aurora,,adobe-commerce,2031-01-01,2033-12-31")

    (contract,) = contracts.all_of(there(named("Aurora")))
    assert contract.ends_at.date().isoformat() == "2034-01-01"
    assert {row.ends_at for row in granted.all_of(there(named("Aurora")))} == {contract.ends_at}
    assert events_of(named("Aurora"))[-1] == ("contract.extended", admin.label)


def test_a_signer_is_recorded_once_they_are_a_member(admin):
    applied(admin, PARTNER, header=WITH_SIGNER)
    signer = a_member(named("New"), person=a_person(email="a@example.com"))

    row = applied(admin, PARTNER, header=WITH_SIGNER)

    (contract,) = contracts.all_of(there(named("New")))
    assert contract.signer_id == signer.membership_id
    assert codes(admin, row) == [["contract_unchanged", "signer_recorded"]]


def test_a_member_signs_a_new_contract(admin):
    tenant = a_tenant("New")
    signer = a_member(tenant, person=a_person(email="a@example.com"))

    applied(admin, PARTNER, header=WITH_SIGNER)

    assert [row.signer_id for row in contracts.all_of(there(tenant))] == [signer.membership_id]


def test_given_account_ids_are_kept_and_others_are_in_the_report(admin):
    row = applied(
        admin,
        f"MAG000000042,{AURORA}",
        f",{BOREAL}",
        header="account_id,name,owner_email,edition,first_day,last_day",
    )

    assert [line.account for line in report(admin, row)] == ["MAG000000042", named("Boreal").account_id]


def test_lines_with_problems_are_not_applied(admin):
    row = checked(admin, AURORA, "Boreal,nobody,integrator,2031-01-01,2031-12-31")

    with pytest.raises(HasProblems):
        confirmed(admin, row)


def test_what_changed_since_the_report_is_said_and_nothing_is_put_in(admin):
    row = confirmed(admin, checked(admin, AURORA, BOREAL))
    a_tenant("Boreal")

    working.run()

    after = store.get(admin, row.public_id)
    assert after.state is ImportState.CHECKED
    assert named("Aurora") is None
    assert [(line.name, line.changed) for line in report(admin, after)] == [("Aurora", False), ("Boreal", True)]


def test_the_new_report_can_be_confirmed(admin):
    row = confirmed(admin, checked(admin, AURORA))
    a_tenant("Aurora")
    working.run()

    confirmed(admin, store.get(admin, row.public_id))
    working.run()

    assert store.get(admin, row.public_id).state is ImportState.APPLIED
    assert len(contracts.all_of(there(named("Aurora")))) == 1


def test_a_failure_between_the_lines_leaves_nothing(admin, monkeypatch):
    row = confirmed(admin, checked(admin, AURORA))

    def fail(*_arguments):
        raise ConnectionError("the machine is gone")

    with monkeypatch.context() as broken:
        broken.setattr(applying.accounts, "invite_owners", fail)
        with pytest.raises(ConnectionError):
            working.run()

    assert named("Aurora") is None
    assert store.get(admin, row.public_id).state is ImportState.APPLYING


@pytest.mark.parametrize("step", ["put_in", "gather", "plan"])
def test_whoever_comes_after_a_worker_that_died_goes_on_when_its_lease_ends(step: str, admin, monkeypatch):
    row = confirmed(admin, checked(admin, AURORA))
    with monkeypatch.context() as broken:
        broken.setattr(working, step, lambda *_arguments, **_named: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            working.run()
    assert working.run() == 0

    with time_machine.travel(clock.now() + working.LEASE + timedelta(seconds=1)):
        working.run()

    assert store.get(admin, row.public_id).state is ImportState.APPLIED
    assert len(contracts.all_of(there(named("Aurora")))) == 1


def test_a_check_that_died_begins_anew(admin, monkeypatch):
    public_id = given(admin, AURORA)
    with monkeypatch.context() as broken:
        broken.setattr(working, "plan", lambda *_arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            working.run()

    with time_machine.travel(clock.now() + working.LEASE + timedelta(seconds=1)):
        working.run()

    assert store.get(admin, public_id).state is ImportState.CHECKED


def test_what_kills_its_worker_three_times_fails(admin, monkeypatch):
    public_id = given(admin, AURORA)
    monkeypatch.setattr(working, "plan", lambda *_arguments: 1 / 0)

    for attempt in range(4):
        later = clock.now() + attempt * (working.LEASE + timedelta(seconds=1))
        with time_machine.travel(later), suppress(ZeroDivisionError):
            working.run()

    row = store.get(admin, public_id)
    assert (row.state, row.failure) == (ImportState.FAILED, "import_worker_failed")


def test_confirming_twice_is_one_event(admin):
    row = checked(admin, AURORA)
    confirmed(admin, row)

    confirmed(admin, row)

    told = [event for event, _who in events_of(tenant_of(admin))]
    assert told.count("import.confirmed") == 1


def test_the_second_of_two_admins_is_told_who_was_first(admin):
    second, row = a_vendor(), checked(admin, AURORA)
    confirmed(admin, row)

    with pytest.raises(ImportMoved) as refusal:
        confirmed(second, row)

    assert refusal.value.facts["who"] == admin.label


def test_two_who_confirm_at_once_have_one_effect(admin, app: Flask):
    second, row = a_vendor(), checked(admin, AURORA)
    public_id, version, refusals = row.public_id, row.version, []
    db.session.rollback()

    def confirm(who) -> None:
        with app.app_context():
            try:
                with transaction():
                    imports.confirm(who, store.get(who, public_id), version)
            except (ImportMoved, Changed) as refusal:
                refusals.append(refusal.code)

    threads = [threading.Thread(target=Context().run, args=(confirm, who)) for who in (admin, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert refusals == ["import_moved"]


def test_two_workers_that_apply_the_same_new_account_open_it_once(admin):
    other = a_vendor()
    reports = [(actor, checked(actor, AURORA)) for actor in (admin, other)]
    rows = [(actor, confirmed(actor, row)) for actor, row in reports]

    at_once(lambda _number: working.run(), 2)

    states = {store.get(actor, row.public_id).state for actor, row in rows}
    assert states == {ImportState.APPLIED, ImportState.CHECKED}
    assert len(called("Aurora")) == 1


def test_the_same_file_given_many_times_at_once_is_one_import(admin):
    file = imports.opened("accounts.csv", a_file(AURORA))

    def give(_number: int) -> None:
        with transaction():
            imports.give(admin, file)

    at_once(give, 8)

    assert len(store.page(admin, None).rows) == 1


def test_a_report_that_was_made_anew_meanwhile_is_not_confirmed(admin):
    row = checked(admin, AURORA)
    seen = row.version
    with transaction():
        imports.check_again(admin, row)
    working.run()

    with pytest.raises(Changed), transaction():
        imports.confirm(admin, row, seen)


def test_the_same_file_of_the_same_person_is_one_import(admin):
    assert given(admin, AURORA) == given(admin, AURORA)


def test_what_was_discarded_is_not_applied(admin):
    row = checked(admin, AURORA)
    with transaction():
        imports.discard(admin, row)

    with pytest.raises(ImportMoved):
        confirmed(admin, row)
    assert report(admin, row) == []


def test_what_is_being_applied_is_not_discarded(admin):
    row = confirmed(admin, checked(admin, AURORA))

    with pytest.raises(ImportMoved), transaction():
        imports.discard(admin, row)


def test_who_is_no_partner_admin_any_more_imports_nothing(admin):
    row = confirmed(admin, checked(admin, AURORA))
    another = a_vendor()
    with transaction():
        accounts.remove(another, people.get_membership(admin, admin.membership_id))

    working.run()

    after = store.get(admin, row.public_id)
    assert (after.state, after.failure) == (ImportState.FAILED, "import_no_longer_allowed")
    assert named("Aurora") is None


def test_what_a_killed_command_line_confirmed_waits_with_its_report_for_somebody_else(admin):
    operator = operator_at(tenant_of(admin).id)
    row = confirmed(operator, checked(operator, AURORA))

    working.run()

    after = store.get(admin, row.public_id)
    assert (after.state, after.failure, after.changes) == (ImportState.CHECKED, None, 1)
    assert named("Aurora") is None


def test_what_a_killed_command_line_left_can_be_confirmed_by_an_admin(admin):
    operator = operator_at(tenant_of(admin).id)
    row = confirmed(operator, checked(operator, AURORA))
    working.run()

    confirmed(admin, store.get(admin, row.public_id))
    working.run()

    assert store.get(admin, row.public_id).state is ImportState.APPLIED


def test_nothing_is_kept_of_the_file_once_it_is_applied(admin):
    row = applied(admin, AURORA)

    assert row.content is None


def test_a_report_that_nobody_acts_upon_is_discarded_in_the_end(admin):
    row = checked(admin, AURORA)

    with time_machine.travel(clock.now() + timedelta(days=31)), transaction():
        imports.tidy_up(system_actor("worker"))

    assert store.get(admin, row.public_id).state is ImportState.DISCARDED


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PARTNER_ADMIN])
def test_only_partner_admins_import(role: Role):
    assert "tenants.import" not in PERMISSIONS[role]


def test_other_accounts_are_left_as_they_are(admin):
    owner = a_licensee(name="Other")
    before = events_of(tenant_of(owner))
    a_contract(tenant_of(owner), "integrator")

    applied(admin, AURORA)

    assert len(events_of(tenant_of(owner))) == len(before) + 1
    assert membership_of(owner).ended_at is None
