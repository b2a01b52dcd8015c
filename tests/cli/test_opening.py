"""`portal-key open` as people run it: a process of its own, against a portal that runs."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder.envelope_keys import PKCS8
from portal.foundation.database import transaction
from portal.handoffs import operations, recovery, store
from portal.handoffs.models import HandOffState, Purpose
from tests.api.passing import a_code_for
from tests.cli.passing import OPENING, PROOF_OF_OPENING, Desk, enrolled, hand_offs, tampered, write_keys
from tests.cli.serving import Line
from tests.cli.terminal import at_a_terminal
from tests.cli.test_holder import COMMAND, portal_key, report
from tests.factories import a_member, a_private_key, pem_of, tenant_of
from tests.handoffs.scenes import Scene, a_scene

pytestmark = pytest.mark.either_database

FILE = "production-private-key.pem"
PASSPHRASE = "läng genug für alle 店鋪"


@pytest.fixture
def scene() -> Scene:
    return a_scene()


@pytest.fixture(autouse=True)
def desk(scene: Scene, url: str, here: Path) -> Desk:
    write_keys(scene, here)
    return Desk(scene, url)


@pytest.fixture
def copied(scene: Scene, here: Path) -> None:
    """The recovery copy of the envelope key, and its passphrase."""
    (here / "recovery.txt").write_text(recovery.wrap(scene.receiving, PASSPHRASE))
    (here / "passphrase").write_text(f"{PASSPHRASE}\r\nanother line\n")
    (here / "wrong").write_text("another long passphrase\n")


def stands() -> tuple[HandOffState, int]:
    """State and attempts of the one hand-off there is."""
    (hand_off,) = hand_offs()
    return hand_off.state, hand_off.attempts


@pytest.mark.both_databases
def test_what_the_owner_seals_the_integrator_opens(desk: Desk, scene: Scene, url: str, here: Path):
    """From the first envelope key to the proof, all by commands, by a colleague who has none yet."""
    colleague = a_member(tenant_of(scene.integrator), name="Ivy")
    portal_key("enroll", "--portal", url, a_code_for(colleague, Purpose.ENROL), "--out", "ivy.pem")
    with transaction():
        intent = operations.begin(scene.owner, scene.pair, enrolled()[-1].public_id)
        subject = intent.public_id
    desk.seal(a_code_for(scene.owner, Purpose.SEAL, subject), "--yes")

    ended = desk.open(a_code_for(colleague, Purpose.OPEN, subject), key="ivy.pem")

    (hand_off,) = hand_offs()
    assert ended.returncode == 0, ended.stderr
    assert (here / FILE).read_text() == pem_of(scene.private)
    assert (here / FILE).stat().st_mode & 0o777 == 0o600
    assert (hand_off.state, hand_off.envelope, hand_off.opened_by_id) == (HandOffState.DONE, None, colleague.person_id)
    assert f"production_api_key {scene.pair.api_key}" in ended.stdout
    assert f'production_private_key "$(cat {FILE})"' in ended.stdout
    assert "PRIVATE KEY" not in ended.stdout + ended.stderr


def test_what_the_library_sealed_is_opened(desk: Desk, scene: Scene, here: Path):
    _hand_off, code = desk.offered()

    told = report(desk.open(code, "--out", "shop.pem", "--json"))

    assert (told["state"], told["file"], told["api_key"]) == ("done", "shop.pem", scene.pair.api_key)
    assert (here / "shop.pem").read_text() == pem_of(scene.private)
    assert [copy.holder.name for copy in store.copies_of(scene.owner, scene.pair)] == ["Agency"]


def test_no_private_material_reaches_the_portal(desk: Desk, scene: Scene, sent: list[bytes]):
    _hand_off, code = desk.offered()

    assert desk.open(code).returncode == 0

    body, numbers = b"".join(sent), scene.private.private_numbers()
    assert b"signature" in body
    assert b"PRIVATE" not in body
    assert not any(line.encode() in body for line in pem_of(scene.private).splitlines()[1:-1])
    assert numbers.p.to_bytes(128, "big") not in body


@pytest.mark.both_databases
def test_lost_answers_are_asked_for_again(desk: Desk, line: Line):
    _hand_off, code = desk.offered()
    line.path, line.lost = OPENING, 1
    fetched = desk.open(code, "--json")
    assert (fetched.returncode, stands()) == (0, (HandOffState.DONE, 2))

    line.path, line.lost = PROOF_OF_OPENING, 1
    again = desk.open(code, "--out", FILE, "--json")

    assert line.asked.count(PROOF_OF_OPENING) == 3
    assert report(again) == report(fetched)


def test_after_a_lost_proof_the_same_code_and_file_end_the_same(desk: Desk, line: Line):
    _hand_off, code = desk.offered()
    line.path, line.lost = PROOF_OF_OPENING, 99

    lost = desk.open(code)
    line.lost = 0
    bare, again = desk.open(code, "--json"), desk.open(code, "--out", FILE)

    assert lost.returncode == 3
    assert f"The private key is in {FILE}. To go on with it: add --out {FILE}" in lost.stderr
    assert (bare.returncode, report(bare)["error"]["code"]) == (1, "hand_off_over")
    assert again.returncode == 0
    assert stands() == (HandOffState.DONE, 1)


def test_a_command_that_is_killed_before_it_proved_is_repeated_with_its_file(
    desk: Desk, url: str, line: Line, scene: Scene, here: Path
):
    _hand_off, code = desk.offered()
    line.path, line.held = PROOF_OF_OPENING, True
    words = ("open", "--portal", url, "--envelope-key", "envelope-key.pem", code)
    killed = subprocess.Popen([*COMMAND, *words], stderr=subprocess.DEVNULL)
    assert line.reached.wait(30)
    killed.kill()
    killed.wait()
    line.held = False

    ended = desk.open(code, "--out", FILE)

    assert ended.returncode == 0, ended.stderr
    assert stands() == (HandOffState.DONE, 1)
    assert (here / FILE).read_text() == pem_of(scene.private)


def test_what_was_withdrawn_after_it_was_saved_is_told(desk: Desk, line: Line, scene: Scene):
    hand_off, code = desk.offered()
    line.path, line.held = PROOF_OF_OPENING, True
    desk.open(code)
    line.held = False
    with transaction():
        operations.withdraw(scene.owner, store.get(scene.owner, hand_off.public_id))

    ended = desk.open(code, "--out", FILE, "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "hand_off_over")
    assert "withdrawn" in report(ended)["error"]["message"]


def test_a_file_that_is_in_the_way_is_not_written_over(desk: Desk, scene: Scene, here: Path):
    _hand_off, code = desk.offered()
    (here / FILE).write_text("precious")

    named = desk.open(code, "--out", FILE)
    assert (named.returncode, stands()) == (1, (HandOffState.OFFERED, 0))
    by_default = desk.open(code)
    other = desk.open(code, "--out", "other.pem")

    assert "Name another with --out: the code is still good" in by_default.stderr
    assert (here / FILE).read_text() == "precious"
    assert (by_default.returncode, other.returncode) == (1, 0)


def test_a_receiver_who_has_the_very_key_already_proves_it(desk: Desk, scene: Scene, here: Path):
    _hand_off, code = desk.offered()

    ended = desk.open(code, "--out", "key.pem")

    assert ended.returncode == 0, ended.stderr
    assert stands() == (HandOffState.DONE, 1)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--out", "other.pem"), "key_of_another_pair"),
        (("--out", "nowhere/key.pem"), "unusable_file"),
        (("--envelope-key", "other.pem"), "unusable_file"),
        (("--envelope-key", "hers.pem"), "another_envelope_key"),
    ],
)
def test_what_does_not_fit_is_told_before_it_is_opened(words: tuple[str, str], reason: str, desk: Desk, here: Path):
    _hand_off, code = desk.offered()
    (here / "other.pem").write_text(pem_of(a_private_key(3)))
    (here / "hers.pem").write_bytes(X25519PrivateKey.generate().private_bytes(*PKCS8))

    ended = desk.open(code, *words, "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, reason)
    assert stands() == (HandOffState.OFFERED, 0)


def flipped(octets: bytes) -> bytes:
    return octets[:2000] + bytes([octets[2000] ^ 1]) + octets[2001:]


def test_an_altered_envelope_is_not_opened(desk: Desk, here: Path):
    hand_off, code = desk.offered()
    tampered(hand_off, envelope=flipped(hand_off.envelope))

    ended = desk.open(code, "--json")

    assert (ended.returncode, report(ended)["error"]["code"]) == (1, "envelope_not_opened")
    assert not (here / FILE).exists()
    assert stands() == (HandOffState.OPENED, 1)


def test_a_cut_envelope_is_not_opened(desk: Desk, here: Path):
    hand_off, code = desk.offered()
    tampered(hand_off, envelope=hand_off.envelope[:-1])

    assert report(desk.open(code, "--json"))["error"]["code"] == "envelope_not_whole"
    assert not (here / FILE).exists()


def test_an_envelope_that_the_holder_did_not_seal_is_not_opened(desk: Desk, here: Path):
    hand_off, code = desk.offered()
    tampered(hand_off, signature=bytes(256))

    assert report(desk.open(code, "--json"))["error"]["code"] == "envelope_not_from_holder"
    assert not (here / FILE).exists()


def test_a_code_that_is_wrong_or_of_another_account_opens_nothing(desk: Desk, scene: Scene):
    hand_off, _code = desk.offered()
    owners = a_code_for(scene.owner, Purpose.OPEN, hand_off.public_id)

    wrong, foreign = desk.open("0000", "--json"), desk.open(owners, "--json")

    assert report(wrong)["error"]["code"] == "code_refused"
    assert report(foreign)["error"]["code"] == "not_found"
    assert stands() == (HandOffState.OFFERED, 0)


def by_recovery(url: str, code: str, *words: str) -> tuple[str, ...]:
    return ("open", "--portal", url, "--recovery", "recovery.txt", code, *words)


@pytest.mark.usefixtures("copied")
def test_the_browsers_recovery_copy_opens_as_well(desk: Desk, url: str, scene: Scene, here: Path):
    _hand_off, code = desk.offered()

    ended = portal_key(*by_recovery(url, code, "--passphrase-file", "passphrase"))

    assert ended.returncode == 0, ended.stderr
    assert (here / FILE).read_text() == pem_of(scene.private)


@pytest.mark.usefixtures("copied")
def test_its_passphrase_is_asked_for_and_not_shown(desk: Desk, url: str, here: Path):
    _hand_off, code = desk.offered()

    end, _printed, seen = at_a_terminal(*by_recovery(url, code), typed=PASSPHRASE)

    assert end == 0, seen
    assert "Passphrase of recovery.txt" in seen
    assert PASSPHRASE not in seen


@pytest.mark.usefixtures("copied")
def test_without_the_passphrase_nothing_is_opened(desk: Desk, url: str, line: Line, here: Path):
    _hand_off, code = desk.offered()
    (here / "torn.txt").write_text((here / "recovery.txt").read_text()[:-20])

    wrong = portal_key(*by_recovery(url, code, "--passphrase-file", "wrong", "--json"))
    unasked = portal_key(*by_recovery(url, code, "--json"))
    torn = portal_key(*by_recovery(url, code, "--recovery", "torn.txt", "--passphrase-file", "passphrase", "--json"))
    mistaken = desk.open(code, key="recovery.txt")

    codes = [report(one)["error"]["code"] for one in (wrong, unasked, torn)]
    assert codes == ["passphrase_wrong", "unusable_file", "not_a_recovery_copy"]
    assert "takes it with --recovery" in mistaken.stderr
    assert line.asked == []


def test_one_way_to_the_envelope_key_is_named(url: str):
    neither = portal_key("open", "--portal", url, "1")
    both = portal_key(
        "open", "--portal", url, "--envelope-key", "envelope-key.pem", "--recovery", "key.pem", "1"
    )  # fmt: skip

    assert (neither.returncode, both.returncode) == (2, 2)
