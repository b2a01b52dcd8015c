"""Uses that were counted elsewhere and reported: each report counts once, however often it comes."""

import uuid
from collections.abc import Sequence
from datetime import timedelta

from portal.foundation import clock
from portal.usage import recording, recording_store
from portal.usage.buffer import Batch
from portal.usage.recording import Seen

KEPT = timedelta(days=2)  # so long a report that comes again is known


def take(report_id: uuid.UUID, batch: Batch) -> Sequence[Seen] | None:
    """Count the uses of the report; what of it is to be looked at for installations, with `writing.discover_later`.

    None when this report was counted before.
    """
    return recording.record(batch) if recording_store.put_report(report_id, clock.now()) else None


def tidy_up() -> int:
    """Forget reports older than two days, whose uses would be refused as too old: how many."""
    return recording_store.forget_reports(clock.now() - KEPT)
