"""Calls about reviews: the vendor's scripts make, decide and close them; the parties answer what they are asked."""

from datetime import timedelta
from functools import partial

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from portal.foundation import clock, signed_json, signing
from portal.foundation.signed_json import State
from portal.reviews.models import Decision, ReviewSubject
from tests.api.scripts import Script, a_script
from tests.factories import a_member, a_vendor, tenant_of
from tests.reviews.scenes import an_open, close, decide, lines, parties, some_keys, work


@pytest.fixture
def admin() -> Actor:
    return a_vendor()


def a_filter(admin: Actor, **changed: object) -> dict:
    day = (clock.now() + timedelta(days=30)).date().isoformat()
    usual = {"name": "Autumn", "subject": "delegations", "last_day": day, "silence": "keep"}
    return usual | {"reviewers": [str(admin.membership_id)]} | changed


def the_line(script: Script, review: str) -> dict:
    (line,) = script.get(f"reviews/{review}/lines").json["items"]
    return line


def test_a_script_makes_a_review_and_sees_its_lines_once_they_are_written_down(app: Flask, admin: Actor):
    parties()
    script = a_script(app, admin)

    made = script.post("reviews", a_filter(admin))
    work()

    assert (made.status_code, made.json["state"], made.json["lines"]) == (201, "preparing", 1)
    assert script.get(f"reviews/{made.json['id']}").json["progress"]["undecided"] == 1
    assert the_line(script, made.json["id"])["owner"] == "Owner"


def test_counting_makes_nothing(app: Flask, admin: Actor):
    parties()
    script = a_script(app, admin)

    counted = script.post("reviews/count", {"subject": "delegations"})

    assert counted.json == {"lines": 1}
    assert script.get("reviews").json["items"] == []


def test_only_members_who_keep_reviews_are_named_as_reviewers(app: Flask, admin: Actor):
    operator = a_member(tenant_of(admin), Role.OPERATOR)

    answer = a_script(app, admin).post("reviews", a_filter(admin, reviewers=[str(operator.membership_id)]))

    assert (answer.status_code, answer.json["problems"][0]["at"]) == (422, "/reviewers")


def test_a_line_is_decided_only_in_the_version_that_was_seen(app: Flask, admin: Actor):
    parties()
    second = a_vendor()
    review = an_open(admin, reviewers=[admin, second]).public_id
    script, other = a_script(app, admin), a_script(app, second)
    seen = the_line(script, review)
    address = f"reviews/{review}/lines/{seen['line']}/decide"
    decided = script.post(address, {"decision": "keep"}, version=seen["version"])

    late = other.post(address, {"decision": "end", "reason": "Nobody works there."}, version=seen["version"])

    assert (decided.status_code, decided.json["decision"]) == (200, "keep")
    assert (late.status_code, late.json["code"]) == (409, "review_line_decided")
    assert the_line(script, review)["decision"] == "keep"


def test_nobody_knows_how_long_a_script_took_to_decide(app: Flask, admin: Actor):
    parties()
    campaign = an_open(admin)
    script = a_script(app, admin)
    seen = the_line(script, campaign.public_id)

    script.post(
        f"reviews/{campaign.public_id}/decide",
        {"lines": [{"line": seen["line"], "version": seen["version"]}], "decision": "keep"},
    )

    (line,) = lines(admin, campaign)
    assert (line.decision, line.seconds_taken, line.bulk_size) == (Decision.KEEP, None, 1)


def test_what_is_narrowed_says_to_what_and_nothing_else_does(app: Flask, admin: Actor):
    parties()
    review = an_open(admin).public_id
    script = a_script(app, admin)
    seen = the_line(script, review)
    address = f"reviews/{review}/lines/{seen['line']}/decide"

    without = script.post(address, {"decision": "narrow", "reason": "Less."}, version=seen["version"])
    none_left = script.post(
        address, {"decision": "narrow", "narrow_to": {"environments": []}, "reason": "Less."}, version=seen["version"]
    )
    less = script.post(
        address,
        {"decision": "narrow", "narrow_to": {"environments": ["sandbox"]}, "reason": "Less."},
        version=seen["version"],
    )

    assert [without.status_code, none_left.status_code] == [422, 422]
    assert less.json["narrow_to"] == {"environments": ["sandbox"]}


def test_several_lines_are_decided_at_once_or_none_of_them(app: Flask, admin: Actor):
    some_keys(2)
    campaign = an_open(admin, ReviewSubject.KEYS)
    script = a_script(app, admin)
    seen = script.get(f"reviews/{campaign.public_id}/lines").json["items"]
    ticks = [{"line": one["line"], "version": one["version"]} for one in seen]
    address = f"reviews/{campaign.public_id}/decide"
    over = {"decision": "end", "reason": "Left over."}

    missing = script.post(address, {"lines": [*ticks, {"line": 99, "version": 1}], **over})
    done = script.post(address, {"lines": ticks, **over})

    assert missing.status_code == 404
    assert done.json == {"lines": 2, "changed": 2}


def test_what_closing_would_do_is_told_before(app: Flask, admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, Decision.END)

    forecast = a_script(app, admin).get(f"reviews/{campaign.public_id}/blast-radius")

    assert forecast.json == {"outcomes": {"ended": 1}, "undecided": 0}


def test_the_evidence_can_be_verified_as_it_comes(app: Flask, admin: Actor):
    parties()
    campaign = an_open(admin)
    decide(admin, campaign, Decision.KEEP)
    script = a_script(app, admin)
    early = script.get(f"reviews/{campaign.public_id}/evidence")
    close(admin, campaign)

    answer = script.get(f"reviews/{campaign.public_id}/evidence")

    find_public = partial(signing.find_public, signing.Purpose.EVIDENCE)
    assert (early.status_code, early.json["code"]) == (409, "review_without_evidence")
    assert signed_json.verify(answer.data, find_public).state is State.GENUINE


def test_a_side_of_a_delegation_answers_what_it_is_asked(app: Flask, admin: Actor):
    owner, _integrator = parties()
    an_open(admin)
    script = a_script(app, owner, Scope.READ, Scope.REVIEWS)
    (asked,) = script.get("reviews/questions").json["items"]
    said = {"answer": "not_needed", "reason": "We changed agencies."}

    reading = a_script(app, owner, Scope.READ).post(f"reviews/questions/{asked['id']}/answer", said)
    answered = script.post(f"reviews/questions/{asked['id']}/answer", said)

    assert (reading.status_code, reading.json["code"]) == (403, "scope_missing")
    assert (answered.json["answer"], answered.json["live_key_pairs"]) == ("not_needed", 0)
