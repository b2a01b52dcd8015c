"""What an integrator finds at its client: each part of a reach, tried on every table of tenants."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from portal.access.actor import Actor, Reach
from portal.access.roles import Environment
from portal.access.rows import TenantScoped, owned_by
from portal.accounts.models import Invitation, Membership
from portal.audit.models import AuditEvent
from portal.contracts.models import Contract, ContractRenewal, Deputy, SignerChange
from portal.credentials.models import CredentialUse, ServiceCredential
from portal.delegations.models import Delegation, DelegationProject, DelegationProposal, ProposalProject
from portal.entitlements.models import COUNTED, WISHES, ContractRequest, Entitlement
from portal.foundation.database import db
from portal.handoffs.models import CommandCode, EnvelopeKey, HandOff, HandOffIntent, KeyCopy
from portal.imports.models import Import, ImportLine
from portal.keys.models import KeyIntent, KeyNotice, KeyPair
from portal.lookins.models import LookIn
from portal.projects.models import DataSpace, DataSpaceFeature, Installation, Project
from portal.providers.models import IdentityProvider, MailDomain, ProviderIdentity
from portal.repeats.models import KeyedCall
from portal.reviews.models import Campaign, Line, Question, Reviewer
from portal.tenants import store as tenants
from portal.tokens.models import PersonalToken
from portal.usage.models import KeyUse, Sighting, UseClient
from portal.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookSecret
from tests.access.conftest import Whole
from tests.access.test_isolation import MODELS
from tests.access.world import World

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
Tables = dict[str, dict[uuid.UUID, Any]]
Inside = Callable[[Any, Any, Tables], bool]

# For each part of a reach: the tables that know it, and which of their rows lie inside. `tables` are all rows of the
# tenant by table and id, for rows that know it through another one.
BY_ENVIRONMENT: dict[type[TenantScoped], Inside] = {
    KeyPair: lambda row, side, tables: row.environment is side,
    KeyIntent: lambda row, side, tables: row.environment is side,
    UseClient: lambda row, side, tables: row.environment is side,
    KeyUse: lambda row, side, tables: row.environment is side,
    Sighting: lambda row, side, tables: row.environment is side,
    HandOff: lambda row, side, tables: row.environment is side,
    DataSpace: lambda row, side, tables: row.environment is side,
    DataSpaceFeature: lambda row, side, tables: tables["data_spaces"][row.data_space_id].environment is side,
    Installation: lambda row, side, tables: tables["data_spaces"][row.data_space_id].environment is side,
    ContractRequest: lambda row, side, tables: row.wish in WISHES[side],
}
BY_PROJECT: dict[type[TenantScoped], Inside] = {
    Project: lambda row, project_id, tables: row.id == project_id,
    DataSpace: lambda row, project_id, tables: row.project_id == project_id,
    DataSpaceFeature: lambda row, project_id, tables: row.project_id == project_id,
    Installation: lambda row, project_id, tables: row.project_id == project_id,
    KeyUse: lambda row, project_id, tables: (
        row.data_space_id is None or tables["data_spaces"][row.data_space_id].project_id == project_id
    ),
    Sighting: lambda row, project_id, tables: tables["data_spaces"][row.data_space_id].project_id == project_id,
    ContractRequest: lambda row, project_id, tables: row.project_id == project_id,
}
BY_HOLDER: dict[type[TenantScoped], Inside] = {
    # What the client's contract is for is no integrator's business.
    ContractRequest: lambda row, home_id, tables: row.wish in COUNTED,
    UseClient: lambda row, home_id, tables: row.holder_id == home_id,
    KeyUse: lambda row, home_id, tables: row.holder_id == home_id,
    Sighting: lambda row, home_id, tables: row.holder_id == home_id,
    KeyPair: lambda row, home_id, tables: row.holder_id == home_id,
    KeyCopy: lambda row, home_id, tables: row.holder_id == home_id,
    HandOff: lambda row, home_id, tables: row.receiver_id == home_id,
    KeyIntent: lambda row, home_id, tables: row.holder_id == home_id,
    Delegation: lambda row, home_id, tables: row.integrator_id == home_id,
    DelegationProject: lambda row, home_id, tables: tables["delegations"][row.delegation_id].integrator_id == home_id,
    DelegationProposal: lambda row, home_id, tables: row.integrator_id == home_id,
    ProposalProject: lambda row, home_id, tables: (
        tables["delegation_proposals"][row.proposal_id].integrator_id == home_id
    ),
    AuditEvent: lambda row, home_id, tables: row.actor_home_id == home_id,
}
# Tables that know no part of a reach. An integrator at its client finds their rows in every store that asks for them,
# so each says why that is right.
KNOW_NO_REACH = {
    ContractRenewal: "by which contract another one is renewed, said on the page of contracts",
    SignerChange: "its pages are closed to integrators",
    Contract: "a key pair and a project name the contract they hang on",
    Deputy: "who may sign, said in a refusal",
    Entitlement: "what a key pair of the client opens",
    KeyNotice: "what the worker told, read by the worker only",
    EnvelopeKey: "its pages are closed to integrators; a client reads those of its integrators by name",
    HandOffIntent: "found by the person who began it, at home",
    CommandCode: "found by its code",
    Membership: "who signs; its pages are closed to integrators",
    LookIn: "shown to the tenant's own people only",
    Invitation: "its pages are closed to integrators",
    Import: "the vendor's own; its pages are closed to everybody else",
    ImportLine: "the same",
    WebhookEndpoint: "its pages are closed to integrators",
    WebhookSecret: "read by the worker, and by no page",
    WebhookDelivery: "its pages are closed to integrators",
    WebhookAttempt: "the same",
    IdentityProvider: "its pages are closed to integrators",
    MailDomain: "its pages are closed to integrators",
    ProviderIdentity: "found by who signs in, at home",
    ServiceCredential: "the vendor's own; its pages are closed to everybody else",
    CredentialUse: "the same",
    PersonalToken: "its pages are closed to integrators",
    KeyedCall: "found by the token that sent it",
    Campaign: "the vendor's; its pages are closed to everybody else",
    Reviewer: "the vendor's",
    Line: "the vendor's",
    Question: "the vendor's; who is asked reads its own at home",
}


def _id(row: Any) -> Any:
    return row.__mapper__.primary_key_from_instance(row)[-1]


def _all(actor: Actor, model: type[TenantScoped]) -> list[Any]:
    return list(db.session.scalars(owned_by(actor, model)))


def _check(model: type[TenantScoped], actor: Actor, reach: Reach, inside: Inside | None, value: Any) -> None:
    """Hold what the reach finds against the rows that lie inside, and all rows where the table does not know it."""
    tables = {other.__tablename__: {_id(row): row for row in _all(actor, other)} for other in MODELS}
    rows = tables[model.__tablename__]
    expected = {key for key, row in rows.items() if inside is None or inside(row, value, tables)}
    assert expected, "there is a row inside"
    assert inside is None or expected != rows.keys(), "there is a row outside"

    found = {_id(row) for row in _all(replace(actor, reach=reach), model)}

    assert found == expected


# Tables in which the integrator at work has rows, and the one that asks for more has none.
OF_THE_LIVE_ONE = {HandOff, KeyCopy, KeyPair, KeyIntent, DelegationProject, UseClient, KeyUse, Sighting}

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__tablename__)


@each_model
@pytest.mark.parametrize("side", list(Environment))
def test_a_reach_of_one_environment(model: type[TenantScoped], side: Environment, world: World, whole: Whole):
    reach = Reach(environments=frozenset({side}))

    _check(model, whole(world.client), reach, BY_ENVIRONMENT.get(model), side)


@each_model
def test_a_reach_of_one_project(model: type[TenantScoped], world: World, whole: Whole):
    client = whole(world.client)
    rows = owned_by(client, Project).where(Project.public_id == world.client["project"])
    project_id = db.session.scalars(rows).one().id

    _check(model, client, Reach(project_ids=frozenset({project_id})), BY_PROJECT.get(model), project_id)


@each_model
def test_a_reach_of_one_holder(model: type[TenantScoped], world: World, whole: Whole):
    # The one whose proposal waits: it has rows in each of the tables.
    client = whole(world.client)
    rows = owned_by(client, Delegation).where(Delegation.public_id == world.client["given.asked_wider"])
    asking = db.session.scalars(rows).one().integrator_id
    live = tenants.get_by_account_id(world.callers["live"].things["home"]).id
    home_id = live if model in OF_THE_LIVE_ONE else asking

    _check(model, client, Reach(holder_id=home_id), BY_HOLDER.get(model), home_id)


def test_a_production_space_without_testing_ones_is_reached_from_both_sides(world: World, whole: Whole):
    client = whole(world.client)
    rows = select(DataSpace).where(DataSpace.tenant_id == client.tenant_id, DataSpace.environment == PRODUCTION)
    for space in db.session.scalars(rows.execution_options(scope=client.tenant_id)):
        space.serves_both_sides = True
    db.session.flush()

    found = _all(replace(client, reach=Reach(environments=frozenset({SANDBOX}))), DataSpace)

    assert {space.environment for space in found} == {SANDBOX, PRODUCTION}
    db.session.rollback()


@pytest.mark.no_database
def test_every_table_knows_a_part_of_a_reach_or_says_why_not():
    known = {*BY_ENVIRONMENT, *BY_PROJECT, *BY_HOLDER}

    assert known | KNOW_NO_REACH.keys() == set(MODELS)
    assert not known & KNOW_NO_REACH.keys()
