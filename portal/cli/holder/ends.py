"""How a command ends: the codes that scripts read."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from portal.cli.holder.files import Unusable
from portal.cli.holder.ringing import Refused, Unreachable
from portal.foundation.errors import PortalError

FINE, PROBLEMS, UNREACHABLE = 0, 1, 3  # 2 is click's, for a command that was typed wrong


def fail(end: int, code: str, sentence: str, as_json: bool, **more: Any) -> NoReturn:
    """End with `end`, and say why: as JSON on standard output when that was asked for, else in words."""
    if as_json:
        click.echo(json.dumps({"error": {"code": code, "message": sentence}} | more, indent=2))
    else:
        click.echo(f"Error: {sentence}", err=True)
    sys.exit(end)


@contextmanager
def spoken(as_json: bool) -> Iterator[None]:
    """Ends the command with its code and its reason when a file, the portal, or an envelope says no."""
    try:
        yield
    except Unusable as reason:
        fail(PROBLEMS, "unusable_file", str(reason), as_json)
    except Refused as reason:
        fail(PROBLEMS, reason.code, str(reason), as_json)
    except PortalError as fault:
        fail(PROBLEMS, fault.code, fault.in_english(), as_json)
    except Unreachable as reason:
        fail(UNREACHABLE, "unreachable", str(reason), as_json)
    except click.UsageError:
        raise
    except click.ClickException as reason:
        fail(PROBLEMS, "unusable_file", reason.message, as_json)
