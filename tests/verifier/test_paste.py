"""What a shop makes of a paste (S12), and the text that mends it."""

import pytest
from cryptography.hazmat.primitives import serialization

from portal.verifier.paste import Finding, read_api_key, read_private_key
from tests.verifier.pasting import API_KEYS, PASTES, key, pem

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("name", PASTES)
def test_s12_each_way_to_paste_a_private_key_wrongly_is_found(name: str):
    paste, findings, is_a_key = PASTES[name]

    found = read_private_key(paste())

    assert found.findings == tuple(findings)
    assert (found.spki_sha256 is not None) is is_a_key


@pytest.mark.parametrize("name", API_KEYS)
def test_s12_each_way_to_paste_an_api_key_wrongly_is_found(name: str):
    text, findings = API_KEYS[name]

    assert read_api_key(text).findings == tuple(findings)


@pytest.mark.parametrize(
    "name", [name for name, (_paste, findings, is_a_key) in PASTES.items() if findings and is_a_key]
)
def test_s12_what_can_be_mended_is_mended_and_has_nothing_wrong(name: str):
    paste, findings, _is_a_key = PASTES[name]
    found = read_private_key(paste())

    again = read_private_key(found.repaired or paste())

    assert set(again.findings) <= {Finding.TOO_SHORT}
    assert again.spki_sha256 == found.spki_sha256
    assert bool(found.repaired) is (findings != ["too-short"])


def test_a_mended_key_is_the_same_key():
    mended = serialization.load_pem_private_key(read_private_key(pem().replace("\n", " ")).repaired.encode(), None)

    assert mended.private_numbers() == key().private_numbers()


def test_a_mended_api_key_is_what_the_portal_shows():
    assert read_api_key(" 0123456789ABCDEF\n0123456789abcdef").repaired == "0123456789abcdef0123456789abcdef"
