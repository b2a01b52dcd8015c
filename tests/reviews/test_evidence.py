"""What a closed campaign leaves behind, and that the signature holds for it and nothing else."""

import base64
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.access.actor import Actor
from portal.accounts import store as accounts
from portal.foundation.database import transaction
from portal.reviews import evidence
from portal.reviews import operations as reviews
from portal.reviews.errors import NotClosedYet
from portal.reviews.models import Answer, Campaign, Decision
from tests.reviews.scenes import ADDRESS, an_open, close, decide, parties, question_for, seen


@pytest.fixture
def closed(admin: Actor) -> Campaign:
    """A campaign in which one side needs it no longer, and the reviewer ended it."""
    _owner, integrator = parties()
    campaign = an_open(admin)
    with transaction():
        reviews.answer(integrator, question_for(integrator), Answer.NOT_NEEDED, "=Nothing to do")
    decide(admin, campaign, Decision.END, "Nobody needs it; 不再需要。")
    return close(admin, campaign)


def _parts(campaign: Campaign) -> tuple[dict, bytes]:
    document = json.loads(evidence.signed(campaign))
    value = document.pop("signature")["value"]
    return document, base64.urlsafe_b64decode(value + "==")


def test_it_says_what_was_reviewed_decided_and_done(admin: Actor, closed: Campaign):
    document, _signature = _parts(closed)

    (line,) = document["lines"]
    assert document["format"] == "portal-review-evidence-v1"
    assert document["portal"] == ADDRESS
    assert document["review"]["name"] == "Autumn"
    assert document["review"]["counts"] == {"ended": 1}
    assert document["review"]["closed_by"] == admin.label
    assert (line["owner"], line["label"], line["decision"], line["outcome"]) == ("Owner", "Agency", "end", "ended")
    assert line["reason"] == "Nobody needs it; 不再需要。"
    assert line["holder_said"]["answer"] == "not_needed"
    assert line["owner_said"] is None


def test_the_signature_fits_the_file(closed: Campaign, signing_key: Ed25519PrivateKey):
    document, signature = _parts(closed)

    signing_key.public_key().verify(signature, evidence.canonical(document))


def test_the_signature_fits_no_other_file(closed: Campaign, signing_key: Ed25519PrivateKey):
    document, signature = _parts(closed)
    document["lines"][0]["outcome"] = "kept"

    with pytest.raises(InvalidSignature):
        signing_key.public_key().verify(signature, evidence.canonical(document))


def test_the_file_comes_out_the_same_whatever_changes_later(
    admin: Actor, closed: Campaign, signing_key: Ed25519PrivateKey
):
    before = evidence.signed(closed)
    with transaction():
        accounts.get_person(admin.person_id).name = "Somebody Else"  # type: ignore[arg-type]
    evidence.configure(lambda octets: ("other", b""), "https://elsewhere.example")

    assert evidence.signed(seen(admin, closed)) == before


def test_the_table_has_a_row_for_each_line(closed: Campaign):
    head, row = evidence.rows(closed)

    told = dict(zip(head, row, strict=True))
    assert told["owner"] == "Owner"
    assert told["outcome"] == "ended"
    assert json.loads(told["holder_said"])["reason"] == "=Nothing to do"


def test_there_is_none_before_it_is_closed(admin: Actor):
    parties()
    campaign = an_open(admin)

    with pytest.raises(NotClosedYet):
        evidence.signed(campaign)
    with pytest.raises(NotClosedYet):
        list(evidence.rows(campaign))


def test_it_names_accounts_by_their_ids(closed: Campaign):
    document, _signature = _parts(closed)

    (line,) = document["lines"]
    assert line["account"].startswith("MAG")
    assert line["holder_account"] != line["account"]
