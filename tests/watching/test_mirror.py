"""What the portal tells of a request: to whoever holds its SECRET_KEY, and to nobody else."""

import pytest
from flask import Flask

from portal.app import create_app
from portal.watching.mirror import HEADER, Mirror, NotOurs, Seen
from tests.conftest import settings_for

pytestmark = pytest.mark.no_database
PATH = "/livez"  # the same door; /readyz would ask the database


@pytest.fixture
def behind_two(tmp_path) -> Flask:
    """A portal that reckons with two proxies."""
    return create_app(settings_for("sqlite://", "", tmp_path, proxy_hops=2))


@pytest.fixture
def operator(behind_two: Flask) -> Mirror:
    return Mirror(behind_two.config["SECRET_KEY"])


def look(app: Flask, operator: Mirror, **headers: str) -> Seen:
    question = operator.question()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = app.test_client().get(
        PATH, headers=named | {HEADER: question}, environ_overrides={"REMOTE_ADDR": "192.0.2.9"}
    )
    _word, told, *_end = answer.text.split("\n")
    return operator.read(question, told)


def test_the_operator_hears_what_the_portal_takes_for_true(behind_two: Flask, operator: Mirror):
    seen = look(
        behind_two,
        operator,
        X_Forwarded_For="198.51.100.7, 10.0.0.1",
        X_Forwarded_Proto="https, https",
        X_Forwarded_Host="portal.example.com, portal.example.com",
    )

    assert (seen.scheme, seen.host, seen.address) == ("https", "portal.example.com", "198.51.100.7")
    assert (seen.peer, seen.hops, seen.addresses) == ("192.0.2.9", 2, ["198.51.100.7", "10.0.0.1"])


@pytest.mark.parametrize(
    "question",
    [
        "",
        ".",
        "x",
        "0" * 32 + "." + "0" * 64,
        Mirror("another secret, and long enough").question(),
        "é" * 97,
        "x" * 9000,
    ],
    ids=["empty", "dot", "letter", "zeros", "another secret", "not ascii", "long"],
)
def test_a_stranger_hears_one_word(question: str, behind_two: Flask):
    answer = behind_two.test_client().get(PATH, headers={HEADER: question.encode().decode("latin-1")})

    assert answer.text == "live\n"


def test_a_question_that_was_overheard_opens_no_answer(behind_two: Flask, operator: Mirror):
    overheard = operator.question()
    answer = behind_two.test_client().get(PATH, headers={HEADER: overheard}).text.split("\n")[1]

    assert operator.read(overheard, answer).host
    assert "localhost" not in answer
    for reader, question in ((Mirror("a guess"), overheard), (operator, operator.question())):
        with pytest.raises(NotOurs):
            reader.read(question, answer)


def test_answers_that_are_none_are_nobodys(operator: Mirror):
    for answer in ("", "AAAA", "not base64!", "A" * 400):
        with pytest.raises(NotOurs):
            operator.read(operator.question(), answer)


def test_what_arrives_is_cut_to_a_bearable_length(behind_two: Flask, operator: Mirror):
    assert len(look(behind_two, operator, X_Forwarded_For="1" * 9000).forwarded_for) == 500
