"""A private key that came where none belongs: its public half is refused for new pairs from now on (rule 2)."""

from collections.abc import Iterator
from typing import Any

from flask import Response, g, request

from portal.api.door import api, refused
from portal.api.errors import NotAsDescribed
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.foundation.words import PRIVATE_KEY, HoldsPrivateKey
from portal.keys import material, operations


@api.errorhandler(HoldsPrivateKey)
@api.errorhandler(NotAsDescribed)
def burn(refusal: PortalError) -> Response:
    """The refusal, after the act was undone; also where the member itself is one that no call knows.

    An encrypted key cannot be read, so nothing is blocked.
    """
    db.session.rollback()
    if "actor" in g:
        for text in filter(PRIVATE_KEY.search, _texts_in(request.get_json(silent=True))):
            _block(text)
    return refused(refusal)


def _block(text: str) -> None:
    spki_sha256 = material.public_hash_of_private(text)
    if spki_sha256 is not None:
        with transaction():
            operations.burn(g.actor, spki_sha256)


def _texts_in(sent: Any) -> Iterator[str]:
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, dict | list):
        for value in sent.values() if isinstance(sent, dict) else sent:
            yield from _texts_in(value)
