"""`flask portal disable-person` and `enable-person`: a person's sign-in, taken away and given back."""

import click
from flask.cli import with_appcontext

from portal.access.actor import Actor
from portal.accounts import operations as accounts
from portal.accounts import store
from portal.accounts.models import Person
from portal.cli.speaking import operator_at
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.impact.disabling import Hanging, disable_person, hanging_on_person
from portal.tenants import store as tenants

reason_option = click.option("--reason", required=True, help="Told to the person and to all accounts concerned.")


@click.command("disable-person")
@click.argument("email")
@reason_option
@click.option("--owner", "owners", multiple=True, help="E-mail address of a member who owns what nobody else manages.")
@click.option("--first-owner", default="", help="Address to invite into accounts to which nobody else belongs.")
@click.option("--yes", is_flag=True, help="Disable without asking.")
@with_appcontext
def disable(email: str, reason: str, owners: tuple[str, ...], first_owner: str, yes: bool) -> None:
    """End somebody's sign-in, in every account, from the next request on; says first what ends with it."""
    person = _person(email)
    hanging = hanging_on_person(person, clock.now())
    click.echo(_what_ends(person, hanging))
    if not yes:
        click.confirm("Disable the sign-in?", abort=True)
    keys = {store.email_key(one) for one in owners}
    chosen = [other.id for _row, others in hanging.last for other in others if other.person.email_key in keys]
    with transaction():
        disable_person(_operator(), _person(email), why=reason, successors=chosen, first_owner=first_owner)
    click.echo(f"{email} can no longer sign in.")


@click.command("enable-person")
@click.argument("email")
@reason_option
@with_appcontext
def enable(email: str, reason: str) -> None:
    """Give somebody the sign-in back. Devices, tokens and envelope keys that ended do not come back."""
    with transaction():
        accounts.enable(_operator(), _person(email), why=reason)
    click.echo(f"{email} can sign in again.")


def _operator() -> Actor:
    vendor = tenants.find_vendor()
    return operator_at(vendor.id if vendor else None)


def _person(email: str) -> Person:
    person = store.person_by_email(email)
    if person is None:
        raise click.ClickException(f"Nobody has a sign-in with the address {email}.")
    return person


def _what_ends(person: Person, hanging: Hanging) -> str:
    homes = [found for _row, found in hanging.memberships]
    lines = [
        f"{person.name} is signed in on {len(hanging.sessions)} devices and belongs to {len(homes)} accounts. "
        f"{sum(len(one.tokens) for one in homes)} tokens end, {sum(len(one.to_receive) for one in homes)} sealed "
        f"private keys that wait for them are destroyed, {sum(one.intents for one in homes)} key pairs begun are given "
        f"up, {sum(one.envelope_key is not None for one in homes)} envelope keys go out of use."
    ]
    for row, others in hanging.last:
        members = ", ".join(other.person.email for other in others) or "nobody: give --first-owner"
        lines.append(f"Nobody else manages {row.tenant.name}. Give --owner, of: {members}.")
    return "\n".join(lines)
