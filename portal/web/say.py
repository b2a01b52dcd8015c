"""Says a refusal in the reader's language, at a form's field or on a page."""

from typing import Any

from babel.lists import format_list
from flask_babel import get_locale, gettext
from wtforms import Field

from portal.foundation.errors import PortalError
from portal.foundation.marking import Marked


def say(refusal: PortalError) -> str:
    """The refusal's sentence in the reader's language, with its facts filled in."""
    return _filled(refusal.sentence, refusal.facts)


def say_mend(refusal: PortalError) -> str:
    """Who can mend it, and how, in the reader's language; may be empty."""
    return _filled(refusal.mend, refusal.facts) if refusal.mend else ""


def why(refusal: PortalError | None) -> str:
    """The reason beside a disabled action, and who can mend it; empty when nothing is refused."""
    return f"{say(refusal)} {say_mend(refusal)}".strip() if refusal else ""


def in_words(text: Any) -> Any:
    """`text` in the reader's language when it is our own, and a list of such as that language lists things; what
    people typed stays as it is."""
    if isinstance(text, list):
        return listed([in_words(part) for part in text])
    return gettext(text) if isinstance(text, Marked) else text


def listed(parts: list[str]) -> str:
    """`parts` as the reader's language lists things: "A, B and C"."""
    return format_list(parts, style="unit", locale=get_locale())


def add_refusal(field: Field, refusal: PortalError) -> None:
    """Put the refusal's sentence at the field where the person can mend it."""
    field.errors = [*field.errors, say(refusal)]


def _filled(sentence: str, facts: dict[str, Any]) -> str:
    # A fact may itself be marked text, such as the name of an act; a key that somebody named "Production" is not.
    translated = {key: in_words(value) for key, value in facts.items()}
    return gettext(sentence) % translated if translated else gettext(sentence)
