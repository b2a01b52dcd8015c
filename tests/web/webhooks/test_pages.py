"""Webhooks on their pages: the secret once, what was sent, and what an owner does about it."""

from bs4 import BeautifulSoup

from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.webhooks import operations, posting, store
from portal.webhooks.sending import Outcome
from tests.factories import a_licensee, tenant_of
from tests.webhooks.conftest import HERE, an_endpoint, happens, posted

MARK = "frm_00000000000000000000"
FORM = {"url": HERE, "description": "Tickets", "scope": "all", "mark": MARK}


def page_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def base_of(owner) -> str:
    return f"/{tenant_of(owner).account_id}/webhooks"


def test_the_secret_is_shown_on_the_answer_to_the_form_and_nowhere_else(signed_in):
    owner = a_licensee()
    browser, base = signed_in(owner), base_of(owner)

    answer = browser.post(f"{base}/new", data=FORM)

    (endpoint,) = store.endpoints(owner)
    secret = page_of(answer).select_one("[data-copy-from]").text
    assert secret.startswith("whsec_")
    assert answer.headers["Cache-Control"] == "no-store"
    assert secret not in browser.get(f"{base}/{endpoint.public_id}").text


def test_the_same_form_sent_again_adds_nothing_and_shows_nothing(signed_in):
    owner = a_licensee()
    browser, base = signed_in(owner), base_of(owner)
    browser.post(f"{base}/new", data=FORM)

    answer = browser.post(f"{base}/new", data=FORM)

    assert (answer.status_code, len(store.endpoints(owner))) == (303, 1)


def test_an_address_inside_is_refused_at_its_field(signed_in):
    owner = a_licensee()

    answer = signed_in(owner).post(f"{base_of(owner)}/new", data=FORM | {"url": "https://169.254.169.254/latest"})

    assert answer.status_code == 422
    assert "open internet" in page_of(answer).select_one("#url-error").text


def test_an_endpoint_is_changed_to_some_events(signed_in):
    owner = a_licensee()
    endpoint = an_endpoint(owner).endpoint
    form = {"url": HERE, "description": "Keys", "scope": "chosen", "events": ["key.made"], "version": endpoint.version}

    answer = signed_in(owner).post(f"{base_of(owner)}/{endpoint.public_id}/change", data=form)

    assert answer.status_code == 303
    assert store.get(owner, endpoint.public_id).events == ["key.made"]


def test_the_page_of_an_endpoint_lists_what_was_sent_and_what_was_answered(signed_in):
    owner = a_licensee()
    endpoint = an_endpoint(owner).endpoint
    happens(owner)
    posted()
    with transaction():
        (parcel,) = posting.claim(clock.now(), 1)
        posting.settle([Outcome(parcel, clock.now(), 37, 503, None, "<b>Closed</b> for lunch")])

    browser, base = signed_in(owner), f"{base_of(owner)}/{endpoint.public_id}"
    page = page_of(browser.get(base))
    detail = browser.get(page.select_one("th[scope=row] a")["href"])

    row = page.select_one("tbody tr").text
    assert all(word in row for word in ("tenant.request_code_made", "503", "37 ms", "Waiting"))
    assert "&lt;b&gt;Closed&lt;/b&gt; for lunch" in detail.text
    assert '"type": "tenant.request_code_made"' in page_of(detail).select_one("pre").text


def test_the_log_is_paged(signed_in):
    owner = a_licensee()
    endpoint = an_endpoint(owner).endpoint
    happens(owner, 60)
    posted()

    browser, base = signed_in(owner), f"{base_of(owner)}/{endpoint.public_id}"
    first = page_of(browser.get(base))
    second = page_of(browser.get(first.select_one("a[rel=next]")["href"]))

    assert [len(page.select("tbody tr")) for page in (first, second)] == [50, 10]


def test_a_paused_endpoint_offers_to_be_resumed_and_says_why(signed_in):
    owner = a_licensee()
    endpoint = an_endpoint(owner).endpoint
    with transaction():
        operations.pause(owner, endpoint)

    page = page_of(signed_in(owner).get(f"{base_of(owner)}/{endpoint.public_id}"))

    assert "by a member" in page.text
    assert page.select_one("form[action$='/resume']") is not None
    assert page.select_one("form[action$='/test']") is None


def test_another_accounts_endpoint_is_not_there(signed_in):
    owner, stranger = a_licensee(), a_licensee()
    endpoint = an_endpoint(owner).endpoint

    answer = signed_in(stranger).get(f"{base_of(stranger)}/{endpoint.public_id}")

    assert answer.status_code == 404


def test_removing_asks_for_the_description(signed_in):
    owner = a_licensee()
    endpoint = an_endpoint(owner).endpoint
    browser, address = signed_in(owner), f"{base_of(owner)}/{endpoint.public_id}/remove"

    wrong = browser.post(address, data={"typed_name": "Something else"})
    right = browser.post(address, data={"typed_name": endpoint.description})

    db.session.rollback()
    assert (wrong.status_code, right.status_code, list(store.endpoints(owner))) == (422, 303, [])
