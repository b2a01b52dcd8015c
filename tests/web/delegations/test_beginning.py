"""Offering and asking, through the door."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.access.roles import Right, Role
from portal.accounts.models import UserSession
from portal.delegations import store
from portal.delegations.models import DelegationState
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.tenants import operations as tenants
from tests.delegations.scenes import a_project, events_of
from tests.factories import PASSWORD, a_delegation, a_licensee, a_member, tenant_of
from tests.web.delegations.pages import account_of, day, errors_on, filled, only, still, text_of


@pytest.fixture
def send_offer(owner, owners_browser):
    account = account_of(owner)
    return lambda **form: owners_browser.post(f"/{account}/integrators/offer", data=filled(**form))


@pytest.fixture
def send_request(owner, integrator, integrators_browser):
    account = account_of(integrator)
    with transaction():
        code = tenants.make_request_code(owner)
    return lambda **form: integrators_browser.post(
        f"/{account}/clients/request", data=filled(**({"request_code": code} | form))
    )


def test_s8_an_offer_leads_to_its_page(owner, owners_browser, integrator, send_offer):
    answer = send_offer(account_id=account_of(integrator))

    row = only(owner)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/integrators/{row.public_id}")
    assert row.state is DelegationState.OFFERED


def test_what_is_chosen_is_what_is_offered(owner, integrator, send_offer):
    project = a_project(owner, "One")
    public_id = next(row.public_id for row in _projects(owner))

    send_offer(account_id=account_of(integrator), rights=["projects"], reach="some", projects=[public_id])

    row = only(owner)
    assert row.rights == {Right.VIEW, Right.PROJECTS}
    assert row.project_ids == {project}


def _projects(owner):
    return store.projects_of(owner)


def test_an_offer_ends_with_the_last_second_of_its_last_day(owner, integrator, send_offer):
    send_offer(account_id=account_of(integrator), last_day=day(90))

    assert only(owner).ends_at.isoformat() == f"{day(90)}T23:59:59+00:00"


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("account_id", "", "An account id is MAG and nine digits"),
        ("account_id", "MAG12", "An account id is MAG and nine digits"),
        ("account_id", "MAG12345678\x00", "An account id is MAG and nine digits"),
        ("account_id", "\u202eMAG123456789", "An account id is MAG and nine digits"),
        ("account_id", "😀" * 5000, "An account id is MAG and nine digits"),
        ("environments", None, "Choose at least one environment."),
        ("environments", ["moon"], "not"),
        ("rights", ["everything"], "not"),
        ("reach", None, "Choose which projects."),
        ("reach", "most", "Not a valid choice"),
        ("projects", ["00000000-0000-0000-0000-000000000000"], "not"),
        ("last_day", "", "Give the last day."),
        ("last_day", "soon", "Not a valid date"),
        ("last_day", "9999-12-31", "A delegation ends 1 to 730 days from now"),
        ("last_day", "0001-01-01", "A delegation ends 1 to 730 days from now"),
        ("message", "a" * 2001, "at most 2000 characters"),
        ("message", "a\x00b", "control characters"),
        ("message", "a\u202eb", "reading direction"),
    ],
)
def test_bad_input_is_a_sentence_at_the_field(owner, send_offer, field, value, sentence):
    answer = send_offer(**({"account_id": "MAG999999999"} | {field: value}))

    assert answer.status_code == 422
    assert any(sentence in told for told in errors_on(answer).values()), errors_on(answer)
    assert events_of(owner) == []


def test_today_and_the_day_after_the_longest_term_are_refused_at_the_field(send_offer):
    for days in (0, 730):
        answer = send_offer(account_id="MAG999999999", last_day=day(days))

        assert list(errors_on(answer)) == ["Last day (UTC)"]


@pytest.mark.parametrize("days", [1, 729])
def test_tomorrow_and_the_last_possible_day_are_accepted(send_offer, days):
    assert send_offer(account_id="MAG999999999", last_day=day(days)).status_code == 303


def test_some_projects_without_a_choice_is_a_sentence_at_the_projects(owner, send_offer):
    a_project(owner, "One")

    answer = send_offer(account_id="MAG999999999", reach="some")

    assert errors_on(answer) == {"Which projects": "Choose at least one project, or all projects."}


def test_another_tenants_project_is_no_choice(send_offer):
    stranger = a_licensee()
    a_project(stranger, "Theirs")
    public_id = _projects(stranger)[0].public_id

    answer = send_offer(account_id="MAG999999999", reach="some", projects=[public_id])

    assert list(errors_on(answer)) == ["Which projects"]


def test_what_was_typed_stays(send_offer):
    answer = send_offer(account_id="MAG12", message="Hello 😀")

    assert 'value="MAG12"' in answer.text
    assert "Hello 😀" in answer.text


def test_ones_own_account_is_refused_at_the_field(owner, send_offer):
    answer = send_offer(account_id=account_of(owner))

    assert list(errors_on(answer)) == ["Account id of the integrator"]


def test_a_second_offer_to_the_same_account_is_refused_at_the_field(owner, send_offer):
    send_offer(account_id="MAG999999999")

    answer = send_offer(account_id="MAG999999999", environments=["production"])

    assert answer.status_code == 422
    assert "already; it is offered" in errors_on(answer)["Account id of the integrator"]


def test_a_double_click_leads_to_the_one_offer(owner, send_offer):
    first = send_offer(account_id="MAG999999999")
    again = send_offer(account_id="MAG999999999")

    assert first.location == again.location
    assert len(events_of(owner)) == 1


def test_an_offer_asks_for_the_password_when_the_sign_in_is_old(owner, owners_browser, send_offer):
    _age_session(owner)

    without = send_offer(account_id="MAG999999999")
    wrong = send_offer(account_id="MAG999999999", password="not this one")
    right = send_offer(account_id="MAG999999999", password=PASSWORD)

    assert (without.status_code, wrong.status_code, right.status_code) == (422, 422, 303)


def _age_session(actor):
    with transaction():
        old = clock.now() - timedelta(minutes=11)
        db.session.execute(
            update(UserSession).where(UserSession.person_id == actor.person_id).values(reauthenticated_at=old)
        )


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_reaches_the_form(owner, signed_in, role):
    browser = signed_in(a_member(tenant_of(owner), role))

    answer = browser.get(f"/{account_of(owner)}/integrators/offer")

    assert answer.status_code == 403


def test_an_integrator_offers_nothing_in_its_clients_account(owner, integrator, integrators_browser):
    a_delegation(owner, integrator)

    answer = integrators_browser.get(f"/{account_of(owner)}/integrators/offer")

    assert answer.status_code == 403


def test_the_owner_cannot_tell_nobody_from_an_integrator_by_any_answer(owner, owners_browser, integrator, send_offer):
    answers, pages = [], []
    for account in (account_of(integrator), account_of(a_licensee()), "MAG999999999"):
        answers.append(send_offer(account_id=account, message="Hello"))
        pages.append(owners_browser.get(answers[-1].location))

    assert {answer.status_code for answer in answers} == {303}
    assert len({still(answer) for answer in answers}) == 1
    assert {page.status_code for page in pages} == {200}
    assert len({still(page) for page in pages}) == 1


def test_no_list_tells_the_owner_who_stands_behind_an_account_id(owner, owners_browser, integrator, send_offer):
    send_offer(account_id=account_of(integrator))
    account = account_of(owner)

    pages = [owners_browser.get(f"/{account}{path}") for path in ("", "/integrators", "/activity")]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert not [page for page in pages if "Agency" in page.text]


def test_s8_a_request_leads_to_its_page(owner, send_request):
    answer = send_request()

    row = only(owner)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/clients/{row.public_id}")
    assert row.state is DelegationState.REQUESTED


def test_a_request_may_leave_the_projects_to_the_owner(owner, send_request):
    send_request(reach="owners_choice")

    assert only(owner).project_ids == frozenset()


@pytest.mark.parametrize("code", ["", "0000-0000", "\x00", "x" * 101, "😀"])
def test_a_wrong_code_is_a_sentence_at_the_field(owner, send_request, code):
    answer = send_request(request_code=code)

    assert answer.status_code == 422
    assert list(errors_on(answer)) == ["Request code of the owner"]
    assert events_of(owner) == []


def test_a_code_may_be_typed_without_dashes_in_capitals(owner, integrator, integrators_browser):
    with transaction():
        code = tenants.make_request_code(owner)

    answer = integrators_browser.post(
        f"/{account_of(integrator)}/clients/request", data=filled(request_code=code.replace("-", "").upper())
    )

    assert answer.status_code == 303


def test_who_has_no_agreement_is_told_who_can_mend_it(owner, owners_browser):
    answer = owners_browser.get(f"/{account_of(owner)}/clients/request")

    assert answer.status_code == 403
    assert "has no running integrator agreement" in text_of(answer)
    assert "partner admin can record or renew the agreement" in text_of(answer)


def test_the_clients_page_says_so_before_one_tries(owner, owners_browser):
    answer = owners_browser.get(f"/{account_of(owner)}/clients")

    assert "Northwind has no running integrator agreement." in text_of(answer)


def test_asking_nothing_changes_nothing(owner, owners_browser):
    for path in ("/integrators", "/integrators/offer", "/clients"):
        owners_browser.get(f"/{account_of(owner)}{path}")

    assert events_of(owner) == []
