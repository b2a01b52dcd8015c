"""What each line would do, decided from the lines and from what is there. Pure: the same twice is the same.

The check before and the check within the transaction that applies are this one function; so nothing is applied but what
was shown.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from portal.accounts.store import email_key
from portal.foundation.errors import PortalError
from portal.imports import problems
from portal.imports.known import Known, KnownContract, KnownTenant
from portal.imports.lines import Line
from portal.imports.models import LineKind
from portal.imports.words import Note


@dataclass(eq=False)
class Account:
    """Whose contract a line is about: an account that is there, or one that the first of its lines opens."""

    name: str
    name_key: str
    account_id: str = ""
    known: KnownTenant | None = None
    lines: list[Line] = field(default_factory=list)
    invited: set[str] = field(default_factory=set)


@dataclass
class Planned:
    """One line with what it would do. `details` are codes with facts, in the order in which they are told."""

    line: Line
    account: Account
    kind: LineKind = LineKind.UNCHANGED
    details: list[dict[str, Any]] = field(default_factory=list)
    opens: bool = False
    concludes: bool = False
    extends: KnownContract | None = None
    invites: str = ""
    signs: Any = None
    signs_under: KnownContract | None = None

    @property
    def is_note(self) -> bool:
        """Whether something in it wants to be read."""
        return any(detail["code"] in Note.TO_READ for detail in self.details)

    def tell(self, code: str, **facts: Any) -> None:
        """Add a detail."""
        self.details.append({"code": code, "facts": facts})

    def becomes(self, kind: LineKind) -> None:
        """Let the line be of this kind, unless what it does already says more."""
        self.kind = min(self.kind, kind, key=list(LineKind).index)


def plan(lines: Sequence[Line], known: Known, now: datetime) -> list[Planned]:
    """What each of the lines would do now, in their order."""
    accounts = _accounts(lines, known)
    planned = [Planned(line, accounts[line.number]) for line in lines]
    twice = _twice(planned)
    for one in planned:
        found = [*one.line.problems, *twice.get(one.line.number, ()), *_wrong_account(one, known)]
        if not found:
            found = _decide(one, known, now)
        if found:
            _fail(one, found)
    return planned


def _fail(one: Planned, found: Sequence[PortalError]) -> None:
    one.kind, one.details = LineKind.PROBLEM, []
    one.opens = one.concludes = False
    for problem in found:
        one.tell(problem.code, **problem.facts)


def _accounts(lines: Sequence[Line], known: Known) -> dict[int, Account]:
    """The account of each line by the line's number: by its id, else by its name."""
    by_id: dict[str, Account] = {}
    by_name: dict[str, list[Account]] = defaultdict(list)
    for line in (line for line in lines if line.account_id):
        if line.account_id not in by_id:
            by_id[line.account_id] = account = _account(line, known.by_account_id.get(line.account_id))
            if account.known is None:
                by_name[account.name_key].append(account)
    found: dict[int, Account] = {}
    for line in lines:
        account = by_id[line.account_id] if line.account_id else _by_name(line, known, by_id, by_name)
        account.lines.append(line)
        found[line.number] = account
    return found


def _account(line: Line, tenant: KnownTenant | None) -> Account:
    if tenant is not None:
        return Account(tenant.name, tenant.name_key, tenant.account_id, tenant)
    return Account(line.name, line.name_key, line.account_id)


def _by_name(line: Line, known: Known, by_id: dict[str, Account], by_name: dict[str, list[Account]]) -> Account:
    if not line.name:
        return Account("", "")
    for tenant in known.by_name.get(line.name_key, ())[:1]:
        return by_id.setdefault(tenant.account_id, _account(line, tenant))
    if not by_name[line.name_key]:
        by_name[line.name_key].append(_account(line, None))
    return by_name[line.name_key][0]


def _twice(planned: Sequence[Planned]) -> dict[int, list[PortalError]]:
    """The lines that stand in each other's way, by number: one account id under two names, one edition twice."""
    found: dict[int, list[PortalError]] = defaultdict(list)
    by_edition: dict[Any, list[Line]] = defaultdict(list)
    by_account_id: dict[str, list[Line]] = defaultdict(list)
    for one in planned:
        if one.line.edition is not None and one.account.name:
            by_edition[id(one.account), one.line.edition.code].append(one.line)
        if one.line.account_id and one.account.known is None:
            by_account_id[one.line.account_id].append(one.line)
    for account_id, lines in by_account_id.items():
        for line, other in _pairs(lines):
            if line.name_key != other.name_key:
                found[line.number].append(problems.AccountTwice(account_id=account_id, line=other.number))
    for lines in by_edition.values():
        for line, other in _pairs(lines):
            found[line.number].append(problems.LineTwice(line=other.number))
    return found


def _pairs(lines: Sequence[Line]) -> Iterator[tuple[Line, Line]]:
    """Each later line with the first, and the first with the second: enough to find them all, and never a square."""
    for line in lines[1:]:
        yield line, lines[0]
    if len(lines) > 1:
        yield lines[0], lines[1]


def _wrong_account(one: Planned, known: Known) -> list[PortalError]:
    line, tenant = one.line, one.account.known
    if not line.account_id:
        same = known.by_name.get(line.name_key, []) if line.name else []
        if len(same) > 1:
            return [problems.NameShared(accounts=[each.account_id for each in same])]
    if tenant is not None and tenant.is_vendor:
        return [problems.IsVendor()]
    return []


def _decide(one: Planned, known: Known, now: datetime) -> list[PortalError]:
    """Fill in what the line does; what is wrong with it, if anything."""
    tenant = one.account.known
    there = known.contracts.get(tenant.id, []) if tenant is not None else []
    found = _open(one, known) if tenant is None else []
    found += _contract(one, there, now)
    _owner(one, known)
    _signer(one, known, there)
    if tenant is not None and tenant.name_key != one.line.name_key:
        if one.kind is not LineKind.UNCHANGED:
            found.append(problems.NameDiffers(account_id=tenant.account_id, name=tenant.name))
        one.tell(Note.NAME_KEPT, name=tenant.name)
    return found


def _open(one: Planned, known: Known) -> list[PortalError]:
    first = one.account.lines[0]
    if first is not one.line:
        one.tell(Note.ACCOUNT_OF_LINE, line=first.number)
        return []
    one.opens = True
    one.becomes(LineKind.NEW_TENANT)
    one.tell(Note.ACCOUNT_NEW, name=one.line.name)
    for namesake in known.by_name.get(one.line.name_key, ())[:1]:
        one.tell(Note.NAMESAKE, account_id=namesake.account_id)
    return [] if one.line.owner_email else [problems.OwnerMissing()]


def _contract(one: Planned, there: Sequence[KnownContract], now: datetime) -> list[PortalError]:
    line = one.line
    same = [contract for contract in there if line.edition and contract.edition_code == line.edition.code]
    meant = next((contract for contract in same if contract.starts_at.date() == line.first_day), None)
    if meant is not None and line.last_day == _day_before(meant.ends_at):
        one.tell(Note.CONTRACT_UNCHANGED, contract=meant.public_id)
        if meant.ended_at is not None and meant.renewed_by is None:
            one.tell(Note.WAS_ENDED, contract=meant.public_id)
        return []
    if meant is not None and meant.renewed_by is not None:
        return [problems.ContractRenewed(contract=meant.public_id, successor=meant.renewed_by)]
    if over := _overlapping(line, [contract for contract in same if not _gives_way(contract, meant)]):
        return [_overlap(over)]
    if meant is not None:
        return _extend(one, meant, now)
    one.concludes = True
    one.becomes(LineKind.NEW_CONTRACT)
    edition = line.edition.name if line.edition else ""
    one.tell(Note.CONTRACT_NEW, edition=edition, **_term(line.starts_at, line.ends_at))
    if line.ends_at <= now:
        one.tell(Note.IS_OVER)
    return []


def _extend(one: Planned, contract: KnownContract, now: datetime) -> list[PortalError]:
    facts = {"contract": contract.public_id}
    if contract.ended_at is not None:
        return [problems.ContractWasEnded(**facts)]
    if one.line.ends_at < contract.ends_at:
        return [problems.ContractShortened(**facts, last_day=_last_day(contract.ends_at))]
    if one.line.ends_at <= now:
        return [problems.ExtendedIntoPast(**facts)]
    one.extends = contract
    one.becomes(LineKind.EXTENDED)
    one.tell(Note.CONTRACT_EXTENDED, **facts, before=_last_day(contract.ends_at), after=_last_day(one.line.ends_at))
    return []


def _gives_way(contract: KnownContract, meant: KnownContract | None) -> bool:
    """Whether it does not stand in the way of a line about `meant`: it is that one, or renewed by it."""
    return meant is not None and meant.public_id in (contract.public_id, contract.renewed_by)


def _overlapping(line: Line, others: Sequence[KnownContract]) -> KnownContract | None:
    return next((one for one in others if one.starts_at < line.ends_at and line.starts_at < one.over_at), None)


def _overlap(contract: KnownContract) -> PortalError:
    return problems.ContractsOverlap(contract=contract.public_id, **_term(contract.starts_at, contract.over_at))


def _term(starts_at: datetime, ends_at: datetime) -> dict[str, str]:
    return {"first_day": starts_at.date().isoformat(), "last_day": _last_day(ends_at)}


def _last_day(ends_at: datetime) -> str:
    return _day_before(ends_at).isoformat()


def _day_before(ends_at: datetime) -> date:
    return (ends_at - timedelta(microseconds=1)).date()


def _owner(one: Planned, known: Known) -> None:
    """An owner is invited into an account that this file opens, or that has nobody at all; others are left alone.

    Whoever is in an account decides who else comes in: the vendor adds no owner to one that has people.
    """
    email, tenant = one.line.owner_email, one.account.known
    if not email or email_key(email) in one.account.invited:
        return
    if tenant is not None and tenant.id in known.managed:
        if email_key(email) not in {*known.members[tenant.id], *known.invited[tenant.id]}:
            one.tell(Note.OWNER_LEFT_OUT, email=email)
        return
    one.account.invited.add(email_key(email))
    one.invites = email
    one.becomes(LineKind.INVITED)
    one.tell(Note.OWNER_INVITED, email=email)


def _signer(one: Planned, known: Known, there: Sequence[KnownContract]) -> None:
    email, tenant = one.line.signer_email, one.account.known
    if not email:
        return
    membership_id = known.members[tenant.id].get(email_key(email)) if tenant is not None else None
    meant = one.extends or next(
        (each for each in there if each.starts_at.date() == one.line.first_day and _of_edition(each, one.line)), None
    )
    if membership_id is None:
        one.tell(Note.SIGNER_NOT_YET, email=email)
    elif meant is None or meant.signer_id is None:
        one.signs, one.signs_under = membership_id, meant
        one.becomes(LineKind.SIGNER)
        one.tell(Note.SIGNER_RECORDED, email=email)
    elif meant.signer_id != membership_id:
        one.tell(Note.SIGNER_OTHER, email=email)


def _of_edition(contract: KnownContract, line: Line) -> bool:
    return line.edition is not None and contract.edition_code == line.edition.code
