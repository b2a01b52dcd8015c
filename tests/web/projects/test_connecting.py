"""Connect a shop: the values of its settings, ready to take along, with what is still missing (S1, S12)."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.projects import installations, store
from portal.projects import operations as projects
from portal.usage import traces
from tests.factories import a_call, a_delegation, a_key, a_licensee, an_integrator, for_client, tenant_of


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def project(owner):
    with transaction():
        project = projects.create(owner, "Web shop", contracts.running(owner, clock.now())[0])
    return store.get(owner, project.public_id)


@pytest.fixture
def space(project):
    return project.data_spaces[0]


@pytest.fixture
def read(signed_in, owner, space):
    """The page as this actor's person finds it: its words, and each text that can be copied."""

    def look(actor, query: str = "") -> tuple[str, list[str]]:
        page = signed_in(actor).get(f"/{tenant_of(owner).account_id}/data-spaces/{space.public_id}/connect{query}")
        assert page.status_code == 200
        soup = BeautifulSoup(page.text, "html.parser")
        return " ".join(soup.get_text(" ").split()), [one.text for one in soup.select("[data-copy-from]")]

    return look


def test_s1_the_page_has_everything_that_goes_into_the_shops_settings(owner, project, space, read):
    production, sandbox = (a_key(owner, environment=side) for side in (Environment.PRODUCTION, Environment.SANDBOX))

    words, texts = read(owner)

    commands = texts[-2].splitlines()
    assert texts[:2] == [production.api_key, sandbox.api_key]
    assert commands == [
        "bin/magento config:set services_connector/production_gateway_url http://localhost",
        "bin/magento config:set services_connector/sandbox_gateway_url http://localhost",
        "bin/magento config:set services_connector/services_connector_integration/production_api_key "
        + production.api_key,
        "bin/magento config:set -- services_connector/services_connector_integration/production_private_key "
        '"$(cat production-private-key.pem)"',
        f"bin/magento config:set services_connector/services_connector_integration/sandbox_api_key {sandbox.api_key}",
        "bin/magento config:set -- services_connector/services_connector_integration/sandbox_private_key "
        '"$(cat sandbox-private-key.pem)"',
        f"bin/magento config:set services_connector/services_id/project_id {project.public_id}",
        f"bin/magento config:set services_connector/services_id/environment_id {space.public_id}",
        "bin/magento cache:clean config",
    ]
    assert "The portal does not have it" in words
    assert f"services_connector/services_id/environment_id = {space.public_id}" in texts[-1]


def test_s12_a_pair_that_is_missing_is_said_with_the_way_to_make_it(owner, read):
    a_key(owner, environment=Environment.SANDBOX)

    words, texts = read(owner)

    assert "Missing: no live key pair yet." in words
    assert "production_api_key PRODUCTION_API_KEY" in texts[-2]


def ticked(page) -> list[str]:
    soup = BeautifulSoup(page.text, "html.parser")
    return [step.select_one(".checklist-what span").text for step in soup.select(".checklist-step.is-done")]


KEYS = ["A production key pair", "A sandbox key pair"]
SHOP, CALLED, LISTED, CHOSEN = (
    "An installation on this data space",
    "A shop has called with one of these keys",
    "It has listed the projects, so its keys are entered and saved",
    "A shop has chosen this data space",
)


def test_the_steps_tick_themselves_as_the_shops_calls_arrive(signed_in, owner, space):
    pair, address = a_key(owner, environment=Environment.SANDBOX), f"data-spaces/{space.public_id}/connect"
    visitor, here = signed_in(owner), f"/{tenant_of(owner).account_id}/{address}"

    def after(*call, **others) -> list[str]:
        if call:
            a_call(pair, *call, **others)
            traces.flush()
        return ticked(visitor.get(here))

    assert after() == KEYS[1:]
    assert after(None) == [*KEYS[1:], CALLED]
    assert after(None, listed=True) == [*KEYS[1:], CALLED, LISTED]
    assert after(space) == [*KEYS[1:], SHOP, CALLED, LISTED, CHOSEN]


def test_a_shop_that_chooses_without_a_call_is_confirmed_by_hand_once(signed_in, owner, space):
    with transaction():
        shop = installations.attach(owner, space, "Main shop", "https://shop.example", Environment.PRODUCTION)
    visitor, account = signed_in(owner), tenant_of(owner).account_id
    confirm = f"/{account}/installations/{shop.public_id}/confirm"
    here = f"/{account}/data-spaces/{space.public_id}/connect"

    before = visitor.get(here)
    answers = [visitor.post(confirm), visitor.post(confirm)]
    after = visitor.get(here)

    assert confirm in before.text
    assert [answer.location for answer in answers] == [here, here]
    assert ticked(after) == [SHOP, CHOSEN]
    assert confirm not in after.text
    events = [event.event for event in audit.page(owner, before_seq=None, limit=9)]
    assert events.count("installation.confirmed") == 1


def test_of_several_pairs_another_can_be_chosen(owner, read):
    older, newer = (a_key(owner, name=name, environment=Environment.SANDBOX) for name in ("Older", "Newer"))

    assert newer.api_key in read(owner)[1]
    assert older.api_key in read(owner, f"?sandbox={older.api_key}")[1]
    assert newer.api_key in read(owner, "?sandbox=0123456789abcdef0123456789abcdef")[1]


def test_the_owners_own_pair_comes_before_an_integrators_and_what_cannot_work_here_is_not_offered(owner, read):
    own = a_key(owner, environment=Environment.SANDBOX)
    agency, elsewhere = an_integrator(name="Agency"), an_integrator(name="Elsewhere")
    with transaction():
        other = projects.create(owner, "Another shop", contracts.running(owner, clock.now())[0])
    theirs = a_key(for_client(agency, a_delegation(owner, agency)), environment=Environment.SANDBOX)
    of_other = a_key(
        for_client(elsewhere, a_delegation(owner, elsewhere, project_ids=frozenset({other.id}))),
        environment=Environment.SANDBOX,
    )

    assert own.api_key in read(owner)[1]
    assert theirs.api_key in read(owner, f"?sandbox={theirs.api_key}")[1]
    assert own.api_key in read(owner, f"?sandbox={of_other.api_key}")[1]


def test_an_integrator_finds_its_own_pair_and_not_the_owners(owner, read):
    integrator = an_integrator(name="Harbour")
    acting = for_client(integrator, a_delegation(owner, integrator))
    own = a_key(acting, environment=Environment.PRODUCTION)
    owners = a_key(owner, environment=Environment.PRODUCTION)

    _words, texts = read(acting)

    assert texts[0] == own.api_key
    assert not any(owners.api_key in text for text in texts)
