"""The one choke point of every path that checks a factor: throttled, never locked out, alike for known and unknown."""

import hashlib
import ipaddress
import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from portal.access.actor import Actor, system_actor
from portal.accounts import passwords, store
from portal.accounts.errors import TooManyAttempts, WrongPassword
from portal.accounts.models import Person, as_person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import transaction

WINDOW = timedelta(minutes=15)
PER_NETWORK = 100  # an office behind one address signs in every morning
PER_ACCOUNT = 30
PER_PAIR = 10
# An account under attack from everywhere stays open: each network keeps a few attempts, its owner's too.
PER_PAIR_UNDER_ATTACK = 3
IPV6_PREFIX = 64  # what one subscriber is given at least (RFC 6177)


@dataclass(frozen=True)
class Proof:
    """A person who just proved who they are, and what with; `renewed` replaces a hash of older costs."""

    person_id: uuid.UUID
    password_hash: str
    renewed: passwords.ChosenPassword | None = None


class Factor(Protocol):
    """What a person proves themselves with. `proof` takes as long for nobody (None) as for somebody."""

    def proof(self, person: Person | None) -> Proof | None: ...


@dataclass(frozen=True)
class Password:
    """A password as it was typed."""

    text: str

    def proof(self, person: Person | None) -> Proof | None:
        stored = person.password_hash if person is not None and person.is_active else None
        fits = passwords.matches(self.text, stored)  # first, and always: it is what takes the time
        if not fits or person is None or stored is None:
            return None
        renewed = passwords.rehash(self.text) if passwords.is_outdated(stored) else None
        return Proof(person.id, stored, renewed)


@dataclass(frozen=True)
class _Buckets:
    network: str
    account: str
    pair: str


def attempt(who: Person | str, factor: Factor, network: str) -> Proof:
    """The proof that `who` (a person, or an e-mail address as typed) is who they say.

    Commits on its own, so it is called before the operation's transaction. network: the caller's IP address.
    Raises: TooManyAttempts, WrongPassword; both alike whether the address is known, disabled or unknown.
    """
    email = who.email if isinstance(who, Person) else who
    buckets = _buckets(store.email_key(email), network)
    _spend(buckets)
    person = store.person_by_email(email)
    tried = as_person(person) if person is not None else None
    proof = factor.proof(person)
    with transaction():
        if proof is None:
            _record_failure(tried)
        else:
            store.forget_attempts(buckets.account, buckets.pair)
            store.give_back_attempt(buckets.network)
    if proof is None:
        raise WrongPassword()
    return proof


def require_room(network: str) -> None:
    """Nothing, while this network has not shown too many codes and signatures that do not fit.

    network: the caller's IP address. Raises: TooManyAttempts.
    """
    counted = store.attempts_in(_proofs_from(network))
    if counted is not None and counted[1] + WINDOW > clock.now():
        _refuse_above(PER_NETWORK - 1, *counted, clock.now())


def count_failure(network: str) -> None:
    """Count a code or a signature from this network that does not fit. Commits on its own."""
    with transaction():
        store.count_attempts([_proofs_from(network)], clock.now(), WINDOW)


def _proofs_from(address: str) -> str:
    return f"proofs:{_network(address)}"


def _spend(buckets: _Buckets) -> None:
    now = clock.now()
    with transaction():
        rows = store.count_attempts(sorted((buckets.network, buckets.account, buckets.pair)), now, WINDOW)
    counters = {bucket: (count, since) for bucket, count, since in rows}
    account_count, _since = counters[buckets.account]
    _refuse_above(PER_NETWORK, *counters[buckets.network], now)
    _refuse_above(PER_PAIR if account_count <= PER_ACCOUNT else PER_PAIR_UNDER_ATTACK, *counters[buckets.pair], now)


def _refuse_above(limit: int, count: int, since: datetime, now: datetime) -> None:
    if count > limit:
        seconds = max(1, math.ceil((since + WINDOW - now).total_seconds()))
        raise TooManyAttempts(minutes=math.ceil(seconds / 60), seconds=seconds)


def _buckets(email_key: str, address: str) -> _Buckets:
    network = _network(address)
    return _Buckets(
        network=f"network:{network}",
        account=f"account:{_digest(email_key)}",
        pair=f"pair:{_digest(email_key, network)}",
    )


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((parsed, IPV6_PREFIX), strict=False).network_address)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _record_failure(tried: Actor | None) -> None:
    # What was typed is not kept: some type their password into the address field.
    if tried is None:
        audit.record(system_actor("sign-in"), Event.SIGN_IN_FAILED, _Tried("unknown", "unknown"))
    else:
        audit.record(tried, Event.SIGN_IN_FAILED, _Tried(str(tried.person_id), tried.label))


@dataclass(frozen=True)
class _Tried:
    id: str
    label: str

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "person", self.id, self.label
