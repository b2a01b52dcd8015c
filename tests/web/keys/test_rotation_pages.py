"""The pages of rotation, through the door: what is said before, what follows, what is refused at which field."""

import base64
import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup

from portal.access.roles import Environment, Role
from portal.accounts import store as accounts
from portal.accounts.models import Language
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys import store
from portal.keys.models import KeyEnding, KeyState
from portal.keys.rotation import Plan
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.factories import (
    PASSWORD,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    a_successor,
    a_vendor,
    an_integrator,
    for_client,
    pem_of,
    public_pem_of,
    sign,
    tenant_of,
)

FORTNIGHT = str(14 * 24 * 3600)


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


def a_shop(owner, name="Main shop", side=Environment.SANDBOX):
    with transaction():
        project = projects.create(owner, f"Project of {name}", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    with transaction():
        installations.attach(owner, next(s for s in spaces if s.environment is side), name, "https://a.example", side)


def rotate(visitor, account, pair, **others):
    fields = {"overlap": FORTNIGHT, "ending": "held", "name": "Storefront", "origin": "server", "password": PASSWORD}
    return visitor.post(f"/{account}/keys/{pair.api_key}/rotate", data=fields | others)


def at(account, pair, path=""):
    return f"/{account}/keys/{pair.api_key}{path}"


# Begin


def test_s5_rotating_says_first_what_has_to_move_and_that_nothing_stops(owner, visitor, account, pair):
    a_shop(owner)

    page = words(visitor.get(at(account, pair, "/rotate")))

    assert "Nothing stops now" in page
    assert "Main shop" in page


def test_the_choices_spell_the_resulting_date_out(owner, visitor, account, pair):
    page = words(visitor.get(at(account, pair, "/rotate")))

    for days in (1, 14, 90):
        until = clock.now() + timedelta(days=days)
        assert re.search(rf"{days} days?: until {until.day} {until:%b} {until:%Y}, \d\d:\d\d UTC", page)


def test_a_successor_that_the_server_makes_takes_over_when_it_is_saved(owner, visitor, account, pair):
    where = rotate(visitor, account, pair).location
    making = words(visitor.get(where))
    shown = visitor.post(where)
    before = store.get(owner, pair.api_key).state

    answer = visitor.post(f"{where}/saved")

    assert "This pair replaces “Storefront”" in making
    assert "BEGIN PRIVATE KEY" in shown.text
    assert before is KeyState.ACTIVE
    assert answer.location == at(account, pair, "/rotation")
    assert store.get(owner, pair.api_key).state is KeyState.RETIRING


def test_a_successor_whose_public_key_was_given_takes_over_when_it_is_proved(owner, visitor, account, pair):
    private = a_private_key(50)
    where = rotate(visitor, account, pair, origin="upload", public_pem=public_pem_of(private)).location
    message = visitor.get(f"{where}/message").data

    answer = visitor.post(where, data={"signature": base64.b64encode(sign(private, message)).decode()})

    assert answer.location == at(account, pair, "/rotation")
    assert store.successor_of(store.get(owner, pair.api_key)).name == "Storefront"


def test_discarding_the_successor_leads_back_and_leaves_the_pair_as_it_was(owner, visitor, account, pair):
    where = rotate(visitor, account, pair).location
    visitor.post(where)

    answer = visitor.post(f"{where}/discard", data={"again": "1"})

    assert answer.location == at(account, pair, "/rotate")
    assert store.get(owner, pair.api_key).state is KeyState.ACTIVE


@pytest.mark.parametrize("others", [{"overlap": "0"}, {"ending": "leak"}], ids=str)
def test_an_overlap_of_nothing_and_a_leak_are_no_choices_of_an_ordinary_rotation(visitor, account, pair, others):
    assert rotate(visitor, account, pair, **others).status_code == 422


@pytest.mark.parametrize(
    "fields", [{"overlap": "7"}, {"overlap": ""}, {"overlap": "1e9"}, {"ending": "never"}, {"origin": ""}, {"name": ""}]
)
def test_bad_input_is_a_sentence(fields, visitor, account, pair):
    assert rotate(visitor, account, pair, **fields).status_code == 422


def test_a_taken_name_is_refused_at_its_field(owner, visitor, account, pair):
    a_key(owner, name="Taken")

    answer = rotate(visitor, account, pair, name="Taken")

    assert answer.status_code == 422
    assert "There is already a key pair “Taken”" in words(answer)


def test_a_private_key_in_any_field_is_not_rendered_back(visitor, account, pair):
    for field in ("name", "word", "public_pem"):
        answer = rotate(visitor, account, pair, origin="upload", **{field: pem_of(a_private_key(51))})

        assert answer.status_code == 422
        assert "BEGIN PRIVATE KEY" not in answer.text


def test_in_production_the_password_is_asked_for_each_time(owner, visitor, account):
    live = a_key(owner, name="Live", environment=Environment.PRODUCTION)

    assert rotate(visitor, account, live, password="wrong").status_code == 422
    assert rotate(visitor, account, live).status_code == 303


def test_a_second_rotation_during_an_overlap_needs_the_word(owner, visitor, account, pair):
    successor = a_successor(owner, pair)

    page = words(visitor.get(at(account, successor, "/rotate")))
    answers = [rotate(visitor, account, successor, word=word) for word in ("", "yes", " rotate ")]

    assert "The overlap with “Storefront” is still running" in page
    assert [answer.status_code for answer in answers] == [422, 422, 303]
    assert "which still works" in words(answers[0])


def test_a_retiring_pair_leads_to_its_rotation(owner, visitor, account, pair):
    a_successor(owner, pair)

    assert visitor.get(at(account, pair, "/rotate")).location == at(account, pair, "/rotation")


def test_rotating_is_offered_when_past_due(owner, visitor, account, pair):
    admin = a_vendor()
    with transaction():
        tenants.set_standing(admin, tenant_of(owner), Standing.PAST_DUE)

    assert rotate(visitor, account, pair).status_code == 303
    assert visitor.get(f"/{account}/keys/new").status_code == 403


# Who may not


def test_a_viewer_sees_the_action_disabled_with_the_reason(owner, account, pair, signed_in):
    viewer = signed_in(a_member(tenant_of(owner), Role.VIEWER))

    page = words(viewer.get(at(account, pair)))

    assert "Your role does not allow this: Rotate key pairs" in page
    assert viewer.get(at(account, pair, "/rotate")).status_code == 403


def test_s9_a_partners_owner_is_told_who_the_signer_is(signed_in):
    signer = a_partner()
    pair, other = a_key(signer), signed_in(a_member(tenant_of(signer)))
    account = tenant_of(signer).account_id

    assert "The signer is Sanna Signer" in words(other.get(at(account, pair)))
    refused = other.get(at(account, pair, "/rotate"))
    assert refused.status_code == 403
    assert "Sanna Signer" in words(refused)


def test_the_owner_of_a_delegated_pair_is_told_who_rotates_it(owner, visitor, account):
    integrator = an_integrator(name="Agency")
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)))

    assert "only Agency can rotate it" in words(visitor.get(at(account, pair)))
    assert visitor.get(at(account, pair, "/rotate")).status_code == 403


# Where it stands


def test_both_pairs_show_the_countdown(owner, visitor, account, pair):
    successor = a_successor(owner, pair)

    pages = [words(visitor.get(at(account, row))) for row in (pair, successor)]

    assert all("13 days left" in page for page in pages)
    assert "This is the old pair" in pages[0]
    assert "This is the successor" in pages[1]


def test_the_list_says_it_in_both_rows(owner, visitor, account, pair):
    a_successor(owner, pair)

    page = words(visitor.get(f"/{account}/keys"))

    assert "Retiring 13 days left, until" in page
    assert "replaces “Storefront”: 13 days left" in page


def test_the_cockpit_names_the_laggards_and_says_when_each_was_seen(owner, visitor, account, pair):
    a_shop(owner)
    a_successor(owner, pair)

    page = words(visitor.get(at(account, pair, "/rotation")))

    assert "Not safe to close" in page
    assert "0 of 1 installations have moved" in page
    assert "no call seen yet" in page


def test_a_pair_that_is_held_open_says_so(owner, signed_in, account, pair):
    a_shop(owner)
    a_successor(owner, pair, Plan(timedelta(hours=1)))

    with time_machine.travel(clock.now() + timedelta(hours=2)):
        visitor = signed_in(owner)
        page = words(visitor.get(at(account, pair, "/rotation")))
        listed = words(visitor.get(f"/{account}/keys"))

    assert "held open past its date" in page
    assert "Retiring: held open past its date" in listed


def test_the_overview_says_when_the_old_pair_ends_and_when_it_is_held_open(owner, signed_in, account, pair):
    a_shop(owner)
    a_successor(owner, pair, Plan(timedelta(hours=1)))
    before = words(signed_in(owner).get(f"/{account}"))

    with time_machine.travel(clock.now() + timedelta(hours=2)):
        after = words(signed_in(owner).get(f"/{account}"))

    assert "The old key pair “Storefront” ends on" in before
    assert "The old key pair “Storefront” is held open" in after


def test_a_successor_that_was_revoked_is_said_aloud(owner, visitor, account, pair):
    successor = a_successor(owner, pair)
    visitor.post(at(account, successor, "/revoke"))

    assert "The successor is out of service" in words(visitor.get(at(account, pair, "/rotation")))


def test_a_pair_that_was_never_replaced_has_no_cockpit(visitor, account, pair):
    assert visitor.get(at(account, pair, "/rotation")).location == at(account, pair)


# Extend, end, roll back


def version(owner, pair) -> int:
    return store.get(owner, pair.api_key).version


def test_the_end_is_moved(owner, visitor, account, pair):
    a_successor(owner, pair)

    answer = visitor.post(
        at(account, pair, "/rotation/end"),
        data={"overlap": str(30 * 24 * 3600), "ending": "hard", "version": version(owner, pair)},
    )

    row = store.get(owner, pair.api_key)
    assert answer.status_code == 303
    assert row.retiring_until > clock.now() + timedelta(days=29)
    assert row.ending is KeyEnding.HARD


def test_a_stale_form_is_a_409_with_both_versions(owner, visitor, account, pair):
    a_successor(owner, pair)
    seen, where = version(owner, pair), at(account, pair, "/rotation/end")
    fields = {"overlap": str(30 * 24 * 3600), "ending": "held", "version": seen}
    visitor.post(where, data=fields)

    answer = visitor.post(where, data=fields | {"overlap": str(60 * 24 * 3600)})

    assert answer.status_code == 409
    for days in (30, 60):
        assert f"{clock.now() + timedelta(days=days):%Y-%m-%d}" in words(answer)


def test_ending_early_says_who_may_still_use_it_and_asks_for_the_name_in_production(owner, visitor, account):
    pair = a_key(owner, name="Live", environment=Environment.PRODUCTION)
    a_shop(owner, "Live shop", Environment.PRODUCTION)
    a_successor(owner, pair)
    where = at(account, pair, "/rotation/close")

    page = words(visitor.get(where))
    given = {"version": version(owner, pair), "password": PASSWORD}
    wrong = visitor.post(where, data=given | {"typed_name": "other"})
    right = visitor.post(where, data=given | {"typed_name": "Live"})

    assert "Live shop" in page
    assert (wrong.status_code, right.status_code) == (422, 303)
    assert store.get(owner, pair.api_key).state is KeyState.RETIRED


def test_rolling_back_says_what_becomes_of_the_successor(owner, visitor, account, pair):
    a_successor(owner, pair)
    where = at(account, pair, "/rotation/roll-back")

    page = words(visitor.get(where))
    answer = visitor.post(where, data={"version": version(owner, pair)})

    assert "Nothing stops: both pairs go on working" in page
    assert answer.status_code == 303
    assert store.get(owner, pair.api_key).state is KeyState.ACTIVE
    assert "Storefront (2)" in words(visitor.get(f"/{account}/keys"))


def test_a_leaked_pair_cannot_come_back(owner, visitor, account, pair):
    a_successor(owner, pair, Plan(timedelta(days=1), KeyEnding.LEAK))

    page = words(visitor.get(at(account, pair, "/rotation")))
    answer = visitor.post(at(account, pair, "/rotation/roll-back"), data={"version": version(owner, pair)})

    assert "This key pair leaked, so it cannot come back" in page
    assert answer.status_code == 409


def test_what_is_over_leads_from_its_forms_to_where_it_stands(owner, visitor, account, pair):
    a_successor(owner, pair)
    visitor.post(at(account, pair, "/rotation/close"), data={"version": version(owner, pair)})

    assert visitor.get(at(account, pair, "/rotation/end")).location == at(account, pair, "/rotation")
    assert "This rotation is over" in words(visitor.get(at(account, pair, "/rotation")))


@pytest.mark.parametrize(
    "path", ["/rotation", "/rotation/end", "/rotation/close", "/rotation/roll-back", "", "/rotate"]
)
def test_the_pages_are_drawn_in_chinese_too(path, owner, visitor, account, pair):
    successor = a_successor(owner, pair)
    with transaction():
        accounts.get_person(owner.person_id).language = Language.ZH_HANT

    page = visitor.get(at(account, successor if path == "/rotate" else pair, path))

    assert page.status_code == 200
    assert 'lang="zh-Hant"' in page.text
