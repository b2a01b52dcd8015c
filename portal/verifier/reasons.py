"""Why a call may not pass: every reason with a sentence, and with who can mend it.

`flask portal reasons` prints them as docs/reasons.md.
"""

from dataclasses import dataclass
from enum import StrEnum

from portal.foundation.marking import N_


class Reason(StrEnum):
    """Its code, for gateways, libraries and logs: codes never change. They stand in the order they are tried in."""

    NOT_PROVEN = "not_proven"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a code
    TOKEN_TOO_FAR_AHEAD = "token_too_far_ahead"  # noqa: S105 - a code
    KEY_PENDING = "key_pending"
    KEY_RETIRED = "key_retired"
    KEY_REVOKED = "key_revoked"
    KEY_COMPROMISED = "key_compromised"
    KEY_EXPIRED = "key_expired"
    OWNER_SUSPENDED = "owner_suspended"
    HOLDER_SUSPENDED = "holder_suspended"
    CONTRACT_ENDED = "contract_ended"
    CONTRACT_NOT_BEGUN = "contract_not_begun"
    DELEGATION_ENDED = "delegation_ended"
    DELEGATION_PAUSED = "delegation_paused"
    DELEGATION_NARROWED = "delegation_narrowed"
    DATA_SPACE_UNKNOWN = "data_space_unknown"
    ENVIRONMENT_MISMATCH = "environment_mismatch"
    SERVICE_UNKNOWN = "service_unknown"
    SERVICE_NOT_ENTITLED = "service_not_entitled"
    SERVICE_ENDED = "service_ended"
    SERVICE_NOT_BEGUN = "service_not_begun"
    SERVICE_SUSPENDED = "service_suspended"


@dataclass(frozen=True)
class Told:
    """What is said with a reason: the status (RFC 9110), a sentence, and who can mend it."""

    status: int
    sentence: str
    mend: str


_HOLDER = N_("whoever holds the private key")
_VENDOR = N_("a partner admin of the vendor")
_KEYS = N_("an owner or a key manager of the account that holds the key: make a new pair")
_GRANTER = N_("an owner of the account that gave the delegation")
_SHOP = N_("whoever runs the shop: set its clock")

REASONS: dict[Reason, Told] = {
    Reason.NOT_PROVEN: Told(
        401, N_("The call does not prove that it holds a key known here."), N_("whoever runs the shop")
    ),
    Reason.TOKEN_EXPIRED: Told(401, N_("The signature fits, but it is more than a minute too old."), _SHOP),
    Reason.TOKEN_TOO_FAR_AHEAD: Told(
        401, N_("The signature fits, but it is good for more than six minutes from now."), _SHOP
    ),
    Reason.KEY_PENDING: Told(403, N_("This key pair was not confirmed."), _HOLDER),
    Reason.KEY_RETIRED: Told(
        403, N_("This key pair was replaced, and its time is over: the shop still has the old one."), _HOLDER
    ),
    Reason.KEY_REVOKED: Told(403, N_("This key pair was revoked."), _KEYS),
    Reason.KEY_COMPROMISED: Told(403, N_("This key pair was stopped because its private key leaked."), _KEYS),
    Reason.KEY_EXPIRED: Told(403, N_("This key pair has expired."), _KEYS),
    Reason.OWNER_SUSPENDED: Told(403, N_("The account that owns the key is suspended."), _VENDOR),
    Reason.HOLDER_SUSPENDED: Told(403, N_("The account that holds the key is suspended."), _VENDOR),
    Reason.CONTRACT_ENDED: Told(403, N_("The contract of the key has ended."), _VENDOR),
    Reason.CONTRACT_NOT_BEGUN: Told(403, N_("The contract of the key has not begun."), _VENDOR),
    Reason.DELEGATION_ENDED: Told(403, N_("The delegation under which the key was made has ended."), _GRANTER),
    Reason.DELEGATION_PAUSED: Told(
        403, N_("The delegation under which the key was made is paused."), N_("an owner of the side that paused it")
    ),
    Reason.DELEGATION_NARROWED: Told(403, N_("The delegation does not cover keys of this environment."), _GRANTER),
    Reason.DATA_SPACE_UNKNOWN: Told(
        403,
        N_("The key reaches no data space with this id."),
        N_("whoever runs the shop: choose a data space of the account; for a delegated key also its owner"),
    ),
    Reason.ENVIRONMENT_MISMATCH: Told(
        403,
        N_("Keys and data spaces of different environments do not go together here."),
        N_("whoever runs the shop: use the key of the data space's environment"),
    ),
    Reason.SERVICE_UNKNOWN: Told(403, N_("There is no service with this code."), N_("whoever runs the gateway")),
    Reason.SERVICE_NOT_ENTITLED: Told(
        403,
        N_("The account is not entitled to this service."),
        N_("an owner of the account: ask for it in the portal"),
    ),
    Reason.SERVICE_ENDED: Told(
        403,
        N_("The account was entitled to this service, and that has ended."),
        N_("an owner of the account: ask for it in the portal"),
    ),
    Reason.SERVICE_NOT_BEGUN: Told(403, N_("The account may use this service from a later day on."), _VENDOR),
    Reason.SERVICE_SUSPENDED: Told(403, N_("The account's use of this service is suspended."), _VENDOR),
}
