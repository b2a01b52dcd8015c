"""What is sealed stands in columns that say so, for whoever has to go through all of it: a rotation, and the start."""

import ast

import pytest

from portal.foundation.sealed import TENANT, key_of, sealed_columns
from tests.architecture.sources import Source, portal_sources

pytestmark = pytest.mark.no_database

SEALER = "portal.app"  # joins the rooms, and gives each of them the one ring of keys
NAMES_PLACES = "portal.foundation.sealed"  # of every column, from its row


def calls_of(name: str, origin: str, source: Source) -> list[ast.Call]:
    """Where it calls this name of `portal.foundation.sealing`."""
    if f"{origin}.{name}" not in {imported for imported, _line in source.imports()} and source.name != origin:
        return []
    return [node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def places() -> set[tuple[str, str]]:
    """Table and column of every place that a room seals at; none may be computed."""
    found = set()
    for source in portal_sources():
        if source.name == NAMES_PLACES:
            continue
        for call in calls_of("Place", "portal.foundation.sealing", source):
            table, column = (ast.literal_eval(word) for word in call.args[:2])
            found.add((table, column))
    return found


def test_what_is_sealed_anywhere_stands_in_a_column_of_sealed_values():
    """Else a rotation would leave it under the old key: give the column the type `portal.foundation.sealed.Sealed`."""
    assert places() == {(column.table.name, column.name) for column in sealed_columns()}


def test_only_who_joins_the_rooms_makes_a_sealer():
    """A sealer of a room's own might know fewer keys than the others."""
    makers = {source.name for source in portal_sources() if calls_of("Sealer", "portal.foundation.sealing", source)}

    assert makers == {SEALER}


@pytest.mark.parametrize("column", sealed_columns(), ids=str)
def test_the_row_of_a_sealed_value_has_one_id_besides_its_tenant(column):
    assert len([key for key in key_of(column) if key.name != TENANT]) == 1
