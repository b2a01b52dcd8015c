"""`flask portal states`: the state machines as Markdown, from the tables that the portal itself obeys."""

from collections.abc import Iterator, Sequence
from typing import Any

import click

from portal.contracts.states import CONTRACT, SIGNER_CHANGE
from portal.delegations.states import DELEGATION
from portal.entitlements.states import REQUEST
from portal.foundation.states import Machine
from portal.handoffs.states import HAND_OFF
from portal.imports.states import IMPORT
from portal.keys import liveness
from portal.keys.states import KEY_PAIR
from portal.keys.status import LIVE, KeyStatus
from portal.reviews.states import CAMPAIGN
from portal.webhooks.states import DELIVERY, ENDPOINT

MACHINES: tuple[Machine[Any], ...] = (
    KEY_PAIR, DELEGATION, HAND_OFF, CONTRACT, SIGNER_CHANGE, REQUEST, CAMPAIGN, IMPORT, ENDPOINT, DELIVERY,
)  # fmt: skip

HEAD = """\
# States

Written by `flask portal states > docs/states.md` from the tables in `portal/*/states.py`, which the portal itself
obeys: a move that is not in them cannot be written (`portal/foundation/states.py`). A test holds this page equal to it.
"""
LIVENESS = """\
## What makes a stored-live key pair not live

A key pair stored as active or retiring verifies only while all that it hangs on does. Nothing is stored on the pair
when one of these changes: `portal/keys/status.py` derives it, and the list of live pairs and the verifier's windows
agree with it. These rows are its answers about all {cases} combinations, put together where something makes no
difference. Bold is live; where nothing is delegated the holder is the owner.
"""


@click.command("states")
def states() -> None:
    """Print the state machines as Markdown; docs/states.md holds what it prints."""
    click.echo(page(), nl=False)


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_machine(machine) for machine in MACHINES), _liveness()])


def _machine(machine: Machine[Any]) -> str:
    rows = [("*begins*", state.value, act) for state, act in machine.begins.items()]
    order = machine.all
    moves = sorted(machine.moves, key=lambda move: order.index(move.before))
    rows += [(move.before.value, move.after.value, move.act) for move in moves]
    source = f"No column holds it. It follows from {machine.derived}.\n\n" if machine.derived else ""
    finals = ", ".join(state.value for state in machine.finals)
    moved = table(("from", "to", "by"), rows)
    return f"## {machine.name}\n\n{source}{moved}\nFinal: {finals}.\n"


def _liveness() -> str:
    statuses = liveness.statuses()
    rows = [(*_parts(parts), _status(status)) for parts, status in liveness.merged(statuses)]
    return LIVENESS.format(cases=f"{len(statuses):,}") + "\n" + table((*liveness.DIMENSIONS, "it is"), rows)


def _parts(parts: Sequence[frozenset[str]]) -> Iterator[str]:
    for names, all_names in zip(parts, liveness.DIMENSIONS.values(), strict=True):
        absent = [name for name in all_names if name not in names]
        if len(absent) < len(names) - len(absent):
            yield f"any but {'; '.join(absent)}" if absent else "any"
        else:
            yield "; ".join(name for name in all_names if name in names)


def _status(status: KeyStatus) -> str:
    return f"**{status.value}**" if status in LIVE else status.value


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
