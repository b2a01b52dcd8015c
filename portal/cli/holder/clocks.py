"""This machine's clock beside the portal's: a signature for a call is good by the clock, and nothing else here is."""

import http.client
import time
import urllib.error
import urllib.request
from email.utils import parsedate_to_datetime

from portal.cli.holder.ringing import PING

WAIT_SECONDS = 10
TOLERATED_SECONDS = 60
UNITS = ((86400, "days"), (3600, "hours"), (60, "minutes"))


def what_is_wrong(portal_url: str) -> str:
    """That this machine's clock goes wrong by more than a minute, and by how much; "" otherwise.

    Also "" where the portal does not answer: whoever asks it for something is told then.
    """
    ahead = _seconds_ahead(portal_url)
    if ahead is None or abs(ahead) <= TOLERATED_SECONDS:
        return ""
    side = "ahead of" if ahead > 0 else "behind"
    return (
        f"This machine's clock is {_about(abs(ahead))} {side} the portal's. What is signed here for a call begins and "
        "ends by the clock: set it, on the shop's machine as well."
    )


def _seconds_ahead(portal_url: str) -> float | None:
    if not portal_url.startswith(("http://", "https://")):
        return None
    # Nothing of the pair goes with it: every answer has a date, also a refusal.
    request = urllib.request.Request(portal_url.rstrip("/") + PING, method="HEAD")  # noqa: S310 - looked at above
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:  # noqa: S310
            said = answer.headers.get("Date")
    except urllib.error.HTTPError as refusal:
        said = refusal.headers.get("Date")
    except (OSError, ValueError, http.client.HTTPException):
        return None
    try:
        return time.time() - parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError):  # no date, or none that is one
        return None


def _about(seconds: float) -> str:
    size, name = next((unit for unit in UNITS if seconds >= 1.5 * unit[0]), (1, "seconds"))
    return f"{round(seconds / size)} {name}"
