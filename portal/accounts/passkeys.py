"""Passkeys (Web Authentication): what browsers are asked, and what authenticators answer. The one user of the library.

Whoever uses one is verified by the authenticator, by a finger, a face or a PIN: a passkey is two factors at once.
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from structlog import get_logger
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from portal.accounts import challenges
from portal.accounts import factor_store as store
from portal.accounts.attempts import COUNTED_BACK, NEW_PASSKEY, PASSKEY, Proof, Step
from portal.accounts.challenges import Asked
from portal.accounts.errors import ChallengeLapsed
from portal.accounts.models import Means, Person, RegisteredPasskey, SecondFactor
from portal.accounts.store import get_person
from portal.foundation import clock
from portal.outbox import operations as outbox

RP_NAME = "Partner portal"
HANDLE_BYTES = 64  # Web Authentication Level 3, 14.6.1: random, and says nothing of the person
ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
PATIENCE_MS = int(challenges.LASTS.total_seconds() * 1000)

log = get_logger()
_origin = ""


def configure(external_base_url: str) -> None:
    """Passkeys are of this origin, and of its host, from now on."""
    global _origin
    parts = urlsplit(external_base_url)
    _origin = f"{parts.scheme}://{parts.netloc}"


def new_handle() -> bytes:
    """What authenticators shall call a person: 64 random bytes."""
    return secrets.token_bytes(HANDLE_BYTES)


def question_to_anybody(asked: Asked) -> str:
    """The JSON for `navigator.credentials.get`: any passkey of this portal that the authenticator offers."""
    return options_to_json(
        generate_authentication_options(
            rp_id=_rp_id(),
            challenge=challenges.new(asked),
            timeout=PATIENCE_MS,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def question_to(person_id: uuid.UUID, asked: Asked) -> str:
    """The same, for the passkeys of this person alone."""
    return options_to_json(
        generate_authentication_options(
            rp_id=_rp_id(),
            challenge=challenges.new(asked),
            timeout=PATIENCE_MS,
            allow_credentials=_descriptors(person_id),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


def invitation_to(person: Person, handle: bytes, asked: Asked) -> str:
    """The JSON for `navigator.credentials.create`: a passkey of this person, not where one is already."""
    return options_to_json(
        generate_registration_options(
            rp_id=_rp_id(),
            rp_name=RP_NAME,
            user_id=handle,
            user_name=person.email,
            user_display_name=person.name,
            challenge=challenges.new(asked),
            timeout=PATIENCE_MS,
            attestation=AttestationConveyancePreference.NONE,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(person.id),
            supported_pub_key_algs=ALGORITHMS,
        )
    )


def _descriptors(person_id: uuid.UUID) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=one) for one in store.credential_ids(person_id)]


@dataclass(frozen=True, kw_only=True)
class PasskeyProof(Proof):
    """By a passkey that signed this challenge and counted so far."""

    factor_id: uuid.UUID
    challenge: bytes
    counted: int

    def spend(self) -> bool:
        return challenges.spend(self.challenge) and store.count_passkey(self.factor_id, self.counted, clock.now())


@dataclass(frozen=True, kw_only=True)
class CopyProof(Proof):
    """By a passkey whose counter went back. It is never good; the person is told by mail the first time."""

    person: Person
    factor_name: str
    factor_id: uuid.UUID
    challenge: bytes

    def spend(self) -> bool:
        if challenges.spend(self.challenge) and store.suspect_passkey(self.factor_id, clock.now()):
            facts: dict[str, Any] = {"name": self.person.name, "factor": self.factor_name}
            outbox.post("passkey_counted_back", self.person.email, self.person.language.value, facts)
        return False


@dataclass(frozen=True)
class Passkey:
    """What an authenticator answered to a question, as the browser sent it: JSON text."""

    text: str
    asked: Asked
    step: ClassVar[Step] = PASSKEY

    def require_live(self) -> None:
        """Nothing, or ChallengeLapsed when it answers no question that is still open in this browser."""
        answer = _read(self.text)
        if not self.text or (answer and not challenges.is_live(_challenge_of(answer), self.asked)):
            raise ChallengeLapsed()

    def proof(self, person: Person | None) -> Proof | None:
        answer = _read(self.text)
        found = store.passkey_of(answer.raw_id) if answer is not None else None
        if answer is None or found is None or person is None or not person.is_active:
            return None
        if found.factor.person_id != person.id or not self._names(answer, found):
            return None
        verified = self._verified(answer, found)
        return None if verified is None else self._counted(person, found.factor, answer, verified)

    def _names(self, answer: AuthenticationCredential, found: RegisteredPasskey) -> bool:
        # Where nobody said who they are, the authenticator has to.
        handle = answer.response.user_handle
        return handle == found.user_handle or (not handle and self.asked.purpose is challenges.Purpose.CONFIRM)

    def _verified(self, answer: AuthenticationCredential, found: RegisteredPasskey) -> VerifiedAuthentication | None:
        challenge = _challenge_of(answer)
        if not challenges.is_live(challenge, self.asked) or _is_framed(answer) or found.public_key is None:
            return None
        try:
            return verify_authentication_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=_rp_id(),
                expected_origin=_origin,
                credential_public_key=found.public_key,
                credential_current_sign_count=0,  # `_counted` compares, so that a copy can be told from a stranger
                require_user_verification=True,
            )
        except Exception as error:  # whatever the library stumbles over in the bytes of a stranger
            log.info("a passkey's answer was refused", reason=str(error)[:200])
            return None

    def _counted(
        self, person: Person, factor: SecondFactor, answer: AuthenticationCredential, verified: VerifiedAuthentication
    ) -> Proof | None:
        challenge, before, now = _challenge_of(answer), factor.counter, verified.new_sign_count
        if challenges.is_spent(challenge):  # a double click counts no less than the first; looked at after the counter
            return None
        shared = (person.id, person.password_hash)
        if now <= before and (now, before) != (0, 0):
            return CopyProof(
                *shared,
                means=Means.PASSKEY,
                failing=COUNTED_BACK,
                person=person,
                factor_name=factor.name,
                factor_id=factor.id,
                challenge=challenge,
            )
        return PasskeyProof(*shared, means=Means.PASSKEY, factor_id=factor.id, challenge=challenge, counted=now)


@dataclass(frozen=True, kw_only=True)
class FirstPasskeyProof(Proof):
    """By the public key that an authenticator has just made, for what is being set up."""

    factor_id: uuid.UUID
    challenge: bytes
    credential_id: bytes
    public_key: bytes
    counted: int

    def spend(self) -> bool:
        return challenges.spend(self.challenge)


@dataclass(frozen=True)
class FirstPasskey:
    """The passkey that an authenticator made, as the browser sent it: of what the session is setting up."""

    text: str
    asked: Asked
    session_id: uuid.UUID
    step: ClassVar[Step] = NEW_PASSKEY

    def require_live(self) -> None:
        """Nothing, or ChallengeLapsed when it answers no question that is still open in this browser."""
        answer = _read_first(self.text)
        if not self.text or (answer and not challenges.is_live(_challenge_of(answer), self.asked)):
            raise ChallengeLapsed()

    def proof(self, person: Person | None) -> Proof | None:
        factor = store.intended_in(self.session_id)
        if person is None or not person.is_active or factor is None or factor.person_id != person.id:
            return None
        answer = _read_first(self.text)
        made = None if answer is None else self._verified(answer)
        if answer is None or made is None:
            return None
        return FirstPasskeyProof(
            person.id,
            person.password_hash,
            means=Means.PASSKEY,
            factor_id=factor.id,
            challenge=_challenge_of(answer),
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            counted=made.sign_count,
        )

    def _verified(self, answer: RegistrationCredential) -> VerifiedRegistration | None:
        challenge = _challenge_of(answer)
        if not challenges.is_live(challenge, self.asked) or _is_framed(answer):
            return None
        try:
            return verify_registration_response(
                credential=answer,
                expected_challenge=challenge,
                expected_rp_id=_rp_id(),
                expected_origin=_origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
        except Exception as error:  # whatever the library stumbles over in the bytes of a stranger
            log.info("a new passkey was refused", reason=str(error)[:200])
            return None


def person_of(text: str) -> Person | None:
    """Whose passkey this answer names; that it is right is for `attempt` to find out."""
    answer = _read(text)
    found = store.passkey_of(answer.raw_id) if answer is not None else None
    return get_person(found.factor.person_id) if found is not None else None


def _read(text: str) -> AuthenticationCredential | None:
    try:
        answer = parse_authentication_credential_json(text)
        _challenge_of(answer)
        return answer
    except Exception:  # as above
        return None


def _read_first(text: str) -> RegistrationCredential | None:
    try:
        answer = parse_registration_credential_json(text)
        _challenge_of(answer)
        return answer
    except Exception:  # as above
        return None


def _challenge_of(answer: AuthenticationCredential | RegistrationCredential) -> bytes:
    return parse_client_data_json(answer.response.client_data_json).challenge


def _is_framed(answer: AuthenticationCredential | RegistrationCredential) -> bool:
    # No page of the portal is shown in another site's frame.
    return bool(parse_client_data_json(answer.response.client_data_json).cross_origin)


def _rp_id() -> str:
    if not _origin:
        raise RuntimeError("passkeys.configure() was not called")
    return urlsplit(_origin).hostname or ""
