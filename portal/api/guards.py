"""The guard of this door, and the reading of what a call brings."""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from flask import request
from werkzeug.exceptions import HTTPException

from portal.api.errors import NotJson
from portal.foundation.errors import Invalid
from portal.foundation.marking import GUARD, N_

View = TypeVar("View", bound=Callable[..., Any])


class MembersUnknown(Invalid):
    code = "members_unknown"
    sentence = N_("The call does not know the members %(members)s.")


class MemberMissing(Invalid):
    code = "member_missing"
    sentence = N_("The call needs the member “%(member)s”, a text.")


class NotBase64(Invalid):
    code = "not_base64"
    sentence = N_("The member “%(member)s” is not base64.")


class NotAFingerprint(Invalid):
    code = "not_a_fingerprint"
    sentence = N_("A fingerprint is the SHA-256 of a public key in DER, as 64 hexadecimal digits.")


def signed(view: View) -> View:
    """Proved by a code or a key that comes with the call, never by a cookie: there is no session and no CSRF token."""
    setattr(view, GUARD, "signed")
    return view


def public(view: View) -> View:
    """Anybody may read it: it says nothing of anybody."""
    setattr(view, GUARD, "public")
    return view


def texts(*needed: str, may: tuple[str, ...] = ()) -> dict[str, str]:
    """The members of the body, all of them texts: those that are needed, and "" for one that may be there and is not.

    Raises: NotJson, MembersUnknown, MemberMissing, and what is too large.
    """
    content = _content()
    if unknown := sorted(content.keys() - {*needed, *may}):
        raise MembersUnknown(members=", ".join(unknown)[:200])
    for member in (*needed, *content):
        if not _is_text(content.get(member)):
            raise MemberMissing(member=member)
    return dict.fromkeys(may, "") | content


def fingerprint(text: str) -> bytes | None:
    """The octets of a SHA-256 in hexadecimal, None for "". Raises: NotAFingerprint."""
    try:
        octets = bytes.fromhex(text)
    except ValueError as error:
        raise NotAFingerprint() from error
    if len(octets) not in (0, 32):
        raise NotAFingerprint()
    return octets or None


def octets(given: dict[str, str], member: str) -> bytes:
    """The octets of a member in base64, which may be broken into lines. Raises: NotBase64."""
    try:
        return base64.b64decode("".join(given[member].split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotBase64(member=member) from error


def base64_of(octets: bytes) -> str:
    """These octets as a member of an answer."""
    return base64.b64encode(octets).decode()


def _is_text(value: object) -> bool:
    """Whether it is a text that can be stored: NUL and halves of surrogate pairs cannot."""
    return isinstance(value, str) and not any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in value)


def _content() -> dict[str, Any]:
    try:
        content = request.get_json()
    except HTTPException as error:
        if error.code == 413:
            raise
        raise NotJson() from error
    except RecursionError as error:
        raise NotJson() from error
    if not isinstance(content, dict):
        raise NotJson()
    return content
