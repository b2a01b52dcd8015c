"""Settings, read once from the environment. A production start with a missing or unsafe one stops with a sentence."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from portal.foundation.sealing import KEY_ID, key_id_of
from portal.verifier.decision import Policy


class Mode(StrEnum):
    """What this instance is; never guessed."""

    DEMO = "demo"
    PRODUCTION = "production"


class MailBackend(StrEnum):
    """Where mail goes: an SMTP server, a folder of .eml files, or the demo's mailbox page."""

    SMTP = "smtp"
    FOLDER = "folder"
    MAILBOX = "mailbox"


class Gateway(StrEnum):
    """Whether the pages' process answers the vendor's services, too: for a trial, where there is no other process."""

    ON = "on"
    OFF = "off"


class Listener(StrEnum):
    """Whether the vendor's services need a credential, or the gateway listens where only this machine can ask."""

    CREDENTIAL = "credential"
    LOCAL = "local"


class Questions(StrEnum):
    """What the gateway's workers answer: whether a call may pass, or also what takes longer or waits for a body."""

    ALL = "all"
    CHECKS = "checks"


class Receivers(StrEnum):
    """Where webhooks may go, and identity providers may be: the open internet, or for trials and tests this machine."""

    PUBLIC = "public"
    LOOPBACK = "loopback"


class UnsafeSettings(Exception):
    """The settings do not allow a start; `problems` are sentences that say what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


KEK_BYTES = 32
SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """One instance's settings. Names in the environment are the field names in upper case."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    portal_mode: Mode
    database_url: str = ""
    migration_database_url: str = ""
    secret_key: str = ""
    kek: str = ""
    kek_check: str = ""
    kek_others: str = ""
    kek_lost: str = ""
    password_pepper: str = ""
    external_base_url: str = ""
    proxy_hops: int = 0
    mail_backend: MailBackend = MailBackend.FOLDER
    mail_folder: Path = Path("var/mail")
    mail_from: str = ""
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    data_folder: Path = Path("var")
    gateway: Gateway = Gateway.ON
    gateway_listener: Listener = Listener.CREDENTIAL
    gateway_questions: Questions = Questions.ALL
    gateway_poll_seconds: float = Field(default=0.5, gt=0, le=1)
    gateway_cut_off_seconds: float = Field(default=300, gt=0, le=3600)
    bundle_seconds: int = Field(default=300, ge=60, le=86_400)
    listen_database_url: str = ""
    database_pooler: bool = False
    environment_policy: Policy = Policy.REPORT
    worker_metrics_port: int = Field(default=0, ge=0, le=65535)
    otel_endpoint: str = ""
    webhook_receivers: Receivers = Receivers.PUBLIC
    identity_providers: Receivers = Receivers.PUBLIC

    @field_validator("database_url", "migration_database_url", "listen_database_url")
    @classmethod
    def _name_the_driver(cls, url: str) -> str:
        for prefix in ("postgres://", "postgresql://"):
            if url.startswith(prefix):
                return "postgresql+psycopg://" + url.removeprefix(prefix)
        return url

    @property
    def is_demo(self) -> bool:
        return self.portal_mode is Mode.DEMO

    @property
    def kek_octets(self) -> bytes:
        """The key-encryption key as 32 bytes. Raises: ValueError."""
        return _kek_octets(self.kek)

    @property
    def other_keks(self) -> list[bytes]:
        """Further key-encryption keys, 32 bytes each, that open what is sealed under them. Raises: ValueError."""
        return [_kek_octets(part) for part in _parts(self.kek_others)]

    @property
    def lost_keks(self) -> frozenset[str]:
        """The ids of key-encryption keys that are lost for good."""
        return frozenset(_parts(self.kek_lost))

    @property
    def is_on_postgresql(self) -> bool:
        return self.database_url.startswith("postgresql")

    @property
    def is_https(self) -> bool:
        return self.external_base_url.startswith("https://")

    @property
    def host(self) -> str:
        """The host name that links and cookies are for, without a port."""
        return urlsplit(self.external_base_url).hostname or ""

    def check(self) -> None:
        """Nothing, when the portal may start. Raises: UnsafeSettings."""
        problems = list(self._problems())
        if problems:
            raise UnsafeSettings(problems)

    def _problems(self) -> Iterator[str]:
        make = "python3 -c 'import secrets, base64; print(base64.b64encode(secrets.token_bytes(32)).decode())'"
        if not self.database_url:
            yield "DATABASE_URL is missing: give the database of the application, e.g. postgresql://portal_app@…/portal."
        if len(self.secret_key) < SHORTEST_SECRET:
            yield f"SECRET_KEY is missing or shorter than {SHORTEST_SECRET} characters: make one with {make}"
        try:
            _ = self.kek_octets
        except ValueError:
            yield f"KEK is not 32 bytes in base64: make one with {make} and keep it outside the database's backup."
        else:
            yield from self._problems_of_ring()
        parts = urlsplit(self.external_base_url)
        if not parts.hostname or parts.path not in ("", "/") or parts.query:
            yield "EXTERNAL_BASE_URL is missing: give the address people use, e.g. https://portal.example.com."
        elif parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "localhost"):
            yield "EXTERNAL_BASE_URL must begin with https:// (plain http only for localhost)."
        if self.otel_endpoint and not _is_web_address(self.otel_endpoint):
            yield "OTEL_ENDPOINT is no address: give that of an OTLP/HTTP collector, e.g. http://localhost:4318."
        if not self.is_demo:
            yield from self._problems_in_production(make)

    def _problems_of_ring(self) -> Iterator[str]:
        key_id = key_id_of(self.kek_octets)
        if self.kek_check and self.kek_check != key_id:
            yield (
                f"KEK_CHECK is not that of KEK, whose key id is {key_id}: one of the two is another one's. "
                "Give both as they were printed together, and keep what the database holds openable: docs/running.md."
            )
        try:
            ids = [key_id, *map(key_id_of, self.other_keks)]
        except ValueError:
            yield "KEK_OTHERS is not a list of key-encryption keys: give each as 32 bytes in base64, between commas."
            return
        if len(set(ids)) < len(ids):
            yield "KEK_OTHERS names a key-encryption key twice, or that of KEK: give each once."
        if any(KEY_ID.fullmatch(lost) is None for lost in self.lost_keks):
            yield "KEK_LOST is not a list of key ids: give those of 8 digits that `flask portal kek status` prints."
        elif self.lost_keks & set(ids):
            yield "KEK_LOST names a key-encryption key that is given as KEK or in KEK_OTHERS: it is not lost."

    def _problems_in_production(self, make: str) -> Iterator[str]:
        if self.kek == b64encode(bytes(KEK_BYTES)).decode():
            yield f"KEK is nothing but zeros, which everybody knows: make one with {make}"
        if len(self.password_pepper) < SHORTEST_SECRET:
            yield (
                f"PASSWORD_PEPPER is missing or shorter than {SHORTEST_SECRET} characters: make one with {make} "
                "and keep it outside the database's backup."
            )
        if self.proxy_hops < 0:
            yield "PROXY_HOPS is less than 0: give the number of proxies in front, 0 when there is none."
        if self.gateway is Gateway.ON and self.gateway_listener is Listener.LOCAL:
            yield (
                "GATEWAY_LISTENER=local lets in whoever reaches the listener, and pages have a proxy in front: "
                "set GATEWAY=off, and run wsgi:gateway on a loopback address or a UNIX socket."
            )
        if self.mail_backend is MailBackend.MAILBOX:
            yield "MAIL_BACKEND=mailbox shows all mail on a page and exists in the demo only: set smtp or folder."
        if self.webhook_receivers is Receivers.LOOPBACK:
            yield "WEBHOOK_RECEIVERS=loopback lets tenants have this machine call itself: leave it out in production."
        if self.identity_providers is Receivers.LOOPBACK:
            yield "IDENTITY_PROVIDERS=loopback lets tenants have this machine call itself: leave it out in production."
        if "@" not in self.mail_from:
            yield "MAIL_FROM is missing or no address: give the address that mail is sent from."


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _kek_octets(text: str) -> bytes:
    """Raises: ValueError."""
    try:
        octets = b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(octets) != KEK_BYTES:
        raise ValueError("not 32 bytes")
    return octets


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query


def from_environment() -> Settings:
    """The settings that the environment gives, checked. Raises: UnsafeSettings."""
    try:
        settings = Settings()
    except ValidationError as error:
        raise UnsafeSettings([_sentence(problem["loc"], problem["msg"]) for problem in error.errors()]) from None
    settings.check()
    if problems := list(_problems_of_demo(settings)):
        raise UnsafeSettings(problems)
    return settings


def _problems_of_demo(settings: Settings) -> Iterator[str]:
    """What keeps the demo, whose sign-ins everybody knows, on one machine. Tests and measurements build their own."""
    if not settings.is_demo:
        return
    if not settings.database_url.startswith("sqlite"):
        yield "DATABASE_URL is not SQLite: the demo has a file of its own. For real use set PORTAL_MODE=production."
    if settings.host != "localhost":
        yield "EXTERNAL_BASE_URL does not name localhost: the demo is for this machine only: http://localhost:8000."


def _sentence(place: tuple[int | str, ...], message: str) -> str:
    name = "_".join(str(part) for part in place).upper()
    if name == "PORTAL_MODE":
        return "PORTAL_MODE is missing or unknown: set it to demo or to production."
    return f"{name} cannot be used: {message}."
