"""The blueprint that these pages register with; a module of its own, so that each of them can import it."""

from flask import Blueprint
from flask_babel import gettext

from portal.access.actor import Actor
from portal.access.roles import Role
from portal.foundation.errors import NotFound
from portal.providers.models import JOINING_NAMES, MODE_NAMES, Joining, ProviderMode
from portal.tenants.models import STANDING_NAMES, Standing
from portal.web.guards import current_actor

pages = Blueprint("tenants", __name__)


@pages.app_template_filter("standing_name")
def standing_name(standing: Standing) -> str:
    """What the standing is called in the reader's language."""
    return str(gettext(STANDING_NAMES[standing]))


@pages.app_template_filter("provider_mode")
def provider_mode(mode: ProviderMode) -> str:
    """In one word whether an identity provider is used, in the reader's language."""
    return str(gettext(MODE_NAMES[mode]))


@pages.app_template_filter("provider_joining")
def provider_joining(joining: Joining) -> str:
    """In one word who joins by an identity provider, in the reader's language."""
    return str(gettext(JOINING_NAMES[joining]))


@pages.app_template_global("role_hints")
def role_hints() -> dict[str, str]:
    """For the choice of a role: in one sentence what each is for."""
    return {
        Role.OWNER.value: gettext("Everything in this account, its members and settings too."),
        Role.KEY_MANAGER.value: gettext("Makes, renames and revokes key pairs; pauses and ends delegations."),
        Role.DEVELOPER.value: gettext("Works on projects, data spaces and installations."),
        Role.VIEWER.value: gettext("Sees everything in this account and changes nothing."),
        Role.PARTNER_ADMIN.value: gettext("Keeps contracts and entitlements, and sees who holds access."),
        Role.OPERATOR.value: gettext("Keeps tenants, people and this portal running."),
    }


def own_actor() -> Actor:
    """Who acts, in their own tenant. Raises: NotFound for an integrator: a client's settings are not its business."""
    actor = current_actor()
    if actor.acts_for_client:
        raise NotFound()
    return actor
