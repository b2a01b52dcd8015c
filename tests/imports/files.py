"""Files to be imported, and their way through the worker."""

from collections.abc import Sequence

from portal.access.actor import Actor
from portal.foundation.database import transaction
from portal.imports import operations as imports
from portal.imports import store, working
from portal.imports.models import Import, ImportLine

HEADER = "name,owner_email,edition,first_day,last_day"
AURORA = "Aurora,ann@example.com,adobe-commerce,2031-01-01,2031-12-31"


def a_file(*lines: str, header: str = HEADER) -> bytes:
    """A file of these lines below the header."""
    return "\n".join((header, *lines)).encode()


def given(actor: Actor, *lines: str, header: str = HEADER) -> str:
    """The public id of an import of these lines that waits to be checked."""
    file = imports.opened("accounts.csv", a_file(*lines, header=header))
    with transaction():
        return imports.give(actor, file).public_id


def checked(actor: Actor, *lines: str, header: str = HEADER) -> Import:
    """The import of these lines, with a report."""
    public_id = given(actor, *lines, header=header)
    working.run()
    return store.get(actor, public_id)


def confirmed(actor: Actor, row: Import) -> Import:
    """The same, confirmed, to be applied by the worker."""
    with transaction():
        imports.confirm(actor, row, row.version)
    return store.get(actor, row.public_id)


def applied(actor: Actor, *lines: str, header: str = HEADER) -> Import:
    """The import of these lines once the worker has applied it."""
    row = confirmed(actor, checked(actor, *lines, header=header))
    working.run()
    return store.get(actor, row.public_id)


def report(actor: Actor, row: Import) -> Sequence[ImportLine]:
    """The lines of the report in the order of the file."""
    return list(store.all_lines(actor, row, None))


def codes(actor: Actor, row: Import) -> list[list[str]]:
    """The codes of what is told of each line."""
    return [[detail["code"] for detail in line.details] for line in report(actor, row)]
