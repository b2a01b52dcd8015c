"""The page of one's own envelope key: what it takes, what it refuses, and what it never gets."""

import base64
import hashlib
from pathlib import Path

import pytest

from portal.access.roles import Role
from portal.foundation.database import transaction
from portal.handoffs import codes, envelope, operations, store, words
from portal.handoffs.models import Kept, Purpose
from portal.web.handoffs.key_pages import SCRIPTS
from portal.web.headers import POLICY_OF_KEY_PAGES
from tests.factories import PASSWORD, a_member, a_private_key, an_integrator, pem_of, tenant_of
from tests.handoffs.scenes import an_envelope_key, events_of, mails
from tests.web.handoffs.pages import (
    X25519PrivateKey,
    a_public_key,
    base64_of,
    eleven_minutes_later,
    enrol_page,
    soup_of,
    words_on,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def integrator():
    return an_integrator(name="Agency")


@pytest.fixture
def visitor(integrator, signed_in):
    return signed_in(integrator)


def test_the_public_half_is_enrolled_and_may_be_used_at_once(integrator, visitor):
    public = a_public_key()

    answer = visitor.post(enrol_page(integrator), data={"public": public})

    key = store.current_key(integrator)
    assert answer.status_code == 303
    assert (key.public, key.kept) == (base64.b64decode(public), Kept.BROWSER)
    assert key.usable_at <= key.created_at


def test_the_same_key_sent_twice_is_enrolled_once(integrator, visitor):
    public = a_public_key()

    for _time in range(2):
        assert visitor.post(enrol_page(integrator), data={"public": public}).status_code == 303

    assert events_of(integrator).count("envelope_key.enrolled") == 1


def test_a_changed_key_says_how_long_it_waits_and_that_both_sides_were_told(integrator, visitor):
    visitor.post(enrol_page(integrator), data={"public": a_public_key()})
    visitor.post(enrol_page(integrator), data={"public": a_public_key()})

    page = words_on(visitor.get(enrol_page(integrator)))

    assert "it waits for 24 hours, and both sides were told by mail" in page
    assert "envelope_key_changed" in mails()


def test_before_a_change_the_page_offers_to_restore_the_key_in_this_browser(integrator, visitor):
    visitor.post(enrol_page(integrator), data={"public": a_public_key()})

    page = soup_of(visitor.get(enrol_page(integrator)))

    restorer = page.find(attrs={"data-restorer": True})
    maker = page.find(attrs={"data-envelope-maker": True})
    assert restorer.find("form") is None
    assert restorer.sourceline < maker.sourceline
    assert "A changed key waits for 24 hours" in maker.find_parent("details").get_text()


def test_the_page_shows_the_words_of_the_key(integrator, visitor):
    private = X25519PrivateKey.generate()
    an_envelope_key(integrator, private)

    page = soup_of(visitor.get(enrol_page(integrator)))

    shown = [item.get_text() for item in page.select(".key-words li")]
    assert shown == list(words.comparison_words(envelope.raw_public(private)))


@pytest.mark.parametrize(
    "public", ["not base64!", base64_of(b"short"), base64_of(bytes(32)), base64_of(b"x" * 33)], ids=len
)
def test_what_is_no_envelope_key_is_refused_with_the_reason(integrator, visitor, public):
    answer = visitor.post(enrol_page(integrator), data={"public": public})

    assert answer.status_code == 422
    assert "This is no envelope key" in words_on(answer)
    assert store.current_key(integrator) is None


def test_the_key_of_somebody_else_is_refused_with_the_reason(integrator, visitor):
    private = X25519PrivateKey.generate()
    an_envelope_key(an_integrator(), private)

    answer = visitor.post(enrol_page(integrator), data={"public": base64_of(envelope.raw_public(private))})

    assert answer.status_code == 422
    assert "This envelope key is enrolled already, or was. Make another one." in words_on(answer)


def test_a_private_key_that_is_sent_after_all_is_not_shown_back(integrator, visitor):
    answer = visitor.post(enrol_page(integrator), data={"public": pem_of(a_private_key())})

    assert answer.status_code == 422
    assert "PRIVATE KEY" not in answer.text


def test_who_signed_in_long_ago_confirms_first_and_then_goes_on(integrator, visitor):
    with eleven_minutes_later():
        page = soup_of(visitor.get(enrol_page(integrator)))
        answer = visitor.post(enrol_page(integrator), data={"password": PASSWORD})
        then = soup_of(visitor.get(enrol_page(integrator)))

    assert page.find(attrs={"data-envelope-maker": True}) is None
    assert answer.status_code == 303
    assert then.find(attrs={"data-envelope-maker": True}) is not None


def test_a_key_that_was_made_meanwhile_is_kept_for_the_password(integrator, visitor):
    public = a_public_key()
    with eleven_minutes_later():
        asked = visitor.post(enrol_page(integrator), data={"public": public})
        kept = soup_of(asked).find(attrs={"name": "public"})["value"]
        answer = visitor.post(enrol_page(integrator), data={"public": kept, "password": PASSWORD})

    assert asked.status_code == 422
    assert answer.status_code == 303
    assert store.current_key(integrator).public == base64.b64decode(public)


def test_the_code_for_the_command_line_is_shown_once_and_enrols(integrator, visitor):
    answer = visitor.post(enrol_page(integrator), data={"act": "command"})

    command = soup_of(answer).find("pre").get_text()
    code = command.split()[-1]
    assert command == f"portal-key enroll --portal http://localhost {code}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert code not in visitor.get(enrol_page(integrator)).text
    assert codes.find(code, Purpose.ENROL).actor.person_id == integrator.person_id


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owner_and_key_manager_have_this_page(integrator, signed_in, role):
    member = a_member(tenant_of(integrator), role)

    assert signed_in(member).get(enrol_page(integrator)).status_code == 403


def test_each_person_sees_their_own_key(integrator, visitor, signed_in):
    colleague = a_member(tenant_of(integrator))
    an_envelope_key(colleague, X25519PrivateKey.generate())

    page = soup_of(visitor.get(enrol_page(integrator)))

    assert page.find(attrs={"data-restorer": True}) is None


def test_the_page_has_the_policy_of_key_pages(integrator, visitor):
    page = visitor.get(enrol_page(integrator))

    assert page.headers["Content-Security-Policy"] == POLICY_OF_KEY_PAGES


def test_no_field_for_a_secret_has_a_name_or_a_form(integrator, visitor):
    with transaction():
        operations.enrol(integrator, envelope.raw_public(X25519PrivateKey.generate()), Kept.BROWSER)

    fields = soup_of(visitor.get(enrol_page(integrator))).select("main input:not([type=hidden])")

    assert len(fields) == 5
    assert not [field for field in fields if field.has_attr("name") or field.find_parent("form")]


def test_the_page_shows_the_hash_of_every_script_that_it_runs(integrator, visitor):
    page = soup_of(visitor.get(enrol_page(integrator)))

    shown = dict(
        zip(*([one.get_text() for one in page.select(f".script-hashes {tag}")] for tag in ("dt", "dd")), strict=True)
    )
    run = {script["src"].split("/")[-1].split("?")[0] for script in page.select("script[src]")}
    assert run < set(shown)
    assert set(shown) == {f"{name}.js" for name in SCRIPTS}
    assert shown == {name: hashlib.sha256((ROOT / "static/js" / name).read_bytes()).hexdigest() for name in shown}
