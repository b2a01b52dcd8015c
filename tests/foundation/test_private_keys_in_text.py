"""A private key is no name and no message, in whichever form it comes (design rule 2)."""

import pytest

from portal.foundation.words import HoldsPrivateKey, clean_connector_name, clean_name, clean_text

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize("clean", [clean_name, clean_connector_name, clean_text])
@pytest.mark.parametrize("kind", ["", "RSA ", "ENCRYPTED ", "EC ", "OPENSSH "])
def test_a_private_key_is_refused(clean, kind):
    with pytest.raises(HoldsPrivateKey):
        clean(f"For you:\n-----BEGIN {kind}PRIVATE KEY-----\nMIIG\n-----END {kind}PRIVATE KEY-----")


def test_a_public_key_in_a_message_is_no_harm():
    assert clean_text("-----BEGIN PUBLIC KEY-----").startswith("-----BEGIN")
