"""What can be done with a delegation now, and why not: for the buttons on its page."""

from dataclasses import dataclass

from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.delegations.acting import GRANTING, needed_for
from portal.delegations.errors import AgreementMissing, PausedByOtherSide
from portal.delegations.models import DelegationState, Side
from portal.delegations.states import Act
from portal.web.delegations.routes import url_of
from portal.web.delegations.seen import Seen
from portal.web.say import say_mend, why

ORDER = (
    Act.APPROVE, Act.ACCEPT, Act.NARROW, Act.PROPOSE_WIDENING, Act.RESUME, Act.PAUSE, Act.DECLINE, Act.WITHDRAW, Act.END
)  # fmt: skip
LOOKS = {
    Act.APPROVE: ("primary", "check-lg"),
    Act.ACCEPT: ("primary", "check-lg"),
    Act.RESUME: ("primary", "arrow-clockwise"),
    Act.PAUSE: ("secondary", "pause-circle"),
    Act.END: ("danger", "slash-circle"),
}


@dataclass(frozen=True)
class Action:
    """One act as a button; `refusal` says why it cannot be done now and who can, empty when it can."""

    label: str
    url: str
    kind: str
    icon: str | None
    refusal: str


def actions_of(actor: Actor, one: Seen, agreement: AgreementMissing | None) -> list[Action]:
    """The acts of this side, most wanted first; none for an integrator in its client's account.

    agreement: why the integrator may take nothing on, or None.
    """
    if actor.acts_for_client:
        return []
    acts = [act for act in ORDER if act in one.acts or _is_held(one, act)]
    if one.proposal is not None:
        acts = [act for act in acts if act is not Act.PROPOSE_WIDENING]
    return [_action(actor, one, act, agreement) for act in acts]


def _is_held(one: Seen, act: Act) -> bool:
    return act is Act.RESUME and one.state is DelegationState.PAUSED and not one.paused_here


def _action(actor: Actor, one: Seen, act: Act, agreement: AgreementMissing | None) -> Action:
    kind, icon = LOOKS.get(act, ("secondary", None))
    return Action(_label(one, act), _url(one, act), kind, icon, _refusal(actor, one, act, agreement))


def _url(one: Seen, act: Act) -> str:
    name = "widen" if act is Act.PROPOSE_WIDENING else act.value
    return url_of(one.side, one.row.public_id, name)


def _label(one: Seen, act: Act) -> str:
    if one.is_ticket:
        return _ticket_label(act)
    labels = {
        Act.APPROVE: _("Approve as requested"),
        Act.NARROW: _("Narrow the request") if one.state is DelegationState.REQUESTED else _("Narrow delegation"),
        Act.ACCEPT: _("Accept delegation"),
        Act.DECLINE: _("Decline request") if one.is_owners else _("Decline offer"),
        Act.WITHDRAW: _("Withdraw offer") if one.is_owners else _("Withdraw request"),
        Act.PAUSE: _("Pause delegation"),
        Act.RESUME: _("Resume delegation"),
        Act.END: _("End delegation"),
        Act.PROPOSE_WIDENING: _("Propose a wider delegation"),
    }
    return labels[act]


def _ticket_label(act: Act) -> str:
    labels = {
        Act.NARROW: _("Narrow ticket"),
        Act.ACCEPT: _("Redeem ticket"),
        Act.DECLINE: _("Decline ticket"),
        Act.WITHDRAW: _("Withdraw ticket"),
        Act.PAUSE: _("Pause ticket"),
        Act.RESUME: _("Resume ticket"),
        Act.END: _("End ticket"),
        Act.PROPOSE_WIDENING: _("Widen into a delegation"),
    }
    return labels[act]


def _refusal(actor: Actor, one: Seen, act: Act, agreement: AgreementMissing | None) -> str:
    needed = needed_for(act, one.row)
    if not actor.may(needed):
        return who_can(needed)
    if _is_held(one, act):
        return say_mend(PausedByOtherSide())
    if agreement is not None and act in GRANTING and one.side is Side.INTEGRATOR:
        return why(agreement)
    return ""


def who_can(needed: Permission) -> str:
    """Whose roles allow it."""
    if needed is not Permission.DELEGATION_CHANGE:
        return _("An owner or a key manager of this account can do this.")
    return _("An owner of this account can do this.")
