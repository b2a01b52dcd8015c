"""Structured logs, one JSON object a line, with secrets taken out before anything is written."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from portal.foundation import requests

PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
# What a service, a script, and who signs or checks deliveries of webhooks have in their hands.
CREDENTIAL = re.compile(r"psc_[A-Za-z0-9_-]{43}|ppt_[A-Za-z0-9]{36}|whsec_[A-Za-z0-9+/=_-]+")
# Of fields and settings, such as `smtp_password` or `X-Gw-Signature`.
SECRET_NAME = re.compile(
    r"password|token|cookie|authorization|signature|secret|pepper|kek|portal-credential", re.IGNORECASE
)
REDACTED = "[redacted]"


def redact(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log entry without private keys and credentials, nor the values of fields whose name says: secret."""
    for name, value in entry.items():
        entry[name] = _of_field(name, value)
    return entry


def without_secrets(value: Any) -> Any:
    """`value` without private keys and credentials in its texts, and without its members whose name says: secret."""
    if isinstance(value, str):
        return CREDENTIAL.sub(REDACTED, PEM.sub(REDACTED, value))
    if isinstance(value, Mapping):
        return {name: _of_field(str(name), member) for name, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [without_secrets(member) for member in value]
    return value


def _of_field(name: str, value: Any) -> Any:
    return REDACTED if SECRET_NAME.search(name) else without_secrets(value)


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
