"""`flask gateway probe`: how long a revocation takes, measured at the door as a caller meets it."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import click
from flask.cli import with_appcontext

from portal.access.actor import Actor
from portal.cli.credentials import vendor_actor
from portal.cli.probing import Address, Credential, Measured, NoGateway, Probe, ended_at_last, ending_in_order
from portal.credentials import operations, store
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.gateways import operations as gateways
from portal.gateways import store as gateway_store
from portal.gateways.figures import Figures, figures_of
from portal.gateways.models import WorkerState

NAME = "probe"
LIVES = timedelta(minutes=10)  # should the probe be killed between issuing and revoking
LATELY = timedelta(minutes=1)
MOST_ROUNDS = 1000


@click.command("probe")
@click.argument("address")
@click.option(
    "--times", type=click.IntRange(1, MOST_ROUNDS), default=20, show_default=True, help="How many revocations."
)
@click.option(
    "--within", type=click.IntRange(1), default=1000, show_default=True, metavar="MS",
    help="The published figure: 1000 where workers poll, 100 where PostgreSQL tells them.",
)  # fmt: skip
@with_appcontext
def probe(address: str, times: int, within: int) -> None:
    """Revoke a service credential again and again, and ask at ADDRESS (such as http://127.0.0.1:8001) until each worker
    there refuses it. Ends with 1 where the p99 of a worker is above the published figure.

    No tenant's key is touched. Each time is two events on the vendor's record, as for any credential.
    """
    probing = Probe(Address(_sound(address)))
    try:
        with ending_in_order():
            measured = _measure(probing, vendor_actor(), times)
    except NoGateway as reason:
        raise click.ClickException(str(reason)) from reason
    everything = figures_of([each for seconds in measured.seconds.values() for each in seconds])
    if not everything.times:
        raise click.ClickException("All workers fell silent after the revocation: nothing was measured.")
    for line in _table(measured, everything):
        click.echo(line)
    with transaction():
        gateways.note_probe(address, len(measured.seconds), everything, times, within)
    _judge(measured, within)


def _sound(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        raise click.BadParameter("Give it with http:// or https:// and a host.", param_hint="ADDRESS")
    return address


def _measure(probing: Probe, actor: Actor, times: int) -> Measured:
    known = _known_workers()
    found = probing.find_workers(known)
    click.echo(f"{len(found)} workers answer there.", err=True)
    if elsewhere := known - found:
        click.echo(f"Not there, and not measured: {', '.join(sorted(elsewhere))}.", err=True)
    for _time in range(times):
        with ended_at_last(_issued(actor)) as credential:
            probing.measure(credential)
    return probing.measured


def _known_workers() -> set[str]:
    seen = gateway_store.seen_since(clock.now() - LATELY)
    return {worker.id for worker in seen if worker.ended_at is None and worker.state is WorkerState.READY}


def _issued(actor: Actor) -> Credential:
    with transaction():
        issued = operations.issue(actor, NAME, None, expires_at=clock.now() + LIVES)
        public_id = issued.credential.public_id

    def revoke() -> None:
        with transaction():
            operations.revoke(actor, store.get(actor, public_id), "Measured how fast it is refused.")

    return Credential(issued.token, revoke)


def _table(measured: Measured, everything: Figures) -> Iterator[str]:
    yield f"{'worker':<10} {'times':>6} {'p50':>10} {'p99':>10} {'max':>10}"
    for worker, seconds in sorted(measured.seconds.items()):
        yield _row(worker, figures_of(seconds))
    yield _row("all", everything)


def _row(name: str, figures: Figures) -> str:
    told = (f"{figure} ms" for figure in (figures.p50_ms, figures.p99_ms, figures.max_ms))
    return f"{name:<10} {figures.times:>6} " + " ".join(f"{each:>10}" for each in told)


def _judge(measured: Measured, within: int) -> None:
    for workers, what in (
        (measured.fell_silent, "fell silent, and was left out from then on"),
        (measured.never_refused, "never refused"),
        (measured.accepted_again, "accepted again what it had refused"),
    ):
        for worker in sorted(workers):
            click.echo(f"{worker} {what}.", err=True)
    p99s = [figures_of(seconds).p99_ms or 0 for seconds in measured.seconds.values()]
    if not measured.is_sound or max(p99s) > within:
        raise click.ClickException(f"The published figure of {within} ms does not hold.")
    click.echo(f"The published figure of {within} ms holds.", err=True)
