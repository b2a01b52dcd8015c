"""What an owner sets up: sealed, tried before it is switched on, on record, and theirs alone."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed
from portal.providers import operations
from portal.providers import setup as providers
from portal.providers.errors import IdentityTaken, IssuerNotUsable, NotTried, ProviderThere, VendorSignsInItself
from portal.providers.models import ProviderMode
from portal.tenants import store as tenants
from tests.factories import a_member, a_vendor, tenant_of
from tests.providers.conftest import account_of, at, back_from, connect, set_up, sign_in, switch
from tests.providers.op import SECRET

FORM = {"name": "Contoso sign-in", "client_id": "portal-client", "client_secret": SECRET, "version": "0"}


def events(owner):
    db.session.rollback()
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.chain_id == owner.tenant_id)
    return [row.event for row in db.session.scalars(rows.order_by(AuditEvent.seq))]


def test_an_owner_sets_up_tries_and_switches_on(browse, op, owner):
    client, here = browse(owner), f"/{account_of(owner)}/settings/provider"

    assert client.post(here, data=FORM | {"issuer": op.issuer}).location == f"{here}/switch"
    back = client.get(back_from(op, client.get(f"{here}/try").location))
    assert back.location == f"{here}/switch"
    page = client.get(f"{here}/switch").text
    assert "It works" in page
    assert op.subject in page
    answer = client.post(f"{here}/switch", data={"mode": "enforced"})

    assert answer.location == here
    assert at(owner).mode is ProviderMode.ENFORCED
    assert tenants.get(owner.tenant_id).requires_provider
    assert events(owner)[-2:] == ["provider.set_up", "provider.switched"]
    assert sign_in(browse(), op, account_of(owner)).status_code == 303  # the owner is connected by that


def test_what_was_not_tried_is_not_switched_on(browse, op, owner):
    client, here = browse(owner), f"/{account_of(owner)}/settings/provider"
    client.post(here, data=FORM | {"issuer": op.issuer})

    assert client.post(f"{here}/switch", data={"mode": "optional"}).status_code == 422
    with pytest.raises(NotTried), transaction():
        operations.switch(owner, at(owner), ProviderMode.OPTIONAL)


def test_another_client_is_tried_anew(browse, op, owner, connected):
    client = browse()
    sign_in(client, op, account_of(owner))

    row = at(owner)
    with transaction():
        operations.change(
            owner,
            row,
            row.version,
            name=row.name,
            issuer=row.issuer,
            client_id="another",
            client_secret=None,
            asks_second=False,
        )

    assert at(owner).mode is ProviderMode.OFF
    assert client.get(f"/{account_of(owner)}").location.startswith("/sign-in")


def test_the_secret_is_sealed_and_never_shown(browse, op, owner):
    row = set_up(owner, op.issuer)

    assert SECRET not in row.client_secret
    assert SECRET not in browse(owner).get(f"/{account_of(owner)}/settings/provider").text
    assert "provider_secret" not in str(events(owner))


def test_an_empty_secret_keeps_the_one_that_is_there(browse, op, owner):
    before = set_up(owner, op.issuer).client_secret
    form = FORM | {"issuer": op.issuer, "client_secret": "", "version": str(at(owner).version), "name": "New name"}

    assert browse(owner).post(f"/{account_of(owner)}/settings/provider", data=form).status_code == 303

    assert (at(owner).client_secret, at(owner).name) == (before, "New name")
    assert at(owner).mode is ProviderMode.OPTIONAL


def test_two_who_change_it_see_each_other(op, owner):
    row = set_up(owner, op.issuer)

    with pytest.raises(Changed), transaction():
        operations.change(
            owner, row, 99, name="x", issuer=row.issuer, client_id="x", client_secret=None, asks_second=False
        )


@pytest.mark.parametrize(
    "issuer",
    ["", "http://idp.example.com", "https://idp.example.com?x=1", "https://10.0.0.1", "https://a:b@idp.example"],
)
def test_an_issuer_is_an_address_of_the_open_internet(owner, issuer, monkeypatch):
    monkeypatch.setattr(providers, "_setup", replace(providers.setup(), loopback=False))

    with pytest.raises(IssuerNotUsable), transaction():
        operations.set_up(owner, name="x", issuer=issuer, client_id="x", client_secret="x", asks_second=False)


def test_there_is_one(op, owner):
    set_up(owner, op.issuer)

    with pytest.raises(ProviderThere):
        set_up(owner, op.issuer)


def test_the_vendor_has_none(op):
    vendor = a_vendor(Role.OPERATOR)

    with pytest.raises((VendorSignsInItself, NotAllowed)):
        set_up(vendor, op.issuer)


def test_a_subject_is_one_member(op, owner, connected):
    with pytest.raises(IdentityTaken):
        connect(a_member(tenant_of(owner), Role.VIEWER), op.subject)


def test_a_member_connects_by_their_own_sign_in_and_disconnects(browse, op, provider, member):
    client, here = browse(member), f"/sign-in/with/{account_of(member)}"

    answer = client.get(back_from(op, client.get(f"{here}/connect/go").location))
    assert answer.location == f"{here}/connect"
    assert op.email in client.get(f"{here}/connect").text
    assert client.post(f"{here}/connect").location == here
    assert sign_in(browse(), op, account_of(member)).status_code == 303
    assert client.post(f"{here}/disconnect").status_code == 303

    assert sign_in(browse(), op, account_of(member)).status_code == 403
    assert events(member)[-2:] == ["provider.connected", "provider.disconnected"]


def test_nothing_is_connected_without_an_answer_to_this_session(browse, op, provider, member):
    here = f"/sign-in/with/{account_of(member)}"
    other, client = browse(member), browse(member)
    other.get(back_from(op, other.get(f"{here}/connect/go").location))
    client.set_cookie("provider", other.get_cookie("provider").value)

    assert client.post(f"{here}/connect").status_code == 403


def test_an_answer_to_one_purpose_serves_no_other(browse, op, owner, provider):
    switch(owner, ProviderMode.OFF)
    client, here = browse(owner), f"/{account_of(owner)}/settings/provider"
    client.get(back_from(op, client.get(f"{here}/try").location))
    switch(owner, ProviderMode.OPTIONAL)

    assert client.post(f"/sign-in/with/{account_of(owner)}/connect").status_code == 403


def test_removing_it_forgets_whom_it_named(browse, op, owner, connected):
    client = browse()
    sign_in(client, op, account_of(owner))

    assert browse(owner).post(f"/{account_of(owner)}/settings/provider/remove").status_code == 303

    assert client.get(f"/{account_of(owner)}").location.startswith("/sign-in")
    everybodys = text("SELECT count(*) FROM provider_identities").execution_options(scope=Reader.UPKEEP)
    assert db.session.scalar(everybodys) == 0
    assert events(owner)[-1] == "provider.removed"


def test_others_than_owners_do_not_see_it(browse, member):
    assert browse(member).get(f"/{account_of(member)}/settings/provider").status_code == 403
