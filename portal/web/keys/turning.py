"""How a rotation is told beside a key pair: the old pair's countdown, on both of them."""

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import ngettext

from portal.access.actor import Actor
from portal.foundation import clock
from portal.foundation.errors import PortalError
from portal.keys import eligibility, store
from portal.keys.models import KeyPair, KeyState
from portal.keys.status import LIVE, KeyStatus, status_of
from portal.web.filters import moment_text


@dataclass(frozen=True)
class Turn:
    """Where a pair stands in a rotation: `old` retires in favour of `successor`, or neither is there.

    refusal: why the reader may not rotate the pair, or decide on its rotation; None when it may.
    """

    old: KeyPair | None
    successor: KeyPair | None
    refusal: PortalError | None
    can_begin: bool

    @property
    def ends_at(self) -> datetime | None:
        return self.old.retiring_until if self.old else None

    @property
    def days_left(self) -> int:
        return days_until(self.ends_at) if self.ends_at else 0

    @property
    def is_past(self) -> bool:
        return self.ends_at is not None and self.ends_at <= clock.now()


def of_pair(actor: Actor, pair: KeyPair) -> Turn:
    """The rotation in which the pair takes part now, as the old one or as the successor. At most one statement."""
    refusal = eligibility.refusal_to_rotate(actor, pair)
    status = status_of(pair, clock.now())
    if pair.state is KeyState.RETIRING and status in LIVE:
        return Turn(pair, store.successor_of(pair), refusal, can_begin=False)
    old = store.predecessor_of(pair) if pair.replaces_id is not None and status in LIVE else None
    turning = old is not None and old.state is KeyState.RETIRING and status_of(old, clock.now()) in LIVE
    successor = pair if turning else None
    return Turn(old if turning else None, successor, refusal, can_begin=status is KeyStatus.ACTIVE)


def days_until(moment: datetime) -> int:
    """Whole days from now, 0 on the last one."""
    return max(0, (moment - clock.now()).days)


def note(pair: KeyPair) -> str | None:
    """What stands beside the state in a list, for the old pair and for its successor; None outside of a rotation.

    `replaces` is loaded.
    """
    old = pair if pair.state is KeyState.RETIRING else pair.replaces if pair.state is KeyState.ACTIVE else None
    if old is None or old.state is not KeyState.RETIRING or old.retiring_until is None:
        return None
    days, moment = days_until(old.retiring_until), moment_text(old.retiring_until)
    if old is not pair:
        return ngettext(
            "replaces “%(name)s”: %(num)s day left", "replaces “%(name)s”: %(num)s days left", days, name=old.name
        )
    if old.retiring_until <= clock.now():
        return _("since %(moment)s", moment=moment)
    return ngettext("%(num)s day left, until %(moment)s", "%(num)s days left, until %(moment)s", days, moment=moment)
