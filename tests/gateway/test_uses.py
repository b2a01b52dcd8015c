"""`POST /gateway/uses`: what libraries counted is counted here, each report once."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects.models import Installation
from portal.usage import reports, traces
from portal.usage.models import KeyUse, UseClient, UseReport
from tests.connector.shop import USER_AGENT, Shop
from tests.factories import a_licensee
from tests.gateway.asking import SERVICE, Gateway, Told, a_credential
from tests.gateway.conftest import MakeGateway
from tests.gateway.test_checks import a_space
from tests.parallel import at_once

REPORT = "0" * 32


def a_use(shop: Shop, **others: Any) -> dict[str, Any]:
    now = clock.unix_now()
    facts = {"api_key": shop.api_key, "data_space": None, "user_agent": USER_AGENT, "network": "198.51.100.0/24"}
    return facts | {"first_at": now, "last_at": now, "calls": 3} | others


def report(gateway: Gateway, *uses: dict[str, Any], report: Any = REPORT, **others: Any) -> Told:
    content = {"report": report, "uses": list(uses)} | others
    return send(gateway, json.dumps(content).encode())


def send(gateway: Gateway, octets: bytes, kind: str = "application/json") -> Told:
    told = gateway.ask("POST", "/gateway/uses", {"Content-Type": kind}, octets)
    db.session.rollback()  # the test sees what was written
    return told


def counts() -> list[int]:
    return list(db.session.scalars(across_tenants(KeyUse.count, reason=Reader.UPKEEP)))


def test_uses_are_counted_for_their_key(gateway: Gateway, shop: Shop, owner: Actor):
    told = report(gateway.look(), a_use(shop))

    (use,) = db.session.scalars(across_tenants(KeyUse, reason=Reader.UPKEEP))
    (client,) = db.session.scalars(across_tenants(UseClient, reason=Reader.UPKEEP))
    assert (told.status, told.json) == (200, {"counted": 1, "repeated": False})
    assert use.key_pair_id == key_store.get(owner, shop.api_key).id
    assert (use.count, use.tenant_id) == (3, owner.tenant_id)
    assert (client.network, client.edition) == ("198.51.100.0/24", "Community")


def test_a_report_that_comes_again_counts_once(gateway: Gateway, shop: Shop):
    use = a_use(shop)
    report(gateway.look(), use)

    again = report(gateway, use)

    assert (again.status, again.json) == (200, {"counted": 0, "repeated": True})
    assert counts() == [3]


def test_another_report_adds_to_it(gateway: Gateway, shop: Shop):
    use = a_use(shop)
    report(gateway.look(), use)

    report(gateway, use, report=uuid.uuid4().hex)

    assert counts() == [6]


def test_a_report_that_comes_many_times_at_once_counts_once(gateway: Gateway, shop: Shop):
    use = a_use(shop)
    gateway.look()

    at_once(lambda _number: report(gateway, use))
    db.session.rollback()

    assert counts() == [3]


def test_a_report_that_could_not_be_written_may_come_again(
    gateway: Gateway, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    use = a_use(shop)

    def away(*_arguments: Any) -> None:
        raise OperationalError("", {}, Exception())

    gateway.look()
    with monkeypatch.context() as patch:
        patch.setattr("portal.usage.recording_store.add_uses", away)
        failed = report(gateway, use)

    again = report(gateway, use)

    assert (failed.status, failed.reason) == (503, "cut_off")
    assert again.json == {"counted": 1, "repeated": False}
    assert counts() == [3]


def test_a_shop_is_discovered_from_it(gateway: Gateway, owner: Actor, shop: Shop):
    space = a_space(owner)

    report(gateway.look(), a_use(shop, data_space=space))
    traces.flush()

    (found,) = db.session.scalars(across_tenants(Installation, reason=Reader.UPKEEP))
    assert found.tenant_id == owner.tenant_id


def test_a_data_space_that_the_key_does_not_reach_is_left_out(gateway: Gateway, shop: Shop):
    foreign = a_space(a_licensee())

    report(gateway.look(), a_use(shop, data_space=foreign))

    assert list(db.session.scalars(across_tenants(KeyUse.data_space_id, reason=Reader.UPKEEP))) == [None]


def test_a_key_that_is_not_known_here_is_left_out(gateway: Gateway, shop: Shop):
    told = report(gateway.look(), a_use(shop), a_use(shop, api_key="f" * 32))

    assert told.json["counted"] == 1


@pytest.mark.parametrize(("edition", "counted"), [("adobe-commerce", 1), ("magento-open-source", 0)])
def test_a_service_reports_uses_of_its_own_only(
    a_gateway: MakeGateway, admin: Actor, a_shop: Any, edition: str, counted: int
):
    shop = a_shop(a_licensee(edition))
    with transaction():
        credential = a_credential(admin, SERVICE)

    told = report(a_gateway(credential=credential), a_use(shop))

    assert told.json["counted"] == counted


def test_a_key_that_was_revoked_meanwhile_counts(gateway: Gateway, owner: Actor, shop: Shop):
    with transaction():
        keys.revoke(owner, key_store.get(owner, shop.api_key))

    assert report(gateway.look(), a_use(shop)).json["counted"] == 1


@pytest.mark.parametrize(("first", "last"), [(-49, -49), (1, 1), (0, -1)])
def test_uses_at_times_that_cannot_be_are_left_out(gateway: Gateway, shop: Shop, first: int, last: int):
    now = clock.unix_now()

    told = report(gateway.look(), a_use(shop, first_at=now + 3600 * first, last_at=now + 3600 * last))

    assert (told.status, told.json["counted"]) == (200, 0)


@pytest.mark.parametrize(
    "others",
    [
        {"calls": 0},
        {"calls": -1},
        {"calls": True},
        {"calls": "3"},
        {"calls": 10**30},
        {"first_at": "noon"},
        {"last_at": None},
        {"last_at": 1e300},
        {"api_key": None},
        {"api_key": "x" * 300},
        {"network": 5},
        {"user_agent": []},
        {"more": 1},
    ],
)
def test_a_use_that_is_not_understood_refuses_the_report(gateway: Gateway, shop: Shop, others: dict[str, Any]):
    told = report(gateway.look(), a_use(shop), a_use(shop, **others))

    assert (told.status, told.reason) == (400, "not_understood")
    assert counts() == []


@pytest.mark.parametrize("report_id", ["", "0" * 31, "0" * 33, "g" * 32, None, 5])
def test_a_report_needs_an_id(gateway: Gateway, shop: Shop, report_id: Any):
    assert report(gateway.look(), a_use(shop), report=report_id).status == 400


@pytest.mark.parametrize("octets", [b"", b"[]", b"{}", b"{", b"\xff", b"[" * 100_000, b'{"report": "", "uses": 1}'])
def test_what_is_no_report_is_refused(gateway: Gateway, octets: bytes):
    assert send(gateway.look(), octets).status == 400


def test_too_many_uses_are_refused(gateway: Gateway, shop: Shop):
    assert report(gateway.look(), *[a_use(shop)] * 501).status == 400


def test_a_report_that_is_too_large_is_refused(gateway: Gateway):
    told = send(gateway.look(), b" " * (256 * 1024 + 1))

    assert (told.status, told.reason) == (413, "too_large")


def test_a_length_of_many_digits_is_too_large_and_no_fault(gateway: Gateway):
    headers = {"Content-Type": "application/json"}
    environ = gateway.look().environ("POST", "/gateway/uses", headers, b" " * (256 * 1024 + 1))
    environ["CONTENT_LENGTH"] = "9" * 5000

    answer = gateway.door.answer(environ, "/gateway/uses")

    assert answer.status.startswith("413")


def test_another_kind_of_content_is_refused(gateway: Gateway):
    assert send(gateway.look(), b"{}", "text/plain").status == 400


def test_without_a_credential_nothing_is_counted(gateway: Gateway, shop: Shop):
    gateway.look().credential = ""

    assert report(gateway, a_use(shop)).status == 403
    assert counts() == []


def test_reports_are_forgotten_after_two_days(gateway: Gateway, shop: Shop):
    report(gateway.look(), a_use(shop))
    kept = _tidied(timedelta(days=1, hours=23))

    gone = _tidied(timedelta(days=2, minutes=1))

    assert (kept, gone) == (0, 1)
    assert db.session.scalar(select(func.count()).select_from(UseReport)) == 0


def test_by_then_what_it_counted_would_be_refused(gateway: Gateway, shop: Shop):
    use = a_use(shop)
    report(gateway.look(), use)
    with clock.travelled_to(clock.now() + timedelta(days=2, minutes=1)):
        with transaction():
            reports.tidy_up()

        again = report(gateway, use)

    assert again.json["counted"] == 0
    assert counts() == [3]


def _tidied(later: timedelta) -> int:
    with clock.travelled_to(clock.now() + later), transaction():
        return reports.tidy_up()


def test_an_id_that_is_a_number_is_none(gateway: Gateway, shop: Shop):
    told = report(gateway.look(), a_use(shop), report=int("1" * 32))

    assert (told.status, told.json["code"]) == (400, "not_understood")
