"""What the tests of these pages share: addresses, what a page's script would send, and what stands on a page."""

import base64
import json
from datetime import timedelta

import time_machine
from bs4 import BeautifulSoup, Tag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.foundation import clock
from portal.handoffs import envelope
from tests.factories import tenant_of
from tests.handoffs.scenes import Scene, sealed


def account_of(actor):
    return tenant_of(actor).account_id


def enrol_page(actor):
    return f"/{account_of(actor)}/hand-offs/envelope-key"


def give_page(scene: Scene):
    return f"/{account_of(scene.owner)}/keys/{scene.pair.api_key}/hand-over"


def seal_page(scene: Scene, intent):
    return f"/{account_of(scene.owner)}/hand-offs/sealing/{intent.public_id}"


def open_page(scene: Scene, hand_off, actor=None):
    return f"/{account_of(actor or scene.integrator)}/hand-offs/{hand_off.public_id}/open"


def proof_page(scene: Scene, hand_off):
    return open_page(scene, hand_off).removesuffix("open") + "proof"


def base64_of(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def a_public_key() -> str:
    """The public half of a new envelope key, as the page's script sends it."""
    return base64_of(envelope.raw_public(X25519PrivateKey.generate()))


def as_sent(scene: Scene, intent) -> dict[str, str]:
    """The envelope of this intent, as the page's script sends it."""
    made = sealed(scene, intent)
    return {"ciphertext": base64_of(made.ciphertext), "signature": base64_of(made.signature)}


def soup_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def words_on(answer) -> str:
    """The text of the page's content."""
    content = soup_of(answer).find("main")
    assert isinstance(content, Tag)
    return " ".join(content.get_text(" ", strip=True).split())


def envelope_on(answer) -> dict:
    """What the page gives its script."""
    return json.loads(str(soup_of(answer).find(attrs={"data-opener": True})["data-envelope"]))


def eleven_minutes_later():
    """When a sign-in of now counts no longer as somebody who was just there."""
    return time_machine.travel(clock.now() + timedelta(minutes=11), tick=False)
