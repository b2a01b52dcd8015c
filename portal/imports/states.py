"""Which act moves an import from one state to the next. Every other move is a bug."""

from portal.foundation.states import Machine, Move, keep
from portal.imports.models import Import, ImportState

CHECKING, CHECKED, APPLYING, APPLIED, FAILED, DISCARDED = ImportState

IMPORT = Machine(
    name="Import",
    states=ImportState,
    begins={CHECKING: "a file given by a partner admin"},
    moves=(
        Move(CHECKING, CHECKED, "the worker has a report of every line"),
        Move(CHECKING, FAILED, "the worker failed at it three times"),
        Move(CHECKING, DISCARDED, "discarded by a partner admin"),
        Move(CHECKED, CHECKING, "checked again, asked for by a partner admin"),
        Move(CHECKED, APPLYING, "confirmed by a partner admin: no line has a problem"),
        Move(CHECKED, DISCARDED, "discarded by a partner admin, or not applied within 30 days"),
        Move(APPLYING, APPLIED, "the worker has put in every line, in one transaction"),
        Move(
            APPLYING,
            CHECKED,
            "something changed since, or its command line was killed: nothing was put in, there is a new report",
        ),
        Move(APPLYING, FAILED, "whoever confirmed it is no partner admin any more, or the worker failed three times"),
    ),
)
keep(Import.state, IMPORT)
