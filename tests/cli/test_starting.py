"""`flask portal init`: an empty production instance, and the refusals that keep it from starting half."""

from sqlalchemy import select

from portal.access.actor import system_actor
from portal.accounts import store as accounts
from portal.contracts.models import Edition
from portal.foundation.database import db
from portal.tenants import store as tenants
from portal.tenants.models import Tenant
from tests.cli.conftest import Run
from tests.factories import a_vendor

INIT = ("portal", "init", "--vendor", "The Vendor", "--admin", "ann@example.com")


def invitations() -> list[tuple[str, str]]:
    vendor = tenants.find_vendor()
    rows = accounts.open_invitations(system_actor("tests", vendor.id)) if vendor else []
    return [(row.email, row.role.value) for row in rows]


def test_it_makes_the_vendor_and_invites_the_first_partner_admin(run: Run):
    result = run(*INIT)

    assert result.exit_code == 0, result.output
    assert tenants.find_vendor().name == "The Vendor"
    assert invitations() == [("ann@example.com", "partner_admin")]
    assert tenants.find_vendor().account_id in result.output


def test_it_loads_the_catalogue(run: Run):
    run(*INIT)

    assert "adobe-commerce" in db.session.scalars(select(Edition.code)).all()


def test_doing_it_again_repeats_nothing(run: Run):
    run(*INIT)

    result = run(*INIT)

    assert result.exit_code == 0
    assert "nobody was invited now" in result.output
    assert len(db.session.scalars(select(Tenant)).all()) == 1
    assert len(invitations()) == 1


def test_with_a_partner_admin_at_work_nobody_is_invited(run: Run):
    a_vendor()

    assert run(*INIT).exit_code == 0
    assert invitations() == []


def test_an_address_that_is_none_starts_nothing(run: Run):
    result = run("portal", "init", "--admin", "nonsense")

    assert result.exit_code == 1
    assert "Give an e-mail address" in result.output
    assert tenants.find_vendor() is None


def test_the_demo_is_not_started_as_production(app):
    result = app.test_cli_runner().invoke(args=INIT)

    assert result.exit_code == 1
    assert "This is the demo" in result.output


def test_a_database_of_another_release_is_refused(run: Run, monkeypatch):
    monkeypatch.setattr("portal.foundation.migrations.heads_of_code", lambda: frozenset({"9999"}))

    result = run(*INIT)

    assert result.exit_code == 1
    assert "run `flask db upgrade` first" in result.output
