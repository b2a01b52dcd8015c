"""Whatever happens, in whatever order: doors that follow, services that decide by bundles, and a slow oracle that reads
the database say the same of every call."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine

from portal.access.roles import Environment
from portal.foundation import clock
from portal.foundation.database import db
from portal.impact import loading
from portal.impact.bundles import Issuer
from portal.impact.loading import Followed
from portal.verifier import bundle as bundles
from portal.verifier.decision import Call, Decision, decide
from portal.verifier.holding import Held, after
from portal.verifier.proving import Prover
from tests.connector.shop import a_token
from tests.impact.history import History
from tests.impact.oracle import Asked, Oracle
from tests.verifier.offline import SigningKeys

PORTIONS, STEPS, CALLS = 25, 200, 12  # 5,000 steps in all
WHOLE = 40  # steps between two who load everything


class Door:
    """Knows by what it loaded once and followed since; it remembers signatures for as long as it runs."""

    def __init__(self) -> None:
        self.prove = Prover()
        loaded = loading.load()
        self.tables, self.version = loaded.tables, loaded.version

    def follow(self) -> None:
        """Be as the database is."""
        found = loading.delta(self.tables, self.version)
        assert isinstance(found, Followed), "no operation leaves a gap"
        self.tables.apply(found.delta, loading.number(found.version))
        self.version = found.version

    def decide(self, call: Call, _environment: str) -> Decision:
        now = clock.now().timestamp()
        return self.tables.read(lambda: decide(self.tables, call, now, self.prove))


class Services:
    """Decide offline: they know of each environment what the bundles brought that a door issued."""

    def __init__(self, door: Door) -> None:
        self.door, self.prove, self.keys = door, Prover(), SigningKeys()
        self.held: dict[Environment, Held] = {}
        self.policy = door.tables.policy
        self.issuers = {side: Issuer("https://portal.example", side, 300, self.keys.signer) for side in Environment}
        for issuer in self.issuers.values():
            issuer.short_seconds = 60  # however busy the machine is, what is given out is the latest
        self.public = bundles.public_keys(self.keys.jwks)

    def update(self) -> None:
        """Take the bundles that the door issues now, which say what changed where they can."""
        if self.policy is not self.door.tables.policy:  # it is a process's for as long as it runs
            self.policy = self.door.tables.policy
            for issuer in self.issuers.values():
                issuer.begin_anew()
        for side, issuer in self.issuers.items():
            held = self.held.get(side)
            issued = issuer.issue(self.door.tables, clock.now().timestamp(), held and held.state)
            self.held[side] = after(held, bundles.read(issued.octets, self.public.get))

    def decide(self, call: Call, environment: str) -> Decision:
        """By the bundle of the environment that the key is of."""
        tables, now = self.held[Environment(environment)].tables, clock.now().timestamp()
        return tables.read(lambda: decide(tables, call, now, self.prove))


class Shops:
    """Sends calls of every kind: mostly as they should be, some with what does not belong together."""

    def __init__(self, history: History) -> None:
        self.history, self.random = history, history.random
        self.tokens: dict[tuple[str, int], str] = {}

    def calls(self, oracle: Oracle) -> Iterator[tuple[Asked, Call]]:
        """Of keys in any state, of live ones more often than of others."""
        api_keys = [key for key in oracle.keys if key in self.history.private]
        live = [key for key in oracle.live(clock.now()) if key in self.history.private]
        for _call in range(CALLS):
            of = live if live and self.random.random() < 0.6 else api_keys
            yield self._call(oracle, self.random.choice(of), api_keys)

    def _call(self, oracle: Oracle, api_key: str, api_keys: list[str]) -> tuple[Asked, Call]:
        signed_by = self.random.choice(api_keys) if self.random.random() < 0.05 else api_key
        ends_in = self.random.choice([-3600, -61, 400, 86400]) if self.random.random() < 0.1 else 300
        ends_at = clock.now().replace(microsecond=0) + timedelta(seconds=ends_in)
        token = self._token(signed_by, int(ends_at.timestamp()))
        data_space, service = self._space(oracle, api_key), self._service(oracle)
        if self.random.random() < 0.03:
            api_key = "f" * 32
        asked = Asked(api_key, signed_by, ends_at, data_space, service)
        return asked, Call(api_key, token, service, data_space)

    def _token(self, signed_by: str, ends_at: int) -> str:
        if (signed_by, ends_at) not in self.tokens:
            self.tokens[signed_by, ends_at] = a_token(self.history.private[signed_by], ends_at)
        return self.tokens[signed_by, ends_at]

    def _space(self, oracle: Oracle, api_key: str) -> str | None:
        chance = self.random.random()
        if chance < 0.3:
            return None
        if chance < 0.35:
            return "00000000-0000-4000-8000-000000000000"
        owner = oracle.keys[api_key]["tenant_id"]
        own = [name for name, space in oracle.spaces.items() if space["tenant_id"] == owner]
        return self.random.choice(own if chance < 0.9 and own else list(oracle.spaces))

    def _service(self, oracle: Oracle) -> str | None:
        chance = self.random.random()
        if chance < 0.2:
            return None
        return self.random.choice(sorted(oracle.services)) if chance < 0.95 else "sorcery"


Decide = Callable[[Call, str], Decision]


def asked_of_all(those: list[Decide], history: History, shops: Shops, came: list[str], heard: Counter[str]) -> None:
    """All of them and the oracle say the same of some calls."""
    oracle = Oracle(history.policy.value)
    for asked, call in shops.calls(oracle):
        refusals = oracle.refusals(asked, clock.now())
        side = oracle.keys[call.api_key]["environment"] if call.api_key in oracle.keys else Environment.SANDBOX
        for each in those:
            decision = each(call, side)
            said = (asked, refusals, decision.reason, came[-10:])
            assert decision.is_allowed == (not refusals), said
            assert decision.reason is None or decision.reason.value in refusals, said
        heard[decision.reason.value if decision.reason else "allowed"] += 1


@pytest.fixture
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=True) as travels:
        yield travels


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(PORTIONS))
def test_doors_and_oracle_agree_on_every_call(seed: int, traveller: time_machine.Traveller):
    history = History(seed, traveller)
    db.session.rollback()
    shops, came, heard = Shops(history), [], Counter[str]()
    always, sometimes = Door(), Door()
    services = Services(always)
    doing = random.Random(-seed)  # noqa: S311 - no secret

    for number in range(STEPS):
        came.append(history.step())
        doors = [always]
        if doing.random() < 0.2:
            doors.append(sometimes)
        if number % WHOLE == WHOLE - 1:
            doors.append(Door())
        for door in doors:
            door.follow()
            door.tables.policy = history.policy
        those: list[Decide] = [door.decide for door in doors]
        if doing.random() < 0.3:
            services.update()
            those.append(services.decide)
        asked_of_all(those, history, shops, came, heard)

    done = {each.split(":")[0] for each in came if each.endswith("done")}
    assert len(done) > 12, came
    assert heard["allowed"] > STEPS * CALLS / 50, heard
