"""Logs hold no secrets (design rule 2)."""

import pytest

from portal.credentials import tokens
from portal.foundation.logs import REDACTED, redact
from tests.factories import a_private_key, pem_of

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "name", ["password", "token", "cookie", "authorization", "kek", "secret_key", "Password", "X-Gw-Signature"]
)
def test_the_value_of_a_secret_field_is_left_out(name: str):
    assert redact(None, "info", {name: "abc", "event": "x"}) == {name: REDACTED, "event": "x"}


def test_a_private_key_is_left_out_wherever_it_stands():
    pem = pem_of(a_private_key(910))

    entry = redact(None, "info", {"event": f"failed with {pem} in it", "other": "kept"})

    assert entry == {"event": f"failed with {REDACTED}\n in it", "other": "kept"}


def test_a_private_key_that_is_cut_off_is_left_out_too():
    cut = pem_of(a_private_key(910))[:300]

    assert redact(None, "info", {"event": cut})["event"] == REDACTED


def test_a_service_credential_is_left_out_wherever_it_stands():
    token = tokens.make()

    entry = redact(None, "info", {"event": f"asked with {token}.", "X-Portal-Credential": token})

    assert entry == {"event": f"asked with {REDACTED}.", "X-Portal-Credential": REDACTED}


def test_several_private_keys_are_all_left_out():
    pem = pem_of(a_private_key(910))

    entry = redact(None, "info", {"event": f"{pem} and {pem}"})

    assert "PRIVATE KEY" not in entry["event"]
    assert " and " in entry["event"]


def test_what_is_no_text_stays():
    assert redact(None, "info", {"count": 3, "event": "x"}) == {"count": 3, "event": "x"}
