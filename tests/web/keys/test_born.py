"""Pairs that are made in the holder's browser, through the door: the proof brings the public half with it."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from portal.keys import store
from portal.keys.models import KeyOrigin, KeyState
from portal.verifier.paste import Finding
from tests.factories import (
    PASSWORD,
    a_key,
    a_licensee,
    a_member,
    a_private_key,
    public_of,
    public_pem_of,
    sign,
    tenant_of,
)

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def visitor(owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def making_page(owner, visitor) -> str:
    """The address at which a pair “Storefront” is to be made."""
    new = f"/{tenant_of(owner).account_id}/keys/new?environment=sandbox"
    contract = BeautifulSoup(visitor.get(new).text, "html.parser").find(attrs={"name": "contract"})["value"]
    fields = {"name": "Storefront", "contract": contract, "origin": "browser", "password": PASSWORD}
    return visitor.post(new, data=fields).location


def proof(visitor, page: str, private, *, signed_with=None) -> dict[str, str]:
    """What the page's script would send for this private key."""
    soup = BeautifulSoup(visitor.get(page).text, "html.parser")
    lines = json.loads(soup.find(attrs={"data-key-maker": True})["data-lines"])
    message = "".join(f"{line}\n" for line in [*lines, public_of(private).spki_sha256.hex()]).encode()
    signature = base64.b64encode(sign(signed_with or private, message)).decode()
    return {"public_pem": public_pem_of(private), "signature": signature}


def test_s11_the_pair_exists_with_its_proof_and_not_before(owner, visitor, making_page):
    private = a_private_key()
    before = visitor.get(f"/{tenant_of(owner).account_id}/keys").text

    answer = visitor.post(making_page, data=proof(visitor, making_page, private))

    pair = store.get(owner, answer.location.rsplit("/", 1)[1])
    assert "Storefront" not in before
    assert (pair.state, pair.origin, pair.name) == (KeyState.ACTIVE, KeyOrigin.BROWSER, "Storefront")
    assert pair.spki == public_of(private).spki


def test_a_repeated_proof_leads_to_the_same_pair(visitor, making_page):
    sent = proof(visitor, making_page, a_private_key())

    answers = [visitor.post(making_page, data=sent) for _time in range(2)]

    assert answers[0].location == answers[1].location


@pytest.mark.parametrize("change", ["signature", "public_pem", "both"])
def test_a_proof_that_does_not_fit_makes_nothing(owner, visitor, making_page, change):
    one, other = proof(visitor, making_page, a_private_key()), proof(visitor, making_page, a_private_key(7))
    sent = {"public_pem": "", "signature": ""} if change == "both" else one | {change: other[change]}

    answer = visitor.post(making_page, data=sent)

    assert answer.status_code == 422
    assert "Storefront" not in visitor.get(f"/{tenant_of(owner).account_id}/keys").text


def test_the_proof_of_another_intent_makes_nothing(owner, visitor, making_page, signed_in):
    private = a_private_key()
    sent = proof(visitor, making_page, private)
    stranger = signed_in(a_member(tenant_of(owner)))

    assert stranger.post(making_page, data=sent).status_code in (403, 404)


def test_a_key_that_is_known_already_is_refused(owner, visitor, making_page):
    private = a_private_key()
    a_key(owner, name="Other", private=private)

    answer = visitor.post(making_page, data=proof(visitor, making_page, private))

    assert answer.status_code == 422


def test_a_private_key_that_is_sent_after_all_is_burnt_and_not_shown_back(visitor, making_page):
    answer = visitor.post(
        making_page, data={"public_pem": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"}
    )

    assert answer.status_code == 422
    assert "AAAA" not in answer.text


def test_each_finding_about_a_file_has_its_sentence(visitor, making_page):
    soup = BeautifulSoup(visitor.get(making_page).text, "html.parser")

    of_files = {finding.value for finding in Finding if "api-key" not in finding} - {Finding.ENCODING}
    of_browsers = {"unreadable", "several-files", "opening"}
    assert of_files | of_browsers <= {one["data-said"] for one in soup.select("[data-said]")}


def test_the_script_is_the_one_of_the_release_notes(visitor, making_page):
    script = hashlib.sha256((ROOT / "static/js/private-key.js").read_bytes()).hexdigest()

    assert script in (ROOT / "docs/release-notes.md").read_text()
    assert script in visitor.get(making_page).text
