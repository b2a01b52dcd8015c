"""Signed JSON files: spaces and line ends may change on their way, what they say may not."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.foundation import signed_json, signing
from portal.foundation.signed_json import EVIDENCE_FORMAT, State, Verdict

pytestmark = pytest.mark.no_database

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
KEY_ID = signing.key_id_of(PUBLIC)
DOCUMENT: dict[str, Any] = {
    "format": EVIDENCE_FORMAT,
    "portal": "https://portal.example.com",
    "review": {"name": "Spring 2027 \u2013 愛麗絲 🗝", "closed_at": "2027-03-01T08:00:00Z", "counts": {"kept": 1}},
    "lines": [{"label": "Storefront", "outcome": "kept"}, {"label": "Search", "outcome": "ended"}],
}


def a_file(document: dict[str, Any] = DOCUMENT) -> bytes:
    return signed_json.attach(document, KEY_ID, KEY.sign(signed_json.canonical(document)))


def verdict_on(octets: bytes) -> Verdict:
    return signed_json.verify(octets, {KEY_ID: PUBLIC}.get)


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(a_file())
    change(document)
    return json.dumps(document).encode()


def test_a_file_as_it_was_written_is_genuine():
    verdict = verdict_on(a_file())

    assert verdict.state is State.GENUINE
    assert verdict.key_id == KEY_ID
    assert verdict.document["review"] == DOCUMENT["review"]


def test_what_is_signed_is_sorted_tight_and_utf_8():
    assert signed_json.canonical({"b": 1, "a": "é", "signature": {}}) == '{"a":"é","b":1}'.encode()


@pytest.mark.parametrize(
    "travel",
    [
        lambda octets: octets.replace(b"\n", b"\r\n"),
        lambda octets: b"\xef\xbb\xbf" + octets,
        lambda octets: b"\n\n" + octets + b"  \r\n",
        lambda octets: json.dumps(json.loads(octets)).encode(),
        lambda octets: json.dumps(json.loads(octets), indent=8, sort_keys=True, ensure_ascii=False).encode(),
        lambda octets: json.dumps(dict(reversed(json.loads(octets).items()))).encode(),
    ],
    ids=["CRLF", "BOM", "spaces around", "escaped letters", "another layout", "another order of names"],
)
def test_what_does_not_change_the_meaning_leaves_a_file_genuine(travel: Callable[[bytes], bytes]):
    assert verdict_on(travel(a_file())).state is State.GENUINE


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["lines"][0].update(outcome="ended"),
        lambda document: document["lines"].reverse(),
        lambda document: document["lines"].pop(),
        lambda document: document["lines"].append(document["lines"][0]),
        lambda document: document["review"].update(name="Autumn"),
        lambda document: document.update(portal="https://other.example.com"),
        lambda document: document.update(more=1),
        lambda document: document.pop("portal"),
        lambda document: document["review"]["counts"].update(kept=True),
        lambda document: document["signature"].update(value="A" * 86),
    ],
)
def test_what_changes_the_meaning_is_found(change: Callable[[dict[str, Any]], Any]):
    assert verdict_on(changed(change)).state is State.CHANGED


def test_a_key_nobody_knows_is_said_to_be_unknown():
    verdict = verdict_on(changed(lambda document: document["signature"].update(key_id="sig_other")))

    assert verdict.state is State.UNKNOWN_KEY
    assert "sig_other" in verdict.reason


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" \r\n ",
        a_file()[:-10],
        a_file()[: len(a_file()) // 2],
        b"[]",
        b"null",
        b'"portal-review-evidence-v1"',
        b"{}",
        b"\xff\xfe{\x00}\x00",
        b"PK\x03\x04",
        b"-----BEGIN PGP SIGNED MESSAGE-----",
        b'{"format": "portal-review-evidence-v2"}',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"format": "portal-review-evidence-v1"}',
        a_file().replace(b'"portal":', b'"portal": "https://a.example", "portal":', 1),
        a_file().replace(b'"outcome": "kept"', b'"outcome": "ended", "outcome": "kept"', 1),
        a_file().replace(b'"kept": 1', b'"kept": 1.0', 1),
        a_file().replace(b'"kept": 1', b'"kept": NaN', 1),
        a_file().replace(b'"kept": 1', b'"kept": ' + b"9" * 10_000, 1),
        a_file().replace(b"Storefront", b"\\ud800", 1),
        a_file().replace(b'"kept": 1', b'"kept": ' + b"[" * 150 + b"]" * 150, 1),
        a_file() + a_file(),
    ],
)
def test_what_cannot_be_read_is_said_to_be_unreadable_and_why(octets: bytes):
    verdict = verdict_on(octets)

    assert verdict.state is State.UNREADABLE
    assert verdict.reason.endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document.update(signature=None),
        lambda document: document.update(signature="x"),
        lambda document: document["signature"].update(alg="none"),
        lambda document: document["signature"].update(alg="HS256"),
        lambda document: document["signature"].update(value=""),
        lambda document: document["signature"].update(value=7),
        lambda document: document["signature"].update(value="+" * 86),
        lambda document: document["signature"].update(key_id=None),
        lambda document: document["signature"].update(key_id="sig\x1b[2J"),
        lambda document: document["signature"].update(jwk="mine"),
        lambda document: document["signature"].pop("alg"),
    ],
)
def test_a_signature_of_another_shape_is_unreadable(change: Callable[[dict[str, Any]], Any]):
    assert verdict_on(changed(change)).state is State.UNREADABLE


def test_a_file_that_is_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(signed_json, "LARGEST", len(a_file()) - 1)

    assert verdict_on(a_file()).state is State.UNREADABLE


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"octets", object()])
def test_what_is_no_plain_json_is_never_signed(value: Any):
    with pytest.raises((ValueError, TypeError)):
        signed_json.canonical({"a": value})


def test_twenty_thousand_lines_are_written_and_read():
    document = DOCUMENT | {"lines": [{"position": number, "label": "x" * 500} for number in range(20_000)]}

    assert verdict_on(a_file(document)).state is State.GENUINE
