"""Joins the rooms: the only module that knows them all."""

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response, g, redirect, request
from flask_babel import Babel
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool
from structlog import get_logger
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import portal.access.wall
import portal.models  # noqa: F401 - every table is known before the first statement
from portal.accounts import challenges, passkeys, passwords, totp
from portal.api import device as api_device  # noqa: F401 - its calls belong to the blueprint
from portal.api import hand_offs as api_hand_offs  # noqa: F401 - its calls belong to the blueprint
from portal.api import keys as api_keys  # noqa: F401 - its calls belong to the blueprint
from portal.api import leaks as api_leaks  # noqa: F401 - its calls belong to the blueprint
from portal.api import reference as api_reference  # noqa: F401 - its pages belong to the blueprint
from portal.api.calls import NO_CSRF
from portal.api.door import api
from portal.api.rooms import ROOMS as api_rooms  # noqa: F401 - joined below the door
from portal.audit import operations as audit
from portal.cli import commands
from portal.config import Gateway, Receivers, Settings, UnsafeSettings, from_environment
from portal.connector.door import Door
from portal.delegations import staying
from portal.foundation import logs, metrics, signing, tracing
from portal.foundation.database import LOOKS, Base, db
from portal.foundation.errors import NotFound
from portal.foundation.sealing import Sealer
from portal.gateway.bundles import Offline
from portal.gateway.door import Door as GatewayDoor
from portal.gateway.following import Following
from portal.imports.reading import LARGEST as LARGEST_IMPORT
from portal.kek import operations as kek
from portal.kek.errors import KekMissing
from portal.outbox import operations as outbox
from portal.providers import setup as providers
from portal.reviews import evidence
from portal.watching import pages as watching_pages
from portal.watching.door import Door as WatchingDoor
from portal.watching.mirror import Mirror
from portal.web import errors, filters, frame, guards, headers
from portal.web.accounts.views import pages as accounts_pages
from portal.web.activity.views import pages as activity_pages
from portal.web.console.views import pages as console_pages
from portal.web.contracts.views import pages as contracts_pages
from portal.web.dashboards.views import pages as dashboards_pages
from portal.web.delegations.views import pages as delegations_pages
from portal.web.demo.views import pages as demo_pages
from portal.web.handoffs.views import pages as handoffs_pages
from portal.web.keys.views import pages as keys_pages
from portal.web.projects.views import pages as projects_pages
from portal.web.reviews.views import pages as reviews_pages
from portal.web.session import PortalSessionInterface
from portal.web.tenants.views import pages as tenants_pages
from portal.web.tokens.views import pages as tokens_pages
from portal.web.usage.views import pages as usage_pages
from portal.web.webhooks.views import pages as webhooks_pages
from portal.webhooks import operations as webhooks

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = get_logger()

ROOT = Path(__file__).resolve().parent.parent
LARGEST_BODY = 64 * 1024  # security.md section 1, "Web"
LARGER_BODIES = {
    "keys.batch": 256 * 1024,  # 500 names in Chinese letters
    "api.keys.batch": 256 * 1024,
    "console.import_new": LARGEST_IMPORT + LARGEST_BODY,  # the file, and the form around it
    "api.console.import_new": LARGEST_IMPORT + LARGEST_BODY,
}
LOOPBACK = {"127.0.0.1", "[::1]"}
STATIC_SECONDS = 3600
# How long libpq waits for a database that says nothing. By itself it would be two minutes to come in, and a quarter of
# an hour for an answer from a machine that is gone, though another one may have its place long since.
PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

PAGES = (
    accounts_pages,
    tenants_pages,
    tokens_pages,
    dashboards_pages,
    keys_pages,
    projects_pages,
    usage_pages,
    contracts_pages,
    delegations_pages,
    handoffs_pages,
    activity_pages,
    console_pages,
    reviews_pages,
    webhooks_pages,
)


def create_app(settings: Settings | None = None) -> Flask:
    """The portal as a WSGI application.

    Raises: UnsafeSettings when a setting is missing or unsafe, RuntimeError when a route has no guard.
    """
    settings = settings or from_environment()
    settings.check()
    app = Flask("portal", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    _configure(app, settings)
    _join_domain(app, settings)
    _join_pages(app, settings)
    commands.add_to(app)
    guards.check_routes(app)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    logs.configure()
    tracing.begin(settings.otel_endpoint, metrics.worker.name)
    app.config.update(
        PORTAL=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings),
        SQLALCHEMY_BINDS={LOOKS: _looking_engine(settings)},
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SESSION_COOKIE_SECURE=settings.is_https,
        TRUSTED_HOSTS=[settings.host, *(LOOPBACK if settings.is_demo else ())],
        WTF_CSRF_TIME_LIMIT=None,  # the token lives as long as the session, or its own signed cookie
        WTF_CSRF_SSL_STRICT=True,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
    )
    app.wsgi_app = Door(app, app.wsgi_app, headers.of_all(settings.is_https))  # type: ignore[method-assign]
    app.wsgi_app = WatchingDoor(  # type: ignore[method-assign]
        app.wsgi_app,
        app.app_context,
        takes_ids=settings.proxy_hops > 0,
        headers=headers.of_all(settings.is_https),
        mirror=Mirror(settings.secret_key, settings.proxy_hops),
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=app.static_folder,
        prefix="static/",
        max_age=STATIC_SECONDS,
        allow_all_origins=False,
        add_headers_function=headers.of_files(settings.is_https),
    )
    if settings.gateway is Gateway.ON:
        # Outermost: what is asked with every call of every shop passes nothing else.
        app.wsgi_app = gateway_before(app, app.wsgi_app)  # type: ignore[method-assign]


def gateway_before(app: Flask, rest: "WSGIApplication") -> GatewayDoor:
    """The gateway's door, with `rest` behind it."""
    settings: Settings = app.config["PORTAL"]
    following = Following(
        settings.environment_policy,
        settings.gateway_poll_seconds,
        settings.gateway_cut_off_seconds,
        settings.listen_database_url,
    )
    offline = Offline(settings.external_base_url.rstrip("/"), settings.bundle_seconds)
    return GatewayDoor(rest, following, settings.gateway_listener, app.app_context, offline, settings.gateway_questions)


def _engine_options(settings: Settings) -> dict[str, object]:
    quiet: dict[str, object] = {
        "hide_parameters": True
    }  # what people typed stays out of an error's words, and so out of the log
    if not settings.is_on_postgresql:
        # Opening the file is cheap, and no connection outlives a fork or a restore.
        return quiet | {"poolclass": NullPool}
    return quiet | {"pool_pre_ping": True, "connect_args": _connecting(settings)}


def _looking_engine(settings: Settings) -> dict[str, object]:
    # Opening a connection costs more than the look; after a second it is opened anew, so none outlives a restore.
    engine: dict[str, object] = {"url": settings.database_url, "poolclass": QueuePool, "pool_recycle": 1}
    if not settings.is_on_postgresql:
        return engine
    return engine | {"isolation_level": "AUTOCOMMIT", "connect_args": _connecting(settings)}


def _connecting(settings: Settings) -> dict[str, object]:
    # Behind a transaction pooler the next transaction may be another server process, which knows no statement of ours.
    return PATIENCE | ({"prepare_threshold": None} if settings.database_pooler else {})


def _join_domain(app: Flask, settings: Settings) -> None:
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), metadata=Base.metadata)
    tell_rooms(settings)


def tell_rooms(settings: Settings) -> None:
    """What rooms are told once, at the start: keys to seal with, the pepper, the portal's address."""
    sealer = Sealer(settings.kek_octets, settings.other_keks)
    passwords.configure(settings.password_pepper)
    challenges.configure(settings.secret_key)
    passkeys.configure(settings.external_base_url)
    audit.configure(staying.require_still_there)
    kek.configure(sealer, settings.lost_keks)
    totp.configure(sealer)
    outbox.configure(sealer)
    signing.configure(sealer)
    webhooks.configure(sealer, loopback=settings.webhook_receivers is Receivers.LOOPBACK)
    providers.configure(sealer, settings.external_base_url, loopback=settings.identity_providers is Receivers.LOOPBACK)
    evidence.configure(settings.external_base_url)


def require_kek(app: Flask) -> None:
    """Nothing, when what the database holds sealed can be opened, or the database cannot be asked now.

    For whoever serves: commands look for themselves, as some have to run before there is anything to look at.
    Raises: UnsafeSettings.
    """
    with app.app_context():
        try:
            kek.require_here()
        except KekMissing as missing:
            raise UnsafeSettings([missing.in_english()]) from None
        except DBAPIError as error:  # away, or of another release: as before, each request says so until it is there
            log.warning("key-encryption keys not looked at", error=type(error.orig).__name__)
        finally:
            db.session.remove()
            db.engine.dispose()  # the server may fork from here


def _join_pages(app: Flask, settings: Settings) -> None:
    app.session_interface = PortalSessionInterface()
    watching_pages.add_to(app)
    app.before_request(_begin_request)  # before all others: a forged or too large request is told of, too
    csrf = CSRFProtect(app)
    csrf.exempt(api)
    csrf.exempt(NO_CSRF)
    Babel(app, locale_selector=frame.language)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    login = LoginManager(app)
    login.session_protection = None  # its fingerprint trusts X-Forwarded-For; sessions are our own table
    login.user_loader(lambda _id: g.session_row.person if "session_row" in g else None)
    headers.add_to(app)
    frame.add_to(app)
    filters.add_to(app)
    errors.add_to(app)
    app.register_blueprint(api)
    for pages in PAGES:
        app.register_blueprint(pages)
    if settings.is_demo:
        app.register_blueprint(demo_pages)
    setattr(app.view_functions["static"], guards.GUARD, "public")


def _begin_request() -> Response | None:
    request.max_content_length = LARGER_BODIES.get(request.endpoint or "", LARGEST_BODY)
    if request.host.rsplit(":", 1)[0] in LOOPBACK:
        # One name, so that a cookie set under the other is not missed. Only the demo answers to loopback addresses.
        here = request.url.replace(f"//{request.host}", f"//{request.host.replace(*_loopback(request.host))}", 1)
        return redirect(here, code=307)  # type: ignore[return-value]
    if "database_failure" in g:
        raise g.database_failure
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise NotFound()  # nothing has such a name, and PostgreSQL cannot even be asked for it
    return None


def _loopback(host: str) -> tuple[str, str]:
    return host.rsplit(":", 1)[0], "localhost"
