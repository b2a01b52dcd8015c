"""Calls without end, by strangers and by whoever holds a key: what the door remembers of them stays bounded."""

import os
import secrets
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from portal.foundation import clock
from portal.verifier.proving import Prover
from portal.verifier.seen import LONGEST_KEPT, Kept
from tests.connector.shop import CLAIMS, HEADER, Shop, as_part, signed
from tests.gateway.asking import SERVICE, Gateway

STRANGERS = int(os.environ.get("STRANGERS", "40000"))
MOST_BYTES = 500_000  # whatever their number: headers that are not believed leave figures and no more


def strangers(gateway: Gateway, shop: Shop, number: int) -> Iterator[dict[str, Any]]:
    """Random keys and tokens, each once: well formed or not, with the right key or not, for services of all names."""
    plain = gateway.environ("GET", f"/gateway/check/{SERVICE}", shop.headers())
    header, claims, signature = shop.headers()["x-gw-signature"].split(".")
    for turn in range(number):
        word = secrets.token_hex(16)
        kinds: tuple[dict[str, str], ...] = (
            {"HTTP_MAGENTO_API_KEY": word, "HTTP_X_API_KEY": word},
            {"HTTP_X_GW_SIGNATURE": f"{word}.{word}.{word}"},
            {"HTTP_X_GW_SIGNATURE": f"{header}.{claims}.{word}{signature[32:]}"},
            {"HTTP_X_GW_SIGNATURE": f"{as_part(HEADER | {'kid': word})}.{claims}.{signature}"},
            {"HTTP_X_PORTAL_CREDENTIAL": f"psc_{word}"},
            {"HTTP_MAGENTO_ENVIRONMENT_ID": word, "HTTP_USER_AGENT": word, "HTTP_X_GW_SIGNATURE": word},
            {"PATH_INFO": f"/gateway/check/{word}", "HTTP_X_GW_SIGNATURE": word},
            {"PATH_INFO": f"/gateway/{word}"},
        )
        yield plain | kinds[turn % len(kinds)]


def test_strangers_leave_nothing_behind(gateway: Gateway, shop: Shop):
    door = gateway.look().door
    for environ in strangers(gateway, shop, 2000):  # what is made once
        door.answer(environ, environ["PATH_INFO"])

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    passed = 0
    for environ in strangers(gateway, shop, STRANGERS):
        answer = door.answer(environ, environ["PATH_INFO"])
        passed += answer.status.startswith("2")
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert passed == 0
    assert len(door.prove) == 0
    assert grown < MOST_BYTES
    assert gateway.check(shop).status == 204


def test_who_holds_a_key_fills_what_is_remembered_and_no_more(gateway: Gateway, shop: Shop):
    door = gateway.look().door
    door.prove = Prover(most_tokens=50)
    environ = gateway.environ("GET", f"/gateway/check/{SERVICE}", shop.headers())

    for number in range(300):
        answer = door.answer(environ | {"HTTP_X_GW_SIGNATURE": token(shop.private, number)}, environ["PATH_INFO"])
        assert answer.status.startswith("204")

    assert len(door.prove) <= 100


def test_a_long_token_passes_and_is_not_remembered(gateway: Gateway, shop: Shop):
    door = gateway.look().door
    long = token(shop.private, 0, padding="x" * LONGEST_KEPT)

    told = [gateway.check(shop, x_gw_signature=long) for _each in range(2)]

    assert [each.status for each in told] == [204, 204]
    assert len(door.prove) == 0


def token(private: RSAPrivateKey, number: int, **claims: str) -> str:
    ends = int(clock.unix_now()) + 300
    return signed(private, as_part(HEADER), as_part({"exp": ends, "n": number} | CLAIMS | claims))


@pytest.mark.no_database
def test_a_memory_forgets_what_was_used_longest_ago():
    kept: Kept[int, int] = Kept(10)
    for number in range(10_000):
        kept.put(number, number)
        kept.get(3)
        assert len(kept) <= 20

    assert kept.get(9_999) == 9_999
    assert kept.get(3) == 3
    assert kept.get(5_000) is None
