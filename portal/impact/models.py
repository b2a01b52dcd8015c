"""What was told to whom about several rooms at once."""

from datetime import date, datetime

from sqlalchemy.orm import Mapped, mapped_column

from portal.foundation import clock
from portal.foundation.database import Base


class Digest(Base):
    """That one week's digest is settled, written with its mails: whoever comes second finds it and sends none.

    `week` is its Monday, in UTC. `mails` is 0 where there was nothing to tell.
    """

    __tablename__ = "digests"

    week: Mapped[date] = mapped_column(primary_key=True)
    settled_at: Mapped[datetime] = mapped_column(default=clock.now)
    mails: Mapped[int] = mapped_column(default=0)
