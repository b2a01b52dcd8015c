"""What a page says of an act that stops something: who refuses since, or what is published until somebody tells."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.delegations import operations as delegations
from portal.delegations.models import Delegation, DelegationState, Side
from portal.foundation import changes, clock
from portal.foundation.changes import CALLS
from portal.foundation.database import transaction
from portal.gateways.receipts import Receipt
from portal.keys import leaks, store
from portal.keys import operations as keys
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.web import revocation
from tests.factories import a_contract, a_delegation, a_key, a_licensee, a_vendor, an_integrator, for_client, tenant_of
from tests.gateways.scenes import a_worker
from tests.web.test_statements import ask

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture
def owner():
    return a_licensee()


@pytest.fixture
def integrator():
    return an_integrator()


def said_on(answer) -> str:
    assert answer.status_code == 200
    return " ".join(BeautifulSoup(answer.text, "html.parser").select_one("main").get_text(" ").split())


def page_of(pair: KeyPair, actor) -> str:
    return f"/{tenant_of(actor).account_id}/keys/{pair.api_key}"


def both_tell(after_seconds: float, acted_at) -> None:
    """Two workers have gone to the present version so long after the act."""
    version, changed_at = changes.version_of(CALLS)
    for worker in ("one", "two"):
        a_worker(worker, applied=((version, changed_at, acted_at + after_seconds * SECOND),))


def revoked(owner) -> KeyPair:
    pair = a_key(owner)
    with transaction():
        keys.revoke(owner, pair)
    return store.get(owner, pair.api_key)


def test_the_page_of_a_revoked_pair_says_who_refuses_it(owner, signed_in):
    pair = revoked(owner)
    both_tell(0.4, pair.revoked_at)

    assert "Refused by all 2 gateway workers after 0.4 s." in said_on(signed_in(owner).get(page_of(pair, owner)))


def test_while_a_worker_has_not_told_the_page_says_how_many_have(owner, signed_in):
    pair = revoked(owner)
    both_tell(0.4, pair.revoked_at)
    a_worker("three")

    assert "Refused by 2 of 3 gateway workers so far." in said_on(signed_in(owner).get(page_of(pair, owner)))


def test_without_reports_the_published_figures_stand_there(owner, signed_in):
    text = said_on(signed_in(owner).get(page_of(revoked(owner), owner)))

    assert "No gateway has told yet." in text
    assert "within 1 s," in text
    assert "after 5 minutes." in text


def test_of_a_pair_in_service_nothing_is_said(owner, signed_in):
    pair = a_key(owner)
    a_worker()

    text = said_on(signed_in(owner).get(page_of(pair, owner)))

    assert "efused by" not in text
    assert "gateway" not in text


def test_the_page_of_a_leaked_pair_says_who_refuses_it(owner, signed_in):
    pair = a_key(owner)
    with transaction():
        leaks.stop(owner, pair)
    both_tell(0.2, store.get(owner, pair.api_key).retired_at)

    assert "Refused by all 2 gateway workers after 0.2 s." in said_on(signed_in(owner).get(page_of(pair, owner)))


@pytest.mark.parametrize("act", [delegations.pause, delegations.end])
def test_both_pages_of_a_stopped_delegation_say_who_refuses_its_pairs(owner, integrator, signed_in, act):
    delegation = a_delegation(owner, integrator)
    a_key(for_client(integrator, delegation))
    with transaction():
        act(owner, delegation)
    both_tell(0.4, clock.now())

    for actor, room in ((owner, "integrators"), (integrator, "clients")):
        text = said_on(signed_in(actor).get(f"/{tenant_of(actor).account_id}/{room}/{delegation.public_id}"))
        assert "Its key pairs: Refused by all 2 gateway workers after" in text


def test_of_a_running_delegation_nothing_is_said(owner, integrator, signed_in):
    delegation = a_delegation(owner, integrator)
    a_worker()

    text = said_on(signed_in(owner).get(f"/{tenant_of(owner).account_id}/integrators/{delegation.public_id}"))

    assert "Its key pairs:" not in text


@pytest.fixture
def in_the_console(owner, signed_in):
    """What the tenant's page in the console says."""
    admin = a_vendor()
    address = f"/{tenant_of(admin).account_id}/console/tenants/{tenant_of(owner).account_id}"
    return lambda: said_on(signed_in(admin).get(address))


def test_the_page_of_a_suspended_tenant_says_who_refuses_its_pairs(owner, in_the_console):
    admin, tenant = a_vendor(), tenant_of(owner)
    with transaction():
        tenants.set_standing(admin, tenant, Standing.SUSPENDED)
    both_tell(0.4, clock.now())

    assert "Its key pairs: Refused by all 2 gateway workers after" in in_the_console()


def test_of_a_tenant_in_good_standing_nothing_is_said(in_the_console):
    a_worker()

    assert "Its key pairs:" not in in_the_console()


def test_the_contract_that_was_ended_last_says_who_refuses_its_pairs(owner, in_the_console):
    ended = contract_store.running(owner, clock.now())[0]
    a_contract(tenant_of(owner), "integrator")
    admin = a_vendor()
    with transaction():
        contracts.end(admin, ended)
    both_tell(0.4, clock.now())

    said = in_the_console()

    assert said.count("Its key pairs: Refused by all 2 gateway workers after") == 1
    assert said.index("Ended early") < said.index("Its key pairs:")


def test_another_tenants_receipt_is_on_no_page_of_ours(owner, signed_in):
    pair = revoked(a_licensee())

    assert signed_in(owner).get(page_of(pair, owner)).status_code == 404


def test_the_page_of_a_revoked_pair_asks_as_often_with_many_workers_as_with_one(owner, signed_in):
    pair, visitor = revoked(owner), signed_in(owner)
    both_tell(0.4, pair.revoked_at)
    with_two = ask(visitor, page_of(pair, owner))
    for number in range(20):
        a_worker(f"w{number}")

    assert ask(visitor, page_of(pair, owner)) == with_two


@pytest.mark.parametrize(
    ("receipt", "sentence"),
    [
        (Receipt(1, 1, 0.0), "Refused by the gateway's worker after 0 s."),
        (Receipt(1, 1, 0.41), "Refused by the gateway's worker after 0.5 s."),
        (Receipt(1, 0, None), "The gateway's worker does not refuse it yet."),
        (Receipt(3, 3, 12.0), "Refused by all 3 gateway workers after 12 s."),
        (Receipt(3, 0, None), "Refused by 0 of 3 gateway workers so far."),
    ],
)
def test_a_receipt_in_words(app, receipt: Receipt, sentence: str):
    with app.test_request_context():
        assert revocation.told(receipt) == sentence


@pytest.mark.parametrize(
    ("whole", "words"), [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (90, "90 seconds")]
)
def test_durations_in_words(app, whole: int, words: str):
    with app.test_request_context():
        assert revocation.duration(whole) == words


@pytest.mark.parametrize(
    "facts",
    [
        {"state": KeyState.COMPROMISED, "ending": KeyEnding.LEAK},
        {"state": KeyState.RETIRED, "ending": KeyEnding.HARD},
    ],
)
def test_what_the_clock_alone_stopped_has_no_receipt(facts):
    now = clock.now()

    assert revocation.of_pair(KeyPair(retiring_until=now - SECOND, retired_at=now, **facts)) is None


def test_what_was_stopped_long_ago_and_told_by_nobody_has_no_receipt(app, owner):
    pair = revoked(owner)

    with app.test_request_context(), clock.travelled_to(pair.revoked_at + 2 * DAY):
        assert revocation.of_pair(pair) is None


def test_a_delegation_that_ended_on_its_last_day_has_no_receipt():
    ended = Delegation(state=DelegationState.ENDED, ended_at=clock.now(), ended_by=None)
    declined = Delegation(state=DelegationState.DECLINED, ended_at=clock.now(), ended_by=Side.INTEGRATOR)

    assert revocation.of_delegation(ended) is None
    assert revocation.of_delegation(declined) is None
