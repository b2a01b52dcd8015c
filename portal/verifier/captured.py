"""A request that somebody captured, as a call to be explained: as raw HTTP, as a curl command, or as JSON."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from portal.verifier.decision import Call
from portal.verifier.headers import KEY_HEADERS, SERVICE_CODE, SPACE_HEADERS, TOKEN_HEADER

LONGEST = 1_000_000
SERVICE_HEADER = "x-portal-service"
CHECKS, DECISIONS = "/gateway/check/", "/gateway/decisions"
AMBIGUOUS = "ambiguous"
MEMBERS = frozenset({"api_key", "token", "service", "data_space", "client"})

_REQUEST_LINE = re.compile(r"[A-Z]+ (\S+)(?: HTTP/\d(?:\.\d)?)?")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
_COMMAND = re.compile(r"(?:\$ *)?curl(?:\.exe)?\s")
# What a shell calls ANSI-C quoting, in which browsers write what has quotes in it.
_ANSI = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_TAKES_HEADER, _TAKES_URL = ("-H", "--header"), ("--url",)
_TAKES_BODY = ("-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--json")
_TAKES_OTHER = (
    "-X", "--request", "-b", "--cookie", "-A", "--user-agent", "-e", "--referer", "-u", "--user", "-o", "--output",
    "-x", "--proxy", "-m", "--max-time", "--connect-timeout", "--resolve", "--cacert", "--cert", "--key", "--retry",
    "-w", "--write-out", "-F", "--form", "-T", "--upload-file", "--data-urlencode", "-D", "--dump-header",
)  # fmt: skip


class Unreadable(ValueError):
    """It is no request that can be explained; the text says why, for whoever captured it."""


class Captured(NamedTuple):
    """The call that was made, and what is to be said about how it came."""

    call: Call
    notes: tuple[str, ...] = ()


@dataclass
class _Request:
    path: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)
    body: str = ""

    def add(self, name: str, value: str) -> None:
        self.headers.setdefault(name.lower(), []).append(value.strip())


def text_of(octets: bytes) -> str:
    """A file's content as text. Raises: Unreadable."""
    if len(octets) > LONGEST:
        raise Unreadable(f"This is longer than {LONGEST:,} bytes: a request's line and headers are enough.")
    try:
        text = octets.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("This is not text in UTF-8.") from error
    if "\0" in text:
        raise Unreadable("This is not text: there is a zero byte in it.")
    return text


def read(text: str) -> Captured:
    """The call in this text. Raises: Unreadable."""
    text = text.strip()
    if not text:
        raise Unreadable("There is nothing in it.")
    if text.startswith("{"):
        return _of_json(text)
    request = _of_command(text) if _COMMAND.match(text) else _of_http(text)
    return _of_json(request.body) if request.path.endswith(DECISIONS) and request.body else _call_of(request)


def _call_of(request: _Request) -> Captured:
    notes: list[str] = []
    api_key = _one_of(request, KEY_HEADERS, notes) or ""
    token = ",".join(request.headers.get(TOKEN_HEADER, []))
    call = Call(api_key, token, _service_of(request), _one_of(request, SPACE_HEADERS, notes))
    return Captured(call, tuple(notes))


def _service_of(request: _Request) -> str | None:
    in_path = unquote(request.path.partition(CHECKS)[2])
    in_header = ",".join(request.headers.get(SERVICE_HEADER, []))
    if in_path and in_header and in_path != in_header:
        raise Unreadable("Path and header name different services: the gateway refuses the question itself.")
    return _known_as_service(in_path or in_header or None)


def _known_as_service(name: str | None) -> str | None:
    if name is not None and SERVICE_CODE.fullmatch(name) is None:
        raise Unreadable(f"“{name[:40]}” is no code of a service: the gateway refuses the question itself.")
    return name


def _one_of(request: _Request, names: tuple[str, ...], notes: list[str]) -> str | None:
    """The value of these headers, as the gateway sees it: with a comma where one comes twice; None where none does."""
    values = {",".join(request.headers[name]) for name in names if name in request.headers}
    if len(values) > 1:
        notes.append(f"{' and '.join(names)} say different things: neither is believed.")
        return AMBIGUOUS
    return values.pop() if values else None


# Raw HTTP


def _of_http(text: str) -> _Request:
    head, _blank, body = text.replace("\r\n", "\n").partition("\n\n")
    first, *lines = head.split("\n")
    found = _REQUEST_LINE.fullmatch(first.rstrip())
    if found is None:
        raise Unreadable(
            "This is neither a request line, such as “GET /search HTTP/1.1”, nor a curl command, nor a JSON object."
        )
    request = _Request(_path_of(found[1]), body=body)
    for number, line in enumerate(lines, 2):
        header = _HEADER.fullmatch(line.rstrip())
        if header is None:
            raise Unreadable(f"Line {number} is no header: a name, a colon and a value.")
        request.add(header[1], header[2])
    return request


def _path_of(target: str) -> str:
    try:
        return urlsplit(target).path
    except ValueError as error:
        raise Unreadable("The request's address cannot be read.") from error


# A curl command


def _of_command(text: str) -> _Request:
    request = _Request()
    urls = []
    for option, value in _options(_words(text)):
        if option in _TAKES_HEADER:
            _add_line(request, value)
        elif option in _TAKES_BODY:
            request.body = value
        elif option in ("", *_TAKES_URL):
            urls.append(value)
    if len(urls) != 1:
        raise Unreadable(f"The curl command names {len(urls)} addresses: one call is explained at a time.")
    request.path = _path_of(urls[0] if "://" in urls[0] else f"//{urls[0]}")
    return request


def _words(text: str) -> list[str]:
    """The command's words, without `curl` itself."""
    if re.search(r"\^\r?\n", text):
        raise Unreadable("This is a command for Windows: copy it as cURL (bash), or as raw headers.")
    joined = re.sub(r"\\\r?\n", " ", text.removeprefix("$"))
    plain = _ANSI.sub(lambda found: shlex.quote(_unescaped(found[1])), joined)
    try:
        return shlex.split(plain)[1:]
    except ValueError as error:
        raise Unreadable("The curl command ends within a quotation.") from error


def _unescaped(quoted: str) -> str:
    plain = {"n": "\n", "r": "\r", "t": "\t"}

    def one(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if code[0] in "xu" and len(code) > 1 else plain.get(code, code)

    return re.sub(r"\\(x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{4}|.)", one, quoted, flags=re.DOTALL)


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Each option with its value, and each word that is none with an empty option."""
    takes_value = (*_TAKES_HEADER, *_TAKES_URL, *_TAKES_BODY, *_TAKES_OTHER)
    left = iter(words)
    for word in left:
        name, equals, value = word.partition("=")
        if word in takes_value:
            yield word, next(left, "")
        elif word.startswith("--"):
            yield name, value if equals else ""
        elif word[:2] in takes_value:
            yield word[:2], word[2:]
        elif not word.startswith("-"):
            yield "", word


def _add_line(request: _Request, line: str) -> None:
    if line.startswith("@"):
        raise Unreadable("The curl command reads its headers from a file: put them into the command.")
    name, colon, value = line.partition(":")
    if colon and value.strip():  # curl sends no header without a value
        request.add(name.strip(), value)


# JSON


def _of_json(text: str) -> Captured:
    try:
        asked = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("This is not a JSON object.") from error
    if isinstance(asked, Mapping) and asked.keys() == {"calls"}:
        asked = _only(asked["calls"])
    if not isinstance(asked, Mapping):
        raise Unreadable("This is not a JSON object.")
    if strange := sorted(set(asked) - MEMBERS):
        raise Unreadable(f"“{strange[0][:40]}” is no member of a call: {', '.join(sorted(MEMBERS))}.")
    service, data_space = (_optional(asked, name) for name in ("service", "data_space"))
    return Captured(Call(_text(asked, "api_key"), _text(asked, "token"), _known_as_service(service), data_space))


def _only(calls: Any) -> Any:
    if not isinstance(calls, list) or len(calls) != 1:
        raise Unreadable("One call is explained at a time: leave one in “calls”.")
    return calls[0]


def _optional(asked: Mapping[str, Any], name: str) -> str | None:
    return None if asked.get(name) is None else _text(asked, name)


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str):
        raise Unreadable(f"“{name}” is to be a text.")
    return value
