"""Where a person works, and how the pages look to them."""

import pytest
from sqlalchemy import event

from portal.access.roles import Role
from portal.accounts import store
from portal.accounts.models import Language, Theme
from portal.foundation.database import db
from portal.tenants.models import Standing
from tests.factories import a_licensee, a_member, a_person, a_tenant, a_vendor, tenant_of
from tests.web.accounts.browsing import sign_in


def person_of(actor):
    return store.get_person(actor.person_id)


def account_of(actor):
    return tenant_of(actor).account_id


def a_member_of_two(first="Acme", second="Zeta"):
    person = a_person()
    return [a_member(a_tenant(name), Role.VIEWER, person=person) for name in (first, second)]


def test_somebody_with_one_account_is_led_to_its_overview(client):
    owner = a_licensee()
    sign_in(client, person_of(owner))

    assert client.get("/").location == f"/{account_of(owner)}"


def test_the_vendors_staff_are_led_to_the_console(client):
    admin = a_vendor()
    sign_in(client, person_of(admin))

    assert client.get("/").location == f"/{account_of(admin)}/console/overview"


def test_somebody_with_several_accounts_chooses(client):
    first, _second = a_member_of_two()
    sign_in(client, person_of(first))

    assert client.get("/").location == "/accounts"


def test_somebody_with_none_is_told_what_to_wait_for(client):
    sign_in(client, a_person())

    assert client.get("/").location == "/accounts"
    assert "You belong to no account" in client.get("/accounts").text


def test_the_choice_is_kept(signed_in):
    first, second = a_member_of_two()
    browser = signed_in(first)

    answer = browser.post("/accounts", data={"account": account_of(second)})

    assert answer.location == f"/{account_of(second)}"
    assert browser.get("/").location == f"/{account_of(second)}"


@pytest.mark.parametrize("account", ["", "MAG000000000", "x", "\x00"])
def test_an_account_that_does_not_exist_cannot_be_chosen(signed_in, account):
    assert signed_in(a_licensee()).post("/accounts", data={"account": account}).status_code == 404


def test_a_foreign_account_cannot_be_chosen(signed_in):
    foreign = a_licensee()

    assert signed_in(a_licensee()).post("/accounts", data={"account": account_of(foreign)}).status_code == 404


def test_the_list_shows_ones_own_accounts_only(signed_in):
    first, _second = a_member_of_two("Acme", "Zeta")
    a_licensee(name="Foreign")

    page = signed_in(first).get("/accounts").text

    assert ("Acme" in page, "Zeta" in page, "Foreign" in page) == (True, True, False)


@pytest.mark.parametrize("wanted", ["ZET", "%", "\x00", "nothing like it"])
def test_the_list_is_searched(signed_in, wanted):
    first, _second = a_member_of_two("Acme", "Zeta")

    page = signed_in(first).get("/accounts", query_string={"q": wanted})

    assert page.status_code == 200
    assert ("Zeta" in page.text) == (wanted == "ZET")


def test_a_suspended_account_stays_in_the_list(signed_in):
    person = a_person()
    member = a_member(a_tenant("Acme"), Role.VIEWER, person=person)
    a_member(a_tenant("Late Ltd", standing=Standing.SUSPENDED), Role.VIEWER, person=person)

    page = signed_in(member).get("/accounts").text

    assert "Late Ltd" in page
    assert "Suspended" in page


def test_the_page_of_a_suspended_account_still_opens(signed_in):
    member = a_member(a_tenant("Late Ltd", standing=Standing.SUSPENDED))

    assert signed_in(member).get("/accounts").status_code == 200


def test_many_accounts_take_no_more_statements_than_few(signed_in):
    few, many = a_person(), a_person()
    actors = [a_member(a_tenant(), Role.VIEWER, person=person) for person in (few, *[many] * 12)]

    assert count(signed_in(actors[0])) == count(signed_in(actors[-1])) <= 12


def count(browser):
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    browser.get("/accounts")
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_language_and_looks_are_kept_with_the_person(signed_in):
    owner = a_licensee()
    browser = signed_in(owner)

    browser.post("/preferences", data={"language": "zh_Hant"})
    answer = browser.post("/preferences", data={"theme": "dark", "next": "/profile"})

    person = person_of(owner)
    assert answer.location == "/profile"
    assert (person.language, person.theme) == (Language.ZH_HANT, Theme.DARK)


@pytest.mark.parametrize("field", [{"language": "xx"}, {"theme": "pink"}, {"language": "\x00"}, {"theme": ""}])
def test_an_unknown_language_or_look_is_refused(signed_in, field):
    owner = a_licensee()

    answer = signed_in(owner).post("/preferences", data=field)

    assert answer.status_code == 422
    assert person_of(owner).language is Language.EN


def test_choosing_a_language_leads_nobody_elsewhere(signed_in):
    answer = signed_in(a_licensee()).post("/preferences", data={"language": "en", "next": "//evil.example"})

    assert answer.location == "/"


def test_a_member_of_a_suspended_account_is_refused_with_ways_out_of_it(signed_in):
    owner = a_licensee(standing=Standing.SUSPENDED)

    answer = signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys")

    assert answer.status_code == 403
    assert 'href="/accounts"' in answer.text
    assert 'action="/sign-out"' in answer.text
