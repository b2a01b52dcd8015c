"""The double click, the retry and the second tab, all at once: one effect (rule 23)."""

from sqlalchemy import func

from portal.access.roles import Environment
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.keys import batch, intent_store, making, operations, store
from portal.keys.eligibility import usable_contracts
from portal.keys.errors import AlreadyShown, KeyKnown
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair
from tests.factories import a_key, a_licensee, a_private_key, an_intent, message_of, public_of, sign
from tests.parallel import AT_ONCE, at_once


def count(model) -> int:
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(model))


def begin(owner) -> None:
    with transaction():
        making.begin(
            owner,
            environment=Environment.SANDBOX,
            contract=usable_contracts(owner)[0],
            name="Storefront",
            origin=KeyOrigin.SERVER,
        )


def begin_batch(owner) -> None:
    with transaction():
        contract, lines = usable_contracts(owner)[0], batch.read_names("One\nTwo\nThree")
        batch.begin(owner, environment=Environment.SANDBOX, contract=contract, lines=lines)


def test_asking_for_the_same_batch_at_once_is_one_intent_for_each_name():
    owner = a_licensee()

    outcomes = at_once(lambda _number: begin_batch(owner))

    assert outcomes == {"done": AT_ONCE}
    assert count(KeyIntent) == 3


def test_beginning_the_same_thing_at_once_is_one_intent():
    owner = a_licensee()

    outcomes = at_once(lambda _number: begin(owner))

    assert outcomes == {"done": AT_ONCE}
    assert count(KeyIntent) == 1


def test_asking_for_the_pair_at_once_shows_one_private_key():
    owner = a_licensee()
    intent_id = an_intent(owner).public_id
    halves = [public_of(a_private_key(number)) for number in range(AT_ONCE)]

    def ask(number: int) -> None:
        with transaction():
            making.issue(owner, intent_store.get(owner, intent_id), halves[number])

    outcomes = at_once(ask)

    assert outcomes == {"done": 1, AlreadyShown.code: AT_ONCE - 1}
    assert count(KeyPair) == 1


def test_proving_at_once_is_one_pair():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)
    intent_id, message = intent.public_id, message_of(owner, intent, private)
    signature = sign(private, message)

    def prove(_number: int) -> None:
        with transaction():
            making.prove(owner, intent_store.get(owner, intent_id), signed=message, signature=signature)

    outcomes = at_once(prove)

    assert outcomes == {"done": AT_ONCE}
    assert count(KeyPair) == 1


def test_two_tenants_proving_the_same_key_at_once_get_one_pair():
    private = a_private_key()
    claims = []
    for owner in (a_licensee(), a_licensee()):
        intent = an_intent(owner, private=private)
        claims.append((owner, intent.public_id, message_of(owner, intent, private)))

    def prove(number: int) -> None:
        owner, intent_id, message = claims[number % 2]
        with transaction():
            making.prove(owner, intent_store.get(owner, intent_id), signed=message, signature=sign(private, message))

    outcomes = at_once(prove)

    assert set(outcomes) == {"done", KeyKnown.code}
    assert count(KeyPair) == 1


def test_revoking_at_once_is_one_event():
    owner = a_licensee()
    api_key, before = a_key(owner).api_key, count(AuditEvent)

    def revoke(_number: int) -> None:
        pair = store.get(owner, api_key)
        with transaction():
            operations.revoke(owner, pair)

    outcomes = at_once(revoke)

    assert outcomes == {"done": AT_ONCE}
    assert count(AuditEvent) == before + 1


def test_the_chains_are_whole_after_all_of_it():
    owner = a_licensee()
    at_once(lambda _number: begin(owner))

    assert list(audit.verify()) == []
