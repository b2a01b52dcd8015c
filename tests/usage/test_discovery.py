"""Installations appear by themselves, stay the same through upgrades and moves, and collide when two share a space."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.access.roles import Environment, Right, Role
from portal.audit import store as audit
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.projects import installations, operations
from portal.projects import store as projects
from portal.projects.models import LIVE_FOR, Claim
from portal.usage import discovery, store, traces
from portal.usage import operations as decisions
from tests.factories import a_call, a_delegation, a_key, a_licensee, a_member, an_integrator, tenant_of
from tests.usage.conftest import attached

PRODUCTION, TESTING, OTHER_TESTING = 0, 1, 2
SANDBOX = Environment.SANDBOX


def seen(pair, space, **others) -> None:
    a_call(pair, space, **others)
    traces.flush()


def by_hand(owner, space, name="Main shop", side=SANDBOX):
    with transaction():
        return installations.attach(owner, projects.get_data_space(owner, space.public_id), name, "shop.example", side)


def claims(owner) -> dict[str, str]:
    return {name: one.claim.value for name, one in attached(owner).items()}


def events(actor) -> list[str]:
    return [row.event for row in audit.page(actor, before_seq=None, limit=50, kind="installation")]


def mails(template: str) -> list[str]:
    return sorted(message.to for message in outbox.read_all(100) if message.template == template)


@pytest.fixture
def live_pair(owner):
    return a_key(owner, environment=Environment.PRODUCTION, name="Live")


def test_s3_the_first_shop_on_an_empty_data_space_becomes_its_primary(owner, pair, spaces):
    at = clock.now()
    seen(pair, spaces[TESTING], version="2.4.8-p1", at=at)

    (shop,) = attached(owner).values()
    assert (shop.name, shop.claim, shop.address, shop.side) == ("Shop (Community)", Claim.PRIMARY, None, SANDBOX)
    assert (shop.first_seen_at, shop.last_seen_at) == (at, at)
    assert (shop.client_edition, shop.client_version) == ("Community", "2.4.8-p1")
    assert events(owner) == ["installation.discovered"]


def test_a_call_that_names_no_data_space_discovers_nothing(owner, pair, spaces):
    seen(pair, None)

    assert attached(owner) == {}


def test_one_entered_by_hand_and_never_seen_is_the_shop_that_calls(owner, pair, spaces):
    by_hand(owner, spaces[TESTING])

    seen(pair, spaces[TESTING])

    (shop,) = attached(owner).values()
    assert (shop.name, shop.client_edition, shop.claim) == ("Main shop", "Community", Claim.PRIMARY)


versions = st.from_regex(r"[0-9]\.[0-9]{1,2}\.[0-9]{1,2}(-p[0-9]{1,2})?", fullmatch=True)
calls = st.lists(st.tuples(versions, st.ip_addresses().map(str), st.booleans()), min_size=1, max_size=6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(seen_calls=calls)
def test_versions_and_networks_never_make_a_new_installation(seen_calls, owner, pair, spaces):
    for version, address, flushes in seen_calls:
        a_call(pair, spaces[TESTING], version=version, address=address)
        if flushes:
            traces.flush()
    traces.flush()

    assert len(attached(owner)) == 1


def test_the_call_that_names_the_cloud_project_is_not_another_shop(owner, pair, spaces):
    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], cloud_id="abc123")
    seen(pair, spaces[TESTING])

    (shop,) = attached(owner).values()
    assert shop.cloud_id == "abc123"


def test_a_shop_that_named_its_cloud_project_first_is_known_without_it(owner, pair, spaces):
    seen(pair, spaces[TESTING], cloud_id="abc123")
    seen(pair, spaces[TESTING])

    assert list(attached(owner)) == ["Shop (abc123)"]


@pytest.mark.parametrize(
    "second", [{"edition": "Enterprise"}, {"user_agent": "curl/8"}], ids=["another edition", "an unknown client"]
)
def test_s13_a_second_live_shop_on_the_data_space_collides(second, owner, pair, spaces):
    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], **second)

    assert sorted(claims(owner).values()) == ["colliding", "primary"]
    assert events(owner) == ["installation.collided", "installation.discovered"]


def test_two_cloud_projects_on_one_data_space_collide(owner, pair, spaces):
    for cloud_id in ("one", "two"):
        seen(pair, spaces[TESTING], cloud_id=cloud_id)

    assert claims(owner) == {"Shop (one)": "primary", "Shop (two)": "colliding"}


def test_a_collision_within_one_flush_is_found(owner, pair, spaces):
    a_call(pair, spaces[TESTING])
    a_call(pair, spaces[TESTING], edition="Enterprise")
    traces.flush()

    assert sorted(claims(owner).values()) == ["colliding", "primary"]


def test_a_collision_is_told_once(owner, pair, spaces):
    for _time in range(3):
        seen(pair, spaces[TESTING])
        seen(pair, spaces[TESTING], edition="Enterprise")

    assert events(owner).count("installation.collided") == 1
    assert len(mails("installation_collided")) == 1


def test_who_may_act_on_installations_gets_the_mail(owner, pair, spaces):
    for role in (Role.DEVELOPER, Role.KEY_MANAGER, Role.VIEWER):
        a_member(tenant_of(owner), role)
    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], edition="Enterprise")

    assert len(mails("installation_collided")) == 2  # the owner's and the developer's


def test_one_that_comes_when_the_other_is_quiet_only_waits(owner, pair, spaces):
    seen(pair, spaces[TESTING], at=clock.now() - LIVE_FOR - timedelta(minutes=1))
    seen(pair, spaces[TESTING], edition="Enterprise")

    assert claims(owner)["Shop (Enterprise)"] == "waiting"
    assert mails("installation_collided") == []


def test_it_collides_once_the_other_is_seen_again(owner, pair, spaces):
    seen(pair, spaces[TESTING], at=clock.now() - LIVE_FOR - timedelta(minutes=1))
    seen(pair, spaces[TESTING], edition="Enterprise")
    seen(pair, spaces[TESTING])

    assert claims(owner)["Shop (Enterprise)"] == "colliding"


def test_one_entered_by_hand_that_was_seen_before_collides_with_another(owner, pair, spaces):
    by_hand(owner, spaces[TESTING])
    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], edition="Enterprise")

    assert claims(owner) == {"Main shop": "primary", "Shop (Enterprise)": "colliding"}


def test_one_client_on_two_data_spaces_is_two_installations(owner, pair, spaces):
    for space in (TESTING, OTHER_TESTING):
        seen(pair, spaces[space])

    assert [one.claim for one in attached(owner).values()] == [Claim.PRIMARY]
    assert len({one.installation.data_space_id for one in _all(owner)}) == 2


def _all(owner):
    return store.installations(owner)


def test_a_detached_shop_that_goes_on_calling_is_discovered_again(owner, pair, spaces):
    seen(pair, spaces[TESTING])
    _detach(owner, "Shop (Community)")

    seen(pair, spaces[TESTING])

    assert claims(owner) == {"Shop (Community)": "primary"}
    assert events(owner)[:2] == ["installation.discovered", "installation.detached"]


def test_a_live_claim_takes_the_place_of_a_detached_primary(owner, pair, spaces):
    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], edition="Enterprise")
    _detach(owner, "Shop (Community)")

    seen(pair, spaces[TESTING], edition="Enterprise")

    assert claims(owner) == {"Shop (Enterprise)": "primary"}
    assert events(owner)[:2] == ["installation.discovered", "installation.detached"]


def _detach(owner, name: str) -> None:
    shop = attached(owner)[name]
    public_id, version = shop.public_id, shop.version
    with transaction():
        installations.detach(owner, projects.get_installation(owner, public_id), name, version)


def test_a_testing_shop_on_a_production_data_space_is_an_alarm_once(owner, pair, spaces):
    by_hand(owner, spaces[PRODUCTION])
    for _time in range(3):
        seen(pair, spaces[PRODUCTION])

    assert attached(owner)["Main shop"].alarms
    assert events(owner).count("installation.alarmed") == 1
    assert len(mails("installation_alarmed")) == 1


def test_a_cloud_project_has_a_production_and_a_staging_shop_that_alarm_nobody(owner, pair, live_pair, spaces):
    seen(live_pair, spaces[PRODUCTION], cloud_id="abc123")
    seen(pair, spaces[TESTING], cloud_id="abc123")
    seen(live_pair, spaces[PRODUCTION], cloud_id="abc123")

    assert [one.installation.alarms for one in _all(owner)] == [False, False]
    assert mails("installation_alarmed") == mails("installation_collided") == []


@pytest.mark.parametrize("cloud_id", ["abc123", None])
def test_a_staging_copy_on_the_production_data_space_alarms_and_claims(cloud_id, owner, pair, live_pair, spaces):
    seen(live_pair, spaces[PRODUCTION], cloud_id="abc123")
    seen(pair, spaces[PRODUCTION], cloud_id=cloud_id)
    seen(live_pair, spaces[PRODUCTION])

    found = sorted((one.installation.claim, one.installation.side, one.installation.alarms) for one in _all(owner))
    assert found == [(Claim.COLLIDING, SANDBOX, True), (Claim.PRIMARY, Environment.PRODUCTION, False)]
    assert events(owner).count("installation.alarmed") == 1


def test_a_staging_copy_is_not_the_production_shop_that_was_entered_by_hand(owner, pair, live_pair, spaces):
    by_hand(owner, spaces[PRODUCTION], side=Environment.PRODUCTION)
    seen(pair, spaces[PRODUCTION])
    seen(live_pair, spaces[PRODUCTION])

    shops = attached(owner)
    assert (shops["Main shop"].alarms, shops["Shop (Community)"].alarms) == (False, True)
    assert claims(owner) == {"Main shop": "primary", "Shop (Community)": "colliding"}


def test_another_pair_of_the_same_environment_is_the_same_shop(owner, live_pair, spaces):
    successor = a_key(owner, environment=Environment.PRODUCTION, name="Live, next")
    for pair in (live_pair, successor):
        for cloud_id in ("abc123", None):
            seen(pair, spaces[PRODUCTION], cloud_id=cloud_id)

    assert claims(owner) == {"Shop (abc123)": "primary"}


def test_a_production_shop_on_its_data_space_is_none(owner, live_pair, spaces):
    seen(live_pair, spaces[PRODUCTION])

    assert not attached(owner)["Shop (Community)"].alarms


def test_a_testing_shop_may_use_a_space_that_serves_both_sides():
    owner = a_licensee("magento-open-source")
    with transaction():
        made = operations.create(owner, "Shops", contracts.all_of(owner)[0])
    pair = a_key(owner)
    seen(pair, projects.get(owner, made.public_id).data_spaces[0])

    assert not attached(owner)["Shop (Community)"].alarms


def test_both_sides_of_a_shop_may_share_a_space_that_serves_both():
    owner = a_licensee("magento-open-source")
    with transaction():
        made = operations.create(owner, "Shops", contracts.all_of(owner)[0])
    space = projects.get(owner, made.public_id).data_spaces[0]
    sandbox, live = a_key(owner), a_key(owner, environment=Environment.PRODUCTION, name="Live")
    for pair in (live, sandbox, live):
        seen(pair, space)

    assert sorted(one.installation.claim.value for one in _all(owner)) == ["declared", "primary"]
    assert mails("installation_collided") == []

    seen(sandbox, space, edition="Enterprise")

    assert claims(owner)["Shop (Enterprise)"] == "colliding"


def test_one_key_cannot_flood_a_data_space_with_installations_and_mails(owner, pair, spaces):
    for number in range(60):
        a_call(pair, spaces[TESTING], cloud_id=f"c{number}")
    traces.flush()

    assert len(_all(owner)) == 1 + discovery.MOST_OPEN
    assert events(owner).count("installation.collided") == discovery.MOST_OPEN
    assert len(mails("installation_collided")) == 1
    assert sum(store.per_day(owner, pair, clock.now().date()).values()) == 60


def test_a_shop_that_was_passed_over_appears_once_a_claim_is_decided(owner, pair, spaces):
    for number in range(60):
        seen(pair, spaces[TESTING], cloud_id=f"c{number}")
    shop = attached(owner)["Shop (c1)"]
    public_id, version = shop.public_id, shop.version
    with transaction():
        decisions.dismiss(owner, projects.get_installation(owner, public_id), version)

    seen(pair, spaces[TESTING], cloud_id="c59")

    assert claims(owner)["Shop (c59)"] == "colliding"


def test_a_full_data_space_still_knows_the_shops_it_has(owner, pair, spaces):
    for number in range(60):
        a_call(pair, spaces[TESTING], cloud_id=f"c{number}")
    traces.flush()
    later = clock.now() + timedelta(minutes=5)

    seen(pair, spaces[TESTING], cloud_id="c7", at=later)

    assert attached(owner)["Shop (c7)"].last_seen_at == later


def test_the_next_day_brings_the_next_mail(owner, pair, spaces):
    with clock.travelled_to(clock.now().replace(hour=12)):
        for number in range(3):
            seen(pair, spaces[TESTING], cloud_id=f"c{number}")
        first = len(mails("installation_collided"))
    with clock.travelled_to(clock.now().replace(hour=12) + timedelta(days=1)):
        for number in range(5):
            seen(pair, spaces[TESTING], cloud_id=f"c{number}")

    assert (first, len(mails("installation_collided"))) == (1, 2)


def test_a_flood_of_alarms_is_one_mail(owner, pair, spaces):
    for number in range(5):
        seen(pair, spaces[PRODUCTION], cloud_id=f"c{number}")

    assert events(owner).count("installation.alarmed") == 5
    assert len(mails("installation_alarmed")) == 1


def test_an_integrator_that_may_act_on_installations_gets_the_mail(owner, pair, spaces, project):
    near, without_right, far = (an_integrator() for _number in range(3))
    a_member(tenant_of(near), Role.DEVELOPER)
    a_member(tenant_of(near), Role.VIEWER)
    a_delegation(owner, near, project_ids=frozenset({project.id}), rights=[Right.VIEW, Right.INSTALLATIONS])
    a_delegation(owner, without_right, rights=[Right.VIEW])
    a_delegation(owner, far, project_ids=frozenset({_another_project(owner)}))

    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], edition="Enterprise")

    assert len(mails("installation_collided")) == 3  # the owner's, and the integrator's owner and developer


def test_correcting_the_side_ends_the_alarm(owner, pair, spaces):
    by_hand(owner, spaces[PRODUCTION])
    seen(pair, spaces[PRODUCTION])
    shop = attached(owner)["Main shop"]
    with transaction():
        shop = projects.get_installation(owner, shop.public_id)
        installations.change_installation(
            owner, shop, shop.name, shop.address, Environment.PRODUCTION, version=shop.version
        )

    assert not attached(owner)["Main shop"].alarms


def test_telemetry_is_no_change_that_a_form_could_miss(owner, pair, spaces):
    shop = by_hand(owner, spaces[TESTING])
    before = shop.version

    seen(pair, spaces[TESTING])

    assert attached(owner)["Main shop"].version == before


def test_integrators_whose_reach_covers_the_data_space_see_it_in_their_record(owner, pair, spaces, project):
    near, far, other_side = (an_integrator() for _number in range(3))
    a_delegation(owner, near, project_ids=frozenset({project.id}))
    a_delegation(owner, other_side, environments=[Environment.PRODUCTION])
    far_project = _another_project(owner)
    a_delegation(owner, far, project_ids=frozenset({far_project}))

    seen(pair, spaces[TESTING])
    seen(pair, spaces[TESTING], edition="Enterprise")

    assert events(near) == ["installation.collided", "installation.discovered"]
    assert events(far) == events(other_side) == []


def _another_project(owner):
    with transaction():
        made = operations.create(owner, "Far", contracts.all_of(owner)[0])
        db.session.flush()
        return made.id
