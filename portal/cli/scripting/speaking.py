"""How answers are shown: as tables for people, as JSON for scripts."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from portal.cli.scripting.ends import drawn_only

Row = Sequence[object]


def as_told(thing: Any) -> None:
    """One thing or a list of them, as JSON."""
    click.echo(json.dumps(_plain(thing), indent=2, ensure_ascii=False))


def table(heads: Sequence[str], rows: Iterable[Row], nothing: str) -> None:
    """The rows under their heads; `nothing` where there is none. Names are shown as they are, and mean nothing else."""
    shown = list(rows)
    if not shown:
        click.echo(nothing)
        return
    drawn = Table(*heads, box=None, pad_edge=False, header_style="bold")
    for row in shown:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    console = Console(soft_wrap=not _is_terminal())
    console.print(drawn)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return drawn_only(", ".join(map(str, value)))
    return drawn_only(str(value))


def _is_terminal() -> bool:
    return sys.stdout.isatty()


def _plain(thing: Any) -> Any:
    if isinstance(thing, list | tuple):
        return [_plain(one) for one in thing]
    return thing if isinstance(thing, dict) else asdict(thing)
