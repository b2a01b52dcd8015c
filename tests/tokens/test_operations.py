"""Personal tokens: made once, found while they work, ended with their person; each change on record."""

import hashlib
from datetime import timedelta

import pytest

from portal.access.actor import through_token
from portal.access.errors import OnlyInPerson, ScopeMissing
from portal.access.roles import Role, Scope
from portal.access.rows import Reader, across_tenants
from portal.accounts import members
from portal.audit.models import AuditEvent
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.words import NameEmpty
from portal.tokens import operations, store
from portal.tokens.errors import (
    IssuedAlready,
    LastDayOutOfRange,
    NotAtHome,
    NotYourToken,
    ScopeNotYours,
    TooManyTokens,
)
from portal.tokens.models import TokenState
from tests.factories import a_delegation, a_licensee, a_member, an_integrator, for_client, membership_of, tenant_of
from tests.tokens.scenes import a_token, end


@pytest.fixture
def owner():
    return a_licensee(name="Northwind")


def found(issued, *, after: timedelta = timedelta()):
    db.session.rollback()
    return operations.find(issued.secret, clock.now() + after)


def events(beginning="token."):
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.event.startswith(beginning))
    return [(row.event, row.facts) for row in db.session.scalars(rows.order_by(AuditEvent.seq))]


def test_a_token_is_found_by_its_secret_with_its_person_and_its_tenant(owner):
    token = found(a_token(owner, Scope.KEYS))

    assert token.membership.person.name == owner.label
    assert token.membership.tenant.name == "Northwind"
    assert token.scopes == {Scope.READ, Scope.KEYS}


def test_only_the_hash_of_the_whole_token_and_its_beginning_are_kept(owner):
    issued = a_token(owner)

    assert issued.token.digest == hashlib.sha256(issued.secret.encode()).digest()
    assert issued.token.hint == issued.secret[:8]
    assert issued.secret not in repr(issued)


def test_making_one_is_on_record_without_its_secret(owner):
    issued = a_token(owner, Scope.KEYS)

    ((event, facts),) = events()

    assert (event, facts["scopes"]) == ("token.issued", "keys, read")
    assert issued.secret not in str(facts)


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_ends_between_a_day_and_a_year_from_now(owner, days):
    with pytest.raises(LastDayOutOfRange):
        a_token(owner, ends_at=clock.now() + timedelta(days=days))


def test_a_token_has_no_scope_its_persons_role_has_no_use_for(owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)

    with pytest.raises(ScopeNotYours):
        a_token(developer, Scope.PROJECTS, Scope.KEYS)


def test_a_token_needs_a_name(owner):
    with pytest.raises(NameEmpty):
        a_token(owner, name=" ")


def test_one_form_makes_one_token(owner):
    a_token(owner, mark="one form")

    with pytest.raises(IssuedAlready):
        a_token(owner, mark="one form")


def test_only_so_many_tokens_of_a_person_work_at_a_time(owner, monkeypatch):
    monkeypatch.setattr(operations, "MOST_PER_MEMBER", 2)
    first = a_token(owner)
    a_token(owner)

    with pytest.raises(TooManyTokens):
        a_token(owner)
    end(owner, first.token)

    assert a_token(owner)


def test_a_token_makes_no_token(owner):
    with pytest.raises(OnlyInPerson):
        a_token(through_token(owner, frozenset(Scope), "tok_1"))


def test_in_a_clients_account_no_token_is_made(owner):
    agency = an_integrator()

    with pytest.raises(NotAtHome):
        a_token(for_client(agency, a_delegation(owner, agency)))


def test_a_token_stops_after_its_last_day(owner):
    issued = a_token(owner, ends_at=clock.now() + timedelta(days=1))

    assert found(issued, after=timedelta(hours=23))
    assert found(issued, after=timedelta(days=1)) is None


def test_a_token_ends_at_once_and_on_record(owner):
    issued = a_token(owner)

    end(owner, issued.token)
    end(owner, issued.token)

    assert found(issued) is None
    assert [event for event, _facts in events()] == ["token.issued", "token.ended"]


def test_an_owner_ends_a_members_token_and_no_other_member_does(owner):
    developer, other = (a_member(tenant_of(owner), Role.DEVELOPER) for _ in range(2))
    issued = a_token(developer)

    with pytest.raises(NotYourToken):
        end(other, issued.token)
    end(owner, issued.token)

    assert found(issued) is None


def test_a_token_ends_itself_without_any_scope_and_no_other(owner):
    mine, other = a_token(owner), a_token(owner)
    through = through_token(owner, frozenset(), mine.token.public_id)

    with pytest.raises(ScopeMissing):
        end(through, other.token)
    end(through, mine.token)

    assert found(mine) is None
    assert found(other)


def test_what_a_token_did_is_on_record_with_its_id(owner):
    issued = a_token(owner)
    end(through_token(owner, frozenset(), issued.token.public_id), issued.token)

    assert events()[-1][1]["token"] == issued.token.public_id


def test_a_token_ends_with_the_membership(owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    issued = a_token(developer)
    with transaction():
        members.remove(owner, membership_of(developer))

    assert found(issued) is None
    assert store.get(owner, issued.token.public_id, everybodys=True).state(clock.now()) is TokenState.LEFT


def test_a_statement_counts_those_that_work_and_none_of_who_left_or_was_disabled_or_whose_day_is_over(owner):
    leaving, disabled, staying = (a_member(tenant_of(owner), Role.DEVELOPER) for _number in range(3))
    for member in (leaving, disabled, staying):
        a_token(member)
    end(staying, a_token(staying).token)
    with transaction():
        members.remove(owner, membership_of(leaving))
        membership_of(disabled).person.disabled_at = clock.now()

    counts = [store.count_held(owner, who.membership_id, clock.now()) for who in (leaving, disabled, staying)]

    assert counts == [0, 0, 1]
    assert store.count_held(owner, staying.membership_id, clock.now() + timedelta(days=31)) == 0


def test_a_person_who_comes_back_finds_the_old_token_ended(owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    issued = a_token(developer)
    person = membership_of(developer).person
    with transaction():
        members.remove(owner, membership_of(developer))
    a_member(tenant_of(owner), Role.DEVELOPER, person=person)

    assert found(issued) is None


def test_a_token_ends_with_its_person(owner):
    issued = a_token(owner)
    with transaction():
        membership_of(owner).person.disabled_at = clock.now()

    assert found(issued) is None


def test_a_use_is_noted_once_a_minute(owner):
    issued = a_token(owner)
    first = clock.now()

    operations.note_use(issued.token, first, "GET api.keys.list")
    operations.note_use(found(issued), first + timedelta(seconds=59), "GET api.keys.show")

    assert found(issued).last_used_for == "GET api.keys.list"

    operations.note_use(found(issued), first + timedelta(seconds=60), "GET api.keys.show")

    assert found(issued).last_used_at == first + timedelta(seconds=60)
    assert found(issued).last_used_for == "GET api.keys.show"


def test_noting_a_use_leaves_loaded_what_is_loaded(owner):
    token = found(a_token(owner))

    operations.note_use(token, clock.now())

    assert token.membership.tenant.name == "Northwind"


def test_members_see_their_own_tokens_and_owners_everybodys(owner):
    developer = a_member(tenant_of(owner), Role.DEVELOPER)
    a_token(owner, name="Of the owner")
    a_token(developer, name="Of the developer")

    def names(actor):
        rows = store.page(actor, everybodys=operations.sees_everybodys(actor)).rows
        return [token.name for token in rows]

    assert names(developer) == ["Of the developer"]
    assert names(owner) == ["Of the developer", "Of the owner"]
