"""Structured logs, one JSON object a line, with secrets taken out before anything is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
CREDENTIAL = re.compile(r"psc_[A-Za-z0-9_-]{43}")  # a service credential (portal.credentials.tokens)
SECRET_NAMES = frozenset(
    {"password", "token", "cookie", "authorization", "x-gw-signature", "x-portal-credential", "secret_key", "kek"}
)
REDACTED = "[redacted]"


def redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log entry without private keys and service credentials, nor the values of fields whose name says: secret."""
    for name, value in entry.items():
        if name.lower() in SECRET_NAMES:
            entry[name] = REDACTED
        elif isinstance(value, str):
            entry[name] = CREDENTIAL.sub(REDACTED, PEM.sub(REDACTED, value))
    return entry


def configure() -> None:
    """Log to standard error, from `info` on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
