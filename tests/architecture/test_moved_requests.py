"""Requests for a larger allotment that were there before they became requests about a contract."""

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, Table, select

from portal.foundation.database import db

TENANT, CONTRACT = uuid.uuid4(), uuid.uuid4()
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def table(name: str) -> Table:
    return Table(name, MetaData(), autoload_with=db.session.connection(), resolve_fks=False)


def insert(into: str, /, **values: Any) -> None:
    target = table(into)
    native = db.engine.dialect.name == "postgresql"
    row = {key: value if native or not isinstance(value, uuid.UUID) else value.hex for key, value in values.items()}
    db.session.connection().execute(target.insert().values(row))


def fill() -> None:
    insert(
        "tenants", id=TENANT, account_id="MAG000000001", name="Aurora", name_key="aurora", standing="good",
        is_vendor=False, created_at=NOW, version=1,
    )  # fmt: skip
    insert(
        "editions", code="e", name="E", kind="licence", projects=1, production_spaces=1, testing_spaces=0, position=0
    )
    insert(
        "contracts", tenant_id=TENANT, id=CONTRACT, public_id="ctr_1", kind="licence", edition_code="e", starts_at=NOW,
        ends_at=NOW.replace(year=2027), created_at=NOW, version=1,
    )  # fmt: skip
    for number, state in enumerate(("waiting", "approved", "refused", "withdrawn"), 1):
        insert(
            "allotment_requests", tenant_id=TENANT, id=uuid.uuid4(), public_id=f"req_{number}", contract_id=CONTRACT,
            wish="project", amount=number, reason="More.", state=state, created_at=NOW,
        )  # fmt: skip
    db.session.commit()


def rows(name: str, *columns: str) -> list[tuple[Any, ...]]:
    found = table(name)
    wanted = select(*(found.c[column] for column in columns)).order_by(found.c.public_id)
    return [tuple(row) for row in db.session.connection().execute(wanted)]


def test_each_request_is_kept_and_what_was_approved_was_approved_in_full(fresh_app: Flask):
    with fresh_app.app_context():
        upgrade(revision="0032")
        fill()
        db.session.remove()

        upgrade(revision="0033")

        assert rows("contract_requests", "public_id", "state", "amount", "granted", "version") == [
            ("req_1", "waiting", 1, None, 1),
            ("req_2", "approved", 2, 2, 1),
            ("req_3", "refused", 3, None, 1),
            ("req_4", "withdrawn", 4, None, 1),
        ]
        db.session.remove()


def test_going_back_keeps_them_too(fresh_app: Flask):
    with fresh_app.app_context():
        upgrade(revision="0032")
        fill()
        db.session.remove()
        upgrade(revision="0033")
        db.session.remove()

        downgrade(revision="0032")

        assert [row[0] for row in rows("allotment_requests", "public_id")] == ["req_1", "req_2", "req_3", "req_4"]
        db.session.remove()
