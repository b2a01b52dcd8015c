"""Signing in by a tenant's own provider: the way there and back, and what the session may do."""

import pytest

from portal.access.roles import Role
from portal.accounts import members
from portal.accounts import store as people
from portal.accounts.models import Means
from portal.foundation.database import transaction
from portal.providers import discovery
from portal.providers.models import ProviderMode
from tests.accounts.factors import an_app, code_of
from tests.factories import PASSWORD, a_licensee, a_member, a_tenant
from tests.providers.conftest import account_of, connect, newest, set_up, sign_in, switch


def overview(client, actor):
    return client.get(f"/{account_of(actor)}")


def test_a_connected_member_comes_in(browse, op, connected):
    client = browse()

    answer = sign_in(client, op, account_of(connected))

    assert (answer.status_code, answer.location) == (303, "/")
    assert overview(client, connected).status_code == 200
    row = newest()
    assert (row.person_id, row.vouched_by_id, row.is_own) == (connected.person_id, connected.tenant_id, False)
    assert row.factors == {Means.PROVIDER}


def test_one_comes_to_the_page_one_wanted(browse, op, connected):
    answer = sign_in(browse(), op, account_of(connected), next="/profile")

    assert answer.location == "/profile"


def test_nobody_is_sent_elsewhere(browse, op, connected):
    answer = sign_in(browse(), op, account_of(connected), next="//evil.example")

    assert answer.location == "/"


def test_the_link_changes_nothing_and_carries_no_secret(browse, op, provider, owner):
    client = browse()

    location = client.get(f"/sign-in/with/{account_of(owner)}/go").location

    assert "code_challenge_method=S256" in location
    assert "s3cret" not in location
    assert not op.asked_for("/token")


def test_a_stranger_is_told_how_to_be_known(browse, op, provider, owner):
    answer = sign_in(browse(), op, account_of(owner))

    assert answer.status_code == 403
    assert "nobody here is connected" in answer.text


def test_a_provider_that_is_off_is_not_there(browse, op, provider, owner):
    switch(owner, ProviderMode.OFF)

    assert browse().get(f"/sign-in/with/{account_of(owner)}").status_code == 404
    assert browse().get("/sign-in/with/MAG000000000").status_code == 404


def test_keys_that_rotated_are_fetched_once_more(browse, op, connected):
    sign_in(browse(), op, account_of(connected))
    op.rotate()

    discovery._keys._rows = type(discovery._keys._rows)(
        (key, (at - discovery.AGAIN_SECONDS, value)) for key, (at, value) in discovery._keys._rows.items()
    )
    answer = sign_in(browse(), op, account_of(connected))

    assert answer.status_code == 303
    assert op.asked_for("/jwks") == 2
    assert op.asked_for("/of/contoso/.well-known/openid-configuration") == 1


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_other_algorithms_of_the_list_hold(browse, op, connected, algorithm):
    op.algorithm = algorithm
    op.rotate()

    assert sign_in(browse(), op, account_of(connected)).status_code == 303


def test_who_has_a_second_factor_here_is_asked_for_it(browse, op, connected):
    app = an_app(people.get_person(connected.person_id))
    client = browse()

    answer = sign_in(client, op, account_of(connected))
    assert answer.location.startswith("/sign-in/code")
    assert overview(client, connected).status_code == 302
    ended = client.post(answer.location, data={"code": code_of(app.seed, 1)})

    assert ended.status_code == 303
    row = newest()
    assert row.factors == {Means.PROVIDER, Means.TOTP}
    assert (row.vouched_by_id, row.is_own) == (connected.tenant_id, False)


def test_unless_the_tenant_says_its_provider_asks(browse, op, owner, member):
    set_up(owner, op.issuer, asks_second=True)
    connect(member, op.subject)
    an_app(people.get_person(member.person_id))

    sign_in(browse(), op, account_of(member))

    assert newest().factors == {Means.PROVIDER, Means.PROVIDER_SECOND}


def test_the_session_knows_of_no_other_tenant(browse, op, connected):
    """The identity provider of one tenant is nobody in another one, whatever else the person belongs to."""
    elsewhere = a_member(a_tenant("Elsewhere"), Role.OWNER, person=people.get_person(connected.person_id))
    client = browse()
    sign_in(client, op, account_of(connected))

    assert overview(client, elsewhere).status_code == 404
    assert client.post("/accounts", data={"account": account_of(elsewhere)}).status_code == 404
    assert "Elsewhere" not in client.get("/accounts").text
    assert overview(client, connected).status_code == 200


PERSONAL = ["/profile", "/profile/password", "/profile/security", "/profile/devices", "/profile/security/apps/new"]


@pytest.mark.parametrize("address", PERSONAL)
def test_what_is_the_persons_own_needs_their_own_sign_in(browse, op, connected, address):
    client = browse()
    sign_in(client, op, account_of(connected))

    answer = client.get(address)

    assert answer.status_code in (302, 404)
    assert answer.status_code == 404 or answer.location.startswith("/sign-in?own=1")


def test_no_other_session_is_ended_by_it(browse, op, connected):
    client = browse()
    sign_in(client, op, account_of(connected))

    assert client.post("/profile/devices/sign-out-everywhere").status_code == 403


def test_the_persons_own_sign_in_opens_the_rest(browse, op, connected):
    client = browse()
    sign_in(client, op, account_of(connected))
    assert "for its own account only" in client.get("/sign-in?own=1&next=/profile").text

    email = people.get_person(connected.person_id).email
    answer = client.post("/sign-in?own=1&next=/profile", data={"email": email, "password": PASSWORD})

    assert answer.location == "/profile"
    assert client.get("/profile").status_code == 200


def test_beside_an_own_session_both_count(browse, op, connected):
    elsewhere = a_member(a_tenant("Elsewhere"), Role.OWNER, person=people.get_person(connected.person_id))
    client = browse(connected)
    before = newest()
    ends_at, fresh_at = before.expires_at, before.reauthenticated_at

    sign_in(client, op, account_of(connected))

    row = newest()
    assert row.is_own
    assert (row.vouched_by_id, row.expires_at, row.reauthenticated_at) == (connected.tenant_id, ends_at, fresh_at)
    assert overview(client, elsewhere).status_code == 200


def test_somebody_elses_own_session_lends_nothing(browse, op, connected, owner):
    client = browse(owner)

    sign_in(client, op, account_of(connected))

    row = newest()
    assert (row.person_id, row.is_own) == (connected.person_id, False)


class TestEnforced:
    @pytest.fixture(autouse=True)
    def enforced(self, owner, provider):
        switch(owner, ProviderMode.ENFORCED)

    def test_a_members_password_leads_to_the_provider(self, browse, member):
        answer = overview(browse(member), member)

        assert answer.status_code == 302
        assert answer.location.startswith(f"/sign-in/with/{account_of(member)}")

    def test_and_its_forms_are_refused(self, browse, member):
        assert browse(member).post(f"/{account_of(member)}/settings", data={"name": "x"}).status_code == 403

    def test_the_provider_opens_it(self, browse, op, member):
        connect(member, op.subject)
        client = browse()
        sign_in(client, op, account_of(member))

        assert overview(client, member).status_code == 200

    def test_an_owner_is_never_locked_out(self, browse, owner):
        assert overview(browse(owner), owner).status_code == 200

    def test_members_elsewhere_are_not_concerned(self, browse):
        other = a_licensee(name="Other")

        assert overview(browse(other), other).status_code == 200

    def test_it_holds_from_the_next_request_on(self, browse, owner, member):
        client = browse(member)
        switch(owner, ProviderMode.OPTIONAL)
        assert overview(client, member).status_code == 200

        switch(owner, ProviderMode.ENFORCED)

        assert overview(client, member).status_code == 302


def test_who_left_comes_in_no_more(browse, op, connected, owner):
    client = browse()
    sign_in(client, op, account_of(connected))
    with transaction():
        members.remove(owner, people.get_membership(owner, connected.membership_id))

    assert overview(client, connected).status_code in (302, 404)
    assert sign_in(browse(), op, account_of(connected)).status_code == 403


def test_switching_off_signs_out_whom_the_provider_alone_let_in(browse, op, connected, owner):
    client, both = browse(), browse(connected)
    sign_in(client, op, account_of(connected))
    sign_in(both, op, account_of(connected))

    switch(owner, ProviderMode.OFF)

    assert overview(client, connected).location.startswith("/sign-in")
    assert overview(both, connected).status_code == 200
