"""What people decide about claims: declare, dismiss, move, merge."""

from datetime import timedelta

import pytest

from portal.access.errors import NotAllowed
from portal.access.roles import Environment, Right, Role
from portal.audit import store as audit
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import Changed, NotFound
from portal.projects import store as projects
from portal.projects.errors import InstallationDetached, SideOutsideReach, SpaceOccupied
from portal.projects.models import LIVE_FOR
from portal.usage import operations, store, traces
from portal.usage.errors import NotAClaim, NothingToDismiss, SameSpace
from tests.factories import a_call, a_delegation, a_key, a_member, an_integrator, for_client, tenant_of
from tests.usage.conftest import attached

PRODUCTION, TESTING, OTHER_TESTING = 0, 1, 2
PRIMARY, CLAIM = "Shop (Community)", "Shop (Enterprise)"
ACTS = {
    "declare": lambda actor, shop, spaces, version: operations.declare(actor, shop, version),
    "dismiss": lambda actor, shop, spaces, version: operations.dismiss(actor, shop, version),
    "merge": lambda actor, shop, spaces, version: operations.merge(actor, shop, version),
    "move": lambda actor, shop, spaces, version: operations.move(
        actor, shop, projects.get_data_space(actor, spaces[OTHER_TESTING].public_id), version
    ),
}
DONE = {"declare": "declared", "dismiss": "dismissed", "merge": "merged", "move": "moved"}
each_act = pytest.mark.parametrize("act", ACTS)


@pytest.fixture
def claim(owner, pair, spaces) -> tuple[str, int]:
    """Public id and version of a shop that collides on Testing 1."""
    a_call(pair, spaces[TESTING])
    traces.flush()
    a_call(pair, spaces[TESTING], edition="Enterprise")
    traces.flush()
    shop = attached(owner)[CLAIM]
    return shop.public_id, shop.version


def do(act: str, actor, claim, spaces, version: int | None = None) -> None:
    public_id, known = claim
    with transaction():
        shop = projects.get_installation(actor, public_id)
        ACTS[act](actor, shop, spaces, known if version is None else version)


def events(actor) -> list[str]:
    return [row.event for row in audit.page(actor, before_seq=None, limit=50, kind="installation")]


@each_act
def test_an_act_is_one_event_and_repeating_it_none(act, owner, claim, spaces):
    before = len(events(owner))

    for _time in range(2):
        do(act, owner, claim, spaces)

    assert events(owner)[0] == f"installation.{DONE[act]}"
    assert len(events(owner)) == before + 1


@each_act
def test_a_form_from_before_a_change_is_refused(act, owner, claim, spaces):
    with pytest.raises(Changed):
        do(act, owner, claim, spaces, version=claim[1] + 1)


@each_act
@pytest.mark.parametrize("role", [Role.VIEWER, Role.KEY_MANAGER])
def test_who_may_not_change_installations_decides_nothing(act, role, owner, claim, spaces):
    with pytest.raises(NotAllowed):
        do(act, a_member(tenant_of(owner), role), claim, spaces)


@each_act
def test_an_integrator_with_the_right_decides(act, owner, claim, spaces):
    agency = an_integrator()
    there = for_client(agency, a_delegation(owner, agency, rights=[Right.INSTALLATIONS]))

    do(act, there, claim, spaces)

    assert events(agency)[0] == events(owner)[0] == f"installation.{DONE[act]}"


@each_act
def test_an_integrator_for_the_other_side_finds_no_such_claim(act, owner, claim, spaces):
    agency = an_integrator()
    there = for_client(agency, a_delegation(owner, agency, environments=[Environment.PRODUCTION]))

    with pytest.raises(NotFound):
        do(act, there, claim, spaces)


def test_an_integrator_does_not_move_a_shop_whose_side_it_does_not_reach(owner, claim, spaces):
    agency = an_integrator()
    there = for_client(agency, a_delegation(owner, agency, environments=[Environment.SANDBOX]))
    with transaction():
        projects.get_installation(owner, claim[0]).side = Environment.PRODUCTION

    with pytest.raises(SideOutsideReach):
        do("declare", there, claim, spaces)


@pytest.mark.parametrize("act", ["declare", "merge", "move"])
def test_the_primary_shop_is_no_claim(act, owner, claim, spaces):
    shop = attached(owner)[PRIMARY]

    with pytest.raises(NotAClaim):
        do(act, owner, (shop.public_id, shop.version), spaces)


def test_a_primary_without_an_alarm_has_nothing_to_dismiss(owner, claim, spaces):
    shop = attached(owner)[PRIMARY]

    with pytest.raises(NothingToDismiss):
        do("dismiss", owner, (shop.public_id, shop.version), spaces)


@pytest.mark.parametrize("act", ["declare", "dismiss", "move"])
def test_what_is_merged_is_over(act, owner, claim, spaces):
    do("merge", owner, claim, spaces)

    with pytest.raises(InstallationDetached):
        do(act, owner, claim, spaces, version=claim[1] + 1)


def test_a_declared_shop_no_longer_collides(owner, pair, claim, spaces):
    do("declare", owner, claim, spaces)
    for edition in ("Community", "Enterprise"):
        a_call(pair, spaces[TESTING], edition=edition)
    traces.flush()

    assert attached(owner)[CLAIM].claim.value == "declared"
    assert store.around(owner, [], []) == []


def test_an_alarm_can_be_dismissed(owner, pair, spaces):
    a_call(pair, spaces[PRODUCTION])
    traces.flush()
    shop = attached(owner)[PRIMARY]
    assert [one.installation.id for one in store.around(owner, [], [])] == [shop.id]

    do("dismiss", owner, (shop.public_id, shop.version), spaces)

    assert store.around(owner, [], []) == []


def test_a_moved_shop_becomes_the_primary_of_its_own_data_space(owner, claim, spaces):
    do("move", owner, claim, spaces)

    shop = attached(owner)[CLAIM]
    assert (shop.data_space_id, shop.claim.value) == (spaces[OTHER_TESTING].id, "primary")


def test_a_moved_shop_may_call_the_old_data_space_for_a_week(owner, pair, claim, spaces):
    do("move", owner, claim, spaces)

    a_call(pair, spaces[TESTING], edition="Enterprise")
    traces.flush()
    assert len(store.installations(owner)) == 2

    with clock.travelled_to(clock.now() + LIVE_FOR + timedelta(minutes=1)):
        for edition in ("Community", "Enterprise"):
            a_call(pair, spaces[TESTING], edition=edition)
        traces.flush()
    assert sorted(one.installation.claim.value for one in store.installations(owner)) == [
        "colliding",
        "primary",
        "primary",
    ]


def test_a_shop_does_not_move_to_an_occupied_data_space(owner, pair, claim, spaces):
    a_call(pair, spaces[OTHER_TESTING])
    traces.flush()

    with pytest.raises(SpaceOccupied):
        do("move", owner, claim, spaces)


def test_a_shop_does_not_move_to_where_it_is(owner, claim, spaces):
    with transaction():
        shop = projects.get_installation(owner, claim[0])
        here = projects.get_data_space(owner, spaces[TESTING].public_id)

        with pytest.raises(SameSpace):
            operations.move(owner, shop, here, claim[1])


def test_the_traces_of_a_merged_shop_are_those_of_the_other_one(owner, pair, claim, spaces):
    do("merge", owner, claim, spaces)
    a_call(pair, spaces[TESTING], edition="Enterprise", version="2.4.9")
    traces.flush()

    (one,) = store.installations(owner)
    assert (one.installation.name, one.installation.client_version) == (PRIMARY, "2.4.9")
    assert one.pair.id == pair.id
    assert store.last_uses(owner, [pair])[pair.id].installation == PRIMARY


def test_a_key_that_is_not_the_callers_stays_unseen(owner, claim, spaces, pair):
    """Delegated use is seen by the owner and by its holder, and by no other integrator."""
    agency, other = an_integrator(), an_integrator()
    there = for_client(agency, a_delegation(owner, agency))
    elsewhere = for_client(other, a_delegation(owner, other))
    theirs = a_key(there, name="Of the agency")
    a_call(theirs, spaces[OTHER_TESTING])
    traces.flush()

    def key_seen(actor):
        found = {one.installation.data_space_id: one for one in store.installations(actor)}
        return found[spaces[OTHER_TESTING].id].pair

    assert (key_seen(owner).id, key_seen(there).id, key_seen(elsewhere)) == (theirs.id, theirs.id, None)
    assert store.last_uses(there, [pair]) == {}
    since = clock.now().date()
    assert store.uses_of(elsewhere, theirs, since) == store.uses_of(there, pair, since) == []
    assert [use.calls for use in store.uses_of(owner, theirs, since)] == [1]
