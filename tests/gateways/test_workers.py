"""Real workers on the test's database: what they report, and the receipt of a real revocation."""

import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cli.probing import Address
from portal.foundation.changes import Changed
from portal.foundation.database import db, transaction
from portal.gateways import receipts
from portal.gateways.models import GatewayWorker
from portal.keys import operations as keys
from portal.keys import store
from tests.cli.gateways import workers
from tests.factories import a_key, a_licensee


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    with workers(app) as url:
        yield url


def reported() -> list[GatewayWorker]:
    db.session.rollback()
    found = list(db.session.scalars(select(GatewayWorker)))
    for worker in found:
        db.session.expunge(worker)
    return found


def wait_until(is_so: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_workers_report_under_the_names_in_their_answers_and_say_when_they_end(app: Flask):
    with workers(app) as url:
        wait_until(lambda: len(reported()) == 2)
        names = {Address(url).ask("").worker for _time in range(100)}
        running = reported()

    assert {worker.id for worker in running} == names
    assert [worker.ended_at for worker in running] == [None, None]
    assert None not in [worker.ended_at for worker in reported()]


def test_the_receipt_of_a_revocation_is_complete_within_seconds(url: str):
    owner = a_licensee()
    pair = a_key(owner)
    wait_until(lambda: len([worker for worker in reported() if worker.ready_at]) == 2)
    with transaction():
        keys.revoke(owner, pair)
    pair = store.get(owner, pair.api_key)
    row, acted_at = Changed("key_pairs", pair.tenant_id, pair.id), pair.revoked_at

    def is_told() -> bool:
        db.session.rollback()
        receipt = receipts.of_act(row, acted_at)
        return receipt is not None and receipt.is_complete

    wait_until(is_told)

    receipt = receipts.of_act(row, acted_at)
    print(receipt)
    assert receipt.workers == 2
    assert receipt.seconds <= 1.0
