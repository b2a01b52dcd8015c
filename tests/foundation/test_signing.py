"""The portal's own signatures: made with one key for each purpose, verified with any it ever had."""

import pytest
from sqlalchemy import func, select, update

from portal.foundation import clock, signing
from portal.foundation.database import db, transaction
from portal.foundation.sealing import CannotUnseal, Sealer
from portal.foundation.signing import Purpose, Signed, SigningKey
from tests.parallel import at_once

SAID = b"what the portal says"


def sign(purpose: Purpose = Purpose.EVIDENCE) -> Signed:
    with transaction():
        return signing.sign(purpose, SAID)


def rotate() -> str:
    with transaction():
        return signing.rotate(Purpose.EVIDENCE).key_id


def how_many() -> int:
    return db.session.scalar(select(func.count()).select_from(SigningKey)) or 0


def test_what_was_signed_verifies():
    signed = sign()

    assert signing.verify(Purpose.EVIDENCE, signed.key_id, SAID, signed.signature)


@pytest.mark.parametrize("octets", [SAID + b".", b"", SAID[:-1]])
def test_what_was_changed_does_not_verify(octets: bytes):
    signed = sign()

    assert not signing.verify(Purpose.EVIDENCE, signed.key_id, octets, signed.signature)


@pytest.mark.parametrize("signature", [b"", b"short", bytes(64), bytes(65)])
def test_what_is_no_signature_does_not_verify(signature: bytes):
    assert not signing.verify(Purpose.EVIDENCE, sign().key_id, SAID, signature)


def test_a_signature_for_one_purpose_is_none_for_another():
    signed = sign(Purpose.BUNDLE_PRODUCTION)

    assert not signing.verify(Purpose.EVIDENCE, signed.key_id, SAID, signed.signature)


def test_a_signature_for_one_environment_is_none_for_the_other():
    signed = sign(Purpose.BUNDLE_SANDBOX)

    assert not signing.verify(Purpose.BUNDLE_PRODUCTION, signed.key_id, SAID, signed.signature)


def test_published_are_the_key_that_signs_and_those_retired_since_a_moment():
    old = sign().key_id
    before, new = clock.now(), rotate()
    sign(Purpose.BUNDLE_SANDBOX)

    assert [key.key_id for key in signing.published(Purpose.EVIDENCE, before)] == [new, old]
    assert [key.key_id for key in signing.published(Purpose.EVIDENCE, clock.now())] == [new]


def test_an_unknown_key_verifies_nothing():
    assert not signing.verify(Purpose.EVIDENCE, "sig_unknown", SAID, sign().signature)


def test_the_key_is_made_on_first_use_and_stays():
    assert sign().key_id == sign().key_id
    assert how_many() == 1


def test_a_key_made_in_many_threads_at_once_is_one_key():
    keys = []

    at_once(lambda _number: keys.append(sign().key_id))

    assert len(set(keys)) == how_many() == 1


def test_a_key_of_a_transaction_that_failed_was_never_there():
    with pytest.raises(ZeroDivisionError), transaction():
        assert signing.sign(Purpose.EVIDENCE, SAID).signature[0] / 0

    assert how_many() == 0


def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies():
    old = sign()

    new = rotate()

    assert sign().key_id == new != old.key_id
    assert signing.verify(Purpose.EVIDENCE, old.key_id, SAID, old.signature)


def test_a_rotation_leaves_keys_for_other_purposes_alone():
    before = sign(Purpose.BUNDLE_PRODUCTION)

    rotate()

    assert sign(Purpose.BUNDLE_PRODUCTION).key_id == before.key_id


def test_rotating_in_many_threads_at_once_leaves_one_key_that_signs():
    sign()

    at_once(lambda _number: rotate())

    living = select(func.count()).select_from(SigningKey).where(SigningKey.retired_at.is_(None))
    assert db.session.scalar(living) == 1


def test_the_id_of_a_key_follows_from_its_public_half():
    signed = sign()

    public = signing.find_public(Purpose.EVIDENCE, signed.key_id)

    assert public is not None
    assert signing.key_id_of(public) == signed.key_id
    assert signing.fits(public, SAID, signed.signature)


def test_the_private_half_is_sealed_where_it_lies():
    sign()
    rotate()
    first, second = signing.every_key()

    with transaction():
        db.session.execute(update(SigningKey).where(SigningKey.key_id == first.key_id).values(sealed=second.sealed))

    with pytest.raises(CannotUnseal):
        sign()


def test_under_another_key_encryption_key_nothing_is_signed(monkeypatch: pytest.MonkeyPatch):
    sign()

    monkeypatch.setattr(signing, "_sealer", Sealer(bytes(32)))

    with pytest.raises(CannotUnseal):
        sign()
