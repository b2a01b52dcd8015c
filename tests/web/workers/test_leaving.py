"""What took somebody's rights away holds on the next request of every process (security.md section 3, test 8)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from portal.access.actor import Actor, system_actor
from portal.access.roles import Role, Scope
from portal.accounts import operations as accounts
from portal.accounts import passwords, sessions
from portal.accounts import store as people
from portal.accounts.models import UserSession
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact.disabling import disable_person
from portal.impact.leaving import remove_member
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.tokens import operations as tokens
from tests.factories import (
    PASSWORD,
    a_delegation,
    a_licensee,
    a_member,
    an_integrator,
    membership_of,
    tenant_of,
)
from tests.web.workers.conftest import Worker

OUT, GONE, SUSPENDED = 302, 404, 403


def cookie_of(actor: Actor) -> str:
    with transaction():
        person = people.get_person(actor.person_id)
        _row, token = sessions.begin_session(person, "Test browser", home_id=actor.home_id)
    return token


def bearer_of(actor: Actor) -> str:
    ends_at = clock.now() + timedelta(days=30)
    with transaction():
        return tokens.issue(actor, name="Script", scopes=frozenset({Scope.READ}), ends_at=ends_at).secret


def page_of(actor: Actor) -> str:
    return f"/{tenant_of(actor).account_id}/keys"


def session_behind(cookie: str) -> UserSession:
    row = sessions.session_for(cookie)
    assert row is not None
    return row


def remove(owner: Actor, member: Actor, _cookie: str) -> None:
    remove_member(owner, membership_of(member))


def give_another_role(owner: Actor, member: Actor, _cookie: str) -> None:
    membership = membership_of(member)
    accounts.change_role(owner, membership, Role.VIEWER, membership.version)


def disable(_owner: Actor, member: Actor, _cookie: str) -> None:
    disable_person(system_actor("tests"), people.get_person(member.person_id), why="They left the house.")


def suspend(owner: Actor, _member: Actor, _cookie: str) -> None:
    tenants.set_standing(system_actor("tests"), tenant_of(owner), Standing.SUSPENDED)


def sign_out_everywhere(_owner: Actor, _member: Actor, cookie: str) -> None:
    accounts.sign_out_everywhere(session_behind(cookie), keep_current=False)


def change_password(member: Actor) -> str:
    """The cookie of the one session that there is afterwards."""
    person = people.get_person(member.person_id)
    proof = accounts.attempt(person, accounts.Password(PASSWORD), "192.0.2.1")
    chosen = passwords.choose("quite another password", email="", name="")
    with transaction():
        _row, token = accounts.change_password(proof, chosen, "Test browser")
    return token


ACTS: dict[str, tuple[Callable[[Actor, Actor, str], None], int, int]] = {
    # What is done, what the cookie is worth then, and what the token is worth.
    "removed": (remove, OUT, 401),
    "another role": (give_another_role, OUT, 200),
    "disabled": (disable, OUT, 401),
    "suspended": (suspend, SUSPENDED, 403),
    "signed out everywhere": (sign_out_everywhere, OUT, 200),
}


@pytest.mark.parametrize("name", ACTS)
def test_the_next_request_of_either_process_is_refused(name: str, workers: list[Worker]):
    act, cookie_is_worth, token_is_worth = ACTS[name]
    owner = a_licensee()
    member = a_member(tenant_of(owner), Role.DEVELOPER)
    cookie, bearer, page = cookie_of(member), bearer_of(member), page_of(member)
    assert [worker.get(page, cookie=cookie) for worker in workers] == [200, 200]
    assert [worker.get(f"/api/v1{page}", bearer=bearer) for worker in workers] == [200, 200]

    with transaction():
        act(owner, member, cookie)

    assert [worker.get(page, cookie=cookie) for worker in workers] == [cookie_is_worth] * 2
    assert [worker.get(f"/api/v1{page}", bearer=bearer) for worker in workers] == [token_is_worth] * 2


def test_after_signing_out_at_one_process_the_cookie_is_dead_at_the_other(app: Flask, workers: list[Worker]):
    member = a_licensee()
    cookie, page = cookie_of(member), page_of(member)
    signer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
    form = f"csrf_token={signer.dumps(session_behind(cookie).csrf_token)}"
    first, second = workers
    assert [worker.get(page, cookie=cookie) for worker in workers] == [200, 200]

    assert first.post("/sign-out", form, cookie=cookie) == 303

    assert second.get(page, cookie=cookie) == OUT
    assert first.get(page, cookie=cookie) == OUT


def test_another_password_ends_every_older_session_in_both_processes(workers: list[Worker]):
    member = a_licensee()
    here, elsewhere, page = cookie_of(member), cookie_of(member), page_of(member)
    assert [worker.get(page, cookie=elsewhere) for worker in workers] == [200, 200]

    renewed = change_password(member)

    assert [worker.get(page, cookie=old) for worker in workers for old in (here, elsewhere)] == [OUT] * 4
    assert [worker.get(page, cookie=renewed) for worker in workers] == [200, 200]


def test_a_client_is_gone_for_both_processes_once_the_delegation_ended(workers: list[Worker]):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    cookie, bearer, page = cookie_of(integrator), bearer_of(integrator), page_of(owner)
    assert [worker.get(page, cookie=cookie) for worker in workers] == [200, 200]
    assert [worker.get(f"/api/v1{page}", bearer=bearer) for worker in workers] == [200, 200]

    with transaction():
        delegations.end(owner, delegation_store.get_given(owner, delegation.public_id))

    assert [worker.get(page, cookie=cookie) for worker in workers] == [GONE, GONE]
    assert [worker.get(f"/api/v1{page}", bearer=bearer) for worker in workers] == [GONE, GONE]
    assert [worker.get(page_of(integrator), cookie=cookie) for worker in workers] == [200, 200]
