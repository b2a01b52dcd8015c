"""Puts a company that has everything beside those of the demo: `python -m tests.browser.furnishing`, once.

Prints, as JSON, a session for each person who looks at pages, and the path of each page with who looks at it.
"""

import json
import sys

from flask import Flask

from portal.access.actor import Actor
from portal.accounts import operations as accounts
from portal.accounts import passwords
from portal.accounts import store as account_store
from portal.app import create_app
from portal.demo import cast
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.web import actors
from tests.access.furnishing import (
    STANDS,
    Place,
    Things,
    a_credential_of,
    a_place,
    a_recovery,
    an_import,
    furnish,
    hand_off_intent_of,
    intents_of,
    parties_for,
)
from tests.access.reviewing import question_for, reviews_of
from tests.accounts.authenticator import Authenticator
from tests.accounts.factors import a_passkey, an_app
from tests.browser.addresses import NOBODY, OWNER, SIGNER, Page, pages
from tests.factories import a_licensee, a_person, a_tenant, tenant_of
from tests.gateways.scenes import a_gateway
from tests.web.access.routes import Route, address, routes_of

LOOKING = (cast.MAYA, cast.SAM, cast.LIN, cast.PRIYA, cast.KARIM, cast.RUTH, cast.VICTOR)


def main() -> None:
    """Furnish the database of the settings, and print what came of it."""
    app = create_app()
    passwords.use_cheap_profile()
    with app.app_context():
        place = a_place("Lantern Trading Company of the North")
        furnish(place, parties_for(), {stand: a_licensee(name=f"Client {stand}") for stand in STANDS})
        things = place.things | intents_of(place.owner) | hand_off_intent_of(place, place.owner) | _letter_of(place)
        things |= _of_the_vendor(_member(cast.RUTH)) | question_for(place) | {"console_list": "contracts"}
        app_of_owner = an_app(account_store.get_person(place.owner.person_id))
        passkey = a_passkey(app_of_owner.person, session=app_of_owner.session, device=Authenticator(_origin(app)))
        things |= {"factor": str(app_of_owner.factor.id), "passkey": str(passkey.factor.id)}
        things |= {"reset_token": _link_to_reset()} | _people_of(place)
        things |= a_recovery(tenant_of(place.owner))
        people = {OWNER: place.owner, SIGNER: place.people["signer"]} | {one.email: _member(one) for one in LOOKING}
        a_gateway()
        accounts_of = {name: tenant_of(actor).account_id for name, actor in people.items()}
        sessions = {name: _session(actor, adds_passkey=name == SIGNER) for name, actor in people.items()}
    json.dump({"sessions": sessions, "paths": _paths(app, things, accounts_of)}, sys.stdout)


def _origin(app: Flask) -> str:
    return str(app.config["PORTAL"].external_base_url)


def _link_to_reset() -> str:
    """The token of a link to a new password, of somebody who signs in in two steps."""
    forgetful = an_app()
    with transaction():
        accounts.ask_for_reset(forgetful.person.email)
    with transaction():
        accounts.answer_reset_requests()
    return str(outbox.read_all(1)[0].facts["token"])


def _people_of(place: Place) -> Things:
    """Whom an operator disables and enables."""
    gone = a_person()
    with transaction():
        account_store.get_person(gone.id).disabled_at = clock.now()
    return {
        "person": str(place.people["signer"].person_id),
        "last_owner": str(place.owner.person_id),
        "disabled_person": str(gone.id),
    }


def _of_the_vendor(admin: Actor) -> Things:
    nobodys = {"ownerless_account": a_tenant("Nobody's").account_id}
    return reviews_of(admin) | an_import(admin.tenant_id, admin) | a_credential_of(admin.tenant_id, admin) | nobodys


def _letter_of(place: Place) -> Things:
    """The mail that invites somebody to the place, and the token in it."""
    account = place.things["account"]
    messages = outbox.read_all(100)
    invitation = next(message for message in messages if message.to == f"invited.{account.lower()}@example.com")
    token = str(invitation.facts["token"])
    return {"message": str(invitation.id), "invitation_token": token, "client_account": account}


def _member(someone: cast.Someone) -> Actor:
    person = account_store.person_by_email(someone.email)
    assert person is not None
    return actors.as_member(account_store.memberships_of(person.id)[0])


def _session(actor: Actor, *, adds_passkey: bool) -> str:
    """The token of a new session, in which a passkey is being added, or an app."""
    with transaction():
        person = account_store.get_person(actor.person_id)
        row, token = accounts.begin_session(person, "Chromium · Linux", home_id=actor.home_id)
        (accounts.intend_passkey if adds_passkey else accounts.intend_app)(row, "Tablet")
    return token


def _paths(app: Flask, things: Things, accounts_of: dict[str, str]) -> list[tuple[str, str]]:
    endpoints = [route.endpoint for route in routes_of(app) if route.method == "GET" and not route.is_call]
    return [(page[0], _path(app, page, things, accounts_of)) for page in pages(endpoints)]


def _path(app: Flask, page: Page, things: Things, accounts_of: dict[str, str]) -> str:
    who, endpoint, values = page
    account = accounts_of[values.get("account", who if who != NOBODY else OWNER)]
    others = {name: things.get(value, value) for name, value in values.items() if name != "account"}
    return address(app, Route("GET", endpoint), things | {"account": account}, **others)


if __name__ == "__main__":
    main()
