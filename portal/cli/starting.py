"""`flask portal init` and `flask portal demo`: the first start of an instance."""

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.access.roles import Role
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.cli.speaking import operator_at
from portal.contracts import catalogue
from portal.demo import operations as demo
from portal.foundation import migrations
from portal.foundation.database import transaction
from portal.foundation.migrations import Stand
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Tenant


@click.command("init")
@click.option("--vendor", default="Vendor", show_default=True, help="Name of the vendor's own account.")
@click.option("--admin", prompt="E-mail address of the first partner admin", help="Is invited by mail.")
@with_appcontext
def init(vendor: str, admin: str) -> None:
    """Start an empty production instance. Doing it again repeats nothing.

    By now the settings have been checked: with a missing or unsafe one no command of the portal runs.
    """
    _require_production()
    _require_migrated()
    with transaction():
        catalogue.load()
        tenant = tenant_store.find_vendor() or tenants.create(operator_at(), vendor, is_vendor=True)
        invited = _invite_first(tenant, admin)
    click.echo(f"The vendor's account is {tenant.name}, {tenant.account_id}.")
    if invited:
        click.echo(f"{admin} is invited as partner admin; the worker (`flask worker`) sends the mail.")
    else:
        click.echo("It has a partner admin, or one who is invited: nobody was invited now. See `flask portal invite`.")


def _require_production() -> None:
    if current_app.config["PORTAL"].is_demo:
        raise click.ClickException("This is the demo, which has a world of its own: `flask portal demo` makes it.")


def _require_migrated() -> None:
    if migrations.stand() is not Stand.AT_HEAD:
        raise click.ClickException("The database's tables are not those of this release: run `flask db upgrade` first.")


def _invite_first(vendor: Tenant, email: str) -> bool:
    actor = operator_at(vendor.id)
    waiting = any(row.role is Role.PARTNER_ADMIN for row in people.open_invitations(actor))
    if waiting or people.people_with(vendor.id, Role.PARTNER_ADMIN):
        return False
    accounts.invite(actor, email, Role.PARTNER_ADMIN)
    return True


@click.command("demo")
@with_appcontext
def make_demo() -> None:
    """Make the demo world, once, and print its sign-ins."""
    click.echo(demo.ensure(current_app.config["PORTAL"].data_folder), nl=False)
