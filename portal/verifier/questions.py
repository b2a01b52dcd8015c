"""A question about a captured request, as it is put on a command line, and its answer as text and exit code."""

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from portal.verifier import captured
from portal.verifier.captured import Unreadable
from portal.verifier.decision import Call, Known
from portal.verifier.explaining import explain
from portal.verifier.records import Moment

ALLOWED, REFUSED, UNREADABLE = 0, 1, 2  # exit codes
STDIN = "-"
REQUEST_HELP = "a file with the request: raw HTTP, a curl command, or JSON; “-” for standard input"
AT_HELP = "a past moment in UTC, such as 2026-11-23T10:00:00Z; without it, now"
SERVICE_HELP = "the service's code, where the request does not name it"


class Question(NamedTuple):
    """What is asked: about which call, as of when. `notes` are said with the answer."""

    call: Call
    at: Moment
    notes: tuple[str, ...] = ()


class Answer(NamedTuple):
    """What is printed, and how the command ends."""

    text: str
    exit_code: int


def question(request: str, at: str | None, service: str | None) -> Question:
    """What was asked on the command line. Raises: Unreadable, with a sentence."""
    call, notes = captured.read(captured.text_of(_content(request)))
    if service is not None:
        call = call._replace(service=service)
    if call.service is None:
        notes = (*notes, "The request names no service: give it with --service to have that looked at too.")
    if at is None:
        return Question(call, time.time(), notes)
    past = "States are those of today: what was changed since then is not known here."
    return Question(call, _moment(at), (*notes, past))


def answer(known: Known, asked: Question) -> Answer:
    """Why the call passes, or why not."""
    explanation = explain(known, asked.call, asked.at)
    code = ALLOWED if explanation.decision.is_allowed else REFUSED
    return Answer("\n".join(_lines(asked, explanation.lines())), code)


def _lines(asked: Question, explained: Iterator[str]) -> Iterator[str]:
    yield next(explained)
    yield from asked.notes
    yield from explained


def _content(request: str) -> bytes:
    if request == STDIN:
        return sys.stdin.buffer.read(captured.LONGEST + 1)
    try:
        with Path(request).open("rb") as file:
            return file.read(captured.LONGEST + 1)
    except OSError as error:
        raise Unreadable(f"{request} cannot be read: {error.strerror}.") from error


def _moment(text: str) -> Moment:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"“{text}” is no moment, such as 2026-11-23T10:00:00Z.") from error
    if found.tzinfo is None:
        raise Unreadable(f"“{text}” does not say where on Earth: end it with Z for UTC.")
    return found.timestamp()
