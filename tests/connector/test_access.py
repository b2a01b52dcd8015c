"""Who may make which call: the access table of this door. A call without a row fails."""

import json
from dataclasses import dataclass

import pytest

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants
from portal.audit import operations as audit
from portal.audit.models import AuditEvent
from portal.connector.routes import ROUTES
from portal.contracts import store as contracts
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation.database import db, transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import granting
from portal.projects import store as projects
from portal.projects.models import DataSpace, DataSpaceFeature, Project
from tests.connector.conftest import MakeShop
from tests.connector.shop import Send, Shop
from tests.factories import a_delegation, a_licensee, a_private_key, an_integrator, for_client

#   str  a stranger with a key of nobody's        dlg  an integrator's key, with no right but to keys
#   uns  a live key without a signature           prj  the same with the right to projects
#   rev  a revoked key                            one  the same for another project only
#   own  the owner's key, either side             sbx  the same for the sandbox only; asks for the production space
#   oth  another account's key
TABLE = """
                                                              str uns rev own oth dlg prj one sbx
GET   /merchant-registry/v1/ping                              403 403 403 200 200 200 200 200 200
GET   /gateway/apikeycheck                                    403 403 403 403 403 403 403 403 403
GET   /merchant-registry/v1/registry                          403 403 403 200 200 200 200 200 200
GET   /merchant-registry/v1/registry/projects/P               403 403 403 200 404 200 200 404 200
GET   /merchant-registry/v1/registry/environments/S           403 403 403 200 404 200 200 404 404
POST  /merchant-registry/v1/registry/initialize               403 403 403 200 200 403 200 403 200
PATCH /merchant-registry/v1/registry/projects/P               403 403 403 200 404 403 200 404 200
PATCH /merchant-registry/v1/registry/environments/S           403 403 403 200 404 403 200 404 404
PUT   /merchant-registry/v1/registry/environments/S/cloudid/C 403 403 403 200 404 200 200 404 404
PUT   /merchant-registry/v1/registry/environments/S/feature/F 403 403 403 200 404 200 200 404 404
POST  /merchant-registry/v1/registry/environments/S/cleanup   403 403 403 200 404 403 200 404 404
"""
WRITTEN = (Project, DataSpace, DataSpaceFeature)


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    answers: dict[str, int]


def _rows() -> list[Row]:
    callers, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return [Row(method, path, dict(zip(callers, map(int, answers), strict=True))) for method, path, *answers in lines]


ROWS = _rows()
PLACES = {"project_id": "P", "data_space_id": "S", "cloud_project": "C", "feature": "F"}


@pytest.fixture
def things(a_shop: MakeShop, owner: Actor) -> dict[str, str]:
    """What is asked about: a project of the owner's, its production space, a cloud project, a feature."""
    _allow_more(owner)
    shop = a_shop(owner, Environment.PRODUCTION, "First")
    space, other = shop.create("Storefront")[0], shop.create("Other")[0]
    assert space["environmentType"] == other["environmentType"] == "Production"
    return {"P": space["projectId"], "S": space["environmentId"], "C": "cloud-1", "F": "CATALOG_SERVICE"}


def _allow_more(owner: Actor) -> None:
    """Room for a project of each caller that may create one."""
    with transaction():
        contract = contracts.all_of(owner)[0]
        more = asking.request_more(owner, contract, Wish.PROJECT, 5, "For tests.", None)
        granting.approve(system_actor("tests"), more, more.amount)


@pytest.fixture
def callers(send: Send, a_shop: MakeShop, owner: Actor, things: dict[str, str]) -> dict[str, Shop]:
    """A shop for each column."""

    def integrators(*rights: Right, environments=tuple(Environment), only: str = "") -> Shop:
        integrator = an_integrator()
        found = projects.find_by_name(owner, only) if only else None
        ids = frozenset({found.id}) if found else None
        delegation = a_delegation(
            owner, integrator, rights=[*rights, Right.KEYS], environments=environments, project_ids=ids
        )
        return a_shop(for_client(integrator, delegation))

    revoked = a_shop(owner, name="Revoked")
    with transaction():
        keys.revoke(owner, key_store.get(owner, revoked.api_key))
    own = a_shop(owner)
    return {
        "str": Shop(send, "f" * 32, a_private_key(499)),
        "uns": Unsigned(send, own.api_key, own.private),
        "rev": revoked,
        "own": own,
        "oth": a_shop(a_licensee()),
        "dlg": integrators(),
        "prj": integrators(Right.PROJECTS),
        "one": integrators(Right.PROJECTS, only="Other"),
        "sbx": integrators(Right.PROJECTS, environments=[Environment.SANDBOX]),
    }


class Unsigned(Shop):
    """A client of version 1.0.x."""

    def headers(self) -> dict[str, str]:
        return {"magento-api-key": self.api_key}


def state() -> list[tuple[object, ...]]:
    """All that a call may change, as plain values."""
    return [
        tuple(getattr(row, column.key) for column in model.__table__.columns)
        for model in WRITTEN
        for row in db.session.scalars(across_tenants(model, reason=Reader.UPKEEP).order_by(model.id))
    ]


def ask(shop: Shop, row: Row, things: dict[str, str]) -> tuple[int, dict[str, object]]:
    path = "/".join(things.get(part, part) for part in row.path.split("/"))
    content = {"projectName": f"Another of {shop.api_key}", "environmentName": f"Another of {shop.api_key}"}
    octets = json.dumps(content).encode() if row.method in ("POST", "PATCH") else b""
    status, _headers, body = shop.send(row.method, path, shop.headers() | {"Content-Type": "application/json"}, octets)
    return status, json.loads(body)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method} {row.path.rpartition('v1')[2]}")
def test_each_caller_is_answered_as_the_table_says(row: Row, callers: dict[str, Shop], things: dict[str, str]):
    answers, order = {}, sorted(callers, key=lambda name: row.answers[name] == 200)
    before = state()
    for name in order:  # those who may come last, so that what they change is not taken for the others' doing
        status, body = ask(callers[name], row, things)
        answers[name] = status
        assert ("message" in body) == (status != 200)
        if row.answers[name] != 200:
            assert state() == before, name

    assert answers == row.answers


@pytest.mark.no_database
def test_every_call_has_one_row():
    rows = sorted((row.method, row.path) for row in ROWS)
    routes = sorted((route.method, route.path.format(**PLACES)) for route in ROUTES)

    assert rows == routes


ACTS = [row for row in ROWS if row.method != "GET"]
each_act = pytest.mark.parametrize("row", ACTS, ids=lambda row: f"{row.method} {row.path.rpartition('v1')[2]}")


def events() -> int:
    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.copy_of.is_(None))
    return len(db.session.scalars(rows).all())


@each_act
def test_an_act_and_its_repetition_write_one_event(row: Row, a_shop: MakeShop, owner: Actor, things: dict[str, str]):
    shop, before = a_shop(owner), events()

    first, again = ask(shop, row, things), ask(shop, row, things)

    assert first[0] == again[0] == 200
    assert events() == before + 1


@each_act
def test_an_act_whose_event_cannot_be_written_does_not_happen(
    row: Row, a_shop: MakeShop, owner: Actor, things: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    shop, before = a_shop(owner), state()

    def broken(*_arguments: object, **_named: object) -> None:
        raise RuntimeError("the record cannot be written")

    monkeypatch.setattr(audit, "_append", broken)
    status, body = ask(shop, row, things)

    assert (status, body["status"]) == (500, 500)
    assert state() == before
