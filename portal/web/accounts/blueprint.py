"""The blueprint that these pages register with; a module of its own, so that each of them can import it."""

from flask import Blueprint
from flask_babel import gettext

from portal.access.roles import ROLE_NAMES, Role

pages = Blueprint("accounts", __name__)


@pages.app_template_filter("role_name")
def role_name(role: Role) -> str:
    """What the role is called in the reader's language."""
    return str(gettext(ROLE_NAMES[role]))
