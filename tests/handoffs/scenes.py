"""An owner, an integrator with an envelope key, and hand-offs between them in every state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.actor import Actor
from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants, owned_by
from portal.audit.models import AuditEvent
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation
from portal.foundation.database import db, transaction
from portal.handoffs import envelope, giving, opening, operations, store
from portal.handoffs.envelope import Envelope
from portal.handoffs.giving import Receiver, bound_by
from portal.handoffs.models import EnvelopeKey, HandOff, HandOffIntent, Kept
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from tests.factories import (
    BASE_URL,
    a_delegation,
    a_key,
    a_licensee,
    a_private_key,
    an_integrator,
    pem_of,
    sign,
)


@dataclass
class Scene:
    """Northwind owns `pair`, of which `private` is the other half; Agency takes keys with `receiving`."""

    owner: Actor
    integrator: Actor
    delegation: Delegation
    pair: KeyPair
    private: rsa.RSAPrivateKey
    receiving: X25519PrivateKey
    key: EnvelopeKey

    @property
    def receivers(self) -> Sequence[Receiver]:
        """To whom the owner may hand the pair over now."""
        return giving.receivers(self.owner, keys.get(self.owner, self.pair.api_key))


def a_scene(environment: Environment = Environment.PRODUCTION, *, private: rsa.RSAPrivateKey | None = None) -> Scene:
    """Everything in place for a hand-off."""
    owner, integrator = a_licensee(name="Northwind"), an_integrator(name="Agency")
    delegation = a_delegation(owner, integrator)
    private = private or a_private_key(1)
    pair = a_key(owner, name="Storefront", environment=environment, private=private)
    receiving = X25519PrivateKey.generate()
    return Scene(owner, integrator, delegation, pair, private, receiving, an_envelope_key(integrator, receiving))


def an_envelope_key(actor: Actor, private: X25519PrivateKey, kept: Kept = Kept.BROWSER) -> EnvelopeKey:
    """The person's envelope key from now on."""
    with transaction():
        return operations.enrol(actor, envelope.raw_public(private), kept)


def an_intent(scene: Scene, **others: Any) -> HandOffIntent:
    """The intent to hand the scene's pair over, by its owner."""
    with transaction():
        intent = operations.begin(scene.owner, scene.pair, scene.key.public_id, **others)
    return store.get_intent(scene.owner, intent.public_id)


def sealed(scene: Scene, intent: HandOffIntent) -> Envelope:
    """The scene's private key in an envelope for this intent."""
    return envelope.seal(pem_of(scene.private), intent.to_public, bound_by(intent))


def a_hand_off(scene: Scene, **others: Any) -> HandOff:
    """The scene's pair, offered."""
    intent = an_intent(scene, **others)
    with transaction():
        hand_off = operations.deposit(scene.owner, intent, sealed(scene, intent))
    return store.get(scene.owner, hand_off.public_id)


def code_of(hand_off: HandOff) -> str:
    """The code in the link that its receiver was sent."""
    mails = (mail.facts for mail in outbox.read_all(200) if mail.template == "hand_off_offered")
    return next(str(facts["code"]) for facts in mails if facts["hand_off"] == hand_off.public_id)


def fetched(scene: Scene, hand_off: HandOff, actor: Actor | None = None) -> Envelope:
    """The envelope, fetched by the receiver."""
    who = actor or scene.integrator
    found = store.get(who, hand_off.public_id)
    with transaction():
        return operations.fetch(who, found)


def finished(scene: Scene, hand_off: HandOff) -> None:
    """The opening is proved, with the key that was taken out of the envelope."""
    found = store.get(scene.integrator, hand_off.public_id)
    message = opening.message_of(found, base_url=BASE_URL)
    with transaction():
        operations.finish(scene.integrator, found, signature=sign(scene.private, message), base_url=BASE_URL)


def now(scene: Scene, hand_off: HandOff) -> HandOff:
    """The hand-off as it stands in the database."""
    db.session.rollback()
    return store.get(scene.owner, hand_off.public_id)


def narrow(scene: Scene, **terms: Any) -> None:
    """The owner narrows the delegation to these terms; what is not named stays."""
    row = delegation_store.get_given(scene.owner, scene.delegation.public_id)
    kept = {"environments": row.environments, "rights": row.rights, "project_ids": row.project_ids}
    with transaction():
        delegations.narrow(scene.owner, row, **kept | {"ends_at": row.ends_at, "version": row.version} | terms)


def events_of(actor: Actor) -> list[str]:
    """The events in the chain of the actor's tenant, oldest first."""
    rows = db.session.scalars(owned_by(actor, AuditEvent).order_by(AuditEvent.seq))
    return [row.event for row in rows]


def mails() -> list[str]:
    """The templates of all mails so far, oldest first."""
    rows = across_tenants(OutboxMessage, reason=Reader.UPKEEP).order_by(OutboxMessage.id)
    return [row.template for row in db.session.scalars(rows)]
