"""What has to be done so that an account has what a file wants. Nothing is taken away but what a narrower delegation
says; what the account has beside it stays."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from portal.cli.scripting import keys as key_commands
from portal.cli.scripting import radius
from portal.cli.scripting.ends import Stopped
from portal.cli.scripting.wanted import Wanted, WantedDelegation, WantedKey, WantedProject
from portal.client.account import Account
from portal.client.things import Delegation, KeyPair, Project
from portal.foundation.words import same_name

# A delegation in one of these is the one that the file means.
LIVE_STATES = ("offered", "active", "paused")
WAITING_STATES = ("requested",)


@dataclass(frozen=True)
class Step:
    """One thing to do. `sign` is + for something new, ~ for a change; `stops` is the blast radius of a change.

    `carry_out` does it and says what was done. It raises: Refused, Unreachable, Stopped.
    """

    sign: str
    what: str
    about: str
    carry_out: Callable[[Account], str]
    stops: tuple[tuple[str, list[str]], ...] = ()


@dataclass(frozen=True)
class Plan:
    """The steps in the order in which they are carried out, and what has to be done by people, as sentences."""

    steps: tuple[Step, ...]
    remarks: tuple[str, ...]

    def as_told(self) -> dict[str, Any]:
        """The plan, for scripts."""
        steps = [
            {"sign": step.sign, "what": step.what, "about": step.about, "stops": dict(step.stops)}
            for step in self.steps
        ]
        return {"steps": steps, "remarks": list(self.remarks)}


def plan(account: Account, wanted: Wanted) -> Plan:
    """What is missing in the account, held against what the file wants. Raises: Refused, Unreachable, Stopped."""
    has = list(account.projects())
    remarks: list[str] = []
    steps = [
        *_projects(wanted.projects, has),
        *_key_pairs(wanted.key_pairs, list(account.keys()), remarks),
        *_delegations(account, wanted, has, remarks),
    ]
    return Plan(tuple(steps), tuple(remarks))


def _projects(wanted: Sequence[WantedProject], has: Sequence[Project]) -> Iterator[Step]:
    names = {_folded(one.name) for one in has}
    for one in wanted:
        if _folded(one.name) not in names:
            yield Step("+", "project", f"“{one.name}” under {one.contract}", partial(_make_project, one))


def _key_pairs(wanted: Sequence[WantedKey], has: Sequence[KeyPair], remarks: list[str]) -> Iterator[Step]:
    live = {(_folded(one.name), one.environment) for one in has if one.live}
    for one in wanted:
        if (_folded(one.name), one.environment) not in live:
            about = f"“{one.name}” ({one.environment}), into {one.file}"
            yield Step("+", "key pair", about, partial(_make_key, one))
        elif not one.file.exists():
            remarks.append(_elsewhere(one.name, one.file))


def _elsewhere(name: str, file: Path) -> str:
    return f"The key pair “{name}” is in service, and its private key is not in {file}: it is where it was made."


def _delegations(account: Account, wanted: Wanted, has: Sequence[Project], remarks: list[str]) -> Iterator[Step]:
    if not wanted.delegations:
        return
    given = [row for row in account.given() if not row.is_ticket and row.state in LIVE_STATES + WAITING_STATES]
    known = {_folded(one.name) for one in has} | {_folded(one.name) for one in wanted.projects}
    for one in wanted.delegations:
        if missing := [name for name in _named(one) or () if _folded(name) not in known]:
            raise Stopped(f"delegations: {one.integrator}: no project is called {', '.join(missing)}.")
        row = next((row for row in given if row.party == one.integrator), None)
        if row is None:
            yield Step("+", "delegation", _terms(one), partial(_offer, one))
        else:
            yield from _changed(account, one, row, has, remarks)


def _changed(
    account: Account, one: WantedDelegation, row: Delegation, has: Sequence[Project], remarks: list[str]
) -> Iterator[Step]:
    if row.state in WAITING_STATES:
        remarks.append(f"{one.integrator} has asked for a delegation itself: answer that ({row.id}) in the portal.")
        return
    if row.state == "offered":
        remarks.append(f"{one.integrator} has not answered yet what it was offered ({row.id}).")
        return
    names = _named(one)
    known = {_folded(project.name): project.id for project in has}
    # One that is made first has no id yet, and is nothing that anybody was given.
    ids = None if names is None else {known.get(_folded(name), name) for name in names}
    if _is_same(one, row, ids):
        return
    if not _is_less(one, row, ids):
        remarks.append(f"{one.integrator} is to get more than it has: propose that in the portal ({row.id}).")
        return
    stops = tuple(radius.lines(account.blast_radius_of(row)))
    yield Step("~", "delegation", _terms(one), partial(_narrow, one, row), stops)


def _is_same(one: WantedDelegation, row: Delegation, ids: set[str] | None) -> bool:
    has = None if row.projects is None else set(row.projects)
    same_terms = one.environments == set(row.environments) and one.all_rights == set(row.rights) and ids == has
    return same_terms and row.ends_at[:10] == one.last_day.isoformat()


def _is_less(one: WantedDelegation, row: Delegation, ids: set[str] | None) -> bool:
    fewer = row.projects is None or (ids is not None and ids <= set(row.projects))
    fits = one.environments <= set(row.environments) and one.all_rights <= set(row.rights)
    return fewer and fits and one.last_day.isoformat() <= row.ends_at[:10]


def _make_project(one: WantedProject, account: Account) -> str:
    return f"project {account.new_project(one.name, one.contract).id}"


def _make_key(one: WantedKey, account: Account) -> str:
    pair, file = key_commands.made(account, one.name, one.environment, one.contract, one.file)
    return f"key pair {pair.api_key}, private key in {file}"


def _offer(one: WantedDelegation, account: Account) -> str:
    row = account.offer(one.integrator, **_given(one, account), message=one.message)
    return f"delegation {row.id}, which waits for {one.integrator}"


def _narrow(one: WantedDelegation, row: Delegation, account: Account) -> str:
    return f"delegation {account.narrow(row, **_given(one, account)).id} gives less"


def _given(one: WantedDelegation, account: Account) -> dict[str, Any]:
    return {
        "environments": sorted(one.environments),
        "rights": sorted(one.all_rights),
        "projects": _ids(account, _named(one)),
        "last_day": one.last_day.isoformat(),
    }


def _terms(one: WantedDelegation) -> str:
    where = ", ".join(sorted(one.environments))
    what = ", ".join(sorted(one.all_rights))
    names = _named(one)
    projects = "all projects" if names is None else f"projects {', '.join(names)}"
    return f"{one.integrator}: {what}; {where}; {projects}; until {one.last_day}"


def _named(one: WantedDelegation) -> list[str] | None:
    """The projects' names, None for all of them."""
    return None if one.projects == "all" else one.projects


def _ids(account: Account, names: Sequence[str] | None) -> list[str] | None:
    """The ids of the projects with these names, as they are now. Raises: Stopped."""
    if names is None:
        return None
    ids = {_folded(one.name): one.id for one in account.projects()}
    try:
        return [ids[_folded(name)] for name in names]
    except KeyError as error:
        raise Stopped(f"No project is called {error}.") from error


def _folded(name: str) -> str:
    return same_name(name)
