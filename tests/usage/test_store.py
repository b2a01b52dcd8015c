"""What other rooms ask of the traces: one statement each, within the reach of who asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.delegations import store as delegations
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.impact import blast
from portal.keys import store as keys
from portal.projects import installations, operations
from portal.projects import store as projects
from portal.usage import store, traces
from tests.factories import a_call, a_delegation, a_key, an_integrator, for_client
from tests.statements import counted

TESTING, OTHER_TESTING = 1, 2


@pytest.fixture
def successor(owner):
    return a_key(owner, name="Successor")


def seen(*calls) -> None:
    for pair, space, ago in calls:
        a_call(pair, space, at=clock.now() - ago)
    traces.flush()


DAY = timedelta(days=1)


def test_s16_every_installation_is_listed_with_the_key_it_used_last_and_when(owner, pair, successor, spaces):
    seen((pair, spaces[TESTING], 2 * DAY), (successor, spaces[TESTING], DAY), (pair, spaces[OTHER_TESTING], 9 * DAY))

    found = {one.installation.data_space.name: one for one in store.installations(owner)}

    now = clock.now()
    assert (found["Testing 1"].pair.id, found["Testing 2"].pair.id) == (successor.id, pair.id)
    assert [found[name].installation.is_live(now) for name in ("Testing 1", "Testing 2")] == [True, False]
    assert now - found["Testing 2"].last_at > 9 * DAY


def test_s16_one_that_was_never_seen_is_listed_too(owner, spaces):
    with transaction():
        space = projects.get_data_space(owner, spaces[TESTING].public_id)
        installations.attach(owner, space, "Quiet shop", "shop.example", Environment.SANDBOX)

    (one,) = store.installations(owner)

    assert (one.installation.name, one.pair, one.last_at, one.is_current) == ("Quiet shop", None, None, False)


def test_s5_the_installations_that_ever_used_a_key(owner, pair, successor, spaces):
    seen((pair, spaces[TESTING], DAY), (successor, spaces[OTHER_TESTING], DAY))

    (one,) = store.installations(owner, store.used_with([pair]))

    assert one.installation.data_space_id == spaces[TESTING].id


def test_the_last_use_of_each_key(owner, pair, successor, spaces):
    seen((pair, None, DAY), (pair, spaces[TESTING], 2 * DAY))

    found = store.last_uses(owner, [pair, successor])

    assert list(found) == [pair.id]
    assert found[pair.id].installation is None
    assert DAY < clock.now() - found[pair.id].at < DAY + timedelta(minutes=5)


def test_the_counts_of_thirty_days(owner, pair, spaces):
    seen(*[(pair, spaces[TESTING], days * DAY) for days in (0, 0, 3, 29, 40)])

    since = clock.now().date() - 29 * DAY

    assert sorted(store.per_day(owner, pair, since).values()) == [1, 1, 2]
    assert sum(use.calls for use in store.uses_of(owner, pair, since)) == 4


@pytest.fixture
def far(owner):
    """A data space in another project."""
    with transaction():
        made = operations.create(owner, "Far", contracts.all_of(owner)[0])
    return projects.get(owner, made.public_id).data_spaces[TESTING]


def test_an_integrator_finds_the_use_of_its_own_keys_within_its_projects(owner, project, spaces, far):
    agency = an_integrator()
    whole = for_client(agency, a_delegation(owner, agency))
    pair = a_key(whole)
    far_id = far.id
    a_call(pair, spaces[TESTING])
    a_call(pair, far)
    traces.flush()
    narrowed = replace(whole, reach=replace(whole.reach, project_ids=frozenset({project.id})))
    since = clock.now().date() - DAY

    def found(actor):
        places = {one.installation.data_space_id for one in store.installations(actor)}
        uses = sum(use.calls for use in store.uses_of(actor, pair, since))
        return places, uses, len(store.last_uses(actor, [pair]))

    assert found(whole) == ({spaces[TESTING].id, far_id}, 2, 1)
    assert found(narrowed) == ({spaces[TESTING].id}, 1, 1)


def test_an_integrator_finds_what_collides_at_its_clients_and_only_within_its_reach(owner, pair, spaces, project, far):
    near, distant, blind = (an_integrator() for _number in range(3))
    far_project = far.project_id
    for agency, reached in ((near, project.id), (distant, far_project)):
        a_delegation(owner, agency, project_ids=frozenset({reached}))
    a_delegation(owner, blind, environments=[Environment.PRODUCTION])
    for edition in ("Community", "Enterprise"):
        a_call(pair, spaces[TESTING], edition=edition)
        traces.flush()

    def around(agency):
        taken = db.session.scalars(delegations.taken_by(agency)).all()
        return [(one.installation.name, one.pair) for one in store.around(agency, [], taken)]

    assert around(near) == [("Shop (Enterprise)", None)]
    assert around(distant) == around(blind) == []


def test_the_blast_radius_tells_last_use_and_who_uses_the_key_now(owner, pair, successor, spaces):
    seen((pair, spaces[TESTING], DAY), (successor, spaces[OTHER_TESTING], DAY))

    radius = blast.of_key(owner, keys.get(owner, pair.api_key))

    assert [one.data_space_id for one in radius.used_now] == [spaces[TESTING].id]
    assert [one.data_space_id for one in radius.possible] == [spaces[OTHER_TESTING].id]
    assert radius.last_use.installation == "Shop (Community)"


def test_a_discovered_shop_on_the_other_side_is_named_when_it_used_the_key(owner, pair, spaces):
    with transaction():
        space = projects.get_data_space(owner, spaces[TESTING].public_id)
        public_id = installations.attach(owner, space, "Wrong side", "shop.example", Environment.SANDBOX).public_id
    seen((pair, spaces[TESTING], DAY))
    with transaction():
        shop = projects.get_installation(owner, public_id)
        installations.change_installation(
            owner, shop, shop.name, shop.address, Environment.PRODUCTION, version=shop.version
        )

    radius = blast.of_key(owner, keys.get(owner, pair.api_key))

    assert [one.name for one in radius.used_now] == ["Wrong side"]


def test_each_question_is_one_statement(owner, pair, spaces, project):
    seen((pair, spaces[TESTING], DAY))
    project_id, since = project.id, clock.now().date() - 30 * DAY
    pair = keys.get(owner, pair.api_key)
    questions = [
        lambda: store.installations(owner),
        lambda: store.around(owner, [project_id], []),
        lambda: store.last_uses(owner, [pair]),
        lambda: store.uses_of(owner, pair, since),
        lambda: store.per_day(owner, pair, since),
        lambda: store.free_spaces(owner),
    ]

    for number, question in enumerate(questions):
        with counted() as statements:
            assert question() is not None
        assert len(statements) == 1, number
