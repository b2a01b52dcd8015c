"""Who may not is refused, with the portal's reason; and when the portal cannot be asked, nobody passes."""

import socket
import time
from collections.abc import Callable
from contextlib import closing
from urllib.parse import unquote

import pytest

from tests.connector.shop import LIFETIME_SECONDS
from tests.gateway.real.behind import Server, line_to, strange_portal
from tests.gateway.real.programs import Gateway, Run, free_port
from tests.gateway.real.shops import CATALOG, SEARCH, Answered, call, sent_at_once, written
from tests.gateway.real.world import World

pytestmark = [pytest.mark.own_database, pytest.mark.either_database]

# Published: a door that reaches the database knows within a second; the rest is for a busy machine.
REVOKED_WITHIN = 5.0
UNAVAILABLE = {"reason": "unavailable"}

REFUSED = {
    "unknown": (401, "not_proven"),
    "wrong_signature": (401, "not_proven"),
    "revoked": (403, "key_revoked"),
    "paused": (403, "delegation_paused"),
    "ended": (403, "delegation_ended"),
    "suspended": (403, "owner_suspended"),
    "contract_ended": (403, "contract_ended"),
    "not_entitled": (403, "service_not_entitled"),
    "foreign_space": (403, "data_space_unknown"),
}


@pytest.mark.parametrize(("name", "status", "reason"), [(name, *told) for name, told in REFUSED.items()])
def test_a_call_that_may_not_pass(
    gateway: Gateway, services: Server, world: World, name: str, status: int, reason: str
):
    answer = call(gateway.port, world.callers[name].headers())

    assert (answer.status, answer.reason, answer.content) == (status, reason, {"reason": reason})
    assert services.arrived == []


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-LIFETIME_SECONDS, "token_expired"), (LIFETIME_SECONDS * 3, "token_too_far_ahead")]
)
def test_a_token_out_of_its_time(gateway: Gateway, services: Server, world: World, seconds: float, reason: str):
    answer = call(gateway.port, world.callers["good"].headers(ends_in=seconds))

    assert (answer.status, answer.reason) == (401, reason)
    assert services.arrived == []


def test_a_stranger_hears_nothing_more(gateway: Gateway, world: World):
    answers = [call(gateway.port, world.callers[name].headers()) for name in ("unknown", "wrong_signature")]

    assert not {"x-portal-sentence", "x-portal-mend", "x-portal-account"} & {*answers[0].headers, *answers[1].headers}
    assert answers[0].body == answers[1].body


def test_whoever_proves_the_key_hears_what_to_do(gateway: Gateway, world: World):
    answer = call(gateway.port, world.callers["suspended"].headers())

    assert unquote(answer.headers["x-portal-sentence"]) == "The account that owns the key is suspended."
    assert unquote(answer.headers["x-portal-mend"]) == "a partner admin of the vendor"
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/json", "no-store")


@pytest.mark.parametrize("headers", [{}, {"x-gw-signature": "a.b.c"}, {"magento-api-key": "0" * 32}])
def test_a_call_without_key_or_signature(gateway: Gateway, services: Server, headers: dict[str, str]):
    answer = call(gateway.port, headers)

    assert (answer.status, answer.reason, services.arrived) == (401, "not_proven", [])


def test_two_different_keys_are_none(gateway: Gateway, services: Server, world: World):
    mine, other = (world.callers[name] for name in ("good", "long_name"))

    answer = call(gateway.port, mine.headers(x_api_key=other.api_key))

    assert (answer.reason, services.arrived) == ("not_proven", [])


def test_a_refused_post_and_head_are_refused_alike(gateway: Gateway, services: Server, world: World):
    headers = world.callers["revoked"].headers()

    posted = call(gateway.port, headers, method="POST", body=b"x" * 100_000)
    headed = call(gateway.port, headers, method="HEAD")

    assert (posted.status, posted.reason, headed.status, headed.body) == (403, "key_revoked", 403, b"")
    assert services.arrived == []


def test_each_service_is_asked_for(gateway: Gateway, services: Server, world: World):
    answers = [call(gateway.port, world.callers["not_entitled"].headers(), path) for path in (CATALOG, SEARCH)]

    assert [answer.reason for answer in answers] == ["service_not_entitled"] * 2


def test_the_other_side_is_refused_where_both_have_to_match(run: Run, services: Server, world: World, strict_door: int):
    gateway = run(strict_door, world.credential)

    refused = call(gateway.port, world.callers["wrong_side"].headers())
    passed = call(gateway.port, world.callers["good"].headers())

    assert (refused.status, refused.reason, passed.status) == (403, "environment_mismatch", 200)
    assert len(services.arrived) == 1


@pytest.mark.both_databases
def test_a_key_that_is_revoked_stops_passing(gateway: Gateway, world: World):
    caller = world.callers[f"behind_{gateway.program}"]
    before = call(gateway.port, caller.headers())

    world.revoke(f"behind_{gateway.program}")
    answer = _answered_otherwise(lambda: call(gateway.port, caller.headers()))

    assert (before.status, answer.status, answer.reason) == (200, 403, "key_revoked")


def _answered_otherwise(ask: Callable[[], Answered]) -> Answered:
    """The first answer that is no 200, or the last one in time."""
    deadline = time.monotonic() + REVOKED_WITHIN
    while (answer := ask()).status == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    return answer


def test_a_portal_that_is_not_there_closes_the_gateway(run: Run, services: Server, world: World):
    gateway = run(free_port())

    answer = call(gateway.port, world.callers["good"].headers(), method="POST", body=b"x" * 100_000)

    assert (answer.status, answer.content, answer.reason) == (503, UNAVAILABLE, None)
    assert services.arrived == []


def test_a_portal_that_does_not_answer_closes_the_gateway(run: Run, services: Server, world: World):
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        gateway = run(silent.getsockname()[1])
        begun = time.monotonic()

        answer = call(gateway.port, world.callers["good"].headers())

    assert (answer.status, answer.content) == (503, UNAVAILABLE)
    assert time.monotonic() - begun < 10
    assert services.arrived == []


ODD_ANSWERS: list[tuple[int, dict[str, str]]] = [
    (503, {"X-Portal-Reason": "not_ready"}),
    (503, {"X-Portal-Reason": "cut_off"}),
    (200, {}),
    (200, {"X-Portal-Account": ""}),
    (204, {}),
    (302, {"Location": "/sign-in"}),
    (400, {"X-Portal-Reason": "service_not_named"}),
    (401, {}),
    (403, {}),
    (404, {}),
    (429, {}),
    (500, {"X-Portal-Account": "MAG000000001"}),
]


@pytest.mark.parametrize(("status", "headers"), ODD_ANSWERS)
def test_anything_but_an_answer_closes_the_gateway(
    run: Run, services: Server, world: World, status: int, headers: dict[str, str]
):
    with strange_portal(status, headers, b"details of the portal") as portal:
        gateway = run(portal.server_port)

        answer = call(gateway.port, world.callers["good"].headers())

    # nginx has no way to tell 200 from 204; what lacks an account finds nobody behind it.
    assert answer.status == 503 or (gateway.program == "nginx" and status < 300 and answer.status == 502)
    assert answer.reason is None
    assert b"details" not in answer.body
    assert services.arrived == []


def test_a_gateway_that_the_portal_does_not_know_lets_nobody_in(run: Run, services: Server, world: World, door: int):
    gateway = run(door, "psc_of-nobody-that-the-portal-knows-whoever-asks")

    answer = call(gateway.port, world.callers["good"].headers())

    assert (answer.status, answer.content, answer.reason) == (503, UNAVAILABLE, None)
    assert services.arrived == []


def test_services_that_are_not_there_are_no_matter_of_the_portal(run: Run, world: World, door: int):
    gateway = run(door, world.credential, free_port())

    answer = call(gateway.port, world.callers["good"].headers())

    assert answer.status in (502, 503)
    assert answer.headers.get("content-type") != "application/json"


def test_one_connection_to_the_portal_serves_many_calls(run: Run, world: World, door: int):
    with line_to(door) as line:
        gateway = run(line.port, world.credential)

        answers = [call(gateway.port, world.callers[name].headers()) for name in ("good", "revoked") * 20]

    assert {answer.status for answer in answers} == {200, 403}
    assert line.connections <= 4  # HAProxy keeps some for each of its threads


def test_the_portal_is_asked_without_body_and_without_what_is_large(run: Run, world: World, door: int):
    headers = world.callers["good"].headers(X_Large="large" * 1500, Cookie="cookie" * 500, Authorization="Bearer mine")
    with line_to(door) as line:
        gateway = run(line.port, world.credential)

        answer = call(gateway.port, headers, method="POST", body=b"body" * 100_000, source="127.7.8.9")

    asked = bytes(line.sent)
    assert answer.status == 200
    assert asked.startswith(b"GET /gateway/check/catalog-service HTTP/1.1\r\n")
    assert asked.endswith(b"\r\n\r\n")
    assert b"x-portal-client-address: 127.7.8.9\r\n" in asked.lower()
    assert not [word for word in (b"large" * 9, b"cookie", b"body", b"mine", b"Content-Length") if word in asked]


PLACEHOLDERS = "{env.PORTAL_CREDENTIAL}${portal_credential}%[env(PORTAL_CREDENTIAL)]{$PORTAL_CREDENTIAL}"


@pytest.mark.parametrize("name", ["good", "unknown"])
def test_a_shop_that_writes_in_the_language_of_the_gateway_learns_nothing(
    gateway: Gateway, services: Server, world: World, name: str
):
    shop = world.callers[name].naming("" if name == "good" else PLACEHOLDERS)
    odd = shop.headers(X_Odd=PLACEHOLDERS, User_Agent=PLACEHOLDERS)

    answer = call(gateway.port, odd, f"{CATALOG}?{PLACEHOLDERS}")

    assert answer.status == (200 if name == "good" else 401)
    assert world.credential not in f"{answer} {services.arrived}"


def test_nothing_that_opens_doors_is_written_down(run: Run, world: World, door: int):
    headers = world.callers["good"].headers()
    token, secret = headers["x-gw-signature"], world.credential
    odd = written([*headers.items(), ("x_gw_signature", token), ("X-Gw-Signature", token)])
    gateways = [run(door, secret), run(door, secret, free_port()), run(free_port(), secret), run(door, secret + "x")]

    for gateway in gateways:
        sent_at_once(gateway.port, odd)
        call(gateway.port, headers)

    logs = "".join(_settled(gateway) for gateway in gateways)
    assert CATALOG in logs
    assert not [word for word in (token, token.rpartition(".")[2], secret) if word in logs]


def _settled(gateway: Gateway) -> str:
    """What it has written down, once that has stopped growing."""
    before = None
    while before != (before := gateway.logs):
        time.sleep(0.2)
    return before
