"""Rights are worked out anew on each request: what was taken away is gone with the next click (security.md)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right, Role
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.contracts import deputies
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.conftest import PortalClient
from tests.factories import (
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    an_integrator,
    membership_of,
    tenant_of,
)

Browser = Callable[[Actor], PortalClient]


def _keys(actor: Actor, page: str = "") -> str:
    return f"/{tenant_of(actor).account_id}/keys{page}"


def _set_standing(actor: Actor, standing: Standing) -> None:
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant_of(actor), standing)


def test_who_is_removed_is_out_with_the_next_request(signed_in: Browser):
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.KEY_MANAGER)
    browser = signed_in(member)
    assert browser.get(_keys(owner)).status_code == 200

    with transaction():
        accounts.remove(owner, membership_of(member))

    assert browser.get(_keys(owner)).location.startswith("/sign-in")


def test_who_gets_another_role_has_to_sign_in_anew(signed_in: Browser):
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.KEY_MANAGER)
    browser = signed_in(member)

    with transaction():
        membership = membership_of(member)
        accounts.change_role(owner, membership, Role.VIEWER, membership.version)

    assert browser.get(_keys(owner)).status_code == 302
    assert signed_in(member).get(_keys(owner, "/new")).status_code == 403


def test_a_suspended_account_says_so_with_the_next_request(signed_in: Browser):
    owner = a_licensee()
    browser = signed_in(owner)

    _set_standing(owner, Standing.SUSPENDED)

    answer = browser.get(_keys(owner))
    assert answer.status_code == 403
    assert "suspended" in answer.text


def test_an_account_in_good_standing_again_opens_at_once(signed_in: Browser):
    owner = a_licensee(standing=Standing.SUSPENDED)
    browser = signed_in(owner)

    _set_standing(owner, Standing.GOOD)

    assert browser.get(_keys(owner)).status_code == 200


def test_a_suspended_integrator_is_out_of_its_clients_accounts_too(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator)
    browser = signed_in(integrator)
    assert browser.get(_keys(owner)).status_code == 200

    _set_standing(integrator, Standing.SUSPENDED)

    assert browser.get(_keys(owner)).status_code == 403


def test_the_integrator_of_a_suspended_client_is_told_so(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator)
    browser = signed_in(integrator)

    _set_standing(owner, Standing.SUSPENDED)

    assert browser.get(_keys(owner)).status_code == 403


def test_a_paused_delegation_says_so_and_a_resumed_one_opens(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    browser = signed_in(integrator)

    with transaction():
        delegations.pause(owner, delegation)
    assert browser.get(_keys(owner)).status_code == 403

    with transaction():
        delegations.resume(owner, delegation_store.get_given(owner, delegation.public_id))
    assert browser.get(_keys(owner)).status_code == 200


def test_behind_an_ended_delegation_there_is_nothing(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    browser = signed_in(integrator)

    with transaction():
        delegations.end(owner, delegation)

    assert browser.get(_keys(owner)).status_code == 404


def test_a_delegation_ends_with_its_last_day_whether_or_not_the_worker_noticed(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator, days=2)

    with clock.travelled_to(clock.now() + timedelta(days=3)):
        assert signed_in(integrator).get(_keys(owner)).status_code == 404


def test_a_right_that_is_narrowed_away_is_gone_at_once(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    browser = signed_in(integrator)
    assert browser.get(_keys(owner, "/new")).status_code == 200

    with transaction():
        delegations.narrow(
            owner,
            delegation,
            environments=frozenset(Environment),
            rights=frozenset({Right.VIEW}),
            project_ids=None,
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert browser.get(_keys(owner, "/new")).status_code == 403


@pytest.mark.parametrize(
    ("role", "may"), [(Role.OWNER, 200), (Role.KEY_MANAGER, 200), (Role.DEVELOPER, 403), (Role.VIEWER, 403)]
)
def test_in_the_integrators_own_tenant_the_role_says_who_uses_a_right(role: Role, may: int, signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator)
    colleague = a_member(tenant_of(integrator), role)

    assert signed_in(colleague).get(_keys(owner, "/new")).status_code == may


def test_a_deputy_who_is_withdrawn_makes_no_more_keys(signed_in: Browser):
    signer = a_partner()
    deputy = a_deputy(signer)
    browser = signed_in(deputy)
    assert browser.get(_keys(signer, "/new")).status_code == 200

    (named,) = contracts.all_of(signer)[0].deputies
    with transaction():
        deputies.withdraw_deputy(signer, named)

    assert browser.get(_keys(signer, "/new")).status_code == 403


def test_a_signer_who_left_signs_no_more(signed_in: Browser):
    signer = a_partner()
    owner = a_member(tenant_of(signer))
    browser = signed_in(signer)

    with transaction():
        accounts.remove(owner, membership_of(signer))

    assert browser.get(_keys(signer, "/new")).location.startswith("/sign-in")


def test_a_key_outlives_whoever_made_it(signed_in: Browser):
    """Rule 1: it belongs to the tenant and its contract."""
    owner = a_licensee()
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER)
    pair = a_key(maker)

    with transaction():
        accounts.remove(owner, membership_of(maker))

    assert "Active" in signed_in(owner).get(_keys(owner, f"/{pair.api_key}")).text


def test_somebody_of_two_integrators_acts_for_the_one_they_work_in(signed_in: Browser):
    owner, one, other = a_licensee(), an_integrator(name="One"), an_integrator(name="Other")
    a_delegation(owner, one)
    a_delegation(owner, other, rights=[Right.VIEW])
    both = a_member(tenant_of(other), person=people.get_person(one.person_id))

    assert signed_in(one).get(_keys(owner, "/new")).status_code == 200
    assert signed_in(both).get(_keys(owner, "/new")).status_code == 403


def test_a_member_who_is_an_integrators_person_too_acts_as_the_member(signed_in: Browser):
    owner, integrator = a_licensee(), an_integrator()
    a_delegation(owner, integrator, rights=[Right.VIEW])
    a_member(tenant_of(owner), Role.KEY_MANAGER, person=people.get_person(integrator.person_id))

    assert signed_in(integrator).get(_keys(owner, "/new")).status_code == 200


def test_an_account_id_is_what_it_is_letter_by_letter(signed_in: Browser):
    owner = a_licensee()

    assert signed_in(owner).get(_keys(owner).lower()).status_code == 404
