"""The headers of every answer (security.md, "Web"), and the check that a form comes from our own pages."""

from collections.abc import Callable
from wsgiref.headers import Headers

from flask import Flask, Response, request
from flask_login import current_user
from werkzeug.exceptions import BadRequest

from portal.foundation import requests

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# Pages whose script touches a private key: it reaches nobody, and writes no markup.
POLICY_OF_KEY_PAGES = (
    CONTENT_SECURITY_POLICY.replace("connect-src 'self'", "connect-src 'none'")
    + "; require-trusted-types-for 'script'; trusted-types 'none'"
)
ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
        "publickey-credentials-create=(self), publickey-credentials-get=(self)"
    ),
}
HSTS = "max-age=63072000; includeSubDomains"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


def of_all(is_https: bool) -> dict[str, str]:
    """The headers of every answer of pages, scripts and shops; the gateway speaks to machines alone and has its own."""
    return ALWAYS | {"Strict-Transport-Security": HSTS} if is_https else ALWAYS


def of_files(is_https: bool) -> Callable[[Headers, str, str], None]:
    """Adds the same headers to files, which WhiteNoise sends without asking Flask."""
    always = of_all(is_https)

    def add(headers: Headers, _path: str, _url: str) -> None:
        for name, value in always.items():
            headers[name] = value

    return add


def as_key_page(page: Response) -> Response:
    """`page`, under the policy for scripts that touch a private key."""
    page.headers["Content-Security-Policy"] = POLICY_OF_KEY_PAGES
    return page


def add_to(app: Flask) -> None:
    """Add the headers to every answer, and refuse a form that another site sent."""

    @app.before_request
    def refuse_cross_site() -> None:
        # Browsers set it and pages cannot: a second lock beside the CSRF token.
        if request.method not in SAFE_METHODS and request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}:
            raise BadRequest()

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = requests.current_id() or ""
        if app.config["PORTAL"].is_https:
            response.headers["Strict-Transport-Security"] = HSTS
        if request.endpoint != "static" and (response.status_code >= 400 or current_user.is_authenticated):
            response.headers["Cache-Control"] = "no-store"
        return response
