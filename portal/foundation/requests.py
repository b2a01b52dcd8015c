"""The id of the request being served, so that an audit event, a log line and an error page name the same one."""

import uuid
from contextvars import ContextVar

_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin() -> str:
    """A new request id for what follows in this context: 32 hexadecimal digits."""
    request_id = uuid.uuid4().hex
    _request_id.set(request_id)
    return request_id


def current_id() -> str | None:
    """The id of the request being served, or None outside of one."""
    return _request_id.get()
