"""Who decides in a campaign: its reviewers, and its fallbacks once called. Who left the vendor counts as nobody."""

from collections.abc import Sequence

from portal.access.actor import Actor, require
from portal.access.roles import PERMISSIONS, Permission
from portal.accounts import store as accounts
from portal.accounts.models import Membership, Person
from portal.reviews.errors import NotReviewer
from portal.reviews.models import Campaign, Reviewer


def is_staff(membership: Membership) -> bool:
    """Whether this member of the vendor, person loaded, is there and may keep reviews."""
    may = Permission.REVIEW_KEEP in PERMISSIONS[membership.role]
    return may and membership.ended_at is None and membership.person.disabled_at is None


def live(campaign: Campaign, *, fallbacks: bool) -> list[Reviewer]:
    """The campaign's reviewers, or its fallbacks, who are there and may keep reviews."""
    return [row for row in campaign.reviewers if row.is_fallback is fallbacks and is_staff(row.membership)]


def deciding(campaign: Campaign) -> list[Reviewer]:
    """Who decides now: the reviewers that are there, and the fallbacks that were called."""
    called = [row for row in live(campaign, fallbacks=True) if row.called_at is not None]
    return [*live(campaign, fallbacks=False), *called]


def may_decide(actor: Actor, campaign: Campaign) -> bool:
    """Whether the actor decides in this campaign; when nobody who was named is left, everybody who keeps reviews."""
    if not actor.may(Permission.REVIEW_KEEP) or actor.tenant_id != campaign.tenant_id:
        return False
    named = deciding(campaign) or live(campaign, fallbacks=True)
    return not named or any(row.membership_id == actor.membership_id for row in deciding(campaign))


def require_deciding(actor: Actor, campaign: Campaign) -> None:
    """Nothing, when `may_decide`. Raises: NotAllowed, NotReviewer."""
    require(actor, Permission.REVIEW_KEEP)
    if not may_decide(actor, campaign):
        raise NotReviewer(review=campaign.name)


def to_tell(campaign: Campaign) -> Sequence[Person]:
    """Whom to write to about the campaign: who decides now; when nobody is left, everybody who keeps reviews."""
    named = [row.membership.person for row in deciding(campaign)]
    return named or accounts.people_with(campaign.tenant_id, Permission.REVIEW_KEEP)
