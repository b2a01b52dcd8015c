"""Mail to the people of one side about what the other did. The template of an event bears the event's name; where the
delegation is a ticket, it begins with that word."""

import uuid

from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.audit.events import Event
from portal.delegations.models import Delegation, DelegationState, Side
from portal.outbox import operations as outbox

# Only who may answer is asked to.
ASKS = (Event.DELEGATION_OFFERED, Event.DELEGATION_REQUESTED, Event.DELEGATION_NARROWED, Event.WIDENING_PROPOSED)


def post(delegation: Delegation, event: Event, told: Side) -> None:
    """Put one mail for each of the people concerned into the outbox; none where there is nobody on that side."""
    tenant_id = _tenant_of(delegation, told)
    if tenant_id is None:
        return
    template, facts = _template(delegation, event), _facts(delegation, told)
    for person in accounts.people_with(tenant_id, _reader(delegation, event)):
        outbox.post(template, person.email, person.language.value, facts | {"name": person.name}, tenant_id)


def _tenant_of(delegation: Delegation, side: Side) -> uuid.UUID | None:
    return delegation.tenant_id if side is Side.OWNER else delegation.integrator_id


def _template(delegation: Delegation, event: Event) -> str:
    name = event.value.replace(".", "_")
    return name.replace("delegation_", "ticket_", 1) if delegation.one_pair else name


def _reader(delegation: Delegation, event: Event) -> Permission:
    if delegation.one_pair and event is Event.DELEGATION_OFFERED:
        return Permission.HAND_OFF
    return Permission.DELEGATION_CHANGE if event in ASKS else Permission.DELEGATION_END


def _facts(delegation: Delegation, told: Side) -> dict[str, outbox.Fact]:
    return {
        "account": delegation.owner.account_id if told is Side.OWNER else delegation.integrator_account_id,
        "delegation": delegation.public_id,
        "party": party_as_seen_by(told, delegation),
        "to_owner": told is Side.OWNER,
        "offered": delegation.state is DelegationState.OFFERED,
        "last_day": delegation.ends_at.date().isoformat(),
        "answer_by": delegation.lapses_at.date().isoformat(),
    }


def party_as_seen_by(side: Side, delegation: Delegation) -> str:
    """The other side's name; to an owner that has no answer yet, only the account id it typed itself (rule 13)."""
    if side is Side.INTEGRATOR:
        return delegation.owner.name
    if delegation.integrator is not None and delegation.integrator_is_known:
        return delegation.integrator.name
    return delegation.integrator_account_id
