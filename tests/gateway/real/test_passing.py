"""Who may, passes; and the service behind the gateway learns from the portal alone who that is."""

import hashlib
import os
import socket
from contextlib import ExitStack

import pytest

from tests.gateway.real.behind import Server
from tests.gateway.real.programs import Gateway
from tests.gateway.real.shops import CATALOG, SEARCH, call, sent_at_once, written
from tests.gateway.real.world import LONGEST_NAME, World

pytestmark = [pytest.mark.own_database, pytest.mark.either_database]

LARGE = os.urandom(5_000_000)
HALF_OPEN = 40


@pytest.mark.both_databases
def test_the_service_is_told_who_calls(gateway: Gateway, services: Server, world: World):
    good = world.callers["good"]

    answer = call(gateway.port, good.headers())

    assert (answer.status, answer.body) == (200, CATALOG.encode())
    assert services.arrived[-1].said() == {
        "account": world.account,
        "tenant": world.name,
        "environment": "sandbox",
        "data-space": good.space,
        "holder": world.account,
    }


@pytest.mark.both_databases
def test_the_service_is_told_of_holder_and_delegation(gateway: Gateway, services: Server, world: World):
    delegated = world.callers["delegated"]

    call(gateway.port, delegated.headers())

    assert services.arrived[-1].said() == {
        "account": world.account,
        "tenant": world.name,
        "environment": "sandbox",
        "data-space": delegated.space,
        "holder": world.holder,
        "delegation": world.delegation,
    }


def test_keys_of_both_environments_pass(gateway: Gateway, services: Server, world: World):
    call(gateway.port, world.callers["production"].headers())

    assert services.arrived[-1].said()["environment"] == "production"


def test_the_other_side_is_flagged_where_it_is_only_reported(gateway: Gateway, services: Server, world: World):
    call(gateway.port, world.callers["wrong_side"].headers())

    assert services.arrived[-1].said()["flags"] == "environment_mismatch"


def test_the_longest_name_passes(gateway: Gateway, services: Server, world: World):
    answer = call(gateway.port, world.callers["long_name"].headers())

    assert answer.status == 200
    assert services.arrived[-1].said()["tenant"] == LONGEST_NAME


FORGED = [
    ("X-Portal-Account", "MAG000000001"),
    ("x-portal-account", "MAG000000001"),
    ("X-PORTAL-ACCOUNT", "MAG000000001"),
    ("X_Portal_Account", "MAG000000001"),
    ("X-Portal_Account", "MAG000000001"),
    ("x_portal-account", "MAG000000001"),
    ("X-Portal-Delegation", "dlg_forged"),
    ("X-Portal-Flags", "everything"),
    ("X-Portal-Service", "payment-services"),
    ("X-Portal-Credential", "psc_forged"),
    ("X-Portal-Client-Address", "192.0.2.1"),
    ("X-Portal-Reason", "none"),
]


@pytest.mark.parametrize("forged", [*([one] for one in FORGED), FORGED[:3] * 2, FORGED], ids=str)
def test_what_a_shop_says_of_itself_does_not_arrive(
    gateway: Gateway, services: Server, world: World, forged: list[tuple[str, str]]
):
    sent = [*forged, *world.callers["good"].headers().items(), *forged]

    (answer,) = sent_at_once(gateway.port, written(sent))

    assert answer.status == 200
    assert services.arrived[-1].all("X-Portal-Account") == [world.account]
    told = services.arrived[-1].said()
    assert not {value for _name, value in forged} & set(told.values())
    assert set(told) == {"account", "tenant", "environment", "data-space", "holder"}


def test_what_a_stranger_says_of_itself_does_not_help(gateway: Gateway, services: Server, world: World):
    (answer,) = sent_at_once(gateway.port, written([*FORGED, *world.callers["unknown"].headers().items()]))

    assert (answer.status, answer.reason) == (401, "not_proven")
    assert services.arrived == []


@pytest.mark.parametrize("name", ["X-Portal-Delegation", "X-Portal-Account", "Magento-Environment-Id", "x-api-key"])
def test_a_shop_cannot_have_a_header_left_out_on_the_way(gateway: Gateway, services: Server, world: World, name: str):
    delegated = world.callers["delegated"]
    hop = [("Connection", f"keep-alive, {name}"), ("Keep-Alive", "timeout=5")]

    sent_at_once(gateway.port, written([*hop, *delegated.headers().items()]))

    told = services.arrived[-1].said()
    assert (told["account"], told["delegation"], told["data-space"]) == (
        world.account,
        world.delegation,
        delegated.space,
    )


ODD_LINES = [
    b"X-Portal-Flags : everything",
    b"X-Portal-Flags\t: everything",
    b" X-Portal-Flags: everything",
    b"X-Odd: odd\r\n X-Portal-Flags: everything",
    b"X-Odd: odd\nX-Portal-Flags: everything",
    b"X-Odd: odd\rX-Portal-Flags: everything",
    b"X-Odd: odd\x00\r\nX-Portal-Flags: everything",
    b"X-Portal-Flags\x00: everything",
    b"\xffX-Portal-Flags: everything",
    b"X.Portal.Flags: everything",
    b"X-Portal-Flags:everything",
    b"X-Portal-Flags:\teverything",
]


@pytest.mark.parametrize("line", ODD_LINES, ids=str)
def test_oddly_written_headers_say_nothing_of_a_shop(gateway: Gateway, services: Server, world: World, line: bytes):
    request = written(world.callers["good"].headers().items())

    (answer,) = sent_at_once(gateway.port, request.replace(b"\r\n", b"\r\n" + line + b"\r\n", 1))

    assert answer.status in (200, 400)
    assert not [arrived for arrived in services.arrived if "flags" in arrived.said()]


def test_portal_and_service_never_read_different_data_spaces(gateway: Gateway, services: Server, world: World):
    mine, foreign = (world.callers[name] for name in ("good", "foreign_space"))
    for spaces in ((mine.space, foreign.space), (foreign.space, mine.space)):
        sent = [*mine.naming("").headers().items(), *(("Magento-Environment-Id", space) for space in spaces)]
        services.arrived.clear()

        (answer,) = sent_at_once(gateway.port, written(sent))

        assert answer.status in (200, 403)
        for arrived in services.arrived:
            assert arrived.all("Magento-Environment-Id") == [mine.space] == arrived.all("X-Portal-Data-Space")


def test_the_service_does_not_get_the_signature(gateway: Gateway, services: Server, world: World):
    call(gateway.port, world.callers["good"].headers())

    assert services.arrived[-1].all("x-gw-signature") == []
    assert services.arrived[-1].all("magento-api-key") == [world.callers["good"].api_key]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("body", [b"", b"{}", LARGE], ids=len)
def test_bodies_arrive_as_they_were_sent(gateway: Gateway, services: Server, world: World, method: str, body: bytes):
    answer = call(gateway.port, world.callers["good"].headers(), method=method, body=body)

    arrived = services.arrived[-1]
    assert answer.status == 200
    assert (arrived.method, arrived.length) == (method, len(body))
    assert arrived.digest == hashlib.sha256(body).hexdigest()


def test_a_body_in_chunks_arrives(gateway: Gateway, services: Server, world: World):
    headers = [*world.callers["good"].headers().items(), ("Transfer-Encoding", "chunked")]
    chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"

    (answer,) = sent_at_once(gateway.port, written(headers, method="POST") + chunks)

    assert answer.status == 200
    assert services.arrived[-1].digest == hashlib.sha256(b"hello world").hexdigest()


def test_head_has_no_body(gateway: Gateway, services: Server, world: World):
    answer = call(gateway.port, world.callers["good"].headers(), method="HEAD")

    assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"", str(len(CATALOG)))
    assert services.arrived[-1].method == "HEAD"


def test_each_of_many_requests_on_one_connection_gets_its_own_answer(gateway: Gateway, services: Server, world: World):
    names = ["good", "unknown", "delegated", "revoked", "good", "not_entitled", "long_name", "ended", "good"]
    requests = [
        written(world.callers[name].headers().items(), f"{CATALOG}/{number}") for number, name in enumerate(names)
    ]

    answers = sent_at_once(gateway.port, *requests)

    assert [answer.reason for answer in answers] == [
        None, "not_proven", None, "key_revoked", None, "service_not_entitled", None, "delegation_ended", None,
    ]  # fmt: skip
    assert [arrived.path for arrived in services.arrived] == [f"{CATALOG}/{number}" for number in (0, 2, 4, 6, 8)]


def test_a_refused_body_is_no_request(gateway: Gateway, services: Server, world: World):
    hidden = written(world.callers["good"].headers().items(), SEARCH)
    refused = world.callers["revoked"].headers(Content_Length=str(len(hidden)))

    (answer,) = sent_at_once(gateway.port, written(refused.items(), method="POST") + hidden)
    call(gateway.port, world.callers["good"].headers())

    assert answer.reason == "key_revoked"
    assert [arrived.path for arrived in services.arrived] == [CATALOG]


def test_requests_that_stop_half_way_hold_up_nobody(gateway: Gateway, services: Server, world: World):
    headers = written(world.callers["good"].headers(Content_Length="1000000").items(), method="POST")
    with ExitStack() as stack:
        for number in range(HALF_OPEN):
            half = stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
            half.sendall(headers + b"x" * 1000 if number % 2 else headers[: len(headers) // 2])

        answers = [call(gateway.port, world.callers["good"].headers()) for _one in range(5)]

    assert [answer.status for answer in answers] == [200] * 5


@pytest.mark.parametrize(
    "path",
    ["/catalog/../search/x", "/catalog/..%2fsearch/x", "/catalog/%2E%2E/search/x", "//search/x", "/catalog/./x",
     "/catalog/a//b", "/catalog/..", "/catalog/a%5cb", "/catalog/a\\b"],
)  # fmt: skip
def test_a_path_that_can_be_read_in_two_ways_is_refused(gateway: Gateway, services: Server, world: World, path: str):
    (answer,) = sent_at_once(gateway.port, written(world.callers["good"].headers().items(), path))

    assert (answer.status, services.arrived) == (400, [])


def test_what_is_no_service_is_not_there(gateway: Gateway, services: Server, world: World):
    answer = call(gateway.port, world.callers["good"].headers(), "/elsewhere")

    assert (answer.status, services.arrived) == (404, [])
