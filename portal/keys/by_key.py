"""What a private key itself may do with its pair, without anybody signed in: revoke it."""

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.keys import operations, possession, store
from portal.keys.errors import ProofWrong, RevocationRefused
from portal.keys.models import KeyPair

LONGEST_LABEL = 255


def revoke(api_key: str, *, signed: bytes, signature: bytes) -> KeyPair:
    """The pair with this API key, revoked, because its private half signed `signed`. Repeating it changes nothing.

    Whoever holds the private key may do this, whatever became of delegation, contract or account.
    Raises: RevocationRefused, CannotRevoke.
    """
    pair = store.find_by_api_key(api_key)
    if pair is None:
        raise RevocationRefused()
    try:
        possession.check(pair.spki, signed, signature)
    except ProofWrong as error:
        raise RevocationRefused() from error
    operations.revoke(_actor_of(pair), pair)
    return pair


def _actor_of(pair: KeyPair) -> Actor:
    return Actor(
        tenant_id=pair.tenant_id,
        home_id=pair.holder_id,
        home_name=pair.holder.name,
        label=f"private key of {pair.api_key} “{pair.name}”"[:LONGEST_LABEL],
        permissions=frozenset({Permission.KEY_REVOKE}),
        credential=pair.api_key,
    )
