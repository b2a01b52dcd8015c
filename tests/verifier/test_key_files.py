"""Private key files as people have them: other encodings, other kinds of files, and locked ones."""

import pytest

from portal.verifier.key_files import CannotOpen, open_locked, read_key_file, read_opened, text_of
from portal.verifier.paste import Finding, read_private_key
from tests.verifier.locking import LOCKS, PASSPHRASE, locked, slow_lock
from tests.verifier.pasting import FILES, curve, pem

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_is_told(name: str):
    octets, findings, is_a_key = FILES[name]

    found = read_key_file(octets())

    assert found.findings == tuple(findings)
    assert (found.spki_sha256 is not None) is is_a_key


@pytest.mark.parametrize(
    "name", [name for name, (_octets, findings, is_a_key) in FILES.items() if findings and is_a_key]
)
def test_a_file_of_windows_is_the_same_key_and_can_be_mended(name: str):
    found = read_key_file(FILES[name][0]())

    assert found.repaired == pem()


@pytest.mark.parametrize("name", LOCKS)
def test_each_lock_of_openssl_is_opened(name: str):
    assert open_locked(locked(name), PASSPHRASE.encode()) == pem()


@pytest.mark.parametrize("name", LOCKS)
def test_a_wrong_passphrase_opens_nothing(name: str):
    with pytest.raises(CannotOpen) as reason:
        open_locked(locked(name), b"wrong")

    assert reason.value.finding is Finding.WRONG_PASSPHRASE


def test_no_passphrase_opens_nothing():
    assert read_opened(locked("AES-256"), b"").findings == (Finding.WRONG_PASSPHRASE,)


def test_a_lock_that_would_take_for_ever_is_not_begun():
    with pytest.raises(CannotOpen) as reason:
        open_locked(slow_lock(), b"secret")

    assert reason.value.finding is Finding.OTHER_LOCK


def test_what_was_locked_stays_a_finding_and_is_mended_without_the_lock():
    found = read_opened(locked("AES-256"), PASSPHRASE.encode())

    assert (found.findings, found.repaired) == ((Finding.ENCRYPTED,), pem())
    assert found.spki_sha256 == read_private_key(pem()).spki_sha256


def test_a_locked_text_that_was_pasted_badly_is_opened_all_the_same():
    badly = locked("AES-256").replace("\n", "\n   ")

    assert read_opened(badly, PASSPHRASE.encode()).repaired == pem()


def test_a_locked_file_of_windows_is_opened():
    text = text_of(locked("AES-256").encode("utf-16"))

    assert read_opened(text, PASSPHRASE.encode()).repaired == pem()


def test_a_locked_key_of_another_kind_is_told_once_it_is_open():
    found = read_opened(pem(curve(), passphrase=b"secret"), b"secret")

    assert (found.findings, found.repaired) == ((Finding.ENCRYPTED, Finding.NOT_RSA), "")
