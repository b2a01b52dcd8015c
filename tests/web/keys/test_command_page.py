"""The page of a pair that a command line makes: the code is shown once, and what became of it is seen."""

import re

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import Actor
from portal.keys import store
from portal.keys.models import KeyOrigin
from tests.api.calling import facts_of, proof_of
from tests.api.conftest import Call, call  # noqa: F401 - a fixture
from tests.conftest import PortalClient
from tests.factories import (
    PASSWORD,
    a_code,
    a_command_intent,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    an_integrator,
    for_client,
    tenant_of,
)

CODE = re.compile(r"portal-key new --portal http://localhost ((?:[0-9a-z]{4}-){6}[0-9a-z]{4})")


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def visitor(owner: Actor, signed_in) -> PortalClient:
    return signed_in(owner)


def place(actor: Actor, intent) -> str:
    return f"/{tenant_of(actor).account_id}/keys/making/{intent.public_id}"


def code_on(answer) -> str | None:
    found = CODE.search(BeautifulSoup(answer.text, "html.parser").get_text())
    return found.group(1) if found else None


def prove(call: Call, code: str, number: int = 730) -> str:  # noqa: F811
    private = a_private_key(number)
    return call("keys/making/proof", **proof_of(facts_of(call, code), code, private)).json["api_key"]


def test_the_way_is_offered_and_leads_to_the_page_of_its_code(visitor: PortalClient, owner: Actor):
    account = tenant_of(owner).account_id
    form = BeautifulSoup(visitor.get(f"/{account}/keys/new?environment=sandbox").text, "html.parser")
    contract = form.find(attrs={"name": "contract"})["value"]

    fields = {"name": "Storefront", "contract": contract, "origin": "command", "password": PASSWORD}
    begun = visitor.post(f"/{account}/keys/new?environment=sandbox", data=fields)
    page = visitor.get(begun.location)

    assert begun.status_code == 303
    assert "Show the code and the command" in page.text
    assert code_on(page) is None


def test_the_code_is_shown_once_and_looking_again_does_not_change_it(
    visitor: PortalClient,
    owner: Actor,
    call: Call,  # noqa: F811
):
    intent = a_command_intent(owner)

    shown = visitor.post(place(owner, intent))
    again = visitor.get(place(owner, intent))

    code = code_on(shown)
    assert shown.headers["Cache-Control"] == "no-store"
    assert code_on(again) is None
    assert "A code was shown" in again.text
    assert facts_of(call, code)["name"] == intent.name


def test_another_code_makes_the_first_one_void(visitor: PortalClient, owner: Actor, call: Call):  # noqa: F811
    intent = a_command_intent(owner)
    first, second = code_on(visitor.post(place(owner, intent))), code_on(visitor.post(place(owner, intent)))

    assert call("keys/making", code=first).json["code"] == "code_refused"
    assert facts_of(call, second)["name"] == intent.name


def test_looking_again_shows_that_it_is_in_service(visitor: PortalClient, owner: Actor, call: Call):  # noqa: F811
    intent = a_command_intent(owner)

    api_key = prove(call, code_on(visitor.post(place(owner, intent))))
    page, posted = visitor.get(place(owner, intent)), visitor.post(place(owner, intent))

    assert "This pair is in service" in page.text
    assert api_key in page.text
    assert code_on(posted) is None


def test_a_discarded_one_shows_no_code(visitor: PortalClient, owner: Actor):
    intent = a_command_intent(owner)
    visitor.post(f"{place(owner, intent)}/discard")

    page = visitor.post(place(owner, intent))

    assert "This is over" in page.text
    assert code_on(page) is None


def test_nobody_but_who_began_sees_the_page(signed_in, owner: Actor):
    intent, colleague = a_command_intent(owner), a_member(tenant_of(owner))

    assert signed_in(colleague).post(place(owner, intent)).status_code == 404
    assert signed_in(a_licensee()).post(place(owner, intent)).status_code == 404


def test_an_integrator_gets_a_code_for_its_clients_account(signed_in, owner: Actor, call: Call):  # noqa: F811
    integrator = an_integrator()
    acting = for_client(integrator, a_delegation(owner, integrator))
    intent = a_command_intent(acting)

    api_key = prove(call, code_on(signed_in(integrator).post(place(owner, intent))))

    assert store.get(owner, api_key).holder_id == integrator.home_id


def test_a_rotation_goes_by_command_too(visitor: PortalClient, owner: Actor, call: Call):  # noqa: F811
    old = a_key(owner, name="Storefront")
    fields = {"overlap": "1209600", "ending": "held", "name": "Storefront", "origin": "command", "password": PASSWORD}
    begun = visitor.post(f"/{tenant_of(owner).account_id}/keys/{old.api_key}/rotate", data=fields)

    shown = visitor.post(begun.location)
    successor = prove(call, code_on(shown))
    done = visitor.get(begun.location)

    assert "This pair replaces “Storefront”" in shown.text
    assert store.get(owner, successor).replaces_id == old.id
    assert "See which shops have moved" in done.text


def test_a_key_of_this_origin_has_its_page(visitor: PortalClient, owner: Actor, call: Call):  # noqa: F811
    api_key = prove(call, a_code(owner))

    assert store.get(owner, api_key).origin is KeyOrigin.COMMAND
    assert visitor.get(f"/{tenant_of(owner).account_id}/keys/{api_key}").status_code == 200
