"""The key-encryption key: whether what is sealed opens with the configured one, by the newest value of each kind."""

from collections.abc import Callable, Iterator

from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok
from portal.foundation import signing
from portal.foundation.sealing import CannotUnseal
from portal.outbox import operations as outbox
from portal.webhooks import operations as webhooks

# What opens the newest value of a kind: False where there is none. Each raises CannotUnseal.
KINDS: dict[str, Callable[[], bool]] = {
    "mail": outbox.opens_newest,
    "secrets of webhooks": webhooks.opens_newest,
    "the portal's signing keys": signing.opens_newest,
}


def kek(at: Deployment) -> Iterator[Finding]:
    """Whether KEK is the one under which everything was sealed."""
    opened: list[str] = []
    missing: list[str] = []
    for kind, opens_newest in KINDS.items():
        try:
            (opened if opens_newest() else missing).append(kind)
        except CannotUnseal:
            yield fail(
                f"KEK does not open {kind}: it is not the one they were sealed under, or they were moved.",
                "Put the KEK back that was in use: what is sealed under it opens with no other.",
            )
    if opened:
        yield ok(f"KEK opens {', '.join(opened)}.")
    if missing:
        yield not_checked(f"There are none yet to try KEK on: {', '.join(missing)}.")
