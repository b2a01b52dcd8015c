"""Which of the requests on a page can be asked again."""

from collections.abc import Sequence

from portal.access.actor import Actor
from portal.entitlements import store
from portal.entitlements.asking import may_reopen
from portal.entitlements.models import ContractRequest


def reopenable(actor: Actor, requests: Sequence[ContractRequest]) -> set[ContractRequest]:
    """Those of `requests` that the actor may ask again, and nobody has yet."""
    reopened = store.reopened_among(actor, requests)
    return {row for row in requests if row.id not in reopened and may_reopen(actor, row)}
