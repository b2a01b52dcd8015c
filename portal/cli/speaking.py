"""Commands that refuse in sentences: on standard error, with exit code 1 and without a traceback."""

import getpass
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import DBAPIError

from portal.access.actor import Actor, system_actor
from portal.foundation.errors import PortalError


class SpeakingGroup(click.Group):
    """A group of commands whose refusals are spoken."""

    def invoke(self, ctx: click.Context) -> Any:
        with speaking():
            return super().invoke(ctx)


@contextmanager
def speaking() -> Iterator[None]:
    """Turns refusals, and a database that cannot be used, into sentences for whoever typed the command."""
    try:
        yield
    except PortalError as refusal:
        raise click.ClickException(refusal.in_english()) from refusal
    except DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        raise click.ClickException(
            f"The database cannot be used: {reason}. If it is new or was upgraded, run `flask db upgrade` first."
        ) from error


def operator_at(tenant_id: uuid.UUID | None = None) -> Actor:
    """The portal, acting in this tenant for whoever typed the command; the record names their user on this machine."""
    return system_actor(f"command line ({_user()})", tenant_id)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number only
        return str(os.getuid())
