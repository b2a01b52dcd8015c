"""`portal-key enroll` as people run it: a process of its own, against a portal that runs."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from portal.access.actor import Actor
from portal.cli.holder.envelope_keys import read
from portal.handoffs.envelope import raw_public
from portal.handoffs.models import Kept, Purpose
from portal.handoffs.words import comparison_words
from tests.api.passing import a_code_for
from tests.cli.passing import ENROLMENT, enrolled
from tests.cli.serving import Line
from tests.cli.test_holder import Ended, portal_key, report
from tests.factories import a_private_key, an_integrator, pem_of

pytestmark = [pytest.mark.either_database, pytest.mark.usefixtures("here")]


@pytest.fixture
def person() -> Actor:
    return an_integrator(name="Agency")


def enroll(url: str, person: Actor, *words: str | Path) -> Ended:
    return portal_key("enroll", "--portal", url, a_code_for(person, Purpose.ENROL), *words)


@pytest.mark.both_databases
def test_an_envelope_key_is_made_here_and_only_its_public_half_is_known(url: str, person: Actor, here: Path):
    ended = enroll(url, person)

    file = here / "envelope-key.pem"
    (key,) = enrolled()
    assert ended.returncode == 0, ended.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert (key.public, key.kept, key.person_id) == (raw_public(read(file)), Kept.FILE, person.person_id)
    assert " ".join(comparison_words(key.public)) in ended.stdout
    assert "It can be used at once." in ended.stdout
    assert "PRIVATE KEY" not in ended.stdout + ended.stderr


def test_openssl_reads_the_file(url: str, person: Actor):
    enroll(url, person)

    text = subprocess.run(["openssl", "pkey", "-in", "envelope-key.pem", "-noout", "-text"], capture_output=True)
    public = subprocess.run(["openssl", "pkey", "-in", "envelope-key.pem", "-pubout", "-outform", "DER"],
                            capture_output=True)  # fmt: skip

    assert b"X25519" in text.stdout
    assert public.stdout[-32:] == enrolled()[0].public


def test_the_words_are_those_of_the_file_whatever_the_portal_says(
    url: str, person: Actor, here: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("portal.api.hand_offs._words", lambda _public: "another key's words")

    told = report(enroll(url, person, "--json"))

    assert told["words"].split() == list(comparison_words(raw_public(read(here / "envelope-key.pem"))))
    assert told["to_key"] == hashlib.sha256(enrolled()[0].public).hexdigest()


def test_an_answer_that_is_lost_is_asked_for_again(url: str, line: Line, person: Actor):
    line.path, line.lost = ENROLMENT, 1

    ended = enroll(url, person)

    assert ended.returncode == 0, ended.stderr
    assert line.asked.count(ENROLMENT) == 2
    assert len(enrolled()) == 1


@pytest.mark.both_databases
def test_after_lost_answers_it_goes_on_with_the_file(url: str, line: Line, person: Actor, here: Path):
    line.path, line.lost = ENROLMENT, 99
    lost = enroll(url, person)
    line.lost = 0

    again, third = (enroll(url, person, "--out", here / "envelope-key.pem") for _each in range(2))

    assert lost.returncode == 3
    assert "The envelope key is in envelope-key.pem. To go on with it: add --out envelope-key.pem" in lost.stderr
    assert (again.returncode, third.returncode) == (0, 0)
    assert again.stdout == third.stdout
    assert len(enrolled()) == 1


def test_one_that_takes_another_ones_place_can_be_used_after_a_day(url: str, person: Actor):
    enroll(url, person)

    ended = enroll(url, person, "--out", "another.pem")

    usable = enrolled()[-1].usable_at
    assert f"so it can be used from {usable:%Y-%m-%d %H:%M} UTC on" in ended.stdout


def test_a_code_that_is_wrong_or_for_something_else_writes_no_file(url: str, person: Actor, here: Path):
    wrong = portal_key("enroll", "--portal", url, "0000", "--json")
    other = portal_key("enroll", "--portal", url, a_code_for(person, Purpose.OPEN, "x"), "--json")

    assert (wrong.returncode, other.returncode) == (1, 1)
    assert report(wrong) == report(other)
    assert report(wrong)["error"]["code"] == "code_refused"
    assert list(here.iterdir()) == []


def test_a_file_that_is_there_is_neither_written_over_nor_enrolled(url: str, person: Actor, here: Path):
    (here / "envelope-key.pem").write_text(pem_of(a_private_key(720)))

    by_default, named = enroll(url, person), enroll(url, person, "--out", "envelope-key.pem", "--json")

    assert "exists already; nothing was written" in by_default.stderr
    assert report(named)["error"]["code"] == "unusable_file"
    assert "of another kind" in report(named)["error"]["message"]
    assert enrolled() == []


def test_a_folder_that_cannot_be_written_to_is_told_in_json_as_well(url: str, person: Actor):
    ended = enroll(url, person, "--out", "nowhere/key.pem", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "unusable_file")
    assert enrolled() == []


def test_an_envelope_key_belongs_to_one_person(url: str, person: Actor):
    enroll(url, person)

    ended = enroll(url, an_integrator(), "--out", "envelope-key.pem", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "envelope_key_known")
