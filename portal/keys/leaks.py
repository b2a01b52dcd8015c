"""A private key that somebody else may have: its pair is compromised, and its public half is blocked for ever.

To replace it first and end it then is a rotation (`rotation.begin` with a plan that says leak).
"""

from datetime import timedelta

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.keys import making, rotation, store
from portal.keys.eligibility import require_may_rotate, require_power
from portal.keys.errors import CannotRevoke, NothingToReplace
from portal.keys.handing_over import is_stopped_alone
from portal.keys.material import PublicHalf
from portal.keys.models import LEAKED, KeyEnding, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.rotation import Plan
from portal.keys.status import LIVE_STATES

AT_ONCE = Plan(timedelta(), KeyEnding.LEAK)


def stop(actor: Actor, pair: KeyPair) -> bool:
    """Take the pair out of service now, as compromised; False when it was already. Owner and holder may both do it.

    It works whatever the account's standing. Doors call `impact.leaks.stop`, which tells people.
    Raises: NotAllowed, NotDelegated, CannotRevoke when it is out of service for another reason, or was never in it.
    """
    store.hold(pair)
    require_power(actor, pair, Permission.KEY_REVOKE)
    if pair.state is KeyState.COMPROMISED:
        return False
    require_in_service(pair)
    store.block(pair.spki_sha256, LEAKED)
    pair.state, pair.ending, pair.retired_at = KeyState.COMPROMISED, KeyEnding.LEAK, clock.now()
    audit.record(actor, Event.KEY_LEAKED, pair, also_seen_by=pair.holder_id, environment=pair.environment.value)
    return True


def require_in_service(pair: KeyPair) -> None:
    """Nothing, while the pair is stored as live, whatever it hangs on. Raises: CannotRevoke."""
    if pair.state not in LIVE_STATES:
        raise CannotRevoke()


def begin_replacement(
    actor: Actor, pair: KeyPair, *, origin: KeyOrigin, name: str | None = None, public: PublicHalf | None = None
) -> KeyIntent:
    """The intent to make the successor of a pair that was stopped; the same request repeated meets the same intent.

    It keeps owner, holder, contract, delegation, environment and, unless another is given, the name; like for like, so
    no good standing is needed. Raises: NothingToReplace, KeyNameTaken, and the refusals of `eligibility`.
    """
    store.hold(pair)
    require_may_rotate(actor, pair)
    # A pair under a delegation that is over has no successor under the next one: that one gives pairs of its own.
    if not is_stopped_alone(pair) or pair.delegation_id != actor.delegation_id:
        raise NothingToReplace()
    intent = rotation.intent_for(actor, pair, AT_ONCE, origin, name, public)
    return making.open_intent(actor, intent, Event.REPLACEMENT_INTENDED, before=pair.name, replaced=pair.api_key)
