"""The list as it is frozen: which lines there are, what stands on them, in portions, and what opening does."""

from contextlib import suppress
from datetime import timedelta

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.entitlements import operations as entitlements
from portal.entitlements import store as entitlement_store
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.paging import BadPlace
from portal.impact import overview
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.reviews import freezing, store, subjects, upkeep
from portal.reviews import operations as reviews
from portal.reviews.models import CampaignState, Decision, Question, Telling
from portal.reviews.wanted import Wanted
from tests.factories import a_delegation, a_key, a_licensee, an_integrator, for_client, tenant_of
from tests.reviews.scenes import (
    DELEGATIONS,
    ENTITLEMENTS,
    KEYS,
    WORKER,
    an_open,
    close,
    days_later,
    decide,
    events,
    lines,
    mails,
    make,
    parties,
    seen,
    some_keys,
    used,
    work,
)

PORTAL = system_actor("tests")


def waiting_of(actor: Actor) -> int:
    return overview.of_tenant(actor, Environment.SANDBOX, clock.now()).questions_waiting


def test_a_line_of_a_delegation_says_whose_it_is_and_what_it_gives(admin: Actor):
    owner, integrator = parties()

    (line,) = lines(admin, an_open(admin))

    assert (line.owner_name, line.label) == ("Owner", "Agency")
    assert line.owner_account_id == tenant_of(owner).account_id
    assert line.holder_account_id == tenant_of(integrator).account_id
    assert line.facts["environments"] == ["production", "sandbox"]
    assert line.facts["rights"] == ["installations", "keys", "projects", "view"]
    assert line.facts["last_use"] is None


def test_a_line_of_a_key_pair_says_its_contract_and_its_last_use(admin: Actor):
    owner = a_licensee(name="Owner")
    pair = a_key(owner, name="Storefront")
    used(pair, days_ago=3)

    (line,) = lines(admin, an_open(admin, KEYS))

    contract = contract_store.all_of(owner)[0]
    assert line.subject_public_id == pair.api_key
    assert (line.label, line.facts["contract"]) == ("Storefront", contract.public_id)
    assert line.facts["last_use"].startswith((clock.now() - timedelta(days=3)).date().isoformat())


def test_a_line_of_an_entitlement_says_service_contract_and_edition(admin: Actor):
    owner = a_licensee()
    services = {row.service.name for row in entitlement_store.all_of(owner)}

    found = lines(admin, an_open(admin, ENTITLEMENTS))

    assert {line.label for line in found} == services
    assert {line.facts["edition"] for line in found} == {"Adobe Commerce"}


def test_the_last_use_of_a_delegation_is_that_of_its_key_pairs(admin: Actor):
    owner, integrator = a_licensee(), an_integrator()
    delegation = a_delegation(owner, integrator)
    used(a_key(for_client(integrator, delegation)), days_ago=2)
    used(a_key(owner), days_ago=1)

    (line,) = lines(admin, an_open(admin))

    assert line.facts["last_use"].startswith((clock.now() - timedelta(days=2)).date().isoformat())


def test_what_is_over_is_not_reviewed(admin: Actor):
    owner, integrator = parties()
    a_delegation(owner, an_integrator(name="Stays"))
    with transaction():
        delegations.end(owner, next(row for row in _given(owner) if row.integrator_id == integrator.home_id))

    found = lines(admin, an_open(admin))

    assert [line.label for line in found] == ["Stays"]


def _given(owner: Actor):
    return db.session.scalars(delegation_store.given_by(owner)).unique().all()


def test_a_revoked_key_pair_and_an_ended_contracts_entitlements_are_not_reviewed(admin: Actor):
    owner = a_licensee()
    pair, _other = a_key(owner), a_key(owner)
    a_licensee()
    with transaction():
        keys.revoke(owner, key_store.get(owner, pair.api_key))
    with transaction():
        contracts.end(PORTAL, contract_store.all_of(owner)[0])

    assert len(lines(admin, an_open(admin, KEYS))) == 1
    assert {line.owner_id for line in lines(admin, an_open(admin, ENTITLEMENTS, name="Other"))} != {owner.tenant_id}


def test_what_is_made_after_the_campaign_is_not_in_it(admin: Actor):
    some_keys(2)
    campaign = make(admin, KEYS)
    some_keys(1)

    work()

    assert seen(admin, campaign).frozen == seen(admin, campaign).expected == 2


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
def test_only_of_one_edition(admin: Actor, subject):
    owner, other = a_licensee(name="Owner"), a_licensee("magento-open-source", name="Other")
    for one in (owner, other):
        a_key(one)
        a_delegation(one, an_integrator())

    found = lines(admin, an_open(admin, subject, wanted=Wanted(edition="magento-open-source")))

    assert {line.owner_name for line in found} == {"Other"}


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
def test_only_of_one_service(admin: Actor, subject):
    owner, other = a_licensee(name="Owner"), a_licensee(name="Other")
    for one in (owner, other):
        a_key(one)
        a_delegation(one, an_integrator())
    row = entitlement_store.all_of(other)[0]
    with transaction():
        entitlements.end(PORTAL, row)

    found = lines(admin, an_open(admin, subject, wanted=Wanted(service=row.service_code)))

    assert {line.owner_name for line in found} == {"Owner"}


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
def test_only_under_one_contract(admin: Actor, subject):
    owner, other = a_licensee(name="Owner"), a_licensee(name="Other")
    for one in (owner, other):
        a_key(one)
        a_delegation(one, an_integrator())
    contract = contract_store.all_of(owner)[0].public_id

    found = lines(admin, an_open(admin, subject, wanted=Wanted(contract=contract)))

    assert {line.owner_name for line in found} == {"Owner"}


def test_only_what_is_older(admin: Actor):
    with clock.travelled_to(clock.now() - timedelta(days=10)):
        some_keys(1)
    young = some_keys(1)

    found = lines(admin, an_open(admin, KEYS, wanted=Wanted(older_than_days=10)))

    assert len(found) == 1
    assert found[0].owner_id != young.tenant_id


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
def test_only_what_was_not_used_for_long(admin: Actor, subject):
    with clock.travelled_to(clock.now() - timedelta(days=100)):
        busy, quiet = (a_licensee(name=name) for name in ("Busy", "Quiet"))
        pairs = {}
        for one in (busy, quiet):
            integrator = an_integrator()
            delegation = a_delegation(one, integrator, days=400)
            pairs[one.tenant_id] = a_key(for_client(integrator, delegation))
    used(pairs[busy.tenant_id], days_ago=5)
    used(pairs[quiet.tenant_id], days_ago=50)

    found = lines(admin, an_open(admin, subject, wanted=Wanted(unused_for_days=30)))

    assert {line.owner_name for line in found} == {"Quiet"}


def test_only_what_was_not_reviewed_since(admin: Actor):
    some_keys(2)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, Decision.KEEP)
    close(admin, campaign)
    some_keys(1)

    today = clock.now().date()
    found = lines(admin, an_open(admin, KEYS, name="Again", wanted=Wanted(not_reviewed_since=today)))

    assert len(found) == 1


def test_a_line_knows_when_the_same_thing_was_reviewed_before(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, Decision.KEEP)
    first = close(admin, campaign)

    (line,) = lines(admin, an_open(admin, KEYS, name="Again"))

    assert line.reviewed_before_at == first.closed_at


def test_a_long_list_is_frozen_in_portions_with_progress(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(5)
    monkeypatch.setattr(freezing, "BATCH", 2)
    campaign = make(admin, KEYS)

    steps = []
    while freezing.run_once(clock.now()):
        one = seen(admin, campaign)
        steps.append((one.frozen, one.state))

    preparing, opened = CampaignState.PREPARING, CampaignState.OPEN
    assert steps == [(2, preparing), (4, preparing), (5, opened)]
    assert [line.position for line in lines(admin, campaign)] == [1, 2, 3, 4, 5]


def test_a_list_that_fills_its_portions_exactly_opens_too(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(4)
    monkeypatch.setattr(freezing, "BATCH", 2)
    campaign = make(admin, KEYS)

    work()

    assert seen(admin, campaign).state is CampaignState.OPEN
    assert seen(admin, campaign).frozen == 4


def test_what_ends_while_the_list_is_frozen_is_not_missing(admin: Actor):
    owner = some_keys(2)
    campaign = make(admin, KEYS)
    with transaction():
        keys.revoke(owner, key_store.listed(owner, Environment.SANDBOX, place=None).rows[0])

    work()

    assert (seen(admin, campaign).expected, seen(admin, campaign).frozen) == (1, 1)


def test_opening_asks_both_sides_of_a_delegation(admin: Actor):
    owner, integrator = parties()

    an_open(admin)

    for actor, other in ((owner, "Agency"), (integrator, "Owner")):
        (question,) = store.questions_of(actor).rows
        assert (question.other_name, question.campaign_name) == (other, "Autumn")
        assert waiting_of(actor) == 1


def test_nobody_is_asked_before_the_campaign_opens(admin: Actor):
    owner, _integrator = parties()
    make(admin)

    assert store.questions_of(owner).rows == []


def test_opening_writes_to_reviewers_and_to_each_party_once(admin: Actor):
    owner, integrator = parties()
    a_delegation(owner, an_integrator(name="Second"))

    campaign = an_open(admin)

    assert [mail.facts["lines"] for mail in mails("review_opened")] == [2]
    asked = {str(mail.facts["account"]): mail.facts["lines"] for mail in mails("review_asked")}
    assert asked[tenant_of(owner).account_id] == 2
    assert asked[tenant_of(integrator).account_id] == 1
    assert len(asked) == len(mails("review_asked")) == 3
    assert seen(admin, campaign).telling is None


def test_telling_many_goes_on_where_it_was_left(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    parties()
    parties()
    monkeypatch.setattr("portal.reviews.telling.BATCH", 1)

    campaign = an_open(admin)

    assert len(mails("review_asked")) == 4
    assert seen(admin, campaign).telling is None
    assert Telling.OPENED.value == "opened"


def test_nobody_is_told_of_reviewed_key_pairs_before_something_happens(admin: Actor):
    some_keys(1)

    an_open(admin, KEYS)

    assert mails("review_asked") == []
    assert db.session.scalars(across_tenants(Question, reason=Reader.UPKEEP)).all() == []


def test_opening_is_one_event(admin: Actor):
    some_keys(1)

    an_open(admin, KEYS)

    (event,) = events("review.opened")
    assert event.actor_label == WORKER.label
    assert event.tenant_id == admin.tenant_id


def test_a_line_is_found_by_name_account_and_decision(admin: Actor):
    some_keys(3)
    campaign = an_open(admin, KEYS)
    first = lines(admin, campaign)[0]
    decide(admin, campaign, Decision.KEEP, "", 2)

    assert [line.position for line in lines(admin, campaign, decision=Decision.KEEP)] == [2]
    assert [line.position for line in lines(admin, campaign, decision="undecided")] == [1, 3]
    assert [line.position for line in lines(admin, campaign, text=first.label)] == [1]
    assert len(lines(admin, campaign, text=first.owner_account_id.lower())) == 3
    assert lines(admin, campaign, text="%") == []


def test_a_list_can_be_walked_through_page_by_page(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(3)
    campaign = an_open(admin, KEYS)
    monkeypatch.setattr("portal.foundation.paging.PAGE_ROWS", 2)

    first = store.lines_page(admin, campaign)
    second = store.lines_page(admin, campaign, place=first.next_place)

    assert [[line.position for line in page.rows] for page in (first, second)] == [[1, 2], [3]]


@pytest.mark.parametrize("place", ["39" * 10, "zz", "2d31", "~", "31~32"])
def test_a_made_up_place_in_the_list_is_refused_or_harmless(admin: Actor, place: str):
    some_keys(1)
    campaign = an_open(admin, KEYS)

    with suppress(BadPlace):
        assert len(store.lines_page(admin, campaign, place=place).rows) <= 1


def test_a_worker_that_comes_second_finds_nothing_to_do(admin: Actor):
    some_keys(1)
    an_open(admin, KEYS)

    with days_later(1):
        assert freezing.run_once(clock.now()) == 0


@pytest.fixture
def failing(admin: Actor, monkeypatch: pytest.MonkeyPatch) -> str:
    """The public id of a campaign whose freezing fails."""
    some_keys(1)
    campaign = make(admin, KEYS, name="Failing")
    failing_id, real = campaign.id, subjects.after

    def after(campaign, *others):
        if campaign.id == failing_id:
            raise ZeroDivisionError
        return real(campaign, *others)

    monkeypatch.setattr(subjects, "after", after)
    return campaign.public_id


def test_a_campaign_that_cannot_be_frozen_keeps_no_other_from_its_turn(admin: Actor, failing: str):
    other = make(admin, KEYS, name="Other")

    with pytest.raises(ZeroDivisionError):
        upkeep.freeze(WORKER)

    assert seen(admin, other).state is CampaignState.OPEN
    assert store.get_campaign(admin, failing).state is CampaignState.PREPARING


def test_a_campaign_that_cannot_be_frozen_keeps_none_from_being_closed(admin: Actor, failing: str):
    other = make(admin, KEYS, name="Other")
    with suppress(ZeroDivisionError):
        upkeep.freeze(WORKER)
    decide(admin, other, Decision.KEEP)
    with transaction():
        found = store.get_campaign(admin, other.public_id)
        reviews.close(admin, found, found.version)

    upkeep.close(WORKER)

    assert seen(admin, other).state is CampaignState.CLOSED
