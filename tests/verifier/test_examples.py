"""The examples of docs/offline.md do what the page says."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.verifier.library import Library
from tests.architecture.sources import ROOT
from tests.verifier.libraries import Clock
from tests.verifier.offline import DELEGATED, LIVE, LIVE_SPACE, PRODUCTION, SERVICE, Worker, a_call, serving

pytestmark = pytest.mark.no_database

PAGE = (ROOT / "docs" / "offline.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def names(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What the first example defines, at a portal of the test's own."""
    (tmp_path / "credential").write_text("psc_x\n")
    with serving(Worker()) as worker:
        names: dict[str, Any] = {}
        run(EXAMPLES[0].replace("https://portal.example.com", worker.url).replace("/etc/search", str(tmp_path))
            .replace("/var/lib/search", str(tmp_path / "kept")), names)  # fmt: skip
        clock, library = Clock(), names["library"]
        library._now, library._ticks, library.start = lambda: clock.at, lambda: clock.ticks, lambda: None
        assert library.refresh(), library.problem
        yield names


def run(example: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(example.replace("live-search", SERVICE), "docs/offline.md", "exec"), names)  # noqa: S102
    return names


def headers(api_key: str = LIVE) -> dict[str, str]:
    return {"x-api-key": api_key, "x-gw-signature": a_call(api_key=api_key).token, "x-saas-id": LIVE_SPACE}


def test_there_are_four():
    assert len(EXAMPLES) == 4
    assert all(len(example.strip().splitlines()) <= 16 for example in EXAMPLES)


def test_the_library(names: dict[str, Any]):
    assert isinstance(names["library"], Library)
    assert names["library"].environment == PRODUCTION
    assert names["may_pass"](LIVE, a_call(api_key=LIVE).token, LIVE_SPACE)
    assert not names["may_pass"](DELEGATED, a_call(api_key=DELEGATED).token, LIVE_SPACE)


def test_the_wsgi_middleware(names: dict[str, Any]):
    app, statuses = run(EXAMPLES[1], names)["app"], []
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers().items()}

    body = b"".join(app(environ, lambda status, _headers: statuses.append(status)))
    app({}, lambda status, _headers: statuses.append(status))

    assert statuses == ["200 OK", "401 Unauthorized"]
    assert body.decode() == "Results for Aurora 光輝 (MAG000000001)"


def test_the_asgi_middleware(names: dict[str, Any]):
    app, sent = run(EXAMPLES[2], names)["app"], []
    raw = [(name.encode(), value.encode()) for name, value in headers().items()]

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({"type": "http", "headers": raw}, None, send))
    asyncio.run(app({"type": "http", "headers": []}, None, send))

    assert [message["status"] for message in sent[::2]] == [200, 401]
    assert sent[1]["body"] == b"MAG000000001"


def test_the_decorator(names: dict[str, Any]):
    search = run(EXAMPLES[3], names)["search"]

    class Request:
        def __init__(self, headers: dict[str, str]) -> None:
            self.headers = headers

    stranger, shop = Request({}), Request(headers())

    assert search(shop)[:2] == ("Results for MAG000000001", 200)
    assert search(stranger)[1] == 401
