"""`flask portal signing-key`: the keys with which the portal signs under its own name."""

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.cli import with_appcontext

from portal.audit import operations as audit
from portal.audit.events import Event
from portal.cli.speaking import operator_at
from portal.foundation import signing
from portal.foundation.database import transaction
from portal.foundation.signing import Purpose, SigningKey


@click.command("signing-key")
@click.option(
    "--rotate", type=click.Choice([purpose.value for purpose in Purpose]),
    help="Put a new key into service for this; what the old one signed goes on verifying.",
)  # fmt: skip
@with_appcontext
def signing_key(rotate: str | None) -> None:
    """Print the public halves of the keys with which the portal signs; they may be given to anybody."""
    if rotate:
        with transaction():
            audit.record(operator_at(), Event.SIGNING_KEY_ROTATED, signing.rotate(Purpose(rotate)))
    keys = signing.every_key()
    if not keys:
        click.echo("There is none yet: a key is made when something is signed for the first time.", err=True)
    for key in keys:
        click.echo(_told(key))


def _told(key: SigningKey) -> str:
    state = f"retired {key.retired_at:%Y-%m-%d}, still verifies" if key.retired_at else "signs"
    pem = Ed25519PublicKey.from_public_bytes(key.public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    title = f"{key.key_id}  for {key.purpose}, made {key.created_at:%Y-%m-%d}, {state}"
    return f"{title}\n{key.public.hex()}\n{pem.decode()}"
