"""Invitations: one link, one person, one role, seven days."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import passwords, store
from portal.accounts.errors import (
    AlreadyInvited,
    AlreadyMember,
    EmailInvalid,
    InvitationForSomebodyElse,
    InvitationGone,
    RoleNotYours,
    SignInToAccept,
)
from portal.accounts.models import Language
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox
from tests.accounts.record import events_in, last_event
from tests.factories import PASSWORD, a_licensee, a_member, a_person, a_tenant, a_vendor, tenant_of

EMAIL = "nina@example.com"


def invite(actor, email=EMAIL, role=Role.DEVELOPER, **more):
    """The invitation, and the token that its mail carries."""
    with transaction():
        invitation = accounts.invite(actor, email, role, **more)
    return invitation, mailed_token()


def mailed_token():
    return outbox.read_all(1)[0].facts["token"]


def accept_as_new(token, name="Nina New"):
    chosen = passwords.choose(PASSWORD, email=EMAIL, name=name)
    with transaction():
        return accounts.accept_as_new(token, name, chosen, Language.ZH_HANT)


def test_an_invitation_leaves_by_mail_in_its_language():
    owner = a_licensee(name="Acme")

    invite(owner, language=Language.ZH_HANT)

    mail = outbox.read_all(1)[0]
    assert (mail.template, mail.to, mail.language) == ("invitation", EMAIL, "zh_Hant")
    assert (mail.facts["tenant"], mail.facts["role"], mail.facts["inviter"]) == ("Acme", "Developer", owner.label)


def test_an_invitation_that_is_not_committed_sends_nothing():
    owner = a_licensee()

    try:
        with transaction():
            accounts.invite(owner, EMAIL, Role.VIEWER)
            raise TimeoutError
    except TimeoutError:
        pass

    assert outbox.read_all(9) == []
    assert store.open_invitations(owner) == []


def test_an_invitation_is_one_event_without_the_token():
    owner = a_licensee()

    _invitation, token = invite(owner)

    event = last_event(owner.tenant_id)
    assert (event.event, event.subject_label, event.facts) == ("member.invited", EMAIL, {"role": "Developer"})
    assert token not in f"{event.subject_id}"


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_owners_invite(role):
    with pytest.raises(NotAllowed):
        invite(a_member(a_tenant(), role))


def test_an_owner_invites_no_partner_admin():
    with pytest.raises(RoleNotYours):
        invite(a_licensee(), role=Role.PARTNER_ADMIN)


def test_a_partner_admin_invites_no_operator():
    with pytest.raises(RoleNotYours):
        invite(a_vendor(Role.PARTNER_ADMIN), role=Role.OPERATOR)


def test_the_portal_itself_invites_the_first_partner_admin():
    vendor = a_tenant("Vendor", is_vendor=True)

    _invitation, token = invite(system_actor("init", vendor.id), role=Role.PARTNER_ADMIN)
    membership = accept_as_new(token)

    assert membership.role is Role.PARTNER_ADMIN
    assert outbox.read_all(1)[0].facts["inviter"] is None


def test_an_invitation_needs_an_address():
    with pytest.raises(EmailInvalid):
        invite(a_licensee(), "nina")


def test_a_member_is_not_invited():
    owner = a_licensee()

    with pytest.raises(AlreadyMember):
        invite(owner, store.get_person(owner.person_id).email.upper())


def test_an_address_is_invited_once():
    owner = a_licensee()
    invite(owner)

    with pytest.raises(AlreadyInvited):
        invite(owner, EMAIL.upper())


def test_two_tenants_may_invite_one_address():
    invite(a_licensee())
    invite(a_licensee())

    assert len(outbox.read_all(9)) == 2


def test_an_invitation_that_ran_out_makes_room_for_a_new_one():
    owner = a_licensee()
    with time_machine.travel(clock.now() - timedelta(days=8), tick=False):
        invite(owner)

    _invitation, token = invite(owner)

    assert accounts.open_one(token).email == EMAIL
    assert len(store.open_invitations(owner)) == 1


def test_a_new_person_joins_with_name_password_and_language():
    owner = a_licensee()
    _invitation, token = invite(owner)

    membership = accept_as_new(token, "Nina New")

    person = store.person_by_email(EMAIL)
    assert (membership.tenant_id, membership.role) == (owner.tenant_id, Role.DEVELOPER)
    assert (person.name, person.language) == ("Nina New", Language.ZH_HANT)
    assert passwords.matches(PASSWORD, person.password_hash)


def test_joining_is_one_event_by_the_new_member():
    owner = a_licensee()
    before = len(events_in(owner.tenant_id))
    _invitation, token = invite(owner)

    accept_as_new(token, "Nina New")

    event = last_event(owner.tenant_id)
    assert len(events_in(owner.tenant_id)) == before + 2
    assert (event.event, event.actor_label, event.facts) == ("member.joined", "Nina New", {"role": "Developer"})


def test_somebody_with_a_sign_in_joins_as_themselves():
    owner, person = a_licensee(), a_person(email=EMAIL)
    _invitation, token = invite(owner)

    with transaction():
        membership = accounts.accept(token, person)

    assert membership.person_id == person.id


def test_somebody_with_a_sign_in_does_not_set_up_a_second_one():
    a_person(email=EMAIL)
    _invitation, token = invite(a_licensee())

    with pytest.raises(SignInToAccept):
        accept_as_new(token)


def test_two_invitations_accepted_at_once_make_one_sign_in(monkeypatch):
    a_person(email=EMAIL)
    _invitation, token = invite(a_licensee())
    monkeypatch.setattr(store, "person_by_email", lambda _email: None)

    with pytest.raises(SignInToAccept):
        accept_as_new(token)


def test_many_who_open_one_link_at_once_make_one_member(app):
    owner = a_licensee()
    _invitation, token = invite(owner)
    db.session.remove()

    def join(_number):
        with app.app_context():
            try:
                accept_as_new(token)
                return True
            except (InvitationGone, SignInToAccept):
                return False
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        joined = list(pool.map(join, range(16)))

    assert joined.count(True) == 1
    assert len(store.members(owner).rows) == 2


def test_many_who_invite_one_address_at_once_send_one_mail(app):
    owner = a_licensee()
    db.session.remove()

    def send(_number):
        with app.app_context():
            try:
                invite(owner)
            except AlreadyInvited:
                pass
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(16)))

    assert len(outbox.read_all(99)) == 1


def test_an_invitation_is_for_its_address_only():
    other = a_person(email="other@example.com")
    _invitation, token = invite(a_licensee())

    with pytest.raises(InvitationForSomebodyElse), transaction():
        accounts.accept(token, other)

    assert store.memberships_of(other.id) == []


def test_an_invitation_is_good_once():
    _invitation, token = invite(a_licensee())
    accept_as_new(token)

    with pytest.raises(InvitationGone):
        accept_as_new(token)


def test_an_invitation_is_good_for_seven_days():
    _invitation, token = invite(a_licensee())

    with time_machine.travel(clock.now() + timedelta(days=7), tick=False), pytest.raises(InvitationGone):
        accounts.open_one(token)


@pytest.mark.parametrize("token", ["", "x", "\x00", "é" * 999])
def test_an_unknown_token_opens_no_invitation(token):
    invite(a_licensee())

    with pytest.raises(InvitationGone):
        accounts.open_one(token)


def test_looking_at_an_invitation_changes_nothing():
    owner = a_licensee()
    _invitation, token = invite(owner)
    before = events_in(owner.tenant_id)

    for _ in range(3):
        accounts.open_one(token)
    db.session.rollback()

    assert accounts.open_one(token).accepted_at is None
    assert events_in(owner.tenant_id) == before


def test_only_the_hash_of_the_token_is_kept():
    _invitation, token = invite(a_licensee())

    stored = db.session.connection().exec_driver_sql("SELECT * FROM invitations").all()
    assert token not in str(stored)


def test_an_invitation_sent_again_has_a_new_link_and_seven_more_days():
    owner = a_licensee()
    with time_machine.travel(clock.now() - timedelta(days=6), tick=False):
        invitation, first = invite(owner)

    with transaction():
        accounts.resend(owner, invitation)

    second = mailed_token()
    with time_machine.travel(clock.now() + timedelta(days=6), tick=False):
        assert accounts.open_one(second).id == invitation.id
        with pytest.raises(InvitationGone):
            accounts.open_one(first)


def test_a_button_clicked_twice_is_one_mail():
    owner = a_licensee()
    invitation, token = invite(owner)

    with transaction():
        sent = accounts.resend(owner, invitation)

    assert (sent, len(outbox.read_all(9))) == (False, 1)
    assert accounts.open_one(token).id == invitation.id


def test_a_withdrawn_invitation_opens_nothing_and_is_one_event():
    owner = a_licensee()
    invitation, token = invite(owner)

    with transaction():
        accounts.withdraw(owner, invitation)

    with pytest.raises(InvitationGone):
        accept_as_new(token)
    assert last_event(owner.tenant_id).event == "invitation.withdrawn"


@pytest.mark.parametrize("act", [accounts.withdraw, accounts.resend])
def test_an_accepted_invitation_is_neither_withdrawn_nor_sent_again(act):
    owner = a_licensee()
    invitation, token = invite(owner)
    accept_as_new(token)

    with pytest.raises(InvitationGone), transaction():
        act(owner, invitation)


@pytest.mark.parametrize("act", [accounts.withdraw, accounts.resend])
def test_a_viewer_neither_withdraws_nor_sends_again(act):
    owner = a_licensee()
    invitation, _token = invite(owner)
    viewer = a_member(tenant_of(owner), Role.VIEWER)

    with pytest.raises(NotAllowed), transaction():
        act(viewer, invitation)


def test_another_tenants_invitation_is_not_found():
    invitation, _token = invite(a_licensee())

    with pytest.raises(NotFound):
        store.get_invitation(a_licensee(), invitation.id)


def test_who_joined_another_way_cannot_accept_as_well():
    owner, person = a_licensee(), a_person(email=EMAIL)
    _invitation, token = invite(owner)
    a_member(tenant_of(owner), Role.VIEWER, person=person)

    with pytest.raises(AlreadyMember), transaction():
        accounts.accept(token, person)
