"""What the words on the command line mean, where several commands have them; and the portal that they lead to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from portal.cli.scripting import kept
from portal.cli.scripting.ends import Stopped, spoken
from portal.client.account import Account
from portal.client.portal import Portal

json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
account_option = click.option(
    "--account", "account_id", default="", metavar="MAG…", help="In this account: your own, or a client's."
)


def in_portal(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets `portal`, signed in, and `as_json`; refusals end it with their code."""

    @json_option
    @wraps(command)
    def run(as_json: bool, **given: Any) -> None:
        with spoken(as_json):
            sign_in = kept.read()
            command(portal=Portal(sign_in.url, sign_in.token), as_json=as_json, **given)

    return run


def in_account(command: Callable[..., None]) -> Callable[..., None]:
    """The command gets `account` and `as_json`; refusals end it with their code."""

    @json_option
    @account_option
    @wraps(command)
    def run(as_json: bool, account_id: str, **given: Any) -> None:
        with spoken(as_json):
            sign_in = kept.read()
            account = account_of(Portal(sign_in.url, sign_in.token), account_id or sign_in.account)
            command(account=account, as_json=as_json, **given)

    return run


def account_of(portal: Portal, account_id: str) -> Account:
    """The account with this id; or for "" the only one there is. Raises: Stopped when there are several."""
    if account_id:
        return portal.account(account_id)
    places = portal.me().accounts
    if len(places) != 1:
        names = ", ".join(place.id for place in places)
        raise Stopped(f"Say in which account: --account, or once and for all “portal use”. Yours are: {names}")
    return portal.account(places[0].id)


def confirm(sentence: str, yes: bool) -> None:
    """Nothing, when it was said before or is said now that it shall be done. Raises: Stopped."""
    if not yes and not click.confirm(sentence, default=False, err=True):
        raise Stopped("Nothing was changed.")
