"""The `portal` command."""

import click
from click.shell_completion import get_completion_class

from portal.cli.scripting.applying import apply, plan
from portal.cli.scripting.delegations import delegations
from portal.cli.scripting.keys import keys
from portal.cli.scripting.projects import projects
from portal.cli.scripting.signing_in import accounts, login, logout, use, whoami


@click.group("portal")
def portal() -> None:
    """The partner portal from a terminal, or from a script. Private keys are made here and stay here.

    Commands end with 0 when it is done, 1 when it was refused, 2 when they were typed wrong, 3 when nobody is signed
    in, 4 when the portal could not be reached.
    """


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion(shell: str) -> None:
    """Print what makes SHELL complete this command: eval "$(portal completion bash)"."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not known.")
    click.echo(kind(portal, {}, "portal", "_PORTAL_COMPLETE").source())


for command in (login, logout, whoami, accounts, use, projects, keys, delegations, plan, apply, completion):
    portal.add_command(command)


if __name__ == "__main__":
    portal(prog_name="portal")
