"""The request being served: its id, so that an audit event, a log line and an error page name the same one, and what
doors tell of it to whoever watches."""

import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass
class Served:
    """One request: never its path, its query or its body, for those carry names and secrets.

    `ids` are public ids of who acts, such as an account id.
    """

    id: str
    door: str = "web"
    endpoint: str = ""
    ids: dict[str, str] = field(default_factory=dict)


_served: ContextVar[Served | None] = ContextVar("served", default=None)


def begin(given: str = "") -> Served:
    """A new request for what follows in this context. Its id is `given`, or else 32 hexadecimal digits of its own."""
    served = Served(given or uuid.uuid4().hex)
    _served.set(served)
    return served


def current_id() -> str | None:
    """The id of the request being served, or None outside of one."""
    served = _served.get()
    return None if served is None else served.id


def tell(door: str, endpoint: str) -> None:
    """Say which door answers the request, and by which of its endpoints; "" where it has none for it."""
    served = _served.get()
    if served is not None:
        served.door, served.endpoint = door, endpoint


def tell_who(**ids: str) -> None:
    """Say who acts, by public ids; empty ones say nothing."""
    served = _served.get()
    if served is not None:
        served.ids |= {name: value for name, value in ids.items() if value}
