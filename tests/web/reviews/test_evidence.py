"""The evidence of a closed review as files."""

import csv
import io
import json
from datetime import timedelta

import pytest

from portal.foundation import clock
from portal.reviews.models import Decision
from tests.reviews.scenes import close, decide
from tests.web.reviews.pages import said


@pytest.fixture
def closed(admin, review, reviewing):
    """The browser at the review, which is closed."""
    decide(admin, review, Decision.END, "=1+1")
    close(admin, review)
    return reviewing


def test_the_signed_file_holds_each_line(closed, review):
    answer = closed.look("/evidence.json")

    document = json.loads(answer.data)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=review-{review.public_id}.json"
    assert document["review"]["id"] == review.public_id
    assert [line["decision"] for line in document["lines"]] == ["end"]
    assert document["signature"]["alg"] == "EdDSA"


def test_the_signed_file_is_the_same_each_time(closed):
    assert closed.look("/evidence.json").data == closed.look("/evidence.json").data


def test_the_table_has_a_row_for_each_line_and_no_formula(closed):
    answer = closed.look("/evidence.csv")

    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["decision"] for row in rows] == ["end"]
    assert rows[0]["reason"] == "'=1+1"


@pytest.mark.parametrize("file", ["csv", "json"])
def test_a_download_asks_for_the_password_when_it_was_given_long_ago(file, closed):
    with clock.travelled_to(clock.now() + timedelta(minutes=11)):
        answer = closed.look(f"/evidence.{file}")
        page = closed.browser.get(answer.location)

    assert answer.status_code == 302
    assert "Your password" in said(page)


@pytest.mark.parametrize("file", ["/evidence.csv", "/evidence.json", "/export"])
def test_there_is_no_evidence_before_the_review_is_closed(file, reviewing):
    answer = reviewing.look(file)

    assert answer.status_code == 409
    assert "the evidence is there once it is closed" in said(answer)
