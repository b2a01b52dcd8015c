"""What a caller shows for itself, in a WSGI environment: a service credential, or that it asks from this machine."""

from collections.abc import Mapping
from typing import Any

OWN_HEADER, BEARER_HEADER = "HTTP_X_PORTAL_CREDENTIAL", "HTTP_AUTHORIZATION"
BEARER = "bearer "
# An empty address is a UNIX socket's.
LOCAL = frozenset({"127.0.0.1", "::1", ""})


def secret_in(environ: Mapping[str, Any]) -> str:
    """The secret that the caller shows in one of the two headers, or ""."""
    secret: str | None = environ.get(OWN_HEADER)
    return _bearer(environ) if secret is None else secret


def is_local(environ: Mapping[str, Any]) -> bool:
    """Whether the caller is on this machine."""
    # What a proxy hands on comes from elsewhere, whatever address the proxy itself has.
    return environ.get("REMOTE_ADDR", "") in LOCAL and "HTTP_X_FORWARDED_FOR" not in environ


def _bearer(environ: Mapping[str, Any]) -> str:
    given: str = environ.get(BEARER_HEADER, "")
    return given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else ""
