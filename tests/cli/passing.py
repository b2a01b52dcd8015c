"""Hand-offs for commands: files with a scene's keys, codes that its people were shown, and how things stand."""

from dataclasses import dataclass
from pathlib import Path

from portal.access.rows import Reader, across_tenants
from portal.cli.holder.envelope_keys import PKCS8
from portal.foundation.database import db, transaction
from portal.handoffs import store
from portal.handoffs.models import EnvelopeKey, HandOff, Purpose
from tests.api.passing import a_code_for
from tests.cli.test_holder import Ended, portal_key
from tests.factories import pem_of
from tests.handoffs.scenes import Scene, a_hand_off, an_intent

DEPOSIT = "/api/v1/hand-offs/sealing/envelope"
ENROLMENT = "/api/v1/hand-offs/envelope-key"
OPENING = "/api/v1/hand-offs/opening"
PROOF_OF_OPENING = "/api/v1/hand-offs/opening/proof"


@dataclass
class Desk:
    """The scene's people at their machines: the pair's private key is in key.pem, the receiver's in another file."""

    scene: Scene
    url: str

    def code_to_seal(self) -> str:
        """A code for a new intent of the owner."""
        return a_code_for(self.scene.owner, Purpose.SEAL, an_intent(self.scene).public_id)

    def code_to_open(self, hand_off: HandOff) -> str:
        return a_code_for(self.scene.integrator, Purpose.OPEN, hand_off.public_id)

    def offered(self) -> tuple[HandOff, str]:
        """A hand-off that was sealed by the library, and a code to open it."""
        hand_off = a_hand_off(self.scene)
        return hand_off, self.code_to_open(hand_off)

    def seal(self, code: str, *words: str, typed: str = "") -> Ended:
        return portal_key("seal", "--portal", self.url, "--key", "key.pem", code, *words, typed=typed)

    def open(self, code: str, *words: str, key: str = "envelope-key.pem") -> Ended:
        return portal_key("open", "--portal", self.url, "--envelope-key", key, code, *words)


def write_keys(scene: Scene, folder: Path) -> None:
    """The files that a desk has."""
    (folder / "key.pem").write_text(pem_of(scene.private))
    (folder / "envelope-key.pem").write_bytes(scene.receiving.private_bytes(*PKCS8))


def hand_offs() -> list[HandOff]:
    """All of them, as `get` loads them."""
    rows = across_tenants(HandOff, reason=Reader.UPKEEP).options(*store.WHOLE).order_by(HandOff.id)
    return list(db.session.scalars(rows))


def enrolled() -> list[EnvelopeKey]:
    """All envelope keys, oldest first."""
    return list(db.session.scalars(across_tenants(EnvelopeKey, reason=Reader.UPKEEP).order_by(EnvelopeKey.id)))


def tampered(hand_off: HandOff, *, envelope: bytes | None = None, signature: bytes | None = None) -> None:
    """What the portal keeps of the hand-off is another one from now on."""
    with transaction():
        row = next(one for one in hand_offs() if one.public_id == hand_off.public_id)
        row.envelope, row.signature = envelope or row.envelope, signature or row.signature
