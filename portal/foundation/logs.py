"""Structured logs, one JSON object a line, with secrets taken out before anything is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from portal.foundation import requests

PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# What a service, a script, and who signs or checks deliveries of webhooks have in their hands.
CREDENTIAL = re.compile(r"psc_[A-Za-z0-9_-]{43}|ppt_[A-Za-z0-9]{36}|whsec_[A-Za-z0-9+/=_-]+")
SECRET_NAMES = frozenset(
    {"password", "token", "cookie", "authorization", "x-gw-signature", "x-portal-credential", "secret_key", "kek"}
)
REDACTED = "[redacted]"


def redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log entry without private keys and credentials, nor the values of fields whose name says: secret."""
    for name, value in entry.items():
        entry[name] = REDACTED if name.lower() in SECRET_NAMES else without_secrets(value)
    return entry


def without_secrets(value: Any) -> Any:
    """`value`, when it is a text, without private keys and credentials; else as it is."""
    return CREDENTIAL.sub(REDACTED, PEM.sub(REDACTED, value)) if isinstance(value, str) else value


def name_request(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log entry with the id of the request being served, where there is one."""
    if (request_id := requests.current_id()) is not None:
        entry.setdefault("request_id", request_id)
    return entry


def configure() -> None:
    """Log to standard error, from `info` on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            name_request,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
