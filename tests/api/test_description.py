"""The description of the API says what the calls really take, need and answer."""

import re

import pytest
from flask import Flask
from pydantic import Field

from portal.access.roles import Permission, Scope
from portal.api.calls import CALLS, Call, Calls
from portal.api.openapi import description
from portal.api.shapes import ONCE, Shown
from tests.conftest import PortalClient

pytestmark = pytest.mark.no_database


class Secret(Shown):
    """A part with a secret."""

    secret: str = Field(json_schema_extra={ONCE: True})


class Hiding(Shown):
    """An answer with such a part."""

    parts: list[Secret]


def hiding() -> Hiding:
    """Show it."""
    raise AssertionError("is never called")


WRITES = [call for call in CALLS if call.is_write]


def test_it_is_served_to_everybody(app: Flask):
    answer = PortalClient(app, app.response_class).get("/api/v1/openapi.json")

    assert (answer.status_code, answer.json["openapi"]) == (200, "3.1.0")


def test_what_goes_in_and_out_has_names_that_clients_can_take_for_their_classes():
    names = description()["components"]["schemas"]

    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]*)+", name)] == []


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_call_says_what_it_does(call: Call):
    operation = next(
        methods[call.method.lower()]
        for methods in description()["paths"].values()
        if methods.get(call.method.lower(), {}).get("operationId") == call.name
    )

    assert operation["summary"]
    assert str(call.status) in operation["responses"]


@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.name)
def test_no_write_says_that_reading_is_enough(call: Call):
    assert set(call.scopes) - {Scope.READ}


def test_what_is_shown_once_is_a_member_of_the_answer_itself():
    """Only there is it left out of what an Idempotency-Key keeps."""
    with pytest.raises(TypeError, match="Secret"):
        Calls("hiding", "Hiding").reads("/hiding", Permission.SEE)(hiding)
