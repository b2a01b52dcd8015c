"""`flask gateway explain`: why a captured call passes the gateway, or why not."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.cli.speaking import speaking
from portal.config import Settings
from portal.impact import named
from portal.verifier import questions
from portal.verifier.captured import Unreadable


class NotLookedAt(click.ClickException):
    """What was asked cannot be answered."""

    exit_code = questions.UNREADABLE


@click.command("explain")
@click.argument("request", metavar="FILE")
@click.option("--service", metavar="CODE", help=questions.SERVICE_HELP)
@click.option("--at", metavar="MOMENT", help=questions.AT_HELP)
@with_appcontext
def explain(request: str, service: str | None, at: str | None) -> None:
    """Explain what the gateway decides about a captured call: every check in its order, and what it compared.

    FILE is the request as raw HTTP, as a curl command, or as JSON; “-” reads standard input. Nothing is changed.
    Ends with 0 when the call may pass, with 1 when it may not, and with 2 when it cannot be looked at.
    """
    settings: Settings = current_app.config["PORTAL"]
    try:
        asked = questions.question(request, at, service)
        with speaking():
            known = named.by(asked.call, settings.environment_policy)
    except Unreadable as refused:
        raise NotLookedAt(str(refused)) from refused
    except click.ClickException as refused:
        raise NotLookedAt(refused.message) from refused
    answer = questions.answer(known, asked)
    click.echo(answer.text)
    sys.exit(answer.exit_code)
