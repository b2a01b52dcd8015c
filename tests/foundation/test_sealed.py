"""Columns of sealed values take nothing else, and say where each value is."""

import pytest
from sqlalchemy.dialects import sqlite

from portal.foundation.sealed import Sealed
from portal.foundation.sealing import Place, Sealer

pytestmark = pytest.mark.no_database

SEALED = Sealer(bytes(32)).seal(b"a secret", Place("outbox", "sealed", "row 1"))


@pytest.mark.parametrize("value", [SEALED, None], ids=["sealed", "none"])
def test_a_sealed_value_is_stored_as_it_is(value):
    assert Sealed().process_bind_param(value, sqlite.dialect()) == value


@pytest.mark.parametrize(
    "value",
    ["a secret", "", "s1.", SEALED + "\n", SEALED[1:], SEALED.rsplit(".", 1)[0]],
    ids=["plain", "empty", "version", "line", "first missing", "part missing"],
)
def test_what_is_not_sealed_is_not_stored_nor_told(value):
    with pytest.raises(ValueError, match="not sealed") as refusal:
        Sealed().process_bind_param(value, sqlite.dialect())

    assert not value or value not in str(refusal.value)
