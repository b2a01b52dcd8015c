"""Requests as people capture them: raw, as a curl command, as JSON; and what is no request."""

import json
import random
import string

import pytest

from portal.verifier.captured import AMBIGUOUS, LONGEST, Captured, Unreadable, read, text_of
from portal.verifier.decision import Call

pytestmark = pytest.mark.no_database

KEY, TOKEN = "0123456789abcdef" * 2, "aaaa.bbbb.cc-_"
CALL = Call(KEY, TOKEN, "search", "space-1")

RAW = f"""\
GET /gateway/check HTTP/1.1
Host: portal.example.com
Magento-Api-Key: {KEY}
x-api-key: {KEY}
X-GW-Signature: {TOKEN}
Magento-Environment-Id:space-1
X-Portal-Service: search
Cookie: sid=secret
"""
JSON = {"api_key": KEY, "token": TOKEN, "service": "search", "data_space": "space-1"}
HEADERS = f"-H 'x-api-key: {KEY}' -H \"x-gw-signature: {TOKEN}\" -H 'x-saas-id: space-1' -H 'X-Portal-Service: search'"
OVER_LINES = HEADERS.replace(" -H", " \\\n  -H")
IN_PATH = ("X-Portal-Service", "X-Other")
AS_CAPTURED = {
    "raw, ended by LF": RAW,
    "raw, ended by CRLF": RAW.replace("\n", "\r\n"),
    "raw, with an empty line and a body": RAW + "\nsome body",
    "raw, of HTTP/2": RAW.replace("HTTP/1.1", "HTTP/2"),
    "raw, without a version": RAW.replace(" HTTP/1.1", ""),
    "raw, with the service in its path": RAW.replace("/check ", "/check/search ").replace(
        "X-Portal-Service", "X-Other"
    ),
    "raw, whose path and header both say it": RAW.replace("/check ", "/check/search?a=b "),
    "raw, in absolute form": RAW.replace("GET /", "GET https://portal.example.com/"),
    "raw, with the other header for the data space": RAW.replace("Magento-Environment-Id", "X-SaaS-Id"),
    "curl": f"curl https://shop.example.com/search {HEADERS}",
    "curl, with a prompt": f"$ curl {HEADERS} https://shop.example.com/search",
    "curl, over several lines": f"curl 'https://x.example/s' \\\n  {OVER_LINES} \\\n  --compressed",
    "curl, with other options": f"curl -sS -X POST --max-time 5 -o /dev/null -d '{{}}' {HEADERS} --url http://x.example/",
    "curl, without a scheme": f"curl x.example/gateway/check/search {HEADERS}".replace(*IN_PATH),
    "curl, with options in one word": f"curl {HEADERS.replace('-H ', '-H')} http://x.example -XPOST",
    "curl, with long options": f"curl {HEADERS.replace('-H ', '--header ')} http://x.example --insecure --http1.1",
    "curl, with an equals sign": f"curl {HEADERS.replace('-H ', '--header=')} http://x.example",
    "curl, with what a shell escapes": f"curl 'http://x.example' {HEADERS.replace('-H ', '-H $')}".replace('$"', '"'),
    "curl of the decisions": f"curl https://p.example/gateway/decisions --json '{json.dumps(JSON)}'",
    "raw, of the decisions": f"POST /gateway/decisions HTTP/1.1\nContent-Type: application/json\n\n{json.dumps(JSON)}",
    "JSON": json.dumps(JSON),
    "JSON, over several lines": "\n" + json.dumps(JSON, indent=4) + "\n",
    "JSON with what it says of the shop": json.dumps(JSON | {"client": {"address": "192.0.2.1"}}),
    "JSON of one of several": json.dumps({"calls": [JSON]}),
}


@pytest.mark.parametrize("kind", AS_CAPTURED)
def test_a_request_is_read_however_it_was_captured(kind: str):
    assert read(AS_CAPTURED[kind]).call == CALL


def test_what_a_request_does_not_bring_is_not_there():
    assert read("GET / HTTP/1.1\nHost: x\n").call == Call("", "", None, None)


def test_an_empty_data_space_is_one_as_at_the_gateway():
    assert read("GET / HTTP/1.1\nx-saas-id:\nx-portal-service:  \n").call == Call("", "", None, "")
    assert read('{"api_key": "", "token": "", "data_space": ""}').call == Call("", "", None, "")


def test_an_escape_in_a_command_is_undone():
    command = "curl http://x.example -H $'x-saas-id: it\\'s \\u4e2d\\x41' -H 'x-api-key: k'"

    assert read(command).call.data_space == "it's 中A"


def test_a_service_in_a_path_is_undone():
    assert read("GET /gateway/check/live%2Dsearch HTTP/1.1").call.service == "live-search"


@pytest.mark.parametrize("names", [("magento-api-key", "x-api-key"), ("magento-environment-id", "x-saas-id")])
def test_of_two_headers_that_differ_neither_is_believed(names: tuple[str, str]):
    found = read(f"GET / HTTP/1.1\n{names[0]}: {KEY}\n{names[1]}: {'f' * 32}\n")

    assert AMBIGUOUS in (found.call.api_key, found.call.data_space)
    assert "say different things" in found.notes[0]


def test_a_header_that_comes_twice_is_one_with_a_comma():
    assert read(f"GET / HTTP/1.1\nx-api-key: {KEY}\nx-api-key: {KEY}\n").call.api_key == f"{KEY},{KEY}"


UNREADABLE = {
    "nothing": ("", "nothing in it"),
    "blanks": (" \n\r\n ", "nothing in it"),
    "prose": ("Please look into this, it worked yesterday.", "neither a request line"),
    "a header alone": (f"x-api-key: {KEY}", "neither a request line"),
    "an answer": ("HTTP/1.1 401 Unauthorized\nX-Portal-Reason: not_proven\n", "neither a request line"),
    "a line that is no header": ("GET / HTTP/1.1\nHost: x\nwhat is this\n", "Line 3 is no header"),
    "a folded header": ("GET / HTTP/1.1\nx-gw-signature: aaaa.\n bbbb\n", "Line 3 is no header"),
    "two services": (RAW.replace("/check ", "/check/payments "), "different services"),
    "a broken address": ("GET http://[x HTTP/1.1\n", "address cannot be read"),
    "an open quotation": ("curl 'http://x.example", "within a quotation"),
    "no address": ("curl -H 'x-api-key: k'", "names 0 addresses"),
    "two addresses": ("curl http://a.example http://b.example", "names 2 addresses"),
    "headers from a file": ("curl http://a.example -H @headers.txt", "from a file"),
    "a command for Windows": ('curl ^"http://x.example^" ^\n  -H ^"x-api-key: k^"', "Windows"),
    "broken JSON": ('{"api_key": ', "not a JSON object"),
    "JSON that is too deep": ('{"a":' * 100_000, "not a JSON object"),
    "JSON with a strange member": (json.dumps(JSON | {"key": 1}), "“key” is no member"),
    "JSON without a token": ('{"api_key": "k"}', "“token” is to be a text"),
    "JSON with a number": (json.dumps(JSON | {"data_space": 7}), "“data_space” is to be a text"),
    "JSON with an empty service": (json.dumps(JSON | {"service": ""}), "“” is no code of a service"),
    "JSON with a service's name": (json.dumps(JSON | {"service": "Live Search"}), "“Live Search” is no code"),
    "a path with a service's name": (
        RAW.replace("/check ", "/check/Live_Search ").replace("X-Portal-Service", "X-Other"),
        "“Live_Search” is no code",
    ),
    "JSON with two calls": (json.dumps({"calls": [JSON, JSON]}), "One call"),
    "JSON with calls that are none": (json.dumps({"calls": "x"}), "One call"),
    "JSON with a call that is none": (json.dumps({"calls": ["x"]}), "not a JSON object"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_is_no_request_is_refused_with_a_sentence(kind: str):
    text, said = UNREADABLE[kind]

    with pytest.raises(Unreadable, match=said):
        read(text)


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (b"\xff\xfeG\x00E\x00T\x00", "not text in UTF-8"),
        (b"GET / HTTP/1.1\n\0", "zero byte"),
        (b"a" * (LONGEST + 1), "longer than"),
    ],
)
def test_what_is_no_text_is_refused_with_a_sentence(octets: bytes, said: str):
    with pytest.raises(Unreadable, match=said):
        text_of(octets)


def test_a_byte_order_mark_is_passed_over():
    assert read(text_of(b"\xef\xbb\xbf" + RAW.encode())).call == CALL


def test_whatever_is_in_it_a_sentence_or_a_call_comes_back():
    chance = random.Random(7)  # noqa: S311 - a test's
    whole = list(AS_CAPTURED.values())

    for _try in range(5000):
        text = list(chance.choice(whole))
        for _change in range(chance.randint(1, 5)):
            text[chance.randrange(len(text))] = chance.choice([*string.printable, "中", "", "\\u12", "$'"])
        outcome = _outcome("".join(text))
        assert isinstance(outcome, Captured) or outcome.endswith(".")


def _outcome(text: str) -> Captured | str:
    try:
        return read(text)
    except Unreadable as refused:
        return str(refused)
