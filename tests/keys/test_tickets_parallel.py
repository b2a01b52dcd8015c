"""A ticket in many tabs at once: one pair."""

from portal.access.actor import Actor
from portal.foundation.database import transaction
from portal.keys import intent_store, making
from portal.keys.errors import TicketUsed
from portal.keys.models import KeyPair
from tests.factories import (
    a_licensee,
    a_member,
    a_private_key,
    a_ticket,
    an_integrator,
    an_intent,
    for_client,
    message_of,
    public_of,
    sign,
    tenant_of,
)
from tests.keys.test_parallel import count
from tests.parallel import AT_ONCE, at_once


def an_acting_integrator() -> Actor:
    integrator = an_integrator()
    return for_client(integrator, a_ticket(a_licensee(), integrator))


def test_of_many_intents_that_are_proved_at_once_one_ends_in_a_pair():
    acting, claims = an_acting_integrator(), []
    for number in range(AT_ONCE):
        private = a_private_key(920 + number)
        intent = an_intent(acting, private=private)
        message = message_of(acting, intent, private)
        claims.append((intent.public_id, message, sign(private, message)))

    def prove(number: int) -> None:
        intent_id, message, signature = claims[number]
        with transaction():
            making.prove(acting, intent_store.get(acting, intent_id), signed=message, signature=signature)

    outcomes = at_once(prove)

    assert outcomes == {"done": 1, TicketUsed.code: AT_ONCE - 1}
    assert count(KeyPair) == 1


def test_of_many_people_that_have_the_server_make_it_one_sees_a_private_key():
    integrator = an_integrator()
    ticket = a_ticket(a_licensee(), integrator)
    members = [for_client(a_member(tenant_of(integrator)), ticket) for _ in range(AT_ONCE)]
    intents = [an_intent(member).public_id for member in members]
    halves = [public_of(a_private_key(940 + number)) for number in range(AT_ONCE)]

    def issue(number: int) -> None:
        with transaction():
            making.issue(members[number], intent_store.get(members[number], intents[number]), halves[number])

    outcomes = at_once(issue)

    assert outcomes == {"done": 1, TicketUsed.code: AT_ONCE - 1}
    assert count(KeyPair) == 1
