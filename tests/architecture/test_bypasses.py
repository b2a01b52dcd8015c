"""Every statement goes through the session, where the scope is looked at; nothing goes around it."""

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, portal_sources

pytestmark = pytest.mark.no_database

# Each of these reaches the database, or builds a statement, where no listener sees which tenant is meant.
AROUND = {
    "exec_driver_sql",
    "bulk_insert_mappings",
    "bulk_update_mappings",
    "bulk_save_objects",
    "from_statement",
    "connection",
    "connect",
    "query",
    "text",
}
# The places that may, and what for.
MAY = {
    "portal.access.policies": "puts the row policies up, as the tables' owner",
    "portal.access.wall": "tells the database whose rows a transaction may see",
    "portal.foundation.database": "begins transactions and prepares SQLite's connections",
    "portal.cli.checking.catalogues": "asks the database about itself, which no tenant owns",
    "portal.foundation.migrations": "asks the schema's version, which no tenant owns",
}


def bypasses_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Each way around the session, and each statement that would move rows to another tenant."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in AROUND and _is_of_the_database(node.func):
            yield node.lineno, name
        if name == "values" and any(keyword.arg == "tenant_id" for keyword in node.keywords):
            yield node.lineno, "values(tenant_id=…)"


def _is_of_the_database(function: ast.expr) -> bool:
    """Whether it is called on a session, engine or connection, or on a statement, or is `text` itself."""
    if isinstance(function, ast.Name):
        return function.id == "text"
    assert isinstance(function, ast.Attribute)
    owner = ast.unparse(function.value)
    return owner.endswith(("session", "engine", "connection", "bind", "select", ")"))


@pytest.mark.parametrize(
    "source", [one for one in portal_sources() if one.name not in MAY], ids=lambda source: source.name
)
def test_nothing_goes_around_the_session(source: Source):
    allowed = _other_texts(source)

    assert not [(line, name) for line, name in bypasses_in(source.tree) if (line, name) not in allowed]


def _other_texts(source: Source) -> set[tuple[int, str]]:
    """Calls of `text` that are no statements: conditions of indexes, outside of functions; a `text` of another kind."""
    inside = {
        node
        for function in ast.walk(source.tree)
        if isinstance(function, ast.FunctionDef) and "sqlalchemy.text" in {name for name, _line in source.imports()}
        for node in ast.walk(function)
    }
    calls = [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    return {(node.lineno, "text") for node in calls if getattr(node.func, "id", "") == "text" and node not in inside}


@pytest.mark.parametrize(
    "code",
    [
        "db.session.connection().execute(rows)",
        "db.engine.connect()",
        "db.session.query(Key)",
        "db.session.bulk_insert_mappings(Key, rows)",
        "select(Key).from_statement(rows)",
        "def found():\n    return text('SELECT 1')",
        "update(Key).values(tenant_id=elsewhere)",
    ],
)
def test_the_search_finds_a_way_around(code: str):
    assert list(bypasses_in(ast.parse(code)))
