"""`portal-key seal` as people run it: a process of its own, against a portal that runs."""

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask

from portal.cli.holder.envelope_keys import PKCS8
from portal.foundation import clock
from portal.handoffs.envelope import Envelope, open_envelope
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOffState, Purpose
from portal.handoffs.words import comparison_words
from tests.api.passing import a_code_for
from tests.cli.passing import DEPOSIT, Desk, hand_offs, write_keys
from tests.cli.serving import Line
from tests.cli.test_holder import report
from tests.factories import a_private_key, pem_of, public_pem_of
from tests.handoffs.scenes import Scene, a_scene, an_envelope_key, an_intent

pytestmark = pytest.mark.either_database


@pytest.fixture
def scene() -> Scene:
    return a_scene()


@pytest.fixture(autouse=True)
def desk(scene: Scene, url: str, here: Path) -> Desk:
    write_keys(scene, here)
    return Desk(scene, url)


@pytest.mark.both_databases
def test_what_is_sealed_here_is_what_the_receiver_opens(desk: Desk, scene: Scene):
    ended = desk.seal(desk.code_to_seal(), "--yes")

    (hand_off,) = hand_offs()
    assert ended.returncode == 0, ended.stderr
    assert "“Storefront” (production) for" in ended.stdout
    assert f"It can be opened until {hand_off.lapses_at:%Y-%m-%d %H:%M} UTC" in ended.stdout
    envelope = Envelope(hand_off.envelope, hand_off.signature)
    assert open_envelope(envelope, scene.receiving, bound_by(hand_off)) == pem_of(scene.private)


def test_openssl_verifies_who_sealed(desk: Desk, scene: Scene, here: Path):
    desk.seal(desk.code_to_seal(), "--yes")

    (hand_off,) = hand_offs()
    digest = hashlib.sha256(hand_off.envelope).hexdigest().encode()
    (here / "signed").write_bytes(b"portal-envelope-v1\n" + bound_by(hand_off).info + b"\n" + digest + b"\n")
    (here / "signature").write_bytes(hand_off.signature)
    (here / "public.pem").write_text(public_pem_of(scene.private))
    verifying = "openssl dgst -sha256 -verify public.pem -signature signature signed"
    assert subprocess.run(verifying.split(), capture_output=True).stdout == b"Verified OK\n"


def test_it_asks_first_whether_the_words_are_the_same(desk: Desk, scene: Scene, line: Line):
    unsure, silent = desk.seal(desk.code_to_seal(), typed="n\n"), desk.seal(desk.code_to_seal())

    assert (unsure.returncode, silent.returncode) == (1, 1)
    assert " ".join(comparison_words(scene.key.public)) in unsure.stderr
    assert f"goes to {scene.integrator.label} at Agency" in unsure.stderr
    assert DEPOSIT not in line.asked
    assert desk.seal(desk.code_to_seal(), typed="y\n").returncode == 0


def test_the_words_are_those_of_the_key_that_it_is_sealed_to(desk: Desk, scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.api.hand_offs._words", lambda _public: "another key's words")

    ended = desk.seal(desk.code_to_seal(), "--yes", "--json")

    assert report(ended)["words"].split() == list(comparison_words(scene.key.public))


def test_nothing_is_sealed_to_a_key_other_than_the_one_that_is_bound(
    desk: Desk, line: Line, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("portal.api.hand_offs.envelope.key_sha256", lambda _public: "0" * 64)
    monkeypatch.setattr("portal.handoffs.giving.envelope.key_sha256", lambda _public: "0" * 64)

    ended = desk.seal(desk.code_to_seal(), "--yes", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "another_envelope_key")
    assert DEPOSIT not in line.asked


def test_a_private_key_of_another_pair_is_not_sealed(desk: Desk, here: Path, line: Line):
    (here / "key.pem").write_text(pem_of(a_private_key(3)))

    ended = desk.seal(desk.code_to_seal(), "--yes", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "key_of_another_pair")
    assert DEPOSIT not in line.asked


@pytest.mark.parametrize("text", ["", "-----BEGIN PUBLIC KEY-----", "an envelope key"])
def test_a_file_without_a_private_key_is_told_before_the_portal_is_asked(text: str, desk: Desk, here: Path, line: Line):
    is_other = text == "an envelope key"
    other = X25519PrivateKey.generate().private_bytes(*PKCS8).decode()
    (here / "key.pem").write_text(other if is_other else text)

    ended = desk.seal(desk.code_to_seal(), "--yes", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "unusable_file")
    assert line.asked == []


def test_an_answer_that_is_lost_is_asked_for_again(desk: Desk, line: Line):
    line.path, line.lost = DEPOSIT, 1

    ended = desk.seal(desk.code_to_seal(), "--yes")

    assert ended.returncode == 0, ended.stderr
    assert line.asked.count(DEPOSIT) == 2
    assert len(hand_offs()) == 1


@pytest.mark.both_databases
def test_the_same_code_again_ends_in_the_same_hand_off(desk: Desk, line: Line):
    code = desk.code_to_seal()
    line.path, line.lost = DEPOSIT, 99
    lost = desk.seal(code, "--yes")
    line.lost = 0

    again, third = desk.seal(code, "--yes"), desk.seal(code, "--yes")

    assert (lost.returncode, again.returncode) == (3, 0)
    assert again.stdout == third.stdout
    assert len(hand_offs()) == 1


def test_a_code_that_is_wrong_old_or_for_something_else_seals_nothing(desk: Desk, scene: Scene):
    intent = an_intent(scene).public_id
    with clock.travelled_to(clock.now() - timedelta(minutes=31)):
        old = a_code_for(scene.owner, Purpose.SEAL, intent)
    other = a_code_for(scene.owner, Purpose.OPEN, intent)

    ended = [desk.seal(code, "--yes", "--json") for code in ("0000", old, other)]

    assert [report(one)["error"]["code"] for one in ended] == ["code_refused"] * 3
    assert hand_offs() == []


def test_a_receiver_who_changed_the_key_meanwhile_gets_nothing(desk: Desk, scene: Scene):
    code = desk.code_to_seal()
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    ended = desk.seal(code, "--yes", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "envelope_key_replaced")
    assert hand_offs() == []


def test_a_portal_that_calls_itself_otherwise_gets_no_envelope(
    desk: Desk, line: Line, app: Flask, monkeypatch: pytest.MonkeyPatch
):
    other = app.config["PORTAL"].model_copy(update={"external_base_url": "https://portal.example.com"})
    monkeypatch.setitem(app.config, "PORTAL", other)

    ended = desk.seal(desk.code_to_seal(), "--yes", "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "other_address")
    assert DEPOSIT not in line.asked


def test_no_private_material_reaches_the_portal(desk: Desk, scene: Scene, sent: list[bytes]):
    assert desk.seal(desk.code_to_seal(), "--yes").returncode == 0

    body, (hand_off,) = b"".join(sent), hand_offs()
    numbers = scene.private.private_numbers()
    assert b"ciphertext" in body
    for octets in (body, hand_off.envelope):
        assert b"PRIVATE" not in octets
        assert not any(number.to_bytes(256, "big").lstrip(b"\0") in octets for number in (numbers.p, numbers.d))
    # No line of the file's base64 either.
    assert not any(line.encode() in body for line in pem_of(scene.private).splitlines()[1:-1])
    assert hand_off.state is HandOffState.OFFERED
