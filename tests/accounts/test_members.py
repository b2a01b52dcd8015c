"""Members: roles, leaving, and that an account always has somebody to manage it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Permission, Role
from portal.accounts import members, passwords, people, store
from portal.accounts import operations as accounts
from portal.accounts.errors import AlreadyMember, LastOwner, OwnRoleRaised, RoleNotYours
from portal.accounts.models import Language
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed, NotFound, PortalError
from tests.accounts.record import events_in, last_event
from tests.factories import (
    PASSWORD,
    a_key,
    a_licensee,
    a_member,
    a_tenant,
    a_vendor,
    acting,
    membership_of,
    tenant_of,
)


def give(actor, member, role, version=None):
    membership = membership_of(member)
    with transaction():
        accounts.change_role(actor, membership, role, version or membership.version)


def remove(actor, member):
    with transaction():
        accounts.remove(actor, membership_of(member))


def test_an_owner_gives_a_member_another_role():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)

    give(owner, viewer, Role.KEY_MANAGER)

    assert membership_of(viewer).role is Role.KEY_MANAGER
    assert last_event(owner.tenant_id).facts == {"before": "Viewer", "after": "Key manager"}


def test_another_role_ends_the_members_sessions():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    with transaction():
        _row, token = accounts.begin_session(store.get_person(viewer.person_id), "")

    give(owner, viewer, Role.DEVELOPER)

    assert accounts.session_for(token) is None


def test_giving_the_role_they_have_is_no_event():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    before = events_in(owner.tenant_id)

    give(owner, viewer, Role.VIEWER)

    assert events_in(owner.tenant_id) == before


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_owners_change_roles(role):
    owner = a_licensee()
    actor = a_member(tenant_of(owner), role)

    with pytest.raises(NotAllowed):
        give(actor, actor, Role.VIEWER)


@pytest.mark.parametrize("role", [Role.PARTNER_ADMIN, Role.OPERATOR])
def test_an_owner_never_gives_the_vendors_roles(role):
    owner = a_licensee()

    with pytest.raises(RoleNotYours):
        give(owner, a_member(tenant_of(owner), Role.VIEWER), role)


def test_a_partner_admin_neither_makes_nor_unmakes_an_operator():
    admin, operator = a_vendor(Role.PARTNER_ADMIN), a_vendor(Role.OPERATOR)

    with pytest.raises(RoleNotYours):
        give(admin, admin, Role.OPERATOR)
    with pytest.raises(RoleNotYours):
        give(admin, operator, Role.PARTNER_ADMIN)
    with pytest.raises(RoleNotYours):
        remove(admin, operator)


def test_nobody_raises_their_own_role(monkeypatch):
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    monkeypatch.setattr(members, "may_give", lambda _actor: frozenset(Role))
    sly = system_actor("sly", owner.tenant_id)
    viewer = type(viewer)(**{**vars(viewer), "permissions": sly.permissions})

    with pytest.raises(OwnRoleRaised):
        give(viewer, viewer, Role.OWNER)


def test_the_last_owner_cannot_step_down():
    owner = a_licensee()

    with pytest.raises(LastOwner):
        give(owner, owner, Role.VIEWER)


def test_the_last_owner_cannot_be_removed():
    owner = a_licensee()

    with pytest.raises(LastOwner):
        remove(owner, owner)


def test_one_of_two_owners_may_leave():
    owner = a_licensee()
    other = a_member(tenant_of(owner), Role.OWNER)

    remove(owner, owner)

    assert [row.id for row in store.members(other).rows] == [other.membership_id]


def test_an_owner_who_cannot_sign_in_does_not_count():
    owner = a_licensee()
    other = a_member(tenant_of(owner), Role.OWNER)
    with transaction():
        store.get_person(other.person_id).disabled_at = clock.now()

    with pytest.raises(LastOwner):
        remove(owner, owner)


def test_two_owners_who_remove_each_other_at_once_leave_one(app):
    first = a_licensee()
    second = a_member(tenant_of(first), Role.OWNER)
    db.session.remove()

    def strike(actor, member):
        with app.app_context():
            try:
                remove(actor, member)
            except PortalError:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(strike, (first, second), (second, first)))

    assert len(store.members(first).rows) == 1


def test_a_change_of_role_from_an_older_page_shows_both_versions():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    loaded = membership_of(viewer).version
    give(owner, viewer, Role.DEVELOPER)

    with pytest.raises(Changed) as refusal:
        give(owner, viewer, Role.KEY_MANAGER, loaded)

    assert refusal.value.versions == [("Role", "Key manager", "Developer")]


def test_a_member_of_another_tenant_is_not_found():
    owner, foreign = a_licensee(), a_member(a_tenant(), Role.VIEWER)

    with pytest.raises(NotFound):
        remove(owner, foreign)

    assert membership_of(foreign).ended_at is None


def test_a_removed_member_is_gone_from_the_tenant_with_one_event():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER, name="Vera Viewer")

    remove(owner, viewer)

    assert store.memberships_of(viewer.person_id) == []
    event = last_event(owner.tenant_id)
    assert (event.event, event.subject_label) == ("member.removed", "Vera Viewer")


def test_removing_a_member_twice_is_not_found():
    owner = a_licensee()
    membership = membership_of(a_member(tenant_of(owner), Role.VIEWER))
    with transaction():
        accounts.remove(owner, membership)

    with pytest.raises(NotFound), transaction():
        accounts.remove(owner, membership)


def test_removing_who_made_a_key_changes_nothing_for_the_key():
    owner = a_licensee()
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER)
    pair = a_key(manager)
    before = {column.key: getattr(pair, column.key) for column in pair.__table__.columns}

    remove(owner, manager)

    assert {column.key: getattr(pair, column.key) for column in pair.__table__.columns} == before


def test_a_removed_member_can_come_back():
    owner = a_licensee()
    viewer = a_member(tenant_of(owner), Role.VIEWER)
    remove(owner, viewer)

    again = a_member(tenant_of(owner), Role.DEVELOPER, person=store.get_person(viewer.person_id))

    assert acting(membership_of(again)).role is Role.DEVELOPER


def test_nobody_is_a_member_twice():
    owner = a_licensee()

    with pytest.raises(AlreadyMember):
        a_member(tenant_of(owner), Role.VIEWER, person=store.get_person(owner.person_id))


def test_notices_go_to_those_who_may_and_can_sign_in():
    owner = a_licensee()
    a_member(tenant_of(owner), Role.VIEWER)
    manager = a_member(tenant_of(owner), Role.KEY_MANAGER)
    disabled = a_member(tenant_of(owner), Role.KEY_MANAGER)
    gone = a_member(tenant_of(owner), Role.KEY_MANAGER)
    a_member(a_tenant(), Role.KEY_MANAGER)
    with transaction():
        store.get_person(disabled.person_id).disabled_at = clock.now()
    remove(owner, gone)

    def told(wanted):
        return {person.id for person in store.people_with(owner.tenant_id, wanted)}

    assert told(Permission.KEY_MAKE) == {owner.person_id, manager.person_id}
    assert told(Role.KEY_MANAGER) == {manager.person_id}
    assert told(Permission.MEMBERS_MANAGE) == {owner.person_id}


def test_members_are_listed_by_the_hundred():
    owner = a_licensee()
    chosen = passwords.choose(PASSWORD, email="x@example.com", name="x")
    with transaction():
        for number in range(101):
            person = people.new_person(f"m{number}@example.com", f"Member {number}", chosen, Language.EN)
            members.join(owner.tenant_id, person, Role.VIEWER)

    first = store.members(owner)
    second = store.members(owner, first.next_place)

    assert (len(first.rows), len(second.rows), second.next_place) == (100, 2, None)
