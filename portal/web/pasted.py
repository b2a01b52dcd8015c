"""Private keys that somebody gave where none belongs: taken out, never shown back, and burnt (rule 2)."""

from collections.abc import Iterable

from flask import current_app, flash, g
from flask_babel import gettext as _
from wtforms import Field

from portal.foundation.database import transaction
from portal.foundation.words import PRIVATE_KEY
from portal.keys import material, operations
from portal.keys.errors import PrivateKeyPasted
from portal.web.say import say


def take_out(fields: Iterable[Field]) -> list[Field]:
    """The fields in whose text a private key stood; they are empty now, and its public half is blocked."""
    found = [field for field in fields if isinstance(field.data, str) and PRIVATE_KEY.search(field.data)]
    for field in found:
        burn(field.data)
        field.data = ""
    return found


def complain(field: Field) -> None:
    """Say at the field what happened to the private key."""
    field.errors = [say(PrivateKeyPasted())]


def burn(text: str) -> None:
    """Block the public half of the private key in `text` for new pairs, and warn when it is one of the actor's.

    An encrypted or broken one cannot be read, so nothing is blocked; nor for a visitor, whom no record could name.
    """
    spki_sha256 = material.public_hash_of_private(text)
    if spki_sha256 is None or "actor" not in g:
        return
    actor = g.actor
    # In a session of its own, so that what the page has loaded stays loaded.
    with current_app.app_context(), transaction():
        own = operations.burn(actor, spki_sha256)
        name = own.name if own else None
    if name is not None:
        flash(
            _(
                "It belongs to your key pair “%(name)s”, which goes on working. If others may have seen it, make a "
                "successor, put that into the shop, and then revoke “%(name)s”.",
                name=name,
            ),
            "warning",
        )
