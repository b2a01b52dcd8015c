"""The words of the pages in a reader's language, from the same catalogue as the pages have them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from babel.support import NullTranslations, Translations

from tests.browser.serving import ROOT


@dataclass(frozen=True)
class Words:
    """Calling it gives a text as a reader of `code` sees it; `own_name` is what its speakers call the language."""

    code: str
    own_name: str

    def __call__(self, text: str, **facts: Any) -> str:
        said = _translations(self.code).gettext(text)
        return said % facts if facts else said


ENGLISH = Words("en", "English")
CHINESE = Words("zh_Hant", "繁體中文")
LANGUAGES = (ENGLISH, CHINESE)


@cache
def _translations(code: str) -> NullTranslations:
    # Where a text has no translation yet, both this and the page show the English one.
    return NullTranslations() if code == ENGLISH.code else Translations.load(ROOT / "translations", [code])
