"""`portal login`, `logout`, `whoami`, `accounts`, `use`: who the commands act as, and where."""

import getpass
import platform
import sys
import time
from typing import Any

import click

from portal.cli.scripting import kept, speaking
from portal.cli.scripting.ends import Stopped, drawn_only, spoken
from portal.cli.scripting.kept import SignIn
from portal.cli.scripting.options import in_portal
from portal.client.errors import Refused
from portal.client.portal import Portal

# The words of RFC 8628, 3.5.
PENDING, SLOW_DOWN = "authorization_pending", "slow_down"
SLOWER_SECONDS = 5


@click.command("login")
@click.argument("url")
@click.option("--scope", "scopes", multiple=True, help="What you want it for; the page lets you choose. Repeatable.")
@click.option("--token-stdin", is_flag=True, help="Read a token that you made in the portal from standard input.")
def login(url: str, scopes: tuple[str, ...], token_stdin: bool) -> None:
    """Sign in at the portal with the address URL, for the commands on this machine.

    It shows a code; type it on the page that it names. Ends with 0 when you are signed in, 1 when that was refused,
    4 when the portal could not be reached.
    """
    with spoken(as_json=False):
        token = sys.stdin.readline().strip() if token_stdin else _granted(Portal(url), scopes)
        me = Portal(url, token).me()
        only = me.home if len(me.accounts) == 1 else ""
        kept.write(SignIn(url.rstrip("/"), token, only))
    granted = ", ".join(me.scopes)
    click.echo(drawn_only(f"Signed in as {me.person} of {me.home}, until {me.ends_at}. Scopes: {granted}."))


def _granted(portal: Portal, scopes: tuple[str, ...]) -> str:
    """The token, once the person has granted it in a browser. Raises: Refused, Unreachable."""
    machine = f"{getpass.getuser()}@{platform.node()}"
    begun = portal.post("device", {"machine": machine, "scopes": " ".join(scopes)})
    told = f"Open {begun['verification_uri']} and type this code: {begun['user_code']}"
    click.echo(drawn_only(told), err=True)
    click.echo("Waiting for you to grant it there …", err=True)
    wait = float(begun["interval"])
    while True:
        time.sleep(wait)
        try:
            return str(portal.post("device/token", {"device_code": begun["device_code"]})["token"])
        except Refused as refusal:
            if refusal.code not in (PENDING, SLOW_DOWN):
                raise
            wait += SLOWER_SECONDS if refusal.code == SLOW_DOWN else 0


@click.command("logout")
def logout() -> None:
    """Forget the token on this machine. In the portal it goes on until you end it there."""
    kept.forget()
    click.echo(f"{kept.file()} is gone. End the token in the portal if others may have it.")


@click.command("whoami")
@in_portal
def whoami(portal: Portal, as_json: bool) -> None:
    """Whose token it is, what it may be used for, and until when."""
    me = portal.me()
    if as_json:
        speaking.as_told(me)
        return
    click.echo(drawn_only(f"{me.person} of {me.home} at {portal.url}, until {me.ends_at}"))
    click.echo(drawn_only(f"Scopes: {', '.join(me.scopes)}"))


@click.command("accounts")
@in_portal
def accounts(portal: Portal, as_json: bool) -> None:
    """The accounts that the token works in: your own, and your clients'."""
    places = portal.me().accounts
    if as_json:
        speaking.as_told(places)
        return
    speaking.table(("ACCOUNT", "NAME"), [(place.id, place.name) for place in places], "None.")


@click.command("use")
@click.argument("account")
@in_portal
def use(portal: Portal, as_json: bool, account: str) -> None:
    """Let commands be about ACCOUNT unless they are told another one."""
    if kept.is_said():
        raise Stopped(f"{kept.URL} and {kept.TOKEN} say who is signed in: say where by {kept.ACCOUNT}, too.")
    known = {place.id: place.name for place in portal.me().accounts}
    if account not in known:
        raise Stopped(f"This token does not work in {account}; it does in: {', '.join(known)}.")
    sign_in = kept.read()
    kept.write(SignIn(sign_in.url, sign_in.token, account))
    told: dict[str, Any] = {"account": account, "name": known[account]}
    if as_json:
        speaking.as_told(told)
    else:
        click.echo(drawn_only(f"From now on: {account}, {known[account]}."))
