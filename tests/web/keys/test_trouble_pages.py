"""The pages of a key that was lost or leaked: two clear ways, what each stops, who has to act, and the way on."""

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Role
from portal.accounts import store as accounts
from portal.accounts.models import Language
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact import leaks
from portal.keys import operations, store
from portal.keys.models import KeyIntent, KeyState
from portal.keys.status import KeyStatus, status_of
from portal.outbox import operations as outbox
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.usage import traces
from tests.factories import (
    PASSWORD,
    a_call,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_successor,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.keys.test_parallel import count
from tests.statements import counted


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def visitor(owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def account(owner):
    return tenant_of(owner).account_id


@pytest.fixture
def pair(owner):
    return a_key(owner, name="Storefront")


def words(answer) -> str:
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def links(answer) -> set[str]:
    return {link["href"] for link in BeautifulSoup(answer.text, "html.parser").select("main a[href]")}


def at(account, pair, path=""):
    return f"/{account}/keys/{pair.api_key}{path}"


def status(owner, pair) -> KeyStatus:
    return status_of(store.get(owner, pair.api_key), clock.now())


def a_shop(owner, pair, name="Main shop"):
    with transaction():
        project = projects.create(owner, f"Project of {name}", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    space = next(space for space in spaces if space.environment is pair.environment)
    with transaction():
        installations.attach(owner, space, name, "https://a.example", pair.environment)
    a_call(pair, space)
    traces.flush()


def declare(visitor, account, pair, **others):
    fields = {"way": "stop", "hours": "0", "origin": "server", "version": "1"}
    return visitor.post(at(account, pair, "/leaked"), data=fields | others)


# Two ways


def test_the_page_of_a_pair_leads_to_what_can_be_done_when_it_was_lost_or_leaked(visitor, account, pair):
    assert at(account, pair, "/trouble") in links(visitor.get(at(account, pair)))


def test_both_ways_say_what_happens_what_does_not_and_what_hangs_on_the_pair(owner, visitor, account, pair):
    a_shop(owner, pair)

    page = visitor.get(at(account, pair, "/trouble"))

    said = words(page)
    for sentence in ("I lost the private key", "It leaked", "Nothing stops, and nothing is lost", "Main shop"):
        assert sentence in said
    assert {at(account, pair, "/rotate?for=lost"), at(account, pair, "/leaked")} <= links(page)


def test_s5_who_lost_the_private_key_finds_the_successor_prepared_and_no_shop_stops(owner, visitor, account, pair):
    a_shop(owner, pair)
    page = visitor.get(at(account, pair, "/rotate?for=lost"))
    form = BeautifulSoup(page.text, "html.parser")
    overlap = form.select_one("select[name=overlap] option[selected]")["value"]
    ending = form.select_one("input[name=ending][checked]")["value"]

    begun = visitor.post(
        at(account, pair, "/rotate"),
        data={"overlap": overlap, "ending": ending, "name": "Storefront", "origin": "server"},
    )
    visitor.post(begun.location)
    visitor.post(f"{begun.location}/saved")

    assert (overlap, ending) == (str(14 * 24 * 3600), "held")
    assert "You lost the private key" in words(page)
    assert status(owner, pair) is KeyStatus.RETIRING


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER])
def test_who_may_do_neither_is_told_who_can(owner, signed_in, account, pair, role):
    page = words(signed_in(a_member(tenant_of(owner), role)).get(at(account, pair, "/trouble")))

    assert "An owner or key manager of Aurora can do this. Tell them now." in page


def test_a_pair_that_is_replaced_already_leads_to_its_rotation(owner, visitor, account, pair):
    a_successor(owner, pair)

    page = visitor.get(at(account, pair, "/trouble"))

    assert "This pair is being replaced already." in words(page)
    assert at(account, pair, "/rotation") in links(page)


def test_of_a_pair_out_of_service_its_own_page_tells(owner, visitor, account, pair):
    with transaction():
        operations.revoke(owner, pair)

    assert visitor.get(at(account, pair, "/trouble")).location == at(account, pair)
    assert visitor.get(at(account, pair, "/leaked")).status_code == 409


# Stopped at once


def test_stopping_leads_to_who_has_to_act_and_to_the_new_pair_of_the_same_name(owner, visitor, account, pair):
    a_shop(owner, pair)

    stopped = declare(visitor, account, pair)
    page = visitor.get(stopped.location)
    begun = visitor.post(stopped.location, data={"name": "Storefront", "origin": "server"})
    visitor.post(begun.location)
    taken_over = visitor.post(f"{begun.location}/saved")

    assert store.get(owner, pair.api_key).state is KeyState.COMPROMISED
    assert "Main shop" in words(page)
    assert BeautifulSoup(page.text, "html.parser").select_one("input[name=name]")["value"] == "Storefront"
    assert taken_over.location == at(account, pair, "/rotation")
    assert "Stopped at once: its private key leaked" in words(visitor.get(taken_over.location))


def test_the_page_of_the_making_says_that_the_old_pair_is_stopped(owner, visitor, account, pair):
    stopped = declare(visitor, account, pair)

    begun = visitor.post(stopped.location, data={"name": "Storefront", "origin": "browser"})

    assert "The old pair leaked and is stopped." in words(visitor.get(begun.location))


def test_the_page_of_a_stopped_pair_leads_on_until_it_has_a_successor(owner, visitor, account, pair):
    declare(visitor, account, pair)

    page = visitor.get(at(account, pair))

    assert "Stopped, because its private key leaked" in words(page)
    assert at(account, pair, "/replacement") in links(page)


def test_a_production_pair_is_stopped_with_its_name_typed_and_the_password_only(owner, visitor, account):
    pair = a_key(owner, name="Live", environment=Environment.PRODUCTION)

    answers = [
        declare(visitor, account, pair).status_code,
        declare(visitor, account, pair, password=PASSWORD).status_code,
        declare(visitor, account, pair, password=PASSWORD, typed_name="Other").status_code,
        declare(visitor, account, pair, password="wrong", typed_name="Live").status_code,
    ]

    assert answers == [422] * 4
    assert status(owner, pair) is KeyStatus.ACTIVE
    assert declare(visitor, account, pair, password=PASSWORD, typed_name="live").status_code == 303


def test_a_second_tab_that_stops_it_again_is_led_on_and_changes_nothing(owner, visitor, account, pair):
    answers = [declare(visitor, account, pair) for _ in range(2)]

    assert [answer.location for answer in answers] == [at(account, pair, "/replacement")] * 2
    assert len([mail for mail in outbox.read_all(50) if mail.template == "key_leaked"]) == 1


def test_it_works_when_the_account_is_past_due(owner, visitor, account, pair):
    admin = a_vendor()
    with transaction():
        tenants.set_standing(admin, tenant_of(owner), Standing.PAST_DUE)

    stopped = declare(visitor, account, pair)
    begun = visitor.post(stopped.location, data={"name": "Storefront", "origin": "server"})

    assert (stopped.status_code, begun.status_code) == (303, 303)


# The successor first


def test_s6_replacing_first_stops_no_shop_and_leads_to_the_making_of_the_successor(owner, visitor, account, pair):
    a_shop(owner, pair)

    begun = declare(visitor, account, pair, way="replace", hours="8")

    assert "/keys/making/" in begun.location
    assert status(owner, pair) is KeyStatus.ACTIVE
    assert "Declared as leaked, and still in service" in words(visitor.get(at(account, pair)))


def test_it_ends_so_long_after_the_successor_is_in_service(owner, visitor, account, pair):
    begun = declare(visitor, account, pair, way="replace", hours="0")
    visitor.post(begun.location)
    visitor.post(f"{begun.location}/saved")

    assert status(owner, pair) is KeyStatus.COMPROMISED


def test_replacing_needs_no_typed_name(owner, visitor, account):
    pair = a_key(owner, name="Live", environment=Environment.PRODUCTION)

    assert declare(visitor, account, pair, way="replace", password=PASSWORD).status_code == 303


def test_declaring_it_twice_in_the_same_way_is_one_intent(owner, visitor, account, pair):
    before = count(KeyIntent)

    answers = {declare(visitor, account, pair, way="replace").location for _ in range(2)}

    assert len(answers) == 1
    assert count(KeyIntent) == before + 1


def test_what_is_no_public_key_is_refused_at_its_field_and_declares_nothing(owner, visitor, account, pair):
    refused = declare(visitor, account, pair, way="replace", origin="upload", public_pem="nothing")

    assert refused.status_code == 422
    assert not store.is_leaked(pair)


def test_rotating_a_pair_that_leaked_leads_to_the_way_for_that(owner, visitor, account, pair):
    declare(visitor, account, pair, way="replace")

    assert visitor.get(at(account, pair, "/rotate")).location == at(account, pair, "/leaked")


def test_a_retiring_pair_that_leaked_gets_an_end(owner, visitor, account, pair):
    a_successor(owner, pair)
    version = str(store.get(owner, pair.api_key).version)

    ended = declare(visitor, account, pair, way="end", hours="1", version=version)

    assert ended.location == at(account, pair, "/rotation")
    assert store.get(owner, pair.api_key).ending.value == "leak"


def test_an_end_from_an_old_form_is_a_conflict(owner, visitor, account, pair):
    a_successor(owner, pair)

    assert declare(visitor, account, pair, way="end", hours="1", version="1").status_code == 409


# A delegated pair


def test_the_owner_of_a_delegated_pair_may_stop_it_and_is_told_who_makes_the_new_one(owner, visitor, account):
    integrator = an_integrator(name="Bright Agency")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)), name="Agency key")

    page = words(visitor.get(at(account, pair, "/leaked")))
    refused = declare(visitor, account, pair, way="replace")
    stopped = declare(visitor, account, pair)
    following = words(visitor.get(stopped.location))

    assert "so only Bright Agency can rotate it" in page
    assert refused.status_code == 422
    assert "so only Bright Agency can rotate it" in following
    assert visitor.post(stopped.location, data={"name": "Mine", "origin": "server"}).status_code == 403


def test_where_it_can_only_be_stopped_the_page_asks_for_nothing_else(owner, visitor, account):
    integrator = an_integrator(name="Bright Agency")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)), name="Agency key")
    form = BeautifulSoup(visitor.get(at(account, pair, "/leaked")).text, "html.parser").select_one("main form")
    shown = {field["name"] for field in form.select("[name]")} - {"csrf_token"}
    chosen = form.select_one("input[name=way][checked]")["value"]

    stopped = visitor.post(at(account, pair, "/leaked"), data={"way": chosen, "version": "1"})

    assert shown == {"way", "version"}
    assert stopped.location == at(account, pair, "/replacement")


def test_its_holder_replaces_it_at_the_clients_place(owner, signed_in, account):
    integrator = an_integrator(name="Bright Agency")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)), name="Agency key")
    agency = signed_in(integrator)

    begun = declare(agency, account, pair, way="replace")

    assert agency.get(begun.location).status_code == 200


# The clock, and the other pages


def test_no_page_of_it_asks_the_database_more_than_twelve_times(owner, visitor, account, pair):
    for name in ("One", "Two", "Three"):
        a_shop(owner, pair, name)
        a_delegation(owner, an_integrator())
    other = a_key(owner)
    with transaction():
        leaks.stop(owner, other)

    for path in (at(account, pair, "/trouble"), at(account, pair, "/leaked"), at(account, other, "/replacement")):
        with counted() as sent:
            assert visitor.get(path).status_code == 200
        assert len(sent) <= 12, path


def test_a_chinese_reader_gets_all_of_it(owner, visitor, account, pair):
    with transaction():
        accounts.get_person(owner.person_id).language = Language.ZH_HANT

    for path in ("/trouble", "/leaked"):
        assert visitor.get(at(account, pair, path)).status_code == 200


def test_discarding_to_begin_again_leads_back_to_the_new_pair(owner, visitor, account, pair):
    stopped = declare(visitor, account, pair)
    begun = visitor.post(stopped.location, data={"name": "Storefront", "origin": "server"})

    again = visitor.post(f"{begun.location}/discard", data={"again": "1"})

    first = visitor.get(again.location)
    assert visitor.get(first.location).location == at(account, pair, "/replacement")


def test_nothing_is_made_for_a_pair_that_somebody_replaced_meanwhile(owner, visitor, account, pair):
    stopped = declare(visitor, account, pair)
    begun = visitor.post(stopped.location, data={"name": "Storefront", "origin": "server"})
    visitor.post(begun.location)
    visitor.post(f"{begun.location}/saved")

    late = visitor.post(stopped.location, data={"name": "Storefront", "origin": "server"})

    assert late.location == at(account, pair, "/rotation")
