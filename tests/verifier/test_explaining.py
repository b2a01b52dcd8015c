"""Why a call passes or not: every check in its order, and never a word that the decision does not bear out."""

import json
from pathlib import Path

import pytest

from portal.verifier import questions, records
from portal.verifier.captured import Unreadable
from portal.verifier.decision import Call
from portal.verifier.explaining import STEPS, Explanation, Outcome, explain
from portal.verifier.reasons import REASONS, Reason
from tests.connector.shop import HEADER, as_part, signed
from tests.verifier.test_decision import CASES
from tests.verifier.world import DELEGATED, NOON, OWN, PRODUCTION_SPACE, World, private_of, token_of

pytestmark = pytest.mark.no_database


def explained(world: World, api_key: str = OWN, **call: object) -> Explanation:
    token = call.pop("token", None) or ("" if "token" in call else token_of(api_key))
    asked = Call(api_key, str(token), **({"service": "search"} | call))  # type: ignore[arg-type]
    return explain(world.tables, asked, NOON)


def text(explanation: Explanation) -> str:
    return "\n".join(explanation.lines())


def of_case(case: str) -> Explanation:
    _reason, world, call = CASES[case]
    api_key = str(call.get("api_key", OWN))
    token = str(call.get("token", token_of(api_key) if api_key in (OWN, DELEGATED) else ""))
    rest = {name: call[name] for name in ("service", "data_space") if name in call}
    return explain(world.tables, Call(api_key, token, **({"service": "search"} | rest)), NOON)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_the_one_check_that_failed_is_the_one_of_the_reason(case: str):
    explanation = of_case(case)
    failed = [step for step, check in zip(STEPS, explanation.checks, strict=True) if check.outcome is Outcome.FAILED]

    reason = CASES[case][0]
    assert explanation.decision.reason is reason
    assert [reason in step.reasons for step in failed] == ([] if reason is None else [True])


@pytest.mark.parametrize("case", CASES)
def test_after_the_check_that_failed_nothing_is_looked_at(case: str):
    outcomes = [check.outcome for check in of_case(case).checks]
    failed = outcomes.index(Outcome.FAILED) if Outcome.FAILED in outcomes else len(outcomes)

    assert Outcome.NOT_LOOKED_AT not in outcomes[:failed]
    assert set(outcomes[failed + 1 :]) <= {Outcome.NOT_LOOKED_AT}


@pytest.mark.parametrize("case", CASES)
def test_a_tokens_signature_is_never_printed(case: str):
    signature = token_of(OWN).rpartition(".")[2]

    assert signature not in text(of_case(case))


def test_every_reason_belongs_to_a_check_in_the_order_of_the_table():
    told = [min(list(REASONS).index(reason) for reason in step.reasons) for step in STEPS]

    assert {reason for step in STEPS for reason in step.reasons} == set(Reason)
    assert told == sorted(told)


def test_an_allowed_call_says_what_was_compared():
    said = text(explained(World(), DELEGATED, data_space=PRODUCTION_SPACE))

    assert "the token ends at 2026-11-22T12:05:00Z; to be after 2026-11-22T11:59:00Z" in said
    assert "MAG000000001 Aurora: good" in said
    assert "MAG000000002 Brückner: good" in said
    assert "dlg_1: active, until 2026-11-23T12:00:00Z" in said
    assert "a sandbox key, a production data space; the policy is report" in said
    assert said.endswith("Allowed. It is reported as environment_mismatch.")


def test_a_refused_call_says_who_can_mend_it():
    said = text(explained(World().but(owner={"standing": records.SUSPENDED})))

    assert "FAILED              Is its owner in standing?: MAG000000001 Aurora: suspended" in said
    assert said.endswith(
        "Refused: 403 owner_suspended. The account that owns the key is suspended. "
        "Who can mend it: a partner admin of the vendor."
    )


def test_header_and_claims_are_shown():
    said = text(explained(World()))

    assert 'header      {"typ": "JWT", "alg": "RS256"}' in said
    assert f'claims      {{"exp": {int(NOON) + 300}, "iss": "shop.example.com"' in said


PROOFS = {
    "Is the API key known?": ("f" * 32, token_of(OWN)),
    "Is the token one?": (OWN, "x.y"),
    "Does it name the key's algorithm?": (
        OWN,
        signed(private_of(OWN), as_part(HEADER | {"alg": "none"}), "eyJleHAiOjF9"),
    ),
    "Does its signature fit the key?": (OWN, token_of(DELEGATED)),
}


@pytest.mark.parametrize("asks", PROOFS)
def test_what_a_stranger_does_not_hear_an_operator_does(asks: str):
    api_key, token = PROOFS[asks]
    explanation = explained(World(), api_key, token=token)

    assert [check.asks for check in explanation.checks if check.outcome is Outcome.FAILED] == [asks]
    assert "not_proven" in explanation.verdict


def test_what_a_call_brings_cannot_write_to_a_terminal():
    claims = as_part({"exp": NOON, "iss": "\x1b]0;owned\x07\u202e"})
    token = signed(private_of(OWN), as_part(HEADER | {"x": "\x1b[2J"}), claims)

    said = text(explained(World(), token=token, service="\x1b[31msearch", data_space="\r\n\x9b"))

    assert said.isascii()
    assert all(character.isprintable() or character == "\n" for character in said)


@pytest.mark.parametrize("ends_at", [0, -1e300, 1e300, 10**4000, 253402300800])
def test_whatever_end_a_token_has_it_is_said(ends_at: float):
    token = signed(private_of(OWN), as_part(HEADER), as_part({"exp": ends_at}))

    assert "the token ends at " in text(explained(World(), token=token))


def test_a_long_token_is_not_shown_whole():
    token = signed(private_of(OWN), as_part(HEADER), as_part({"exp": NOON, "x": "y" * 5000}))

    assert max(map(len, text(explained(World(), token=token)).splitlines())) < 2100


# As it is asked on a command line


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.txt"
    file.write_text(f"GET /gateway/check/search HTTP/1.1\nx-api-key: {OWN}\nx-gw-signature: {token_of(OWN)}\n")
    return file


def test_a_past_moment_is_looked_at_with_the_states_of_today(request_file: Path):
    asked = questions.question(str(request_file), "2026-11-22T12:00:00Z", None)

    answer = questions.answer(World().tables, asked)

    assert answer.exit_code == 0
    assert answer.text.startswith("Looked at as of 2026-11-22T12:00:00Z.\nStates are those of today")


def test_without_a_moment_it_is_now(request_file: Path):
    answer = questions.answer(World().tables, questions.question(str(request_file), None, None))

    assert answer.exit_code == 1
    assert "States are those of today" not in answer.text


def test_a_moment_may_be_one_of_another_zone(request_file: Path):
    assert questions.question(str(request_file), "2026-11-22T13:00:00+01:00", None).at == NOON


def test_the_service_on_the_command_line_is_the_one(request_file: Path):
    assert questions.question(str(request_file), None, "payments").call.service == "payments"


def test_a_request_without_a_service_is_said_to_have_none(tmp_path: Path):
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"api_key": OWN, "token": token_of(OWN)}))

    assert "names no service" in questions.question(str(file), None, None).notes[0]


@pytest.mark.parametrize("at", ["yesterday", "2026-11-22T12:00:00", "2026-13-01T00:00:00Z", ""])
def test_what_is_no_moment_is_refused(at: str, request_file: Path):
    with pytest.raises(Unreadable, match=r"no moment|where on Earth"):
        questions.question(str(request_file), at, None)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(Unreadable, match="cannot be read"):
        questions.question(str(tmp_path / "none"), None, None)
