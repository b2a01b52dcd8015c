"""The same act in many threads at the same moment."""

import threading
from collections import Counter
from collections.abc import Callable

from flask import current_app

from portal.foundation.database import db
from portal.foundation.errors import PortalError

AT_ONCE = 16


def at_once(act: Callable[[int], object], times: int = AT_ONCE) -> Counter[str]:
    """How often each outcome came when `act` ran in so many threads at the same moment: `done`, or a refusal's code."""
    app, barrier, outcomes = current_app._get_current_object(), threading.Barrier(times), []  # type: ignore[attr-defined]

    def run(number: int) -> None:
        with app.app_context():
            barrier.wait()
            try:
                act(number)
                outcomes.append("done")
            except PortalError as refusal:
                outcomes.append(refusal.code)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    return Counter(outcomes)
