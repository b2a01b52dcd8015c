"""schemathesis over the API of the running portal: each call as in the access table, as described, and otherwise."""

import json
import time
from collections.abc import Iterator
from typing import Any

import schemathesis
from schemathesis import GenerationMode

from tests.api.describing import OPERATIONS, as_in_the_table, ask, caller
from tests.scanners.findings import Finding
from tests.scanners.targets import JSON, Target
from tests.scanners.world import Caller

NAME = "schemathesis"
AS_DESCRIBED, OTHERWISE = 6, 4


def run(who: Caller, origin: str, seconds: float) -> tuple[list[Finding], list[str]]:
    """What is not as described, and which calls there was no time for."""
    schema: Any = schemathesis.openapi.from_url(f"{origin}/api/v1/openapi.json")
    targets = {(target.method, target.use): target for target in who.targets if "?" not in target.path}
    asked = [(path, method, targets.get((method.upper(), f"api.{use}"))) for path, method, use in OPERATIONS]
    calls = [(path, method, target) for path, method, target in asked if target is not None]
    end, findings, left_out = time.monotonic() + seconds, list[Finding](), list[str]()
    # First those that let the caller in: what refuses it at the door is soon told.
    for path, method, target in sorted(calls, key=lambda call: not call[2].lets_in):
        if time.monotonic() > end:
            left_out.append(target.use)
            continue
        findings += _found(schema[path][method], target, who.bearer)
    return findings, left_out


def _found(operation: Any, target: Target, bearer: str) -> Iterator[Finding]:
    about, version = target.about, target.headers
    account = {"account": about.get("account", "")}
    body = json.loads(target.plain[1]) if target.media == JSON else None
    ways = (
        lambda: caller(bearer, about, version)(as_in_the_table(operation, about, body)),
        lambda: ask(operation, GenerationMode.POSITIVE, AS_DESCRIBED, caller(bearer, about, version)),
        lambda: ask(operation, GenerationMode.NEGATIVE, OTHERWISE, caller(bearer, account, {})),
    )
    for way in ways:
        try:
            way()
        except BaseExceptionGroup as group:
            for failure in group.exceptions:
                yield Finding(NAME, _title(failure), f"{target.method} {target.endpoint}")
        except Exception as failure:
            yield Finding(NAME, _title(failure), f"{target.method} {target.endpoint}")


def _title(failure: BaseException) -> str:
    return str(getattr(failure, "title", "") or f"{type(failure).__name__}: {failure}".splitlines()[0])[:160]
