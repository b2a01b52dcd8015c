"""`flask portal service-credential`: with what services and gateways ask, for operators of a deployment."""

from datetime import datetime, timedelta

import click
from flask.cli import with_appcontext

from portal.access.actor import Actor
from portal.cli.keeping import DAY, end_of
from portal.cli.speaking import operator_at
from portal.contracts import store as contracts
from portal.contracts.models import Service
from portal.credentials import operations, store
from portal.credentials.models import CREDENTIAL_NAMES, CredentialState, ServiceCredential
from portal.credentials.operations import Issued
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tenants import store as tenants

OVERLAPS = {"0": operations.AT_ONCE, "1h": operations.HOUR, "1d": operations.DAY, "7d": operations.WEEK}


@click.command("service-credential")
@click.option("--list", "listing", is_flag=True, help="Say which there are, and where each stands.")
@click.option("--issue", metavar="NAME", help="Issue one; its secret is all that goes to standard output.")
@click.option("--service", metavar="CODE", help="With --issue: the one service it asks about; without it, all of them.")
@click.option("--last-day", type=DAY, help="With --issue or --rotate: the new one's last day, in UTC.")
@click.option("--rotate", metavar="ID", help="Issue a successor; its secret is all that goes to standard output.")
@click.option(
    "--overlap", type=click.Choice(list(OVERLAPS)), default="1d", show_default=True,
    help="With --rotate: how long the old one goes on.",
)  # fmt: skip
@click.option("--revoke", metavar="ID", help="Stop one at once and for good.")
@click.option("--reason", help="With --revoke: why. It stands in the record.")
@with_appcontext
def service_credential(
    listing: bool,
    issue: str | None,
    service: str | None,
    last_day: datetime | None,
    rotate: str | None,
    overlap: str,
    revoke: str | None,
    reason: str | None,
) -> None:
    """Keep the credentials with which services and gateways ask whether a call may pass."""
    if [listing, *(word is not None for word in (issue, rotate, revoke))].count(True) != 1:
        raise click.UsageError("Give one of --list, --issue NAME, --rotate ID, --revoke ID.")
    actor, expires_at = vendor_actor(), end_of(last_day) if last_day else None
    if issue is not None:
        _issue(actor, issue, service, expires_at)
    elif rotate is not None:
        _rotate(actor, rotate, OVERLAPS[overlap], expires_at)
    elif revoke is not None:
        _revoke(actor, revoke, reason or "")
    else:
        _list(actor)


def vendor_actor() -> Actor:
    """The portal, acting for the vendor. Raises: ClickException while there is none."""
    vendor = tenants.find_vendor()
    if vendor is None:
        raise click.ClickException("There is no vendor account yet: run `flask portal init` first.")
    return operator_at(vendor.id)


def _issue(actor: Actor, name: str, code: str | None, expires_at: datetime | None) -> None:
    with transaction():
        issued = operations.issue(actor, name, _service(code) if code else None, expires_at=expires_at)
    _tell(actor, issued)


def _service(code: str) -> Service:
    services = {service.code: service for service in contracts.services()}
    if code not in services:
        raise click.BadParameter(
            f"There is no service {code}. There are: {', '.join(services)}.", param_hint="--service"
        )
    return services[code]


def _rotate(actor: Actor, public_id: str, overlap: timedelta, expires_at: datetime | None) -> None:
    with transaction():
        issued = operations.rotate(actor, store.get(actor, public_id), overlap, expires_at=expires_at)
    _tell(actor, issued)
    stops_at = store.get(actor, public_id).stops_at
    click.echo(f"The old one, {public_id}, stops on {stops_at:%Y-%m-%d %H:%M:%S} UTC.", err=True)


def _revoke(actor: Actor, public_id: str, reason: str) -> None:
    with transaction():
        operations.revoke(actor, store.get(actor, public_id), reason)
    click.echo(f"{public_id} is revoked: who shows it gets no more answers.")


def _tell(actor: Actor, issued: Issued) -> None:
    """The secret alone on standard output, so that it can go straight into a file; everything else beside it."""
    click.echo(_told(store.get(actor, issued.credential.public_id)), err=True)
    click.echo("This is the only time that it is shown:", err=True)
    click.echo(issued.token)


def _list(actor: Actor) -> None:
    found = store.everything(actor)
    if not found:
        click.echo("There is none yet: issue one with --issue NAME.", err=True)
    for credential in found:
        click.echo(_told(credential))


def _told(credential: ServiceCredential) -> str:
    about = credential.service.code if credential.service else "all services"
    used = f"last used {credential.last_used_at:%Y-%m-%d %H:%M} UTC" if credential.last_used_at else "never used"
    told = (_state(credential), f"issued {credential.created_at:%Y-%m-%d}", used)
    return f"{credential.public_id}  {credential.name}, for {about}: {', '.join(told)}"


def _state(credential: ServiceCredential) -> str:
    state = credential.state(clock.now())
    word = "ends" if state is CredentialState.ENDING else CREDENTIAL_NAMES[state].lower()
    moment = credential.revoked_at or credential.stops_at
    return f"{word} {moment:%Y-%m-%d %H:%M} UTC" if moment else word
