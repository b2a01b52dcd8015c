"""`flask portal reasons`: why a call may not pass, as Markdown, from the tables that the doors read."""

from collections.abc import Iterable

import click

from portal.cli.states import table
from portal.gateway.answers import REFUSALS
from portal.verifier.reasons import REASONS, Told

HEAD = """\
# Why a call may not pass

Written by `flask portal reasons > docs/reasons.md` from the table in `portal/verifier/reasons.py`, which the gateway,
the connector and the library read. A test holds this page equal to it. Codes never change; sentences may.

Reasons are tried in this order, and the first that applies is told; of several grants of one service, what is suspended
or begins later is told before what is over.

Whoever proves no key hears `not_proven` and nothing else, whatever became of the key. Whoever signs with the key, but
not in time, hears so and nothing of what became of the key.
"""
QUESTIONS = """\
## Why the gateway refuses the question itself

These come from the table in `portal/gateway/answers.py`, and say nothing of the call that is asked about.
"""
HEADS = ("code", "status", "sentence", "who can mend it")


@click.command("reasons")
def reasons() -> None:
    """Print why a call may not pass, as Markdown; docs/reasons.md holds what it prints."""
    click.echo(page(), nl=False)


def page() -> str:
    """The whole page."""
    return f"{HEAD}\n{_told(REASONS.items())}\n{QUESTIONS}\n{_told(REFUSALS.items())}"


def _told(reasons: Iterable[tuple[str, Told]]) -> str:
    return table(HEADS, [(f"`{code}`", str(told.status), told.sentence, told.mend) for code, told in reasons])
