"""Whom a personal token lets act, and where: in its own tenant, and in those of that tenant's clients."""

from portal.access.actor import Actor, through_token
from portal.contracts import store as contracts
from portal.delegations import people, store
from portal.foundation import clock
from portal.foundation.errors import NotFound
from portal.tokens.models import PersonalToken


def actor_for(token: PersonalToken, account_id: str) -> Actor:
    """The token's person in the account with this id, within the token's scopes.

    A token acts for its own tenant and for no other integrator its person may belong to. What the person may do is
    computed anew, so a token never has more than that. token: as `tokens.operations.find` gave it, in this transaction.

    Raises: NotFound for any other account, AccountSuspended, DelegationPaused.
    """
    return through_token(_person_in(token, account_id), token.scopes, token.public_id)


def _person_in(token: PersonalToken, account_id: str) -> Actor:
    membership = token.membership
    if membership.tenant.account_id == account_id:
        return people.as_member(membership, contracts.powers_of(membership, clock.now()))
    running = store.running_for(account_id, [membership.tenant_id])
    if not running:
        raise NotFound()
    return people.as_integrator(membership, running[0])
