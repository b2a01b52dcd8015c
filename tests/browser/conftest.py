"""The portal in a process of its own, Debian's Chromium in front of it, and a watch over every window."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.serving import Served, served
from tests.browser.steps import MAYA
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import ENGLISH, Words
from tests.conftest import MEMORY

# The last five keep Chromium from talking to its maker, so that nothing but the portal's own traffic is seen.
CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
LOG_SHOWN = 3000  # characters of what the server said last
WAIT_MS = 20_000  # for one thing on a page; a machine that also runs other tests is slow
expect.set_options(timeout=WAIT_MS)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = shutil.which("chromium")
    assert chromium, "There is no `chromium` on the PATH; on Debian: apt-get install chromium"
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(CHROMIUM)}


@pytest.fixture(scope="session")
def running_portal() -> Iterator[Served]:
    """One portal for all stories."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="portal-browser-", dir=where) as folder, served(Path(folder)) as portal:
        portal.keep()
        yield portal


@pytest.fixture(scope="session")
def mayas_cookies(running_portal: Served, browser: Browser) -> Any:
    """Maya's sign-in, made once and kept with the demo world."""
    running_portal.restore()
    with browser.new_context() as context:
        Visitor(context.new_page(), running_portal).sign_in(MAYA)
        running_portal.keep()
        return context.storage_state()


@pytest.fixture
def portal(running_portal: Served) -> Served:
    """The portal with the demo world as it was made, and whoever is signed in there as if just now."""
    running_portal.restore()
    running_portal.refresh_sign_ins()
    return running_portal


@pytest.fixture
def watch(running_portal: Served) -> Iterator[Watch]:
    """Fails the test when a page had a fault that the test did not expect."""
    watch = Watch(running_portal.origin)
    yield watch
    assert not watch.faults, running_portal.log[-LOG_SHOWN:]


Open = Callable[..., Page]
Arrive = Callable[..., Visitor]


@pytest.fixture
def open_window(watch: Watch, browser: Browser) -> Iterator[Open]:
    """Opens windows, each in a browser profile of its own; the options are those of Playwright's contexts."""
    contexts: list[BrowserContext] = []

    def window(**options: Any) -> Page:
        context = browser.new_context(reduced_motion="reduce", **options)
        context.set_default_timeout(WAIT_MS)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield window
    for context in contexts:
        context.close()


@pytest.fixture
def arrive(portal: Served, open_window: Open) -> Arrive:
    """Makes visitors of the fresh demo world; the options are those of `open_window`."""

    def visitor(words: Words = ENGLISH, **options: Any) -> Visitor:
        return Visitor(open_window(**options), portal, words)

    return visitor


@pytest.fixture
def maya(mayas_cookies: Any, arrive: Arrive) -> Visitor:
    """The licensee's owner, signed in and looking at the overview."""
    visitor = arrive(storage_state=mayas_cookies)
    visitor.email = MAYA
    visitor.open("/")
    return visitor
