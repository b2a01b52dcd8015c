"""What an overview says of reviews in which the vendor asks whether something is still needed."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.impact.overview import Overview
from portal.web.dashboards.attention import Attention


def needs(account: str, actor: Actor, found: Overview) -> list[Attention]:
    """That the vendor waits for answers, told to whoever may give them."""
    waiting = found.questions_waiting
    if not waiting or not actor.may(Permission.REVIEW_ANSWER):
        return []
    sentence = ngettext(
        "The vendor asks whether a delegation is still needed.",
        "The vendor asks whether %(num)s delegations are still needed.",
        waiting,
    )
    return [Attention("warn", sentence, url_for("reviews.questions", account=account), _("Answer"))]
