"""What an owner does with endpoints: adding, changing, rotating, pausing, removing."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.access.rows import Reader
from portal.audit import store as audit
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import Changed, NotFound
from portal.foundation.sealing import CannotUnseal
from portal.webhooks import operations, posting, sending_store, store
from portal.webhooks.errors import (
    AddedAlready,
    AddressNotOpen,
    EventUnknown,
    NoEventChosen,
    NotActive,
    OverlapOutOfRange,
    RangeOutOfBounds,
    TooManyEndpoints,
    UrlNotUsable,
)
from portal.webhooks.models import WebhookEndpoint
from portal.webhooks.states import DeliveryState, EndpointState
from tests.factories import a_licensee, a_member, tenant_of
from tests.webhooks.conftest import HERE, again, all_of, an_endpoint, happens, posted


def one(statement: str):
    """What the database itself says."""
    return db.session.scalar(text(statement), execution_options={"scope": Reader.UPKEEP})


def test_a_secret_is_told_once_and_kept_sealed(owner):
    shown = an_endpoint(owner)

    stored = db.session.execute(
        text("SELECT sealed FROM webhook_secrets"), execution_options={"scope": Reader.UPKEEP}
    ).scalar()
    assert shown.secret.startswith("whsec_")
    assert shown.secret not in repr(shown)
    assert shown.secret.removeprefix("whsec_") not in stored


def test_a_secret_that_is_moved_to_another_endpoint_does_not_open(owner):
    one, other = an_endpoint(owner), an_endpoint(owner)
    with transaction():
        rows = [store.get(owner, each.endpoint.public_id).secrets[0] for each in (one, other)]
        rows[0].sealed = rows[1].sealed

    with pytest.raises(CannotUnseal):
        operations.secret_of(again(owner, one.endpoint).secrets[0])


@pytest.mark.parametrize("url", ["ftp://hooks.example.com/", "https://u:p@hooks.example.com/", "https://x.example:22/"])
def test_an_address_without_tls_with_a_password_or_an_odd_port_is_refused(owner, url: str):
    with pytest.raises(UrlNotUsable), transaction():
        operations.add(owner, url, "Tickets", None)


def test_an_address_inside_is_refused(owner):
    with pytest.raises(AddressNotOpen), transaction():
        operations.add(owner, "https://10.1.2.3/", "Tickets", None)


@pytest.mark.parametrize(
    ("events", "refusal"), [(["key.melted"], EventUnknown), (["person.signed_in"], EventUnknown), ([], NoEventChosen)]
)
def test_events_that_cannot_be_told_are_refused(owner, events: list[str], refusal: type[Exception]):
    with pytest.raises(refusal), transaction():
        operations.add(owner, HERE, "Tickets", events)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.KEY_MANAGER])
def test_nobody_but_owners_keeps_endpoints(owner, role: Role):
    member = a_member(tenant_of(owner), role)

    with pytest.raises(NotAllowed), transaction():
        operations.add(member, HERE, "Tickets", None)


def test_an_account_has_ten_at_most(owner):
    for _ in range(operations.MOST):
        an_endpoint(owner)

    with pytest.raises(TooManyEndpoints):
        an_endpoint(owner)


def test_a_form_sent_twice_adds_one(owner):
    with transaction():
        operations.add(owner, HERE, "Tickets", None, mark="frm_1")

    with pytest.raises(AddedAlready), transaction():
        operations.add(owner, HERE, "Tickets", None, mark="frm_1")

    assert len(store.endpoints(owner)) == 1


def test_another_tenants_endpoint_does_not_exist(owner):
    endpoint = an_endpoint(owner).endpoint
    stranger = a_licensee()

    with pytest.raises(NotFound):
        store.get(stranger, endpoint.public_id)


def test_a_change_from_before_another_change_is_refused(owner):
    endpoint = an_endpoint(owner).endpoint
    version = endpoint.version
    with transaction():
        operations.change(owner, endpoint, HERE, "Tickets two", None, version)

    with pytest.raises(Changed), transaction():
        operations.change(owner, endpoint, HERE, "Tickets three", None, version)


def test_the_record_names_the_host_and_never_the_whole_address(owner):
    an_endpoint(owner, "https://hooks.example.com/services/T0/B0/as-good-as-a-password")

    (event, *_others) = audit.page(owner, before_seq=None, limit=1)
    assert event.facts == {"host": "hooks.example.com", "events": "all"}


def test_after_a_rotation_both_secrets_work_for_the_overlap(owner):
    first = an_endpoint(owner)
    with transaction():
        second = operations.rotate(owner, first.endpoint)

    now, day = clock.now(), timedelta(hours=24)
    assert _keys(first.endpoint, now) == [second.secret, first.secret]
    assert _keys(first.endpoint, now + day + timedelta(seconds=1)) == [second.secret]


def test_a_second_rotation_ends_the_secret_before_the_last(owner):
    first = an_endpoint(owner)
    with transaction():
        second = operations.rotate(owner, first.endpoint)
    with transaction():
        third = operations.rotate(owner, first.endpoint)

    assert _keys(first.endpoint, clock.now()) == [third.secret, second.secret]


def test_an_overlap_is_seven_days_at_most(owner):
    endpoint = an_endpoint(owner).endpoint

    with pytest.raises(OverlapOutOfRange), transaction():
        operations.rotate(owner, endpoint, timedelta(days=8))


def _keys(endpoint: WebhookEndpoint, at) -> list[str]:
    db.session.rollback()
    return list(posting._keys(sending_store.secrets_of([endpoint]), at).get(endpoint.id, []))


def test_pausing_keeps_what_happens_until_it_is_resumed(owner):
    endpoint = an_endpoint(owner, events=["tenant.request_code_made"]).endpoint
    with transaction():
        operations.pause(owner, endpoint)
    happens(owner, 3)

    assert posted() == 0
    with transaction():
        operations.resume(owner, endpoint)
    assert posted() == 3


def test_pausing_twice_is_one_event(owner, events_of):
    endpoint = an_endpoint(owner).endpoint
    for _ in range(2):
        with transaction():
            operations.pause(owner, endpoint)

    assert events_of(owner).count("webhook.paused") == 1


def test_what_waits_rests_with_its_endpoint(owner):
    endpoint = an_endpoint(owner).endpoint
    happens(owner)
    posted()

    with transaction():
        operations.pause(owner, endpoint)
    assert [row.due_at for row in all_of(owner, endpoint)] == [None]
    with transaction():
        operations.resume(owner, endpoint)
    assert all(row.due_at for row in all_of(owner, endpoint))


def test_a_removed_endpoint_is_gone_with_its_secrets_and_what_waited(owner):
    endpoint = an_endpoint(owner).endpoint
    happens(owner)
    posted()

    with transaction():
        operations.remove(owner, endpoint)

    assert store.endpoints(owner) == []
    with pytest.raises(NotFound):
        store.get(owner, endpoint.public_id)
    assert [row.state for row in all_of(owner, endpoint)] == [DeliveryState.DROPPED]
    assert one("SELECT count(*) FROM webhook_secrets") == 0


def test_a_test_is_not_sent_to_a_paused_endpoint(owner):
    endpoint = an_endpoint(owner).endpoint
    with transaction():
        operations.pause(owner, endpoint)

    with pytest.raises(NotActive), transaction():
        operations.test(owner, endpoint)


def test_a_test_that_still_waits_is_not_sent_twice(owner):
    endpoint = an_endpoint(owner, events=["key.made"]).endpoint
    for _ in range(2):
        with transaction():
            operations.test(owner, endpoint)

    assert [row.event for row in all_of(owner, endpoint)] == ["webhook.test"]


def test_a_range_is_sent_again_and_under_the_same_ids(owner):
    endpoint = an_endpoint(owner, events=["tenant.request_code_made"]).endpoint
    since = clock.now()
    happens(owner, 2)
    posted()
    with transaction():
        operations.pause(owner, endpoint)
        store.drop(endpoint, clock.now())
        operations.resume(owner, endpoint)

    with transaction():
        count = operations.resend_range(owner, endpoint, since, clock.now())

    first, second, third, fourth = all_of(owner, endpoint)
    assert (count, [third.message, fourth.message]) == (2, [first.message, second.message])
    assert third.state is DeliveryState.WAITING


def test_what_happened_before_the_endpoint_was_added_can_be_sent(owner):
    since = clock.now()
    happens(owner, 2)
    endpoint = an_endpoint(owner, events=["tenant.request_code_made"]).endpoint

    with transaction():
        assert operations.resend_range(owner, endpoint, since, clock.now()) == 2


@pytest.mark.parametrize(("since", "until"), [(31, 0), (1, 2)])
def test_a_range_begins_within_30_days_and_ends_after_its_beginning(owner, since: int, until: int):
    endpoint, now = an_endpoint(owner).endpoint, clock.now()

    with pytest.raises(RangeOutOfBounds), transaction():
        operations.resend_range(owner, endpoint, now - timedelta(days=since), now - timedelta(days=until))


def test_the_log_is_kept_for_30_days(owner):
    endpoint = an_endpoint(owner).endpoint
    happens(owner)
    posted()
    with transaction():
        operations.remove(owner, endpoint)

    with time_machine.travel(clock.now() + timedelta(days=29)), transaction():
        assert posting.tidy_up() == 0
    with time_machine.travel(clock.now() + timedelta(days=31)):
        for expected in (1, 0):
            with transaction():
                assert posting.tidy_up() == expected

    assert one("SELECT count(*) FROM webhook_endpoints") == 0


def test_a_new_endpoint_is_active(owner):
    assert an_endpoint(owner).endpoint.state is EndpointState.ACTIVE


def test_what_waits_at_a_paused_endpoint_is_kept_for_30_days(owner):
    paused, active = an_endpoint(owner).endpoint, an_endpoint(owner).endpoint
    happens(owner)
    posted()
    waiting = len(all_of(owner, paused))
    with transaction():
        operations.pause(owner, paused)

    for days, expected, state in ((29, 0, DeliveryState.WAITING), (31, waiting, DeliveryState.DROPPED)):
        with time_machine.travel(clock.now() + timedelta(days=days)), transaction():
            assert posting.tidy_up() == expected
        assert {row.state for row in all_of(owner, paused)} == {state}

    with transaction():
        operations.resume(owner, paused)
    assert [row.due_at for row in all_of(owner, paused)] == [None] * waiting
    assert {row.state for row in all_of(owner, active)} == {DeliveryState.WAITING}
