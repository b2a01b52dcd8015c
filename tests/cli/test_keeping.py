"""`flask portal …` for what has no page yet: vendor staff, accounts, contracts, signers, standing."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.access.actor import system_actor
from portal.access.roles import Environment
from portal.accounts import store as accounts
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.entitlements import store as entitlements
from portal.foundation import clock
from portal.foundation.database import db
from portal.foundation.words import same_name
from portal.tenants import store as tenants
from portal.tenants.models import Standing, Tenant
from tests.cli.conftest import Run
from tests.factories import (
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_person,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    membership_of,
    tenant_of,
)

ADD = (
    *("portal", "add-tenant", "Aurora", "--owner", "o@example.com"),
    *("--edition", "adobe-commerce", "--ends", "2031-12-31"),
)


@pytest.fixture
def vendor():
    a_vendor()
    return tenants.find_vendor()


def invited(tenant: Tenant) -> list[tuple[str, str]]:
    rows = accounts.open_invitations(system_actor("tests", tenant.id))
    return [(row.email, row.role.value) for row in rows]


def aurora() -> Tenant:
    return tenants.find_by_name_key(same_name("Aurora"))


def test_vendor_staff_are_invited_by_mail(run: Run, vendor):
    result = run("portal", "invite", "ben@example.com", "--role", "operator")

    assert result.exit_code == 0, result.output
    assert invited(vendor) == [("ben@example.com", "operator")]


def test_nobody_is_invited_before_there_is_a_vendor(run: Run):
    result = run("portal", "invite", "ben@example.com", "--role", "operator")

    assert result.exit_code == 1
    assert "run `flask portal init` first" in result.output


def test_inviting_twice_is_said(run: Run, vendor):
    run("portal", "invite", "ben@example.com", "--role", "operator")

    result = run("portal", "invite", "ben@example.com", "--role", "operator")

    assert result.exit_code == 1
    assert "invited already" in result.output


def test_a_lost_invitation_is_sent_again(run: Run, vendor):
    run("portal", "invite", "ben@example.com", "--role", "operator")
    (before,) = accounts.open_invitations(system_actor("tests", vendor.id))
    link = before.token_hash

    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        result = run("portal", "invite", "ben@example.com", "--role", "operator", "--again")

    (after,) = accounts.open_invitations(system_actor("tests", vendor.id))
    assert result.exit_code == 0
    assert after.token_hash != link


def test_an_invitation_is_not_sent_twice_within_a_minute(run: Run, vendor):
    run("portal", "invite", "ben@example.com", "--role", "operator")

    result = run("portal", "invite", "ben@example.com", "--role", "operator", "--again")

    assert result.exit_code == 1
    assert "less than a minute ago" in result.output


@pytest.mark.parametrize("role", ["owner", "viewer", "king"])
def test_roles_of_tenants_are_not_given_in_the_vendors_account(role, run: Run, vendor):
    assert run("portal", "invite", "ben@example.com", "--role", role).exit_code == 2


def test_an_account_comes_with_contract_entitlements_and_owner(run: Run):
    result = run(*ADD)

    actor = system_actor("tests", aurora().id)
    (contract,) = contracts.all_of(actor)
    assert result.exit_code == 0, result.output
    assert contract.edition_code == "adobe-commerce"
    assert contract.ends_at.isoformat() == "2032-01-01T00:00:00+00:00"
    assert len(entitlements.all_of(actor)) == 4
    assert invited(aurora()) == [("o@example.com", "owner")]
    assert aurora().account_id in result.output


def test_a_second_account_of_one_name_has_to_be_meant(run: Run):
    run(*ADD)

    refused, meant = run(*ADD), run(*ADD, "--another")

    assert (refused.exit_code, meant.exit_code) == (1, 0)
    assert aurora().account_id in refused.output
    assert len(db.session.scalars(select(Tenant)).all()) == 2


@pytest.mark.parametrize(
    "change",
    [("--owner", "nonsense"), ("--ends", "2020-01-01"), ("--starts", "2040-01-01")],
)
def test_what_cannot_be_used_leaves_nothing_half_done(change, run: Run):
    result = run(*ADD, *change)

    assert result.exit_code == 1
    assert aurora() is None


@pytest.mark.parametrize("change", [("--edition", "moon"), ("--ends", "soon"), ("--language", "fr")])
def test_unknown_words_are_refused(change, run: Run):
    assert run(*ADD, *change).exit_code == 2


def test_an_invitation_is_written_in_the_language_asked_for(run: Run):
    run(*ADD, "--language", "zh_Hant")

    (invitation,) = accounts.open_invitations(system_actor("tests", aurora().id))
    assert invitation.language.value == "zh_Hant"


def test_an_account_gets_a_further_contract(run: Run):
    tenant = tenant_of(a_licensee())

    result = run("portal", "add-contract", tenant.account_id, "--edition", "integrator", "--ends", "2031-12-31")

    assert result.exit_code == 0, result.output
    assert contracts.is_integrator(tenant.id, clock.now())


def test_a_contract_may_begin_later(run: Run):
    tenant = a_tenant()

    run(
        *("portal", "add-contract", tenant.account_id, "--edition", "adobe-commerce"),
        *("--starts", "2031-01-01", "--ends", "2031-12-31"),
    )

    (contract,) = contracts.all_of(system_actor("tests", tenant.id))
    assert contract.starts_at.isoformat() == "2031-01-01T00:00:00+00:00"


def test_a_renewed_contract_and_its_services_run_longer(run: Run):
    licensee = a_licensee()
    (contract,) = contracts.all_of(licensee)

    result = run("portal", "renew", contract.public_id, "--until", "2035-12-31")

    assert result.exit_code == 0, result.output
    ends = {row.ends_at.isoformat() for row in [*contracts.all_of(licensee), *entitlements.all_of(licensee)]}
    assert ends == {"2036-01-01T00:00:00+00:00"}
    newest = audit.page(licensee, before_seq=None, limit=1)[0]
    assert newest.event == "contract.extended"


@pytest.mark.parametrize("until", ["2001-12-31", "2026-01-01"])
def test_a_contract_is_not_renewed_to_an_earlier_day(run: Run, until):
    (contract,) = contracts.all_of(a_licensee())

    result = run("portal", "renew", contract.public_id, "--until", until)

    assert result.exit_code == 1
    assert "later than its end" in result.output


def test_a_partner_is_told_how_its_signer_is_recorded(run: Run):
    result = run(*ADD, "--edition", "solution-partner")

    (contract_id,) = re.findall(r"flask portal signer (ctr_\w+) o@example.com", result.output)
    assert contracts.get_of_any_tenant(contract_id).signer_id is None


def test_the_signer_is_recorded_once_they_are_a_member(run: Run):
    tenant = a_tenant()
    contract_id = a_contract(tenant, "solution-partner").public_id
    a_person(email="o@example.com")
    before = run("portal", "signer", contract_id, "o@example.com")
    member = a_member(tenant, person=accounts.person_by_email("o@example.com"))

    after = run("portal", "signer", contract_id, "O@example.com")

    assert (before.exit_code, after.exit_code) == (1, 0)
    assert "has to be accepted first" in before.output
    assert contracts.powers_of(membership_of(member), clock.now()).signs


@pytest.mark.parametrize("word", list(Standing))
def test_an_account_is_put_into_a_standing(word, run: Run):
    tenant = a_tenant()

    result = run("portal", "standing", tenant.account_id.lower(), word.value, "--yes")

    assert result.exit_code == 0
    assert tenants.get(tenant.id).standing is word


def test_suspending_says_first_what_stops_and_asks(run: Run):
    owner, integrator = a_licensee(), an_integrator()
    a_key(owner, environment=Environment.SANDBOX)
    a_key(for_client(integrator, a_delegation(owner, integrator)), environment=Environment.PRODUCTION)

    unanswered = run("portal", "standing", tenant_of(owner).account_id, "suspended")
    of_holder = run("portal", "standing", tenant_of(integrator).account_id, "suspended", "--yes")

    assert unanswered.exit_code == 1
    assert "stops 2 live key pairs of its own and 0 that it holds for clients" in unanswered.output
    assert "1 integrators, 0 clients and 1 members" in unanswered.output
    assert tenants.get(tenant_of(owner).id).standing is Standing.GOOD
    assert "stops 0 live key pairs of its own and 1 that it holds for clients" in of_holder.output


@pytest.mark.parametrize(
    "words",
    [
        ("standing", "MAG000000000", "good"),
        ("add-contract", "MAG000000000", "--edition", "integrator", "--ends", "2031-12-31"),
        ("signer", "ctr_nothing", "o@example.com"),
    ],
)
def test_what_is_not_there_is_said(words, run: Run):
    result = run("portal", *words)

    assert result.exit_code == 1
    assert "There is no" in result.output


def test_the_record_says_who_typed_the_command(run: Run, monkeypatch):
    monkeypatch.setenv("LOGNAME", "alice")
    tenant = a_tenant()

    run("portal", "standing", tenant.account_id, "past_due")

    newest = audit.page(system_actor("tests", tenant.id), before_seq=None, limit=1)[0]
    assert (newest.event, newest.actor_label) == ("tenant.standing_changed", "command line (alice)")


def test_a_database_that_is_away_is_said_in_a_sentence(run: Run, monkeypatch):
    def away(*_args):
        raise OperationalError("SELECT", {}, Exception("connection refused\nat some length"))

    monkeypatch.setattr(tenants, "find_by_account_id", away)

    result = run("portal", "standing", "MAG000000000", "good")

    assert result.exit_code == 1
    assert result.output.startswith("Error: The database cannot be used: connection refused.")
