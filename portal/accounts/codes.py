"""The second step of proving oneself: a code from an authenticator app, or a recovery code."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from structlog import get_logger

from portal.accounts import factor_store as store
from portal.accounts import recovery_codes, totp
from portal.accounts.attempts import SECOND, Proof, Step
from portal.accounts.models import FactorKind, Means, Person, SecondFactor
from portal.foundation import clock
from portal.foundation.sealing import CannotUnseal

log = get_logger()


@dataclass(frozen=True, kw_only=True)
class AppProof(Proof):
    """By the code of one step, of one app."""

    factor_id: uuid.UUID
    counted: int

    def spend(self) -> bool:
        return store.accept_step(self.factor_id, self.counted, clock.now())


@dataclass(frozen=True, kw_only=True)
class RecoveryProof(Proof):
    """By a recovery code."""

    code_hash: bytes

    def spend(self) -> bool:
        return store.use_recovery_code(self.person_id, self.code_hash, clock.now())


@dataclass(frozen=True)
class Code:
    """What was typed where a code is asked for."""

    text: str
    step: ClassVar[Step] = SECOND

    def proof(self, person: Person | None) -> Proof | None:
        if person is None or not person.is_active:
            return None
        recovery_code = recovery_codes.clean(self.text)
        return self._of_app(person) if recovery_code is None else _of_recovery(person, recovery_code)

    def _of_app(self, person: Person) -> Proof | None:
        for factor in store.second_factors(person.id, FactorKind.TOTP):
            found = _by(factor, person, self.text)
            if found is not None:
                return found
        return None


@dataclass(frozen=True)
class FirstCode:
    """The code that shows that an app was set up rightly: of what the session `session_id` is setting up."""

    text: str
    session_id: uuid.UUID
    step: ClassVar[Step] = SECOND

    def proof(self, person: Person | None) -> Proof | None:
        factor = store.intended_in(self.session_id)
        if person is None or not person.is_active or factor is None or factor.person_id != person.id:
            return None
        return _by(factor, person, self.text)


def _by(factor: SecondFactor, person: Person, text: str) -> Proof | None:
    try:
        seed = totp.seed_of(factor)
    except CannotUnseal:  # under another KEK; recovery codes go on working
        log.error("the seed of an authenticator app does not open", factor=str(factor.id))
        return None
    counted = totp.step_of(seed, text, clock.now())
    if counted is None or counted <= factor.counter:
        return None
    return AppProof(person.id, person.password_hash, means=Means.TOTP, factor_id=factor.id, counted=counted)


def _of_recovery(person: Person, code: str) -> Proof | None:
    code_hash = recovery_codes.hash_of(person.id, code)
    if not store.has_recovery_code(person.id, code_hash):
        return None
    return RecoveryProof(person.id, person.password_hash, means=Means.RECOVERY_CODE, code_hash=code_hash)
