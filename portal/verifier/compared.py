"""What each check of a call compares, as text for an operator. None where the call has nothing of the kind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from portal.verifier import records, tokens
from portal.verifier.decision import Call, Known
from portal.verifier.proving import Prover
from portal.verifier.records import Delegation, Grant, Key, Moment


@dataclass(frozen=True)
class Look:
    """What a check sees."""

    known: Known
    call: Call
    now: Moment

    @property
    def is_known(self) -> bool:
        return self.call.api_key in self.known.keys

    @property
    def key(self) -> Key:
        return self.known.keys[self.call.api_key]

    @property
    def opened(self) -> tokens.Opened | None:
        try:
            return tokens.taken_apart(self.call.token)
        except tokens.Malformed:
            return None


def moment(at: Moment) -> str:
    """A moment in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "a moment beyond all calendars"


# The proof


def key_is_known(look: Look) -> str:
    if not look.call.api_key:
        return "the call names no key"
    return "this key is known" if look.is_known else "no key of this id is known here"


def token_is_one(look: Look) -> str:
    length = len(look.call.token)
    if look.opened is not None:
        return f"three parts, {length} characters"
    if not length:
        return "the call brings no token"
    return f"{length} characters that are not three parts in base64url: JSON, JSON with an end (exp), signature"


def signed_by_us(look: Look) -> bool:
    return look.opened is not None and look.opened.names_our_algorithm


def algorithm(look: Look) -> str:
    return f"it is to name {tokens.ALGORITHM}, and nothing that is critical to understand"


def signature(look: Look) -> str:
    try:
        bits = Prover().public_key_of(look.key).key_size
    except ValueError:
        return "the public key that is known cannot be read"
    return f"the signature, by the public key that is known: RSA, {bits} bits"


def the_time(look: Look) -> str:
    ends_at = 0.0 if look.opened is None else look.opened.ends_at
    earliest, latest = look.now - tokens.LEEWAY_SECONDS, look.now + tokens.LIFETIME_SECONDS + tokens.LEEWAY_SECONDS
    return f"the token ends at {moment(ends_at)}; to be after {moment(earliest)}, and not after {moment(latest)}"


# The key and what it hangs on


def the_key(look: Look) -> str:
    key, said = look.key, [f"{look.key.environment}, {look.key.state}"]
    if key.retiring_until is not None and key.state == records.RETIRING:
        how = "held open beyond it" if key.ending == records.HELD else f"ending {key.ending}"
        said.append(f"retiring until {moment(key.retiring_until)}, {how}")
    said.append("no end of its own" if key.expires_at is None else f"expires at {moment(key.expires_at)}")
    return "; ".join(said)


def owner(look: Look) -> str:
    return f"{look.key.owner.account_id} {look.key.owner.name}: {look.key.owner.standing}"


def holder(look: Look) -> str | None:
    holder = look.key.holder
    return None if holder is look.key.owner else f"{holder.account_id} {holder.name}: {holder.standing}"


def contract(look: Look) -> str:
    contract = look.key.contract
    ended = "" if contract.ended_at is None else f", ended at {moment(contract.ended_at)}"
    return f"from {moment(contract.starts_at)} to {moment(contract.ends_at)}{ended}"


def of_delegation(say: Callable[[Key, Delegation], str]) -> Callable[[Look], str | None]:
    return lambda look: None if look.key.delegation is None else say(look.key, look.key.delegation)


def running(key: Key, delegation: Delegation) -> str:
    return f"{delegation.public_id}: {delegation.state}, until {moment(delegation.ends_at)}"


def covering(key: Key, delegation: Delegation) -> str:
    has = f"for {_list(delegation.environments)}, with {_list(delegation.rights)}"
    return f"{has}; to be for {key.environment}, with {records.KEYS_RIGHT}"


# Where and for what


def reach(look: Look) -> str | None:
    name = look.call.data_space
    space = None if name is None else look.known.spaces.get(name)
    if space is None:
        return None if name is None else "no data space of this id is known here"
    if space.owner is not look.key.owner:
        return f"it is one of {space.owner.account_id}, not of the key's owner"
    said = f"of the key's owner, {space.environment}, in project {space.project_id}"
    delegation = look.key.delegation
    if delegation is None:
        return said
    projects = "all projects" if delegation.project_ids is None else f"projects {_list(delegation.project_ids)}"
    return f"{said}; the delegation covers {projects}, for {_list(delegation.environments)}"


def sides(look: Look) -> str | None:
    space = None if look.call.data_space is None else look.known.spaces.get(look.call.data_space)
    if space is None:
        return None
    both = ", serving both sides" if space.serves_both_sides else ""
    return f"a {look.key.environment} key, a {space.environment} data space{both}; the policy is {look.known.policy}"


def service(look: Look) -> str | None:
    service = look.call.service
    if service is None:
        return None
    return "in the catalogue" if service in look.known.services else "not in the catalogue"


def entitled(look: Look) -> str | None:
    if look.call.service is None:
        return None
    grants = look.key.owner.grants.get(look.call.service, ())
    return "; ".join(map(_grant, grants)) or f"{look.key.owner.account_id} was never entitled to it"


def _grant(grant: Grant) -> str:
    contract = grant.contract
    starts_at = max(grant.starts_at, contract.starts_at)
    ends = (grant.ends_at, grant.ended_at, contract.ends_at, contract.ended_at)
    over = min(end for end in ends if end is not None)
    return f"from {moment(starts_at)} to {moment(over)}{', suspended' if grant.is_suspended else ''}"


def _list(things: Any) -> str:
    return ", ".join(sorted(map(str, things))) or "nothing"
