"""Words for people: what is marked for translation, and what a name may contain."""

import re
import unicodedata

from portal.foundation.errors import Invalid
from portal.foundation.marking import N_

# The label of every PEM form of a private key (RFC 7468, 10 and 11; PKCS#1; OpenSSH).
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
LONGEST_NAME = 255
LONGEST_KEY = 512
LONGEST_TEXT = 2000
# The Unicode bidirectional controls (UAX #9, 2): they can make a name read as another one.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Letters by their category, and yet nothing is drawn: the Hangul fillers, the Khmer inherent vowels, the empty Braille
# cell; the grapheme joiner is a mark. All but the Braille cell are Default_Ignorable_Code_Point (UAX #44).
BLANKS = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800\u034f")


class NameEmpty(Invalid):
    code = "name_empty"
    sentence = N_("Give a name.")


class NameTooLong(Invalid):
    code = "name_too_long"
    sentence = N_("A name has at most %(longest)s characters; this one has %(length)s.")


class NameHasControls(Invalid):
    code = "name_has_control_characters"
    sentence = N_("A name cannot contain control characters, such as line breaks or NUL.")


class NameChangesDirection(Invalid):
    code = "name_changes_direction"
    sentence = N_("A name cannot contain invisible marks that change the reading direction.")


class NameInvisible(Invalid):
    code = "name_invisible"
    sentence = N_("Nothing of this name can be seen. Give one with letters, figures or signs.")


class NameHasType(Invalid):
    code = "name_has_type_label"
    sentence = N_("A name cannot contain “[Type:”: the shop's own form would misread it.")


class HoldsPrivateKey(Invalid):
    code = "text_holds_private_key"
    sentence = N_("A private key stands in this text. It was not stored. Never send one: make a delegation instead.")


def refuse_private_key(text: str) -> None:
    """Nothing, when no private key in PEM form stands in `text` (design rule 2). Raises: HoldsPrivateKey."""
    if PRIVATE_KEY.search(text):
        raise HoldsPrivateKey()


def clean_name(text: str) -> str:
    """`text` as a label: trimmed, normalised to NFC, 1 to 255 characters (design rule 19).

    Raises: NameEmpty, NameTooLong, NameHasControls, NameChangesDirection, NameInvisible, HoldsPrivateKey.
    """
    refuse_private_key(text)
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise NameEmpty()
    if len(name) > LONGEST_NAME:
        raise NameTooLong(longest=LONGEST_NAME, length=len(name))
    if BIDI_CONTROLS.intersection(name):
        raise NameChangesDirection()
    if any(_is_control(character) for character in name):
        raise NameHasControls()
    if not any(_is_visible(character) for character in name):
        raise NameInvisible()
    return name


def clean_connector_name(text: str) -> str:
    """`clean_name` for projects and data spaces: also free of `[Type:` (connector-protocol section 2).

    Raises: as `clean_name`, NameHasType.
    """
    name = clean_name(text)
    if "[type:" in name.casefold():
        raise NameHasType()
    return name


def same_name(name: str) -> str:
    """What two names share when people would call them the same: 512 characters of the compatibility form, without
    case and without what is not drawn; where nothing is drawn, the text itself.

    A few ligatures stand for up to 18 characters, so that 255 of them would not fit into an index of PostgreSQL
    (2704 bytes a row). Of everybody else's names nothing is cut.
    """
    text = unicodedata.normalize("NFKC", name)
    drawn = "".join(character for character in text if not _is_undrawn(character))
    return (drawn or text).casefold()[:LONGEST_KEY]


class TextTooLong(Invalid):
    code = "text_too_long"
    sentence = N_("This text has at most %(longest)s characters; yours has %(length)s.")


class TextHasControls(Invalid):
    code = "text_has_control_characters"
    sentence = N_("This text cannot contain control characters or marks that change the reading direction.")


def clean_text(text: str) -> str:
    """`text` of several lines: trimmed, normalised to NFC, line ends as LF, at most 2000 characters; it may be empty.

    Raises: TextTooLong, TextHasControls, HoldsPrivateKey.
    """
    refuse_private_key(text)
    cleaned = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(cleaned) > LONGEST_TEXT:
        raise TextTooLong(longest=LONGEST_TEXT, length=len(cleaned))
    if any(_is_control(character) for character in cleaned if character not in "\n\t"):
        raise TextHasControls()
    return cleaned


def _is_control(character: str) -> bool:
    # Cc: controls with NUL; Cs: lone surrogates, which no database stores; Zl, Zp: line and paragraph separators.
    return character in BIDI_CONTROLS or unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}


def _is_undrawn(character: str) -> bool:
    # Cf: format characters, such as the zero-width ones and the soft hyphen.
    return character in BLANKS or unicodedata.category(character) == "Cf"


def _is_visible(character: str) -> bool:
    # Mn and Me stand on another character; Z are spaces.
    return not _is_undrawn(character) and unicodedata.category(character) not in {"Mn", "Me", "Zs"}
