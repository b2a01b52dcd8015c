"""The key-encryption keys: whether what is sealed opens with those that are configured."""

from collections.abc import Iterator

from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok, warn
from portal.foundation.sealed import sealed_columns
from portal.foundation.sealing import CannotUnseal
from portal.kek import operations


def kek(at: Deployment) -> Iterator[Finding]:
    """Whether KEK and KEK_OTHERS open everything that is sealed, and whether KEK alone would."""
    used = operations.in_use()
    if not used:
        yield not_checked("Nothing is sealed yet that KEK could be tried on.")
        return
    present = operations.setup().sealer.key_id
    missing = sorted({use.key_id for use in used if operations.is_missing(use.key_id)})
    if missing:
        yield fail(
            f"There are values sealed under key-encryption keys that are not here: {', '.join(missing)}.",
            "Put the KEK back that was in use, or name it in KEK_OTHERS: what is sealed under it opens with no other.",
        )
    elif any(use.key_id != present for use in used):
        yield warn(
            "Not everything is sealed under KEK: a rotation was begun and not ended.",
            "Run `flask portal kek rotate`, then take what it no longer needs out of KEK_OTHERS.",
        )
    closed = [str(column) for column in sealed_columns() if not _opens(column)]
    if closed:
        yield fail(
            f"The newest value does not open in {', '.join(closed)}: it was changed, or moved.",
            "Find out what wrote to the database past the portal; a backup from before has the value.",
        )
    elif not missing:
        yield ok(f"What is sealed opens, in {', '.join(sorted({use.column for use in used}))}.")


def _opens(column: operations.Column[str]) -> bool:
    try:
        operations.open_newest(column)
    except CannotUnseal:
        return False
    return True
