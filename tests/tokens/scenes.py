"""What tests of personal tokens begin with."""

from datetime import datetime, timedelta

from portal.access.actor import Actor
from portal.access.roles import Scope
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tokens import operations
from portal.tokens.models import PersonalToken
from portal.tokens.operations import Issued


def a_token(
    actor: Actor, *scopes: Scope, name: str = "Nightly job", ends_at: datetime | None = None, mark: str | None = None
) -> Issued:
    """A token of the actor's person, by default one that reads for 30 days."""
    with transaction():
        issued = operations.issue(
            actor,
            name=name,
            scopes=frozenset(scopes),
            ends_at=ends_at or clock.now() + timedelta(days=30),
            mark=mark,
        )
    found = operations.find(issued.secret, clock.now())
    assert found is not None
    return Issued(found, issued.secret)


def end(actor: Actor, token: PersonalToken) -> None:
    with transaction():
        operations.end(actor, token)
