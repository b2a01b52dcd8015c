"""How a command ends: the codes that scripts read."""

import json
import sys
from typing import Any, NoReturn

import click

FINE, PROBLEMS, UNREACHABLE = 0, 1, 3  # 2 is click's, for a command that was typed wrong


def fail(end: int, code: str, sentence: str, as_json: bool, **more: Any) -> NoReturn:
    """End with `end`, and say why: as JSON on standard output when that was asked for, else in words."""
    if as_json:
        click.echo(json.dumps({"error": {"code": code, "message": sentence}} | more, indent=2))
    else:
        click.echo(f"Error: {sentence}", err=True)
    sys.exit(end)
