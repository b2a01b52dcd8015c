"""What an address asks for after its question mark. Anybody may type it, so it is cleaned before anything reads it."""

from flask import request

LONGEST = 320  # the longest e-mail address, and longer than any name


def text(name: str) -> str:
    """The value of `name` in the address, trimmed; empty when it is not there.

    NUL, which no database stores, becomes the replacement character, so that it matches nothing.
    """
    return request.args.get(name, "").replace("\x00", "\ufffd").strip()[:LONGEST]


def one_of(name: str, choices: object) -> str:
    """The value of `name` in the address when it is one of `choices`, else empty: an unknown word filters nothing."""
    value = text(name)
    return value if value in choices else ""  # type: ignore[operator]
