"""One world for the access table: a client with all kinds of callers, and others that must never see into it."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right, Role, scopes_within
from portal.accounts import factor_store, totp
from portal.accounts import operations as accounts
from portal.accounts import store as account_store
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations.models import Delegation
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.projects import store as project_store
from portal.repeats import operations as repeats
from portal.tenants import operations as tenants
from portal.tenants.models import Standing
from portal.tokens import operations as tokens
from portal.usage import traces
from tests.access.furnishing import (
    STANDS,
    Place,
    Things,
    a_credential_of,
    a_hand_off_to,
    a_look_in,
    a_place,
    a_recovery,
    a_rotation,
    a_token_of,
    an_import,
    furnish,
    hand_off_intent_of,
    intents_of,
    invited,
    parties_for,
)
from tests.access.reviewing import question_for, reviews_of
from tests.accounts.authenticator import Authenticator
from tests.accounts.factors import App, a_passkey, an_app, code_of, password_of
from tests.factories import (
    a_call,
    a_delegation,
    a_key,
    a_licensee,
    a_member,
    a_person,
    a_tenant,
    a_vendor,
    an_integrator,
    for_client,
    membership_of,
    tenant_of,
)

CALLERS = (
    "anonymous", "viewer", "developer", "key_manager", "owner", "other_owner",
    "live", "paused", "ended",
    "signer", "deputy", "late_deputy", "bystander",
    "partner_admin", "operator", "disabled", "suspended",
)  # fmt: skip
INTENTS = ("intent", "shown_intent", "proving_intent", "browser_intent", "command_intent")
NO_HAND_OFF = "hof_00000000000000000000"


@dataclass(frozen=True)
class Caller:
    """Somebody with a browser, and with a token of all its scopes, `bearer`.

    `waiting` is the token of a sign-in in that browser that waits for its code.

    `things` are the ids it calls with: its own, or the client's for a stranger.

    `elsewhere` are things in the same account that lie outside of an integrator's delegation.
    """

    name: str
    things: Things
    token: str = ""
    csrf_secret: str = ""
    bearer: str = ""
    waiting: str = ""
    elsewhere: tuple[Things, ...] = ()


@dataclass(frozen=True)
class World:
    """What the tests ask for by name. `foreign` are the things of a tenant that none of the callers belongs to.

    `callers` are those of the access table, `others` have tests of their own.
    """

    callers: dict[str, Caller]
    others: dict[str, Caller]
    foreign: Things

    @property
    def client(self) -> Things:
        """The things of the client."""
        return self.callers["owner"].things


def build() -> World:
    """The world, in the empty database of the present application context."""
    parties, donors = parties_for(), {stand: a_licensee(name=f"Donor {stand}") for stand in STANDS}
    client, other, partner = a_place("Client"), a_place("Other"), a_place("Partner", licensed=False)
    agencies = parties_for()
    furnish(client, parties, donors)
    furnish(other, agencies, donors)
    furnish(partner, agencies, donors)
    staff = {role: a_vendor(role) for role in (Role.PARTNER_ADMIN, Role.OPERATOR)}
    shared = _shared_things(client) | reviews_of(staff[Role.PARTNER_ADMIN])
    for place in (client, other, partner):
        place.things |= question_for(place)
    in_two_steps = _in_two_steps(partner.people["signer"])
    passkey = _passkey_of(in_two_steps)
    callers = [
        Caller("anonymous", {"recovery_code": in_two_steps.codes[0]}, waiting=_waiting(in_two_steps)),
        *_at_the_client(client),
        _signed_in("other_owner", other.owner, client.things),
        *_integrators(client),
        *_at_the_partner(partner, in_two_steps),
        *_of_the_vendor(staff),
        _disabled(client),
        _suspended(client),
    ]
    others = [_signed_in("client's signer", client.people["signer"], client.things)]
    # Who has no such thing of its own asks for the client's owner's.
    owners = next(one.things for one in callers if one.name == "owner")
    # One of them signs in in two steps; all others ask for that person's app.
    shared |= {"factor": str(in_two_steps.factor.id), "passkey": passkey}
    named, more = (_by_name(group, shared | owners) for group in (callers, others))
    begun = intents_of(other.owner) | hand_off_intent_of(other, other.owner)
    begun |= {"recovery": a_recovery(tenant_of(other.owner))["recovery"]}
    foreign = shared | other.things | begun | {"session": named["other_owner"].things["session"]}
    foreign_app = _in_two_steps(other.people["spare"])
    foreign |= {"factor": str(foreign_app.factor.id), "passkey": _passkey_of(foreign_app)}
    return World(named, more, foreign)


def _by_name(callers: list[Caller], base: Things) -> dict[str, Caller]:
    return {one.name: replace(one, things=base | one.things) for one in callers}


def _shared_things(client: Place) -> Things:
    """What is nobody's: somebody to offer to, a code to ask with, the token of an invitation."""
    donor = a_licensee(name="Donor with a code")
    with transaction():
        code = tenants.make_request_code(donor)
    mails = outbox.read_all(200)
    tokens = {mail.to: mail.facts["token"] for mail in mails if "token" in mail.facts}
    return {
        "client_account": client.things["account"],
        "file": "css/tokens.css",
        "console_list": "contracts",
        "role": Role.DEVELOPER.value,
        "message": str(mails[0].id),
        "request_code": code,
        "integrator_account": tenant_of(an_integrator(name="Not yet asked")).account_id,
        "invitation_token": str(tokens[f"invited.{client.things['account'].lower()}@example.com"]),
        "today": clock.now().date().isoformat(),
        "soon": (clock.now() + timedelta(days=20)).date().isoformat(),
        "in_two_years": (clock.now() + timedelta(days=730)).date().isoformat(),
        "ownerless_account": a_tenant("Nobody's").account_id,
        **_reset(),
        **_people(client),
        **a_recovery(tenant_of(client.owner)),
        "client_version": client.things["tenant_version"],
        "next_year": (clock.now() + timedelta(days=300)).date().isoformat(),
        "an_hour_ago": (clock.now() - timedelta(hours=1)).isoformat(),
        "in_an_hour": (clock.now() + timedelta(hours=1)).isoformat(),
    }


def _reset() -> Things:
    """The link by which somebody who signs in in two steps chooses a new password, and the code for it."""
    forgetful = an_app()
    with transaction():
        accounts.ask_for_reset(forgetful.person.email)
    with transaction():
        accounts.answer_reset_requests()
    return {"reset_token": str(outbox.read_all(1)[0].facts["token"]), "reset_code": forgetful.codes[0]}


def _people(client: Place) -> Things:
    """Whom an operator disables: a member, somebody who is disabled already, and who alone owns two accounts, to one of
    which a viewer belongs.
    """
    accompanied, alone, gone = a_tenant("Accompanied"), a_tenant("Alone"), a_person()
    last = a_member(accompanied, Role.OWNER)
    a_member(alone, Role.OWNER, person=account_store.get_person(last.person_id))
    with transaction():
        account_store.get_person(gone.id).disabled_at = clock.now()
    return {
        "person": str(client.people["viewer"].person_id),
        "disabled_person": str(gone.id),
        "last_owner": str(last.person_id),
        "successor": str(a_member(accompanied, Role.VIEWER).membership_id),
    }


def _signed_in(name: str, actor: Actor, things: Things, elsewhere: tuple[Things, ...] = ()) -> Caller:
    """The caller with a session of its own, and with a second one that it may end."""
    with transaction():
        person = account_store.get_person(actor.person_id)
        row, token = accounts.begin_session(person, "Firefox · Linux", home_id=actor.home_id)
        second, _token = accounts.begin_session(person, "Safari · iPhone", home_id=actor.home_id)
        own = {
            "session": str(second.id),
            "own_session": str(row.id),
            "email": person.email,
            "person_version": str(person.version),
        }
        secret = row.csrf_token
        bearer = _bearer_of(replace(actor, tenant_id=actor.home_id, delegation_id=None))
        repeats.begin(replace(actor, credential=name), "a key", bytes(32))
    own["home"] = tenant_of(replace(actor, tenant_id=actor.home_id)).account_id
    return Caller(name, things | own, token, secret, bearer, elsewhere=elsewhere)


def _bearer_of(actor: Actor) -> str:
    scopes = scopes_within(actor.permissions)
    ends_at = clock.now() + timedelta(days=30)
    return tokens.issue(actor, name="Of the world", scopes=scopes, ends_at=ends_at).secret


def _at_the_client(client: Place) -> Iterator[Caller]:
    for name in ("viewer", "developer", "key_manager", "owner"):
        actor = client.people[name]
        own = _nobodys_intents()
        if name in {"key_manager", "owner"}:
            own = intents_of(actor) | hand_off_intent_of(client, actor)
        yield _signed_in(name, actor, client.things | own)


def _nobodys_intents() -> Things:
    """Ids for those who have begun nothing."""
    return dict.fromkeys(INTENTS, "int_00000000000000000000") | {"proof": "AAAA", "hand_off_intent": NO_HAND_OFF}


def _integrators(client: Place) -> Iterator[Caller]:
    """Three agencies of the client: one at work in its sandbox and first project, one paused, one over."""
    agencies = {name: an_integrator(name=f"Agency {name}") for name in ("live", "paused", "ended")}
    given = {name: a_delegation(client.owner, agency) for name, agency in agencies.items()}
    within = {name: _work_of(for_client(agency, given[name]), given[name], client) for name, agency in agencies.items()}
    within["live"] |= a_hand_off_to(client, agencies["live"], given["live"].public_id)
    _narrow(client, given["live"])
    within["live"] |= _asked_by(for_client(agencies["live"], given["live"]), client)
    with transaction():
        delegations.pause(client.owner, given["paused"])
    with transaction():
        delegations.end(client.owner, given["ended"])
    for name, agency in agencies.items():
        elsewhere = _outside(client, within["live"], within["paused"]) if name == "live" else ()
        yield _signed_in(name, agency, within[name], elsewhere)


def _work_of(actor: Actor, delegation: Delegation, client: Place) -> Things:
    """What an agency has at the client: key pairs and intents of its own, and the client's things within its reach."""
    pair, live_pair = (a_key(actor, environment=side, name=f"Of an agency {side.value}") for side in Environment)
    for used, name in ((pair, "installation"), (live_pair, "production_installation")):
        for number in ("", "_2"):
            a_call(used, project_store.get_installation(client.owner, client.things[f"{name}{number}"]).data_space)
    traces.flush()
    own = {
        "api_key": pair.api_key,
        "api_key_version": str(pair.version),
        "api_key_production": live_pair.api_key,
        "api_key_production_version": str(live_pair.version),
    }
    its_own = {f"given.{stand}": delegation.public_id for stand in STANDS}
    return client.things | its_own | own | intents_of(actor) | a_rotation(actor)


def _narrow(client: Place, delegation: Delegation) -> None:
    """To the sandbox and the first project: what was made beside them before lies outside from now on."""
    with transaction():
        delegations.narrow(
            client.owner,
            delegation,
            environments=frozenset({Environment.SANDBOX}),
            rights=frozenset(Right),
            project_ids=frozenset(client.project_ids[:1]),
            ends_at=delegation.ends_at,
            version=delegation.version,
        )


def _asked_by(actor: Actor, client: Place) -> Things:
    """An agency's own request, in the first project; asking the same again meets it."""
    contract = contracts.get(client.owner, client.things["contract"])
    with transaction():
        wish, first = Wish.TESTING_SPACE, client.project_ids[0]
        request = asking.request_more(actor, contract, wish, 1, "For a fair.", first)
        return {"request": request.public_id, "more_project": client.things["project"]}


def _outside(client: Place, within: Things, other_agency: Things) -> tuple[Things, ...]:
    """Things of the client outside of the delegation: other holders', the other environment's, another project's."""
    of_client = client.things
    given = {name: value for name, value in of_client.items() if name.startswith("given.")}
    second = {name.removesuffix("_2"): value for name, value in of_client.items() if name.endswith("_2")}
    second["more_project"] = second["project"]
    return (
        {kind: of_client[kind] for kind in ("api_key", "retiring_key", "stopped_key")} | given,
        {kind: other_agency[kind] for kind in ("api_key", "retiring_key", "stopped_key", *INTENTS)},
        {"hand_off": of_client["hand_off"]},
        {"api_key": of_client["api_key_production"]},
        {"api_key": within["api_key_production"]},
        {"data_space": of_client["production_space"], "installation": of_client["production_installation"]},
        second,
    )


def _in_two_steps(actor: Actor) -> App:
    """An authenticator app of the actor's person, who signs in with it, or with a passkey, from now on."""
    return an_app(account_store.get_person(actor.person_id))


def _passkey_of(app: App) -> str:
    """The id of a passkey that the person of this app has, too."""
    return str(a_passkey(app.person, session=app.session).factor.id)


def _made_in(session_id: str, person_id: uuid.UUID | None) -> Things:
    """What a device answers to the person who is adding a passkey in this session."""
    with transaction():
        person = account_store.get_person(person_id)
        row = account_store.live_session(person.id, uuid.UUID(session_id))
        passkey = factor_store.passkey_in(accounts.intend_passkey(row, "Laptop").id)
        asked = accounts.Asked(accounts.Purpose.REGISTER, row.csrf_token)
        return {"made": Authenticator().make(accounts.invitation_to(person, passkey.user_handle, asked))}


def _waiting(app: App) -> str:
    """The token of a sign-in that waits for a code of this app's person."""
    proof = password_of(app.person)
    with transaction():
        return accounts.await_code(proof)


def _second_app(app: App, session_id: str) -> Things:
    """What the person of this app is asked for, who is setting up another one in this session."""
    with transaction():
        row = account_store.live_session(app.person.id, uuid.UUID(session_id))
        assert row is not None
        seed = totp.seed_of(accounts.intend_app(row, "Tablet"))
        batch = factor_store.batch_of_recovery_codes(app.person.id)
    return {"first_code": code_of(seed), "recovery_code": app.codes[1], "batch": str(batch)}


def _at_the_partner(partner: Place, in_two_steps: App) -> Iterator[Caller]:
    """Nobody here has a licence: only the signer, or a deputy inside the dates, makes keys."""
    for name in ("signer", "deputy"):
        actor = partner.people[name]
        caller = _signed_in(name, actor, partner.things | intents_of(actor))
        if name == "signer":
            caller = replace(caller, things=caller.things | _second_app(in_two_steps, caller.things["own_session"]))
        yield caller
    yield _signed_in("late_deputy", partner.people["late_deputy"], partner.things | _nobodys_intents())
    own = _nobodys_intents() | hand_off_intent_of(partner, partner.owner)
    yield _signed_in("bystander", partner.owner, partner.things | own)


def _of_the_vendor(staff: dict[Role, Actor]) -> Iterator[Caller]:
    """Both at the vendor's own account, which has members and nothing else; the other ids are the client's."""
    for role, actor in staff.items():
        spare = membership_of(a_vendor(role))
        tenant = tenant_of(actor)
        own = {
            "account": tenant.account_id,
            "tenant_version": str(tenant.version),
            "membership": str(spare.id),
            "membership_version": str(spare.version),
            "invitation": str(invited(actor, f"invited.{role}@example.com", role).id),
            "role": role.value,
            "own_look_in": a_look_in(actor, tenant_of(a_licensee(name=f"Looked into by {role}"))),
        }
        own |= an_import(actor.tenant_id, actor if role is Role.PARTNER_ADMIN else None)
        own |= a_credential_of(actor.tenant_id, actor if role is Role.PARTNER_ADMIN else None)
        own |= a_token_of(actor)
        caller = _signed_in(role.value, actor, own)
        if role is Role.PARTNER_ADMIN:
            caller = replace(caller, things=caller.things | _made_in(caller.things["own_session"], actor.person_id))
        yield caller


def _disabled(client: Place) -> Caller:
    """An owner of the client who was signed in when their sign-in was disabled."""
    actor = a_member(tenant_of(client.owner), name="Disabled owner")
    caller = _signed_in("disabled", actor, client.things)
    with transaction():
        account_store.get_person(actor.person_id).disabled_at = clock.now()
    return caller


def _suspended(client: Place) -> Caller:
    """The owner of a suspended tenant, at its own account; the other ids are the client's."""
    tenant = a_tenant("Suspended")
    caller = _signed_in("suspended", a_member(tenant), client.things | {"account": tenant.account_id})
    with transaction():
        tenants.set_standing(system_actor("tests"), tenant, Standing.SUSPENDED)
    return caller
