"""For Granian: the portal's process as it serves, where every call leaves a trace of the key pair in `TRACED`."""

import os
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import wsgi
from portal.access.roles import Environment
from portal.foundation import clock
from portal.usage import traces
from portal.usage.traces import Trace

assert wsgi.app  # loading it is what a server does
TENANT, PAIR = (uuid.UUID(one) for one in os.environ["TRACED"].split()[:2])
SPACE = os.environ["TRACED"].split()[2]


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    traces.gather(Trace(TENANT, PAIR, Environment.SANDBOX, SPACE, "", "192.0.2.7", None, clock.now()))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"seen"]
