"""Mail about reviews: to those who decide, and to the tenants whose things are reviewed."""

from collections.abc import Iterable, Sequence

from portal.access.roles import Permission
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.outbox import operations as outbox
from portal.reviews import people
from portal.reviews.models import Campaign, Reviewer, Telling
from portal.tenants import store as tenants
from portal.tenants.models import Tenant

Facts = dict[str, outbox.Fact]
TEMPLATES = {
    Telling.OPENED: "review_asked",
    Telling.WARNED: "review_warned",
    Telling.APPLIED: "review_applied",
}


def opened(campaign: Campaign) -> None:
    """To the reviewers: the list is there."""
    _to(campaign, "review_opened", people.to_tell(campaign), {"lines": campaign.frozen})


def due(campaign: Campaign, undecided: int, days: int) -> None:
    """To those who decide: so many lines wait, and so many days are left."""
    _to(campaign, "review_due", people.to_tell(campaign), {"lines": undecided, "days": days})


def called(campaign: Campaign, fallbacks: Sequence[Reviewer], undecided: int) -> None:
    """To the fallbacks: it is their turn."""
    _to(campaign, "review_called", [row.membership.person for row in fallbacks], {"lines": undecided})


def closed(campaign: Campaign, facts: Facts) -> None:
    """To those who decided: what was carried out, and what could not be."""
    _to(campaign, "review_closed", people.to_tell(campaign), facts)


def to_party(campaign: Campaign, telling: Telling, tenant: Tenant, lines: int) -> bool:
    """To the people of one tenant concerned; whether there was anybody to tell."""
    told = accounts.people_with(tenant.id, Permission.REVIEW_ANSWER)
    facts = _facts(campaign, tenant) | {"lines": lines}
    _post(TEMPLATES[telling], told, facts, tenant)
    return bool(told)


def _to(campaign: Campaign, template: str, told: Iterable[Person], facts: Facts) -> None:
    vendor = tenants.get(campaign.tenant_id)
    _post(template, told, _facts(campaign, vendor) | facts, vendor)


def _post(template: str, told: Iterable[Person], facts: Facts, tenant: Tenant) -> None:
    for person in told:
        outbox.post(template, person.email, person.language.value, facts | {"name": person.name}, tenant.id)


def _facts(campaign: Campaign, tenant: Tenant) -> Facts:
    return {
        "account": tenant.account_id,
        "review": campaign.public_id,
        "title": campaign.name,
        "subject": campaign.subject.value,
        "ends": campaign.silence.value,
        "due": campaign.last_day.isoformat(),
    }
