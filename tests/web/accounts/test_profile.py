"""A person's own pages: profile, password, devices."""

import uuid

import pytest

from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.models import Language
from portal.foundation.database import transaction
from tests.factories import PASSWORD, a_licensee, a_person, a_vendor
from tests.web.accounts.browsing import sign_in

NEW = "another violin umbrella"


@pytest.fixture
def owner():
    return a_licensee()


@pytest.fixture
def window(signed_in, owner):
    return signed_in(owner)


def person_of(actor):
    return store.get_person(actor.person_id)


def profile_of(actor, **changes):
    person = person_of(actor)
    values = {
        "name": person.name,
        "language": person.language.value,
        "time_zone": person.time_zone,
        "theme": person.theme.value,
        "version": person.version,
    }
    return values | changes


def test_the_profile_is_saved(window, owner):
    answer = window.post(
        "/profile", data=profile_of(owner, name="陳 大文", language="zh_Hant", time_zone="Asia/Taipei")
    )

    person = person_of(owner)
    assert answer.status_code == 303
    assert (person.name, person.language, person.time_zone) == ("陳 大文", Language.ZH_HANT, "Asia/Taipei")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"name": "a\x00b"},
        {"name": "\u202eevil"},
        {"language": "xx"},
        {"time_zone": "Mars/Olympus"},
        {"theme": "pink"},
        {"version": "x"},
        {"version": ""},
        {"version": "9" * 99},
    ],
)
def test_what_cannot_be_saved_is_said_at_the_field_and_nothing_is_saved(window, owner, changes):
    answer = window.post("/profile", data=profile_of(owner, **({"name": "Changed"} | changes)))

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert person_of(owner).name != "Changed"


def test_what_was_typed_stays(window, owner):
    answer = window.post("/profile", data=profile_of(owner, name="Typed name", time_zone="Mars/Olympus"))

    assert 'value="Typed name"' in answer.text


def test_other_fields_of_a_person_are_not_taken_from_a_form(window, owner):
    before = person_of(owner).email

    window.post("/profile", data=profile_of(owner, email="evil@example.com", email_key="evil@example.com"))

    assert person_of(owner).email == before


def test_a_profile_changed_in_another_tab_is_a_409_with_both_versions(window, owner):
    stale = profile_of(owner, name="Second tab")
    window.post("/profile", data=profile_of(owner, name="First tab"))

    answer = window.post("/profile", data=stale)

    assert answer.status_code == 409
    assert "First tab" in answer.text
    assert "Second tab" in answer.text


def test_the_password_is_changed_and_this_browser_stays_signed_in(window, owner, app):
    other = app.test_client()
    sign_in(other, person_of(owner))
    old = window.get_cookie("sid").value

    answer = window.post("/profile/password", data={"current": PASSWORD, "new": NEW})

    assert answer.status_code == 303
    assert window.get("/profile").status_code == 200
    assert window.get_cookie("sid").value != old
    assert other.get("/profile").status_code == 302


def test_the_old_cookie_is_dead_after_the_password_changed(window, app):
    stolen = window.get_cookie("sid").value
    window.post("/profile/password", data={"current": PASSWORD, "new": NEW})

    thief = app.test_client()
    thief.set_cookie("sid", stolen)

    assert thief.get("/profile").status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "sentence"),
    [
        ("wrong", NEW, "do not match"),
        (PASSWORD, "too short", "at least 15 characters"),
        (PASSWORD, "x" * 300, "at most 256 characters"),
        (PASSWORD, "partner portal 1234", "easy to guess"),
        ("", NEW, "Give your current password."),
        (PASSWORD, "", "Give a new password."),
    ],
)
def test_a_password_that_cannot_be_changed_says_why(window, owner, current, new, sentence):
    before = person_of(owner).password_hash

    answer = window.post("/profile/password", data={"current": current, "new": new})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert person_of(owner).password_hash == before


def test_guessing_the_current_password_is_throttled_like_signing_in(window):
    for _ in range(10):
        window.post("/profile/password", data={"current": "wrong", "new": NEW})

    answer = window.post("/profile/password", data={"current": PASSWORD, "new": NEW})

    assert (answer.status_code, "Too many attempts" in answer.text) == (422, True)


def test_passwords_are_never_written_back_into_a_page(window):
    answer = window.post("/profile/password", data={"current": "my wrong guess", "new": "my next idea"})

    assert "my wrong guess" not in answer.text
    assert "my next idea" not in answer.text


def test_the_devices_are_listed(window):
    page = window.get("/profile/devices").text

    assert "Test browser" in page
    assert "This one" in page


def another_session(owner):
    with transaction():
        row, token = accounts.begin_session(person_of(owner), "Firefox · Linux")
        return row.id, token


def test_another_device_is_signed_out(window, owner):
    session_id, token = another_session(owner)

    answer = window.post(f"/profile/devices/{session_id}/sign-out")

    assert answer.status_code == 303
    assert accounts.session_for(token) is None
    assert window.get("/profile").status_code == 200


def test_signing_out_the_own_device_leads_to_the_sign_in(window, owner):
    own = accounts.sessions_of(person_of(owner))[0].id

    answer = window.post(f"/profile/devices/{own}/sign-out")

    assert answer.location == "/sign-in"
    assert window.get("/profile").status_code == 302


def test_another_persons_device_is_not_found(window):
    stranger = a_person()
    with transaction():
        foreign, token = accounts.begin_session(stranger, "")

    assert window.post(f"/profile/devices/{foreign.id}/sign-out").status_code == 404
    assert window.post(f"/profile/devices/{uuid.uuid4()}/sign-out").status_code == 404
    assert accounts.session_for(token) is not None


def test_all_other_devices_are_signed_out(window, owner):
    _session_id, token = another_session(owner)

    window.post("/profile/devices/sign-out-others")

    assert accounts.session_for(token) is None
    assert window.get("/profile").status_code == 200


def test_signing_out_everywhere_includes_this_device(window, owner):
    _session_id, token = another_session(owner)

    answer = window.post("/profile/devices/sign-out-everywhere")

    assert answer.location == "/sign-in"
    assert accounts.session_for(token) is None
    assert window.get("/profile").status_code == 302


@pytest.mark.parametrize("page", ["/profile", "/profile/password", "/profile/devices", "/accounts"])
def test_a_visitor_sees_none_of_it(client, page):
    assert client.get(page).location == f"/sign-in?next={page}"


def test_a_partner_admin_switches_the_weekly_mail_off(signed_in):
    admin = a_vendor()
    browser, person = signed_in(admin), store.get_person(admin.person_id)
    form = {"name": person.name, "language": "en", "time_zone": "UTC", "theme": "auto", "version": person.version}

    asked = "wants_digest" in browser.get("/profile").text
    browser.post("/profile", data=form)

    assert asked
    assert not store.get_person(admin.person_id).wants_digest


def test_nobody_else_is_asked_about_the_weekly_mail(signed_in):
    owner = a_licensee()

    assert "wants_digest" not in signed_in(owner).get("/profile").text
