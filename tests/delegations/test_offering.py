"""How a delegation begins: offers by account id, requests by request code (rule 13)."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.errors import NotAllowed
from portal.access.roles import PERMISSIONS, Permission, Right, Role
from portal.delegations import errors, operations, store
from portal.delegations.models import DelegationState, Side
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.words import TextHasControls, TextTooLong
from portal.tenants import operations as tenants
from tests.delegations.scenes import (
    BOTH,
    NOBODY,
    SANDBOX,
    a_project,
    account_of,
    as_role,
    do,
    events_of,
    mails_to,
    seen_by,
    terms,
    terms_of,
)
from tests.factories import a_delegation, a_licensee, a_member, a_request, for_client, tenant_of


def offer(owner: Actor, account_id: str, **changed: object):
    return do(operations.offer, owner, account_id, **terms(**changed))


def code_of(owner: Actor) -> str:
    return do(tenants.make_request_code, owner)


def request(integrator: Actor, code: str, **changed: object):
    given = terms() | {"all_projects": True} | changed
    del given["project_ids"]
    return do(operations.request, integrator, code, **given)


def test_s8_an_owner_offers_an_integrator_to_manage_projects_and_environments(owner: Actor, integrator: Actor) -> None:
    row = offer(owner, account_of(integrator), environments=BOTH, rights=frozenset({Right.PROJECTS}))

    offered = store.get_taken(integrator, row.public_id)
    assert offered.state is DelegationState.OFFERED
    assert offered.environments == BOTH
    assert Right.PROJECTS in offered.rights


def test_s8_an_integrator_requests_with_the_owners_code(owner: Actor, integrator: Actor) -> None:
    row = request(integrator, code_of(owner))

    asked = store.get_given(owner, row.public_id)
    assert asked.state is DelegationState.REQUESTED
    assert asked.started_by is Side.INTEGRATOR


def test_seeing_is_always_part_of_it(owner: Actor, integrator: Actor) -> None:
    row = offer(owner, account_of(integrator), rights=frozenset())

    assert seen_by(owner, row).rights == {Right.VIEW}


def test_an_account_id_may_be_typed_in_small_letters_with_spaces_around(owner: Actor, integrator: Actor) -> None:
    row = offer(owner, f"  {account_of(integrator).lower()} ")

    assert store.get_taken(integrator, row.public_id).state is DelegationState.OFFERED


@pytest.mark.parametrize(
    "account_id", ["", "MAG", "MAG12345678", "MAG1234567890", "XYZ123456789", "MAG12345678९", "MAG123456789\x00", "😀"]
)
def test_an_account_id_is_mag_and_nine_digits(owner: Actor, account_id: str) -> None:
    with pytest.raises(errors.AccountIdMalformed):
        offer(owner, account_id)


def test_an_owner_does_not_delegate_to_itself(owner: Actor) -> None:
    with pytest.raises(errors.OwnAccount):
        offer(owner, account_of(owner))


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_offers(owner: Actor, integrator: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed):
        offer(as_role(owner, role), account_of(integrator))


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_an_owner_of_the_integrator_requests(owner: Actor, integrator: Actor, role: Role) -> None:
    with pytest.raises(NotAllowed):
        request(as_role(integrator, role), code_of(owner))


def test_an_integrator_delegates_to_nobody(owner: Actor, integrator: Actor) -> None:
    row = a_delegation(owner, integrator)
    acting = for_client(integrator, row)

    with pytest.raises(errors.OnlyFromHome):
        offer(acting, NOBODY)


def test_an_integrator_requests_nothing_in_the_name_of_its_client(owner: Actor, integrator: Actor) -> None:
    acting = for_client(integrator, a_delegation(owner, integrator))

    with pytest.raises(errors.OnlyFromHome):
        request(acting, code_of(a_licensee()))


def test_an_owner_gives_no_right_that_it_has_not(owner: Actor, integrator: Actor) -> None:
    permissions = PERMISSIONS[Role.OWNER] - {Permission.KEY_MAKE}
    weaker = replace(owner, permissions=permissions)

    with pytest.raises(errors.RightsNotHeld):
        offer(weaker, account_of(integrator), rights=frozenset({Right.KEYS}))


@pytest.mark.parametrize("days", [-1, 0, 0.99, 730.1, 4000])
def test_a_delegation_ends_one_to_730_days_ahead(owner: Actor, days: float) -> None:
    with pytest.raises(errors.EndOutOfRange):
        offer(owner, NOBODY, ends_at=clock.now() + timedelta(days=days))


@pytest.mark.parametrize("days", [1.01, 729.99])
def test_one_day_and_730_days_are_in_range(owner: Actor, days: float) -> None:
    ends_at = clock.now() + timedelta(days=days)

    assert offer(owner, NOBODY, ends_at=ends_at).ends_at == ends_at


def test_an_offer_names_an_environment(owner: Actor) -> None:
    with pytest.raises(errors.EnvironmentsMissing):
        offer(owner, NOBODY, environments=frozenset())


def test_an_offer_for_some_projects_names_them(owner: Actor, integrator: Actor) -> None:
    with pytest.raises(errors.ProjectsMissing):
        offer(owner, account_of(integrator), project_ids=frozenset())


def test_an_offer_reaches_no_project_of_another_tenant(owner: Actor, integrator: Actor) -> None:
    foreign = a_project(a_licensee(), "Theirs")

    with pytest.raises(errors.ProjectUnknown):
        offer(owner, account_of(integrator), project_ids=frozenset({foreign}))


def test_an_offer_for_some_projects_reaches_just_them(owner: Actor, integrator: Actor) -> None:
    one, _other = a_project(owner, "One"), a_project(owner, "Other")

    row = offer(owner, account_of(integrator), project_ids=frozenset({one}))

    assert seen_by(integrator, row).project_ids == {one}


def test_a_message_has_no_control_characters(owner: Actor) -> None:
    with pytest.raises(TextHasControls):
        offer(owner, NOBODY, message="a\x00b")


def test_a_message_has_at_most_2000_characters(owner: Actor) -> None:
    with pytest.raises(TextTooLong):
        offer(owner, NOBODY, message="a" * 2001)


def test_a_message_keeps_its_lines_and_its_four_byte_characters(owner: Actor) -> None:
    row = offer(owner, NOBODY, message=" Hello\r\n😀 ")

    assert seen_by(owner, row).message == "Hello\n😀"


def test_a_second_open_delegation_with_the_same_account_names_the_first(owner: Actor, integrator: Actor) -> None:
    first = offer(owner, account_of(integrator))

    with pytest.raises(errors.AlreadyOpen) as refusal:
        offer(owner, account_of(integrator), environments=BOTH)

    assert refusal.value.facts["delegation"] == first.public_id


def test_a_request_meets_the_open_offer(owner: Actor, integrator: Actor) -> None:
    offer(owner, account_of(integrator))

    with pytest.raises(errors.AlreadyOpen):
        request(integrator, code_of(owner))


def test_after_the_end_a_new_one_can_be_offered(owner: Actor, integrator: Actor) -> None:
    first = a_delegation(owner, integrator)
    do(operations.end, owner, first)

    assert offer(owner, account_of(integrator)).public_id != first.public_id


def test_after_the_last_day_a_new_one_can_be_offered_before_the_worker_came(
    owner: Actor, integrator: Actor, later
) -> None:
    first = a_delegation(owner, integrator, days=90)
    later(days=91)

    second = offer(owner, account_of(integrator))

    assert seen_by(owner, first).state is DelegationState.ENDED
    assert seen_by(owner, second).state is DelegationState.OFFERED


def test_repeating_an_offer_has_one_effect(owner: Actor, integrator: Actor) -> None:
    ends_at = terms()["ends_at"]

    first = offer(owner, account_of(integrator), ends_at=ends_at)
    again = offer(owner, account_of(integrator), ends_at=ends_at)

    assert again.public_id == first.public_id
    assert len(events_of(owner)) == 1


def test_repeating_a_request_has_one_effect(owner: Actor, integrator: Actor) -> None:
    code, ends_at = code_of(owner), terms()["ends_at"]

    first = request(integrator, code, ends_at=ends_at)
    again = request(integrator, code, ends_at=ends_at)

    assert again.public_id == first.public_id
    assert mails_to(owner) == ["delegation_requested"]


def test_parallel_offers_have_one_effect(app: Flask, owner: Actor, integrator: Actor) -> None:
    account_id, same = account_of(integrator), terms()

    def once(_number: int) -> str:
        with app.app_context(), transaction():
            return operations.offer(owner, account_id, **same).public_id

    with ThreadPoolExecutor(6) as threads:
        found = set(threads.map(once, range(12)))
    db.session.rollback()

    assert len(found) == 1
    assert len(events_of(owner)) == 1


def test_only_an_account_with_an_integrator_agreement_requests(owner: Actor) -> None:
    with pytest.raises(errors.AgreementMissing):
        request(a_licensee(), code_of(owner))


def test_an_unknown_code_is_refused_without_saying_why(integrator: Actor) -> None:
    with pytest.raises(errors.UnknownRequestCode):
        request(integrator, "0000-0000-0000-0000-0000-0000-0000")


def test_a_replaced_code_is_an_unknown_one(owner: Actor, integrator: Actor) -> None:
    old = code_of(owner)
    code_of(owner)

    with pytest.raises(errors.UnknownRequestCode):
        request(integrator, old)


def test_an_integrator_does_not_request_from_itself(integrator: Actor) -> None:
    with pytest.raises(errors.OwnAccount):
        request(integrator, code_of(integrator))


def test_a_request_may_leave_the_projects_to_the_owner(owner: Actor, integrator: Actor) -> None:
    row = a_request(integrator, owner, all_projects=False)

    assert row.project_ids == frozenset()


def test_both_sides_have_the_event_of_an_offer(owner: Actor, integrator: Actor) -> None:
    row = offer(owner, account_of(integrator))

    for side in (owner, integrator):
        assert [(event.event, event.subject_id) for event in events_of(side)] == [("delegation.offered", row.public_id)]


def test_both_sides_have_the_event_of_a_request(owner: Actor, integrator: Actor) -> None:
    row = request(integrator, code_of(owner))

    for side in (owner, integrator):
        assert [(event.event, event.subject_id) for event in events_of(side)] == [
            ("delegation.requested", row.public_id)
        ]


def test_the_integrators_people_who_can_answer_are_asked_by_mail(owner: Actor, integrator: Actor) -> None:
    viewer = a_member(tenant_of(integrator), Role.VIEWER)

    offer(owner, account_of(integrator))

    assert mails_to(integrator) == ["delegation_offered"]
    assert mails_to(viewer) == []


@pytest.fixture
def answers(owner: Actor, integrator: Actor) -> list:
    """One and the same offer to an integrator, to an account that is none, and to nobody."""
    same = terms(message="Hello")
    accounts = [account_of(integrator), account_of(a_licensee()), NOBODY]
    return [do(operations.offer, owner, account_id, **same) for account_id in accounts]


def test_the_owner_cannot_tell_an_offer_to_nobody_from_one_to_an_integrator(owner: Actor, answers: list) -> None:
    def shown(row):
        found = store.get_given(owner, row.public_id)
        return found.state, terms_of(found), found.message, found.integrator_is_known, found.version

    to_integrator, to_other, to_nobody = map(shown, answers)

    assert to_integrator == to_other == to_nobody


def test_the_owners_record_does_not_tell_them_apart(owner: Actor, answers: list) -> None:
    told = [(event.event, event.facts, event.actor_label, event.refused) for event in events_of(owner)]

    assert told[0] == told[1] == told[2]


def test_an_account_that_is_no_integrators_learns_of_no_offer(answers: list) -> None:
    assert [row.integrator_id is None for row in answers] == [False, True, True]


def test_an_offer_to_nobody_can_be_withdrawn_like_any_other(owner: Actor, answers: list) -> None:
    for row in answers:
        do(operations.withdraw, owner, row)

    assert {seen_by(owner, row).state for row in answers} == {DelegationState.WITHDRAWN}


def test_environments_are_those_offered(owner: Actor, integrator: Actor) -> None:
    row = offer(owner, account_of(integrator), environments=SANDBOX)

    assert seen_by(integrator, row).environments == SANDBOX
