"""An empty database made ready, and accounts in it, for measuring."""

import secrets
import uuid
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from flask_migrate import upgrade

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right, Role
from portal.accounts import members, passwords, people
from portal.app import create_app
from portal.config import Settings
from portal.contracts import catalogue
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.people import as_of_now
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import enrolling
from portal.handoffs.envelope import raw_public
from portal.handoffs.models import EnvelopeKey, Kept
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store


def prepared(settings: dict[str, str]) -> Flask:
    """The portal with these settings, its database migrated, the catalogue in it."""
    app = create_app(Settings.model_validate({name.lower(): value for name, value in settings.items()}))
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
    return app


def an_owner(email: str, password: str = "", edition: str = "adobe-commerce") -> tuple[uuid.UUID, uuid.UUID]:
    """Person and tenant of a new account, by default with a licence. Without a password, nobody knows it."""
    portal, now = system_actor("bench"), clock.now()
    chosen = passwords.choose(password or secrets.token_urlsafe(), email=email, name="Bench")
    with transaction():
        tenant = tenants.create(portal, f"Account of {email}")
        terms = (now - timedelta(days=1), now + timedelta(days=365))
        entitlements.conclude(portal, tenant, contracts.edition(edition), *terms)
        person = people.create(portal, email, "Bench", chosen)
        members.add(system_actor("bench", tenant.id), person, Role.OWNER)
        return person.id, tenant.id


def a_receiver(
    email: str, password: str, owner: tuple[uuid.UUID, uuid.UUID]
) -> tuple[str, EnvelopeKey, X25519PrivateKey]:
    """Account id and envelope key, with its private half, of an integrator that works for this owner in the sandbox.

    owner: person and tenant.
    """
    integrator, giver = _actor(*an_owner(email, password, "integrator")), _actor(*owner)
    account_id = tenant_store.get(integrator.tenant_id).account_id
    with transaction():
        offered = delegations.offer(
            giver,
            account_id,
            environments=frozenset({Environment.SANDBOX}),
            rights=frozenset({Right.VIEW}),
            project_ids=None,
            ends_at=clock.now() + timedelta(days=30),
        ).public_id
    with transaction():
        delegations.accept(integrator, delegation_store.get_taken(integrator, offered))
    private = X25519PrivateKey.generate()
    with transaction():
        return account_id, enrolling.enrol(integrator, raw_public(private), Kept.FILE), private


def _actor(person_id: uuid.UUID, tenant_id: uuid.UUID) -> Actor:
    return as_of_now(person_id, home_id=tenant_id, tenant_id=tenant_id, under=None)
