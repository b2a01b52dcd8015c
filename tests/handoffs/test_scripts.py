"""The scripts that seal and open are published by their hash, and speak to nobody."""

import hashlib
import re

import pytest

from portal.handoffs.words import LIST
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.no_database
SCRIPTS = ("envelope.js", "hand-off.js", "hpke.js", "words.js")
# What connects, writes markup, runs text or stores it where other scripts read it.
NEVER = re.compile(r"fetch\b|XMLHttp|WebSocket|EventSource|Beacon|innerHTML|eval\b|localStorage|sessionStorage|https?:")


def script(name: str) -> bytes:
    return (ROOT / "static/js" / name).read_bytes()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_the_one_of_the_release_notes(name):
    assert hashlib.sha256(script(name)).hexdigest() in (ROOT / "docs/release-notes.md").read_text()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_speaks_to_nobody_and_writes_no_markup(name):
    assert NEVER.findall(script(name).decode()) == []


def test_the_browser_has_the_same_words_in_the_same_order():
    assert LIST in script("words.js").decode()
