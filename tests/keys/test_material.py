"""What is accepted as a public key, and why the rest is refused."""

import math
import time
from itertools import combinations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.keys import material
from portal.keys.errors import (
    NotAPublicKey,
    NotRsa,
    PrivateKeyPasted,
    RocaModulus,
    SeveralKeys,
    WeakModulus,
    WrongSize,
)
from tests.factories import a_private_key, pem_of, public_of, public_pem_of
from tests.keys.weak import WEAK, a_public_key, close_primes, pem, roca_modulus

pytestmark = pytest.mark.no_database


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


@pytest.mark.parametrize("weakness", WEAK)
def test_a_weak_key_is_refused_by_its_own_reason(weakness):
    weak, refusal = WEAK[weakness]

    with pytest.raises(refusal):
        material.read_public_pem(pem(weak()))


def test_close_primes_are_refused_quickly():
    weak = pem(close_primes())
    began = time.process_time()

    with pytest.raises(WeakModulus):
        material.read_public_pem(weak)

    assert time.process_time() - began < 0.2  # security.md section 3, number 3


@pytest.mark.parametrize("bits", [1024, 2047, 4097])
def test_a_refused_size_is_named(bits):
    with pytest.raises(WrongSize) as refusal:
        material.read_public_pem(pem(a_public_key((1 << bits) - 1)))

    assert refusal.value.facts["bits"] == bits


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_the_mark_of_roca_is_seen_in_every_size(bits):
    with pytest.raises(RocaModulus):
        material.read_public_pem(pem(a_public_key(roca_modulus(bits))))


def test_200_ordinary_keys_do_not_bear_the_mark_of_roca():
    primes = [a_private_key(number).private_numbers().p for number in range(21)]
    moduli = [one * other for one, other in combinations(primes, 2)][:200]

    assert len(moduli) == 200
    assert [modulus for modulus in moduli if material._is_from_roca(modulus)] == []


def test_the_mark_of_roca_is_as_rare_as_published():
    """The figure that was worked out for the authors' own test: so these are its primes and residues."""
    chances = [(prime - 1) // len(residues) for prime, residues in material.ROCA_RESIDUES.items()]

    assert math.prod(chances) == 238_878_720


def test_a_made_pair_belongs_together():
    half, private_pem = material.generate()

    private = serialization.load_pem_private_key(private_pem, None)
    assert public_of(private) == half
    assert half.bits == 3072
    assert private_pem.startswith(b"-----BEGIN PRIVATE KEY-----")
