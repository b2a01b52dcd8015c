"""Mail about hand-offs: both sides hear of every opening, and of all that ends one."""

import uuid

from portal.access.roles import ENVIRONMENT_NAMES, Permission
from portal.accounts import store as accounts
from portal.foundation import clock
from portal.handoffs import store
from portal.handoffs.models import EnvelopeKey, HandOff, KeyCopy
from portal.outbox import operations as outbox
from portal.tenants import store as tenants

Facts = dict[str, outbox.Fact]


def offered(hand_off: HandOff, code: str) -> None:
    """To the person whose key it is sealed to, with the link."""
    person = hand_off.to_person
    facts = _facts(hand_off, to_owner=False) | {"code": code, "name": person.name}
    outbox.post("hand_off_offered", person.email, person.language.value, facts, hand_off.receiver_id)


def opened(hand_off: HandOff, by: str) -> None:
    """To both sides: who opened it, for the how-manieth time."""
    _to_both(hand_off, "hand_off_opened", {"by": by, "attempts": hand_off.attempts})


def done(hand_off: HandOff) -> None:
    """To both sides: the private key was read, and the ciphertext is gone."""
    _to_both(hand_off, "hand_off_done", {})


def withdrawn(hand_off: HandOff) -> None:
    """To the receiver."""
    facts = {"was_opened": hand_off.opened_at is not None}
    _to(hand_off.receiver_id, "hand_off_withdrawn", _facts(hand_off, to_owner=False) | facts)


def lapsed(hand_off: HandOff) -> None:
    """To both sides."""
    _to_both(hand_off, "hand_off_lapsed", {"was_opened": hand_off.opened_at is not None})


def closed(hand_off: HandOff) -> None:
    """To both sides: the receiver left, or the delegation ended."""
    _to_both(hand_off, "hand_off_closed", {"was_opened": hand_off.opened_at is not None})


def frozen(hand_off: HandOff) -> None:
    """An alarm to both sides."""
    _to_both(hand_off, "hand_off_frozen", {"was_opened": hand_off.opened_at is not None})


def key_changed(key: EnvelopeKey) -> None:
    """To the people of the key's own tenant, and to those of its clients, who may be about to seal to it."""
    person, tenant = accounts.get_person(key.person_id), tenants.get(key.tenant_id)
    told: Facts = {
        "person": person.name,
        "party": tenant.name,
        "day_of": key.usable_at.date().isoformat(),
        "time_of": f"{key.usable_at:%H:%M}",
    }
    _to(key.tenant_id, "envelope_key_changed", told | {"account": tenant.account_id, "own": True})
    for delegation in store.clients_of(key.tenant_id, clock.now()):
        facts = told | {"account": delegation.owner.account_id, "own": False}
        _to(delegation.tenant_id, "envelope_key_changed", facts)


def rotation_due(copy: KeyCopy) -> None:
    """To the owner's people who may rotate the pair."""
    pair = copy.key_pair
    facts: Facts = {
        "account": pair.owner.account_id,
        "api_key": pair.api_key,
        "pair": pair.name,
        "environment": ENVIRONMENT_NAMES[pair.environment],
        "party": copy.holder.name,
    }
    _to(copy.tenant_id, "key_rotation_due", facts, Permission.KEY_ROTATE)


def _to_both(hand_off: HandOff, template: str, facts: Facts) -> None:
    _to(hand_off.tenant_id, template, _facts(hand_off, to_owner=True) | facts)
    _to(hand_off.receiver_id, template, _facts(hand_off, to_owner=False) | facts)


def _to(tenant_id: uuid.UUID, template: str, facts: Facts, reader: Permission = Permission.HAND_OFF) -> None:
    for person in accounts.people_with(tenant_id, reader):
        outbox.post(template, person.email, person.language.value, facts | {"name": person.name}, tenant_id)


def _facts(hand_off: HandOff, *, to_owner: bool) -> Facts:
    here, there = (hand_off.owner, hand_off.receiver) if to_owner else (hand_off.receiver, hand_off.owner)
    return {
        "account": here.account_id,
        "party": there.name,
        "to_owner": to_owner,
        "hand_off": hand_off.public_id,
        "pair": hand_off.key_pair.name,
        "environment": ENVIRONMENT_NAMES[hand_off.environment],
        "receiver": hand_off.to_person.name,
        "day_of": hand_off.lapses_at.date().isoformat(),
        "time_of": f"{hand_off.lapses_at:%H:%M}",
    }
