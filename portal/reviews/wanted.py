"""What a campaign is to look at: its filters, as people choose them and as they are stored."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from portal.foundation import clock
from portal.reviews.errors import FilterOutOfRange

MOST_DAYS = 3650


@dataclass(frozen=True)
class Wanted:
    """Which entitlements, delegations or key pairs; None is all.

    edition, service: codes of the catalogue; contract: a public id. Of delegations, those of owners who have it.
    older_than_days: made so long ago. unused_for_days: so old, and not used since. not_reviewed_since: a day (UTC).
    """

    edition: str | None = None
    service: str | None = None
    contract: str | None = None
    older_than_days: int | None = None
    unused_for_days: int | None = None
    not_reviewed_since: date | None = None

    def as_json(self) -> dict[str, Any]:
        """What is stored: the filters that are set."""
        found = {name: value for name, value in asdict(self).items() if value is not None}
        if self.not_reviewed_since is not None:
            found["not_reviewed_since"] = self.not_reviewed_since.isoformat()
        return found

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Wanted":
        """The filters as `as_json` stored them."""
        known = {field.name: stored.get(field.name) for field in fields(cls)}
        since = known["not_reviewed_since"]
        return cls(**known | {"not_reviewed_since": None if since is None else date.fromisoformat(since)})

    def check(self) -> None:
        """Nothing, when days and day can be meant. Raises: FilterOutOfRange."""
        days = (self.older_than_days, self.unused_for_days)
        if not all(0 <= number <= MOST_DAYS for number in days if number is not None):
            raise FilterOutOfRange()
        if self.not_reviewed_since is not None and self.not_reviewed_since > clock.now().date():
            raise FilterOutOfRange()
