"""The one choke point of every path that checks a factor: throttled, never locked out, alike for known and unknown."""

import hashlib
import ipaddress
import math
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from portal.access.actor import Actor, system_actor
from portal.accounts import passwords, store
from portal.accounts.errors import (
    NewPasskeyRefused,
    PasskeyCountedBack,
    PasskeyRefused,
    TooManyAttempts,
    WrongCode,
    WrongPassword,
)
from portal.accounts.models import Means, Person, as_person
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Invalid

WINDOW = timedelta(minutes=15)
PER_NETWORK = 100  # an office behind one address signs in every morning
PER_ACCOUNT = 30
PER_PAIR = 10
# An account under attack from everywhere stays open: each network keeps a few attempts, its owner's too.
PER_PAIR_UNDER_ATTACK = 3
# Who guesses codes knows the password already. Six digits and three steps make 3 in a million for each guess: at most
# so many guesses a day from devices that never signed in; NIST SP 800-63B-4, 3.2.2 allows 100.
CODES_A_DAY = 100
DAY = timedelta(days=1)
# Mails that anybody can have sent to an address: few enough not to be a nuisance, and the last one always works.
MAILS_PER_ACCOUNT, MAILS_PER_NETWORK, MAILS_A_DAY = 3, 20, 20
IPV6_PREFIX = 64  # what one subscriber is given at least (RFC 6177)


@dataclass(frozen=True)
class Step:
    """A step of proving oneself: how its attempts are counted, apart from other steps, and refused.

    is_second: it is asked of who has proved the first. Its limits by account hold for every network, but for devices
    on which the person has signed in before: so an attack makes strangers wait, never the owner at their own device.
    """

    prefix: str
    refusal: type[Invalid]
    event: Event
    is_second: bool


FIRST = Step("", WrongPassword, Event.SIGN_IN_FAILED, is_second=False)
SECOND = Step("code-", WrongCode, Event.CODE_REFUSED, is_second=True)
# Nobody guesses a signature: counted like a first step, apart from it.
PASSKEY = Step("passkey-", PasskeyRefused, Event.PASSKEY_REFUSED, is_second=False)
NEW_PASSKEY = Step("passkey-", NewPasskeyRefused, Event.PASSKEY_REFUSED, is_second=False)
COUNTED_BACK = Step("passkey-", PasskeyCountedBack, Event.PASSKEY_COUNTED_BACK, is_second=False)


@dataclass(frozen=True)
class Proof:
    """A person who just proved who they are, and what with; `renewed` replaces a hash of older costs.

    stands_alone: a password long enough to be all that a sign-in needs. failing: how it is refused when it cannot be
    spent, where that is another way than its factor's. vouched_by_id: the tenant whose identity provider said so;
    asked_second: it asks for a second factor itself, says the tenant.
    """

    person_id: uuid.UUID
    password_hash: str
    renewed: passwords.ChosenPassword | None = None
    means: Means = Means.PASSWORD
    stands_alone: bool = False
    failing: Step | None = None
    vouched_by_id: uuid.UUID | None = None
    asked_second: bool = False

    def spend(self) -> bool:
        """Use up, in the attempt's own transaction, what works once; False when somebody else was first."""
        return True


class Factor(Protocol):
    """What a person proves themselves with, in one step of it.

    `proof` takes as long for nobody (None) as for somebody, and runs outside of transactions: it may be slow. What
    works once, such as a code or a passkey's challenge, is used up by the proof's `spend`.
    """

    @property
    def step(self) -> Step: ...

    def proof(self, person: Person | None) -> Proof | None: ...


@dataclass(frozen=True)
class Password:
    """A password as it was typed."""

    text: str
    step: ClassVar[Step] = FIRST

    def proof(self, person: Person | None) -> Proof | None:
        stored = person.password_hash if person is not None and person.is_active else None
        fits = passwords.matches(self.text, stored)  # first, and always: it is what takes the time
        if not fits or person is None or stored is None:
            return None
        renewed = passwords.rehash(self.text) if passwords.is_outdated(stored) else None
        return Proof(person.id, stored, renewed, stands_alone=passwords.stands_alone(self.text))


@dataclass(frozen=True)
class FormerPassword:
    """The password until all second factors were removed, as it was typed: of use for nothing but a new one."""

    text: str
    step: ClassVar[Step] = FIRST

    def proof(self, person: Person | None) -> Proof | None:
        stored = person.former_hash if person is not None and person.is_active else None
        fits = passwords.matches(self.text, stored)  # first, and always: it is what takes the time
        return Proof(person.id, stored) if fits and person is not None and stored is not None else None


@dataclass(frozen=True)
class _Buckets:
    """What one attempt counts in; `pair` is the account at this network, or at this device when it is known."""

    network: str
    account: str
    pair: str
    day: str
    is_known_device: bool


def attempt(who: Person | str, factor: Factor, network: str, device: str | None = None) -> Proof:
    """The proof that `who` (a person, or an e-mail address as typed) is who they say.

    Commits on its own, so it is called before the operation's transaction. network: the caller's IP address. device:
    the id of the device, when this person has signed in there before.
    Raises: TooManyAttempts and the refusal of the factor's step, WrongPassword, WrongCode or PasskeyRefused; all alike
    whether the address is known, disabled or unknown.
    """
    email = who.email if isinstance(who, Person) else who
    buckets = _buckets(factor.step, store.email_key(email), network, device)
    _spend(factor.step, buckets)
    person = store.person_by_email(email)
    tried = as_person(person) if person is not None else None
    proof = factor.proof(person)
    failed = (proof.failing if proof is not None else None) or factor.step
    with transaction():
        if proof is not None and proof.spend():
            store.forget_attempts(buckets.account, buckets.pair)
            store.give_back_attempt(buckets.network)
            store.give_back_attempt(buckets.day)
            return proof
        _record_failure(tried, failed.event)
    raise failed.refusal()


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


def ask_for_mail(email: str, network: str, device: str | None = None) -> None:
    """Count that a mail to this address is asked for, whether it is anybody's or not. Commits on its own.

    network and device: as for `attempt`; a device on which the person has signed in is counted by itself.
    Raises: TooManyAttempts.
    """
    key, here = store.email_key(email), f"mail-network:{_network(network)}"
    account = f"mail-account:{_digest(key, device or '')}"
    _refuse_above(MAILS_PER_ACCOUNT, *_count(WINDOW, account)[account], clock.now())
    if device is not None:
        return
    _refuse_above(MAILS_PER_NETWORK, *_count(WINDOW, here)[here], clock.now())
    day = f"mail-day:{_digest(key)}"
    _refuse_above(MAILS_A_DAY, *_count(DAY, day)[day], clock.now(), DAY)


def _proofs_from(address: str) -> str:
    return f"proofs:{_network(address)}"


def _spend(step: Step, buckets: _Buckets) -> None:
    if step.is_second:
        _spend_second(buckets)
        return
    counters, now = _count(WINDOW, buckets.network, buckets.account, buckets.pair), clock.now()
    is_under_attack = counters[buckets.account][0] > PER_ACCOUNT and not buckets.is_known_device
    if not buckets.is_known_device:
        _refuse_above(PER_NETWORK, *counters[buckets.network], now)
    _refuse_above(PER_PAIR_UNDER_ATTACK if is_under_attack else PER_PAIR, *counters[buckets.pair], now)


def _spend_second(buckets: _Buckets) -> None:
    counters, now = _count(WINDOW, buckets.network, buckets.pair), clock.now()
    _refuse_above(PER_PAIR, *counters[buckets.pair], now)
    if buckets.is_known_device:
        return
    _refuse_above(PER_NETWORK, *counters[buckets.network], now)
    # What was refused above takes nothing from the account: one place alone cannot make all others wait.
    _refuse_above(PER_ACCOUNT, *_count(WINDOW, buckets.account)[buckets.account], now)
    _refuse_above(CODES_A_DAY, *_count(DAY, buckets.day)[buckets.day], now, DAY)


def _count(window: timedelta, *buckets: str) -> dict[str, tuple[int, datetime]]:
    with transaction():
        rows = store.count_attempts(sorted(buckets), clock.now(), window)
    return {bucket: (count, since) for bucket, count, since in rows}


def _refuse_above(limit: int, count: int, since: datetime, now: datetime, window: timedelta = WINDOW) -> None:
    if count > limit:
        seconds = max(1, math.ceil((since + window - now).total_seconds()))
        raise TooManyAttempts(minutes=math.ceil(seconds / 60), seconds=seconds)


def _buckets(step: Step, email_key: str, address: str, device: str | None) -> _Buckets:
    network, prefix = _network(address), step.prefix
    place = f"device:{_digest(email_key, device)}" if device else f"pair:{_digest(email_key, network)}"
    return _Buckets(
        network=f"network:{network}",
        account=f"{prefix}account:{_digest(email_key)}",
        pair=prefix + place,
        day=f"{prefix}day:{_digest(email_key)}",
        is_known_device=device is not None,
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


def _record_failure(tried: Actor | None, event: Event) -> None:
    # What was typed is not kept: some type their password into the address field.
    if tried is None:
        audit.record(system_actor("sign-in"), event, _Tried("unknown", "unknown"))
    else:
        audit.record(tried, event, _Tried(str(tried.person_id), tried.label))


@dataclass(frozen=True)
class _Tried:
    id: str
    label: str

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "person", self.id, self.label
