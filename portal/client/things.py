"""What the portal tells: each thing with the members that a script needs. What else comes is left out."""

from dataclasses import dataclass, fields
from typing import Any, TypeVar

T = TypeVar("T")


def _of(kind: type[T], told: dict[str, Any], **made: Any) -> T:
    """`kind` with the members that it knows. Raises: KeyError for one that is missing."""
    names = [field.name for field in fields(kind) if field.name not in made]  # type: ignore[arg-type]
    return kind(**{name: told[name] for name in names}, **made)


@dataclass(frozen=True)
class DataSpace:
    """A data space; `id` is what a shop calls the environment id."""

    id: str
    name: str
    type: str
    environment: str
    version: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> "DataSpace":
        return _of(cls, told)


@dataclass(frozen=True)
class Project:
    """A project with its data spaces."""

    id: str
    name: str
    contract: str
    edition: str
    version: int
    data_spaces: tuple[DataSpace, ...]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Project":
        return _of(cls, told, data_spaces=tuple(map(DataSpace.of, told["data_spaces"])))


@dataclass(frozen=True)
class KeyPair:
    """A key pair; `live` says whether it works now, `status` why or why not."""

    api_key: str
    name: str
    environment: str
    live: bool
    status: str
    holder: str
    holder_name: str
    contract: str
    public_key_sha256: str
    last_used_at: str | None
    stops_at: str | None
    version: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> "KeyPair":
        return _of(cls, told)


@dataclass(frozen=True)
class MadeIntent:
    """A key pair that is being made: `message` is to be signed by its private key."""

    id: str
    name: str
    message: str
    key_pair: str | None

    @classmethod
    def of(cls, told: dict[str, Any]) -> "MadeIntent":
        return _of(cls, told)


@dataclass(frozen=True)
class Delegation:
    """A delegation or a ticket, seen from one's own side; `projects` are ids, None for all of them."""

    id: str
    side: str
    is_ticket: bool
    party: str
    party_name: str
    state: str
    environments: tuple[str, ...]
    rights: tuple[str, ...]
    projects: tuple[str, ...] | None
    ends_at: str
    version: int

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Delegation":
        named = told["projects"]
        return _of(
            cls,
            told,
            environments=tuple(sorted(told["environments"])),
            rights=tuple(sorted(told["rights"])),
            projects=None if named is None else tuple(sorted(one["id"] or one["name"] for one in named)),
        )


@dataclass(frozen=True)
class Place:
    """An account that a token works in: one's own, or that of a client; closed while it is paused or suspended."""

    id: str
    name: str
    is_own: bool
    is_open: bool

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Place":
        return _of(cls, told)


@dataclass(frozen=True)
class Me:
    """Whose token it is, what it may be used for, until when, and where: the own account first."""

    person: str
    scopes: tuple[str, ...]
    ends_at: str
    accounts: tuple[Place, ...]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Me":
        token = told["token"]
        places = tuple(map(Place.of, told["accounts"]))
        return cls(told["person"]["name"], tuple(token["scopes"]), token["ends_at"], places)

    @property
    def home(self) -> str:
        """The account id of the own account."""
        return self.accounts[0].id
