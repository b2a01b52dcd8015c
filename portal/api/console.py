"""Calls of the vendor's staff, over all tenants: what their modules (`console_….py`) share.

They stand below the vendor's own account id, as the console's pages do. Days are whole days of UTC.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from portal.api.calls import Calls
from portal.api.shapes import Shown, Text
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.credentials.errors import ReasonNeeded
from portal.foundation import words
from portal.foundation.database import db
from portal.foundation.errors import Invalid
from portal.foundation.marking import N_
from portal.tenants import store as tenants
from portal.tenants.models import Tenant

calls = Calls("console", "The vendor's console")


class AccountNotTyped(Invalid):
    code = "account_not_typed"
    sentence = N_("Type the account id %(account)s.")


def _has_next(day: date) -> date:
    if day == date.max:
        raise ValueError("is the last day of the calendar: no day comes after it")
    return day


FirstDay = Annotated[date, Field(description="The first day, as a date; it begins at midnight UTC.")]
LastDay = Annotated[
    date, AfterValidator(_has_next), Field(description="The last day, as a date; it ends at midnight UTC.")
]
Reason = Annotated[Text, Field(description="Why; it stands in the record, where the tenant's own people read it too.")]


class Party(Shown):
    """A tenant, named."""

    account_id: str
    name: str


def party(tenant: Tenant) -> Party:
    """This tenant, named."""
    return Party(account_id=tenant.account_id, name=tenant.name)


def begins(day: date) -> datetime:
    """The first moment of the day, aware UTC."""
    return datetime.combine(day, time(), tzinfo=UTC)


def ends(day: date) -> datetime:
    """The first moment after the day, aware UTC."""
    return begins(day + timedelta(days=1))


def checked_reason(text: str) -> str:
    """The reason, cleaned. Raises: ReasonNeeded, and what a text is refused for."""
    reason = words.clean_text(text)
    if not reason:
        raise ReasonNeeded()
    return reason


def require_typed(typed: str, tenant: Tenant) -> None:
    """Nothing, when this tenant's account id was typed. Raises: AccountNotTyped."""
    if typed.strip() != tenant.account_id:
        raise AccountNotTyped(account=tenant.account_id)


def contract_of(owner_id: str, contract_id: str) -> tuple[Tenant, Contract]:
    """The tenant with this account id, and its contract. Raises: NotFound."""
    owner = tenants.get_by_account_id(owner_id)
    return owner, contracts.get_for_console(owner, contract_id)


def read_anew() -> None:
    """Let what was changed be written, and all that is loaded be read once more: an answer is as things are now."""
    db.session.flush()
    db.session.expire_all()
