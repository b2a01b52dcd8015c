"""A value in each sealed column, made and opened as its room does it; and portals with other key-encryption keys."""

import base64
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from portal.access.actor import Actor, system_actor
from portal.access.rows import Reader, across_tenants
from portal.accounts import totp
from portal.accounts.models import FactorKind, SecondFactor
from portal.app import tell_rooms
from portal.foundation import signing
from portal.foundation.database import db, transaction
from portal.foundation.sealing import key_id_in, key_id_of
from portal.foundation.signing import Purpose, SigningKey
from portal.kek.operations import Rotation
from portal.outbox import operations as outbox
from portal.outbox.models import OutboxMessage
from portal.providers import operations as identity_providers
from portal.providers.models import IdentityProvider
from portal.providers.setup import setup
from portal.tenants import operations as tenants
from portal.webhooks import operations as webhooks
from portal.webhooks.models import WebhookSecret

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW, STRANGE = bytes(range(32)), bytes(range(100, 132)), bytes(range(200, 232))  # the first is that of all tests
OLD_ID, NEW_ID, STRANGE_ID = key_id_of(OLD), key_id_of(NEW), key_id_of(STRANGE)
SECRET = "Ann's token of an invitation"
# What is said to a portal with the strange key where `fill` was once.
OF_KEY = f"KEK has the key id {STRANGE_ID}"
REFUSAL = f"{OF_KEY}, but what the database holds sealed under {OLD_ID} does not open with it (values: 8)"


def a_mail(owner: Actor) -> None:
    outbox.post("invitation", "ann@example.com", "en", {"token": SECRET}, owner.tenant_id)
    outbox.post("digest", "ruth@example.com", "en", {"token": SECRET})


def a_signing_key(_owner: Actor) -> None:
    for purpose in Purpose:
        signing.rotate(purpose)


def an_app(owner: Actor) -> None:
    app = SecondFactor(id=uuid.uuid4(), person_id=owner.person_id, kind=FactorKind.TOTP, intended_in=uuid.uuid4())
    app.name, app.sealed = "Telephone", totp.seal(app, totp.new_seed())
    db.session.add(app)


def a_client_secret(_owner: Actor) -> None:
    tenant = tenants.create(system_actor("tests"), f"Tenant {os.urandom(4).hex()}")  # each has one at most
    facts = {"name": "Own", "issuer": "https://idp.example.com", "client_id": "portal", "client_secret": SECRET}
    identity_providers.set_up(system_actor("tests", tenant.id), **facts, asks_second=False)


def a_webhook_secret(owner: Actor) -> None:
    webhooks.add(owner, f"https://shop.example.com/{os.urandom(4).hex()}", "Tickets", None)


# How a value comes to be in each column: a new sealed column has to say it here.
MADE: dict[str, Callable[[Actor], None]] = {
    "identity_providers.client_secret": a_client_secret,
    "outbox.sealed": a_mail,
    "second_factors.sealed": an_app,
    "signing_keys.sealed": a_signing_key,
    "webhook_secrets.sealed": a_webhook_secret,
}


def fill(owner: Actor, times: int = 1) -> None:
    """So many of each, sealed under the KEK that seals now."""
    for _ in range(times):
        for make in MADE.values():
            with transaction():
                make(owner)


def opened() -> list[object]:
    """Every value that is sealed, opened by its room, in an order that stays. Raises: CannotUnseal."""
    db.session.rollback()
    mails = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    secrets = across_tenants(WebhookSecret, reason=Reader.UPKEEP).order_by(WebhookSecret.id)
    keys = sorted(signing.every_key(), key=lambda key: key.key_id)
    found = [outbox._opened(row) for row in mails]
    assert None not in found
    found += [signing.signer(key)(b"the same words") for key in keys]
    apps = db.session.scalars(select(SecondFactor).order_by(SecondFactor.id))
    found += [totp.seed_of(app) for app in apps]
    for row in db.session.scalars(across_tenants(IdentityProvider, reason=Reader.UPKEEP).order_by(IdentityProvider.id)):
        found.append(setup().sealer.unseal(row.client_secret, row.place))
    return [*found, *(webhooks.secret_of(row) for row in db.session.scalars(secrets))]


def stored() -> list[str]:
    """Every sealed text."""
    db.session.rollback()
    columns = (
        IdentityProvider.client_secret,
        OutboxMessage.sealed,
        SecondFactor.sealed,
        SigningKey.sealed,
        WebhookSecret.sealed,
    )
    return [sealed for each in columns for sealed in db.session.scalars(across_tenants(each, reason=Reader.UPKEEP))]


def ids_in_use() -> set[str | None]:
    return {key_id_in(sealed) for sealed in stored()}


def text_of(kek: bytes) -> str:
    return base64.b64encode(kek).decode()


def begin_with(app: Flask, kek: bytes, *others: bytes, lost: str = "") -> None:
    """As if this portal had been started with these keys."""
    ring = {"kek": text_of(kek), "kek_others": ",".join(map(text_of, others)), "kek_lost": lost}
    settings = app.config["PORTAL"].model_copy(update=ring)
    settings.check()
    tell_rooms(settings)


def rotated(actor: Actor) -> Rotation:
    """A rotation that has run to its end."""
    rotation = Rotation(actor)
    for _tally in rotation.run():
        pass
    return rotation


def environment_of(app: Flask, kek: bytes, *others: bytes, **more: str) -> dict[str, str]:
    """The settings of a production portal on the test's database, with these keys, for a process of its own."""
    settings = app.config["PORTAL"]
    return (
        os.environ
        | {
            "PORTAL_MODE": "production",
            "DATABASE_URL": settings.database_url,
            "MIGRATION_DATABASE_URL": settings.migration_database_url,
            "SECRET_KEY": settings.secret_key,
            "KEK": text_of(kek),
            "KEK_OTHERS": ",".join(map(text_of, others)),
            "KEK_CHECK": "",
            "KEK_LOST": "",
            "PASSWORD_PEPPER": settings.password_pepper,
            "EXTERNAL_BASE_URL": "https://portal.example.com",
            "MAIL_FROM": settings.mail_from,
            "MAIL_FOLDER": str(settings.data_folder / "mail"),
            "DATA_FOLDER": str(settings.data_folder),
        }
        | more
    )


def flask(*words: str) -> list[str]:
    return [sys.executable, "-m", "flask", "--app", "wsgi", *words]


def ended(command: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=60)
