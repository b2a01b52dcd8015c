"""`portal-key …` for whoever holds a private key. It runs on the holder's machine and loads nothing of the server."""

import click

from portal.cli.holder.batch import batch
from portal.cli.holder.check import check
from portal.cli.holder.enroll import enroll
from portal.cli.holder.new import new
from portal.cli.holder.open import open_
from portal.cli.holder.revoke import revoke
from portal.cli.holder.rotate import rotate
from portal.cli.holder.seal import seal
from portal.cli.holder.token import token


@click.group("portal-key")
def portal_key() -> None:
    """For whoever holds a private key. Nothing here sends one anywhere, but sealed to its receiver."""


for command in (new, batch, rotate, check, token, revoke, enroll, seal, open_):
    portal_key.add_command(command)


if __name__ == "__main__":
    portal_key()
