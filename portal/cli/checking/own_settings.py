"""Settings: what keeps the portal from starting, and what it starts with though real use should not have it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import combinations
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from portal.cli.checking.findings import Deployment, Finding, fail, ok, warn
from portal.config import Gateway, MailBackend, Settings, UnsafeSettings

FEWEST_CHARACTERS = 10  # different ones, of a secret's at least 32: far fewer than random ones ever have
GIB, MIB = 1024**3, 1024**2
LITTLE_SPACE, NO_SPACE = GIB, 100 * MIB
READ_BY_OTHERS, WRITTEN_BY_OTHERS = stat.S_IROTH | stat.S_IXOTH, stat.S_IWOTH


def allowed(at: Deployment) -> Iterator[Finding]:
    """Whether the portal would start with them."""
    try:
        at.settings.check()
    except UnsafeSettings as unsafe:
        yield from keeping_from_starting(unsafe.problems)
    else:
        yield ok("The portal starts with these settings.")


def keeping_from_starting(problems: list[str]) -> Iterator[Finding]:
    """The problems of `config`, each of them a sentence and, after a colon, what to do."""
    for problem in problems:
        says, _colon, do = problem.partition(": ")
        yield fail(f"{says.rstrip('.')}.", f"{do[:1].upper()}{do[1:]}" if do else "See docs/running.md, Settings.")


def mode(at: Deployment) -> Iterator[Finding]:
    """Whether everybody who finds the demo knows its sign-ins."""
    if not at.settings.is_demo:
        yield ok("PORTAL_MODE is production.")
    elif at.settings.host == "localhost":
        yield warn("This is the demo, whose sign-ins everybody knows.", "For real use set PORTAL_MODE=production.")
    else:
        yield fail(
            f"This is the demo, whose sign-ins everybody knows, at the public name {at.settings.host}.",
            "Set PORTAL_MODE=production, with a database of its own.",
        )


def address(at: Deployment) -> Iterator[Finding]:
    """Whether EXTERNAL_BASE_URL is one that people can use safely, and what the portal takes from proxies fits it."""
    settings = at.settings
    if settings.is_https:
        yield ok(f"EXTERNAL_BASE_URL is https, at {settings.host}.")
    elif not settings.is_demo:
        yield warn(
            "EXTERNAL_BASE_URL is plain http: cookies are not Secure, and only this machine can use it.",
            "Give the https:// address that people use.",
        )
    if settings.is_https and not settings.proxy_hops:
        yield warn(
            "PROXY_HOPS is 0 though people come by https: whoever ends TLS in front counts as everybody's address.",
            "Set PROXY_HOPS to the number of proxies that set X-Forwarded-For, -Proto and -Host.",
        )
    if not settings.is_https and settings.proxy_hops:
        yield warn(
            "PROXY_HOPS is more than 0 though people come by plain http.",
            "Set it to 0 where there is no proxy, or callers choose their address themselves.",
        )


def secrets(at: Deployment) -> Iterator[Finding]:
    """Whether each secret is one of its own, and drawn rather than typed."""
    named = {
        "SECRET_KEY": at.settings.secret_key,
        "KEK": at.settings.kek,
        "PASSWORD_PEPPER": at.settings.password_pepper,
    }
    given = {name: value for name, value in named.items() if value}
    fine = True
    for (one, first), (other, second) in combinations(given.items(), 2):
        if first == second:
            fine = False
            yield fail(f"{one} and {other} are the same: whoever learns one has both.", f"Make a new {one}.")
    for name, value in given.items():
        if len(set(value)) < FEWEST_CHARACTERS:
            fine = False
            yield fail(f"{name} has too few different characters to have been drawn at random.", f"Make a new {name}.")
    if fine:
        yield ok("SECRET_KEY, KEK and PASSWORD_PEPPER differ.")


def mail(at: Deployment) -> Iterator[Finding]:
    """Whether mail leaves, and nobody on the way reads its tokens or the password."""
    settings = at.settings
    if settings.mail_backend is not MailBackend.SMTP:
        if not settings.is_demo:
            yield warn(
                f"MAIL_BACKEND is {settings.mail_backend.value}: mail is written down and reaches nobody.",
                "Set MAIL_BACKEND=smtp with SMTP_HOST, unless something else sends what lies there.",
            )
        return
    if settings.smtp_starttls or _is_here(settings.smtp_host):
        yield ok("Mail goes to the mail server by STARTTLS, or on this machine.")
    elif settings.smtp_password:
        yield fail(
            "SMTP_PASSWORD goes to the mail server in plain text, and links that sign people in go with it.",
            "Set SMTP_STARTTLS=true.",
        )
    else:
        yield warn(
            "Mail goes to the mail server in plain text, with links that let people in.", "Set SMTP_STARTTLS=true."
        )


def doors(at: Deployment) -> Iterator[Finding]:
    """Whether the gateway and traces are set up as for real use."""
    settings = at.settings
    if settings.gateway is Gateway.ON and not settings.is_demo:
        yield warn(
            "GATEWAY is on: pages hold up the answers to the vendor's services, as in a trial.",
            "Set GATEWAY=off here, and give wsgi:gateway workers of its own (docs/gateway.md).",
        )
    if settings.otel_endpoint.startswith("http://") and not _is_here(urlsplit(settings.otel_endpoint).hostname or ""):
        yield warn("Traces leave this machine in plain text.", "Give OTEL_ENDPOINT an https:// address.")
    if settings.listen_database_url and not settings.is_on_postgresql:
        yield warn("LISTEN_DATABASE_URL is set without PostgreSQL, where nothing listens.", "Leave it out.")


def roles(at: Deployment) -> Iterator[Finding]:
    """Whether the application and its migrations log in as two roles, and with SQLite only in a trial."""
    settings = at.settings
    if not settings.is_on_postgresql:
        if not settings.is_demo:
            yield warn("The database is SQLite, which is for a trial on one machine.", "Use PostgreSQL for real use.")
    elif settings.migration_database_url and _role(settings.database_url) == _role(settings.migration_database_url):
        yield fail(
            "DATABASE_URL and MIGRATION_DATABASE_URL log in as the same role.",
            "Make the application's role as docs/running.md does: it owns nothing.",
        )
    else:
        yield ok("DATABASE_URL and MIGRATION_DATABASE_URL log in as different roles.")


def data_folder(at: Deployment) -> Iterator[Finding]:
    """Whether the portal can write to its folders, and others on the machine cannot read them."""
    folders = {"DATA_FOLDER": at.settings.data_folder}
    if at.settings.mail_backend is MailBackend.FOLDER:
        folders["MAIL_FOLDER"] = at.settings.mail_folder
    for name, folder in folders.items():
        if name == "MAIL_FOLDER" and not folder.exists():
            continue  # the first mail makes it
        yield _folder(name, folder)


def _folder(name: str, folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=folder):
            mode = folder.stat().st_mode
    except OSError as error:
        return fail(
            f"{name} ({folder}) cannot be written to: {error.strerror}.",
            f"Run this as the portal's own user, and make the folder for it: install -d -m 0700 {folder}",
        )
    return opened_to_others(f"{name} ({folder})", mode, f"chmod o= {folder}") or ok(f"{name} is the portal's own.")


def opened_to_others(what: str, mode: int, do: str) -> Finding | None:
    """A finding where other users of the machine may read or change what has this mode, or None."""
    if mode & WRITTEN_BY_OTHERS:
        return fail(f"{what} can be changed by every user of this machine.", do)
    if mode & READ_BY_OTHERS:
        return fail(f"{what} can be read by every user of this machine.", do)
    return None


def space(at: Deployment) -> Iterator[Finding]:
    """Whether there is room for what the portal writes on this machine."""
    places = {"DATA_FOLDER": at.settings.data_folder}
    if file := sqlite_file(at.settings):
        places["The folder of the SQLite file"] = file.parent
    for name, folder in places.items():
        if not folder.is_dir():
            continue  # said above
        free = shutil.disk_usage(folder).free
        told = f"{name} has {free / GIB:.1f} GiB left on its disk."
        if free < NO_SPACE:
            yield fail(told, "Make room: what cannot be written is refused.")
        elif free < LITTLE_SPACE:
            yield warn(told, "Make room.")
        else:
            yield ok(told)


def sqlite_file(settings: Settings) -> Path | None:
    """The file of the database, where it is one."""
    url = make_url(settings.database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    return Path(os.path.realpath(url.database or "")) if is_file else None


def _role(url: str) -> str | None:
    return make_url(url).username


def _is_here(host: str) -> bool:
    """Whether this host is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


CHECKS = (allowed, mode, address, secrets, mail, doors, roles, data_folder, space)
