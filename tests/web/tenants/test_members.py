"""Members and invitations, in a browser."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from tests.factories import (
    PASSWORD,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    a_vendor,
    an_integrator,
    membership_of,
    tenant_of,
)

EMAIL = "nina@example.com"


@pytest.fixture
def owner():
    return a_licensee(name="Acme")


@pytest.fixture
def window(signed_in, owner):
    return signed_in(owner)


@pytest.fixture
def viewer(owner):
    return a_member(tenant_of(owner), Role.VIEWER, name="Vera Viewer")


def at(actor, page=""):
    return f"/{tenant_of(actor).account_id}/settings/members{page}"


def role_page(actor):
    return at(actor, f"/{actor.membership_id}/role")


def remove_page(actor):
    return at(actor, f"/{actor.membership_id}/remove")


def invited(owner):
    with transaction():
        return accounts.invite(owner, EMAIL, Role.DEVELOPER).id


def invitation_page(owner, invitation_id, act):
    return f"/{tenant_of(owner).account_id}/settings/invitations/{invitation_id}/{act}"


def test_members_and_open_invitations_are_listed(window, owner, viewer):
    invited(owner)

    page = window.get(at(owner)).text

    assert "Vera Viewer" in page
    assert EMAIL in page


def test_a_viewer_sees_the_list_and_who_could_change_it(signed_in, owner, viewer):
    page = signed_in(viewer).get(at(owner)).text

    assert "An owner of this account can do it." in page
    assert "Change role" not in page


def test_a_long_list_goes_on_at_the_next_page(window, owner, viewer):
    first = store.members(owner).rows[0]

    page = window.get(at(owner), query_string={"after": str(first.id).encode().hex()})

    assert "Vera Viewer" in page.text


@pytest.mark.parametrize("after", ["x", "00", "\x00", "~"])
def test_a_made_up_place_in_the_list_is_refused(window, owner, after):
    assert window.get(at(owner), query_string={"after": after}).status_code == 422


def test_many_members_take_no_more_statements_than_few(window, owner):
    def count():
        seen = []

        def note(_connection, _cursor, statement, *_rest):
            if not statement.startswith(("BEGIN", "PRAGMA")):
                seen.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        window.get(at(owner))
        event.remove(db.engine, "before_cursor_execute", note)
        return len(seen)

    few = count()
    for _ in range(5):
        a_member(tenant_of(owner), Role.VIEWER)
    invited(owner)

    assert few == count() <= 12


def test_a_member_gets_another_role(window, owner, viewer):
    answer = window.post(role_page(viewer), data={"role": "developer", "version": membership_of(viewer).version})

    assert answer.status_code == 303
    assert membership_of(viewer).role is Role.DEVELOPER


def test_another_role_signs_the_member_out(window, signed_in, viewer):
    theirs = signed_in(viewer)

    window.post(role_page(viewer), data={"role": "developer", "version": membership_of(viewer).version})

    assert theirs.get("/profile").status_code == 302


@pytest.mark.parametrize(
    "changes",
    [{"role": ""}, {"role": "partner_admin"}, {"role": "xx"}, {"role": "\x00"}, {"version": ""}, {"version": "x"}],
)
def test_a_role_that_cannot_be_given_is_said_at_the_field(window, viewer, changes):
    form = {"role": "developer", "version": membership_of(viewer).version} | changes

    answer = window.post(role_page(viewer), data=form)

    assert answer.status_code == 422
    assert membership_of(viewer).role is Role.VIEWER


def test_a_role_changed_in_another_tab_is_a_409_with_both_versions(window, viewer):
    loaded = membership_of(viewer).version
    window.post(role_page(viewer), data={"role": "developer", "version": loaded})

    answer = window.post(role_page(viewer), data={"role": "key_manager", "version": loaded})

    assert answer.status_code == 409
    assert "Key manager" in answer.text
    assert "Developer" in answer.text


def test_the_last_owner_is_told_why_they_cannot_step_down(window, owner):
    answer = window.post(role_page(owner), data={"role": "viewer", "version": membership_of(owner).version})

    assert answer.status_code == 422
    assert "This is the last member who can manage the account" in answer.text


def test_an_owner_who_steps_down_stays_signed_in_with_a_new_session(window, owner):
    a_member(tenant_of(owner), Role.OWNER)
    before = window.get_cookie("sid").value

    answer = window.post(role_page(owner), data={"role": "viewer", "version": membership_of(owner).version})

    assert answer.status_code == 303
    assert window.get_cookie("sid").value != before
    assert window.get(at(owner)).status_code == 200
    assert window.get(role_page(owner)).status_code == 403


def test_a_change_of_role_asks_for_the_password_after_ten_minutes(window, viewer):
    form = {"role": "developer", "version": membership_of(viewer).version}
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        without = window.post(role_page(viewer), data=form)
        wrong = window.post(role_page(viewer), data=form | {"password": "wrong"})
        assert membership_of(viewer).role is Role.VIEWER
        right = window.post(role_page(viewer), data=form | {"password": PASSWORD})

    assert (without.status_code, wrong.status_code, right.status_code) == (422, 422, 303)


def test_looking_at_the_page_to_remove_removes_nobody(window, owner, viewer):
    page = window.get(remove_page(viewer))

    assert page.status_code == 200
    assert membership_of(viewer).ended_at is None


def test_the_page_says_what_ends_and_what_goes_on(signed_in, owner):
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER)
    a_key(maker, name="Storefront")
    signed_in(maker)

    page = signed_in(owner).get(remove_page(maker)).text

    assert "What ends at once" in page
    assert "Test browser" in page
    assert "Storefront of" in page
    assert "What goes on" in page


def test_a_removed_member_is_out_with_the_next_request(window, signed_in, owner, viewer):
    theirs = signed_in(viewer)

    answer = window.post(remove_page(viewer))

    assert answer.status_code == 303
    assert theirs.get(at(owner)).location.startswith("/sign-in")


def test_removing_twice_is_not_found(window, viewer):
    address = remove_page(viewer)
    window.post(address)

    assert window.post(address).status_code == 404


def test_the_last_owner_cannot_be_removed(window, owner):
    answer = window.post(remove_page(owner))

    assert answer.status_code == 409
    assert "Give somebody else the same role first." in answer.text


def test_who_leaves_is_led_to_their_other_accounts(window, owner):
    a_member(tenant_of(owner), Role.OWNER)

    assert window.post(remove_page(owner)).location == "/accounts"


def test_removing_asks_for_the_password_after_ten_minutes(window, viewer):
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = window.post(remove_page(viewer))

    assert answer.status_code == 422
    assert membership_of(viewer).ended_at is None


def test_s9_the_page_says_that_it_is_the_signer_who_would_leave(signed_in):
    signer = a_partner()
    window = signed_in(a_member(tenant_of(signer), Role.OWNER))

    page = window.get(remove_page(signer)).text

    assert "This is the signer of a running partner contract" in page
    assert "Signer" in window.get(at(signer)).text


def test_the_signer_can_be_removed_knowingly(signed_in):
    signer = a_partner()
    window = signed_in(a_member(tenant_of(signer), Role.OWNER))

    assert window.post(remove_page(signer)).status_code == 303


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_owners_change_members(signed_in, owner, viewer, role):
    window = signed_in(a_member(tenant_of(owner), role))
    invitation_id = invited(owner)

    answers = [
        window.post(role_page(viewer), data={"role": "owner", "version": 1}),
        window.post(remove_page(viewer)),
        window.post(at(owner, "/invite"), data={"email": "x@example.com", "role": "viewer", "language": "en"}),
        window.post(invitation_page(owner, invitation_id, "resend")),
        window.post(invitation_page(owner, invitation_id, "withdraw")),
    ]

    assert [answer.status_code for answer in answers] == [403] * 5
    assert membership_of(viewer).role is Role.VIEWER


def test_members_and_invitations_of_another_tenant_do_not_exist(window, owner):
    other = a_licensee()
    foreign = a_member(tenant_of(other), Role.VIEWER)
    invitation_id = invited(other)

    pages = [
        at(owner, f"/{foreign.membership_id}/role"),
        at(owner, f"/{foreign.membership_id}/remove"),
        invitation_page(owner, invitation_id, "resend"),
        invitation_page(owner, invitation_id, "withdraw"),
        at(owner, f"/{uuid.uuid4()}/remove"),
        at(owner, "/not-a-member/remove"),
    ]

    assert [window.post(page).status_code for page in pages] == [404] * 6
    assert membership_of(foreign).ended_at is None


def test_an_invitation_goes_out(window, owner):
    answer = window.post(at(owner, "/invite"), data={"email": EMAIL, "role": "key_manager", "language": "zh_Hant"})

    mail = outbox.read_all(1)[0]
    assert answer.status_code == 303
    assert (mail.to, mail.language, mail.facts["role"]) == (EMAIL, "zh_Hant", "Key manager")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Give an e-mail address"),
        ({"email": "nina"}, "Give an e-mail address"),
        ({"email": "nina@example.com\nBcc: x@example.com"}, "Give an e-mail address"),
        ({"email": "a\x00b@example.com"}, "Give an e-mail address"),
        ({"role": ""}, "Choose a role."),
        ({"role": "operator"}, "There is a problem"),
        ({"language": "xx"}, "There is a problem"),
        ({"language": ""}, "There is a problem"),
    ],
)
def test_an_invitation_that_cannot_be_sent_says_why(window, owner, changes, sentence):
    form = {"email": EMAIL, "role": "viewer", "language": "en"} | changes

    answer = window.post(at(owner, "/invite"), data=form)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert outbox.read_all(1) == []


@pytest.mark.parametrize("again", ["nina@example.com", "NINA@EXAMPLE.COM"])
def test_inviting_twice_is_said_at_the_field(window, owner, again):
    invited(owner)

    answer = window.post(at(owner, "/invite"), data={"email": again, "role": "viewer", "language": "en"})

    assert answer.status_code == 422
    assert "is invited already" in answer.text
    assert len(outbox.read_all(9)) == 1


def test_inviting_a_member_is_said_at_the_field(window, owner):
    email = store.get_person(owner.person_id).email

    answer = window.post(at(owner, "/invite"), data={"email": email, "role": "viewer", "language": "en"})

    assert answer.status_code == 422
    assert "is a member already" in answer.text


def test_inviting_asks_for_the_password_after_ten_minutes(window, owner):
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        answer = window.post(at(owner, "/invite"), data={"email": EMAIL, "role": "viewer", "language": "en"})

    assert answer.status_code == 422
    assert outbox.read_all(1) == []


def test_an_invitation_is_sent_again(window, owner):
    with time_machine.travel(clock.now() - timedelta(minutes=2), tick=False):
        invitation_id = invited(owner)

    window.post(invitation_page(owner, invitation_id, "resend"))

    first, second = (mail.facts["token"] for mail in reversed(outbox.read_all(9)))
    assert first != second


def test_an_invitation_is_withdrawn(window, owner):
    invitation_id = invited(owner)

    window.post(invitation_page(owner, invitation_id, "withdraw"))

    assert store.open_invitations(owner) == []
    assert window.post(invitation_page(owner, invitation_id, "withdraw")).status_code == 404


def test_a_partner_admin_neither_makes_nor_removes_an_operator(signed_in):
    admin, operator = a_vendor(Role.PARTNER_ADMIN), a_vendor(Role.OPERATOR)
    window = signed_in(admin)

    page = window.get(at(admin, "/invite")).text

    assert 'value="partner_admin"' in page
    assert 'value="operator"' not in page
    assert window.post(remove_page(operator)).status_code == 403


def test_an_integrator_finds_no_settings_of_its_client(signed_in, owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)
    window = signed_in(integrator)

    assert window.get(f"/{tenant_of(owner).account_id}").status_code == 200
    assert window.get(f"/{tenant_of(owner).account_id}/settings").status_code == 404
    assert window.get(at(owner)).status_code == 404
    assert window.get(f"/{tenant_of(owner).account_id}/settings/roles").status_code == 404


def test_an_integrators_clients_stand_in_its_list_of_accounts(signed_in, owner):
    integrator = an_integrator()
    a_delegation(owner, integrator)

    assert "Acme" in signed_in(integrator).get("/accounts").text


def test_a_tenant_of_nobody_is_not_found(window):
    assert window.get(f"/{a_tenant().account_id}/settings").status_code == 404
