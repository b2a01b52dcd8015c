"""What a closed campaign leaves behind, and that the signature holds for it and nothing else."""

import json
from functools import partial

import pytest
from flask import current_app

from portal.access.actor import Actor
from portal.accounts import store as accounts
from portal.foundation import signed_json, signing
from portal.foundation.database import transaction
from portal.reviews import evidence
from portal.reviews import operations as reviews
from portal.reviews.errors import NotClosedYet
from portal.reviews.models import Answer, Campaign, Decision
from tests.factories import BASE_URL
from tests.reviews.scenes import an_open, close, decide, parties, question_for, seen


@pytest.fixture
def closed(admin: Actor) -> Campaign:
    """A campaign in which one side needs it no longer, and the reviewer ended it."""
    _owner, integrator = parties()
    campaign = an_open(admin)
    with transaction():
        reviews.answer(integrator, question_for(integrator), Answer.NOT_NEEDED, "=Nothing to do")
    decide(admin, campaign, Decision.END, "Nobody needs it; 不再需要。")
    return close(admin, campaign)


def _document(campaign: Campaign) -> dict:
    return json.loads(evidence.signed(campaign))


def _verdict(octets: bytes) -> signed_json.Verdict:
    return signed_json.verify(octets, partial(signing.find_public, signing.Purpose.EVIDENCE))


def test_it_says_what_was_reviewed_decided_and_done(admin: Actor, closed: Campaign):
    document = _document(closed)

    (line,) = document["lines"]
    assert document["format"] == "portal-review-evidence-v1"
    assert document["portal"] == BASE_URL
    assert document["review"]["name"] == "Autumn"
    assert document["review"]["counts"] == {"ended": 1}
    assert document["review"]["closed_by"] == admin.label
    assert (line["owner"], line["label"], line["decision"], line["outcome"]) == ("Owner", "Agency", "end", "ended")
    assert line["reason"] == "Nobody needs it; 不再需要。"
    assert line["holder_said"]["answer"] == "not_needed"
    assert line["owner_said"] is None


def test_the_signature_fits_the_file(closed: Campaign):
    assert _verdict(evidence.signed(closed)).state is signed_json.State.GENUINE


def test_the_signature_fits_no_other_file(closed: Campaign):
    changed = evidence.signed(closed).replace(b'"outcome": "ended"', b'"outcome": "kept"')

    assert changed != evidence.signed(closed)
    assert _verdict(changed).state is signed_json.State.CHANGED


def test_the_file_comes_out_the_same_whatever_changes_later(admin: Actor, closed: Campaign):
    before = evidence.signed(closed)
    with transaction():
        accounts.get_person(admin.person_id).name = "Somebody Else"  # type: ignore[arg-type]
    evidence.configure("https://elsewhere.example")
    try:
        assert evidence.signed(seen(admin, closed)) == before
    finally:
        evidence.configure(current_app.config["PORTAL"].external_base_url)


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
    document = _document(closed)

    (line,) = document["lines"]
    assert line["account"].startswith("MAG")
    assert line["holder_account"] != line["account"]
