"""Mail about a change of the signer: to who signs now, who is to sign, all owners, and the vendor's partner admins.

The template of an event bears the event's name.
"""

from collections.abc import Iterator

from portal.access.roles import Permission, Role
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.audit.events import Event
from portal.contracts.models import SignerChange
from portal.outbox import operations as outbox
from portal.tenants import store as tenants


def post(change: SignerChange, event: Event, *, by: str, reason: str = "") -> None:
    """One mail to each of them; whoever is several of these gets one. The change comes with its parties."""
    template, facts = event.value.replace(".", "_"), _facts(change, by, reason)
    told = set()
    for person, vendor in _people(change):
        if person.id not in told and person.disabled_at is None:
            told.add(person.id)
            mail = facts | {"name": person.name, "vendor": vendor}
            outbox.post(template, person.email, person.language.value, mail, change.tenant_id)


def _people(change: SignerChange) -> Iterator[tuple[Person, str]]:
    """Each person with the vendor's account id, where that is the account in which they look."""
    signer = change.contract.live_signer
    members = [*([signer.person] if signer else []), change.membership.person]
    for person in [*members, *accounts.people_with(change.tenant_id, Role.OWNER)]:
        yield person, ""
    vendor = tenants.find_vendor()
    if vendor is not None:
        for person in accounts.people_with(vendor.id, Permission.CONTRACT_CHANGE):
            yield person, vendor.account_id


def _facts(change: SignerChange, by: str, reason: str) -> dict[str, outbox.Fact]:
    signer = change.contract.live_signer
    return {
        "account": change.tenant.account_id,
        "tenant": change.tenant.name,
        "contract": change.contract.public_id,
        "edition": change.contract.edition.name,
        "signer": change.membership.person.name,
        "present": signer.person.name if signer else "",
        "by": by,
        "reason": reason,
        "day_of": change.due_at.date().isoformat(),
        "time_of": f"{change.due_at:%H:%M}",
    }
