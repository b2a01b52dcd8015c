"""`portal delegations …`: what this account gives, and what it was given."""

from datetime import date

import click

from portal.cli.scripting import radius, speaking
from portal.cli.scripting.ends import Stopped
from portal.cli.scripting.options import confirm, in_account, yes_option
from portal.client.account import Account
from portal.client.things import Delegation

ACTS = ("accept", "decline", "withdraw", "resume")
STOPPING = ("pause", "end")


@click.group("delegations")
def delegations() -> None:
    """Delegations and tickets, given and taken."""


@delegations.command("list")
@in_account
def list_(account: Account, as_json: bool) -> None:
    """List what you give, then what you were given."""
    found = [*account.given(), *account.taken()]
    if as_json:
        speaking.as_told(found)
        return
    heads = ("SIDE", "WITH", "STATE", "ENVIRONMENTS", "RIGHTS", "PROJECTS", "ENDS", "ID")
    speaking.table(heads, [_row(one) for one in found], "There is no delegation.")


@delegations.command("show")
@click.argument("delegation_id")
@in_account
def show(account: Account, as_json: bool, delegation_id: str) -> None:
    """Show a delegation, and what ending it would stop."""
    _told(found(account, delegation_id), as_json)


@delegations.command("offer")
@click.argument("integrator")
@click.option("--environment", "environments", multiple=True, required=True)
@click.option("--right", "rights", multiple=True, help="keys, projects or installations; seeing is always part of it.")
@click.option("--project", "projects", multiple=True, help="A project's id; all of them, unless told.")
@click.option("--last-day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="YYYY-MM-DD, in UTC.")
@click.option("--message", default="")
@in_account
def offer(
    account: Account,
    as_json: bool,
    integrator: str,
    environments: tuple[str, ...],
    rights: tuple[str, ...],
    projects: tuple[str, ...],
    last_day: date,
    message: str,
) -> None:
    """Offer the integrator with the account id INTEGRATOR a delegation."""
    made = account.offer(
        integrator,
        environments=environments,
        rights=[*rights, "view"],
        projects=projects or None,
        last_day=f"{last_day:%Y-%m-%d}",
        message=message,
    )
    _told(made, as_json)


def _command(act: str) -> click.Command:
    @click.argument("delegation_id")
    @in_account
    def run(account: Account, as_json: bool, delegation_id: str) -> None:
        _told(account.act_on(found(account, delegation_id), act), as_json)

    return click.command(act, help=f"{act.capitalize()} a delegation, for your side.")(run)


def _stopping_command(act: str) -> click.Command:
    @click.argument("delegation_id")
    @yes_option
    @in_account
    def run(account: Account, as_json: bool, delegation_id: str, yes: bool) -> None:
        row = found(account, delegation_id)
        if not yes:
            click.echo(f"With {row.party_name} ({row.party}):", err=True)
            radius.tell(account.blast_radius_of(row), err=True)
            confirm(f"{act.capitalize()} it?", yes)
        _told(account.act_on(row, act), as_json)

    return click.command(act, help=f"{act.capitalize()} a delegation. It says before what that stops, and asks.")(run)


for one in ACTS:
    delegations.add_command(_command(one))
for one in STOPPING:
    delegations.add_command(_stopping_command(one))


def found(account: Account, delegation_id: str) -> Delegation:
    """The delegation, from whichever side this account has in it. Raises: Stopped."""
    for row in (*account.given(), *account.taken()):
        if row.id == delegation_id:
            return row
    raise Stopped(f"This account has no delegation {delegation_id}: see “portal delegations list”.")


def _row(row: Delegation) -> tuple[object, ...]:
    projects = "all" if row.projects is None else len(row.projects)
    side = "given" if row.side == "owner" else "taken"
    return side, row.party_name, row.state, row.environments, row.rights, projects, row.ends_at, row.id


def _told(row: Delegation, as_json: bool) -> None:
    if as_json:
        speaking.as_told(row)
        return
    click.echo(f"{'Ticket' if row.is_ticket else 'Delegation'} {row.id} with {row.party_name}: {row.state}")
    speaking.table(("ENVIRONMENTS", "RIGHTS", "ENDS"), [(row.environments, row.rights, row.ends_at)], "")
