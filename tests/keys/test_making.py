"""Making key pairs: intents, the pair made by the server, the uploaded public key and its proof."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from sqlalchemy import func

from portal.access.errors import NotAllowed, NotDelegated
from portal.access.roles import Environment, Right, Role
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import making, material, store
from portal.keys.eligibility import usable_contracts
from portal.keys.errors import (
    AlreadyShown,
    ContractNotRunning,
    KeyBlocked,
    KeyKnown,
    KeyNameTaken,
    MakingOver,
    NoContract,
    NoSigner,
    NotSigner,
    NotSignerNorDeputy,
    ProofWrong,
    StandingNotGood,
)
from portal.keys.material import PublicHalf
from portal.keys.models import BlockedKey, KeyIntent, KeyOrigin, KeyPair, KeyState
from portal.keys.status import KeyStatus, status_of
from portal.tenants.models import Standing
from tests.factories import (
    a_contract,
    a_delegation,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    a_tenant,
    acting,
    an_integrator,
    an_intent,
    for_client,
    membership_of,
    message_of,
    public_of,
    sign,
    tenant_of,
)
from tests.keys.weak import WEAK


def count(model) -> int:
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(model))


def made_by_server(actor, intent):
    with transaction():
        return making.issue(actor, intent, public_of(a_private_key()))


def proved(actor, intent, private, message=None):
    message = message or message_of(actor, intent, private)
    with transaction():
        return making.prove(actor, intent, signed=message, signature=sign(private, message))


# The pair made by the server (rule 2)


def test_a_pair_made_by_the_server_waits_until_it_is_confirmed():
    owner = a_licensee()
    intent = an_intent(owner)

    pair = made_by_server(owner, intent)

    assert pair.state is KeyState.PENDING


def test_confirming_puts_it_into_service():
    owner = a_licensee()
    intent = an_intent(owner)
    made_by_server(owner, intent)

    with transaction():
        pair = making.confirm(owner, intent)

    assert status_of(store.get(owner, pair.api_key), clock.now()) is KeyStatus.ACTIVE


def test_confirming_twice_is_one_event():
    owner = a_licensee()
    intent = an_intent(owner)
    made_by_server(owner, intent)
    with transaction():
        making.confirm(owner, intent)
    events = count(AuditEvent)

    with transaction():
        making.confirm(owner, intent)

    assert count(AuditEvent) == events


def test_an_intent_leads_to_one_pair_only():
    owner = a_licensee()
    intent = an_intent(owner)
    made_by_server(owner, intent)

    with pytest.raises(AlreadyShown), transaction():
        making.issue(owner, intent, public_of(a_private_key(1)))

    assert count(KeyPair) == 1


def test_an_unconfirmed_pair_is_lapsed_after_30_minutes_even_before_the_worker_comes():
    owner = a_licensee()
    intent = an_intent(owner)
    pair = made_by_server(owner, intent)

    assert status_of(store.get(owner, pair.api_key), clock.now() + timedelta(minutes=30)) is KeyStatus.LAPSED


def test_nothing_can_be_confirmed_after_30_minutes():
    owner = a_licensee()
    intent = an_intent(owner)
    made_by_server(owner, intent)

    with time_machine.travel(clock.now() + timedelta(minutes=30)), pytest.raises(MakingOver), transaction():
        making.confirm(owner, intent)


def test_a_discarded_pair_never_works():
    owner = a_licensee()
    intent = an_intent(owner)
    pair = made_by_server(owner, intent)

    with transaction():
        making.discard(owner, intent)

    assert store.get(owner, pair.api_key).state is KeyState.LAPSED
    with pytest.raises(MakingOver), transaction():
        making.confirm(owner, intent)


def test_the_same_request_repeated_meets_the_same_intent():
    owner = a_licensee()

    first, second = an_intent(owner, name="Storefront"), an_intent(owner, name="Storefront")

    assert first.public_id == second.public_id
    assert count(KeyIntent) == 1


def test_a_name_in_use_is_refused():
    owner = a_licensee()
    a_key(owner, name="Storefront")

    with pytest.raises(KeyNameTaken):
        an_intent(owner, name="STOREFRONT")


def test_the_same_name_may_stand_in_both_environments():
    owner = a_licensee()
    a_key(owner, name="Storefront")

    pair = a_key(owner, name="Storefront", environment=Environment.PRODUCTION)

    assert pair.name == "Storefront"


# Possession


def test_a_proof_puts_the_uploaded_key_into_service():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)

    pair = proved(owner, intent, private)

    assert pair.state is KeyState.ACTIVE
    assert pair.spki_sha256 == public_of(private).spki_sha256


def test_the_message_has_the_seven_lines_of_the_protocol():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)
    account = tenant_of(owner).account_id

    lines = message_of(owner, intent, private).decode().split("\n")

    assert lines == [
        "portal-pop-v1",
        "http://localhost",
        intent.public_id,
        intent.nonce.hex(),
        f"{account} {account}",
        "sandbox",
        public_of(private).spki_sha256.hex(),
        "",
    ]


def test_seven_wrong_proofs_leave_no_row():
    owner, other = a_licensee(), a_licensee()
    private = a_private_key()
    intent = an_intent(owner, private=private)
    right = message_of(owner, intent, private)
    another = message_of(owner, an_intent(owner, private=private, name="Another"), private)
    elsewhere = right.replace(tenant_of(owner).account_id.encode(), tenant_of(other).account_id.encode())
    wrong = {
        "missing": b"",
        "wrong intent": sign(private, another),
        "wrong tenant": sign(private, elsewhere),
        "wrong environment": sign(private, right.replace(b"sandbox", b"production")),
        "wrong portal": sign(private, right.replace(b"http://localhost", b"https://elsewhere.example")),
        "other key": sign(a_private_key(1), right),
        "truncated": sign(private, right)[:-1],
    }

    for signature in wrong.values():
        with pytest.raises(ProofWrong), transaction():
            making.prove(owner, intent, signed=right, signature=signature)

    assert count(KeyPair) == 0


@pytest.mark.parametrize("weakness", WEAK)
@pytest.mark.parametrize("comes", ["with the intent", "with the proof"])
def test_a_weak_key_comes_into_service_by_no_way(weakness, comes):
    weak, refusal = WEAK[weakness]
    owner = a_licensee()
    spki = weak().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = PublicHalf(spki, bits=2048)
    intent = an_intent(owner, origin=KeyOrigin.BROWSER)
    if comes == "with the intent":
        with transaction():
            intent.spki, public = spki, None

    with pytest.raises(refusal), transaction():
        making.prove(owner, intent, signed=b"", signature=b"", public=public)

    assert count(KeyPair) == 0


def test_an_expired_intent_takes_no_proof():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)

    with time_machine.travel(clock.now() + timedelta(minutes=31)), pytest.raises(MakingOver):
        proved(owner, intent, private)


def test_a_replayed_proof_has_one_effect():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)
    first = proved(owner, intent, private)

    second = proved(owner, intent, private)

    assert second.api_key == first.api_key
    assert count(KeyPair) == 1


def test_a_public_key_is_registered_once_over_all_tenants_and_all_time():
    owner, other, private = a_licensee(), a_licensee(), a_private_key()
    proved(owner, an_intent(owner, private=private), private)

    with pytest.raises(KeyKnown):
        proved(other, an_intent(other, private=private), private)


def test_a_blocked_key_is_refused_after_the_proof():
    owner, private = a_licensee(), a_private_key()
    intent = an_intent(owner, private=private)
    with transaction():
        db.session.add(BlockedKey(spki_sha256=public_of(private).spki_sha256, reason="test"))

    with pytest.raises(KeyBlocked):
        proved(owner, intent, private)


# Who may, and why not (rule 10)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_without_the_role_no_key_is_made_under_a_licence(role):
    owner = a_licensee()
    member = a_member(tenant_of(owner), role)

    with pytest.raises(NotAllowed):
        usable_contracts(member)


def test_past_due_gives_no_new_keys():
    owner = a_licensee(standing=Standing.PAST_DUE)

    with pytest.raises(StandingNotGood) as refusal:
        usable_contracts(owner)

    assert refusal.value.mend


def test_existing_keys_work_while_past_due():
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        tenant_of(owner).standing = Standing.PAST_DUE

    assert status_of(store.get(owner, pair.api_key), clock.now()) is KeyStatus.ACTIVE


def test_without_a_contract_there_is_nothing_to_hang_a_key_on():
    with pytest.raises(NoContract):
        usable_contracts(a_member(a_tenant()))


def test_an_integrator_agreement_alone_gives_no_keys():
    with pytest.raises(NoContract):
        usable_contracts(an_integrator())


def test_a_contract_that_ended_gives_no_new_keys():
    tenant, now = a_tenant(), clock.now()
    a_contract(tenant, starts_at=now - timedelta(days=400), ends_at=now - timedelta(days=1))

    with pytest.raises(ContractNotRunning):
        usable_contracts(a_member(tenant))


def test_s7_only_an_entitled_licensee_makes_keys_and_a_refusal_says_who_can_mend_it():
    tenant = a_tenant()
    owner = a_member(tenant)

    with pytest.raises(NoContract) as refusal:
        usable_contracts(owner)
    a_contract(tenant)

    assert "partner admin" in refusal.value.mend
    assert [contract.tenant_id for contract in usable_contracts(owner)] == [tenant.id]


def test_s9_the_signer_of_the_partner_contract_makes_the_keys_whatever_the_role():
    signer = a_partner(signer_role=Role.VIEWER)

    pair = a_key(signer)

    assert pair.holder_id == signer.tenant_id


def test_the_signer_of_a_contract_that_ended_is_told_that_it_ended():
    signer = a_partner()
    with transaction():
        contracts.all_of(signer)[0].ended_at = clock.now()

    with pytest.raises(ContractNotRunning):
        usable_contracts(acting(membership_of(signer)))


def test_an_integrator_is_told_that_the_client_can_give_the_right():
    owner, integrator = a_licensee(), an_integrator()
    actor = for_client(integrator, a_delegation(owner, integrator, rights={Right.VIEW}))

    with pytest.raises(NotDelegated) as refusal:
        usable_contracts(actor)

    assert "The client can widen the delegation" in refusal.value.mend


def test_s9_an_owner_who_is_not_the_signer_is_told_who_is():
    signer = a_partner()
    owner = a_member(tenant_of(signer))

    with pytest.raises(NotSigner) as refusal:
        usable_contracts(owner)

    assert refusal.value.facts["signer"] == "Sanna Signer"


def test_a_deputy_makes_keys_inside_the_dates():
    deputy = a_deputy(a_partner())

    assert a_key(deputy).made_by_id == deputy.person_id


def test_a_deputy_makes_none_outside_the_dates():
    now = clock.now()
    deputy = a_deputy(a_partner(), starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2))

    with pytest.raises(NotSigner):
        usable_contracts(deputy)


def test_a_refusal_names_the_deputies_who_may_act_now():
    signer = a_partner()
    a_deputy(signer)
    owner = a_member(tenant_of(signer))

    with pytest.raises(NotSignerNorDeputy) as refusal:
        usable_contracts(owner)

    assert refusal.value.facts["deputies"] == ["Dora Deputy"]


def test_when_the_signer_has_left_nobody_makes_keys_and_the_vendor_can_mend_it():
    signer = a_partner()
    owner = a_member(tenant_of(signer))
    with transaction():
        membership_of(signer).ended_at = clock.now()

    with pytest.raises(NoSigner):
        usable_contracts(owner)


def test_a_signature_gives_no_power_over_the_tenants_licence():
    signer = a_partner()
    a_contract(tenant_of(signer))

    kinds = [contract.kind.value for contract in usable_contracts(acting(membership_of(signer)))]

    assert kinds == ["partner"]


# Rule 1, rule 8


def test_removing_the_person_who_made_it_changes_nothing_for_the_key():
    owner = a_licensee()
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER)
    pair = a_key(maker)

    with transaction():
        membership_of(maker).ended_at = clock.now()

    assert status_of(store.get(owner, pair.api_key), clock.now()) is KeyStatus.ACTIVE


def test_no_column_could_hold_a_private_key():
    names = {column.name for table in (KeyPair.__table__, KeyIntent.__table__) for column in table.columns}

    assert not {name for name in names if "private" in name or "pem" in name}


def test_the_private_half_is_found_nowhere_in_the_database():
    owner = a_licensee()
    intent = an_intent(owner)
    half, private_pem = material.generate()
    with transaction():
        making.issue(owner, intent, half)
        making.confirm(owner, intent)
    secret = private_pem.splitlines()[3]

    dump = b"".join(
        repr(row).encode()
        for table in KeyPair.metadata.sorted_tables
        for row in db.session.execute(table.select(), execution_options={"scope": Reader.UPKEEP})
    )

    assert secret not in dump
