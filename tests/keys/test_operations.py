"""Renaming, revoking, lapsing and burning key pairs; delegated pairs; what the blast radius promises."""

import itertools
from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Right, Role
from portal.access.rows import owned_by
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import DelegationState
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed, NotFound
from portal.impact import blast, readiness
from portal.keys import making, operations, store
from portal.keys.errors import CannotRevoke, EnvironmentOutOfReach, KeyBlocked, KeyNameTaken, NotHolder
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.tenants.models import Standing
from portal.web.blast import groups
from tests.factories import (
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    an_integrator,
    an_intent,
    for_client,
    message_of,
    public_of,
    sign,
    tenant_of,
)


def events_of(actor) -> list[str]:
    rows = db.session.scalars(owned_by(actor, AuditEvent).order_by(AuditEvent.seq))
    return [row.event for row in rows]


def live_names(actor) -> set[str]:
    rows = db.session.scalars(owned_by(actor, KeyPair).options(*store.WHOLE)).unique()
    return {pair.name for pair in rows if status_of(pair, clock.now()) in LIVE}


# Rename


def test_a_pair_is_renamed_and_the_change_is_recorded():
    owner = a_licensee()
    pair = a_key(owner, name="Old")

    with transaction():
        operations.rename(owner, pair, name=" New  ", version=pair.version)

    assert store.get(owner, pair.api_key).name == "New"
    assert events_of(owner)[-1] == "key.renamed"


def test_a_rename_from_an_old_form_shows_both_versions():
    owner = a_licensee()
    pair = a_key(owner, name="Old")
    seen = pair.version
    with transaction():
        operations.rename(owner, pair, name="Theirs", version=seen)

    with pytest.raises(Changed) as refusal, transaction():
        operations.rename(owner, pair, name="Mine", version=seen)

    assert refusal.value.versions == [("Name", "Mine", "Theirs")]


def test_two_live_pairs_of_one_environment_have_different_names():
    owner = a_licensee()
    a_key(owner, name="One")
    pair = a_key(owner, name="Two")

    with pytest.raises(KeyNameTaken), transaction():
        operations.rename(owner, pair, name="one", version=pair.version)


# Revoke


def test_a_revoked_pair_is_out_of_service_and_stays_listed():
    owner = a_licensee()
    pair = a_key(owner)

    with transaction():
        operations.revoke(owner, pair)

    rows = store.listed(owner, Environment.SANDBOX, place=None).rows
    assert [status_of(row, clock.now()) for row in rows] == [KeyStatus.REVOKED]


def test_revoking_twice_has_one_effect():
    owner = a_licensee()
    pair = a_key(owner)
    for _ in range(2):
        with transaction():
            operations.revoke(owner, pair)

    assert events_of(owner).count("key.revoked") == 1


def test_a_lapsed_pair_cannot_be_revoked():
    owner = a_licensee()
    intent = an_intent(owner)
    with transaction():
        pair = making.issue(owner, intent, public_of(a_private_key()))
    with transaction():
        making.discard(owner, intent)

    with pytest.raises(CannotRevoke), transaction():
        operations.revoke(owner, pair)


def test_a_viewer_revokes_nothing():
    owner = a_licensee()
    viewer, pair = a_member(tenant_of(owner), Role.VIEWER), a_key(owner)

    with pytest.raises(NotAllowed), transaction():
        operations.revoke(viewer, pair)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER])
def test_a_signature_revokes_no_pair_of_the_tenants_licence(role):
    signer = a_partner(signer_role=role)
    tenant = tenant_of(signer)
    a_contract(tenant, "adobe-commerce")
    owner = a_member(tenant)
    pair = a_key(owner)

    with pytest.raises(NotAllowed), transaction():
        operations.revoke(signer, pair)
    with pytest.raises(NotAllowed), transaction():
        operations.rename(signer, pair, name="Mine", version=pair.version)


def test_a_signer_revokes_what_hangs_on_the_partner_contract():
    signer = a_partner()
    pair = a_key(signer)

    with transaction():
        operations.revoke(signer, pair)

    assert live_names(signer) == set()


def test_the_name_that_it_has_already_is_no_event():
    owner = a_licensee()
    pair = a_key(owner, name="Same")
    before = events_of(owner)

    with transaction():
        operations.rename(owner, pair, name="Same", version=0)

    assert events_of(owner) == before


def test_the_blast_radius_of_a_revocation_is_what_then_stops():
    owner = a_licensee()
    a_key(owner, name="Stays")
    pair = a_key(owner, name="Goes")
    forecast = blast.of_key(owner, pair)
    before = live_names(owner)

    with transaction():
        operations.revoke(owner, pair)

    assert before - live_names(owner) == {row.name for row in forecast.key_pairs} == {"Goes"}
    assert live_names(owner) == {row.name for row in forecast.others_live}


def test_the_blast_radius_of_a_pair_out_of_service_is_empty():
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        operations.revoke(owner, pair)

    assert blast.of_key(owner, store.get(owner, pair.api_key)).is_empty


def test_only_the_owners_side_is_told_that_a_pair_is_the_last_one(owner, integrator):
    acting = for_client(integrator, a_delegation(owner, integrator))
    held = a_key(acting)

    alone = blast.of_key(owner, held).is_last
    theirs = blast.of_key(acting, held).is_last
    a_key(owner)
    beside_another = blast.of_key(owner, store.get(owner, held.api_key)).is_last

    assert (alone, theirs, beside_another) == (True, False, False)


def test_ending_a_paused_delegation_still_names_its_pairs(owner, integrator):
    delegation = a_delegation(owner, integrator)
    held = a_key(for_client(integrator, delegation), name="Theirs")

    with transaction():
        delegations.pause(owner, delegation)

    held, delegation = store.get(owner, held.api_key), delegation_store.get_given(owner, delegation.public_id)
    for radius in (blast.of_delegation(owner, delegation), blast.of_key(owner, held)):
        assert [pair.name for pair in radius.key_pairs] == ["Theirs"]


def test_installations_beyond_those_that_are_named_are_said_to_be_there(app, monkeypatch):
    monkeypatch.setattr(blast, "MOST_NAMED", 0)
    owner = a_licensee()
    with transaction():
        project = projects.create(owner, "Storefront", contracts.all_of(owner)[0])
    spaces = project_store.get(owner, project.public_id).data_spaces
    space = next(space for space in spaces if space.environment is Environment.SANDBOX)
    with transaction():
        installations.attach(owner, space, "Main shop", "shop.example.com", Environment.SANDBOX)

    radius = blast.of_key(owner, a_key(owner))

    with app.test_request_context():
        assert ("Installations that may use them", ["and more"]) in groups(radius)


# Lapse


def test_the_worker_stores_that_a_pair_lapsed():
    owner = a_licensee()
    intent = an_intent(owner)
    with transaction():
        pair = making.issue(owner, intent, public_of(a_private_key()))

    with time_machine.travel(clock.now() + timedelta(minutes=31)), transaction():
        lapsed = operations.lapse_due(system_actor("worker"))

    assert lapsed == 1
    assert store.get(owner, pair.api_key).state is KeyState.LAPSED
    assert events_of(owner)[-1] == "key.lapsed"


def test_the_worker_leaves_pairs_that_may_still_be_confirmed():
    owner = a_licensee()
    intent = an_intent(owner)
    with transaction():
        making.issue(owner, intent, public_of(a_private_key()))

    with transaction():
        assert operations.lapse_due(system_actor("worker")) == 0


# Burnt keys


def test_a_pasted_private_key_is_blocked_for_new_pairs():
    owner, private = a_licensee(), a_private_key()
    with transaction():
        own = operations.burn(owner, public_of(private).spki_sha256)
    intent = an_intent(owner, private=private)
    message = message_of(owner, intent, private)

    with pytest.raises(KeyBlocked), transaction():
        making.prove(owner, intent, signed=message, signature=sign(private, message))

    assert own is None


def test_burning_a_key_in_service_names_it_and_stops_nothing():
    owner = a_licensee()
    pair = a_key(owner)

    with transaction():
        own = operations.burn(owner, pair.spki_sha256)

    assert own.api_key == pair.api_key
    assert status_of(store.get(owner, pair.api_key), clock.now()) is KeyStatus.ACTIVE


# Delegated pairs (rules 14, 15)


@pytest.fixture
def owner():
    return a_licensee(name="Owner")


@pytest.fixture
def integrator():
    return an_integrator(name="Integrator")


def test_an_integrators_pair_belongs_to_the_owner_and_is_held_by_the_integrator(owner, integrator):
    acting = for_client(integrator, a_delegation(owner, integrator))

    pair = a_key(acting)

    assert (pair.tenant_id, pair.holder_id) == (owner.tenant_id, integrator.tenant_id)
    assert pair.delegation_id is not None


def test_a_delegated_pair_stays_inside_the_delegations_environments(owner, integrator):
    delegation = a_delegation(owner, integrator, environments={Environment.SANDBOX})
    acting = for_client(integrator, delegation)

    with pytest.raises(EnvironmentOutOfReach):
        an_intent(acting, environment=Environment.PRODUCTION)


def test_without_the_keys_right_an_integrator_makes_none(owner, integrator):
    acting = for_client(integrator, a_delegation(owner, integrator, rights={Right.VIEW}))

    with pytest.raises(NotAllowed):
        an_intent(acting)


def test_ending_a_delegation_stops_its_pairs_and_nobody_elses(owner, integrator):
    other = an_integrator(name="Other")
    delegation = a_delegation(owner, integrator)
    a_key(for_client(integrator, delegation), name="Theirs")
    a_key(for_client(other, a_delegation(owner, other)), name="Other's")
    a_key(owner, name="Own")
    forecast = blast.of_delegation(owner, delegation)
    before = live_names(owner)

    with transaction():
        delegations.end(owner, delegation)

    assert before - live_names(owner) == {pair.name for pair in forecast.key_pairs} == {"Theirs"}


NARROWINGS = [
    {"environments": {Environment.PRODUCTION}},
    {"rights": {Right.VIEW, Right.PROJECTS}},
]


@pytest.mark.parametrize("narrowing", NARROWINGS, ids=["environment", "right"])
def test_narrowing_stops_the_pairs_that_the_delegation_no_longer_covers(narrowing, owner, integrator):
    delegation = a_delegation(owner, integrator)
    pair = a_key(for_client(integrator, delegation), environment=Environment.SANDBOX)
    terms = {"environments": set(Environment), "rights": set(Right)} | narrowing

    with transaction():
        delegations.narrow(
            owner,
            delegation,
            environments=frozenset(terms["environments"]),
            rights=frozenset(terms["rights"]),
            project_ids=None,
            ends_at=delegation.ends_at,
            version=delegation.version,
        )

    assert status_of(store.get(owner, pair.api_key), clock.now()) is KeyStatus.DELEGATION_NARROWED
    assert not any(store.live(owner, clock.now(), side) for side in Environment)


def test_both_sides_may_revoke_a_delegated_pair(owner, integrator):
    acting = for_client(integrator, a_delegation(owner, integrator))
    first, second = a_key(acting), a_key(acting)

    with transaction():
        operations.revoke(owner, first)
    with transaction():
        operations.revoke(acting, second)

    assert live_names(owner) == set()


def test_both_sides_see_that_a_delegated_pair_was_revoked(owner, integrator):
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)))

    with transaction():
        operations.revoke(owner, pair)

    assert events_of(owner)[-1] == events_of(integrator)[-1] == "key.revoked"


def test_the_owner_does_not_rename_what_the_integrator_holds(owner, integrator):
    pair = a_key(for_client(integrator, a_delegation(owner, integrator)))

    with pytest.raises(NotHolder), transaction():
        operations.rename(owner, pair, name="Mine", version=pair.version)


def test_an_integrator_finds_neither_the_owners_pairs_nor_another_integrators(owner, integrator):
    other = an_integrator()
    theirs = a_key(for_client(other, a_delegation(owner, other)))
    own = a_key(owner)
    acting = for_client(integrator, a_delegation(owner, integrator))

    for pair in (theirs, own):
        with pytest.raises(NotFound):
            store.get(acting, pair.api_key)


def test_a_partner_contract_lends_its_signature_to_no_integrator(integrator):
    owner = a_licensee()
    a_contract(tenant_of(owner), "solution-partner")
    acting = for_client(integrator, a_delegation(owner, integrator))

    pair = a_key(acting)

    assert store.get(acting, pair.api_key).contract.kind.value == "licence"


# Readiness (rule 7)


def test_s3_both_environments_are_needed_and_each_counts_its_own_pairs():
    owner = a_licensee()
    before = readiness.of_keys(owner, clock.now())
    a_key(owner)

    after = readiness.of_keys(owner, clock.now())

    assert (before.done, after.done, after.needed) == (0, 1, 2)
    assert after.live == {Environment.SANDBOX: 1, Environment.PRODUCTION: 0}


def test_s4_a_pair_opens_all_services_of_its_owner_those_set_up_later_too():
    owner = a_licensee("magento-open-source")
    a_key(owner)
    before = [service.name for service in readiness.services_of(owner)]

    a_contract(tenant_of(owner), "adobe-commerce")

    assert before == ["Payment Services"]
    assert len(readiness.services_of(owner)) == 4


def test_s2_a_pair_belongs_to_tenant_and_contract_not_to_a_person():
    owner = a_licensee()

    pair = a_key(owner)

    assert pair.tenant_id == owner.tenant_id
    assert pair.contract.tenant_id == owner.tenant_id


# What statements call live

PAST, AHEAD = clock.now() - timedelta(days=1), clock.now() + timedelta(days=365)
DELEGATIONS = (
    {},
    {"state": DelegationState.PAUSED},
    {"state": DelegationState.ENDED},
    {"ends_at": PAST},
    {"environments": frozenset({Environment.PRODUCTION})},
    {"rights": frozenset({Right.PROJECTS})},
)
CONTRACTS = ({}, {"starts_at": AHEAD, "ends_at": AHEAD + timedelta(days=1)}, {"ends_at": PAST}, {"ended_at": PAST})
PAIRS = (
    {},
    {"expires_at": PAST},
    {"state": KeyState.REVOKED},
    *(
        {
            "state": KeyState.RETIRING,
            "retiring_since": PAST,
            "retiring_until": until,
            "ending": ending,
            "expires_at": expires_at,
        }
        for until in (AHEAD, PAST)
        for ending in KeyEnding
        for expires_at in (None, PAST)
    ),
    {"retiring_until": PAST, "ending": KeyEnding.HARD},
)


def found_wrongly(owner: Actor, held: KeyPair, suspended: str, *values: dict[str, object]) -> set[str]:
    """The pairs that are found as live and are not, or the other way round, once these values are in the rows."""
    pair = store.get(owner, held.api_key)
    for row, changed in zip((pair.delegation, pair.contract, pair), values, strict=True):
        for name, value in changed.items():
            setattr(row, name, value)
    if suspended:
        getattr(pair, suspended).standing = Standing.SUSPENDED
    db.session.flush()
    rows = db.session.scalars(owned_by(owner, KeyPair).options(*store.WHOLE)).all()
    live = {row.api_key for row in rows if status_of(row, clock.now()) in LIVE}
    found = {row.api_key for side in Environment for row in store.live(owner, clock.now(), side)}
    db.session.rollback()
    return live ^ found


@pytest.mark.parametrize("suspended", ["", "owner", "holder"])
def test_statements_find_exactly_the_pairs_whose_status_is_live(suspended: str):
    owner, integrator = a_licensee(), an_integrator()
    a_key(owner)
    held = a_key(for_client(integrator, a_delegation(owner, integrator)))

    cases = [
        *itertools.product(DELEGATIONS, CONTRACTS, PAIRS[:1]),
        *itertools.product(DELEGATIONS, CONTRACTS[:1], PAIRS),
    ]
    wrong = [case for case in cases if found_wrongly(owner, held, suspended, *case)]

    assert wrong == []
