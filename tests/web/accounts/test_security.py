"""Sign-in and security, in a browser: two steps, apps, recovery codes, and what confirms weighty acts."""

import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from sqlalchemy import event, select

from portal.accounts import factor_store
from portal.accounts import store as account_store
from portal.accounts.models import PendingSignIn, UserSession
from portal.foundation import clock
from portal.foundation.database import db
from tests.accounts.factors import an_app, code_of
from tests.factories import PASSWORD, a_licensee, a_person, tenant_of
from tests.web.accounts.browsing import send, sign_in

CODES = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){5}")
ANOTHER = "another long enough password"


@pytest.fixture
def owner():
    return a_licensee()


def person_of(actor):
    return account_store.get_person(actor.person_id)


def read(answer, selector):
    return BeautifulSoup(answer.text, "html.parser").select_one(selector)


def set_up(window, name="Phone"):
    """What the page shows as text, once an app is being set up in this window."""
    window.post("/profile/security/apps/new", data={"name": name})
    return read(window.get("/profile/security/apps/confirm"), ".copyable-value").text.replace(" ", "")


def an_hour_later():
    return time_machine.travel(clock.now() + timedelta(minutes=11), tick=False)


def test_the_right_password_leads_to_the_second_step_and_no_further(client):
    app = an_app()

    answer = sign_in(client, app.person)

    assert (answer.status_code, answer.location) == (303, "/sign-in/code")
    assert client.get("/profile").location.startswith("/sign-in")
    assert client.get_cookie("sid") is None


def test_the_code_leads_in(client):
    app = an_app()
    sign_in(client, app.person, address="/sign-in?next=/profile/devices")

    answer = send(client, "/sign-in/code?next=/profile/devices", code=app.code())

    assert (answer.status_code, answer.location) == (303, "/profile/devices")
    assert "Password, Code from an app" in read(client.get("/profile/devices"), "main").text
    assert client.get_cookie("code") is None


def test_a_recovery_code_leads_in_too(client):
    app = an_app()
    sign_in(client, app.person)

    assert send(client, "/sign-in/code", code=app.codes[0].lower()).status_code == 303
    assert "9 of 10 are left" in client.get("/profile/security").text


def test_a_wrong_code_is_answered_at_the_field_and_not_shown_again(client):
    app = an_app()
    sign_in(client, app.person)

    answer = send(client, "/sign-in/code", code="123123")

    assert answer.status_code == 422
    assert "This code is wrong, too old, or was used already." in answer.text
    assert "123123" not in answer.text


def test_too_many_codes_have_to_wait(client):
    app = an_app()
    sign_in(client, app.person)
    for _ in range(10):
        send(client, "/sign-in/code", code="x")

    answer = send(client, "/sign-in/code", code=app.code())

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_second_step_belongs_to_the_browser_of_the_first(app, client):
    known = an_app()
    sign_in(client, known.person)

    elsewhere = app.test_client()

    assert elsewhere.get("/sign-in/code").location == "/sign-in"


def test_the_cookie_of_the_second_step_is_out_of_reach_and_short_lived(client):
    answer = sign_in(client, an_app().person)

    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("code="))
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


def test_a_token_that_nobody_waits_with_leads_back(client):
    client.set_cookie("code", "x" * 43)

    assert client.get("/sign-in/code").location == "/sign-in"


def test_a_second_tab_finds_itself_signed_in(client):
    app = an_app()
    sign_in(client, app.person)
    token = client.get_cookie("code").value
    send(client, "/sign-in/code", code=app.code())
    client.set_cookie("code", token)

    answer = client.get("/sign-in/code?next=/profile")

    assert answer.location == "/profile"
    assert db.session.scalars(select(PendingSignIn)).all() == []


def test_a_device_is_known_once_its_person_has_signed_in(client):
    person = a_person()

    answer = sign_in(client, person)

    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("known="))
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert person.email not in cookie


def test_a_known_device_does_not_wait_for_what_strangers_do(app, client):
    person = a_person()
    sign_in(client, person)
    for number in range(12):
        stranger = app.test_client()
        sign_in(stranger, person, f"wrong {number}")
    assert sign_in(app.test_client(), person).status_code == 429

    client.delete_cookie("sid")
    assert sign_in(client, person).status_code == 303


def test_a_forged_mark_of_a_known_device_counts_for_nothing(client):
    person = a_person()
    client.set_cookie("known", "eyJhIjoiYiJ9.forged.forged")

    for _ in range(10):
        sign_in(client, person, "wrong")

    assert sign_in(client, person).status_code == 429


def test_an_app_is_set_up_by_its_first_code_and_codes_are_shown_once(signed_in, owner):
    window = signed_in(owner)
    seed = set_up(window)

    answer = window.post("/profile/security/apps/confirm", data={"first_code": code_of(seed)})

    assert answer.status_code == 200
    assert len(set(CODES.findall(answer.text))) == 10
    assert answer.headers["Cache-Control"] == "no-store"
    page = window.get("/profile/security").text
    assert "Phone" in page
    assert "10 of 10 are left" in page
    assert not CODES.findall(page)


def test_to_send_the_first_code_again_shows_nothing(signed_in, owner):
    window = signed_in(owner)
    code = code_of(set_up(window))
    window.post("/profile/security/apps/confirm", data={"first_code": code})
    window.csrf_secret = db.session.scalars(
        select(UserSession.csrf_token).where(UserSession.person_id == owner.person_id, UserSession.ended_at.is_(None))
    ).one()

    again = window.post("/profile/security/apps/confirm", data={"first_code": code})

    assert again.status_code == 404
    assert not CODES.findall(again.text)


def test_the_qr_code_is_markup_of_the_page(signed_in, owner):
    window = signed_in(owner)
    set_up(window)

    page = window.get("/profile/security/apps/confirm")

    assert read(page, ".qr svg path")
    assert "data:" not in str(read(page, ".qr"))
    assert "style=" not in str(read(page, ".qr"))
    assert page.headers["Cache-Control"] == "no-store"


def test_another_session_does_not_see_the_seed(signed_in, owner):
    set_up(signed_in(owner))

    assert signed_in(owner).get("/profile/security/apps/confirm").status_code == 404


def test_a_new_app_signs_all_other_devices_out_at_once(signed_in, owner):
    window, elsewhere = signed_in(owner), signed_in(owner)
    before = window.get_cookie("sid").value
    window.post("/profile/security/apps/confirm", data={"first_code": code_of(set_up(window))})

    assert elsewhere.get("/profile").status_code == 302
    assert window.get("/profile").status_code == 200
    assert window.get_cookie("sid").value != before


@pytest.mark.parametrize("page", ["/profile/security/apps/new", "/profile/security/recovery-codes"])
def test_what_changes_factors_asks_who_one_is(signed_in, owner, page):
    an_app(person_of(owner))
    window = signed_in(owner)
    with an_hour_later():
        window.get("/profile")
        answer = window.post(page, data={"name": "Tablet", "batch": ""})

    fields = {field["name"] for field in BeautifulSoup(answer.text, "html.parser").select("main input[name]")}
    assert answer.status_code == 422
    assert {"password", "code"} <= fields


def test_a_weighty_act_takes_both_and_says_what_it_is(signed_in, owner):
    app, account = an_app(person_of(owner)), tenant_of(owner).account_id
    window = signed_in(owner)
    form = {"name": "Shop", "origin": "server"}
    address = f"/{account}/keys/new?environment=production"

    asked = read(window.get(address), "fieldset.proof")
    without = window.post(address, data=form | {"password": PASSWORD})
    wrong = window.post(address, data=form | {"password": PASSWORD, "code": "000000"})
    done = window.post(address, data=form | {"password": PASSWORD, "code": app.code()})

    assert "To confirm: Make a key pair: Production" in " ".join(asked.legend.text.split())
    assert (without.status_code, wrong.status_code, done.status_code) == (422, 422, 303)


def test_the_act_is_named_in_chinese_too(signed_in, owner):
    window = signed_in(owner)
    window.post("/preferences", data={"language": "zh_Hant"})

    page = window.get(f"/{tenant_of(owner).account_id}/keys/new?environment=production")

    assert read(page, "h1").text in " ".join(read(page, "fieldset.proof legend").text.split())


def test_without_a_second_factor_there_is_no_code_to_give(signed_in, owner):
    page = signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys/new?environment=production")

    assert read(page, "fieldset.proof [name=password]")
    assert not read(page, "fieldset.proof [name=code]")


def test_another_password_takes_the_code(signed_in, owner):
    app = an_app(person_of(owner))
    window = signed_in(owner)

    without = window.post("/profile/password", data={"current": PASSWORD, "new": ANOTHER})
    done = window.post("/profile/password", data={"current": PASSWORD, "new": ANOTHER, "code": app.code()})

    assert (without.status_code, done.status_code) == (422, 303)
    assert "Password, Code from an app" in read(window.get("/profile/devices"), "main").text


def test_an_app_is_renamed(signed_in, owner):
    app = an_app(person_of(owner))
    window = signed_in(owner)

    answer = window.post(f"/profile/security/apps/{app.factor.id}/name", data={"name": "Old phone"})

    assert answer.status_code == 303
    assert "Old phone" in window.get("/profile/security").text


def test_an_app_is_removed_with_password_and_code(signed_in, owner):
    app = an_app(person_of(owner))
    window, elsewhere = signed_in(owner), signed_in(owner)

    address = f"/profile/security/apps/{app.factor.id}/remove"
    answer = window.post(address, data={"password": PASSWORD, "code": app.codes[0]})

    assert answer.status_code == 303
    assert not factor_store.has_second_factor(owner.person_id)
    assert elsewhere.get("/profile").status_code == 302


def test_a_short_password_keeps_the_last_app(signed_in, owner):
    app = an_app(person_of(owner))
    window = signed_in(owner)
    short = "orchid gravy"
    window.post("/profile/password", data={"current": PASSWORD, "new": short, "code": app.code()})
    window.csrf_secret = db.session.scalars(
        select(UserSession.csrf_token).where(UserSession.person_id == owner.person_id, UserSession.ended_at.is_(None))
    ).one()

    address = f"/profile/security/apps/{app.factor.id}/remove"
    answer = window.post(address, data={"password": short, "code": app.codes[0]})

    assert answer.status_code == 422
    assert "Change it to one of at least 15 characters first" in answer.text


def test_new_recovery_codes_are_shown_once(signed_in, owner):
    app = an_app(person_of(owner))
    window = signed_in(owner)
    batch = read(window.get("/profile/security/recovery-codes"), "[name=batch]")["value"]

    answer = window.post("/profile/security/recovery-codes", data={"batch": batch})
    window.csrf_secret = db.session.scalars(
        select(UserSession.csrf_token).where(UserSession.person_id == owner.person_id, UserSession.ended_at.is_(None))
    ).one()
    again = window.post("/profile/security/recovery-codes", data={"batch": batch})

    assert len(set(CODES.findall(answer.text)) - set(app.codes)) == 10
    assert (again.status_code, again.location) == (303, "/profile/security")


def test_the_page_is_in_the_persons_menu(signed_in, owner):
    page = signed_in(owner).get("/profile")

    assert read(page, "details.person a[href='/profile/security']")


@pytest.mark.parametrize("has_app", [False, True])
def test_a_signed_in_page_pays_no_more_for_the_session(signed_in, owner, has_app):
    if has_app:
        an_app(person_of(owner))
    window, seen = signed_in(owner), []
    window.get("/profile")

    def note(_connection, _cursor, statement, *_rest):
        is_with_membership = "FROM memberships" in statement  # read along with who one is there
        if "FROM sessions" in statement or ("second_factors" in statement and not is_with_membership):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    window.get(f"/{tenant_of(owner).account_id}/keys")
    event.remove(db.engine, "before_cursor_execute", note)

    assert len(seen) == 1
