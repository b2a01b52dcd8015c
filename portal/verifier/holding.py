"""What a library knows: the state that bundles brought, which of them fit onto it, and until when it may decide."""

from dataclasses import dataclass, field

from portal.verifier.bundle import Bundle, Refused, State
from portal.verifier.records import Moment
from portal.verifier.rows import Digest, changes_by
from portal.verifier.tables import Incomplete, Tables

LEEWAY_SECONDS = 60  # how far two clocks may be apart
LONGEST_SECONDS = 86_400.0  # the portal lets no bundle be decided by for longer


@dataclass
class Held:
    """The tables, with the digest of what is in them, as the last bundle left them."""

    tables: Tables
    issued_at: Moment
    next_update: Moment
    state: State
    digest: Digest = field(default_factory=Digest)


@dataclass(frozen=True)
class Expected:
    """Whose bundles are believed: this portal's, for this environment."""

    portal: str
    environment: str

    def check(self, bundle: Bundle) -> None:
        """Nothing, when it is one of them. Raises: Refused."""
        if bundle.portal != self.portal:
            raise Refused("wrong_portal", f"The bundle is one of {bundle.portal}, not of {self.portal}.")
        if bundle.environment != self.environment:
            raise Refused("wrong_environment", f"The bundle is for {bundle.environment}, not for {self.environment}.")


def check_time(bundle: Bundle, now: Moment) -> None:
    """Nothing, when the bundle may be decided by at this moment. Raises: Refused."""
    if not 0 < bundle.next_update - bundle.issued_at <= LONGEST_SECONDS:
        raise Refused("too_long", "The bundle is to be decided by for longer than the portal allows.")
    if now >= bundle.next_update:
        raise Refused("expired", "The bundle is too old: its next update was due. Or this machine's clock is ahead.")
    if now < bundle.issued_at - LEEWAY_SECONDS:
        raise Refused("not_yet_issued", "The bundle was not issued yet, by this machine's clock: it is set back.")


def after(held: Held | None, bundle: Bundle, *, is_over: bool = False) -> Held:
    """What is known once the bundle has come: all of it at once, or nothing has changed. Raises: Refused.

    is_over: nobody decides by what is held any more. Then what the portal said later counts, though its version be
    lower: a database that was restored counts on from further back.
    """
    if held is not None and _is_older(bundle, held, is_over):
        raise Refused("older", "The bundle is older than what is known here already.")
    if bundle.previous is None:
        return _begun(bundle)
    if held is None or bundle.previous != held.state:
        raise Refused("does_not_fit", "The bundle says what changed since a state that is not the one known here.")
    return _gone_on(held, bundle)


def _is_older(bundle: Bundle, held: Held, is_over: bool) -> bool:
    if is_over:
        return bundle.issued_at < held.issued_at
    # Not by the moment alone: of two workers the one whose clock is ahead may know less.
    return (bundle.state.version, bundle.issued_at) < (held.state.version, held.issued_at)


def _begun(bundle: Bundle) -> Held:
    held = Held(Tables(bundle.policy), bundle.issued_at, bundle.next_update, bundle.state)
    _carry_out(held, bundle)
    return held


def _gone_on(held: Held, bundle: Bundle) -> Held:
    _carry_out(held, bundle)
    held.tables.policy = bundle.policy
    held.issued_at, held.next_update, held.state = bundle.issued_at, bundle.next_update, bundle.state
    return held


def _carry_out(held: Held, bundle: Bundle) -> None:
    """The digest says where the bundle leads to before anything is changed. Raises: Refused."""
    changes = changes_by(bundle.rows, bundle.gone)
    if held.digest.after(changes) != bundle.state.digest:
        raise Refused("does_not_fit", "What the bundle leads to is not what the portal knows.")
    try:
        held.tables.apply(bundle.rows, bundle.state.version)
    except Incomplete:
        raise Refused("incomplete", "The bundle names something that it does not bring.") from None
    held.digest.apply(changes)
