"""Closing: when it may be done, what it makes of each line, and what silence never ends."""

from datetime import timedelta
from typing import Any

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Right, Role
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.errors import NotNarrower
from portal.delegations.models import Delegation, DelegationState, Side
from portal.entitlements import store as entitlement_store
from portal.entitlements.models import EntitlementState
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Changed
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.keys.models import KeyState
from portal.projects import operations as projects
from portal.reviews import applying, closing, store
from portal.reviews import operations as reviews
from portal.reviews.errors import AlreadyClosing, CampaignNotOpen, LinesUndecided
from portal.reviews.models import Answer, CampaignState, Decision, Outcome, Silence
from tests.factories import a_delegation, a_key, a_vendor, an_integrator, for_client, tenant_of
from tests.handoffs.scenes import a_hand_off, a_scene, fetched
from tests.reviews.scenes import (
    ENTITLEMENTS,
    KEYS,
    an_open,
    close,
    days_later,
    decide,
    events,
    lines,
    mails,
    make,
    outcomes,
    parties,
    question_for,
    seen,
    some_keys,
    through_the_ladder,
    used,
    work,
)

KEEP, NARROW, END = Decision
PORTAL = system_actor("tests")


def _delegation(owner: Actor):
    return delegation_store.page(delegation_store.given_by(owner), past=False, place=None).rows


def _over(owner: Actor):
    return delegation_store.page(delegation_store.given_by(owner), past=True, place=None).rows


def _project(actor: Actor, name: str = "Storefront") -> None:
    with transaction():
        projects.create(actor, name, contract_store.all_of(actor)[0])


def _answer(actor: Actor, said: Answer) -> None:
    with transaction():
        reviews.answer(actor, question_for(actor), said)


def test_closing_ends_what_was_decided_to_end(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, END, "Nobody knows them.")

    campaign = close(admin, campaign)

    assert campaign.state is CampaignState.CLOSED
    assert outcomes(admin, campaign) == [Outcome.ENDED]
    assert _over(owner)[0].state is DelegationState.ENDED


def test_the_record_names_the_review_and_both_sides_find_it(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, END, "Nobody knows them.")

    close(admin, campaign)

    told = events("delegation.ended")
    assert {event.actor_label for event in told} == {"review “Autumn”"}
    assert {event.tenant_id for event in told} == {owner.tenant_id, integrator.tenant_id}


def test_the_parties_hear_of_what_ended(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, END, "Nobody knows them.")

    close(admin, campaign)

    accounts = {tenant_of(actor).account_id for actor in (owner, integrator)}
    assert {mail.facts["account"] for mail in mails("review_applied")} == accounts
    assert len(mails("review_closed")) == 1


def test_who_kept_everything_hears_nothing(admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, KEEP)

    campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.KEPT]
    assert mails("review_applied") == []


def test_a_delegation_is_narrowed(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    last_day = (clock.now() + timedelta(days=20)).date()
    narrow_to = {"rights": ["view", "keys"], "environments": ["sandbox"], "ends_on": last_day.isoformat()}
    decide(admin, campaign, NARROW, "Only its sandbox.", narrow_to=narrow_to)

    campaign = close(admin, campaign)

    (row,) = _delegation(owner)
    assert outcomes(admin, campaign) == [Outcome.NARROWED]
    assert (row.rights, row.environments) == ({Right.VIEW, Right.KEYS}, {Environment.SANDBOX})
    assert (row.ends_at - timedelta(seconds=1)).date() == last_day


def test_a_key_pair_is_revoked(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, END, "Not used.")

    campaign = close(admin, campaign)

    pair = key_store.get(owner, lines(admin, campaign)[0].subject_public_id)
    assert pair.state is KeyState.REVOKED
    assert events("key.revoked")[0].actor_label == "review “Autumn”"


def test_an_entitlement_is_ended_and_another_gets_an_earlier_end(admin: Actor):
    parties()
    campaign = an_open(admin, ENTITLEMENTS)
    last_day = (clock.now() + timedelta(days=20)).date().isoformat()
    decide(admin, campaign, END, "Not bought.", 1)
    decide(admin, campaign, NARROW, "Until then.", 2, narrow_to={"ends_on": last_day})
    decide(admin, campaign, KEEP, "", *range(3, 50))

    campaign = close(admin, campaign)

    first, second, *rest = lines(admin, campaign)
    rows = {row.id: row for row in entitlement_store.all_of(system_actor("tests", first.owner_id))}
    assert rows[first.subject_id].state(clock.now()) is EntitlementState.ENDED
    assert (rows[second.subject_id].ends_at - timedelta(seconds=1)).date().isoformat() == last_day
    assert [line.outcome for line in (first, second)] == [Outcome.ENDED, Outcome.NARROWED]
    assert {line.outcome for line in rest} == {Outcome.KEPT}


def test_what_is_over_meanwhile_is_left_as_it_is(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, END, "Gone.")
    with transaction():
        delegations.end(owner, _delegation(owner)[0])

    campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.UNCHANGED]
    assert {event.actor_label for event in events("delegation.ended")} == {owner.label}


def _narrowed_by_owner(owner: Actor, **less: Any) -> None:
    (row,) = _delegation(owner)
    usual = {"environments": row.environments, "rights": row.rights, "ends_at": row.ends_at}
    with transaction():
        delegations.narrow(owner, row, project_ids=row.project_ids, version=row.version, **(usual | less))


def _day(days: int) -> str:
    return (clock.now() + timedelta(days=days)).date().isoformat()


def test_what_the_owner_took_away_meanwhile_stays_away_and_the_rest_is_narrowed(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, NARROW, "Only its keys.", narrow_to={"rights": ["view", "keys"], "ends_on": _day(20)})
    _narrowed_by_owner(owner, rights=frozenset({Right.VIEW}))

    campaign = close(admin, campaign)

    (row,) = _delegation(owner)
    assert outcomes(admin, campaign) == [Outcome.NARROWED]
    assert row.rights == {Right.VIEW}
    assert (row.ends_at - timedelta(seconds=1)).date().isoformat() == _day(20)


def test_an_end_that_is_earlier_by_now_stays(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(
        admin, campaign, NARROW, "Sandbox, for a while.", narrow_to={"environments": ["sandbox"], "ends_on": _day(20)}
    )
    earlier = clock.now() + timedelta(days=10)
    _narrowed_by_owner(owner, ends_at=earlier)

    assert outcomes(admin, close(admin, campaign)) == [Outcome.NARROWED]

    (row,) = _delegation(owner)
    assert (row.ends_at, row.environments) == (earlier, {Environment.SANDBOX})


def test_a_narrowing_that_leaves_no_environment_by_now_ends_it(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, NARROW, "Only its sandbox.", narrow_to={"environments": ["sandbox"]})
    _narrowed_by_owner(owner, environments=frozenset({Environment.PRODUCTION}))

    assert outcomes(admin, close(admin, campaign)) == [Outcome.ENDED]

    assert _over(owner)[0].state is DelegationState.ENDED


@pytest.mark.parametrize("days", [4, 10])
def test_a_delegation_whose_narrowed_end_is_over_by_now_is_ended(days: float, admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, NARROW, "Two days more.", narrow_to={"ends_on": _day(2)})

    with days_later(days):
        assert outcomes(admin, close(admin, campaign)) == [Outcome.ENDED]

        assert _delegation(owner) == []


def test_a_delegation_within_its_narrowed_last_day_ends_a_day_later(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    decide(admin, campaign, NARROW, "Two days more.", narrow_to={"ends_on": _day(2)})

    with days_later(2):
        assert outcomes(admin, close(admin, campaign)) == [Outcome.NARROWED]

        (row,) = _delegation(owner)
        assert row.ends_at <= clock.now() + applying.SOONEST


def test_an_entitlement_whose_narrowed_end_is_over_by_now_is_ended(admin: Actor):
    parties()
    campaign = an_open(admin, ENTITLEMENTS)
    decide(admin, campaign, NARROW, "Two days more.", narrow_to={"ends_on": _day(2)})

    with days_later(10):
        assert set(outcomes(admin, close(admin, campaign))) == {Outcome.ENDED}


def test_what_cannot_be_applied_says_why_and_holds_up_no_other(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    owner, _integrator = parties()
    a_delegation(owner, an_integrator(name="Second"))
    campaign = an_open(admin)
    decide(admin, campaign, NARROW, "Only to look.", narrow_to={"rights": ["view", "keys"]})
    refused = lines(admin, campaign)[0].subject_public_id

    def narrow(actor: Actor, row: Delegation, **terms: Any) -> None:
        if row.public_id == refused:
            raise NotNarrower()
        real(actor, row, **terms)

    real = delegations.narrow
    monkeypatch.setattr(delegations, "narrow", narrow)
    campaign = close(admin, campaign)

    first, second = lines(admin, campaign)
    assert (first.outcome, first.outcome_code) == (Outcome.NOT_APPLIED, "not_narrower")
    assert second.outcome is Outcome.NARROWED


def test_a_key_pair_that_was_revoked_meanwhile_is_unchanged(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, END, "Not used.")
    with transaction():
        keys.revoke(owner, key_store.get(owner, lines(admin, campaign)[0].subject_public_id))

    assert outcomes(admin, close(admin, campaign)) == [Outcome.UNCHANGED]


def test_an_entitlement_whose_contract_ended_is_unchanged(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin, ENTITLEMENTS)
    decide(admin, campaign, END, "Not bought.")
    with transaction():
        contracts.end(PORTAL, contract_store.all_of(owner)[0])

    assert set(outcomes(admin, close(admin, campaign))) == {Outcome.UNCHANGED}


def test_what_is_not_decided_keeps_it_from_closing_before_the_day(admin: Actor):
    some_keys(2)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, KEEP, "", 1)

    with pytest.raises(LinesUndecided) as refusal:
        close(admin, campaign)

    assert refusal.value.facts["open"] == 1


def test_once_it_is_due_silence_may_decide(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS)

    with days_later(31):
        assert outcomes(admin, close(admin, campaign)) == [Outcome.KEPT]


def test_closing_twice_says_who_closed_it_and_when(admin: Actor):
    parties()
    second = a_vendor()
    campaign = an_open(admin)
    decide(admin, campaign, KEEP)
    close(admin, campaign)

    with pytest.raises(AlreadyClosing) as refusal:
        close(second, campaign)

    assert refusal.value.status == 409
    assert refusal.value.facts["by"] == admin.label
    assert len(events("review.closing")) == len(events("review.closed")) == 1


def test_a_form_that_is_outdated_closes_nothing(admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, KEEP)

    with transaction(), pytest.raises(Changed):
        reviews.close(admin, seen(admin, campaign), campaign.version - 1)


def test_one_that_is_still_being_frozen_is_not_closed(admin: Actor):
    parties()
    campaign = make(admin)

    with transaction(), pytest.raises(CampaignNotOpen):
        reviews.close(admin, campaign, campaign.version)


def test_an_operator_closes_nothing(admin: Actor):
    parties()
    operator, campaign = a_vendor(Role.OPERATOR), an_open(admin)

    with transaction(), pytest.raises(NotAllowed):
        reviews.close(operator, campaign, campaign.version)


def test_a_side_that_needs_it_no_longer_ends_what_nobody_decided(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin)
    _answer(owner, Answer.NEEDED)
    _answer(integrator, Answer.NOT_NEEDED)

    with days_later(31):
        campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.ENDED]


def test_a_reviewer_who_keeps_it_has_the_last_word(admin: Actor):
    _owner, integrator = parties()
    campaign = an_open(admin)
    _answer(integrator, Answer.NOT_NEEDED)
    decide(admin, campaign, KEEP, "They moved to another account.")

    assert outcomes(admin, close(admin, campaign)) == [Outcome.KEPT]


def test_silence_ends_what_was_warned_of_in_full_and_not_used(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS, silence=Silence.END)
    through_the_ladder(campaign)

    with days_later(31):
        campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.ENDED]
    assert key_store.get(owner, lines(admin, campaign)[0].subject_public_id).state is KeyState.REVOKED


@pytest.mark.parametrize(("days_ago", "outcome"), [(29, Outcome.KEPT_IN_USE), (31, Outcome.ENDED)])
def test_silence_never_ends_what_was_used_in_the_last_30_days(admin: Actor, days_ago: int, outcome: Outcome):
    with clock.travelled_to(clock.now() - timedelta(days=100)):
        owner = some_keys(1)
    campaign = an_open(admin, KEYS, silence=Silence.END)
    through_the_ladder(campaign)

    with days_later(31):
        (line,) = lines(admin, campaign)
        used(key_store.get(owner, line.subject_public_id), days_ago=days_ago)
        campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [outcome]


def test_a_delegation_in_use_is_not_ended_by_silence(admin: Actor):
    owner, integrator = parties()
    pair = a_key(for_client(integrator, _delegation(owner)[0]))
    campaign = an_open(admin, silence=Silence.END)
    through_the_ladder(campaign)

    with days_later(31):
        used(pair, days_ago=1)
        assert outcomes(admin, close(admin, campaign)) == [Outcome.KEPT_IN_USE]


@pytest.mark.parametrize(("days_ago", "outcome"), [(1, Outcome.KEPT_IN_USE), (31, Outcome.ENDED)])
def test_silence_ends_no_delegation_under_which_the_integrator_works(days_ago: int, outcome: Outcome, admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin, silence=Silence.END, due_at=clock.now() + timedelta(days=45))
    through_the_ladder(campaign)

    with days_later(46 - days_ago):
        _project(for_client(integrator, _delegation(owner)[0]))
    with days_later(46):
        assert outcomes(admin, close(admin, campaign)) == [outcome]


def test_what_another_integrator_or_the_owner_does_keeps_no_delegation(admin: Actor):
    owner, _integrator = parties()
    second = an_integrator(name="Second")
    other = a_delegation(owner, second)
    campaign = an_open(admin, silence=Silence.END, due_at=clock.now() + timedelta(days=45))
    through_the_ladder(campaign)

    with days_later(46):
        _project(owner, "By the owner")
        _project(for_client(second, other), "By the second")
        campaign = close(admin, campaign)

    found = {line.label: line.outcome for line in lines(admin, campaign)}
    assert found == {"Agency": Outcome.ENDED, "Second": Outcome.KEPT_IN_USE}


def test_a_delegation_whose_integrator_uses_a_copy_is_not_ended_by_silence(admin: Actor):
    scene = a_scene()
    fetched(scene, a_hand_off(scene))
    campaign = an_open(admin, silence=Silence.END, due_at=clock.now() + timedelta(days=45))
    through_the_ladder(campaign)

    with days_later(46):
        used(scene.pair, days_ago=1)
        assert outcomes(admin, close(admin, campaign)) == [Outcome.KEPT_IN_USE]


def test_an_entitlement_in_use_is_not_ended_by_silence(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, ENTITLEMENTS, silence=Silence.END)
    through_the_ladder(campaign)

    with days_later(31):
        used(key_store.live(owner, clock.now(), Environment.SANDBOX)[0], days_ago=1)
        assert set(outcomes(admin, close(admin, campaign))) == {Outcome.KEPT_IN_USE}


def test_what_one_owner_uses_keeps_no_other_owners_entitlements(admin: Actor):
    quiet, busy = some_keys(1), some_keys(1)
    campaign = an_open(admin, ENTITLEMENTS, silence=Silence.END)
    through_the_ladder(campaign)

    with days_later(31):
        used(key_store.live(busy, clock.now(), Environment.SANDBOX)[0], days_ago=1)
        found = lines(admin, close(admin, campaign))

    assert {line.outcome for line in found if line.owner_id == busy.tenant_id} == {Outcome.KEPT_IN_USE}
    assert {line.outcome for line in found if line.owner_id == quiet.tenant_id} == {Outcome.ENDED}


def test_silence_never_ends_what_was_not_warned_of_in_full(admin: Actor):
    some_keys(1)
    campaign = an_open(admin, KEYS, silence=Silence.END)
    with days_later(-1, after=campaign.due_at + timedelta(minutes=1)):
        work()

    with days_later(31):
        campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.NOT_WARNED]


@pytest.mark.parametrize("silence", list(Silence))
def test_the_forecast_is_what_then_happens(admin: Actor, silence: Silence):
    owner = some_keys(5)
    campaign = an_open(admin, KEYS, silence=silence)
    through_the_ladder(campaign)
    decide(admin, campaign, KEEP, "", 1)
    decide(admin, campaign, END, "Gone.", 2)

    with days_later(31):
        used(key_store.get(owner, lines(admin, campaign)[2].subject_public_id), days_ago=1)
        forecast = reviews.forecast(admin, seen(admin, campaign))
        campaign = close(admin, campaign)

    assert forecast == store.outcomes_of(campaign)
    assert sum(forecast.values()) == 5


def test_many_lines_are_closed_in_portions(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(5)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, END, "Gone.")
    monkeypatch.setattr(closing, "BATCH", 2)
    with transaction():
        reviews.close(admin, seen(admin, campaign), seen(admin, campaign).version)

    applied = []
    while closing.run_once(clock.now()):
        applied.append(seen(admin, campaign).applied)

    assert applied == [2, 4, 5, 5]
    assert len(events("key.revoked")) == 5


def test_a_line_that_fails_unforeseen_holds_up_no_other(admin: Actor, monkeypatch: pytest.MonkeyPatch):
    some_keys(3)
    campaign = an_open(admin, KEYS)
    decide(admin, campaign, END, "Gone.")
    failing, real = lines(admin, campaign)[1].subject_id, applying._end

    def end(actor, thing):
        if thing.row.id == failing:
            raise ZeroDivisionError
        real(actor, thing)

    monkeypatch.setattr(applying, "_end", end)
    campaign = close(admin, campaign)

    assert outcomes(admin, campaign) == [Outcome.ENDED, Outcome.NOT_APPLIED, Outcome.ENDED]
    assert lines(admin, campaign)[1].outcome_code == "internal_error"
    assert len(events("key.revoked")) == 2


def test_what_both_sides_said_stays_with_the_line(admin: Actor):
    owner, integrator = parties()
    campaign = an_open(admin)
    _answer(owner, Answer.NEEDED)
    _answer(integrator, Answer.NOT_NEEDED)

    said = {row.side: row.answer for row in store.answers_in(campaign)}

    assert said == {Side.OWNER: Answer.NEEDED, Side.INTEGRATOR: Answer.NOT_NEEDED}
    assert store.progress_of(admin, campaign).not_needed_said == 1
    assert len(lines(admin, campaign, said="not_needed")) == 1
