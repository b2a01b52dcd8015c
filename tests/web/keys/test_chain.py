"""The chain on a key's page: contract, signer or owner, delegation or ticket, holder, maker."""

import pytest
from bs4 import BeautifulSoup

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.accounts import members
from portal.foundation.database import transaction
from portal.keys import store
from portal.keys.models import KeyPair
from tests.factories import (
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_successor,
    a_ticket,
    an_integrator,
    for_client,
    live_pairs,
    membership_of,
    tenant_of,
)


@pytest.fixture
def chain(signed_in):
    """The steps on the page of a pair, as this actor sees it: label and value of each."""

    def steps(actor: Actor, pair: KeyPair, account: str = "") -> list[tuple[str, str]]:
        page = signed_in(actor).get(f"/{account or tenant_of(actor).account_id}/keys/{pair.api_key}")
        assert page.status_code == 200
        return [(_text(step, "label"), _text(step, "value")) for step in _soup(page).select(".chain-step")]

    return steps


def _soup(page) -> BeautifulSoup:
    return BeautifulSoup(page.text, "html.parser")


def _text(step, part: str) -> str:
    return " ".join(step.find(class_=f"chain-{part}").get_text().split())


def test_under_a_licence(chain):
    owner = a_licensee(name="Northwind")

    steps = chain(owner, a_key(owner))

    assert steps == [
        ("Contract", "Adobe Commerce"),
        ("Owner", "Northwind"),
        ("Holder of the private key", "Northwind"),
        ("Made by", owner.label),
    ]


def test_s9_under_a_partner_contract_it_names_the_signer(chain):
    signer = a_partner(name="Partner")
    deputy = a_deputy(signer)

    steps = chain(signer, a_key(deputy))

    assert steps[0][0] == "Contract"
    assert steps[1:] == [
        ("Signer", "Sanna Signer"),
        ("Owner", "Partner"),
        ("Holder of the private key", "Partner"),
        ("Made by", "Dora Deputy"),
    ]


def test_a_signer_who_has_left_is_named_as_such(chain, signed_in):
    signer = a_partner(name="Partner")
    owner, pair = a_member(tenant_of(signer)), a_key(signer)
    with transaction():
        members.remove(owner, membership_of(signer))

    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys/{pair.api_key}")

    assert ("Signer", "Sanna Signer") in chain(owner, pair)
    assert "has left; nobody signs at the moment" in page.text


@pytest.mark.parametrize(("kind", "label"), [(a_delegation, "Delegation"), (a_ticket, "Ticket")])
def test_under_a_delegation_or_a_ticket_both_sides_see_it_linked(chain, signed_in, kind, label):
    owner, integrator = a_licensee(name="Northwind"), an_integrator(name="Agency")
    given = kind(owner, integrator)
    public_id, pair = given.public_id, a_key(for_client(integrator, given))
    account = tenant_of(owner).account_id

    for reader in (owner, integrator):
        assert chain(reader, pair, account) == [
            ("Contract", "Adobe Commerce"),
            ("Owner", "Northwind"),
            (label, public_id),
            ("Holder of the private key", "Agency"),
            ("Made by", integrator.label),
        ]
        browser = signed_in(reader)
        link = _soup(browser.get(f"/{account}/keys/{pair.api_key}")).find("a", string=public_id)
        assert browser.get(link["href"]).status_code == 200


def test_a_successor_has_the_chain_of_its_predecessor(chain):
    owner, integrator = a_licensee(), an_integrator()
    acting = for_client(integrator, a_ticket(owner, integrator))
    pair = a_key(acting)
    before = chain(owner, pair)

    assert chain(owner, a_successor(acting, pair)) == before


def test_a_maker_who_was_removed_is_still_named_and_the_pair_works(chain):
    owner = a_licensee()
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER, name="Kim Former")
    pair = a_key(maker)
    with transaction():
        members.remove(owner, membership_of(maker))

    steps = chain(owner, pair)

    assert steps[-1] == ("Made by", "Kim Former")
    assert [one.api_key for one in live_pairs(owner)] == [pair.api_key]


def test_a_pair_without_a_known_maker_has_its_chain_too(chain):
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        store.get(owner, pair.api_key).made_by_id = None

    assert chain(owner, pair)[-1] == ("Made by", "–")
