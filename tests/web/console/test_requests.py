"""The console's queue of requests, and the page that decides one."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.access.roles import Role
from portal.contracts import signers
from portal.contracts import store as contracts
from portal.entitlements import asking, deciding
from portal.entitlements import store as requests
from portal.entitlements.models import RequestState, Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.projects import allotments, granting, operations
from portal.web import mail
from tests.factories import a_licensee, a_member, a_partner, a_vendor, membership_of, tenant_of


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def browser(admin, signed_in):
    return signed_in(admin)


@pytest.fixture
def at(admin):
    account = tenant_of(admin).account_id
    return lambda where: f"/{account}/console/requests{where}"


def ask(actor, amount=2, wish=Wish.PROJECT, project_id=None):
    with transaction():
        contract = contracts.all_of(actor)[0]
        return asking.request_more(actor, contract, wish, amount, "Two more shops", project_id)


def ask_for_edition(owner):
    with transaction():
        edition = contracts.edition("magento-open-source")
        return asking.request_edition(owner, contracts.all_of(owner)[0], edition, "We need less.")


def rows(answer):
    page = BeautifulSoup(answer.text, "html.parser")
    return [" ".join(row.get_text(" ").split()) for row in page.select("table.rows tbody tr")]


def decide(browser, at, request, decision, **more):
    version = BeautifulSoup(browser.get(at(f"/{request.public_id}")).text, "html.parser").select_one("[name=version]")
    form = {"decision": decision, "version": version["value"] if version else "1"} | more
    return browser.post(at(f"/{request.public_id}/decide"), data=form)


def stored(owner):
    return requests.requests_for_projects(owner)[0]


def test_the_queue_says_who_waits_for_what_the_longest_first(owner, browser, at):
    other = a_licensee(name="Bamboo")
    with clock.travelled_to(clock.now() - timedelta(days=9)):
        ask(other)
    ask(owner)

    first, second = rows(browser.get(at("")))

    assert "Bamboo" in first
    assert "9 days" in first
    assert "Aurora" in second
    assert owner.label in second


def test_the_queue_shows_changes_of_the_signer_that_wait(browser, at):
    signer = a_partner(name="Cirrus")
    owner, other = (a_member(tenant_of(signer), Role.OWNER, name=name) for name in ("Owen", "Nora"))
    with transaction():
        contract = contracts.all_of(owner)[0]
        signers.propose(owner, contract, membership_of(other), "She leads the shop now.")

    (row,) = rows(browser.get(at("")))

    assert "Nora proposed by Owen" in row
    assert signer.label in row
    assert "Cirrus" in row
    assert "Stop the change" in row


def test_what_was_decided_waits_no_more_and_is_found_by_its_state(owner, admin, browser, at):
    request = ask(owner)
    with transaction():
        deciding.refuse(admin, request, "No.")

    assert rows(browser.get(at(""))) == []
    assert len(rows(browser.get(at("?state=refused")))) == 1
    assert len(rows(browser.get(at("?state=")))) == 1


def test_the_queue_is_filtered_by_wish_and_age(owner, browser, at):
    with clock.travelled_to(clock.now() - timedelta(days=9)):
        ask(owner)
    ask_for_edition(owner)

    (old,) = rows(browser.get(at("?older=7")))
    (edition,) = rows(browser.get(at("?wish=edition")))

    assert "2 × Projects" in old
    assert "Magento Open Source" in edition


def test_a_request_shows_what_is_included_and_in_use(owner, browser, at):
    with transaction():
        operations.create(owner, "Storefront", contracts.all_of(owner)[0])
    request = ask(owner)

    page = browser.get(at(f"/{request.public_id}")).text

    assert "Two more shops" in page
    assert "<dt>Included now</dt><dd>3</dd>" in page
    assert "<dt>In use</dt><dd>1</dd>" in page


def test_an_edition_request_shows_what_it_would_change(owner, browser, at):
    with transaction():
        operations.create(owner, "Storefront", contracts.all_of(owner)[0])
    request = ask_for_edition(owner)

    page = browser.get(at(f"/{request.public_id}")).text

    assert "Live Search" in page
    assert "Testing 1: lies beyond the allotment, stays, and is decided afterwards" in page


def test_approving_in_part_takes_effect(owner, browser, at):
    answer = decide(browser, at, ask(owner), "part", granted="1", answer="One is enough.")

    assert answer.status_code == 303
    assert (stored(owner).granted, stored(owner).answer) == (1, "One is enough.")
    assert allotments.of(owner)[0].granted == 4


def test_a_refusal_without_a_reason_comes_back_with_what_was_typed(owner, browser, at):
    answer = decide(browser, at, ask(owner), "refuse")

    assert answer.status_code == 422
    assert "Say why: whoever asked reads it" in answer.text
    assert stored(owner).state is RequestState.WAITING


def test_a_part_of_nothing_comes_back(owner, browser, at):
    assert decide(browser, at, ask(owner), "part", answer="Fewer.").status_code == 422


def test_who_comes_second_reads_what_the_first_one_did(owner, browser, at):
    request, first = ask(owner), a_vendor()
    with transaction():
        deciding.refuse(first, request, "Not this year.")

    answer = decide(browser, at, request, "approve")

    assert answer.status_code == 409
    assert first.label in answer.text
    assert "Not this year." in answer.text


def test_an_edition_is_approved_by_the_version_that_was_previewed(owner, browser, at):
    request = ask_for_edition(owner)

    assert decide(browser, at, request, "approve", version="77").status_code == 409
    assert decide(browser, at, request, "approve").status_code == 303


def test_what_was_asked_before_is_shown_when_it_is_asked_again(owner, admin, browser, at):
    request = ask(owner)
    with transaction():
        deciding.refuse(admin, request, "Not this year.")
    with transaction():
        again = asking.reopen(owner, request, "The year is over.")

    page = browser.get(at(f"/{again.public_id}")).text

    assert "Not this year." in page
    assert "asked again" in page


def test_an_operator_sees_and_does_not_decide(owner, signed_in, at):
    request, operator = ask(owner), signed_in(a_vendor(Role.OPERATOR))

    page = operator.get(at(f"/{request.public_id}"))

    assert page.status_code == 200
    assert 'name="decision"' not in page.text
    assert decide(operator, at, request, "approve").status_code == 403


def test_the_tenant_reads_the_decision_and_asks_again(owner, admin, signed_in):
    request = ask(owner)
    with transaction():
        deciding.refuse(admin, request, "Not this year.")
    browser, account = signed_in(owner), tenant_of(owner).account_id

    page = browser.get(f"/{account}/projects").text
    answer = browser.post(f"/{account}/requests/{request.public_id}/reopen", data={"reason": "The year is over."})

    assert "Not this year." in page
    assert admin.label in page
    assert "Ask again" in page
    assert answer.status_code == 303
    assert stored(owner).reopens_id == request.id


def test_a_mail_leads_to_the_page_that_lists_the_request(owner, signed_in):
    request, account = ask(owner), tenant_of(owner).account_id

    answer = signed_in(owner).get(f"/{account}/requests/{request.public_id}")

    assert answer.headers["Location"] == f"/{account}/projects#requests"


def test_the_mails_say_what_was_asked_and_decided(owner, admin):
    refused, part = ask(owner), ask_for_edition(owner)
    with transaction():
        deciding.refuse(admin, refused, "Not this year.")
    with transaction():
        granting.approve(admin, part, 1)

    drawn = {message.template: mail.render(message).get_content() for message in outbox.read_all(10)}

    assert "2 × Projects" in drawn["request_refused"]
    assert "Not this year." in drawn["request_refused"]
    assert "Magento Open Source (Another edition)" in drawn["request_approved"]
    assert "/console/requests/req_" in drawn["request_made"]


def test_an_owner_asks_for_a_service_from_the_page_of_contracts(signed_in):
    owner = a_licensee("magento-open-source")
    browser, account = signed_in(owner), tenant_of(owner).account_id
    contract = contracts.all_of(owner)[0].public_id

    answer = browser.post(
        f"/{account}/contracts/{contract}/ask", data={"wanted": "service:live-search", "reason": "A search."}
    )

    assert answer.status_code == 303
    assert "Live Search (Another service)" in browser.get(f"/{account}/contracts").text


def test_a_developer_is_told_who_asks_for_an_edition(owner, signed_in):
    browser, account = signed_in(a_member(tenant_of(owner), Role.DEVELOPER)), tenant_of(owner).account_id

    page = browser.get(f"/{account}/contracts").text

    assert 'aria-disabled="true"' in page
    assert "/ask" not in page
