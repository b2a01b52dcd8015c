"""Who is told that a token was found."""

from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.accounts.models import Person
from portal.outbox import operations as outbox
from portal.tokens.models import PersonalToken


def tell_of_leak(token: PersonalToken) -> None:
    """A mail to the token's person and to the owners of its tenant, each once.

    Not where it was found: that was typed by somebody unknown, and a mail would make a link of it.
    """
    membership = token.membership
    facts: dict[str, outbox.Fact] = {
        "account": membership.tenant.account_id,
        "token_name": token.name,
        "hint": token.hint,
        "person": membership.person.name,
        "token": token.public_id,
    }
    for person in _told(token):
        own = facts | {"name": person.name, "is_own": person.id == membership.person_id}
        outbox.post("token_leaked", person.email, person.language.value, own, token.tenant_id)


def _told(token: PersonalToken) -> list[Person]:
    keepers = Role.PARTNER_ADMIN if token.membership.tenant.is_vendor else Role.OWNER
    people = [token.membership.person, *accounts.people_with(token.tenant_id, keepers)]
    return list({person.id: person for person in people}.values())
