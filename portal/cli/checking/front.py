"""What people get at the portal's address: the certificate, the way from plain http, the headers of an answer."""

import re
import time
from collections.abc import Callable, Iterator
from functools import wraps
from urllib.parse import urlsplit

from portal.cli.checking.asking import NoAnswer, NotTrusted, Told, ask
from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok, warn
from portal.web import headers

PAGE, PROBE = "/sign-in", "/readyz"
NOBODYS_HOST = "unknown.portal-check.invalid"  # RFC 2606
ENDS_SOON_DAYS, DAY = 14, 86_400
REQUEST_ID = re.compile("[0-9a-f]{32}")
AS_SENT = "Have the proxy pass the portal's headers on as they are, and add none of its own by these names."
DEFAULT_HTTP_PORT = 80


Check = Callable[[Deployment], Iterator[Finding]]


def if_answered(check: Check) -> Check:
    """A check that says nothing but that it was not made where nobody answers."""

    @wraps(check)
    def guarded(at: Deployment) -> Iterator[Finding]:
        try:
            yield from check(at)
        except NoAnswer:
            yield not_checked(f"Nobody answers at {origin(at.url)}, or is not who they say.")

    return guarded


def origin(url: str) -> str:
    """The address without a path, a query, or a name and password in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def answers(at: Deployment) -> Iterator[Finding]:
    """Whether this portal answers there, with a certificate that browsers take."""
    try:
        told = ask(at.url, PROBE)
    except NotTrusted as refused:
        yield fail(
            f"The certificate at {origin(at.url)} is not one that browsers take: {refused}.",
            "Get one for this name, with its intermediate certificates; SSL_CERT_FILE names an authority of your own.",
        )
        return
    except NoAnswer as refused:
        yield fail(f"Nobody answers at {origin(at.url)}: {refused}.", "Start portal and proxy, or give --url.")
        return
    if told.status == 200:
        yield ok(f"The portal answers at {origin(at.url)}, and is ready.")
    else:
        word = told.body.partition("\n")[0][:40]
        yield fail(f"{origin(at.url)}{PROBE} answers {told.status} ({word}).", "See the portal's log.")
    if told.ends_at is not None:
        yield _certificate(told.ends_at)


def _certificate(ends_at: float) -> Finding:
    days = int((ends_at - time.time()) // DAY)
    if days < ENDS_SOON_DAYS:
        return warn(f"The certificate ends in {days} days.", "See why it was not renewed.")
    return ok(f"The certificate is valid, for another {days} days.")


@if_answered
def plain_http(at: Deployment) -> Iterator[Finding]:
    """Whether plain http leads to https and serves nothing itself."""
    if not at.url.startswith("https://"):
        yield not_checked("The address is plain http itself.")
        return
    host = urlsplit(at.url).hostname or ""
    name = f"[{host}]" if ":" in host else host
    plain = f"http://{name}" + ("" if at.http_port == DEFAULT_HTTP_PORT else f":{at.http_port}")
    try:
        told = ask(plain, PAGE)
    except NoAnswer:
        yield ok("Nobody answers by plain http.")
        return
    location = told.headers.get("Location", "")
    if 300 <= told.status < 400 and urlsplit(location)[:2] == urlsplit(at.url)[:2]:
        yield ok("Plain http leads to https.")
    elif 300 <= told.status < 400:
        yield fail("Plain http leads elsewhere than to https at the portal's own name.", f"Lead to {origin(at.url)}.")
    elif told.status < 400:
        yield fail("A page is served by plain http.", f"Have the proxy answer it with 301 to {origin(at.url)}.")
    else:
        yield ok(f"Plain http is refused ({told.status}).")


@if_answered
def of_answers(at: Deployment) -> Iterator[Finding]:
    """Whether a page and a file arrive with the headers that the portal sends, each of them once."""
    fine = True
    for path in (PAGE, PROBE):
        for found in _compared(path, ask(at.url, path), at):
            fine = False
            yield found
    if fine:
        yield ok("Answers arrive with the headers that the portal sends, each of them once.")


def _compared(path: str, told: Told, at: Deployment) -> Iterator[Finding]:
    for name, sent in headers.of_all(at.settings.is_https).items():
        values = told.headers.get_all(name) or []
        if not values:
            yield fail(f"{path} arrives without {name}.", AS_SENT)
        elif len(values) > 1:
            yield fail(f"{path} arrives with {len(values)} headers {name}.", AS_SENT)
        elif values[0] != sent:
            yield fail(f"{path} arrives with another {name} than the portal sends.", AS_SENT)
    ids = told.headers.get_all("X-Request-Id") or []
    if len(ids) != 1 or not REQUEST_ID.fullmatch(ids[0]):
        yield warn(
            f"{path} arrives with {len(ids)} headers X-Request-Id, or none of 32 hexadecimal digits.",
            "Pass the portal's on; what people quote from an error page is found by it.",
        )
    yield from _compared_cookies(path, told, at)


def _compared_cookies(path: str, told: Told, at: Deployment) -> Iterator[Finding]:
    for cookie in told.headers.get_all("Set-Cookie") or []:
        name, marks = cookie.partition("=")[0], {mark.strip().lower() for mark in cookie.split(";")[1:]}
        wanted = {"httponly"} | ({"secure"} if at.settings.is_https else set())
        if wanted - marks:
            yield fail(f"The cookie {name} arrives without {', '.join(sorted(wanted - marks))}.", AS_SENT)


@if_answered
def unknown_host(at: Deployment) -> Iterator[Finding]:
    """Whether a name that is not the portal's is refused."""
    ask(at.url, PROBE)  # whoever is away refuses nothing
    try:
        told = ask(at.url, PAGE, host=NOBODYS_HOST)
    except NoAnswer:
        yield ok("Another name than the portal's is refused: the connection ends.")
        return
    refuse = "Have the proxy refuse other names, and pass on the name that it was asked for."
    leads_to = urlsplit(told.headers.get("Location", "")).netloc
    if told.status >= 400 or (300 <= told.status < 400 and leads_to == urlsplit(at.url).netloc):
        yield ok(f"Another name than the portal's is refused ({told.status}).")
    elif NOBODYS_HOST in told.headers.get("Location", ""):
        yield fail("Another name than the portal's is led on to that very name.", refuse)
    elif told.headers.get("Content-Security-Policy") == headers.CONTENT_SECURITY_POLICY:
        yield fail("Pages are served under any name that somebody points at this address.", refuse)
    else:
        yield warn(f"Another name than the portal's is answered by something else ({told.status}).", refuse)


CHECKS = (answers, plain_http, of_answers, unknown_host)
