"""`flask portal …` for what has no page yet: vendor staff, accounts, contracts, signers, standing."""

from datetime import UTC, datetime, timedelta

import click
from flask.cli import with_appcontext

from portal.access.roles import VENDOR_ROLES, Role
from portal.accounts import operations as accounts
from portal.accounts import store as people
from portal.accounts.errors import AlreadyInvited
from portal.accounts.models import Language, Membership
from portal.cli.speaking import operator_at
from portal.contracts import signers
from portal.contracts import store as contract_store
from portal.contracts.catalogue import EDITIONS
from portal.contracts.models import Contract, ContractKind
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.impact.opening import Opening, Term, open_account
from portal.impact.standing import hanging_on
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.errors import NamesakeThere
from portal.tenants.models import Standing, Tenant

DAY = click.DateTime(formats=["%Y-%m-%d"])
EDITION_CODES = [edition.code for edition in EDITIONS]

edition_option = click.option("--edition", required=True, type=click.Choice(EDITION_CODES))
starts_option = click.option("--starts", type=DAY, help="First day, in UTC; without it the contract starts now.")
ends_option = click.option("--ends", required=True, type=DAY, help="Last day, in UTC.")
language_option = click.option(
    "--language", type=click.Choice([language.value for language in Language]), default=Language.EN.value,
    show_default=True, help="Language of the mail.",
)  # fmt: skip


@click.command("invite")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in VENDOR_ROLES]))
@click.option("--again", is_flag=True, help="Send a new link to somebody whose invitation is still open.")
@language_option
@with_appcontext
def invite(email: str, role: str, again: bool, language: str) -> None:
    """Invite somebody into the vendor's account, by mail."""
    vendor = tenant_store.find_vendor()
    if vendor is None:
        raise click.ClickException("There is no vendor account yet: run `flask portal init` first.")
    with transaction():
        try:
            accounts.invite(operator_at(vendor.id), email, Role(role), language=Language(language))
        except AlreadyInvited:
            if not again:
                raise
            _send_again(vendor, email)
    click.echo(f"{email} is invited as {role}; the worker sends the mail.")


def _send_again(vendor: Tenant, email: str) -> None:
    actor = operator_at(vendor.id)
    invitation = people.find_open_invitation(actor, email)
    if invitation is not None and not accounts.resend(actor, invitation):
        raise click.ClickException("The last mail left less than a minute ago: wait a little before the next one.")


@click.command("add-tenant")
@click.argument("name")
@edition_option
@starts_option
@ends_option
@click.option("--owner", "owner_email", required=True, help="E-mail address of the first owner, who is invited.")
@click.option("--another", is_flag=True, help="Open a second account of the same name.")
@language_option
@with_appcontext
def add_tenant(
    name: str, edition: str, starts: datetime | None, ends: datetime, owner_email: str, another: bool, language: str
) -> None:
    """Open an account with a contract, and invite its owner."""
    term = Term(edition, _start_of(starts), end_of(ends))
    opening = Opening(name, owner_email, Language(language), term, another)
    try:
        with transaction():
            tenant, contract = open_account(operator_at(), opening)
    except NamesakeThere as refusal:
        raise click.ClickException(
            f"There is an account {refusal.facts['tenant']} already, {refusal.facts['account']}. "
            "Give --another to open a second one of that name, or use `flask portal add-contract`."
        ) from refusal
    click.echo(f"{tenant.name} is {tenant.account_id}; {owner_email} is invited as its owner.")
    if contract is not None:
        _tell_of(contract, owner_email)


@click.command("add-contract")
@click.argument("account")
@edition_option
@starts_option
@ends_option
@with_appcontext
def add_contract(account: str, edition: str, starts: datetime | None, ends: datetime) -> None:
    """Record a further contract of an account. What hangs on another one stays there: see `flask portal renew`."""
    with transaction():
        term = contract_store.edition(edition), _start_of(starts), end_of(ends)
        contract = entitlements.conclude(operator_at(), _tenant(account), *term)
    _tell_of(contract, "EMAIL")


def _start_of(day: datetime | None) -> datetime:
    return day.replace(tzinfo=UTC) if day else clock.now()


def end_of(day: datetime) -> datetime:
    """The first moment after this day, in UTC."""
    return day.replace(tzinfo=UTC) + timedelta(days=1)


def _tell_of(contract: Contract, signer_email: str) -> None:
    click.echo(f"The contract is {contract.public_id}.")
    if contract.kind is ContractKind.PARTNER:
        click.echo(
            "Nobody can make keys under it before its signer is recorded. Once they have accepted their invitation:\n"
            f"  flask portal signer {contract.public_id} {signer_email}"
        )


@click.command("renew")
@click.argument("contract_id")
@click.option("--until", required=True, type=DAY, help="New last day, in UTC.")
@with_appcontext
def renew(contract_id: str, until: datetime) -> None:
    """Let a contract run longer. Its keys, projects and services go on."""
    with transaction():
        contract = _contract(contract_id)
        entitlements.extend(operator_at(contract.tenant_id), contract, end_of(until))
    click.echo(f"{contract_id} runs until {until.date()}.")


@click.command("signer")
@click.argument("contract_id")
@click.argument("email")
@click.option("--reason", default="Typed on the command line.", show_default=True, help="Told to all concerned.")
@with_appcontext
def signer(contract_id: str, email: str, reason: str) -> None:
    """Record who signed a partner contract: a member of the account that the contract is for.

    The first one signs at once. Another one takes over after 82 hours, in which the present signer can stop it.
    """
    with transaction():
        contract = _contract(contract_id)
        change = signers.propose(operator_at(contract.tenant_id), contract, _member(contract, email), reason)
        due = change and f"{change.due_at:%Y-%m-%d %H:%M} UTC"
    if due:
        click.echo(
            f"{email} becomes the signer of {contract_id} at {due}, unless it is stopped. All concerned are told."
        )
    else:
        click.echo(f"{email} is the signer of {contract_id}.")


def _tenant(account: str) -> Tenant:
    tenant = tenant_store.find_by_account_id(account.upper())
    if tenant is None:
        raise click.ClickException(f"There is no account {account}.")
    return tenant


def _contract(public_id: str) -> Contract:
    try:
        return contract_store.get_of_any_tenant(public_id)
    except NotFound:
        raise click.ClickException(f"There is no contract {public_id}.") from None


def _member(contract: Contract, email: str) -> Membership:
    person = people.person_by_email(email)
    membership = people.find_live_membership(contract.tenant_id, person.id) if person else None
    if membership is None:
        raise click.ClickException(f"{email} is not a member of this account: the invitation has to be accepted first.")
    return people.get_membership(operator_at(contract.tenant_id), membership.id)


@click.command("standing")
@click.argument("account")
@click.argument("word", type=click.Choice([standing.value for standing in Standing]))
@click.option("--yes", is_flag=True, help="Suspend without asking.")
@with_appcontext
def set_standing(account: str, word: str, yes: bool) -> None:
    """Put an account into a standing. Suspended: its keys stop, and its members see only why; says first what stops."""
    if Standing(word) is Standing.SUSPENDED:
        click.echo(_what_stops(_tenant(account)))
        if not yes:
            click.confirm("Suspend it?", abort=True)
    with transaction():
        tenant = _tenant(account)
        tenants.set_standing(operator_at(), tenant, Standing(word))
    click.echo(f"{tenant.name} ({account}) is now in standing {word}.")


def _what_stops(tenant: Tenant) -> str:
    found = hanging_on(tenant, clock.now())
    return (
        f"Suspending {tenant.name} ({tenant.account_id}) stops {found.own_pairs} live key pairs of its own and "
        f"{found.pairs_for_clients} that it holds for clients. It has {found.installations} installations, "
        f"{found.integrators} integrators, {found.clients} clients and {found.members} members, who are signed in "
        f"there on {found.sessions} devices and have {found.tokens} tokens. {found.hand_offs} sealed private keys wait "
        "to be opened. Nothing is deleted."
    )
