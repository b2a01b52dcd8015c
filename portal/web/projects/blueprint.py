"""Where the pages of this room register; `views` brings them all together."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

pages = Blueprint("projects", __name__)


def to_project(account: str, public_id: str) -> ResponseReturnValue:
    """The way on after a change: the project's page."""
    return redirect(url_for("projects.show", account=account, project_id=public_id), code=303)
