"""Makes of each row what it means: names, addresses and days as the portal keeps them, or all that is wrong with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from portal.accounts.emails import clean_email
from portal.accounts.errors import EmailInvalid
from portal.accounts.models import Language
from portal.contracts.many import Offer
from portal.contracts.models import ContractKind
from portal.foundation.errors import PortalError
from portal.foundation.words import clean_name, same_name
from portal.imports.days import Slashes, day_of, slashes_of
from portal.imports.problems import (
    AccountIdMalformed,
    AddressInvalid,
    DayMissing,
    DaysOutOfOrder,
    EditionUnknown,
    LanguageUnknown,
    SignerNotWanted,
    SurplusCells,
)
from portal.imports.reading import Row
from portal.tenants.operations import ACCOUNT_ID

LANGUAGES = {language.value.casefold(): language for language in Language}
DAYS = ("first_day", "last_day")

Value = TypeVar("Value")
Editions = Mapping[str, Offer]


@dataclass(frozen=True)
class Line:
    """What one line asks for. With problems, the values that could not be read are empty or None."""

    number: int
    account_id: str = ""
    name: str = ""
    owner_email: str = ""
    language: Language = Language.EN
    edition: Offer | None = None
    first_day: date | None = None
    last_day: date | None = None
    signer_email: str = ""
    problems: tuple[PortalError, ...] = ()

    @property
    def name_key(self) -> str:
        return same_name(self.name)

    @property
    def starts_at(self) -> datetime:
        """The first moment of the first day, in UTC."""
        return _midnight(self.first_day)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the last day, in UTC."""
        return _midnight(self.last_day) + timedelta(days=1)


def _midnight(day: date | None) -> datetime:
    if day is None:
        raise ValueError("a line without a day has no term")
    return datetime.combine(day, time(), tzinfo=UTC)


def editions_by_name(editions: Iterable[Offer]) -> dict[str, Offer]:
    """Each edition by what people may call it: its code or its name, without case."""
    return {word.casefold(): edition for edition in editions for word in (edition.code, edition.name)}


def slashes_in(rows: Sequence[Row]) -> Slashes:
    """How the slashed days of the whole file are meant."""
    return slashes_of(row.cells[column] for row in rows for column in DAYS)


@dataclass
class Cleaner:
    """Reads the cells of one row and keeps what is wrong with them, so that all of it is said at once."""

    row: Row
    problems: list[PortalError] = field(default_factory=list)

    def take(self, column: str, rule: Callable[[str], Value], otherwise: Value) -> Value:
        """What `rule` makes of a cell; `otherwise` where it refuses it, which is noted."""
        try:
            return rule(self.row.cells[column])
        except PortalError as problem:
            self.problems.append(problem)
            return otherwise


def clean(row: Row, editions: Editions, slashes: Slashes) -> Line:
    """The line that `row` holds. Nothing is raised: what is wrong is among its problems."""
    cleaner = Cleaner(row)
    if row.surplus:
        cleaner.problems.append(SurplusCells())
    values: dict[str, Any] = {
        "account_id": cleaner.take("account_id", _account_id, ""),
        "name": cleaner.take("name", clean_name, ""),
        "owner_email": cleaner.take("owner_email", _address("owner_email"), ""),
        "language": cleaner.take("language", _language, Language.EN),
        "edition": cleaner.take("edition", _edition(editions), None),
        "signer_email": cleaner.take("signer_email", _address("signer_email"), ""),
    } | {column: cleaner.take(column, _day(column, slashes), None) for column in DAYS}
    _check_together(cleaner, **values)
    return Line(row.number, **values, problems=tuple(cleaner.problems))


def _check_together(
    cleaner: Cleaner,
    edition: Offer | None,
    first_day: date | None,
    last_day: date | None,
    signer_email: str,
    **_others: Any,
) -> None:
    if first_day and last_day and last_day < first_day:
        cleaner.problems.append(DaysOutOfOrder())
    if signer_email and edition is not None and edition.kind is not ContractKind.PARTNER:
        cleaner.problems.append(SignerNotWanted())


def _account_id(text: str) -> str:
    account_id = text.upper()
    if account_id and not ACCOUNT_ID.fullmatch(account_id):
        raise AccountIdMalformed(account_id=text[:40])
    return account_id


def _address(column: str) -> Callable[[str], str]:
    def rule(text: str) -> str:
        try:
            return clean_email(text) if text else ""
        except EmailInvalid as error:
            raise AddressInvalid(email=text[:320], column=column) from error

    return rule


def _language(text: str) -> Language:
    language = LANGUAGES.get(text.replace("-", "_").casefold()) if text else Language.EN
    if language is None:
        raise LanguageUnknown(language=text[:40])
    return language


def _edition(editions: Editions) -> Callable[[str], Offer | None]:
    def rule(text: str) -> Offer | None:
        edition = editions.get(text.casefold())
        if edition is None:
            raise EditionUnknown(edition=text[:255], known=sorted({one.code for one in editions.values()}))
        return edition

    return rule


def _day(column: str, slashes: Slashes) -> Callable[[str], date | None]:
    def rule(text: str) -> date | None:
        if not text:
            raise DayMissing(column=column)
        return day_of(text, slashes)

    return rule
