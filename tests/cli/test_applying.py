"""`portal plan` and `portal apply`: the example of the docs, filled in, against a real listener."""

import json
import stat
from pathlib import Path

import pytest
import yaml
from flask import Flask

from portal.access.actor import Actor
from portal.cli.scripting import planning
from portal.cli.scripting.wanted import Wanted
from portal.client.things import Delegation, KeyPair, Project
from tests.cli.test_portal_command import Terminal, a_token, contract_of
from tests.factories import a_licensee, an_integrator, tenant_of

EXAMPLE = Path(__file__).parents[2] / "docs" / "a-clients-set-up.yaml"


@pytest.fixture
def owner(app: Flask) -> Actor:
    return a_licensee(edition="adobe-commerce")


@pytest.fixture
def integrator(app: Flask) -> Actor:
    return an_integrator()


@pytest.fixture
def terminal(here: Path, owner: Actor, url: str) -> Terminal:
    run = Terminal(here)
    assert run("login", url, "--token-stdin", said=a_token(owner)).returncode == 0
    return run


@pytest.fixture
def file(here: Path, owner: Actor, integrator: Actor) -> Path:
    """The example with ids that there are."""
    text = EXAMPLE.read_text()
    for example, real in (
        ("MAG000000123", tenant_of(owner).account_id),
        ("MAG000000456", tenant_of(integrator).account_id),
        ("ctr_00000000000000000000", contract_of(owner)),
    ):
        text = text.replace(example, real)
    wanted = yaml.safe_load(text)
    wanted["projects"] = wanted["projects"][1:]  # the edition includes one
    place = here / "set-up.yaml"
    place.write_text(yaml.safe_dump(wanted))
    return place


def listed(run: Terminal, what: str) -> list[str]:
    """The names of all projects or key pairs, as the portal has them."""
    return [one["name"] for one in json.loads(run(what, "list", "--json").stdout)]


def steps(run: Terminal, file: Path) -> list[str]:
    return [step["what"] for step in json.loads(run("plan", str(file), "--json").stdout)["steps"]]


def test_a_plan_says_what_is_missing_and_changes_nothing(terminal: Terminal, file: Path):
    assert steps(terminal, file) == ["project", "key pair", "key pair", "delegation"]
    assert listed(terminal, "projects") == []
    assert terminal("plan", str(file), "--detailed-exitcode").returncode == 5


def test_applied_twice_equals_once(terminal: Terminal, file: Path):
    first = terminal("apply", str(file), "--yes")
    second = terminal("apply", str(file), "--yes")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert listed(terminal, "keys") == ["Storefront", "Storefront"]
    assert listed(terminal, "projects") == ["Relaunch"]
    assert "Nothing to do" in second.stdout
    for name in ("storefront-sandbox.pem", "storefront-production.pem"):
        assert stat.S_IMODE((file.parent / name).stat().st_mode) == 0o600


def test_in_json_nothing_is_done_that_nobody_saw_first(terminal: Terminal, file: Path):
    done = terminal("apply", str(file), "--json", said="y\n")

    assert (done.returncode, listed(terminal, "projects")) == (2, [])
    assert "--yes" in done.stderr


def test_without_a_yes_nothing_is_done(terminal: Terminal, file: Path):
    done = terminal("apply", str(file), said="n\n")

    assert done.returncode == 1
    assert listed(terminal, "keys") == []


def test_what_was_stopped_half_way_is_repeated_with_the_same_private_key(terminal: Terminal, file: Path, owner: Actor):
    terminal(
        "keys", "make", "Other", "--environment", "sandbox", "--contract", "ctr_none", "--out", "storefront-sandbox.pem"
    )
    before = (file.parent / "storefront-sandbox.pem").read_text()

    assert terminal("apply", str(file), "--yes").returncode == 0
    assert (file.parent / "storefront-sandbox.pem").read_text() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account: MAG000000123\nprivate_key: x\n", "private_key"),
        ("account: [\n", "no YAML"),
        ("account: nobody\n", "account"),
        ("- a list\n", "the file"),
        (
            "account: MAG000000123\nprojects: [{name: A, contract: c}, {name: A, contract: c}]\n",
            "twice",
        ),
        ("account: MAG000000123\nprojects: []\nprojects: []\n", "twice"),
        (
            "account: MAG000000123\ndelegations: [{integrator: MAG000000456, environments: [sandbox], "
            "projects: , last_day: 2027-01-01}]\n",
            "projects",
        ),
        ("account: 2026-02-30\n", "cannot be used"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_the_place(terminal: Terminal, here: Path, text: str, said: str):
    place = here / "wrong.yaml"
    place.write_text(text)

    done = terminal("plan", str(place))

    assert done.returncode == 1
    assert said in done.stderr


class Told:
    """An account as the portal would tell it: one project, and an integrator with these projects, or all of them."""

    def __init__(self, *projects: str) -> None:
        self._projects = projects

    def projects(self) -> list[Project]:
        return [Project("prj-1", "Main shop", "ctr_1", "adobe-commerce", 1, ())]

    def keys(self) -> list[KeyPair]:
        return []

    def given(self) -> list[Delegation]:
        terms = {"environments": ("sandbox",), "rights": ("view",), "projects": self._projects or None}
        known = {"id": "dlg_1", "side": "owner", "is_ticket": False, "party": "MAG000000456", "party_name": "Agency"}
        return [Delegation(**known, **terms, state="active", ends_at="2031-01-31T23:59:59Z", version=1)]

    def blast_radius_of(self, _delegation: Delegation) -> dict[str, list[str]]:
        return {}


def wants(*names: str) -> Wanted:
    """A file that wants one more project, and these for the integrator."""
    delegation = {
        "integrator": "MAG000000456",
        "environments": ["sandbox"],
        "projects": [*names],
        "last_day": "2031-01-31",
    }
    project = {"name": "Relaunch", "contract": "ctr_1"}
    return Wanted.model_validate({"account": "MAG000000123", "projects": [project], "delegations": [delegation]})


@pytest.mark.parametrize("names", [("Relaunch",), ("Main shop", "Relaunch")], ids=["instead", "besides"])
def test_a_project_that_is_made_first_is_more_than_an_integrator_has(names: tuple[str, ...]):
    found = planning.plan(Told("prj-1"), wants(*names))

    assert [step.what for step in found.steps] == ["project"]
    assert "is to get more than it has" in " ".join(found.remarks)


def test_who_has_all_projects_is_narrowed_to_one_that_is_made_first():
    found = planning.plan(Told(), wants("Relaunch"))

    assert [step.what for step in found.steps] == ["project", "delegation"]
    assert found.remarks == ()
