"""What is accepted as a public key, and why the rest is refused."""

import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from portal.keys import material
from portal.keys.errors import (
    NotAPublicKey,
    NotRsa,
    PrivateKeyPasted,
    SeveralKeys,
    WeakModulus,
    WrongExponent,
    WrongSize,
)
from tests.factories import a_private_key, pem_of, public_of, public_pem_of

pytestmark = pytest.mark.no_database


def pem(key: object) -> str:
    return key.public_bytes(  # type: ignore[attr-defined]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def an_rsa_key(modulus: int, exponent: int = 65537) -> str:
    return pem(rsa.RSAPublicNumbers(exponent, modulus).public_key())


def test_an_ordinary_public_key_is_read():
    private = a_private_key()

    half = material.read_public_pem("\n  " + public_pem_of(private) + "\n")

    assert half == public_of(private)
    assert half.bits == 2048


@pytest.mark.parametrize(
    "text",
    ["", "hello", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\nAAAA"],
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(NotAPublicKey):
        material.read_public_pem(text)


def test_two_keys_in_one_text_are_refused():
    with pytest.raises(SeveralKeys):
        material.read_public_pem(public_pem_of(a_private_key(0)) + public_pem_of(a_private_key(1)))


def test_a_private_key_is_recognised_with_the_hash_of_its_public_half():
    private = a_private_key()

    with pytest.raises(PrivateKeyPasted) as refusal:
        material.read_public_pem(pem_of(private))

    assert refusal.value.facts["spki_sha256"] == public_of(private).spki_sha256


def test_an_encrypted_private_key_is_recognised_though_it_cannot_be_read():
    encrypted = a_private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )

    with pytest.raises(PrivateKeyPasted) as refusal:
        material.read_public_pem(encrypted.decode())

    assert refusal.value.facts["spki_sha256"] is None


def test_a_key_that_is_not_rsa_is_refused():
    with pytest.raises(NotRsa):
        material.read_public_pem(pem(ec.generate_private_key(ec.SECP256R1()).public_key()))


@pytest.mark.parametrize("bits", [1024, 4104])
def test_a_key_of_the_wrong_size_is_refused(bits):
    with pytest.raises(WrongSize) as refusal:
        material.read_public_pem(an_rsa_key((1 << bits) - 1))

    assert refusal.value.facts["bits"] == bits


def test_an_unusual_exponent_is_refused():
    modulus = a_private_key().public_key().public_numbers().n

    with pytest.raises(WrongExponent):
        material.read_public_pem(an_rsa_key(modulus, exponent=3))


def test_a_modulus_with_a_small_factor_is_refused():
    with pytest.raises(WeakModulus):
        material.read_public_pem(an_rsa_key(1999 * (2**2047 // 1999 | 1)))


def test_close_primes_are_refused_quickly():
    prime = a_private_key().private_numbers().p
    close = next(prime + step for step in range(2, 4000, 2) if pow(2, prime + step - 1, prime + step) == 1)
    began = time.process_time()

    with pytest.raises(WeakModulus):
        material.read_public_pem(an_rsa_key(prime * close))

    assert time.process_time() - began < 0.2  # security.md section 3, number 3


def test_a_made_pair_belongs_together():
    half, private_pem = material.generate()

    private = serialization.load_pem_private_key(private_pem, None)
    assert public_of(private) == half
    assert half.bits == 3072
    assert private_pem.startswith(b"-----BEGIN PRIVATE KEY-----")
