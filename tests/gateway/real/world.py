"""Accounts and keys in every state that the gateway door tells apart, made by real operations."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask
from flask_migrate import upgrade

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.accounts import passwords
from portal.app import create_app
from portal.config import Settings
from portal.contracts import catalogue
from portal.contracts import operations as contracts
from portal.contracts import store as contract_store
from portal.credentials import operations as credentials
from portal.delegations import operations as delegations
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Project
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from tests.conftest import DATABASE, settings_for
from tests.connector.shop import LIFETIME_SECONDS, USER_AGENT, a_token
from tests.database import postgres_cluster
from tests.factories import (
    a_delegation,
    a_key,
    a_licensee,
    a_private_key,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.gateway.real.programs import PROGRAMS

LONGEST_NAME = "𠮷" * 255  # four octets each: the longest that the portal's headers can become
STRANGERS_KEY = 900
SPACE = "Magento-Environment-Id"


@dataclass(frozen=True)
class Caller:
    """A shop: a key pair, and the data space it names."""

    api_key: str
    private: rsa.RSAPrivateKey = field(repr=False)
    space: str = ""

    def headers(self, *, ends_in: float = LIFETIME_SECONDS, **others: str) -> dict[str, str]:
        """What the connector sends, with a token that ends in so many seconds; and `others`, `_` meaning `-`."""
        named = {SPACE: self.space} if self.space else {}
        return {
            "magento-api-key": self.api_key,
            "x-api-key": self.api_key,
            "x-gw-signature": a_token(self.private, int(time.time() + ends_in)),
            "User-Agent": USER_AGENT,
            **named,
            **{name.replace("_", "-"): value for name, value in others.items()},
        }

    def naming(self, space: str) -> "Caller":
        """The same shop with another data space."""
        return replace(self, space=space)


@dataclass(frozen=True)
class World:
    """Who calls, by what becomes of it; and what is true of those who may."""

    app: Flask
    settings: Settings
    owner: Actor
    credential: str
    callers: dict[str, Caller]
    account: str
    name: str
    holder: str
    delegation: str

    def revoke(self, name: str) -> None:
        """Revoke the key of this caller, as another process of the portal does it."""
        with self.app.app_context(), transaction():
            keys.revoke(self.owner, key_store.get(self.owner, self.callers[name].api_key))


@contextmanager
def a_world(folder: Path) -> Iterator[World]:
    """A world in a database of its own, until the block ends."""
    passwords.use_cheap_profile()
    with _a_database(folder) as urls:
        settings = settings_for(*urls, folder)
        app = create_app(settings)
        try:
            with app.app_context():
                upgrade()
                with transaction():
                    catalogue.load()
                world = _Building().built(app, settings)
            yield world
        finally:
            with app.app_context():
                for engine in db.engines.values():
                    engine.dispose()


@contextmanager
def _a_database(folder: Path) -> Iterator[tuple[str, str]]:
    if DATABASE == "sqlite":
        yield f"sqlite:///{folder / 'gateway.sqlite3'}", ""
        return
    name = f"portal_gateway_{os.getpid()}"
    with postgres_cluster() as cluster:
        try:
            yield cluster.create_database(name)
        finally:
            cluster.drop_database(name)


class _Building:
    """Makes the callers, one after the other."""

    def __init__(self) -> None:
        self.callers: dict[str, Caller] = {}

    def built(self, app: Flask, settings: Settings) -> World:
        owner = a_licensee(name="(Äpfel) & “Söhne”, 蘋果")
        project = self._project(owner)
        self._own(owner, project)
        integrator = an_integrator(name="Agency")
        delegation = self._delegated(owner, integrator, project)
        self._stopped_accounts()
        vendor = a_vendor()
        with transaction():
            issued = credentials.issue(vendor, "Gateways of the tests", None)
        return World(
            app,
            settings,
            owner,
            issued.token,
            self.callers,
            tenant_of(owner).account_id,
            tenant_of(owner).name,
            tenant_of(integrator).account_id,
            delegation,
        )

    def _project(self, owner: Actor) -> Project:
        with transaction():
            project = projects.create(owner, "Storefront", contract_store.all_of(owner)[0])
        return project_store.get(owner, project.public_id)

    def _caller(self, name: str, actor: Actor, environment: Environment = Environment.SANDBOX) -> Caller:
        private = a_private_key(700 + len(self.callers))
        pair = a_key(actor, environment=environment, private=private, name=name)
        self.callers[name] = Caller(pair.api_key, private)
        return self.callers[name]

    def _own(self, owner: Actor, project: Project) -> None:
        spaces = {space.type.value: space.public_id for space in project.data_spaces}
        good = self._caller("good", owner)
        self.callers["good"] = good.naming(spaces["testing"])
        self._caller("production", owner, Environment.PRODUCTION)
        self.callers["production"] = self.callers["production"].naming(spaces["production"])
        self.callers["wrong_side"] = good.naming(spaces["production"])
        for program in PROGRAMS:
            self._caller(f"behind_{program}", owner)
        self._caller("revoked", owner)
        with transaction():
            keys.revoke(owner, key_store.get(owner, self.callers["revoked"].api_key))
        stranger = a_private_key(STRANGERS_KEY)
        self.callers["unknown"] = Caller("0" * 32, stranger)
        self.callers["wrong_signature"] = Caller(good.api_key, stranger)

    def _delegated(self, owner: Actor, integrator: Actor, project: Project) -> str:
        """Callers under a delegation that runs, that is paused, that has ended; the first one's public id."""
        runs = a_delegation(owner, integrator)
        testing = self.callers["good"].space
        self.callers["delegated"] = self._caller("delegated", for_client(integrator, runs)).naming(testing)
        for name, act in (("paused", delegations.pause), ("ended", delegations.end)):
            other = an_integrator(name=f"Agency, {name}")
            delegation = a_delegation(owner, other)
            self._caller(name, for_client(other, delegation))
            with transaction():
                act(owner, delegation)
        return runs.public_id

    def _stopped_accounts(self) -> None:
        suspended = a_licensee(name="Suspended")
        self._caller("suspended", suspended)
        with transaction():
            tenants.set_standing(system_actor("tests"), tenant_of(suspended), Standing.SUSPENDED)
        over = a_licensee(name="Over")
        self._caller("contract_ended", over)
        with transaction():
            contracts.end(system_actor("tests"), contract_store.all_of(over)[0])
        self._caller("not_entitled", a_licensee("magento-open-source", name="Open"))
        foreign = a_licensee(name=LONGEST_NAME)
        self._caller("long_name", foreign)
        theirs = self._project(foreign).data_spaces[0].public_id
        self.callers["foreign_space"] = self.callers["good"].naming(theirs)
