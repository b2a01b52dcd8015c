"""What a test that is marked no_database may not do; so it proves the same whichever database is under test."""

import pytest
from flask import Flask
from sqlalchemy import create_engine

from portal.foundation.database import db

pytestmark = pytest.mark.no_database


def test_it_opens_no_connection():
    engine = create_engine("sqlite://")

    with pytest.raises(AssertionError, match="marked no_database"):
        engine.connect()


def test_it_does_not_go_on_with_a_connection_that_is_open(app: Flask):
    with app.app_context(), pytest.raises(AssertionError, match="marked no_database"):
        db.session.connection()
