"""Requests that are watched: what is counted of them, and what the log says."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from portal.access.actor import Actor
from portal.foundation import metrics
from portal.watching import noticing
from tests.factories import a_licensee

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def owner() -> Actor:
    return a_licensee(name="Aurora")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is logged of requests from here on."""
    said: list[dict[str, Any]] = []

    class Log:
        def info(self, event: str, **facts: Any) -> None:
            said.append(json.loads(json.dumps({"event": event, **facts})))

    monkeypatch.setattr(noticing, "log", Log())
    return said


def figure(text: str, name: str, **labels: str) -> float:
    """The figure with these labels, beside the worker's; 0 where there is none yet."""
    labels |= {"worker": metrics.worker.name}
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    found = re.search(rf"^{name}{{{re.escape(inside)}}} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0
