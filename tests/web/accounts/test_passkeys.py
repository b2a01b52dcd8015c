"""Passkeys in a browser's pages: adding one, signing in with it, confirming by it, and what each refusal says."""

import pytest
from bs4 import BeautifulSoup

from portal.accounts import factor_store
from portal.accounts import store as account_store
from portal.accounts.sessions import IDLE
from portal.foundation import clock
from portal.foundation.database import transaction
from tests.accounts.authenticator import Authenticator
from tests.accounts.factors import a_passkey
from tests.factories import PASSWORD, a_licensee, tenant_of
from tests.web.accounts.browsing import send, sign_in
from tests.web.accounts.test_security import ANOTHER, CODES, an_hour_later, person_of, read

NEW, CONFIRM = "/profile/security/passkeys/new", "/profile/security/passkeys/confirm"


@pytest.fixture
def owner():
    return a_licensee()


def question(answer):
    """What the page's first passkey button asks."""
    return read(answer, "[data-passkey]")["data-question"]


def enter(client, held, device=None, address="/sign-in"):
    """Sign in by the passkey from the sign-in page."""
    asked = question(client.get(address))
    return send(client, address, passkey=(device or held.device).sign(asked))


def key_form(actor):
    return f"/{tenant_of(actor).account_id}/keys/new?environment=production"


def test_a_passkey_is_added_and_brings_codes(signed_in, owner):
    window, elsewhere = signed_in(owner), signed_in(owner)
    assert window.post(NEW, data={"name": "Laptop"}).location == CONFIRM
    before = window.get_cookie("sid").value

    answer = window.post(CONFIRM, data={"made": Authenticator().make(question(window.get(CONFIRM)))})

    assert len(CODES.findall(answer.text)) >= 10
    assert "Laptop" in window.get("/profile/security").text
    assert elsewhere.get("/profile").status_code == 302
    assert window.get_cookie("sid").value != before


def test_a_second_tab_is_told_that_nothing_is_set_up(signed_in, owner):
    window = signed_in(owner)
    window.post(NEW, data={"name": "Laptop"})
    form = {"made": Authenticator().make(question(window.get(CONFIRM)))}
    window.post(CONFIRM, data=form)
    (row,) = account_store.live_sessions(owner.person_id, clock.now(), IDLE)
    window.csrf_secret = row.csrf_token

    again = window.post(CONFIRM, data=form)

    assert again.status_code == 404
    assert len(factor_store.passkeys_of(owner.person_id)) == 1


def test_a_device_that_answers_for_elsewhere_is_told_what_to_do(signed_in, owner):
    window = signed_in(owner)
    window.post(NEW, data={"name": "Laptop"})

    made = Authenticator(origin="https://example.net").make(question(window.get(CONFIRM)))
    answer = window.post(CONFIRM, data={"made": made})

    assert answer.status_code == 422
    assert "The passkey was not added" in read(answer, ".error-summary").text


def test_adding_one_asks_who_one_is(signed_in, owner):
    window = signed_in(owner)
    window.post(NEW, data={"name": "Laptop"})
    with an_hour_later():
        window.get("/profile")

        assert window.post(NEW, data={"name": "Laptop"}).status_code == 422
        assert window.get(CONFIRM).location == NEW
        assert window.post(CONFIRM, data={"made": "{}"}).location == NEW


def test_it_leads_in_without_a_password_and_on_to_where_one_was_going(client):
    held = a_passkey()

    answer = enter(client, held, address="/sign-in?next=/profile/devices")

    assert (answer.status_code, answer.location) == (303, "/profile/devices")
    assert "Passkey" in read(client.get("/profile/devices"), "main").text


def test_an_answer_opens_no_second_browser(app, client):
    held = a_passkey()
    answer = held.device.sign(question(client.get("/sign-in")))

    elsewhere = send(app.test_client(), "/sign-in", passkey=answer)

    assert elsewhere.status_code == 422
    assert "This page waited too long for your passkey." in elsewhere.text


def test_an_answer_leads_in_once(client):
    held = a_passkey()
    answer = held.device.sign(question(client.get("/sign-in")))
    page = client.get("/sign-in")
    token = BeautifulSoup(page.text, "html.parser").select_one("[name=csrf_token]")["value"]
    anonymous = client.get_cookie("form").value
    assert client.post("/sign-in", data={"passkey": answer, "csrf_token": token}).status_code == 303
    client.delete_cookie("sid")
    client.set_cookie("form", anonymous)

    again = client.post("/sign-in", data={"passkey": answer, "csrf_token": token})

    assert again.status_code == 422
    assert client.get_cookie("sid") is None


@pytest.mark.parametrize("who", ["unknown", "disabled"])
def test_unknown_and_disabled_are_answered_alike(client, who: str):
    held = a_passkey()
    device = Authenticator(handle=bytes(64)) if who == "unknown" else held.device
    if who == "disabled":
        with transaction():
            account_store.get_person(held.person.id).disabled_at = clock.now()

    answer = enter(client, held, device)

    assert answer.status_code == 422
    assert "This passkey was not accepted." in read(answer, ".error-summary").text
    assert client.get_cookie("sid") is None


def test_a_copy_is_told_on_the_page_where_it_can_be_removed(client, signed_in, owner):
    held = a_passkey(person_of(owner), device=Authenticator(counts=True, counter=5))
    enter(client, held)
    client.delete_cookie("sid")

    refused = enter(client, held, held.device.but(counter=1))

    assert "may have been copied" in refused.text
    assert "may have been copied" in signed_in(owner).get("/profile/security").text


def test_too_many_answers_have_to_wait(client):
    held = a_passkey()
    for _ in range(10):
        enter(client, held, held.device.but(rp_id="example.net"))

    answer = enter(client, held)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_after_the_password_the_passkey_finishes(client):
    held = a_passkey()
    assert sign_in(client, held.person).location == "/sign-in/code"

    asked = question(client.get("/sign-in/code"))

    assert send(client, "/sign-in/code", passkey=held.device.sign(asked)).status_code == 303
    told = read(client.get("/profile/devices"), "main").text
    assert "Password" in told
    assert "Passkey" in told


def test_after_the_password_somebody_elses_does_not(client):
    held, other = a_passkey(), a_passkey()
    sign_in(client, held.person)

    answer = send(client, "/sign-in/code", passkey=other.device.sign(question(client.get("/sign-in/code"))))

    assert answer.status_code == 422


def test_a_weighty_act_takes_the_passkey_alone_and_once(signed_in, owner):
    held = a_passkey(person_of(owner))
    window = signed_in(owner)
    form = {"name": "Shop", "origin": "server"}
    form["passkey"] = held.device.sign(question(window.get(key_form(owner))))

    done = window.post(key_form(owner), data=form)
    again = window.post(key_form(owner), data=form | {"name": "Another"})

    assert (done.status_code, again.status_code) == (303, 422)
    assert form["passkey"] not in again.text


def test_an_answer_to_the_sign_in_page_confirms_nothing(signed_in, client, owner):
    held = a_passkey(person_of(owner))
    window = signed_in(owner)
    answer = held.device.sign(question(client.get("/sign-in")))

    page = window.post(key_form(owner), data={"name": "Shop", "origin": "server", "passkey": answer})

    assert page.status_code == 422


def test_another_password_takes_the_passkey_for_the_code(signed_in, owner):
    held = a_passkey(person_of(owner))
    window = signed_in(owner)
    form = {"new": ANOTHER, "passkey": held.device.sign(question(window.get("/profile/password")))}

    without = window.post("/profile/password", data=form)
    asked = question(window.get("/profile/password"))
    done = window.post("/profile/password", data=form | {"current": PASSWORD, "passkey": held.device.sign(asked)})

    assert (without.status_code, done.status_code) == (422, 303)


def test_removing_takes_the_password_and_the_passkey(signed_in, owner):
    held = a_passkey(person_of(owner))
    window = signed_in(owner)
    address = f"/profile/security/passkeys/{held.factor.id}/remove"
    answer = held.device.sign(question(window.get(address)))

    without = window.post(address, data={"passkey": answer})
    answer = held.device.sign(question(window.get(address)))
    done = window.post(address, data={"passkey": answer, "password": PASSWORD})

    assert (without.status_code, done.status_code) == (422, 303)
    assert factor_store.passkeys_of(held.person.id) == []


def test_an_app_has_no_page_of_a_passkey(signed_in, owner):
    held = a_passkey(person_of(owner))
    window = signed_in(owner)

    assert window.get(f"/profile/security/apps/{held.factor.id}/remove").status_code == 404
    assert window.get(f"/profile/security/passkeys/{held.factor.id}/name").status_code == 200
