"""How a command ends: the codes that scripts read."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from portal.client.errors import NotSignedIn, Refused, Unreachable

# 2 is click's, for a command that was typed wrong.
DONE, REFUSED, NOT_SIGNED_IN, UNREACHABLE, DIFFERS = 0, 1, 3, 4, 5


class Stopped(Exception):
    """The command goes no further; the text says why, and what to do."""

    code = "stopped"


class NoToken(Stopped):
    """Nobody signed in on this machine."""

    code = "not_signed_in"


def drawn_only(text: str) -> str:
    """The text without what moves a terminal about: names and sentences come from elsewhere."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)


def fail(end: int, code: str, sentence: str, as_json: bool) -> NoReturn:
    """End with `end`, and say why: as JSON on standard output when that was asked for, else in words."""
    if as_json:
        click.echo(json.dumps({"error": {"code": code, "message": sentence}}, indent=2, ensure_ascii=False))
    else:
        click.echo(f"Error: {drawn_only(sentence)}", err=True)
    sys.exit(end)


@contextmanager
def spoken(as_json: bool) -> Iterator[None]:
    """Ends the command with its code and its reason when the portal, or this machine, says no."""
    try:
        yield
    except NoToken as reason:
        fail(NOT_SIGNED_IN, reason.code, str(reason), as_json)
    except Stopped as reason:
        fail(REFUSED, reason.code, str(reason), as_json)
    except NotSignedIn as refusal:
        fail(NOT_SIGNED_IN, refusal.code, refusal.sentence, as_json)
    except Refused as refusal:
        fail(REFUSED, refusal.code, refusal.sentence, as_json)
    except Unreachable as reason:
        fail(UNREACHABLE, "unreachable", str(reason), as_json)
