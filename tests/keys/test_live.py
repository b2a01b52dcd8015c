"""Whether a pair is live: the verifier, the lists and its status say the same at every moment."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm.attributes import set_committed_value

from portal.access.actor import Actor
from portal.access.roles import Environment, Right
from portal.contracts.models import Contract, ContractKind
from portal.delegations.models import Delegation, DelegationState
from portal.foundation.database import db
from portal.impact import snapshot
from portal.keys import store
from portal.keys.models import KeyEnding, KeyOrigin, KeyPair, KeyState
from portal.keys.status import LIVE, status_of
from portal.tenants.models import Standing, Tenant
from portal.verifier import liveness
from tests.factories import a_delegation, a_key, a_licensee, an_integrator, for_client
from tests.verifier.records import verifies

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
moments = st.integers(-5, 5).map(lambda hours: NOW + timedelta(hours=hours))
maybe = st.none() | moments


@st.composite
def terms(draw: st.DrawFn) -> tuple[datetime, datetime]:
    starts_at, ends_at = draw(moments), draw(moments)
    return min(starts_at, ends_at), max(starts_at, ends_at) + timedelta(minutes=1)


@st.composite
def pairs(draw: st.DrawFn) -> KeyPair:
    """A pair in any state, under any contract, of tenants in any standing, with or without a delegation."""
    pair = KeyPair(
        name="Shop",
        api_key="0" * 32,
        state=draw(st.sampled_from(KeyState)),
        origin=KeyOrigin.UPLOAD,
        environment=draw(st.sampled_from(Environment)),
        created_at=draw(moments),
        expires_at=draw(maybe),
        retiring_since=NOW - timedelta(days=9),
        retiring_until=draw(maybe),
        ending=draw(st.sampled_from(KeyEnding)),
        delegation_id=None,
    )
    starts_at, ends_at = draw(terms())
    contract = Contract(kind=ContractKind.LICENCE, starts_at=starts_at, ends_at=ends_at, ended_at=draw(maybe))
    set_committed_value(pair, "contract", contract)
    owner, integrator = (Tenant(id=uuid.uuid4(), standing=draw(st.sampled_from(Standing))) for _party in range(2))
    delegation = draw(st.none() | delegations())
    set_committed_value(pair, "owner", owner)
    set_committed_value(pair, "holder", owner if delegation is None else integrator)
    set_committed_value(pair, "delegation", delegation)
    return pair


@st.composite
def delegations(draw: st.DrawFn) -> Delegation:
    return Delegation(
        id=uuid.uuid4(),
        state=draw(st.sampled_from(DelegationState)),
        ends_at=draw(moments),
        environments=draw(st.frozensets(st.sampled_from(Environment))),
        rights=draw(st.frozensets(st.sampled_from(Right))),
    )


@pytest.mark.no_database
@given(pair=pairs(), at=moments)
def test_the_verifier_takes_for_live_what_the_status_calls_live(pair: KeyPair, at: datetime):
    for moment in (at - timedelta(microseconds=1), at, at + timedelta(microseconds=1)):
        assert verifies(pair, moment) == (status_of(pair, moment) in LIVE)


@pytest.fixture
def delegated() -> tuple[Actor, KeyPair]:
    """An owner, and a pair that an integrator holds under its delegation."""
    owner, integrator = a_licensee(), an_integrator()
    return owner, a_key(for_client(integrator, a_delegation(owner, integrator)))


CHANGES = {
    "nothing": lambda pair: None,
    "revoked": lambda pair: setattr(pair, "state", KeyState.REVOKED),
    "compromised": lambda pair: setattr(pair, "state", KeyState.COMPROMISED),
    "retiring": lambda pair: _retire(pair, KeyEnding.HARD, 1),
    "retired by the clock": lambda pair: _retire(pair, KeyEnding.HARD, -1),
    "leaked and past its date": lambda pair: _retire(pair, KeyEnding.LEAK, -1),
    "held open": lambda pair: _retire(pair, KeyEnding.HELD, -1),
    "expiring": lambda pair: setattr(pair, "expires_at", _in(1)),
    "expired": lambda pair: setattr(pair, "expires_at", _in(-1)),
    "owner past due": lambda pair: setattr(pair.owner, "standing", Standing.PAST_DUE),
    "owner suspended": lambda pair: setattr(pair.owner, "standing", Standing.SUSPENDED),
    "integrator suspended": lambda pair: setattr(pair.holder, "standing", Standing.SUSPENDED),
    "contract ended": lambda pair: setattr(pair.contract, "ended_at", _in(-1)),
    "contract over": lambda pair: setattr(pair.contract, "ends_at", _in(-1)),
    "contract to come": lambda pair: setattr(pair.contract, "starts_at", _in(1)),
    "delegation paused": lambda pair: setattr(pair.delegation, "state", DelegationState.PAUSED),
    "delegation ended": lambda pair: setattr(pair.delegation, "state", DelegationState.ENDED),
    "delegation over": lambda pair: setattr(pair.delegation, "ends_at", _in(-1)),
    "without the right to keys": lambda pair: setattr(pair.delegation, "rights", frozenset({Right.VIEW})),
    "for the other side": lambda pair: setattr(pair.delegation, "environments", frozenset({Environment.PRODUCTION})),
}


def _in(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def _retire(pair: KeyPair, ending: KeyEnding, hours: int) -> None:
    pair.state, pair.ending = KeyState.RETIRING, ending
    pair.retiring_since, pair.retiring_until = _in(-9), _in(hours)


@pytest.mark.parametrize("change", CHANGES)
def test_status_list_of_live_pairs_and_snapshot_agree(delegated: tuple[Actor, KeyPair], change: str):
    owner, pair = delegated
    CHANGES[change](pair)
    db.session.flush()
    now, api_key = datetime.now(UTC), pair.api_key

    pair = store.get(owner, api_key)
    held = snapshot.find(api_key)

    assert held is not None
    live = status_of(pair, now) in LIVE
    assert live == (change in ("nothing", "retiring", "held open", "expiring", "owner past due"))
    assert (liveness.what_stops(held.key, now.timestamp()) is None) == live
    assert (api_key in {row.api_key for side in Environment for row in store.live(owner, now, side)}) == live
