"""Becoming a member by the provider's word: who may, as what, and whom it never makes anybody be."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.accounts import invitations, members, passwords
from portal.accounts import store as people
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.providers import domain_store, operations, store
from portal.providers.errors import NoProvenDomain
from portal.providers.models import Joining, ProviderMode
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.web.mail import render
from tests.accounts.test_resets import NEW, link_for, reset
from tests.factories import PASSWORD, a_licensee, a_member, a_person, a_tenant, a_vendor, tenant_of
from tests.providers.conftest import account_of, at, events_of, go, newest, prove_domain, put_there, sign_in, switch

EMAIL = "ann@contoso.example"
NOT_VERIFIED = "no mail address of yours that it has verified"
BOTH_MAILS = ["joined_by_provider", "member_vouched_for"]


def vouch(op, **claims):
    """From now on the provider says this in its ID tokens, too."""
    op.spoil = lambda said: said.update({"email_verified": True, "name": "Ann Newcomer"} | claims)


def let_join(owner, joining=Joining.DOMAIN):
    with transaction():
        operations.set_joining(owner, store.find(owner), joining)


@pytest.fixture
def open_to_all(op, owner, provider, zone):
    """Whoever has a verified address of the proven domain may join."""
    prove_domain(owner, zone)
    let_join(owner)
    vouch(op)


def memberships(email=EMAIL):
    db.session.rollback()
    person = people.person_by_email(email)
    return [] if person is None else people.memberships_of(person.id)


def letters():
    db.session.rollback()
    wanted = OutboxMessage.template.in_(BOTH_MAILS)
    return sorted(db.session.scalars(select(OutboxMessage.template).where(wanted)))


def is_refused(answer, words):
    return answer.status_code == 403 and words in answer.text and not memberships()


def was_seen(ago: timedelta) -> None:
    """As if the record had been seen so long ago."""
    with transaction():
        domain_store.proven("contoso.example").seen_at = clock.now() - ago


def rename(actor, email):
    """The person has this address."""
    with transaction():
        person = people.get_person(actor.person_id)
        person.email = person.email_key = email


@pytest.mark.usefixtures("open_to_all")
class TestNewcomer:
    def test_a_newcomer_becomes_a_viewer_and_is_in(self, browse, op, owner):
        client = browse()

        answer = sign_in(client, op, account_of(owner))

        assert (answer.status_code, answer.location) == (303, "/")
        (membership,) = memberships()
        assert (membership.tenant_id, membership.role) == (owner.tenant_id, Role.VIEWER)
        assert client.get(f"/{account_of(owner)}").status_code == 200
        assert client.get(f"/{account_of(owner)}/settings/provider").status_code == 403
        row = newest()
        assert (row.person_id, row.vouched_by_id, row.is_own) == (membership.person_id, owner.tenant_id, False)

    def test_they_are_called_what_the_provider_says_and_have_no_password(self, browse, op, owner):
        sign_in(browse(), op, account_of(owner))

        person = people.person_by_email(EMAIL)
        assert (person.name, person.password_hash) == ("Ann Newcomer", passwords.NONE)
        for typed in (passwords.NONE, PASSWORD):
            assert browse().post("/sign-in", data={"email": EMAIL, "password": typed}).status_code == 422

    def test_it_is_one_event_and_a_mail_to_each_side(self, browse, op, owner):
        sign_in(browse(), op, account_of(owner))

        assert events_of(owner).count(Event.MEMBER_VOUCHED_FOR) == 1
        assert letters() == BOTH_MAILS

    def test_the_mails_say_what_happened_and_where_to_go(self, browse, op, owner):
        sign_in(browse(), op, account_of(owner))

        told = {mail.template: render(mail).get_content() for mail in outbox.read_all(10)}

        assert f"/{account_of(owner)}/settings/members" in told["member_vouched_for"]
        assert "“Contoso sign-in” vouched for ann@contoso.example" in told["member_vouched_for"]
        assert "/sign-in/forgotten" in told["joined_by_provider"]

    def test_a_password_of_ones_own_begins_with_the_mail(self, browse, op, owner):
        sign_in(browse(), op, account_of(owner))
        person = people.person_by_email(EMAIL)

        reset(link_for(person), person)
        answer = browse().post("/sign-in", data={"email": EMAIL, "password": NEW})

        assert (answer.status_code, newest().is_own) == (303, True)

    def test_the_next_sign_in_is_a_sign_in(self, browse, op, owner):
        for _time in range(2):
            assert sign_in(browse(), op, account_of(owner)).status_code == 303

        assert len(memberships()) == 1
        assert events_of(owner).count(Event.MEMBER_VOUCHED_FOR) == 1

    def test_an_owner_may_raise_them(self, browse, op, owner):
        sign_in(browse(), op, account_of(owner))
        (membership,) = memberships()

        with transaction():
            found = people.get_membership(owner, membership.id)
            members.change_role(owner, found, Role.DEVELOPER, found.version)

        assert memberships()[0].role is Role.DEVELOPER

    def test_without_a_name_it_is_what_stands_before_the_at(self, browse, op, owner):
        vouch(op, name="\u202e")
        sign_in(browse(), op, account_of(owner))

        assert people.person_by_email(EMAIL).name == "ann"

    def test_where_the_provider_is_enforced_too(self, browse, op, owner):
        switch(owner, ProviderMode.ENFORCED)
        client = browse()

        sign_in(client, op, account_of(owner))

        assert client.get(f"/{account_of(owner)}").status_code == 200

    @pytest.mark.parametrize("said", [False, "true", 1, None], ids=["no", "a text", "a number", "nothing"])
    def test_an_address_that_is_not_verified_is_none(self, browse, op, owner, said):
        vouch(op, email_verified=said)

        assert is_refused(sign_in(browse(), op, account_of(owner)), NOT_VERIFIED)

    @pytest.mark.parametrize(
        "email",
        [None, 7, [EMAIL], "nobody", "a\x00@contoso.example", ""],
        ids=["nothing", "a number", "a list", "no domain", "NUL", "empty"],
    )
    def test_nor_is_what_is_no_address(self, browse, op, owner, email):
        vouch(op, email=email)

        assert is_refused(sign_in(browse(), op, account_of(owner)), NOT_VERIFIED)

    @pytest.mark.parametrize(
        "email",
        ["ann@fabrikam.example", "ann@mail.contoso.example", "ann@contoso.example.evil.example", "a@xcontoso.example"],
    )
    def test_another_domain_lets_nobody_in(self, browse, op, owner, email):
        vouch(op, email=email)

        answer = sign_in(browse(), op, account_of(owner))

        assert is_refused(answer, "is not proven to be one")
        assert "An owner of the account can prove the domain, or invite you." in answer.text
        assert not memberships(email)

    def test_switched_off_it_lets_nobody_in(self, browse, op, owner):
        let_join(owner, Joining.NOBODY)

        assert is_refused(sign_in(browse(), op, account_of(owner)), "nobody here is connected")

    def test_a_suspended_account_grows_no_members(self, browse, op, owner):
        with transaction():
            tenants.set_standing(system_actor("tests"), tenant_of(owner), Standing.SUSPENDED)

        assert is_refused(sign_in(browse(), op, account_of(owner)), "is suspended")

    def test_who_is_invited_takes_the_invitation(self, browse, op, owner):
        with transaction():
            invitations.invite(owner, EMAIL, Role.KEY_MANAGER)

        assert is_refused(sign_in(browse(), op, account_of(owner)), "invited to this account already")

    @pytest.fixture
    def removed(self, browse, op, owner):
        """Somebody joined, and an owner removed them."""
        sign_in(browse(), op, account_of(owner))
        (membership,) = memberships()
        with transaction():
            members.remove(owner, people.get_membership(owner, membership.id))

    @pytest.mark.parametrize(
        "changed",
        [{}, {"email": "other@contoso.example"}, {"sub": "subject-2"}],
        ids=["as before", "under another address", "under another subject"],
    )
    def test_who_was_removed_stays_out(self, browse, op, owner, removed, changed):
        vouch(op, **changed)

        answer = sign_in(browse(), op, account_of(owner))

        assert is_refused(answer, "You belonged to this account before")
        assert not memberships("other@contoso.example")

    def test_a_domain_whose_record_is_gone_lets_nobody_in(self, browse, op, owner, zone):
        put_there(zone)
        was_seen(timedelta(days=2))

        assert is_refused(sign_in(browse(), op, account_of(owner)), "stands in its DNS no longer")

    def test_one_whose_dns_is_silent_lets_nobody_in(self, browse, op, owner, zone, monkeypatch):
        monkeypatch.setattr("portal.providers.txt_records.SECONDS", 0.2)
        zone.mute = True
        was_seen(timedelta(days=2))

        assert sign_in(browse(), op, account_of(owner)).status_code == 502
        assert not memberships()

    def test_one_whose_record_stands_is_good_for_another_day(self, browse, op, owner, zone):
        was_seen(timedelta(days=2))
        asked = len(zone.asked)

        sign_in(browse(), op, account_of(owner))

        assert (len(zone.asked), len(memberships())) == (asked + 1, 1)
        assert clock.now() - domain_store.get(owner, "contoso.example").seen_at < timedelta(minutes=1)

    def test_the_dns_is_not_asked_each_time(self, browse, op, owner, zone):
        asked = len(zone.asked)

        sign_in(browse(), op, account_of(owner))

        assert len(zone.asked) == asked

    def test_a_domain_that_is_another_accounts_by_now_lets_nobody_in(self, browse, op, owner, zone):
        prove_domain(a_licensee(name="Fabrikam"), zone)

        assert is_refused(sign_in(browse(), op, account_of(owner)), "is not proven to be one")

    def test_another_provider_has_to_be_let_in_anew(self, owner):
        row = at(owner)
        facts = {"name": row.name, "issuer": row.issuer, "client_id": "another", "asks_second": False}
        with transaction():
            operations.change(owner, row, row.version, client_secret="new s3cret", **facts)

        assert at(owner).joining is Joining.NOBODY

    def test_it_is_set_up_on_the_pages(self, browse, owner):
        client, where = browse(owner), f"/{account_of(owner)}/settings/provider/joining"

        client.post(where, data={"joining": "nobody"})

        assert at(owner).joining is Joining.NOBODY
        assert events_of(owner)[-1] == Event.PROVIDER_JOINING_CHANGED
        assert "contoso.example" in client.get(where).text


def test_without_a_proven_domain_it_cannot_be_switched_on(owner, provider):
    with pytest.raises(NoProvenDomain):
        let_join(owner)


@pytest.mark.usefixtures("open_to_all")
class TestWhoIsHereAlready:
    """No provider takes a person over: they join by their own sign-in."""

    @pytest.fixture
    def ann(self):
        """Somebody of another account, under the address that the provider vouches for."""
        return a_member(a_tenant("Elsewhere"), Role.OWNER, person=a_person("Ann", email=EMAIL))

    @pytest.fixture
    def joined(self, browse, op, owner, ann):
        """The browser in which Ann came back from the provider and confirmed that she joins."""
        client, account = browse(ann), account_of(owner)
        assert client.get(go(client, op, account, way="join/go")).location == f"/sign-in/with/{account}/join"
        assert EMAIL in client.get(f"/sign-in/with/{account}/join").text
        answer = client.post(f"/sign-in/with/{account}/join")
        assert answer.location == f"/{account}"
        client.csrf_secret = newest().csrf_token
        return client

    def here(self, owner):
        return [row for row in memberships() if row.tenant_id == owner.tenant_id]

    def test_the_provider_alone_signs_nobody_in(self, browse, op, owner, ann):
        client = browse()

        answer = sign_in(client, op, account_of(owner))

        assert answer.location.startswith("/sign-in?own=1&next=/sign-in/with/")
        assert client.get(f"/{account_of(owner)}").status_code == 302
        assert client.get(f"/{account_of(ann)}").status_code == 302
        assert not self.here(owner)

    def test_signed_in_by_themselves_they_confirm_it(self, joined, owner, ann):
        (membership,) = self.here(owner)
        assert membership.role is Role.VIEWER
        assert events_of(owner).count(Event.MEMBER_VOUCHED_FOR) == 1
        assert letters() == ["member_vouched_for"]
        assert joined.get(f"/{account_of(ann)}").status_code == 200
        assert joined.get(f"/{account_of(owner)}").status_code == 200

    def test_confirmed_twice_it_is_one(self, joined, owner):
        answer = joined.post(f"/sign-in/with/{account_of(owner)}/join")

        assert (answer.status_code, len(self.here(owner))) == (409, 1)

    def test_afterwards_the_provider_signs_them_in_there_only(self, browse, op, joined, owner, ann):
        client = browse()

        sign_in(client, op, account_of(owner))

        assert client.get(f"/{account_of(owner)}").status_code == 200
        assert client.get(f"/{account_of(ann)}").status_code == 404

    def test_a_stale_session_proves_itself_first(self, browse, op, owner, ann):
        client, where = browse(ann), f"/sign-in/with/{account_of(owner)}/join"
        client.get(go(client, op, account_of(owner), way="join/go"))
        with transaction():
            newest().reauthenticated_at = clock.now() - timedelta(minutes=11)

        assert client.post(where).status_code == 422
        assert not self.here(owner)
        assert client.post(where, data={"password": PASSWORD}).status_code == 303
        assert len(self.here(owner)) == 1

    def test_nobody_joins_with_the_address_of_another(self, browse, op, owner, ann):
        client, account = browse(a_licensee(name="Fabrikam")), account_of(owner)
        client.get(go(client, op, account, way="join/go"))

        answer = client.post(f"/sign-in/with/{account}/join")

        assert answer.status_code == 403
        assert "vouches for ann@contoso.example" in answer.text
        assert not self.here(owner)

    def test_an_answer_to_signing_in_is_none_to_joining(self, browse, op, owner, ann):
        client, account = browse(ann), account_of(owner)
        client.get(go(client, op, account))

        assert client.post(f"/sign-in/with/{account}/join").status_code == 403

    def test_a_session_by_another_provider_does_not_do(self, browse, owner, ann):
        client = browse(ann)
        with transaction():
            row = newest()
            row.is_own, row.vouched_by_id = False, ann.tenant_id

        assert client.get(f"/sign-in/with/{account_of(owner)}/join").location.startswith("/sign-in?own=1")

    def test_who_is_disabled_is_told_who_can_help(self, browse, op, owner, ann):
        with transaction():
            people.get_person(ann.person_id).disabled_at = clock.now()

        answer = sign_in(browse(), op, account_of(owner))

        assert (answer.status_code, "operator can say why" in answer.text) == (403, True)
        assert not self.here(owner)

    def test_who_works_for_the_vendor_stays_out(self, browse, op, owner):
        vendor = a_vendor(Role.OPERATOR)
        rename(vendor, EMAIL)

        assert sign_in(browse(), op, account_of(owner)).status_code == 403
        assert [row.tenant_id for row in memberships()] == [vendor.tenant_id]

    def test_who_is_a_member_connects_it_as_before(self, browse, op, owner, member):
        rename(member, EMAIL)

        answer = sign_in(browse(), op, account_of(owner))

        assert (answer.status_code, "nobody here is connected" in answer.text) == (403, True)

    def test_where_nobody_joins_there_is_no_such_page(self, browse, owner, ann):
        let_join(owner, Joining.NOBODY)

        assert browse(ann).get(f"/sign-in/with/{account_of(owner)}/join").status_code == 404

    def test_a_member_is_led_to_connecting(self, browse, owner, member):
        answer = browse(member).get(f"/sign-in/with/{account_of(owner)}/join")

        assert answer.location == f"/sign-in/with/{account_of(owner)}/connect"
