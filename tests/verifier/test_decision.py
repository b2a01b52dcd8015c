"""May this call pass? Every reason, in its order; what a stranger hears; how far a delegated key reaches."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest

from portal.verifier import records
from portal.verifier.decision import ENVIRONMENT_MISMATCH, STRANGER, Call, Policy, decide
from portal.verifier.reasons import REASONS, Reason
from portal.verifier.records import ContractRow
from tests.connector.shop import HEADER, as_part, signed
from tests.verifier.world import (
    CONTRACT,
    DAY,
    DELEGATED,
    FOREIGN,
    FOREIGN_SPACE,
    INTEGRATOR,
    LONE_SPACE,
    NOON,
    OTHER_PROJECT,
    OTHER_SPACE,
    OWN,
    PRODUCTION_SPACE,
    PROJECT,
    SANDBOX_SPACE,
    SERVICES,
    SIDES,
    World,
    a_grant,
    private_of,
    token_of,
)

pytestmark = pytest.mark.no_database

UNKNOWN = "f" * 32
EARLIER, LATER = NOON - 1, NOON + 1

# What a call hears, and what brings it about: the world, and what the call is made of.
CASES: dict[str, tuple[Reason | None, World, dict[str, object]]] = {
    "an owner's key for a service that the owner has": (None, World(), {}),
    "a call that names no service": (None, World(), {"service": None}),
    "a data space of the key's side": (None, World(), {"data_space": SANDBOX_SPACE}),
    "a delegated key for a service that the owner has": (None, World(), {"api_key": DELEGATED}),
    "a key that nobody has": (Reason.NOT_PROVEN, World(), {"api_key": UNKNOWN, "token": token_of(OWN)}),
    "another key's token": (Reason.NOT_PROVEN, World(), {"token": token_of(DELEGATED)}),
    "no token": (Reason.NOT_PROVEN, World(), {"token": ""}),
    "a token that ended more than a minute ago": (Reason.TOKEN_EXPIRED, World(), {"token": token_of(OWN, -60)}),
    "a token that ended less than a minute ago": (None, World(), {"token": token_of(OWN, -59)}),
    "a token for more than six minutes": (Reason.TOKEN_TOO_FAR_AHEAD, World(), {"token": token_of(OWN, 361)}),
    "a pending key": (Reason.KEY_PENDING, World().but(own={"state": records.PENDING}), {}),
    "a lapsed key": (Reason.KEY_PENDING, World().but(own={"state": records.LAPSED}), {}),
    "a key at its end": (Reason.KEY_EXPIRED, World().but(own={"expires_at": NOON}), {}),
    "a key before its end": (None, World().but(own={"expires_at": LATER}), {}),
    "a retired key": (Reason.KEY_RETIRED, World().but(own={"state": records.RETIRED}), {}),
    "a key that retires hard, at its date": (
        Reason.KEY_RETIRED,
        World().but(own={"state": records.RETIRING, "ending": records.HARD, "retiring_until": NOON}),
        {},
    ),
    "a key that retires hard, before its date": (
        None,
        World().but(own={"state": records.RETIRING, "ending": records.HARD, "retiring_until": LATER}),
        {},
    ),
    "a key that is held open past its date": (
        None,
        World().but(own={"state": records.RETIRING, "ending": records.HELD, "retiring_until": EARLIER}),
        {},
    ),
    "a revoked key": (Reason.KEY_REVOKED, World().but(own={"state": records.REVOKED}), {}),
    "a leaked key": (Reason.KEY_COMPROMISED, World().but(own={"state": records.COMPROMISED}), {}),
    "a leaked key after its overlap": (
        Reason.KEY_COMPROMISED,
        World().but(own={"state": records.RETIRING, "ending": records.LEAK, "retiring_until": NOON}),
        {},
    ),
    "an owner who is past due": (None, World().but(owner={"standing": records.PAST_DUE}), {}),
    "a suspended owner": (Reason.OWNER_SUSPENDED, World().but(owner={"standing": records.SUSPENDED}), {}),
    "a delegated key of a suspended owner": (
        Reason.OWNER_SUSPENDED,
        World().but(owner={"standing": records.SUSPENDED}),
        {"api_key": DELEGATED},
    ),
    "a suspended integrator": (
        Reason.HOLDER_SUSPENDED,
        World().but(integrator={"standing": records.SUSPENDED}),
        {"api_key": DELEGATED},
    ),
    "an owner whose integrator is suspended": (None, World().but(integrator={"standing": records.SUSPENDED}), {}),
    "a contract that begins later": (Reason.CONTRACT_NOT_BEGUN, World().but(contract={"starts_at": LATER}), {}),
    "a contract that begins now": (None, World().but(contract={"starts_at": NOON}), {}),
    "a contract at its end": (Reason.CONTRACT_ENDED, World().but(contract={"ends_at": NOON}), {}),
    "a contract that was ended early": (Reason.CONTRACT_ENDED, World().but(contract={"ended_at": NOON}), {}),
    "a delegated key of a contract that was ended": (
        Reason.CONTRACT_ENDED,
        World().but(contract={"ended_at": EARLIER}),
        {"api_key": DELEGATED},
    ),
    "a paused delegation": (
        Reason.DELEGATION_PAUSED,
        World().but(delegation={"state": records.DELEGATION_PAUSED}),
        {"api_key": DELEGATED},
    ),
    "a paused delegation past its date": (
        Reason.DELEGATION_ENDED,
        World().but(delegation={"state": records.DELEGATION_PAUSED, "ends_at": NOON}),
        {"api_key": DELEGATED},
    ),
    "a delegation that was ended": (
        Reason.DELEGATION_ENDED,
        World().but(delegation={"state": "ended"}),
        {"api_key": DELEGATED},
    ),
    "a delegation at its date": (
        Reason.DELEGATION_ENDED,
        World().but(delegation={"ends_at": NOON}),
        {"api_key": DELEGATED},
    ),
    "a delegation without this side": (
        Reason.DELEGATION_NARROWED,
        World().but(delegation={"environments": (records.PRODUCTION,)}),
        {"api_key": DELEGATED},
    ),
    "a delegation without the right to keys": (
        Reason.DELEGATION_NARROWED,
        World().but(delegation={"rights": ("view", "projects")}),
        {"api_key": DELEGATED},
    ),
    "an owner who ended a delegation": (None, World().but(delegation={"state": "ended"}), {}),
    "a data space that does not exist": (Reason.DATA_SPACE_UNKNOWN, World(), {"data_space": "none"}),
    "another account's data space": (Reason.DATA_SPACE_UNKNOWN, World(), {"data_space": FOREIGN_SPACE}),
    "a data space of a project outside of the delegation": (
        Reason.DATA_SPACE_UNKNOWN,
        World().but(delegation={"project_ids": (PROJECT,)}),
        {"api_key": DELEGATED, "data_space": OTHER_SPACE},
    ),
    "a data space of a project in the delegation": (
        None,
        World().but(delegation={"project_ids": (OTHER_PROJECT,)}),
        {"api_key": DELEGATED, "data_space": OTHER_SPACE},
    ),
    "a data space under a delegation of no project": (
        Reason.DATA_SPACE_UNKNOWN,
        World().but(delegation={"project_ids": ()}),
        {"api_key": DELEGATED, "data_space": SANDBOX_SPACE},
    ),
    "a data space of a side outside of the delegation": (
        Reason.DATA_SPACE_UNKNOWN,
        World().but(delegation={"environments": (records.SANDBOX,)}),
        {"api_key": DELEGATED, "data_space": PRODUCTION_SPACE},
    ),
    "a data space that serves both sides, under a delegation of one": (
        None,
        World().but(delegation={"environments": (records.SANDBOX,)}),
        {"api_key": DELEGATED, "data_space": LONE_SPACE},
    ),
    "a data space that serves both sides, of a project outside of the delegation": (
        Reason.DATA_SPACE_UNKNOWN,
        World().but(delegation={"project_ids": (OTHER_PROJECT,)}),
        {"api_key": DELEGATED, "data_space": LONE_SPACE},
    ),
    "a data space of the other side, where that is reported": (None, World(), {"data_space": PRODUCTION_SPACE}),
    "a data space of the other side, where sides must match": (
        Reason.ENVIRONMENT_MISMATCH,
        World(policy=Policy.MATCHED),
        {"data_space": PRODUCTION_SPACE},
    ),
    "a data space of the key's side, where sides must match": (
        None,
        World(policy=Policy.MATCHED),
        {"data_space": SANDBOX_SPACE},
    ),
    "a data space that serves both sides, where sides must match": (
        None,
        World(policy=Policy.MATCHED),
        {"data_space": LONE_SPACE},
    ),
    "a service that does not exist": (Reason.SERVICE_UNKNOWN, World(), {"service": "sorcery"}),
    "a service that the owner has not": (Reason.SERVICE_NOT_ENTITLED, World(), {"service": "recommendations"}),
    "a service that only the integrator has": (
        Reason.SERVICE_NOT_ENTITLED,
        World(),
        {"api_key": DELEGATED, "service": "payments"},
    ),
    "a service from later on": (
        Reason.SERVICE_NOT_BEGUN,
        World(grants=(a_grant()._replace(starts_at=LATER),)),
        {},
    ),
    "a suspended service": (Reason.SERVICE_SUSPENDED, World(grants=(a_grant()._replace(is_suspended=True),)), {}),
    "a service at its end": (Reason.SERVICE_ENDED, World(grants=(a_grant()._replace(ends_at=NOON),)), {}),
    "a service that was ended": (Reason.SERVICE_ENDED, World(grants=(a_grant()._replace(ended_at=NOON),)), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_call_hears_what_stops_it(case: str):
    reason, world, call = CASES[case]

    assert world.decide(**call).reason is reason  # type: ignore[arg-type]


def test_every_reason_is_reached_by_a_call():
    assert {reason for reason, _world, _call in CASES.values()} == {None, *Reason}


@pytest.mark.parametrize("case", CASES)
def test_the_status_is_the_one_in_the_table_of_reasons(case: str):
    reason, world, call = CASES[case]

    assert world.decide(**call).status == (204 if reason is None else REASONS[reason].status)  # type: ignore[arg-type]


def test_every_reason_has_its_words():
    assert REASONS.keys() == set(Reason)


# What stops a call, in the order in which it is told. Each makes a world worse by one thing; the call is a delegated
# key's, for `payments`, in the production space.
Worse = Callable[[World], World]
ORDER: list[tuple[Reason, Worse]] = [
    (Reason.KEY_REVOKED, lambda world: world.but(delegated={"state": records.REVOKED})),
    (Reason.KEY_EXPIRED, lambda world: world.but(delegated={"expires_at": NOON})),
    (Reason.OWNER_SUSPENDED, lambda world: world.but(owner={"standing": records.SUSPENDED})),
    (Reason.HOLDER_SUSPENDED, lambda world: world.but(integrator={"standing": records.SUSPENDED})),
    (Reason.CONTRACT_ENDED, lambda world: world.but(contract={"ended_at": NOON})),
    (Reason.DELEGATION_ENDED, lambda world: world.but(delegation={"ends_at": NOON})),
    (Reason.DELEGATION_PAUSED, lambda world: world.but(delegation={"state": records.DELEGATION_PAUSED})),
    (Reason.DELEGATION_NARROWED, lambda world: world.but(delegation={"rights": ()})),
    (Reason.DATA_SPACE_UNKNOWN, lambda world: world.but(delegation={"project_ids": ()})),
    (Reason.ENVIRONMENT_MISMATCH, lambda world: replace(world, policy=Policy.MATCHED)),
    (Reason.SERVICE_NOT_ENTITLED, lambda world: world),
]


def test_the_order_is_the_one_of_the_table():
    told = [reason for reason, _worse in ORDER]

    assert told == [reason for reason in REASONS if reason in told]
    assert list(REASONS) == list(Reason)


@pytest.mark.parametrize("number", range(len(ORDER)))
def test_of_several_reasons_the_first_in_order_is_told(number: int):
    world = World()
    for _reason, worse in ORDER[number:]:
        world = worse(world)

    decision = world.decide(DELEGATED, service="payments", data_space=PRODUCTION_SPACE)

    assert decision.reason is ORDER[number][0]


# Strangers

DEAD: dict[str, World] = {
    "all is well": World(),
    "the key was revoked": World().but(own={"state": records.REVOKED}),
    "the key has expired": World().but(own={"expires_at": EARLIER}),
    "the owner is suspended": World().but(owner={"standing": records.SUSPENDED}),
    "the contract has ended": World().but(contract={"ended_at": EARLIER}),
    "the public half is none": World().but(own={"spki": b"no key"}),
}
SIGNED_OTHERWISE = {
    "nothing": "",
    "no token": "not a token",
    "another's signature": token_of(FOREIGN),
    "another's signature, and its time is over": token_of(FOREIGN, -3600),
    "another algorithm by name": signed(private_of(OWN), as_part(HEADER | {"alg": "RS512"}), as_part({"exp": NOON})),
    "a signature cut short": token_of(OWN)[:-4],
}


@pytest.mark.parametrize("case", DEAD)
@pytest.mark.parametrize("token", SIGNED_OTHERWISE)
def test_a_stranger_hears_the_same_whatever_the_key_is(case: str, token: str):
    decision = DEAD[case].decide(token=SIGNED_OTHERWISE[token], service="sorcery", data_space=FOREIGN_SPACE)

    assert decision == STRANGER


def test_a_stranger_hears_of_a_known_key_what_it_hears_of_an_unknown_one():
    known, unknown = (World().decide(api_key, token=token_of(FOREIGN)) for api_key in (OWN, UNKNOWN))

    assert known == unknown == STRANGER


def test_who_signed_in_time_hears_what_became_of_the_key():
    decision = DEAD["the key was revoked"].decide()

    assert (decision.reason, decision.key and decision.key.api_key) == (Reason.KEY_REVOKED, OWN)


def test_who_sends_an_old_token_hears_nothing_of_the_key():
    decision = DEAD["the key was revoked"].decide(token=token_of(OWN, -3600))

    assert (decision.reason, decision.key) == (Reason.TOKEN_EXPIRED, None)


# Policies


def test_a_key_used_on_the_other_side_is_reported():
    assert World().decide(data_space=PRODUCTION_SPACE).flags == (ENVIRONMENT_MISMATCH,)


@pytest.mark.parametrize("data_space", [None, SANDBOX_SPACE, LONE_SPACE])
def test_nothing_is_reported_of_a_key_that_is_used_as_it_should(data_space: str | None):
    assert World().decide(data_space=data_space).flags == ()


def test_a_refused_call_is_not_reported_too():
    assert World().decide(data_space=PRODUCTION_SPACE, service="sorcery").flags == ()


def test_an_allowed_call_names_key_and_data_space():
    decision = World().decide(DELEGATED, data_space=SANDBOX_SPACE)

    assert decision.key is not None
    assert decision.key.holder.id == INTEGRATOR
    assert decision.space is not None
    assert decision.space.public_id == SANDBOX_SPACE


# Several grants of one service

OVER, COMING, HALTED = (
    a_grant()._replace(ends_at=EARLIER),
    a_grant()._replace(starts_at=LATER),
    a_grant()._replace(is_suspended=True),
)
SEVERAL = [
    ((OVER, COMING, HALTED, a_grant()), None),
    ((OVER, COMING, HALTED), Reason.SERVICE_SUSPENDED),
    ((OVER, HALTED), Reason.SERVICE_SUSPENDED),
    ((OVER, COMING), Reason.SERVICE_NOT_BEGUN),
    ((OVER, OVER), Reason.SERVICE_ENDED),
]


@pytest.mark.parametrize(("grants", "reason"), SEVERAL)
def test_of_several_grants_one_is_enough_and_their_order_says_nothing(grants, reason: Reason | None):
    heard = {World(grants=order).decide().reason for order in permutations(grants)}

    assert heard == {reason}


def test_a_service_ends_with_the_contract_that_grants_it():
    other = ContractRow(uuid.uuid4(), NOON - DAY, NOON + DAY, NOON)
    world = World(other_contracts=(other,), grants=(a_grant("search", other.id),))

    assert world.decide().reason is Reason.SERVICE_ENDED


def test_a_service_begins_with_the_contract_that_grants_it():
    other = ContractRow(uuid.uuid4(), LATER, NOON + DAY, None)
    world = World(other_contracts=(other,), grants=(a_grant("search", other.id),))

    assert world.decide().reason is Reason.SERVICE_NOT_BEGUN


def test_a_service_of_another_contract_goes_on_when_one_ends():
    other = ContractRow(uuid.uuid4(), NOON - DAY, NOON + DAY, EARLIER)
    world = World(other_contracts=(other,), grants=(a_grant("search", other.id), a_grant("search", CONTRACT)))

    assert world.decide().reason is None


# security.md 3.5

TRIES = 10_000


def test_a_delegated_key_never_passes_beyond_its_delegation_and_the_owners_entitlement():
    """Random worlds; what may pass is said once more, in the words of the design."""
    chance = random.Random(5)  # noqa: S311 - a test's
    tables = World().tables
    passed = refused = 0
    for version in range(TRIES):
        world = _any_world(chance)
        tables.policy = world.policy
        tables.apply(world.delta, version)
        space, service = chance.choice([None, *world.spaces]), chance.choice([None, *SERVICES, "sorcery"])
        call = Call(DELEGATED, token_of(DELEGATED), service, space and space.public_id)
        decision = decide(tables, call, NOON, lambda *_proved: None)
        assert decision.is_allowed == _may_pass(world, space, service), (world, call, decision.reason)
        passed, refused = passed + decision.is_allowed, refused + (not decision.is_allowed)

    assert min(passed, refused) > TRIES / 10


def _any_world(chance: random.Random) -> World:
    def seldom(*others: object, usual: object) -> object:
        return chance.choice(others) if chance.random() < 0.06 else usual

    def some(things: tuple[object, ...]) -> tuple[object, ...]:
        return things if chance.random() < 0.8 else tuple(thing for thing in things if chance.random() < 0.5)

    term = {
        "starts_at": seldom(LATER, usual=NOON - DAY),
        "ends_at": seldom(EARLIER, NOON, usual=NOON + DAY),
        "ended_at": seldom(EARLIER, usual=None),
    }
    grants = tuple(
        a_grant(service)._replace(
            starts_at=seldom(LATER, usual=NOON - DAY),
            ends_at=seldom(EARLIER, usual=NOON + DAY),
            ended_at=seldom(EARLIER, usual=None),
            is_suspended=seldom(True, usual=False),
        )
        for service in chance.choices(sorted(SERVICES), k=4)
    )
    world = World(grants=grants, policy=chance.choice(list(Policy)))
    states = (records.PENDING, records.RETIRED, records.REVOKED, records.COMPROMISED)
    standings = {"standing": seldom(records.SUSPENDED, records.PAST_DUE, usual=records.GOOD)}
    return world.but(
        owner=standings,
        integrator={"standing": seldom(records.SUSPENDED, records.PAST_DUE, usual=records.GOOD)},
        contract=term,
        delegation={
            "state": seldom(records.DELEGATION_PAUSED, "ended", "declined", usual=records.DELEGATION_ACTIVE),
            "ends_at": seldom(EARLIER, NOON, usual=NOON + DAY),
            "environments": some(SIDES),
            "rights": some((records.KEYS_RIGHT, "view")),
            "project_ids": chance.choice([None, (PROJECT,), (OTHER_PROJECT,), ()]),
        },
        delegated={"state": seldom(*states, usual=records.ACTIVE), "expires_at": seldom(EARLIER, usual=None)},
    )


def _may_pass(world: World, space: records.SpaceRow | None, service: str | None) -> bool:
    key, delegation, contract = world.delegated, world.delegation, world.contract
    key_lives = key.state == "active" and (key.expires_at is None or key.expires_at > NOON)
    nobody_is_suspended = "suspended" not in (world.owner.standing, world.integrator.standing)
    contract_runs = contract.starts_at <= NOON < contract.ends_at and contract.ended_at is None
    delegation_runs = delegation.state == "active" and delegation.ends_at > NOON
    covers_key = "keys" in delegation.rights and "sandbox" in delegation.environments
    covers_space = space is None or (
        space.tenant_id == world.owner.id
        and (delegation.project_ids is None or space.project_id in delegation.project_ids)
        and (space.serves_both_sides or space.environment in delegation.environments)
    )
    sides_go_together = (
        space is None
        or world.policy is Policy.REPORT
        or space.serves_both_sides
        or space.environment == key.environment
    )
    is_entitled = service is None or any(
        grant.service == service
        and grant.starts_at <= NOON < grant.ends_at
        and grant.ended_at is None
        and not grant.is_suspended
        for grant in world.grants
    )
    return all(
        (
            key_lives,
            nobody_is_suspended,
            contract_runs,
            delegation_runs,
            covers_key,
            covers_space,
            sides_go_together,
            is_entitled,
        )
    )
