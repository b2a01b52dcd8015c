"""`portal projects …`."""

import click

from portal.cli.scripting import speaking
from portal.cli.scripting.options import in_account
from portal.client.account import Account
from portal.client.things import Project

SPACES = ("DATA SPACE", "TYPE", "ENVIRONMENT ID")


@click.group("projects")
def projects() -> None:
    """Projects and their data spaces."""


@projects.command("list")
@click.option("--name", default="", help="Those whose name begins so.")
@in_account
def list_(account: Account, as_json: bool, name: str) -> None:
    """List projects, by name."""
    found = list(account.projects(name))
    if as_json:
        speaking.as_told(found)
        return
    rows = [(one.name, one.edition, len(one.data_spaces), one.id) for one in found]
    speaking.table(("PROJECT", "EDITION", "DATA SPACES", "ID"), rows, "There is no project.")


@projects.command("show")
@click.argument("project_id")
@in_account
def show(account: Account, as_json: bool, project_id: str) -> None:
    """Show a project with its data spaces."""
    _told(account.project(project_id), as_json)


@projects.command("new")
@click.argument("name")
@click.option("--contract", required=True, help="The contract's id, ctr_….")
@in_account
def new(account: Account, as_json: bool, name: str, contract: str) -> None:
    """Create a project NAME, with the data spaces that its contract includes."""
    _told(account.new_project(name, contract), as_json)


@projects.command("rename")
@click.argument("project_id")
@click.argument("name")
@in_account
def rename(account: Account, as_json: bool, project_id: str, name: str) -> None:
    """Call a project NAME."""
    _told(account.rename_project(account.project(project_id), name), as_json)


def _told(project: Project, as_json: bool) -> None:
    if as_json:
        speaking.as_told(project)
        return
    click.echo(f"{project.name} ({project.edition}), {project.id}")
    speaking.table(SPACES, [(one.name, one.type, one.id) for one in project.data_spaces], "No data space.")
