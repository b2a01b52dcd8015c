"""A person is disabled: what ends at once and for good, what rests, who is told, and who owns what they owned alone."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed, RightsChanged
from portal.access.roles import PERMISSIONS, Permission, Role, Scope
from portal.accounts import operations as accounts
from portal.accounts import sessions, store
from portal.accounts.errors import DisablesOneself, LastOwner, NotOneOfThem, OwnerWanted
from portal.accounts.models import MailedToken, PendingSignIn
from portal.audit.operations import verify
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.handoffs.models import HandOffState
from portal.impact.disabling import disable_person, hanging_on_person
from portal.outbox import operations as outbox
from portal.tokens import operations as tokens
from tests.accounts.factors import an_app, password_of
from tests.accounts.record import events_in
from tests.factories import a_licensee, a_member, a_vendor, an_intent, tenant_of
from tests.handoffs.scenes import a_hand_off, a_scene, now
from tests.parallel import at_once

pytestmark = pytest.mark.either_database
WHY = "They left the house."


@pytest.fixture
def operator(app):
    return a_vendor(Role.OPERATOR)


@pytest.fixture
def owner(app):
    return a_licensee(name="Acme")


def member_of(owner, role=Role.DEVELOPER):
    return a_member(tenant_of(owner), role)


def disable(operator, actor, **more):
    with transaction():
        disable_person(operator, store.get_person(actor.person_id), why=WHY, **more)


def enable(operator, actor):
    with transaction():
        accounts.enable(operator, store.get_person(actor.person_id), why="They are back.")


def a_token_of(actor):
    """Asks whether the actor's new token works."""
    ends_at = clock.now() + timedelta(days=30)
    with transaction():
        issued = tokens.issue(actor, name="Deploy", scopes=frozenset({Scope.READ}), ends_at=ends_at)
    return lambda: tokens.find(issued.secret, clock.now())


def a_session_of(actor):
    with transaction():
        return sessions.begin_session(store.get_person(actor.person_id), "Firefox", home_id=actor.home_id)[1]


def test_everything_that_lets_the_person_in_ends(operator, owner):
    member = member_of(owner)
    token, bearer = a_session_of(member), a_token_of(member)

    disable(operator, member)

    assert sessions.session_for(token) is None
    assert bearer() is None


def test_enabling_gives_the_sign_in_back_and_nothing_that_ended(operator, owner):
    member = member_of(owner)
    token, bearer = a_session_of(member), a_token_of(member)
    disable(operator, member)

    enable(operator, member)

    assert sessions.session_for(token) is None
    assert bearer() is None
    assert password_of(store.get_person(member.person_id)).person_id == member.person_id
    assert [row.role for row in store.memberships_of(member.person_id)] == [Role.DEVELOPER]


def test_what_waits_for_a_second_step_or_in_a_mail_ends_too(operator, owner):
    member = member_of(owner)
    mine = an_app(store.get_person(member.person_id))
    proof = password_of(mine.person)
    with transaction():
        accounts.await_code(proof)
        accounts.ask_for_reset(mine.person.email)
    with transaction():
        accounts.answer_reset_requests()

    disable(operator, member)

    assert db.session.scalars(select(PendingSignIn)).all() == []
    assert db.session.scalars(select(MailedToken)).all() == []


def test_each_account_has_it_on_record_and_its_managers_and_the_person_are_told(operator, owner):
    member, other = member_of(owner), a_licensee(name="Other")
    a_member(tenant_of(other), Role.VIEWER, person=store.get_person(member.person_id))
    before = {message.id for message in outbox.read_all(100)}

    disable(operator, member)

    for tenant_id in (operator.tenant_id, owner.tenant_id, other.tenant_id):
        assert events_in(tenant_id)[-1] == "person.disabled"
    told = {(mail.template, mail.to) for mail in outbox.read_all(100) if mail.id not in before}
    address = {who: store.get_person(who.person_id).email for who in (member, owner, other)}
    assert told == {
        ("person_disabled", address[member]),
        ("person_disabled_told", address[owner]),
        ("person_disabled_told", address[other]),
    }
    assert list(verify()) == []


def test_disabling_twice_is_one_event(operator, owner):
    member = member_of(owner)
    disable(operator, member)
    before = events_in(owner.tenant_id)

    disable(operator, member)

    assert events_in(owner.tenant_id) == before


@pytest.mark.parametrize("role", [role for role in Role if Permission.PERSON_KEEP not in PERMISSIONS[role]])
def test_nobody_but_an_operator_disables(app, owner, role):
    actor = a_vendor(role) if role is Role.PARTNER_ADMIN else member_of(owner, role)

    for act in (disable, enable):
        with pytest.raises(NotAllowed):
            act(actor, member_of(owner))


def test_nobody_disables_themselves(operator):
    with pytest.raises(DisablesOneself):
        disable(operator, operator)


def test_the_last_owner_is_not_disabled_without_a_word_on_who_follows(operator, owner):
    viewer = member_of(owner, Role.VIEWER)

    with pytest.raises(OwnerWanted) as refused:
        disable(operator, owner)
    assert refused.value.facts["tenants"] == ["Acme"]

    disable(operator, owner, successors=[viewer.membership_id])

    [successor] = store.people_with(owner.tenant_id, Role.OWNER)
    assert successor.id == viewer.person_id
    assert events_in(owner.tenant_id)[-2:] == ["member.role_changed", "person.disabled"]
    assert "made_owner" in {mail.template for mail in outbox.read_all(10)}


def test_nobody_from_elsewhere_becomes_the_owner(operator, owner):
    member_of(owner, Role.VIEWER)
    stranger = a_licensee(name="Stranger")

    for one in (stranger.membership_id, operator.membership_id):
        with pytest.raises(NotOneOfThem):
            disable(operator, owner, successors=[one])


def test_nobody_is_made_an_owner_where_another_one_is_left(operator, owner):
    another, viewer = member_of(owner, Role.OWNER), member_of(owner, Role.VIEWER)

    with pytest.raises(NotOneOfThem):
        disable(operator, another, successors=[viewer.membership_id])


def test_nobody_is_invited_where_a_member_could_follow(operator, owner):
    member_of(owner, Role.VIEWER)

    with pytest.raises(OwnerWanted):
        disable(operator, owner, first_owner="friend@example.com")


def test_an_account_to_which_nobody_else_belongs_gets_an_invitation(operator, owner):
    with pytest.raises(OwnerWanted):
        disable(operator, owner)

    disable(operator, owner, first_owner="new.owner@example.com")

    [invitation] = store.open_invitations(system_actor("tests", owner.tenant_id))
    assert (invitation.email, invitation.role) == ("new.owner@example.com", Role.OWNER)


def test_the_vendors_last_manager_stays(app):
    last = a_vendor(Role.OPERATOR)

    with pytest.raises(LastOwner):
        disable(system_actor("command line", last.tenant_id), last)


def test_of_the_last_two_owners_disabled_at_once_one_stays(operator, owner):
    another = member_of(owner, Role.OWNER)
    whom = [owner, another]

    outcomes = at_once(lambda number: disable(operator, whom[number]), times=2)

    assert outcomes == {"done": 1, "owner_wanted": 1}
    assert len(store.people_with(owner.tenant_id, Role.OWNER)) == 1


def test_an_act_of_whom_is_disabled_meanwhile_does_not_happen(operator, owner):
    member = member_of(owner, Role.OWNER)
    disable(operator, member)

    with pytest.raises(RightsChanged), transaction():
        accounts.invite(member, "friend@example.com", Role.OWNER)


def test_what_is_sealed_to_them_is_destroyed_and_their_envelope_key_goes_out_of_use(operator, app):
    scene = a_scene()
    hand_off = a_hand_off(scene)
    a_member(tenant_of(scene.integrator), Role.OWNER)

    disable(operator, scene.integrator)
    enable(operator, scene.integrator)

    assert (now(scene, hand_off).state, now(scene, hand_off).envelope) == (HandOffState.WITHDRAWN, None)
    assert scene.receivers == []


def test_what_they_began_to_make_is_given_up(operator, owner):
    member = member_of(owner, Role.KEY_MANAGER)
    an_intent(member)

    disable(operator, member)

    [(_membership, found)] = hanging_on_person(store.get_person(member.person_id), clock.now()).memberships
    assert found.intents == 0


def test_what_hangs_on_the_person_is_shown_before(operator, owner):
    member = member_of(owner, Role.OWNER)
    a_session_of(member)
    a_token_of(member)

    hanging = hanging_on_person(store.get_person(member.person_id), clock.now())

    assert [session.device for session in hanging.sessions] == ["Firefox"]
    [(membership, found)] = hanging.memberships
    assert (membership.tenant_id, len(found.tokens)) == (owner.tenant_id, 1)
    assert hanging.last == []
