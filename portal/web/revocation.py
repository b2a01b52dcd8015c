"""How fast a revocation works, told to people: what is published, and what workers of the gateway made of one act."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil

from flask import current_app
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.audit import store as audit
from portal.audit.events import Event
from portal.config import Settings
from portal.contracts.models import Contract
from portal.delegations.models import Delegation, DelegationState
from portal.foundation import changes, clock
from portal.foundation.changes import Changed
from portal.gateways import receipts
from portal.gateways.receipts import Receipt
from portal.keys.models import KeyEnding, KeyPair, KeyState
from portal.tenants.models import Standing, Tenant

# The published figures (performance.md, "Targets"), which `flask gateway probe` is held against.
POLLED_MS, LISTENED_MS = 1000, 100
MINUTE = 60
WITH_ITS_EVENT = timedelta(seconds=1)  # an event is of the same transaction, and written as its last


def connected_ms() -> int:
    """Within how many milliseconds a worker that is connected to the database refuses."""
    return LISTENED_MS if _settings().listen_database_url else POLLED_MS


def cut_off_seconds() -> int:
    """After how many seconds without the database a worker refuses everything."""
    return ceil(_settings().gateway_cut_off_seconds)


def bundle_seconds() -> int:
    """For how many seconds a library trusts a bundle without asking for the next one."""
    return _settings().bundle_seconds


def of_pair(pair: KeyPair) -> str | None:
    """Who refuses this key pair since it was stopped; None where nobody stopped it, or the clock alone did."""
    acted_at = pair.revoked_at if pair.state is KeyState.REVOKED else pair.retired_at
    if acted_at is None or _stopped_by_the_clock(pair, acted_at):
        return None
    return refused_since(Changed(KeyPair.__tablename__, pair.tenant_id, pair.id), acted_at)


def of_delegation(delegation: Delegation) -> str | None:
    """Who refuses the key pairs under this delegation since somebody paused or ended it; else None."""
    if delegation.state is DelegationState.PAUSED:
        acted_at = delegation.paused_at
    else:
        is_ended = delegation.state is DelegationState.ENDED and delegation.ended_by is not None
        acted_at = delegation.ended_at if is_ended else None
    if acted_at is None:
        return None
    return refused_since(Changed(Delegation.__tablename__, delegation.tenant_id, delegation.id), acted_at)


def of_tenant(tenant: Tenant) -> str | None:
    """Who refuses all of this tenant's key pairs since it was suspended; None while it is not."""
    if tenant.standing is not Standing.SUSPENDED:
        return None
    acted_at = audit.last_at(tenant.id, Event.STANDING_CHANGED, tenant.account_id)
    row = Changed(Tenant.__tablename__, tenant.id, tenant.id)
    return refused_since(row, acted_at, WITH_ITS_EVENT) if acted_at else None


def of_last_ended(contracts: Iterable[Contract]) -> tuple[Contract, str] | None:
    """The contract among these that was ended last, and who refuses its key pairs since; None where none was ended.

    Its renewal is loaded. One that another took over from stopped no key.
    """
    ended = [each for each in contracts if each.ended_at and not (each.renewal and each.renewal.handed_over_at)]
    last = max(ended, key=lambda each: each.ended_at or each.starts_at, default=None)
    if last is None or last.ended_at is None:
        return None
    said = refused_since(Changed(Contract.__tablename__, last.tenant_id, last.id), last.ended_at)
    return None if said is None else (last, said)


def _stopped_by_the_clock(pair: KeyPair, acted_at: datetime) -> bool:
    """Whether a hard end was over when it was stored: every worker had refused on the second, without being told."""
    is_hard = pair.ending is not None and pair.ending is not KeyEnding.HELD
    is_over = pair.retiring_until is not None and pair.retiring_until <= acted_at
    return (is_hard and is_over) or (pair.expires_at is not None and pair.expires_at <= acted_at)


def refused_since(row: Changed, acted_at: datetime, leeway: timedelta = receipts.EXACTLY) -> str | None:
    """Who refuses since the act that changed this row, as a sentence; the published figures while nobody has told.

    None for what is long past, and told by nobody.
    """
    receipt = receipts.of_act(row, acted_at, leeway)
    if receipt is not None:
        return told(receipt)
    return published() if acted_at >= clock.now() - changes.LOG_KEPT else None


def told(receipt: Receipt) -> str:
    """What the gateway's workers made of an act."""
    if receipt.seconds is None or not receipt.is_complete:
        return ngettext(
            "The gateway's worker does not refuse it yet.",
            "Refused by %(done)s of %(num)s gateway workers so far.",
            receipt.workers,
            done=receipt.refused,
        )
    return ngettext(
        "Refused by the gateway's worker after %(time)s.",
        "Refused by all %(num)s gateway workers after %(time)s.",
        receipt.workers,
        time=seconds(receipt.seconds),
    )


def published() -> str:
    """The published figures, while no worker has told."""
    return _(
        "No gateway has told yet. One that is connected to the database refuses within %(connected)s, "
        "one that is cut off from it after %(cut_off)s.",
        connected=seconds(connected_ms() / 1000),
        cut_off=duration(cut_off_seconds()),
    )


def seconds(value: float) -> str:
    """Seconds with one decimal, never less than were measured: “0.4 s”."""
    return _("%(seconds)s s", seconds=f"{ceil(round(value * 10, 6)) / 10:g}")


def duration(whole: int) -> str:
    """Whole minutes as minutes, anything else in seconds."""
    if whole >= MINUTE and whole % MINUTE == 0:
        return ngettext("%(num)s minute", "%(num)s minutes", whole // MINUTE)
    return ngettext("%(num)s second", "%(num)s seconds", whole)


def _settings() -> Settings:
    settings: Settings = current_app.config["PORTAL"]
    return settings
