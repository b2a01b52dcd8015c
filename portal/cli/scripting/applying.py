"""`portal plan FILE` and `portal apply FILE`: an account as a file wants it."""

import sys
from pathlib import Path

import click

from portal.cli.scripting import kept, planning, speaking, wanted
from portal.cli.scripting.ends import DIFFERS, spoken
from portal.cli.scripting.options import confirm, json_option, yes_option
from portal.cli.scripting.planning import Plan
from portal.client.account import Account
from portal.client.portal import Portal

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.command("plan")
@file_argument
@click.option("--detailed-exitcode", is_flag=True, help="End with 5 when there is something to do.")
@json_option
def plan(file: Path, detailed_exitcode: bool, as_json: bool) -> None:
    """Say what `apply` would do so that the account has what FILE wants, and what that would stop."""
    with spoken(as_json):
        _account, found = _planned(file)
        _told(found, as_json)
        if detailed_exitcode and found.steps:
            sys.exit(DIFFERS)


@click.command("apply")
@file_argument
@yes_option
@json_option
def apply(file: Path, yes: bool, as_json: bool) -> None:
    """Do what `plan` says, after asking. Applying twice is applying once; what was stopped half-way can be repeated."""
    if as_json and not yes:
        raise click.UsageError("With --json nobody sees the plan first: run `portal plan FILE`, then add --yes.")
    with spoken(as_json):
        account, found = _planned(file)
        if not as_json:
            _told(found, as_json)
        if found.steps:
            confirm(f"Do this in {account.id}?", yes)
        done = []
        for step in found.steps:
            done.append(step.carry_out(account))
            if not as_json:
                click.echo(f"Done: {done[-1]}")
        if as_json:
            speaking.as_told(found.as_told() | {"done": done})


def _planned(file: Path) -> tuple[Account, Plan]:
    wants = wanted.read(file)
    sign_in = kept.read()
    account = Portal(sign_in.url, sign_in.token).account(wants.account)
    return account, planning.plan(account, wants)


def _told(found: Plan, as_json: bool) -> None:
    if as_json:
        speaking.as_told(found.as_told())
        return
    for step in found.steps:
        click.echo(f"{step.sign} {step.what} {step.about}")
        for label, names in step.stops:
            click.echo(f"    {label}: {', '.join(names)}")
    for remark in found.remarks:
        click.echo(f"! {remark}")
    if not found.steps and found.remarks:
        click.echo("Nothing to do here; what is marked with ! is up to people.")
    elif not found.steps:
        click.echo("Nothing to do: the account has all that the file wants.")
