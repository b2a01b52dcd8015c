"""What either side does with one delegation, through the door."""

import pytest

from portal.access.roles import Environment, Right, Role
from portal.delegations import operations, store
from portal.delegations.models import DelegationState, Side
from portal.foundation.database import transaction
from tests.delegations.scenes import BOTH, SANDBOX, a_project, events_of, terms
from tests.factories import a_delegation, a_key, a_licensee, a_member, a_request, an_integrator, for_client, tenant_of
from tests.statements import counted
from tests.web.delegations.pages import account_of, day, errors_on, given, text_of


@pytest.fixture
def at(owner, integrator):
    """The address of a delegation's page for one of its sides."""
    homes = {
        Side.OWNER: f"/{account_of(owner)}/integrators",
        Side.INTEGRATOR: f"/{account_of(integrator)}/clients",
    }
    return lambda side, row, path="": f"{homes[side]}/{row.public_id}{path}"


@pytest.fixture
def browsers(owners_browser, integrators_browser):
    return {Side.OWNER: owners_browser, Side.INTEGRATOR: integrators_browser}


OWNER, INTEGRATOR = Side.OWNER, Side.INTEGRATOR
CONFIRMED = [
    (INTEGRATOR, "accept", "offered", "active"),
    (INTEGRATOR, "decline", "offered", "declined"),
    (OWNER, "withdraw", "offered", "withdrawn"),
    (OWNER, "decline", "requested", "declined"),
    (INTEGRATOR, "withdraw", "requested", "withdrawn"),
    (OWNER, "pause", "active", "paused"),
    (INTEGRATOR, "pause", "active", "paused"),
    (OWNER, "end", "active", "ended"),
    (INTEGRATOR, "end", "active", "ended"),
]


def begun(state, owner, integrator):
    if state == "requested":
        return a_request(integrator, owner)
    return a_delegation(owner, integrator, accepted=state == "active")


@pytest.mark.parametrize(("side", "act", "before", "after"), CONFIRMED)
def test_an_act_is_asked_about_first_and_done_then(owner, integrator, browsers, at, side, act, before, after):
    row = begun(before, owner, integrator)

    asked = browsers[side].get(at(side, row, f"/{act}"))
    unchanged = given(owner, row).state
    done = browsers[side].post(at(side, row, f"/{act}"))

    assert (asked.status_code, unchanged) == (200, before)
    assert (done.status_code, done.location) == (303, at(side, row))
    assert given(owner, row).state == after


@pytest.mark.parametrize(("side", "act", "before", "after"), CONFIRMED)
def test_a_second_click_finds_the_state_and_changes_nothing(owner, integrator, browsers, at, side, act, before, after):
    row = begun(before, owner, integrator)
    browsers[side].post(at(side, row, f"/{act}"))
    told = len(events_of(owner))

    again = browsers[side].post(at(side, row, f"/{act}"))

    assert again.status_code == 409
    assert f"the delegation is {after}" in text_of(again)
    assert len(events_of(owner)) == told


@pytest.mark.parametrize("side", Side)
def test_the_side_that_paused_resumes(owner, integrator, browsers, at, side):
    row = a_delegation(owner, integrator)
    browsers[side].post(at(side, row, "/pause"))

    answer = browsers[side].post(at(side, row, "/resume"))

    assert answer.status_code == 303
    assert given(owner, row).state is DelegationState.ACTIVE


@pytest.mark.parametrize("side", Side)
def test_the_other_side_is_told_who_can_resume(owner, integrator, browsers, at, side):
    row = a_delegation(owner, integrator)
    other = INTEGRATOR if side is OWNER else OWNER
    browsers[side].post(at(side, row, "/pause"))

    page, answer = browsers[other].get(at(other, row)), browsers[other].post(at(other, row, "/resume"))

    assert answer.status_code == 409
    assert "Only the side that paused it can resume it" in text_of(page)


def test_s8_the_owner_approves_what_the_integrator_asked(owner, integrator, owners_browser, at):
    row = a_request(integrator, owner)

    answer = owners_browser.post(at(OWNER, row, "/approve"))

    assert answer.status_code == 303
    assert given(owner, row).state is DelegationState.ACTIVE


def test_the_owner_chooses_projects_where_they_are_left_to_it(owner, integrator, owners_browser, at):
    project = a_project(owner, "One")
    public_id = store.projects_of(owner)[0].public_id
    row = a_request(integrator, owner, all_projects=False)

    answer = owners_browser.post(at(OWNER, row, "/approve"), data={"reach": "some", "projects": [public_id]})

    assert answer.status_code == 303
    assert given(owner, row).project_ids == {project}


def test_approving_without_the_choice_is_a_sentence_at_the_field(owner, integrator, owners_browser, at):
    a_project(owner, "One")
    row = a_request(integrator, owner, all_projects=False)

    answer = owners_browser.post(at(OWNER, row, "/approve"), data={"reach": "some"})

    assert answer.status_code == 422
    assert list(errors_on(answer)) == ["Which projects"]


def narrowed(row, **changed):
    usual = {
        "environments": ["sandbox"],
        "rights": ["keys"],
        "reach": "all",
        "last_day": row.ends_at.date().isoformat(),
        "version": row.version,
    }
    return usual | changed


def test_a_request_is_narrowed_and_goes_back(owner, integrator, owners_browser, at):
    row = a_request(integrator, owner)

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row))

    now = given(owner, row)
    assert answer.status_code == 303
    assert (now.state, now.environments) == (DelegationState.OFFERED, SANDBOX)


def test_a_running_delegation_is_narrowed_at_once(owner, integrator, owners_browser, at):
    row = a_delegation(owner, integrator)

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row))

    now = given(owner, row)
    assert answer.status_code == 303
    assert (now.state, now.environments, now.rights) == (DelegationState.ACTIVE, SANDBOX, {Right.VIEW, Right.KEYS})


def test_keeping_the_last_day_keeps_the_end_to_the_second(owner, integrator, owners_browser, at):
    row = a_delegation(owner, integrator)
    before = row.ends_at

    owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row))

    assert given(owner, row).ends_at == before


@pytest.mark.parametrize(
    ("field", "value"), [("environments", ["sandbox", "production"]), ("rights", ["keys", "projects"])]
)
def test_what_is_not_given_now_is_no_choice_when_narrowing(owner, integrator, owners_browser, at, field, value):
    row = a_delegation(owner, integrator, environments=SANDBOX, rights={Right.KEYS})

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row, **{field: value}))

    assert answer.status_code == 422
    assert len(errors_on(answer)) == 1


def test_a_later_last_day_is_refused_at_the_field_when_narrowing(owner, integrator, owners_browser, at):
    row = a_delegation(owner, integrator)

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row, last_day=day(91)))

    assert list(errors_on(answer)) == ["Last day (UTC)"]


def test_the_second_of_two_tabs_gets_both_versions(owner, integrator, owners_browser, at):
    row = a_delegation(owner, integrator)
    first, second = narrowed(row), narrowed(row, environments=["sandbox", "production"], rights=[])
    owners_browser.post(at(OWNER, row, "/narrow"), data=first)

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=second)

    assert answer.status_code == 409
    assert "Somebody changed this while your form was open" in text_of(answer)
    assert given(owner, row).environments == SANDBOX


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999"])
def test_a_broken_version_is_said(owner, integrator, owners_browser, at, version):
    row = a_delegation(owner, integrator)

    answer = owners_browser.post(at(OWNER, row, "/narrow"), data=narrowed(row, version=version))

    assert answer.status_code == 422
    assert given(owner, row).environments == BOTH


def widened(row, **changed):
    return {
        "environments": ["sandbox", "production"],
        "rights": ["keys"],
        "reach": "all",
        "last_day": row.ends_at.date().isoformat(),
        "message": "",
    } | changed


@pytest.fixture
def small(owner, integrator):
    return a_delegation(owner, integrator, environments=SANDBOX, rights={Right.KEYS})


@pytest.mark.parametrize("side", Side)
def test_either_side_proposes_and_the_other_agrees(owner, small, browsers, at, side):
    other = INTEGRATOR if side is OWNER else OWNER
    proposed = browsers[side].post(at(side, small, "/widen"), data=widened(small))
    public_id = store.waiting_proposal(small).public_id

    agreed = browsers[other].post(at(other, small, f"/widening/{public_id}"), data={"answer": "accept"})

    assert (proposed.status_code, agreed.status_code) == (303, 303)
    assert given(owner, small).environments == frozenset(Environment)


@pytest.mark.parametrize("side", Side)
def test_the_other_side_declines(owner, small, browsers, at, side):
    other = INTEGRATOR if side is OWNER else OWNER
    browsers[side].post(at(side, small, "/widen"), data=widened(small))
    public_id = store.waiting_proposal(small).public_id

    answer = browsers[other].post(at(other, small, f"/widening/{public_id}"), data={"answer": "decline"})

    assert answer.status_code == 303
    assert given(owner, small).environments == SANDBOX


def test_an_answer_is_needed(owner, small, browsers, at):
    browsers[OWNER].post(at(OWNER, small, "/widen"), data=widened(small))
    public_id = store.waiting_proposal(small).public_id

    answer = browsers[INTEGRATOR].post(at(INTEGRATOR, small, f"/widening/{public_id}"))

    assert errors_on(answer) == {"Your answer": "Choose an answer."}


@pytest.mark.parametrize("side", Side)
def test_the_side_that_proposed_withdraws(owner, small, browsers, at, side):
    browsers[side].post(at(side, small, "/widen"), data=widened(small))
    public_id = store.waiting_proposal(small).public_id

    answer = browsers[side].post(at(side, small, f"/widening/{public_id}/withdraw"))

    assert answer.status_code == 303
    assert store.waiting_proposal(small) is None


def test_a_proposal_that_adds_nothing_is_refused_at_a_field(small, owners_browser, at):
    answer = owners_browser.post(at(OWNER, small, "/widen"), data=widened(small, environments=["sandbox"]))

    assert answer.status_code == 422
    assert list(errors_on(answer)) == ["May also"]


def test_an_integrator_of_some_projects_asks_for_all(owner, integrator, integrators_browser, at):
    row = a_delegation(owner, integrator, project_ids=frozenset({a_project(owner, "One")}))
    form = widened(row, rights=["keys", "projects", "installations"], reach="all")

    answer = integrators_browser.post(at(INTEGRATOR, row, "/widen"), data=form)

    assert answer.status_code == 303
    assert store.waiting_proposal(row).all_projects


def test_the_page_before_the_end_names_what_stops(owner, integrator, browsers, at):
    row = a_delegation(owner, integrator)
    a_key(for_client(integrator, row), name="Agency sandbox")

    pages = [browsers[side].get(at(side, row, "/end")) for side in Side]

    assert all("Agency sandbox" in page.text for page in pages)


def test_after_the_end_the_integrator_finds_no_account_of_its_client(owner, integrator, browsers, at):
    row = a_delegation(owner, integrator)
    client = f"/{account_of(owner)}/keys"
    before = browsers[INTEGRATOR].get(client).status_code

    browsers[OWNER].post(at(OWNER, row, "/end"))

    assert (before, browsers[INTEGRATOR].get(client).status_code) == (200, 404)


ALL_PATHS = ["", "/approve", "/narrow", "/decline", "/withdraw", "/pause", "/resume", "/end", "/widen"]


@pytest.mark.parametrize("path", ALL_PATHS)
def test_another_tenants_delegation_and_a_missing_one_answer_alike(owner, signed_in, path):
    stranger = a_licensee()
    browser, account = signed_in(stranger), account_of(stranger)
    foreign = a_delegation(owner, an_integrator()).public_id

    answers = [browser.get(f"/{account}/integrators/{one}{path}") for one in (foreign, "dlg_missing")]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("path", ["", "/accept", "/decline", "/withdraw", "/pause", "/resume", "/end", "/widen"])
def test_another_integrators_client_and_a_missing_one_answer_alike(owner, integrator, signed_in, path):
    other = an_integrator()
    browser, account = signed_in(other), account_of(other)
    foreign = a_delegation(owner, integrator).public_id

    answers = [browser.get(f"/{account}/clients/{one}{path}") for one in (foreign, "dlg_missing")]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize("path", ["/narrow", "/pause", "/end", "/widen", "/decline"])
def test_an_integrator_does_nothing_with_the_delegation_from_its_clients_account(
    owner, integrator, integrators_browser, at, path
):
    row = a_delegation(owner, integrator)

    answer = integrators_browser.post(at(OWNER, row, path))

    assert answer.status_code == 403
    assert given(owner, row).state is DelegationState.ACTIVE


def test_an_integrator_in_its_clients_account_sees_its_own_delegation_only(owner, integrator, integrators_browser, at):
    row, theirs = a_delegation(owner, integrator), a_delegation(owner, an_integrator(name="Rival"))

    own, other = integrators_browser.get(at(OWNER, row)), integrators_browser.get(at(OWNER, theirs))
    listed = integrators_browser.get(f"/{account_of(owner)}/integrators")

    assert (own.status_code, other.status_code) == (200, 404)
    assert "Rival" not in listed.text


def test_an_integrator_finds_no_list_of_clients_in_its_clients_account(owner, integrator, integrators_browser):
    a_delegation(owner, integrator)

    assert integrators_browser.get(f"/{account_of(owner)}/clients").status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.KEY_MANAGER, "/pause", 303),
        (Role.KEY_MANAGER, "/end", 303),
        (Role.KEY_MANAGER, "/narrow", 403),
        (Role.KEY_MANAGER, "/widen", 403),
        (Role.DEVELOPER, "/pause", 403),
        (Role.DEVELOPER, "/end", 403),
        (Role.VIEWER, "/end", 403),
    ],
)
def test_roles_as_in_the_table(owner, integrator, signed_in, at, role, path, status):
    row = a_delegation(owner, integrator)
    browser = signed_in(a_member(tenant_of(owner), role))

    assert browser.post(at(OWNER, row, path)).status_code == status


def test_a_viewer_is_told_who_can_do_what_it_cannot(owner, integrator, signed_in, at):
    row = a_delegation(owner, integrator)

    page = signed_in(a_member(tenant_of(owner), Role.VIEWER)).get(at(OWNER, row))

    assert "An owner or a key manager of this account can do this." in text_of(page)


def test_both_sides_see_what_happened(owner, integrator, browsers, at):
    row = a_delegation(owner, integrator)
    browsers[OWNER].post(at(OWNER, row, "/pause"))

    for side in Side:
        page = text_of(browsers[side].get(at(side, row)))
        assert "paused the delegation from Northwind" in page
        assert "offered a delegation from Northwind" in page


def test_the_lists_show_both_parties_what_waits(owner, integrator, browsers):
    a_request(integrator, owner)

    theirs = text_of(browsers[OWNER].get(f"/{account_of(owner)}/integrators"))
    ours = text_of(browsers[INTEGRATOR].get(f"/{account_of(integrator)}/clients"))

    assert "Agency asks to work for you." in theirs
    assert "Waits for the answer of Northwind until" in ours


def test_a_message_is_text_and_nothing_else(owner, integrator, browsers, at):
    account_id = account_of(integrator)
    with transaction():
        row = operations.offer(owner, account_id, **terms(), message="<b>bold</b>\nsecond line")

    page = browsers[INTEGRATOR].get(at(INTEGRATOR, row))

    assert "&lt;b&gt;bold&lt;/b&gt;<br>second line" in page.text


def test_a_list_of_past_delegations_shows_those_that_are_over(owner, integrator, browsers, at):
    row = a_delegation(owner, integrator)
    browsers[OWNER].post(at(OWNER, row, "/end"))
    home = f"/{account_of(owner)}/integrators"

    assert "Agency" not in browsers[OWNER].get(home).text
    assert "Agency" in browsers[OWNER].get(f"{home}?show=past").text


def test_a_broken_place_in_the_list_is_refused(owner, owners_browser, integrator):
    a_delegation(owner, integrator)

    answer = owners_browser.get(f"/{account_of(owner)}/integrators?after=x")

    assert answer.status_code == 422


def test_an_end_in_the_last_days_is_warned_of(owner, integrator, integrators_browser):
    a_delegation(owner, integrator, days=5)

    page = integrators_browser.get(f"/{account_of(integrator)}/clients")

    assert "4 days left" in text_of(page)


@pytest.mark.parametrize(
    ("side", "path"),
    [
        *((OWNER, path) for path in ("", "/narrow", "/pause", "/end", "/widen")),
        *((INTEGRATOR, path) for path in ("", "/pause", "/end", "/widen")),
    ],
)
def test_no_page_of_a_delegation_asks_the_database_more_than_twelve_times(owner, integrator, browsers, at, side, path):
    row = a_delegation(owner, integrator, project_ids=frozenset({a_project(owner, "One"), a_project(owner, "Two")}))
    a_key(for_client(integrator, row))

    with counted() as sent:
        answer = browsers[side].get(at(side, row, path))

    assert answer.status_code == 200
    assert len(sent) <= 12


def test_the_page_before_narrowing_names_the_key_pairs_it_may_stop(owner, integrator, owners_browser, at):
    row = a_delegation(owner, integrator)
    a_key(for_client(integrator, row), name="Agency sandbox")

    page = owners_browser.get(at(OWNER, row, "/narrow"))

    assert "Agency sandbox" in page.text
