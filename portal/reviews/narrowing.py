"""What a line is narrowed to: less time, and of a delegation fewer rights or one environment less."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from portal.access.roles import Environment, Right
from portal.delegations.models import Delegation
from portal.foundation import clock
from portal.reviews.errors import KeysNotNarrowed, NarrowingMissing, NarrowingOutOfRange
from portal.reviews.models import Line, ReviewSubject

NarrowTo = dict[str, Any]


def checked(subject: ReviewSubject, narrow_to: NarrowTo | None) -> NarrowTo:
    """What to narrow to, as it is stored: `ends_on`, and of a delegation `rights` and `environments`, where given.

    Raises: KeysNotNarrowed, NarrowingMissing, NarrowingOutOfRange.
    """
    if subject is ReviewSubject.KEYS:
        raise KeysNotNarrowed()
    given = {name: value for name, value in (narrow_to or {}).items() if value}
    names = {"ends_on"} if subject is ReviewSubject.ENTITLEMENTS else {"ends_on", "rights", "environments"}
    if not given or given.keys() - names:
        raise NarrowingMissing()
    try:
        return _stored(given)
    except (TypeError, ValueError) as error:
        raise NarrowingOutOfRange() from error


def _stored(given: NarrowTo) -> NarrowTo:
    found: NarrowTo = {}
    if "ends_on" in given:
        day = date.fromisoformat(str(given["ends_on"]))
        if day <= clock.now().date():
            raise ValueError("a day that is over, or today")
        found["ends_on"] = day.isoformat()
    if "rights" in given:
        found["rights"] = sorted(Right(right) for right in given["rights"])
    if "environments" in given:
        found["environments"] = sorted(Environment(side) for side in given["environments"])
    return found


def check_takes_away(line: Line, narrow_to: NarrowTo) -> None:
    """Nothing, when this takes something away from what was frozen, and adds nothing. Raises: NarrowingOutOfRange."""
    kept = [name for name in narrow_to if name != "ends_on"]
    more = [name for name in kept if set(narrow_to[name]) - set(line.facts.get(name) or ())]
    less = [name for name in kept if set(line.facts.get(name) or ()) - set(narrow_to[name]) - {Right.VIEW}]
    last_day = line.facts.get("last_day")
    ends_on = narrow_to.get("ends_on")
    if more or (ends_on and last_day and ends_on > last_day):
        raise NarrowingOutOfRange()
    if not less and not (ends_on and last_day and ends_on < last_day):
        raise NarrowingOutOfRange()


def end_of(narrow_to: NarrowTo, present: datetime) -> datetime:
    """The end of the last day (UTC), or the present end where that is earlier, or stays as it is."""
    if "ends_on" not in narrow_to:
        return present
    last_day = datetime.combine(date.fromisoformat(narrow_to["ends_on"]), time(), tzinfo=UTC)
    return min(last_day + timedelta(days=1), present)


def rights_of(narrow_to: NarrowTo, delegation: Delegation) -> frozenset[Right]:
    """The rights that stay, of those that are given now; seeing is always part of it."""
    if "rights" not in narrow_to:
        return delegation.rights
    return delegation.rights & {*map(Right, narrow_to["rights"]), Right.VIEW}


def environments_of(narrow_to: NarrowTo, delegation: Delegation) -> frozenset[Environment]:
    """The environments that stay, of those that are given now."""
    given = narrow_to.get("environments")
    return delegation.environments & frozenset(map(Environment, given)) if given else delegation.environments
