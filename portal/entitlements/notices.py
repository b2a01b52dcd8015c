"""Mail about requests: to the partner admins when one is made, to who asked for it when it is decided."""

from collections.abc import Sequence

from portal.access.roles import Permission, Role
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.entitlements.models import WISH_NAMES, ContractRequest, RequestState
from portal.outbox import operations as outbox
from portal.tenants import store as tenants


def post_made(request: ContractRequest) -> None:
    """One mail for each partner admin; none before there is a vendor."""
    vendor = tenants.find_vendor()
    if vendor is None:
        return
    facts = _facts(request) | {"account": vendor.account_id, "again": request.reopens_id is not None}
    for person in accounts.people_with(vendor.id, Permission.REQUEST_DECIDE):
        outbox.post("request_made", person.email, person.language.value, facts | {"name": person.name}, vendor.id)


def post_decided(request: ContractRequest) -> None:
    """One mail for the person who asked; for the owners instead when that person is no member (any more)."""
    facts = _facts(request) | {"account": tenants.get(request.tenant_id).account_id}
    template = "request_refused" if request.state is RequestState.REFUSED else "request_approved"
    for person in _readers(request):
        mail = facts | {"name": person.name}
        outbox.post(template, person.email, person.language.value, mail, request.tenant_id)


def _readers(request: ContractRequest) -> Sequence[Person]:
    asked = request.asked_by
    if asked is not None and accounts.find_live_membership(request.tenant_id, asked.id) is not None:
        return [asked]
    return accounts.people_with(request.tenant_id, Role.OWNER)


def _facts(request: ContractRequest) -> dict[str, outbox.Fact]:
    return {
        "request": request.public_id,
        "tenant": tenants.get(request.tenant_id).name,
        "asked_by": request.asked_by.name if request.asked_by else "",
        "wish": WISH_NAMES[request.wish],
        "thing": request.thing,
        "amount": request.amount,
        "granted": request.granted,
        "reason": request.reason,
        "answer": request.answer or "",
    }
