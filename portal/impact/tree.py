"""What hangs on what: contract, entitlements, key pairs with holders and the shops that use them, projects, spaces."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from portal.contracts.models import Contract
from portal.entitlements.models import Entitlement
from portal.handoffs.models import KeyCopy
from portal.impact.holdings import Holdings
from portal.keys.models import KeyPair
from portal.projects.models import DataSpace, Project
from portal.usage.models import Sighting


@dataclass(frozen=True)
class KeyBranch:
    """A pair, who besides its holder has a copy of the private key, and the latest sighting of each shop with it."""

    pair: KeyPair
    copies: Sequence[KeyCopy]
    used_by: Sequence[Sighting]


@dataclass(frozen=True)
class SpaceBranch:
    """A data space and the pairs that were seen in it, the latest first; none where nobody used it yet."""

    space: DataSpace
    pairs: Sequence[KeyPair]


@dataclass(frozen=True)
class ProjectBranch:
    """A project and its data spaces."""

    project: Project
    spaces: Sequence[SpaceBranch]


@dataclass(frozen=True)
class Branch:
    """A contract and what hangs on it."""

    contract: Contract
    entitlements: Sequence[Entitlement]
    keys: Sequence[KeyBranch]
    projects: Sequence[ProjectBranch]


def tree(found: Holdings) -> list[Branch]:
    """What was found of a tenant, contract by contract."""
    entitlements = _grouped(found.entitlements, lambda row: row.contract_id)
    keys = _grouped(_keys(found), lambda one: one.pair.contract_id)
    projects = _grouped(_projects(found), lambda one: one.project.contract_id)
    return [
        Branch(contract, entitlements[contract.id], keys[contract.id], projects[contract.id])
        for contract in found.contracts
    ]


def _keys(found: Holdings) -> list[KeyBranch]:
    copies = _grouped(found.copies, lambda row: row.key_pair_id)
    uses = _grouped(found.sightings, lambda row: row.key_pair_id)
    return [KeyBranch(pair, copies[pair.id], _latest(uses[pair.id])) for pair in found.keys]


def _latest(sightings: Iterable[Sighting]) -> list[Sighting]:
    # The latest come first; a shop shows several identities over time.
    first: dict[Hashable, Sighting] = {}
    for sighting in sightings:
        first.setdefault((sighting.installation_id, sighting.data_space_id), sighting)
    return list(first.values())


def _projects(found: Holdings) -> list[ProjectBranch]:
    pairs, seen = {pair.id: pair for pair in found.keys}, _grouped(found.sightings, lambda row: row.data_space_id)
    spaces = _grouped(found.spaces, lambda space: space.project_id)
    projects = {space.project_id: space.project for space in found.spaces}
    return [
        ProjectBranch(project, [_space(space, seen[space.id], pairs) for space in spaces[project_id]])
        for project_id, project in projects.items()
    ]


def _space(space: DataSpace, seen: Iterable[Sighting], pairs: dict[Any, KeyPair]) -> SpaceBranch:
    return SpaceBranch(space, [pairs[one] for one in dict.fromkeys(row.key_pair_id for row in seen)])


def _grouped(rows: Iterable[Any], key: Callable[[Any], Hashable]) -> dict[Hashable, list[Any]]:
    groups: dict[Hashable, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups
