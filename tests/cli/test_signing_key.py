"""`flask portal signing-key`: prints public halves, and puts a new key into service."""

import re

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import select

from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation import signing
from portal.foundation.database import db, transaction
from portal.foundation.signing import Purpose, SigningKey
from tests.cli.conftest import Run


def a_signing_key() -> SigningKey:
    with transaction():
        return signing.current(Purpose.EVIDENCE)


def test_a_portal_that_never_signed_says_that_there_is_no_key(run: Run):
    result = run("portal", "signing-key")

    assert result.exit_code == 0
    assert "none yet" in result.output


def test_the_public_half_is_printed_as_digits_and_as_pem(run: Run):
    public = a_signing_key().public

    output = run("portal", "signing-key").output

    assert public.hex() in output
    pem = re.search(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", output, re.DOTALL)
    assert pem is not None
    key = load_pem_public_key(pem[0].encode())
    assert isinstance(key, Ed25519PublicKey)
    assert key.public_bytes_raw() == public


def test_nothing_of_the_private_half_is_printed(run: Run):
    sealed = a_signing_key().sealed

    output = run("portal", "signing-key").output

    assert "PRIVATE" not in output
    assert sealed not in output


def test_rotating_prints_the_new_key_and_the_retired_one(run: Run):
    old = a_signing_key().key_id

    output = run("portal", "signing-key", "--rotate", "evidence").output

    new = a_signing_key().key_id
    assert new != old
    assert re.search(rf"{new} .*, signs\n", output)
    assert re.search(rf"{old} .*retired .*, still verifies\n", output)


def test_rotating_is_one_event_of_the_system(run: Run):
    run("portal", "signing-key", "--rotate", "evidence")

    (event,) = db.session.scalars(across_tenants(AuditEvent, reason=Reader.UPKEEP)).all()
    assert (event.event, event.tenant_id) == ("signing_key.rotated", None)
    assert event.subject_id == db.session.scalar(select(SigningKey.key_id))


def test_an_unknown_purpose_is_refused(run: Run):
    assert run("portal", "signing-key", "--rotate", "tickets").exit_code == 2
