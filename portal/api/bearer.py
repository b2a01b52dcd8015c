"""Whose call it is: the actor that a token stands for, in the account that the address names."""

from flask import g, request

from portal.access.actor import Actor
from portal.accounts import attempts
from portal.api.errors import TokenMissing, TokenRefused
from portal.delegations import by_token
from portal.foundation import clock
from portal.tokens import operations as tokens
from portal.tokens.models import PersonalToken

SCHEME = "bearer "


def actor_in(account: str | None) -> Actor:
    """Who calls, acting in the account with this id; None: in the token's own.

    Raises: TokenMissing, TokenRefused, NotFound, AccountSuspended, DelegationPaused.
    """
    token = _token()
    actor = by_token.actor_for(token, account or token.membership.tenant.account_id)
    g.actor = actor
    return actor


def _token() -> PersonalToken:
    secret, now = _secret(), clock.now()
    token = tokens.find(secret, now)
    if token is None:
        attempts.require_room(request.remote_addr or "")
        raise TokenRefused()
    tokens.note_use(token, now, f"{request.method} {request.endpoint}")
    return token


def _secret() -> str:
    header = request.headers.get("Authorization", "")
    if not header.lower().startswith(SCHEME):
        raise TokenMissing()
    return header[len(SCHEME) :].strip()
