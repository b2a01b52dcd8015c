"""An empty database made ready, and accounts in it, for measuring."""

import secrets
import uuid
from datetime import timedelta

from flask import Flask
from flask_migrate import upgrade

from portal.access.actor import system_actor
from portal.access.roles import Role
from portal.accounts import members, passwords, people
from portal.app import create_app
from portal.config import Settings
from portal.contracts import catalogue
from portal.contracts import store as contracts
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tenants import operations as tenants


def prepared(settings: dict[str, str]) -> Flask:
    """The portal with these settings, its database migrated, the catalogue in it."""
    app = create_app(Settings.model_validate({name.lower(): value for name, value in settings.items()}))
    with app.app_context():
        upgrade()
        with transaction():
            catalogue.load()
    return app


def an_owner(email: str, password: str = "") -> tuple[uuid.UUID, uuid.UUID]:
    """Person and tenant of a new account with a licence. Without a password, nobody knows it."""
    portal, now = system_actor("bench"), clock.now()
    chosen = passwords.choose(password or secrets.token_urlsafe(), email=email, name="Bench")
    with transaction():
        tenant = tenants.create(portal, f"Account of {email}")
        terms = (now - timedelta(days=1), now + timedelta(days=365))
        entitlements.conclude(portal, tenant, contracts.edition("adobe-commerce"), *terms)
        person = people.create(portal, email, "Bench", chosen)
        members.add(system_actor("bench", tenant.id), person, Role.OWNER)
        return person.id, tenant.id
