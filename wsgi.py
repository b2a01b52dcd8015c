"""The portal for a WSGI server, and for `flask --app wsgi …`. It reads its settings from the environment.

`wsgi:app` is everything; `wsgi:gateway` is the door for the vendor's services alone, for workers of its own: pages in
the same process hold the interpreter, and callers would feel it (docs/running.md).
"""

import gc
import sys

import click
from flask.cli import ScriptInfo

from portal.app import create_app, gateway_before, require_kek
from portal.cli.checking.command import tell_of_refusal
from portal.config import UnsafeSettings
from portal.gateway.door import alone
from portal.usage import writing


def _is_of_a_command() -> bool:
    """Whether `flask …` loads this, rather than a server."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_object(ScriptInfo) is not None


try:
    app = create_app()
    if not _is_of_a_command():
        require_kek(app)
except UnsafeSettings as unsafe:
    tell_of_refusal(unsafe.problems, sys.argv)
    sys.exit("\n".join(["The portal does not start:", *(f"- {problem}" for problem in unsafe.problems)]))

# Here and not in create_app: only a process that serves writes use traces by itself.
writing.configure(app.app_context)


def __getattr__(name: str) -> object:
    """`gateway`, made and begun only where a server asks for it."""
    if name != "gateway":
        raise AttributeError(name)
    door = gateway_before(app, alone)
    door.follower.begin()
    globals()[name] = door
    return door


# What the start made stays as long as the process: looking through it again at each collection took 5 % of a request.
gc.collect()
gc.freeze()
