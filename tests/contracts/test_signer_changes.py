"""Another signer of a partner contract: proposed, told, stopped or withdrawn, and after 82 hours so."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.exc import IntegrityError

from portal.access.actor import system_actor, through_token
from portal.access.errors import NotAllowed, ScopeMissing
from portal.access.roles import Role
from portal.accounts import store as accounts
from portal.audit import store as audit
from portal.contracts import operations, signer_store, signers, store
from portal.contracts.errors import (
    ContractOver,
    NotYoursToStop,
    NotYoursToWithdraw,
    OnlyPartnersSign,
    SignerChangeOver,
    SignerChangeWaits,
    SignerComesAlong,
    SignerNotAMember,
    SignerProposesNobody,
    SignsAlready,
)
from portal.contracts.models import SignerChange, SignerChangeState
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound
from portal.foundation.states import IllegalMove
from portal.impact import renewal
from portal.impact.opening import Term
from portal.outbox import operations as outbox
from tests.factories import (
    a_contract,
    a_licensee,
    a_member,
    a_partner,
    a_tenant,
    a_vendor,
    acting,
    membership_of,
    tenant_of,
)
from tests.parallel import at_once

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def signer(admin):
    return a_partner(name="Cedar")


@pytest.fixture
def owner(signer):
    return a_member(tenant_of(signer), Role.OWNER, name="Olga Owner")


@pytest.fixture
def other(signer):
    return a_member(tenant_of(signer), Role.VIEWER, name="Nils Next")


@pytest.fixture
def contract(signer):
    return store.all_of(signer)[0]


def propose(actor, contract, member, reason="She left the house."):
    with transaction():
        return signers.propose(actor, contract, membership_of(member), reason)


def run(later=timedelta()) -> int:
    with time_machine.travel(clock.now() + later), transaction():
        return signers.run_due(clock.now())


def signs(member) -> bool:
    return bool(store.powers_of(membership_of(member), clock.now()).signs)


def state_of(actor, change) -> SignerChangeState:
    db.session.rollback()
    return signer_store.get(actor, change.public_id).state


def stop(actor, change) -> None:
    with transaction():
        signers.stop(actor, change, "She stays.")


def withdraw(actor, change) -> None:
    with transaction():
        signers.withdraw(actor, change)


def leave(member) -> None:
    with transaction():
        membership_of(member).ended_at = clock.now()


def events_of(actor) -> list[str]:
    return [row.event for row in audit.page(actor, before_seq=None, limit=100)]


def mails() -> list[tuple[str, str]]:
    return sorted((mail.template, mail.to) for mail in outbox.read_all(100) if mail.template.startswith("signer"))


def address_of(actor) -> str:
    return accounts.get_person(actor.person_id).email


def test_for_82_hours_the_signer_stays_who_it_is(signer, owner, other, contract):
    propose(owner, contract, other)

    done = run(82 * HOUR - MINUTE)

    assert (done, signs(signer), signs(other)) == (0, True, False)


def test_after_82_hours_the_proposed_one_signs(signer, owner, other, contract):
    change = propose(owner, contract, other)

    done = run(82 * HOUR)

    assert (done, signs(signer), signs(other)) == (1, False, True)
    assert state_of(owner, change) is SignerChangeState.DONE


@pytest.mark.parametrize("what", ["proposed", "stopped", "withdrawn", "changed", "lapsed"])
def test_everybody_concerned_is_told_once(what, admin, signer, owner, other, contract):
    change = propose(owner, contract, other)
    if what == "stopped":
        stop(signer, change)
    if what == "withdrawn":
        withdraw(owner, change)
    if what == "lapsed":
        leave(other)
    if what in ("changed", "lapsed"):
        run(83 * HOUR)

    told = [to for template, to in mails() if template == f"signer_{what}"]

    assert told == sorted(address_of(one) for one in (admin, signer, owner, other))


@pytest.mark.parametrize("what", ["proposed", "stopped", "withdrawn", "changed", "lapsed"])
def test_each_step_is_one_event(what, signer, owner, other, contract):
    before = events_of(owner)
    change = propose(owner, contract, other)
    if what == "stopped":
        stop(signer, change)
    if what == "withdrawn":
        withdraw(owner, change)
    if what == "lapsed":
        leave(other)
    if what in ("changed", "lapsed"):
        run(83 * HOUR)

    new = events_of(owner)[: len(events_of(owner)) - len(before)]

    assert new == (["signer.proposed"] if what == "proposed" else [f"signer.{what}", "signer.proposed"])


def test_the_vendor_proposes_too(admin, signer, other, contract):
    change = propose(admin, contract, other)

    assert change.by_vendor
    assert not signs(other)


def test_whoever_signs_a_contract_signs_the_one_that_takes_over_from_it(admin, owner, other, contract):
    with transaction():
        term = Term("solution-partner", contract.ends_at, contract.ends_at + timedelta(days=365))
        successor = renewal.renew(system_actor("tests"), contract, term)

    with pytest.raises(SignerComesAlong):
        propose(admin, successor, other)


def test_the_vendor_records_the_first_signer_there_ever_was_at_once(admin, owner, other):
    contract = a_contract(tenant_of(owner), "solution-partner")

    change = propose(admin, contract, other)

    assert change is None
    assert signs(other)


def test_the_vendors_proposal_waits_where_the_signer_has_left(admin, signer, owner, other, contract):
    leave(signer)

    change = propose(admin, contract, other)

    assert state_of(owner, change) is SignerChangeState.WAITING
    assert not signs(other)


def test_an_owner_waits_even_where_nobody_ever_signed(owner, other):
    contract = a_contract(tenant_of(owner), "solution-partner")

    assert propose(owner, contract, other).state is SignerChangeState.WAITING


def test_an_owner_may_propose_themselves(owner, contract):
    assert propose(owner, contract, owner).membership_id == owner.membership_id


def test_the_signer_proposes_nobody(other):
    signing_owner = a_partner(signer_role=Role.OWNER)
    contract, member = store.all_of(signing_owner)[0], a_member(tenant_of(signing_owner))

    with pytest.raises(SignerProposesNobody):
        propose(signing_owner, contract, member)


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_only_owners_propose(role, signer, other, contract):
    member = a_member(tenant_of(signer), role)

    with pytest.raises(NotAllowed):
        propose(member, contract, other)


def test_an_operator_does_not_propose(other, contract):
    operator = a_vendor(Role.OPERATOR)

    with pytest.raises(NotAllowed):
        propose(operator, contract, other)


def test_an_owner_of_another_account_finds_no_contract(other, contract):
    stranger = a_licensee()

    with pytest.raises(NotFound):
        propose(stranger, contract, other)


def test_a_stranger_is_not_proposed(owner, contract):
    stranger = a_member(a_tenant())

    with pytest.raises(SignerNotAMember):
        propose(owner, contract, stranger)


def test_who_signs_already_is_not_proposed(owner, signer, contract):
    with pytest.raises(SignsAlready):
        propose(owner, contract, signer)


def test_a_licence_has_no_signer(admin):
    owner = a_licensee()
    contract = store.all_of(owner)[0]

    with pytest.raises(OnlyPartnersSign):
        propose(admin, contract, owner)


def test_a_contract_that_is_over_gets_no_other_signer(owner, other, contract):
    with transaction():
        operations.end(system_actor("tests"), contract)

    with pytest.raises(ContractOver):
        propose(owner, contract, other)


def test_the_same_proposal_again_is_the_same(owner, other, contract):
    first, second = propose(owner, contract, other).id, propose(owner, contract, other).id

    assert first == second
    assert events_of(owner).count("signer.proposed") == 1


def test_one_change_waits_at_a_time(admin, owner, other, contract):
    propose(owner, contract, other)

    with pytest.raises(SignerChangeWaits):
        propose(admin, contract, owner)


def test_the_database_keeps_a_second_one_from_waiting(owner, other, contract):
    change = propose(owner, contract, other)
    second = {
        "tenant_id": change.tenant_id,
        "contract_id": change.contract_id,
        "due_at": change.due_at,
        "state": change.state,
    }

    with pytest.raises(IntegrityError), transaction():
        db.session.add(SignerChange(**second))


def test_the_present_signer_stops_it(signer, owner, other, contract):
    change = propose(owner, contract, other)

    stop(signer, change)

    assert run(100 * HOUR) == 0
    assert (signs(signer), state_of(owner, change)) == (True, SignerChangeState.STOPPED)


def test_the_vendor_stops_it(admin, owner, other, contract):
    change = propose(owner, contract, other)

    stop(admin, change)

    assert state_of(owner, change) is SignerChangeState.STOPPED


@pytest.mark.parametrize("who", ["owner", "other", "operator", "stranger"])
def test_nobody_else_stops_it(who, owner, other, contract):
    callers = {"owner": owner, "other": other, "operator": a_vendor(Role.OPERATOR), "stranger": a_licensee()}
    change = propose(owner, contract, other)

    with pytest.raises(NotYoursToStop):
        stop(callers[who], change)


def test_stopping_twice_is_one_event(signer, owner, other, contract):
    change = propose(owner, contract, other)

    stop(signer, change)
    stop(signer, change)

    assert events_of(owner).count("signer.stopped") == 1


def test_what_was_withdrawn_is_not_stopped(signer, owner, other, contract):
    change = propose(owner, contract, other)
    withdraw(owner, change)

    with pytest.raises(SignerChangeOver):
        stop(signer, change)


def test_only_its_proposer_withdraws_it(signer, owner, other, contract):
    change = propose(owner, contract, other)

    with pytest.raises(NotYoursToWithdraw):
        withdraw(signer, change)


def test_after_it_was_stopped_another_one_may_be_proposed(signer, owner, other, contract):
    stop(signer, propose(owner, contract, other))

    assert propose(owner, contract, owner).state is SignerChangeState.WAITING


def test_it_lapses_as_soon_as_the_proposed_member_has_left(owner, other, signer, contract):
    change = propose(owner, contract, other)
    leave(other)

    run()

    assert (state_of(owner, change), signs(signer)) == (SignerChangeState.LAPSED, True)


def test_it_lapses_with_its_contract(owner, other, contract):
    change = propose(owner, contract, other)
    with transaction():
        operations.end(system_actor("tests"), contract)

    run(83 * HOUR)

    assert state_of(owner, change) is SignerChangeState.LAPSED


def test_a_state_that_does_not_follow_cannot_be_written(owner, other, signer, contract):
    change = propose(owner, contract, other)
    stop(signer, change)

    with pytest.raises(IllegalMove), transaction():
        signer_store.get(owner, change.public_id).state = SignerChangeState.DONE


def test_stopping_while_the_worker_makes_it_so_has_one_outcome(signer, owner, other, contract):
    change = propose(owner, contract, other)
    public_id, at = change.public_id, clock.now() + 83 * HOUR

    def act(number: int) -> None:
        with transaction():
            if number % 2:
                signers.stop(signer, signer_store.get(signer, public_id), "")
            else:
                signers.run_due(at)

    outcomes = at_once(act, 6)

    db.session.rollback()
    state = signer_store.get(owner, public_id).state
    assert state in (SignerChangeState.DONE, SignerChangeState.STOPPED)
    assert signs(acting(membership_of(other))) is (state is SignerChangeState.DONE)
    assert set(outcomes) <= {"done", "signer_change_over", "signer_change_not_yours_to_stop"}


def test_a_token_that_only_reads_stops_and_withdraws_no_change_of_its_person(signer, owner, other, contract):
    change = propose(owner, contract, other)

    with pytest.raises(ScopeMissing):
        stop(through_token(signer, frozenset(), "tok_1"), change)
    with pytest.raises(ScopeMissing):
        withdraw(through_token(owner, frozenset(), "tok_1"), change)

    assert state_of(owner, change) is SignerChangeState.WAITING
