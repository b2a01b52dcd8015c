"""`GET /gateway/bundle` and its keys: what a library gets from the real door over the real database."""

import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from sqlalchemy.exc import OperationalError

from portal.access.actor import Actor
from portal.delegations import operations as delegations
from portal.foundation import clock, signing
from portal.foundation.database import transaction
from portal.foundation.signing import Purpose
from portal.gateway.bundles import RETIRED_FOR
from portal.gateway.following import NEVER
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.verifier import bundle as bundles
from portal.verifier.bundle import Bundle
from portal.verifier.decision import Call
from portal.verifier.library import Library
from tests.connector.conftest import MakeShop
from tests.connector.shop import Shop
from tests.factories import a_delegation, an_integrator, for_client
from tests.gateway.asking import SERVICE, Gateway, Told

BUNDLE, KEYS = "/gateway/bundle?environment=sandbox", "/gateway/jwks/sandbox.json"


def bundle_of(gateway: Gateway, told: Told) -> Bundle:
    public_keys = bundles.public_keys(gateway.ask("GET", KEYS).json)
    return bundles.read(told.body, public_keys.get)


def since(bundle: Bundle) -> str:
    return f"{BUNDLE}&since={bundle.state.version}&digest={bundle.state.digest}"


def revoke(owner: Actor, shop: Shop) -> None:
    with transaction():
        keys.revoke(owner, key_store.get(owner, shop.api_key))


def test_a_bundle_lists_the_keys_of_its_environment(gateway: Gateway, shop: Shop):
    told = gateway.look().ask("GET", BUNDLE)

    bundle = bundle_of(gateway, told)
    assert (told.status, told.headers["content-type"]) == (200, "application/jose")
    assert [key.api_key for key in bundle.rows.keys] == [shop.api_key]
    assert (bundle.portal, bundle.environment) == ("http://localhost", "sandbox")
    assert bundle.state.version == gateway.door.follower.tables.version


def test_that_of_the_other_environment_does_not_and_has_another_key(gateway: Gateway, shop: Shop):
    sandbox = gateway.look().ask("GET", BUNDLE)
    production = gateway.ask("GET", "/gateway/bundle?environment=production")

    jwks = gateway.ask("GET", "/gateway/jwks/production.json").json
    assert bundles.read(production.body, bundles.public_keys(jwks).get).rows.keys == []
    with pytest.raises(bundles.Refused):
        bundles.read(sandbox.body, bundles.public_keys(jwks).get)


def test_a_delta_says_what_changed(gateway: Gateway, owner: Actor, shop: Shop):
    before = bundle_of(gateway, gateway.look().ask("GET", BUNDLE))
    revoke(owner, shop)

    delta = bundle_of(gateway, gateway.look().ask("GET", since(before)))

    assert delta.previous == before.state
    assert [(key.api_key, key.state) for key in delta.rows.keys] == [(shop.api_key, "revoked")]


def test_a_bundle_may_be_decided_by_for_the_stated_time(gateway: Gateway):
    bundle = bundle_of(gateway, gateway.look().ask("GET", BUNDLE))

    assert bundle.next_update - bundle.issued_at == 300
    assert abs(bundle.issued_at - clock.unix_now()) < 10


def test_cut_off_from_the_database_old_knowledge_does_not_become_new(gateway: Gateway):
    gateway.look()
    gateway.door.follower._seen_at -= 200

    bundle = bundle_of(gateway, gateway.ask("GET", BUNDLE))

    assert 190 < clock.unix_now() - bundle.issued_at < 210


def test_without_a_credential_there_is_no_bundle(gateway: Gateway):
    gateway.look().credential = ""

    told = gateway.ask("GET", BUNDLE)

    assert (told.status, told.reason) == (403, "asker_unknown")


def test_the_credential_may_come_as_a_bearer_token(gateway: Gateway):
    credential, gateway.credential = gateway.look().credential, ""

    assert gateway.ask("GET", BUNDLE, {"Authorization": f"Bearer {credential}"}).status == 200


def test_before_it_is_loaded_there_is_no_bundle(gateway: Gateway):
    gateway.door.follower._seen_at = NEVER

    assert gateway.ask("GET", BUNDLE).reason == "not_ready"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?environment=",
        "?environment=both",
        "?environment=sandbox&more=1",
        "?environment=sandbox&environment=production",
        "?environment=sandbox&since=1",
        "?environment=sandbox&digest=00",
        "?environment=sandbox&since=-1&digest=" + "0" * 64,
        "?environment=sandbox&since=x&digest=" + "0" * 64,
        "?environment=sandbox&since=" + "9" * 30 + "&digest=" + "0" * 64,
        "?environment=sandbox&since=1&digest=" + "G" * 64,
    ],
)
def test_a_question_that_is_not_understood_is_refused(gateway: Gateway, query: str):
    told = gateway.look().ask("GET", f"/gateway/bundle{query}")

    assert (told.status, told.reason) == (400, "not_understood")


def test_it_is_only_read(gateway: Gateway):
    told = gateway.look().ask("POST", BUNDLE)

    assert (told.status, told.headers["allow"]) == (405, "GET, HEAD")


def test_who_has_it_gets_it_not_again(gateway: Gateway):
    first = gateway.look().ask("GET", BUNDLE)

    again = gateway.ask("GET", BUNDLE, {"If-None-Match": f'"x", W/{first.headers["etag"]}'})

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert gateway.ask("GET", BUNDLE, {"If-None-Match": '"x"'}).status == 200


def test_after_a_change_it_is_another(gateway: Gateway, owner: Actor, shop: Shop):
    tag = gateway.look().ask("GET", BUNDLE).headers["etag"]
    revoke(owner, shop)

    assert gateway.look().ask("GET", BUNDLE, {"If-None-Match": tag}).status == 200


@pytest.mark.parametrize(("accepted", "is_packed"), [("gzip", True), ("br, gzip;q=0.5", True), ("gzip;q=0", False)])
def test_it_is_compressed_for_who_takes_that(gateway: Gateway, accepted: str, is_packed: bool):
    plain = gateway.look().ask("GET", BUNDLE)

    told = gateway.ask("GET", BUNDLE, {"Accept-Encoding": accepted})

    assert ("content-encoding" in told.headers) is is_packed
    assert (gzip.decompress(told.body) if is_packed else told.body) == plain.body
    assert told.headers["cache-control"] == "private, no-cache"


def test_who_knows_more_is_told_to_come_again(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("portal.gateway.bundles.CATCH_UP_SECONDS", 0.05)
    bundle = bundle_of(gateway, gateway.look().ask("GET", BUNDLE))

    told = gateway.ask("GET", f"{BUNDLE}&since={bundle.state.version + 1}&digest={'0' * 64}")

    assert (told.status, told.reason, told.headers["retry-after"]) == (503, "not_ready", "1")


def test_a_process_that_is_behind_catches_up_first(gateway: Gateway, owner: Actor, shop: Shop):
    bundle = bundle_of(gateway, gateway.look().ask("GET", BUNDLE))
    revoke(owner, shop)
    version = bundle.state.version + 1
    gateway.door.follower.begin = gateway.door.follower.look  # type: ignore[method-assign]

    told = gateway.ask("GET", f"{BUNDLE}&since={version}&digest={'0' * 64}")

    assert told.status == 200
    assert bundle_of(gateway, told).state.version == version


def test_what_cannot_be_signed_is_not_given(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    def away(_purpose: Purpose) -> Any:
        raise OperationalError("", {}, Exception())

    gateway.look()
    monkeypatch.setattr(signing, "find_current", away)

    told = gateway.ask("GET", BUNDLE)

    assert (told.status, told.reason) == (503, "cut_off")


# The portal's keys


def test_the_keys_are_public_and_may_be_kept_for_a_minute(gateway: Gateway):
    gateway.look().ask("GET", BUNDLE)
    gateway.credential = ""

    told = gateway.ask("GET", KEYS)

    (key,) = told.json["keys"]
    assert told.status == 200
    assert told.headers["cache-control"] == "public, max-age=60"
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")
    assert set(key) == {"kty", "crv", "alg", "use", "x", "kid"}


def test_before_anything_was_signed_there_are_none(gateway: Gateway):
    assert gateway.ask("GET", KEYS).json == {"keys": []}


def test_a_retired_key_is_published_for_a_day(gateway: Gateway):
    old = bundles.key_id_of(gateway.look().ask("GET", BUNDLE).body)
    with transaction():
        new = signing.rotate(Purpose.BUNDLE_SANDBOX).key_id

    published = [key["kid"] for key in gateway.ask("GET", KEYS).json["keys"]]
    with clock.travelled_to(clock.now() + RETIRED_FOR):
        later = [key["kid"] for key in gateway.ask("GET", KEYS).json["keys"]]

    assert (published, later) == ([new, old], [new])


def test_however_often_strangers_ask_for_the_keys_the_database_is_asked_once_a_second(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
):
    asked: list[Any] = []
    published = signing.published
    monkeypatch.setattr("portal.gateway.bundles.LOOK_SECONDS", 60.0)
    monkeypatch.setattr(signing, "published", lambda *how: asked.append(how) or published(*how))
    gateway.look().ask("GET", BUNDLE)
    gateway.credential = ""

    bodies = {gateway.ask("GET", KEYS).body for _time in range(20)}
    with clock.travelled_to(clock.now() + timedelta(seconds=61)):
        bodies.add(gateway.ask("GET", KEYS).body)

    assert (len(asked), len(bodies)) == (2, 1)


def test_a_key_that_signs_from_now_on_is_published_with_its_first_bundle(
    gateway: Gateway, owner: Actor, shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("portal.gateway.bundles.LOOK_SECONDS", 60.0)
    gateway.look().ask("GET", BUNDLE)
    (before,) = gateway.ask("GET", KEYS).json["keys"]
    with transaction():
        signing.rotate(Purpose.BUNDLE_SANDBOX)
    revoke(owner, shop)

    told = gateway.look().ask("GET", BUNDLE)

    assert bundles.key_id_of(told.body) != before["kid"]
    assert [key.state for key in bundle_of(gateway, told).rows.keys] == ["revoked"]


@pytest.mark.parametrize("path", ["/gateway/jwks/both.json", "/gateway/jwks/sandbox", "/gateway/jwks/../sandbox.json"])
def test_other_keys_are_not_there(gateway: Gateway, path: str):
    assert gateway.ask("GET", path).status == 404


# A library at the real door, over HTTP


class Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def served(gateway: Gateway) -> Iterator[str]:
    server = make_server("localhost", 0, gateway.door, handler_class=Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def a_library(url: str, gateway: Gateway) -> Library:
    library = Library(url, "sandbox", gateway.credential, named="http://localhost")
    library.start = lambda: None  # type: ignore[method-assign]
    return library


def call_of(shop: Shop) -> Call:
    return Call(shop.api_key, shop.headers()["x-gw-signature"], SERVICE)


def test_a_library_decides_as_the_door_does(gateway: Gateway, owner: Actor, shop: Shop, a_shop: MakeShop):
    integrator = an_integrator()
    delegation = a_delegation(owner, integrator)
    delegated = a_shop(for_client(integrator, delegation))
    told = []
    with served(gateway.look()) as url:
        library = a_library(url, gateway)
        for act in (lambda: None, lambda: delegations.end(owner, delegation), lambda: None):
            with transaction():
                act()
            gateway.look()
            assert library.refresh(), library.problem
            for one in (shop, delegated):
                told.append((library.decide(call_of(one)).reason, gateway.check(one).reason))

    assert [offline for offline, _door in told] == [door for _offline, door in told]
    assert {offline for offline, _door in told} == {None, "delegation_ended"}


def test_rotating_the_portals_key_interrupts_no_library(gateway: Gateway, owner: Actor, shop: Shop):
    with served(gateway.look()) as url:
        library = a_library(url, gateway)
        before = library.refresh()
        with transaction():
            signing.rotate(Purpose.BUNDLE_SANDBOX)
        revoke(owner, shop)
        gateway.look()

        after = library.refresh()

    assert (before, after) == (True, True), library.problem
    assert library.decide(call_of(shop)).reason == "key_revoked"


@pytest.mark.parametrize(
    "query", ["&".join(["environment=sandbox"] * 50), "environment=sandbox&" + "x" * 100_000, "&" * 5000, "%00%ff"]
)
def test_a_question_without_end_is_refused(gateway: Gateway, query: str):
    told = gateway.look().ask("GET", f"/gateway/bundle?{query}")

    assert (told.status, told.reason) == (400, "not_understood")


def test_one_waits_for_a_later_version_and_not_all(gateway: Gateway, shop: Shop, monkeypatch: pytest.MonkeyPatch):
    """After a restore every library knows more than the portal."""
    waiting, go_on = Event(), Event()

    def wait(*_arguments: object) -> None:
        waiting.set()
        go_on.wait(10)

    monkeypatch.setattr(gateway.look().door.follower, "catch_up", wait)
    path = f"/gateway/bundle?environment=sandbox&since={10**12}&digest={'0' * 64}"
    first = Thread(target=gateway.ask, args=("GET", path))
    first.start()
    assert waiting.wait(10)

    began = time.monotonic()
    told = gateway.ask("GET", path)
    took = time.monotonic() - began
    go_on.set()
    first.join()

    assert (told.status, told.reason) == (503, "not_ready")
    assert took < 5


def test_whoever_asks_for_the_keys_waits_for_the_database_alone(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    """Anybody may ask for them: a database that says nothing must not hold every thread."""
    gateway.look().ask("GET", "/gateway/bundle?environment=sandbox")
    known = gateway.ask("GET", "/gateway/jwks/sandbox.json")
    waiting, go_on = Event(), Event()

    def wait(*_arguments: object) -> list[object]:
        waiting.set()
        go_on.wait(10)
        return []

    monkeypatch.setattr(signing, "published", wait)
    monkeypatch.setattr("portal.gateway.bundles.LOOK_SECONDS", 0)
    first = Thread(target=gateway.ask, args=("GET", "/gateway/jwks/sandbox.json"))
    first.start()
    assert waiting.wait(10)

    meanwhile = gateway.ask("GET", "/gateway/jwks/sandbox.json")
    other = gateway.ask("GET", "/gateway/jwks/production.json")
    go_on.set()
    first.join()

    assert (meanwhile.status, meanwhile.body) == (200, known.body)
    assert (other.status, other.reason) == (503, "not_ready")
