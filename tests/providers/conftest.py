"""A tenant with a provider of its own, browsers of its people, and the way to the provider and back."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dns.resolver
import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.access.rows import owned_by
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.accounts.models import UserSession
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.providers import domain_store, domains, operations, store, txt_records
from portal.providers.models import IdentityProvider, ProviderMode
from portal.providers.round_trips import Answered, Client
from portal.web.session import _serializer, form_cookie, sid_cookie
from tests.conftest import PortalClient
from tests.factories import a_licensee, a_member, membership_of, tenant_of
from tests.providers.dns_server import Zone, serving_dns
from tests.providers.op import CLIENT_ID, SECRET, Provider, serving


@pytest.fixture
def op() -> Iterator[Provider]:
    with serving() as provider:
        yield provider


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Zone]:
    """What stands in the DNS, which the portal asks as it would any other."""
    with serving_dns() as zone:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], zone.port
        monkeypatch.setattr(txt_records, "_resolver", lambda: resolver)
        yield zone


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Contoso")


@pytest.fixture
def provider(op: Provider, owner: Actor) -> IdentityProvider:
    """Switched on, optional."""
    return set_up(owner, op.issuer)


@pytest.fixture
def member(owner: Actor) -> Actor:
    return a_member(tenant_of(owner), Role.KEY_MANAGER, name="Ann Member")


@pytest.fixture
def connected(member: Actor, provider: IdentityProvider, op: Provider) -> Actor:
    """A member whom the provider means by its subject."""
    connect(member, op.subject)
    return member


@pytest.fixture
def browse(app: Flask) -> Callable[..., PortalClient]:
    """A browser of nobody, or with a session of this actor's person."""

    def opened(actor: Actor | None = None) -> PortalClient:
        client = PortalClient(app, app.response_class, use_cookies=True)
        client.csrf_secret = secrets.token_urlsafe(32)
        client.set_cookie(form_cookie(app), _serializer(app).dumps({"csrf_token": client.csrf_secret}))
        if actor is not None:
            with transaction():
                row, token = accounts.begin_session(
                    people.get_person(actor.person_id), "Firefox", home_id=actor.home_id
                )
                client.csrf_secret = row.csrf_token
            client.set_cookie(sid_cookie(app), token)
        return client

    return opened


def set_up(owner: Actor, issuer: str, mode: ProviderMode = ProviderMode.OPTIONAL, **facts: Any) -> IdentityProvider:
    """A provider of the owner's tenant, in this mode, as if the owner had tried it."""
    asked = {"name": "Contoso sign-in", "client_id": CLIENT_ID, "client_secret": SECRET, "asks_second": False} | facts
    with transaction():
        operations.set_up(owner, issuer=issuer, **asked)
    switch(owner, mode)
    return at(owner)


def switch(owner: Actor, mode: ProviderMode) -> None:
    tried = Answered(Client.of(at(owner)), "subject-of-the-owner", "owner@contoso.example")
    with transaction():
        operations.switch(owner, at(owner), mode, tried)


def at(owner: Actor) -> IdentityProvider:
    """The provider as it is now, with its tenant."""
    db.session.rollback()
    found = store.find_at(account_of(owner))
    assert found is not None
    return found


def connect(member: Actor, subject: str) -> None:
    answered = Answered(Client.of(at(member)), subject, "ann@contoso.example")
    with transaction():
        operations.connect(membership_of(member), at(member), answered)


def name_domain(owner: Actor, name: str = "contoso.example") -> str:
    """The account names the domain; the text that proves it."""
    with transaction():
        return domains.record_of(domains.name_one(owner, name))[1]


def put_there(zone: Zone, *texts: str, name: str = "contoso.example") -> None:
    """From now on just these stand in the domain's DNS."""
    zone.texts[f"_partner-portal.{name}"] = list(texts)


def look(owner: Actor, name: str = "contoso.example") -> bool:
    """The DNS is asked for the domain, as by the button."""
    found = domains.look(name)
    with transaction():
        return domains.prove(owner, domain_store.get(owner, name), found)


def prove_domain(owner: Actor, zone: Zone, name: str = "contoso.example") -> None:
    put_there(zone, name_domain(owner, name), name=name)
    assert look(owner, name)


def events_of(actor: Actor) -> list[str]:
    """What the record of the actor's account holds, in order."""
    db.session.rollback()
    rows = owned_by(actor, AuditEvent).where(AuditEvent.tenant_id == actor.tenant_id).order_by(AuditEvent.seq)
    return [row.event for row in db.session.scalars(rows)]


def account_of(actor: Actor) -> str:
    return tenant_of(actor).account_id


def go(client: PortalClient, op: Provider, account: str, way: str = "go", **query: str) -> str:
    """The address with which the provider sends this browser back, after it followed the link."""
    answer = client.get(f"/sign-in/with/{account}/{way}", query_string=query)
    assert answer.status_code == 302, answer.text
    return back_from(op, answer.location)


def back_from(op: Provider, location: str) -> str:
    """Where the provider sends people who came to it by this address."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    address = urlsplit(op.authorize(query))
    return f"{address.path}?{address.query}"


def sign_in(client: PortalClient, op: Provider, account: str, **query: str) -> Any:
    """What this browser gets at the end of a round trip."""
    answer = client.get(go(client, op, account, **query))
    if "sid=" in str(answer.headers.getlist("Set-Cookie")):
        client.csrf_secret = newest().csrf_token
    return answer


def newest() -> UserSession:
    """The session that began last."""
    db.session.rollback()
    return db.session.scalars(select(UserSession).order_by(UserSession.id.desc()).limit(1)).one()
