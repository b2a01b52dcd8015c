"""Giving and redeeming tickets, through the door; what either side then sees of them."""

import base64

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import update

from portal.access.roles import Environment, Right, Role
from portal.accounts.models import UserSession
from portal.audit.events import Event
from portal.audit.sentences import OF_TICKET
from portal.delegations import notices, operations, store
from portal.delegations.models import DelegationState, Side
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import store as keys
from portal.outbox import operations as outbox
from portal.web.mail import render
from tests.delegations.scenes import BOTH, events_of, terms_of
from tests.factories import (
    PASSWORD,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    a_ticket,
    a_vendor,
    an_integrator,
    for_client,
    public_pem_of,
    sign,
    tenant_of,
)
from tests.web.delegations.pages import account_of, day, errors_on, filled, given, only, still, text_of


@pytest.fixture
def give(owner, owners_browser):
    account = account_of(owner)
    return lambda **form: owners_browser.post(
        f"/{account}/integrators/ticket", data=filled(**({"rights": None} | form))
    )


@pytest.fixture
def at(owner, integrator):
    """The address of a ticket's page for one of its sides."""
    homes = {
        Side.OWNER: f"/{account_of(owner)}/integrators",
        Side.INTEGRATOR: f"/{account_of(integrator)}/clients",
    }
    return lambda side, row, path="": f"{homes[side]}/{row.public_id}{path}"


@pytest.fixture
def waiting(owner, integrator):
    return a_ticket(owner, integrator, redeemed=False)


@pytest.fixture
def redeemed(owner, integrator):
    return a_ticket(owner, integrator)


OWNER, INTEGRATOR = Side.OWNER, Side.INTEGRATOR


def propose(actor, row):
    with transaction():
        return operations.propose_widening(actor, row, **terms_of(row)).public_id


# Giving


def test_s8_a_ticket_leads_to_its_page(owner, integrator, owners_browser, give):
    answer = give(account_id=account_of(integrator))

    row = only(owner)
    assert answer.status_code == 303
    assert answer.location.endswith(f"/integrators/{row.public_id}")
    assert row.one_pair
    assert "Ticket for" in text_of(owners_browser.get(answer.location))


def test_a_ticket_gives_no_more_rights_than_it_is_for(owner, integrator, give):
    give(account_id=account_of(integrator), rights=["projects", "installations"])

    assert only(owner).rights == {Right.VIEW, Right.KEYS}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("account_id", "MAG12", "An account id is MAG and nine digits"),
        ("environments", None, "Choose at least one environment."),
        ("reach", None, "Choose which projects."),
        ("last_day", "", "Give the last day."),
        ("last_day", "9999-12-31", "A delegation ends 1 to 730 days from now"),
        ("message", "a\x00b", "control characters"),
    ],
)
def test_bad_input_is_a_sentence_at_the_field(owner, give, field, value, sentence):
    answer = give(**({"account_id": "MAG999999999"} | {field: value}))

    assert answer.status_code == 422
    assert any(sentence in told for told in errors_on(answer).values()), errors_on(answer)
    assert events_of(owner) == []


def test_a_double_click_leads_to_the_one_ticket(owner, integrator, give):
    first, again = give(account_id=account_of(integrator)), give(account_id=account_of(integrator))

    assert first.location == again.location
    assert len(events_of(owner)) == 1


@pytest.mark.parametrize(
    ("rights", "sentence"),
    [
        ({Right.KEYS}, "It can make its own key pairs under that one: no ticket is needed."),
        ({Right.PROJECTS}, "has a delegation without the right to keys already; it is active."),
    ],
)
def test_beside_a_delegation_the_field_says_what_to_do_instead(owner, integrator, give, rights, sentence):
    a_delegation(owner, integrator, rights=rights)

    answer = give(account_id=account_of(integrator))

    assert answer.status_code == 422
    assert sentence in errors_on(answer)["Account id of the integrator"]


def test_an_offer_beside_a_ticket_is_told_of_the_ticket(owner, integrator, owners_browser, waiting):
    answer = owners_browser.post(
        f"/{account_of(owner)}/integrators/offer", data=filled(account_id=account_of(integrator))
    )

    assert "There is an open ticket from Northwind" in errors_on(answer)["Account id of the integrator"]


def test_giving_asks_for_the_password_when_the_sign_in_is_old(owner, give):
    with transaction():
        rows = update(UserSession).where(UserSession.person_id == owner.person_id)
        db.session.execute(rows.values(reauthenticated_at=clock.now().replace(year=2020)))

    answers = [give(account_id="MAG999999999", password=given) for given in ("", "not this one", PASSWORD)]

    assert [answer.status_code for answer in answers] == [422, 422, 303]


def test_the_owner_cannot_tell_nobody_from_an_integrator_by_any_answer(owner, owners_browser, integrator, give):
    answers, pages = [], []
    for account in (account_of(integrator), account_of(a_licensee()), "MAG999999999"):
        answers.append(give(account_id=account))
        pages.append(owners_browser.get(answers[-1].location))

    assert {answer.status_code for answer in answers} == {303}
    assert len({still(page) for page in pages}) == 1


def test_a_key_manager_finds_the_way_to_it(owner, signed_in):
    browser, account = signed_in(a_member(tenant_of(owner), Role.KEY_MANAGER)), account_of(owner)

    for page in (f"/{account}/integrators", f"/{account}/keys/new"):
        assert f'href="/{account}/integrators/ticket"' in browser.get(page).text


# Redeeming


def test_s8_redeeming_leads_straight_on_to_making_the_pair(owner, integrators_browser, at, waiting):
    answer = integrators_browser.post(at(INTEGRATOR, waiting, "/accept"))

    assert (answer.status_code, answer.location) == (303, f"/{account_of(owner)}/keys/new?environment=sandbox")
    assert given(owner, waiting).state is DelegationState.ACTIVE
    assert "Make a key pair: Sandbox" in text_of(integrators_browser.get(answer.location))


def test_the_environment_is_the_tickets(owner, integrator, integrators_browser, at):
    ticket = a_ticket(owner, integrator, environments=[Environment.PRODUCTION], redeemed=False)

    answer = integrators_browser.post(at(INTEGRATOR, ticket, "/accept"))

    assert answer.location == f"/{account_of(owner)}/keys/new?environment=production"


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_comes_back_or_presses_twice_is_led_on_too(owner, integrators_browser, at, waiting, method):
    first = integrators_browser.post(at(INTEGRATOR, waiting, "/accept"))
    told = len(events_of(owner))

    again = getattr(integrators_browser, method)(at(INTEGRATOR, waiting, "/accept"))

    assert (again.status_code, again.location) == (303, first.location)
    assert len(events_of(owner)) == told


def test_once_the_pair_is_made_one_is_led_to_the_ticket(integrator, integrators_browser, at, redeemed):
    a_key(for_client(integrator, redeemed))

    answer = integrators_browser.get(at(INTEGRATOR, redeemed, "/accept"))

    assert (answer.status_code, answer.location) == (303, at(INTEGRATOR, redeemed))


def test_a_ticket_that_was_withdrawn_meanwhile_is_refused_in_its_own_word(owner, integrators_browser, at, waiting):
    with transaction():
        operations.withdraw(owner, waiting)

    answer = integrators_browser.post(at(INTEGRATOR, waiting, "/accept"))

    assert answer.status_code == 409
    assert "the ticket is withdrawn" in text_of(answer)


def test_a_stolen_link_is_useless(app, owner, integrator, signed_in, at, waiting):
    thieves = [app.test_client(), signed_in(an_integrator()), signed_in(a_licensee()), signed_in(a_vendor())]

    for thief in thieves:
        for method in ("GET", "HEAD", "OPTIONS", "POST"):
            for path in ("", "/accept", "/decline"):
                answer = thief.open(at(INTEGRATOR, waiting, path), method=method, data={} if method == "POST" else None)
                assert answer.status_code in (200, 302, 400, 404, 405), (method, path)
                assert "Northwind" not in answer.text

    assert given(owner, waiting).state is DelegationState.OFFERED


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_at_it_redeems_nothing(owner, integrators_browser, at, waiting, method):
    for path in ("", "/accept", "/decline"):
        integrators_browser.open(at(INTEGRATOR, waiting, path), method=method)

    assert given(owner, waiting).state is DelegationState.OFFERED
    assert len(events_of(owner)) == 1


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_others_there_see_it_and_who_can_redeem_it(integrator, signed_in, at, waiting, role):
    browser = signed_in(a_member(tenant_of(integrator), role))

    page, answer = browser.get(at(INTEGRATOR, waiting)), browser.post(at(INTEGRATOR, waiting, "/accept"))

    assert "An owner or a key manager of this account can do this." in text_of(page)
    assert answer.status_code == 403


# Making the pair


def begun(browser, account, **others):
    page = BeautifulSoup(browser.get(f"/{account}/keys/new").text, "html.parser")
    contract = page.find(attrs={"name": "contract"})["value"]
    fields = {"name": "By ticket", "contract": contract, "origin": "upload", "password": PASSWORD} | others
    return browser.post(f"/{account}/keys/new", data=fields).location


def proof(browser, where, private):
    message = browser.get(f"{where}/message").data
    return {"signature": base64.b64encode(sign(private, message)).decode()}


def test_the_pair_is_made_and_the_second_is_refused_with_the_reason(owner, integrators_browser, redeemed):
    account, private = account_of(owner), a_private_key(950)
    where = begun(integrators_browser, account, public_pem=public_pem_of(private))
    integrators_browser.post(where, data=proof(integrators_browser, where, private))

    answer = integrators_browser.get(f"/{account}/keys/new")

    assert answer.status_code == 403
    assert "The ticket was for one key pair in this environment, and it was made." in text_of(answer)
    assert "the owner can widen the ticket into a delegation" in text_of(answer)


def test_of_two_tabs_the_second_is_refused_with_the_reason(owner, integrators_browser, redeemed):
    account, privates = account_of(owner), [a_private_key(951), a_private_key(952)]
    places = [
        begun(integrators_browser, account, name=f"Tab {number}", public_pem=public_pem_of(private))
        for number, private in enumerate(privates)
    ]
    proofs = [proof(integrators_browser, place, one) for place, one in zip(places, privates, strict=True)]

    answers = [integrators_browser.post(place, data=one) for place, one in zip(places, proofs, strict=True)]

    assert [answer.status_code for answer in answers] == [303, 403]
    assert "and it was made" in text_of(answers[1])


@pytest.mark.parametrize("path", ["", "/keys"])
def test_the_button_for_another_pair_says_why_not(owner, integrator, integrators_browser, redeemed, path):
    a_key(for_client(integrator, redeemed))

    page = integrators_browser.get(f"/{account_of(owner)}{path}")

    assert "The ticket was for one key pair in this environment" in text_of(page)


# What either side sees


@pytest.mark.parametrize("side", Side)
def test_a_waiting_ticket_says_so(owners_browser, integrators_browser, at, waiting, side):
    browser = owners_browser if side is OWNER else integrators_browser

    page = text_of(browser.get(at(side, waiting)))

    assert "Waiting" in page
    assert "Make one key pair in each environment" in page
    assert ("Withdraw ticket" if side is OWNER else "Redeem ticket") in page
    assert "delegation" not in page.split("What you can do")[1].lower()


@pytest.mark.parametrize("side", Side)
def test_a_redeemed_ticket_says_that_its_pair_is_not_made_yet(owners_browser, integrators_browser, at, redeemed, side):
    browser = owners_browser if side is OWNER else integrators_browser

    assert "The key pair is not made yet." in text_of(browser.get(at(side, redeemed)))


@pytest.mark.parametrize("side", Side)
def test_once_it_is_made_the_pair_is_linked(owner, integrator, owners_browser, integrators_browser, at, redeemed, side):
    pair = a_key(for_client(integrator, redeemed), name="By ticket")
    browser = owners_browser if side is OWNER else integrators_browser

    for page in (at(side, redeemed), at(side, redeemed).rpartition("/")[0]):
        link = BeautifulSoup(browser.get(page).text, "html.parser").find("a", string="By ticket")
        assert link["href"] == f"/{account_of(owner)}/keys/{pair.api_key}"


def test_of_two_pairs_one_is_not_made_yet(owner, integrator, integrators_browser, at):
    ticket = a_ticket(owner, integrator, environments=BOTH)
    a_key(for_client(integrator, ticket))

    page = integrators_browser.get(at(INTEGRATOR, ticket))

    assert "One of its two key pairs is not made yet" in text_of(page)
    assert f'href="/{account_of(owner)}/keys/new?environment=production"' in page.text


@pytest.mark.parametrize("side", Side)
def test_lists_and_the_overview_tell_a_ticket_apart(owners_browser, integrators_browser, at, waiting, side):
    browser = owners_browser if side is OWNER else integrators_browser
    listed = at(side, waiting).rpartition("/")[0]

    for page in (listed, listed.rpartition("/")[0]):
        rows = BeautifulSoup(browser.get(page).text, "html.parser").select("tbody tr")
        assert any("Ticket" in row.get_text() for row in rows), page


def test_the_integrators_overview_leads_to_what_is_left_to_do(owner, integrator, integrators_browser, redeemed):
    home = f"/{account_of(integrator)}"

    before = text_of(integrators_browser.get(home))
    a_key(for_client(integrator, redeemed))
    after = text_of(integrators_browser.get(home))

    assert "The ticket from Northwind is redeemed; its key pair is not made yet." in before
    assert "not made yet" not in after


@pytest.mark.parametrize(
    ("side", "act", "done"),
    [
        (OWNER, "pause", "Paused. The ticket gives nothing"),
        (INTEGRATOR, "pause", "Paused. The ticket gives nothing"),
        (OWNER, "end", "Ended for good. The key pair made with this ticket"),
        (INTEGRATOR, "end", "Ended for good. The key pair made with this ticket"),
    ],
)
def test_what_is_done_with_it_is_said_of_a_ticket(owners_browser, integrators_browser, at, redeemed, side, act, done):
    browser = owners_browser if side is OWNER else integrators_browser

    asked = browser.get(at(side, redeemed, f"/{act}"))
    page = browser.get(browser.post(at(side, redeemed, f"/{act}")).location)

    heading = BeautifulSoup(asked.text, "html.parser").h1.get_text()
    assert heading.startswith(f"{act.title()} the ticket")
    assert done in text_of(page)


def test_narrowing_leaves_its_rights_alone(owner, integrator, owners_browser, at):
    ticket = a_ticket(owner, integrator, environments=BOTH)
    form = {"environments": ["sandbox"], "reach": "all", "last_day": day(90), "version": ticket.version}

    page, answer = (
        owners_browser.get(at(OWNER, ticket, "/narrow")),
        owners_browser.post(at(OWNER, ticket, "/narrow"), data=form),
    )

    now = given(owner, ticket)
    assert answer.status_code == 303
    assert 'name="rights"' not in page.text
    assert (now.environments, now.rights, now.one_pair) == ({Environment.SANDBOX}, {Right.VIEW, Right.KEYS}, True)


def test_a_proposal_says_that_it_makes_a_delegation_of_it(owner, integrator, owners_browser, at, redeemed):
    proposal = propose(integrator, redeemed)

    pages = [owners_browser.get(at(OWNER, redeemed, path)) for path in ("", f"/widening/{proposal}")]

    assert "Agreeing lifts the limit of one key pair" in text_of(pages[0])
    assert "no longer for one key pair only" in text_of(pages[1])


def test_agreeing_makes_a_delegation_of_it(owner, integrator, owners_browser, at, redeemed):
    proposal = propose(integrator, redeemed)

    owners_browser.post(at(OWNER, redeemed, f"/widening/{proposal}"), data={"answer": "accept"})

    assert not given(owner, redeemed).one_pair
    assert "Delegation to Agency" in text_of(owners_browser.get(at(OWNER, redeemed)))


def test_the_same_terms_are_proposed_by_the_form_as_it_is_shown(owner, integrators_browser, at, redeemed):
    form = {"environments": ["sandbox"], "rights": ["keys"], "last_day": day(90), "message": ""}

    answer = integrators_browser.post(at(INTEGRATOR, redeemed, "/widen"), data=form)

    assert answer.status_code == 303
    assert store.waiting_proposal(given(owner, redeemed)) is not None


def test_the_record_speaks_of_a_ticket(owner, owners_browser, redeemed):
    page = text_of(owners_browser.get(f"/{account_of(owner)}/activity"))

    assert "gave a ticket for a key pair of Northwind" in page
    assert "redeemed the ticket from Northwind" in page


# Mail


@pytest.mark.parametrize("told", Side)
@pytest.mark.parametrize("event", OF_TICKET)
def test_every_event_of_a_ticket_has_a_mail_of_its_own(waiting, event, told):
    public_id = waiting.public_id
    with transaction():
        store.hold(waiting)
        notices.post(waiting, event, told)

    mail = render(outbox.read_all(1)[0])

    assert "ticket" in mail.get_content() or "ticket" in mail["Subject"]
    assert f"/{'integrators' if told is OWNER else 'clients'}/{public_id}" in mail.get_content()


def test_every_event_that_a_ticket_can_have_is_told_as_one():
    of_delegations = {event for event in Event if event.value.startswith("delegation.")}

    assert of_delegations - set(OF_TICKET) == {Event.DELEGATION_REQUESTED, Event.DELEGATION_APPROVED}


def test_the_mail_says_that_its_link_alone_opens_nothing(integrator, waiting):
    mail = next(one for one in outbox.read_all(100) if one.template == "ticket_offered")

    text = render(mail).get_content()

    assert "The link alone opens nothing." in " ".join(text.split())
    assert account_of(integrator) in text


def test_no_private_key_and_no_code_is_in_any_of_it(integrator, redeemed):
    a_key(for_client(integrator, redeemed))
    pair = keys.of_delegation(integrator, redeemed)[0]

    for mail in outbox.read_all(100):
        assert "PRIVATE KEY" not in str(mail.facts)
        assert pair.api_key not in str(mail.facts)
