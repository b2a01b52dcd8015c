"""Who lost every second factor: two others, 24 hours, everybody told, and the person can stop it all the while."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.accounts import factor_policy, factor_store, members, passwords, recovery_store, sessions, store
from portal.accounts import operations as accounts
from portal.accounts.errors import (
    NobodyVouched,
    NotByOneself,
    OthersVouch,
    RecoveryOver,
    RecoveryTooEarly,
    SignInLapsed,
    StopLinkGone,
    WrongPassword,
)
from portal.accounts.models import RecoveryOutcome
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.impact.disabling import disable_person
from portal.outbox import operations as outbox
from tests.accounts.factors import DEVICE, HERE, a_passkey, an_app, password_of
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_licensee, a_member, a_person, a_vendor, membership_of, tenant_of
from tests.parallel import AT_ONCE, at_once

pytestmark = pytest.mark.either_database
LATER = timedelta(hours=24, minutes=1)
NEW = "entirely different umbrella"


class Lost:
    """A member of `owner`'s account who lost everything and asked; `app` is what was lost."""

    def __init__(self, owner, role=Role.DEVELOPER, actor=None):
        self.owner = owner
        self.actor = actor or a_member(tenant_of(owner), role)
        self.app = an_app(store.get_person(self.actor.person_id))
        self.waiting = waiting(self.app)
        with transaction():
            self.id = accounts.ask_for_recovery(self.waiting).id

    @property
    def person(self):
        return store.get_person(self.actor.person_id)

    @property
    def outcome(self):
        return recovery_store.get(self.id).outcome


def waiting(app):
    proof = password_of(app.person)
    with transaction():
        return accounts.await_code(proof)


def mails(template):
    return [mail for mail in outbox.read_all(100) if mail.template == template]


def vouch(actor, lost):
    with transaction():
        accounts.vouch_for_recovery(actor, lost.id)


def carry_out(actor, lost):
    nobodys = passwords.nobodys()
    with transaction():
        accounts.carry_out_recovery(actor, lost.id, nobodys)


def refuse(actor, lost):
    with transaction():
        accounts.refuse_recovery(actor, lost.id)


@pytest.fixture
def operator(app):
    return a_vendor(Role.OPERATOR)


@pytest.fixture
def owner(app):
    return a_licensee(name="Acme")


@pytest.fixture
def lost(operator, owner):
    return Lost(owner)


@pytest.fixture
def recovered(lost, owner, operator):
    """`lost`, a day later, when it was carried out."""
    vouch(owner, lost)
    with time_machine.travel(clock.now() + LATER, tick=False):
        carry_out(operator, lost)
        yield lost


def link_to_new_password(lost):
    with transaction():
        accounts.ask_for_reset(lost.person.email)
    with transaction():
        accounts.answer_reset_requests()
    return str(mails("password_reset_link")[0].facts["token"])


def new_password():
    return passwords.choose(NEW, email="", name="")


def test_who_asks_has_given_the_password(app):
    with pytest.raises(SignInLapsed), transaction():
        accounts.ask_for_recovery("no such sign-in")


def test_asking_tells_the_person_and_who_manages_their_accounts_and_removes_nothing(lost, owner):
    assert [mail.to for mail in mails("recovery_asked")] == [lost.person.email]
    assert [mail.to for mail in mails("recovery_asked_told")] == [store.get_person(owner.person_id).email]
    assert events_in(owner.tenant_id)[-1] == "recovery.asked"
    assert factor_store.has_second_factor(lost.person.id)


def test_asking_again_is_the_same_request(lost):
    with transaction():
        assert accounts.ask_for_recovery(lost.waiting).id == lost.id
    assert len(mails("recovery_asked")) == 1


def test_the_whole_way(lost, owner, operator):
    with transaction():
        token = sessions.begin_session(lost.person, DEVICE)[1]
    vouch(owner, lost)
    assert len(mails("recovery_vouched")) == len(mails("recovery_to_carry_out")) == 1

    with time_machine.travel(clock.now() + LATER, tick=False):
        carry_out(operator, lost)

    person = lost.person
    assert lost.outcome is RecoveryOutcome.DONE
    assert not factor_store.has_second_factor(person.id)
    assert factor_store.recovery_codes_left(person.id) == 0
    assert sessions.session_for(token) is None
    assert [mail.to for mail in mails("recovery_done")] == [person.email]
    assert events_in(owner.tenant_id)[-2:] == ["recovery.vouched", "recovery.done"]
    with pytest.raises(WrongPassword):
        password_of(person)


def test_apps_and_passkeys_end_alike(lost, owner, operator):
    a_passkey(lost.person)
    vouch(owner, lost)

    with time_machine.travel(clock.now() + LATER, tick=False):
        carry_out(operator, lost)

    assert not factor_store.kinds_of(lost.person.id)
    assert not factor_store.passkeys_of(lost.person.id)


def test_then_a_new_password_takes_the_mail_and_the_one_until_now(recovered):
    token = link_to_new_password(recovered)
    former = accounts.attempt(recovered.person, accounts.FormerPassword(PASSWORD), HERE)

    with transaction():
        accounts.reset_password(token, new_password(), None, former)

    assert not accounts.needs_code(password_of(recovered.person, NEW))
    assert recovered.person.former_hash is None


def test_the_mailbox_alone_is_not_enough_then_either(recovered):
    token = link_to_new_password(recovered)

    with pytest.raises(WrongPassword), transaction():
        accounts.reset_password(token, new_password(), None)
    with pytest.raises(WrongPassword):
        accounts.attempt(recovered.person, accounts.FormerPassword("not the password at all"), HERE)


def test_the_password_until_then_signs_nobody_in(recovered):
    former = accounts.attempt(recovered.person, accounts.FormerPassword(PASSWORD), HERE)

    with pytest.raises(WrongPassword), transaction():
        accounts.sign_in(former, DEVICE)


def test_who_lost_none_has_no_password_until_then(app):
    with pytest.raises(WrongPassword):
        accounts.attempt(a_person(), accounts.FormerPassword(PASSWORD), HERE)


def test_no_days_of_grace_are_left_where_a_second_factor_is_asked_for(recovered, owner):
    member = membership_of(recovered.actor)
    asked = [factor_policy.Asked(member.tenant, clock.now())]
    with transaction():
        member.tenant.factor_asked_at = clock.now()

    due = factor_policy.due(recovered.person, asked)

    assert due is not None
    assert due.at == recovered.person.recovered_at


def test_an_accounts_identity_provider_is_not_enough_to_ask(operator, owner):
    app = an_app(store.get_person(a_member(tenant_of(owner), Role.DEVELOPER).person_id))
    proof = replace(password_of(app.person), vouched_by_id=owner.tenant_id)
    with transaction():
        token = accounts.await_code(proof)

    with pytest.raises(SignInLapsed), transaction():
        accounts.ask_for_recovery(token)


def test_nothing_is_carried_out_before_24_hours(lost, owner, operator):
    vouch(owner, lost)

    for hours in (0, 23):
        with time_machine.travel(clock.now() + timedelta(hours=hours), tick=False), pytest.raises(RecoveryTooEarly):
            carry_out(operator, lost)
    assert factor_store.has_second_factor(lost.person.id)


def test_nothing_is_carried_out_without_a_word_of_somebody_else(lost, operator):
    with time_machine.travel(clock.now() + LATER, tick=False), pytest.raises(NobodyVouched):
        carry_out(operator, lost)


def test_nobody_but_an_operator_carries_it_out(lost, owner):
    vouch(owner, lost)

    with time_machine.travel(clock.now() + LATER, tick=False):
        for actor in (owner, a_vendor(Role.PARTNER_ADMIN)):
            with pytest.raises(NotAllowed):
                carry_out(actor, lost)


def test_nobody_vouches_for_themselves(operator, owner):
    lost = Lost(owner, Role.OWNER)

    with pytest.raises(NotByOneself):
        vouch(lost.actor, lost)


def test_the_portal_itself_is_none_of_the_two(lost, owner):
    system = system_actor("command line", owner.tenant_id)

    with pytest.raises(NotByOneself):
        vouch(system, lost)


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_who_manages_no_members_does_not_vouch(lost, owner, role):
    with pytest.raises(NotAllowed):
        vouch(a_member(tenant_of(owner), role), lost)


def test_the_owner_of_another_account_finds_no_request(lost):
    with pytest.raises(NotFound):
        vouch(a_licensee(name="Other"), lost)


def test_the_vendor_does_not_vouch_where_somebody_else_can(lost, operator):
    with pytest.raises(OthersVouch):
        vouch(operator, lost)


def test_for_who_alone_manages_an_account_two_of_the_vendor_agree(operator, owner):
    lost, another = Lost(owner, actor=owner), a_vendor(Role.OPERATOR)
    assert {mail.to for mail in mails("recovery_asked_told")} == {
        store.get_person(one.person_id).email for one in (operator,)
    }

    vouch(operator, lost)

    with time_machine.travel(clock.now() + LATER, tick=False):
        with pytest.raises(NotByOneself):
            carry_out(operator, lost)
        carry_out(another, lost)
    assert lost.outcome is RecoveryOutcome.DONE


@pytest.mark.parametrize("how", ["removed", "disabled", "another role"])
def test_the_word_of_who_may_no_longer_vouch_is_none(lost, owner, operator, how):
    another = a_member(tenant_of(owner), Role.OWNER)
    vouch(another, lost)
    with transaction():
        if how == "removed":
            members.remove(owner, membership_of(another))
        elif how == "disabled":
            disable_person(operator, store.get_person(another.person_id), why="They left.")
        else:
            found = membership_of(another)
            accounts.change_role(owner, found, Role.VIEWER, found.version)

    with time_machine.travel(clock.now() + LATER, tick=False):
        with pytest.raises(NobodyVouched):
            carry_out(operator, lost)
        vouch(owner, lost)  # and the 24 hours begin anew
        with pytest.raises(RecoveryTooEarly):
            carry_out(operator, lost)


@pytest.mark.parametrize("when", ["asked", "vouched"])
def test_the_person_stops_it_by_the_link_of_either_mail(lost, owner, operator, when):
    vouch(owner, lost)
    token = str(mails(f"recovery_{when}")[0].facts["token"])

    with transaction():
        accounts.stop_recovery(token)

    assert lost.outcome is RecoveryOutcome.STOPPED
    assert events_in(owner.tenant_id)[-1] == "recovery.stopped"
    assert mails("recovery_over_told")
    with pytest.raises(StopLinkGone):
        accounts.recovery_to_stop(token)
    with time_machine.travel(clock.now() + LATER, tick=False), pytest.raises(RecoveryOver):
        carry_out(operator, lost)


def test_signing_in_with_the_second_factor_stops_it(lost, owner):
    vouch(owner, lost)
    proof = accounts.attempt(lost.app.person, accounts.Code(lost.app.code()), HERE)

    with transaction():
        accounts.sign_in_with_code(lost.waiting, proof, DEVICE)

    assert lost.outcome is RecoveryOutcome.STOPPED


def test_another_password_stops_it(lost, owner):
    vouch(owner, lost)
    code = accounts.attempt(lost.app.person, accounts.Code(lost.app.code()), HERE)
    proof = password_of(lost.person)

    with transaction():
        accounts.change_password(proof, new_password(), DEVICE, code)

    assert lost.outcome is RecoveryOutcome.STOPPED


def test_who_was_stopped_by_the_link_begins_anew(lost):
    with transaction():
        accounts.stop_recovery(str(mails("recovery_asked")[0].facts["token"]))

    with pytest.raises(SignInLapsed), transaction():
        accounts.ask_for_recovery(lost.waiting)


def test_the_right_password_alone_stops_nothing(lost):
    waiting(lost.app)

    assert lost.outcome is None


def test_who_may_vouch_and_operators_refuse(lost, owner, operator):
    refuse(owner, lost)

    assert lost.outcome is RecoveryOutcome.REFUSED
    assert mails("recovery_refused")
    with pytest.raises(RecoveryOver):
        refuse(operator, lost)


def test_who_is_disabled_meanwhile_is_helped_no_more(lost, owner, operator):
    vouch(owner, lost)
    with transaction():
        disable_person(operator, lost.person, why="They left.")

    with time_machine.travel(clock.now() + LATER, tick=False), pytest.raises(RecoveryOver):
        carry_out(operator, lost)


@pytest.mark.parametrize("is_vouched", [False, True], ids=["not vouched", "vouched"])
def test_a_request_that_nobody_answers_lapses(lost, owner, is_vouched):
    if is_vouched:
        vouch(owner, lost)

    for days, expected in ((6, None), (9, RecoveryOutcome.LAPSED)):
        with time_machine.travel(clock.now() + timedelta(days=days), tick=False), transaction():
            accounts.lapse_recoveries(system_actor("worker"))
        assert lost.outcome is expected


def test_of_many_who_carry_it_out_at_once_one_does(lost, owner, operator):
    vouch(owner, lost)
    nobodys = passwords.nobodys()

    def act(_number):
        with transaction():
            accounts.carry_out_recovery(operator, lost.id, nobodys)

    with time_machine.travel(clock.now() + LATER, tick=False):
        assert at_once(act) == {"done": 1, "recovery_over": AT_ONCE - 1}


def test_who_stops_it_while_it_is_carried_out_was_in_time_or_not(lost, owner, operator):
    vouch(owner, lost)
    nobodys = passwords.nobodys()
    token = str(mails("recovery_vouched")[0].facts["token"])

    def act(number):
        with transaction():
            if number % 2:
                accounts.carry_out_recovery(operator, lost.id, nobodys)
            else:
                accounts.stop_recovery(token)

    with time_machine.travel(clock.now() + LATER, tick=False):
        came_of_it = at_once(act)

    assert came_of_it["done"] == 1
    assert sum(came_of_it.values()) == AT_ONCE
    assert came_of_it.keys() <= {"done", "recovery_over", "stop_link_gone"}
    assert factor_store.has_second_factor(lost.person.id) is (lost.outcome is RecoveryOutcome.STOPPED)
