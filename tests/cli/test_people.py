"""`flask portal disable-person` and `enable-person`."""

import pytest

from portal.access.roles import Role
from portal.accounts import store
from tests.factories import a_licensee, a_member, a_vendor, tenant_of


@pytest.fixture
def run(app):
    """Runs `flask portal …`."""
    a_vendor(Role.OPERATOR)
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=["portal", *arguments])


def email_of(actor) -> str:
    return store.get_person(actor.person_id).email


def test_somebody_is_disabled_and_enabled(run):
    member = a_member(tenant_of(a_licensee()), Role.VIEWER)

    done = run("disable-person", email_of(member), "--reason", "They left.", "--yes")
    assert done.exit_code == 0, done.output
    assert not store.get_person(member.person_id).is_active
    assert "can no longer sign in" in done.output

    assert run("enable-person", email_of(member), "--reason", "They are back.").exit_code == 0
    assert store.get_person(member.person_id).is_active


def test_nothing_happens_without_a_yes(run):
    member = a_member(tenant_of(a_licensee()), Role.VIEWER)

    assert run("disable-person", email_of(member), "--reason", "They left.").exit_code == 1
    assert store.get_person(member.person_id).is_active


def test_the_last_owner_needs_a_successor(run):
    owner = a_licensee(name="Acme")
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    command = ("disable-person", email_of(owner), "--reason", "They left.", "--yes")

    refused = run(*command)
    assert (refused.exit_code, "Nobody else can manage Acme" in refused.output) == (1, True)
    assert email_of(viewer) in refused.output
    assert run(*command, "--owner", email_of(viewer)).exit_code == 0


def test_an_address_of_nobody_is_said(run):
    refused = run("enable-person", "nobody@example.com", "--reason", "Why not.")

    assert (refused.exit_code, "Nobody has a sign-in" in refused.output) == (1, True)
