"""Logs hold no secrets (design rule 2)."""

import pytest

from portal.credentials import tokens
from portal.foundation import requests
from portal.foundation.logs import REDACTED, name_request, redact
from portal.tokens import texts
from tests.factories import a_private_key, pem_of

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "token",
        "cookie",
        "authorization",
        "kek",
        "secret_key",
        "Password",
        "X-Gw-Signature",
        "smtp_password",
        "password_pepper",
        "set-cookie",
        "kek_others",
    ],
)
def test_the_value_of_a_secret_field_is_left_out(name: str):
    assert redact(None, "info", {name: "abc", "event": "x"}) == {name: REDACTED, "event": "x"}


def test_a_private_key_is_left_out_wherever_it_stands():
    pem = pem_of(a_private_key(910))

    entry = redact(None, "info", {"event": f"failed with {pem} in it", "other": "kept"})

    assert entry == {"event": f"failed with {REDACTED}\n in it", "other": "kept"}


def test_what_lies_deeper_is_looked_at_too():
    token = tokens.make()

    entry = redact(None, "info", {"event": "x", "told": {"headers": [{"Cookie": "sid=1"}, f"with {token}"], "n": 1}})

    assert entry == {"event": "x", "told": {"headers": [{"Cookie": REDACTED}, f"with {REDACTED}"], "n": 1}}


def test_a_private_key_that_is_cut_off_is_left_out_too():
    cut = pem_of(a_private_key(910))[:300]

    assert redact(None, "info", {"event": cut})["event"] == REDACTED


def test_a_service_credential_is_left_out_wherever_it_stands():
    token = tokens.make()

    entry = redact(None, "info", {"event": f"asked with {token}.", "X-Portal-Credential": token})

    assert entry == {"event": f"asked with {REDACTED}.", "X-Portal-Credential": REDACTED}


@pytest.mark.parametrize(
    "secret",
    ["ppt_" + "aB3" * 12, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_" + "aB+/" * 10 + "=="],
    ids=["token", "secret of webhooks", "padded"],
)
def test_a_token_and_a_secret_of_webhooks_are_left_out_wherever_they_stand(secret: str):
    entry = redact(None, "info", {"event": f"asked with {secret}, in vain", "header": f"Bearer {secret}"})

    assert entry == {"event": f"asked with {REDACTED}, in vain", "header": f"Bearer {REDACTED}"}


def test_a_line_names_the_request_being_served():
    served = requests.begin()

    assert name_request(None, "info", {"event": "x"}) == {"event": "x", "request_id": served.id}


def test_a_line_that_names_a_request_by_itself_keeps_it():
    requests.begin()

    assert name_request(None, "info", {"request_id": "another"}) == {"request_id": "another"}


def test_several_private_keys_are_all_left_out():
    pem = pem_of(a_private_key(910))

    entry = redact(None, "info", {"event": f"{pem} and {pem}"})

    assert "PRIVATE KEY" not in entry["event"]
    assert " and " in entry["event"]


def test_what_is_no_text_stays():
    assert redact(None, "info", {"count": 3, "event": "x"}) == {"count": 3, "event": "x"}


def test_a_personal_token_is_left_out_wherever_it_stands():
    token = texts.make()

    entry = redact(None, "info", {"event": f"called with {token}.", "header": f"Bearer {token}"})

    assert entry == {"event": f"called with {REDACTED}.", "header": f"Bearer {REDACTED}"}
