"""`portal keys …`: a private key is made on this machine, and stays here."""

from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import files, places, shops, signing
from portal.cli.scripting import radius, speaking
from portal.cli.scripting.ends import Stopped
from portal.cli.scripting.options import confirm, in_account, yes_option
from portal.client.account import Account
from portal.client.errors import Refused, Unreachable
from portal.client.things import KeyPair, MadeIntent
from portal.keys import possession
from portal.verifier import settings

SIDES = ("sandbox", "production")
PROOF_LINES = 7  # security.md section 1, "Custody"
side_option = click.option("--environment", type=click.Choice(SIDES), required=True)
out_option = click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the private key here; one that is there already is used, so that an attempt can be repeated.",
)


@click.group("keys")
def keys() -> None:
    """Key pairs."""


@keys.command("list")
@click.option("--environment", type=click.Choice(SIDES), default=None)
@in_account
def list_(account: Account, as_json: bool, environment: str | None) -> None:
    """List key pairs, newest first."""
    found = list(account.keys(environment or ""))
    if as_json:
        speaking.as_told(found)
        return
    heads = ("NAME", "ENVIRONMENT", "STATUS", "HOLDER", "LAST USED", "API KEY")
    rows = [(one.name, one.environment, one.status, one.holder_name, one.last_used_at, one.api_key) for one in found]
    speaking.table(heads, rows, "There is no key pair.")


@keys.command("show")
@click.argument("api_key")
@in_account
def show(account: Account, as_json: bool, api_key: str) -> None:
    """Show a key pair, and what stopping it would stop."""
    pair = account.key(api_key)
    if as_json:
        speaking.as_told(pair)
        return
    _tell(pair)
    radius.tell(account.blast_radius_of_key(api_key))


@keys.command("contracts")
@in_account
def contracts(account: Account, as_json: bool) -> None:
    """List the contracts under which you may make key pairs now."""
    found = account.contracts_for_keys()
    if as_json:
        speaking.as_told([{"id": one} for one in found])
        return
    speaking.table(("CONTRACT",), [(one,) for one in found], "None.")


@keys.command("make")
@click.argument("name")
@side_option
@click.option("--contract", required=True, help="The contract's id, ctr_….")
@out_option
@in_account
def make(account: Account, as_json: bool, name: str, environment: str, contract: str, out: Path | None) -> None:
    """Make a key pair NAME on this machine, and put it into service.

    The private key is written, mode 0600 and over nothing, before anything is proved, and is sent nowhere.
    """
    pair, file = made(account, name, environment, contract, out or Path(settings.key_file(environment)))
    _tell_made(pair, file, as_json)


@keys.command("rotate")
@click.argument("api_key")
@click.option("--overlap-days", type=click.IntRange(1, 90), default=14, show_default=True)
@click.option("--ending", type=click.Choice(("held", "hard")), default="held", show_default=True)
@click.option("--name", default="", help="The successor's; the same name, unless told.")
@out_option
@in_account
def rotate(
    account: Account, as_json: bool, api_key: str, overlap_days: int, ending: str, name: str, out: Path | None
) -> None:
    """Make a successor of a key pair on this machine. The old one goes on until shops have moved, or time is up."""
    old = account.key(api_key)
    file = out or Path(f"next-{settings.key_file(old.environment)}")
    key = _key_in(file)
    intent = account.begin_rotation(
        api_key, signing.public_pem(key), overlap_hours=24 * overlap_days, ending=ending, name=name
    )
    _tell_made(_proved(account, intent, key, file), file, as_json)


@keys.command("rename")
@click.argument("api_key")
@click.argument("name")
@in_account
def rename(account: Account, as_json: bool, api_key: str, name: str) -> None:
    """Call a key pair NAME."""
    pair = account.rename_key(account.key(api_key), name)
    if as_json:
        speaking.as_told(pair)
    else:
        _tell(pair)


@keys.command("revoke")
@click.argument("api_key")
@yes_option
@in_account
def revoke(account: Account, as_json: bool, api_key: str, yes: bool) -> None:
    """Revoke a key pair, for good. It says before what that stops, and asks."""
    pair = account.key(api_key)
    if not yes:
        _tell(pair, err=True)
        radius.tell(account.blast_radius_of_key(api_key), err=True)
        if pair.environment == "production":
            typed = click.prompt("Type the name of the pair to revoke it", err=True)
            if typed.strip() != pair.name:
                raise Stopped("That is another name. Nothing was changed.")
        else:
            confirm("Revoke it?", yes)
    pair = account.revoke_key(api_key, pair.name)
    if as_json:
        speaking.as_told(pair)
    else:
        _tell(pair)


def made(account: Account, name: str, environment: str, contract: str, file: Path) -> tuple[KeyPair, Path]:
    """The key pair in service, and the file with its private key. Raises: Refused, Unreachable, Stopped."""
    key = _key_in(file)
    intent = account.begin_key(name, environment, contract, signing.public_pem(key))
    return _proved(account, intent, key, file), file


def _key_in(file: Path) -> rsa.RSAPrivateKey:
    """The private key in `file`, made and saved there first when there is none. Raises: Stopped."""
    try:
        if file.exists():
            return files.private_key(file)
        places.require_free(file)
        key, pem = files.new_key()
        files.save(file, pem)
    except files.Unusable as reason:
        raise Stopped(str(reason)) from reason
    except OSError as error:
        raise Stopped(f"{file} cannot be read: {error.strerror}.") from error
    except click.ClickException as reason:
        raise Stopped(reason.message) from reason
    return key


def _proved(account: Account, intent: MadeIntent, key: rsa.RSAPrivateKey, file: Path) -> KeyPair:
    """The pair in service. Signed is the proof for this pair at this portal and nothing else, whatever was sent: a text
    that a key signs unseen could be a shop's token. Raises: Refused, Unreachable, Stopped.
    """
    require_proof(account.portal_url, intent, signing.public_sha256(key).hex())
    try:
        return account.prove_key(intent, signing.signature_of(key, intent.message.encode()))
    except (Refused, Unreachable):
        click.echo(f"The private key is in {file}; repeat the command to go on with it.", err=True)
        raise


def require_proof(portal_url: str, intent: MadeIntent, public_sha256: str) -> None:
    """Nothing, when the message is the seven lines of a proof for this intent, portal and key. Raises: Stopped."""
    lines = intent.message.split("\n")
    fits = (
        len(lines) == PROOF_LINES + 1
        and lines[-1] == ""
        and lines[0] == possession.FIRST_LINE
        and lines[1].rstrip("/") == portal_url.rstrip("/")
        and lines[2] == intent.id
        and lines[6] == public_sha256
    )
    if not fits:
        raise Stopped(
            f"What the portal asks to be signed is no proof for this key pair at {portal_url}. Nothing was signed. "
            "If the portal calls itself otherwise, sign in at that address."
        )


def _tell(pair: KeyPair, err: bool = False) -> None:
    click.echo(f"{pair.name} ({pair.environment}), {pair.status}. API key: {pair.api_key}", err=err)


def _tell_made(pair: KeyPair, file: Path, as_json: bool) -> None:
    if as_json:
        speaking.as_told({"api_key": pair.api_key, "name": pair.name, "file": str(file)})
        return
    click.echo(f"“{pair.name}” ({pair.environment}) is in service.")
    for line in shops.pair_lines(pair.api_key, file):
        click.echo(line)
