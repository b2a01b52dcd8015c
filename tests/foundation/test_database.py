"""What the database layer does to statements."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from portal.foundation.database import VALUES_OF_ROWS, db


def test_sqlite_finds_rows_by_composite_keys_through_an_index():
    connection = db.session.connection()
    if connection.dialect.name != "sqlite":
        pytest.skip("PostgreSQL does by itself")
    wanted = "SELECT * FROM data_spaces WHERE (tenant_id, project_id) IN (VALUES (?, ?), (?, ?))"

    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {wanted}", ("a", "b", "c", "d")).all()

    assert "SEARCH data_spaces USING INDEX" in plan[0][3]


@pytest.mark.no_database
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(a, b) IN (VALUES (?, ?)) AND 1", "(a, b) IN (SELECT * FROM (VALUES (?, ?))) AND 1"),
        ("(a, b) IN (VALUES (?, ?), (?, ?))", "(a, b) IN (SELECT * FROM (VALUES (?, ?), (?, ?)))"),
        ("a IN (?, ?)", "a IN (?, ?)"),
        ("name = 'IN (VALUES'", "name = 'IN (VALUES'"),
    ],
)
def test_only_lists_of_rows_are_written_anew(before, after):
    assert VALUES_OF_ROWS.sub(r"IN (SELECT * FROM (\1))", before) == after


def test_a_failure_of_the_database_does_not_repeat_what_was_sent():
    with pytest.raises(DBAPIError) as failure:
        db.session.connection().execute(text("SELECT :given FROM no_such_table"), {"given": "a secret"})

    assert "a secret" not in str(failure.value)
