"""What a YAML file wants an account to have: read, and held against its form. No secret ever stands in it."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portal.cli.scripting.ends import Stopped

LARGEST = 256 * 1024
Environment = Literal["sandbox", "production"]
Right = Literal["view", "keys", "projects", "installations"]
Name = Annotated[str, Field(min_length=1, max_length=255)]


class Part(BaseModel):
    """A part of the file. Members that it does not know are refused: they would be forgotten in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedProject(Part):
    """A project, known by its name."""

    name: Name
    contract: str


class WantedDelegation(Part):
    """What an integrator shall be given, known by its account id. `projects` are names, or `all`."""

    integrator: Annotated[str, Field(pattern="^MAG[0-9]{9}$")]
    environments: Annotated[frozenset[Environment], Field(min_length=1)]
    rights: frozenset[Right] = frozenset()
    projects: list[Name] | Literal["all"] = "all"
    last_day: date
    message: str = ""

    @property
    def all_rights(self) -> frozenset[str]:
        """Seeing is always part of it."""
        return self.rights | {"view"}


class WantedKey(Part):
    """A key pair, known by its name and environment; `file` is where this machine saves the private key."""

    name: Name
    environment: Environment
    contract: str
    file: Path


class Wanted(Part):
    """All that the file wants. What else the account has stays as it is."""

    account: Annotated[str, Field(pattern="^MAG[0-9]{9}$")]
    projects: list[WantedProject] = []
    delegations: list[WantedDelegation] = []
    key_pairs: list[WantedKey] = []

    @model_validator(mode="after")
    def _each_once(self) -> "Wanted":
        for what, names in (
            ("projects", [one.name for one in self.projects]),
            ("delegations", [one.integrator for one in self.delegations]),
            ("key_pairs", [f"{one.name} ({one.environment})" for one in self.key_pairs]),
            ("key_pairs: file", [str(one.file) for one in self.key_pairs]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what}: stands twice: {', '.join(twice)}")
        return self


class Careful(yaml.SafeLoader):
    """Refuses a member that stands twice: the first one would be forgotten in silence."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [self.construct_object(name) for name, _value in node.value]
        twice = sorted({str(name) for name in names if names.count(name) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"stands twice: {', '.join(twice)}", node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def read(file: Path) -> Wanted:
    """What the file wants; files for private keys are found from where it lies. Raises: Stopped."""
    try:
        text = file.read_bytes()[: LARGEST + 1]
        if len(text) > LARGEST:
            raise Stopped(f"{file} is larger than {LARGEST // 1024} kB.")
        return _in_place(Wanted.model_validate(yaml.load(text, Loader=Careful)), file.parent)  # noqa: S506 - it is safe
    except OSError as error:
        raise Stopped(f"{file} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise Stopped(f"{file} is no YAML: {error}") from error
    except ValidationError as error:
        raise Stopped("\n".join([f"{file} cannot be used:", *_problems(error)])) from error
    except (ValueError, RecursionError) as error:  # a day that no calendar has, lists in lists in lists
        raise Stopped(f"{file} cannot be used: {error}") from error


def _in_place(wanted: Wanted, folder: Path) -> Wanted:
    pairs = [one.model_copy(update={"file": folder / one.file}) for one in wanted.key_pairs]
    return wanted.model_copy(update={"key_pairs": pairs})


def _problems(error: ValidationError) -> list[str]:
    return [f"  {'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors()]
