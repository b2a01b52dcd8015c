"""Imports point down the stairs (style 2), so that a room can be read, tested and moved without those above it."""

import ast
from pathlib import Path

import pytest

from tests.architecture.sources import PORTAL, Source, portal_sources

pytestmark = pytest.mark.no_database

ROOMS = (
    "foundation", "verifier", "client", "access", "audit", "kek", "repeats", "tenants", "outbox", "accounts",
    "providers", "tokens", "lookins", "contracts", "credentials", "entitlements", "imports", "projects",
    "delegations", "keys", "handoffs", "usage", "gateways", "reviews", "webhooks", "impact",
)  # fmt: skip
DOORS = ("watching", "web", "connector", "gateway", "api")
# Modules that stand above the rooms: settings and the list of all tables, then the doors, then who joins everything.
STAIRS = {step: number for number, step in enumerate((*ROOMS, "models", "config", "doors", "demo", "cli", "app"))}
STAIRS |= dict.fromkeys(DOORS, STAIRS["doors"])

SPEAKS_HTTP = ("flask", "werkzeug", "wtforms", "jinja2", "markupsafe", "itsdangerous")
# Flask-SQLAlchemy ends each request's session; the one place where a room meets Flask.
MAY_SPEAK_HTTP = {("portal.foundation.database", "flask_sqlalchemy")}

INSIDE = ("errors", "models", "store", "operations")


def step_of(name: str) -> str:
    """The room, door or top module that a dotted name belongs to; empty for `portal` itself."""
    return name.partition(".")[2].partition(".")[0]


def inside_of(source: Source) -> str:
    """Which module of its room it is, such as `store`."""
    return source.name.removeprefix("portal.").partition(".")[2]


def each(sources: list[Source]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("source", sources, ids=lambda source: source.name)


MODULES = portal_sources()
OF_ROOMS = [source for source in MODULES if step_of(source.name) in ROOMS]
PACKAGES = [source for source in MODULES if source.path.name == "__init__.py" and source.name != "portal"]


def upward(source: Source) -> list[str]:
    """What it imports from its own height or above, other than from its own step."""
    own = step_of(source.name)
    return [
        f"line {line}: {name}"
        for name, line in source.imports()
        if name.startswith("portal.") and step_of(name) != own and STAIRS[step_of(name)] >= STAIRS.get(own, 0)
    ]


def of_the_web(source: Source) -> list[str]:
    """What it imports of Flask, forms and the like."""
    return [
        f"line {line}: {name}"
        for name, line in source.imports()
        if (top := name.partition(".")[0]).partition("_")[0] in SPEAKS_HTTP and (source.name, top) not in MAY_SPEAK_HTTP
    ]


@each(MODULES)
def test_a_module_imports_its_own_step_and_those_below(source: Source):
    assert not upward(source)


@each(OF_ROOMS)
def test_a_room_knows_neither_flask_nor_forms(source: Source):
    assert not of_the_web(source)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("portal.keys.store", "from portal.handoffs import store"),
        ("portal.keys.store", "def late():\n    import portal.web.say"),
        ("portal.web.keys.views", "from portal.api.keys import views"),
        ("portal.api.keys", "from portal import web"),
        ("portal.foundation.ids", "from portal.access.actor import Actor"),
        ("portal.keys.store", "from portal import app"),
    ],
)
def test_the_search_finds_an_import_that_points_up(module: str, line: str, tmp_path: Path):
    file = tmp_path / "module.py"
    file.write_text(line)

    assert upward(Source(module, file))


@pytest.mark.parametrize("line", ["import flask_login", "from flask import g", "from wtforms.fields import Field"])
def test_the_search_finds_flask_in_a_room(line: str, tmp_path: Path):
    file = tmp_path / "module.py"
    file.write_text(line)

    assert of_the_web(Source("portal.keys.store", file))


@each([source for source in OF_ROOMS if inside_of(source) in INSIDE])
def test_inside_a_room_operations_know_the_store_and_the_store_knows_the_models(source: Source):
    room, above = step_of(source.name), INSIDE[INSIDE.index(inside_of(source)) + 1 :]
    above = {f"portal.{room}.{name}" for name in above}

    heard = [f"line {line}: {name}" for name, line in source.imports() if above & {name, name.rpartition(".")[0]}]

    assert not heard


def test_the_top_package_is_empty_so_that_the_verifier_loads_alone():
    assert (PORTAL / "__init__.py").read_text() == ""


def test_everything_in_the_portal_is_a_step_of_the_stairs():
    steps = {path.parent.name for path in PORTAL.glob("*/__init__.py")} | {path.stem for path in PORTAL.glob("*.py")}

    assert steps - {"__init__"} <= STAIRS.keys()


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for path in PORTAL.rglob("*.py")}

    assert not [str(folder) for folder in folders if not (folder / "__init__.py").exists()]


@each(PACKAGES)
def test_a_package_begins_with_a_docstring_and_nothing_else(source: Source):
    (only,) = source.tree.body

    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)
    assert isinstance(only.value.value, str)
