"""Furnishes a tenant with one of everything that has an address, by the portal's own operations."""

import base64
import itertools
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import ColumnElement

from portal.access.actor import Actor, system_actor
from portal.access.roles import TENANT_ROLES, Environment, Right, Role, Scope
from portal.accounts import operations as accounts
from portal.accounts import store as account_store
from portal.accounts.models import Invitation
from portal.contracts import deputies, signers
from portal.contracts import store as contracts
from portal.contracts.catalogue import LIVE_SEARCH
from portal.contracts.models import Contract, ContractKind
from portal.credentials import store as credential_store
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation, Side
from portal.entitlements import asking, deciding
from portal.entitlements.models import Wish
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.handoffs import codes, giving, opening
from portal.handoffs import operations as hand_offs
from portal.handoffs import store as hand_off_store
from portal.handoffs.envelope import raw_public, seal
from portal.handoffs.models import HandOff, Purpose
from portal.impact import renewal
from portal.impact.opening import Term
from portal.imports import operations as imports
from portal.imports import store as import_store
from portal.imports import working
from portal.keys import leaks, making
from portal.keys import store as key_store
from portal.keys.models import KeyOrigin, KeyPair, NoticeKind
from portal.lookins import operations as look_ins
from portal.outbox import operations as outbox
from portal.projects import connecting, installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.projects.models import Claim, DataSpace, DataSpaceType, Installation, Project, Surplus
from portal.providers import discovery
from portal.providers import domain_store as mail_domain_store
from portal.providers import domains as mail_domains
from portal.providers import operations as identity_providers
from portal.providers import store as identity_provider_store
from portal.providers.discovery import Metadata
from portal.providers.models import Joining, ProviderMode
from portal.providers.round_trips import Answered, Client
from portal.reviews import store as reviews
from portal.reviews.models import Campaign, CampaignState, Line, Question, Reviewer, ReviewSubject, Silence
from portal.tenants import store as tenants
from portal.tenants.models import Tenant
from portal.tokens import devices
from portal.tokens import operations as tokens
from portal.usage import store as usage_store
from portal.usage import traces
from portal.webhooks import operations as webhooks
from portal.webhooks import posting as webhook_posting
from portal.webhooks import store as webhook_store
from portal.webhooks.sending import Outcome, Parcel
from tests.accounts.factors import an_app, password_of
from tests.credentials.scenes import a_credential, revoke, rotated
from tests.factories import (
    BASE_URL,
    a_call,
    a_command_intent,
    a_contract,
    a_delegation,
    a_key,
    a_member,
    a_private_key,
    a_request,
    a_successor,
    a_tenant,
    a_ticket,
    a_vendor,
    acting,
    an_integrator,
    an_intent,
    membership_of,
    message_of,
    pem_of,
    public_of,
    public_pem_of,
    sign,
    tenant_of,
)
from tests.handoffs.scenes import Scene, a_hand_off, an_envelope_key, code_of

Things = dict[str, str]
_private_keys = itertools.count(1000)
SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
# How a delegation can stand where each has a page or an act of its own; the last two have a proposal that waits.
STANDS = ("requested", "offered", "ticket", "active", "paused", "asked_wider", "proposed_wider")


@dataclass
class Place:
    """A tenant with its people, and the ids of what hangs on it by the name of the thing."""

    people: dict[str, Actor]
    things: Things = field(default_factory=dict)
    project_ids: list[uuid.UUID] = field(default_factory=list)

    @property
    def owner(self) -> Actor:
        return self.people["owner"]


def a_place(name: str, *, licensed: bool = True) -> Place:
    """A tenant with a partner contract and an integrator agreement, and with a licence when it is `licensed`.

    Its people: one in each role, the signer of the partner contract, a deputy inside the dates and one after them (all
    three viewers otherwise), and a spare viewer.
    """
    tenant = a_tenant(name)
    people = {role.value: a_member(tenant, role, name=f"{name} {role.value}") for role in TENANT_ROLES}
    people |= {who: a_member(tenant, Role.VIEWER, name=f"{name} {who}") for who in ("signer", "deputy", "late_deputy")}
    if licensed:
        a_contract(tenant)
    partnership = a_contract(tenant, "solution-partner", signer=people["signer"])
    a_contract(tenant, "integrator")
    begins = clock.now() + timedelta(days=400)
    a_contract(
        tenant, "solution-partner", signer=people["signer"], starts_at=begins, ends_at=begins + timedelta(days=300)
    )
    _name(people["signer"], partnership, people["deputy"], begins=0, ends=30)
    with clock.travelled_to(clock.now() - timedelta(days=10)):
        _name(people["signer"], partnership, people["late_deputy"], begins=0, ends=8)
    people = {who: acting(membership_of(actor)) for who, actor in people.items()}
    return Place(people | {"spare": a_member(tenant, Role.VIEWER, name=f"{name} spare")})


def _name(signer: Actor, contract: Contract, deputy: Actor, *, begins: int, ends: int) -> None:
    with transaction():
        member = account_store.get_membership(signer, deputy.membership_id)
        days = [clock.now() + timedelta(days=days) for days in (begins, ends)]
        deputies.name_deputy(signer, contract, member, *days)


def furnish(place: Place, parties: dict[str, Actor], donors: dict[str, Actor]) -> None:
    """Put into `place.things` one of everything.

    parties: the integrators of its delegations, by how they stand; donors: the owners whose integrator it is.
    """
    place.things["account"] = tenant_of(place.owner).account_id
    _members(place)
    _contracts(place)
    _projects(place)
    _requests(place)
    _keys(place)
    for stand in STANDS:
        _note(place, f"given.{stand}", a_given(place, parties[stand], stand))
        _note(place, f"taken.{stand}", a_taken(place.owner, donors[stand], stand))
    place.things |= a_hand_off_to(place, parties["active"], place.things["given.active"])
    _takes_keys(place, donors["active"])
    place.things |= an_import(place.owner.tenant_id)
    place.things |= dict.fromkeys(
        ("look_in", "own_look_in"), a_look_in(a_vendor(Role.OPERATOR), tenant_of(place.owner))
    )
    place.things |= a_credential_of(place.owner.tenant_id)
    place.things |= a_token_of(place.owner)
    place.things |= a_device_request()
    place.things |= a_webhook(place.owner)
    place.things |= a_provider(place.owner) | mail_domains_of(place.owner)
    place.things["provider_version"] = str(identity_provider_store.find(place.owner).version)
    _reviewed(place, parties["active"])
    for contract in ("contract", "partnership"):
        place.things[f"{contract}_version"] = str(contracts.get(place.owner, place.things[contract]).version)
    place.things["tenant_version"] = str(tenant_of(place.owner).version)
    place.things["more_project"] = place.things["project_2"]


def an_import(tenant_id: uuid.UUID | None, actor: Actor | None = None) -> Things:
    """A file that was checked and waits to be applied; of the portal itself where no `actor` gave it."""
    giver = actor or system_actor("tests", tenant_id)
    header = "name,owner_email,edition,first_day,last_day"
    text = f"{header}\nNew of {tenant_id},n@example.com,integrator,2031-01-01,2031-12-31\n"
    with transaction():
        row = imports.give(giver, imports.opened("accounts.csv", text.encode()))
        job, public_id = working.lease(row), row.public_id
    working.work(job)
    with transaction():
        found = import_store.get(giver, public_id)
        return {"import": found.public_id, "import_version": str(found.version)}


def a_recovery(tenant: Tenant) -> Things:
    """The request of a further member to have the second factor removed, and the token of the link that stops it."""
    mine = an_app(account_store.get_person(a_member(tenant, Role.VIEWER).person_id))
    proof = password_of(mine.person)
    with transaction():
        waiting = accounts.await_code(proof)
    with transaction():
        recovery = str(accounts.ask_for_recovery(waiting).id)
    mail = next(one for one in outbox.read_all(20) if one.template == "recovery_asked")
    return {"recovery": recovery, "stop_token": str(mail.facts["token"])}


def a_token_of(actor: Actor) -> Things:
    """A personal token of the actor that works."""
    last_day = clock.now() + timedelta(days=30)
    with transaction():
        issued = tokens.issue(actor, name="Nightly job", scopes=frozenset({Scope.READ}), ends_at=last_day)
        return {"token": issued.token.public_id}


def a_device_request() -> Things:
    """A command line that waits for a token, for longer than one would."""
    with transaction():
        begun = devices.begin("ada@laptop", frozenset({Scope.READ}))
        begun.request.expires_at += timedelta(days=1)
    return {"user_code": begun.user_code}


def a_credential_of(tenant_id: uuid.UUID | None, actor: Actor | None = None) -> Things:
    """A service credential that works and was used; beside it one that has a successor, and one that was revoked."""
    keeper = actor or system_actor("tests", tenant_id)
    kept, leaked, gone = (a_credential(keeper, name).credential for name in ("Edge gateway", "Leaked", "Gone"))
    rotated(keeper, leaked)
    revoke(keeper, gone)
    with transaction():
        credential_store.note_uses({kept.public_id: clock.now()})
    return {"credential": kept.public_id, "credential_name": kept.name}


PROVIDERS: dict[str, Metadata] = {}
TEXTS: dict[str, frozenset[str]] = {}  # what the DNS says of mail domains


def a_provider(owner: Actor) -> Things:
    """An identity provider that members may come in by; the owner is connected. It is on no machine."""
    issuer = f"https://idp.example.com/{owner.tenant_id}"
    with transaction():
        identity_providers.set_up(
            owner, name="Own sign-in", issuer=issuer, client_id="portal", client_secret="s3cret", asks_second=False
        )
    row = identity_provider_store.find_at(tenants.get(owner.tenant_id).account_id)
    assert row is not None
    tried = Answered(Client.of(row), "subject-of-the-owner", "owner@idp.example.com")
    with transaction():
        identity_providers.switch(owner, row, ProviderMode.OPTIONAL, tried)
    PROVIDERS[issuer] = Metadata(issuer, f"{issuer}/authorize", f"{issuer}/token", f"{issuer}/jwks", True, True)
    have_asked_providers()
    return {"provider_id": str(row.id), "provider_version": str(row.version), "provider_issuer": issuer}


def mail_domains_of(owner: Actor) -> Things:
    """A mail domain whose record stands in the DNS and was not looked for, and one that is proven, whose people join.

    The first account that is furnished has the domain of everybody's address.
    """
    tenant = tenants.get(owner.tenant_id)
    names = [f"{what}-{tenant.account_id.lower()}.example" for what in ("named", "proven")]
    if mail_domain_store.proven("example.com") is None:
        names[1] = "example.com"
    with transaction():
        named, proven = (mail_domains.name_one(owner, name) for name in names)
        TEXTS.update({row.name: frozenset({mail_domains.record_of(row)[1]}) for row in (named, proven)})
        mail_domains.prove(owner, proven, TEXTS[proven.name])
        provider = identity_provider_store.find(owner)
        assert provider is not None
        identity_providers.set_joining(owner, provider, Joining.DOMAIN)
        return {"domain": named.name, "proven_domain": proven.name}


def have_asked_providers() -> None:
    """As if each of them had just said where it is: an act on one makes the portal ask it anew."""
    for issuer, known in PROVIDERS.items():
        discovery._metadata._rows[issuer] = (time.monotonic() + 1e6, known)


def a_webhook(owner: Actor) -> Things:
    """An endpoint to which a test was delivered, though nobody listens there, and one that is paused."""
    with transaction():
        endpoint = webhooks.add(owner, "https://hooks.example.com/portal", "Ticket system", None).endpoint
        paused = webhooks.add(owner, "https://hooks.example.com/paused", "Old system", ["key.made"]).endpoint
    with transaction():
        webhooks.test(owner, endpoint)
        webhooks.pause(owner, paused)
    with transaction():
        (row,) = webhook_store.deliveries(owner, endpoint).rows
        row.attempts = 1  # as claiming it does
        db.session.flush()
        parcel = Parcel(row.tenant_id, row.id, endpoint.id, row.attempts, row.message, endpoint.url, b"", [])
        webhook_posting.settle([Outcome(parcel, clock.now(), 12, 200, None, "Thanks")])
        return {
            "webhook": endpoint.public_id,
            "webhook_name": endpoint.description,
            "webhook_version": str(endpoint.version),
            "webhook_delivery": row.public_id,
            "paused_webhook": paused.public_id,
        }


def a_look_in(actor: Actor, tenant: Tenant) -> str:
    """The public id of a look-in of this person of the vendor, which runs for four hours."""
    with transaction():
        return look_ins.begin(actor, tenant, "An open support case.", 4).public_id


def _members(place: Place) -> None:
    owner, spare = place.owner, membership_of(place.people["spare"])
    invitation = invited(owner, f"invited.{place.things['account'].lower()}@example.com", Role.VIEWER)
    place.things |= {
        "membership": str(spare.id),
        "membership_version": str(spare.version),
        "invitation": str(invitation.id),
        "deputy_member": str(spare.id),
    }


def invited(actor: Actor, email: str, role: Role) -> Invitation:
    """An invitation of an hour ago: one of just now would not be sent again."""
    with clock.travelled_to(clock.now() - timedelta(hours=1)), transaction():
        return accounts.invite(actor, email, role)


def _contracts(place: Place) -> None:
    rows = {row.kind: row for row in contracts.all_of(place.owner)}
    # The later ones come first: what is left is the running one.
    partnership = rows[ContractKind.PARTNER]
    (deputy,) = [row for row in partnership.deputies if row.is_inside(clock.now())]
    place.things |= {
        "contract": rows.get(ContractKind.LICENCE, partnership).public_id,
        "partnership": partnership.public_id,
        "deputy": deputy.public_id,
    }
    _change_of_signer(place)


def _change_of_signer(place: Place) -> None:
    """A partner contract that is to begin later: somebody else is proposed to sign it, and it is renewed already."""
    coming, spare = contracts.all_of(place.owner)[0], membership_of(place.people["spare"])
    with transaction():
        change = signers.propose(place.owner, coming, spare, "She left the house.")
        place.things["signer_change"] = change.public_id if change else ""
    with transaction():
        term = Term("solution-partner", coming.ends_at, coming.ends_at + timedelta(days=365))
        renewal.renew(system_actor("tests"), coming, term)


def _requests(place: Place) -> None:
    """One that was refused; where there is a licence, one for several that waits, and one for another edition."""
    owner = place.owner
    contract = contracts.get(owner, place.things["contract"])
    with transaction():
        refused = asking.request_more(owner, contract, Wish.PROJECT, 1, "For a fair.")
        deciding.refuse(system_actor("tests"), refused, "Not this year.")
    place.things["refused_request"] = refused.public_id
    if contract.kind is ContractKind.LICENCE:
        _more_requests(place, contract)


def _more_requests(place: Place, contract: Contract) -> None:
    owner = place.owner
    with transaction():
        partnership = contracts.get(owner, place.things["partnership"])
        counted = asking.request_more(owner, partnership, Wish.PROJECT, 3, "For three fairs.")
    with transaction():
        smaller = contracts.edition("magento-open-source")
        edition = asking.request_edition(owner, contract, smaller, "For small shops.")
        deciding.refuse(system_actor("tests"), edition, "Not this year.")
    place.things["counted_request"] = counted.public_id


def _projects(place: Place) -> None:
    """Two projects: the first with an installation on a testing space, the second with one on each side."""
    owner, contract = place.owner, contracts.get(place.owner, place.things["contract"])
    for number in (1, 2):
        with transaction():
            project = projects.create(owner, f"Project {number}", contract)
        _note_project(place, contract, project_store.get(owner, project.public_id), number)


def _note_project(place: Place, contract: Contract, project: Project, number: int) -> None:
    owner, suffix = place.owner, "" if number == 1 else "_2"
    testing = [space for space in project.data_spaces if space.type is DataSpaceType.TESTING]
    production = next(space for space in project.data_spaces if space.type is DataSpaceType.PRODUCTION)
    place.project_ids.append(project.id)
    with transaction():
        shop = installations.attach(owner, testing[1], f"Shop {number}", "https://shop.example.com", SANDBOX)
    with transaction():
        live_shop = installations.attach(owner, production, f"Live {number}", "https://live.example.com", PRODUCTION)
    for space in (testing[0], production):
        with transaction():
            connecting.switch_on(owner, space, LIVE_SEARCH.code, LIVE_SEARCH.name)
    if number == 2:
        with transaction():
            testing[0].surplus, testing[0].surplus_since = Surplus.OPEN, clock.now()
        place.things |= {"surplus_space": testing[0].public_id, "surplus_space_version": str(testing[0].version)}
    with transaction():
        more = asking.request_more(owner, contract, Wish.PRODUCTION_SPACE, 1, "A new shop.", project.id)
    place.things |= {
        f"project{suffix}": project.public_id,
        f"project{suffix}_version": str(project.version),
        f"data_space{suffix}": testing[0].public_id,
        f"data_space{suffix}_version": str(testing[0].version),
        f"production_space{suffix}": production.public_id,
        f"installation{suffix}": shop.public_id,
        f"installation{suffix}_name": shop.name,
        f"installation{suffix}_version": str(shop.version),
        f"production_installation{suffix}": live_shop.public_id,
        f"request{suffix}": more.public_id,
    }


def _keys(place: Place) -> None:
    holder = _holder(place)
    for environment in Environment:
        pair = a_key(holder, environment=environment, name=f"Shop {environment.value}")
        suffix = "" if environment is SANDBOX else "_production"
        place.things |= {f"api_key{suffix}": pair.api_key, f"api_key{suffix}_version": str(pair.version)}
        _calls(place, pair)
    _claims(place)
    place.things |= a_rotation(holder)


def _holder(place: Place) -> Actor:
    """Who makes the place's own pairs: the owner under a licence, the signer under a partner contract."""
    return place.people["owner" if place.things["contract"] != place.things["partnership"] else "signer"]


def _calls(place: Place, pair: KeyPair) -> None:
    """One without a data space, and one on each data space that the pair's side has in each project."""
    a_call(pair)
    for number in ("", "_2"):
        name = "installation" if pair.environment is SANDBOX else "production_installation"
        shop = project_store.get_installation(place.owner, place.things[f"{name}{number}"])
        a_call(pair, shop.data_space)
    traces.flush()


def _claims(place: Place) -> None:
    """A second shop on the testing space of each project."""
    pair = key_store.get(place.owner, place.things["api_key"])
    for number in ("", "_2"):
        space = project_store.get_installation(place.owner, place.things[f"installation{number}"]).data_space
        a_call(pair, space, edition="Enterprise")
        traces.flush()
        (claim,) = [one.installation for one in usage_store.installations(place.owner, _on(space), _is_claim())]
        place.things |= {f"claim{number}": claim.public_id, f"claim{number}_version": str(claim.version)}


def _on(space: DataSpace) -> ColumnElement[bool]:
    return Installation.data_space_id == space.id


def _is_claim() -> ColumnElement[bool]:
    return Installation.claim != Claim.PRIMARY


def a_rotation(actor: Actor) -> Things:
    """A pair of the actor's that retires, with its successor beside it, and one that leaked and was stopped; its people
    were told of something."""
    old = a_key(actor, name=f"Old one of {actor.label}")
    a_successor(actor, old, name=f"New one of {actor.label}")
    with transaction():
        key_store.add_notice(key_store.get_by_id(actor, old.id), NoticeKind.YEAR_OLD, clock.now())
    stopped = a_key(actor, name=f"Leaked one of {actor.label}")
    with transaction():
        leaks.stop(actor, stopped)
    version = str(key_store.get(actor, old.api_key).version)
    return {"retiring_key": old.api_key, "retiring_key_version": version, "stopped_key": stopped.api_key}


def a_hand_off_to(place: Place, integrator: Actor, delegation_id: str) -> Things:
    """Sealed copies of two pairs of the place's own for the integrator of this delegation: one of the sandbox that was
    offered, and one for production that was opened."""
    delegation = delegation_store.get_given(place.owner, delegation_id)
    offered, opened = (_handed_to(place, integrator, delegation, side) for side in (SANDBOX, PRODUCTION))
    with transaction():
        hand_offs.fetch(integrator, hand_off_store.get(integrator, opened.public_id))
    receiver = hand_off_store.current_key(integrator)
    return {
        "hand_off": offered.public_id,
        "hand_off_code": code_of(offered),
        "receiver": receiver.public_id if receiver else "",
    }


def _handed_to(place: Place, integrator: Actor, delegation: Delegation, side: Environment) -> HandOff:
    receiving, private = X25519PrivateKey.generate(), a_private_key(next(_private_keys))
    key = hand_off_store.current_key(integrator) or an_envelope_key(integrator, receiving)
    name = f"Handed to {integrator.home_name}"
    pair = a_key(_holder(place), environment=side, name=name, private=private)
    return a_hand_off(Scene(place.owner, integrator, delegation, pair, private, receiving, key))


def _takes_keys(place: Place, donor: Actor) -> None:
    """The place's owner has an envelope key, was shown a code for the command line, and is handed two pairs of the
    donor's, whose integrator the place is: one is offered, one is opened, and not yet proved."""
    key = an_envelope_key(place.owner, X25519PrivateKey.generate())
    with transaction():
        codes.show(place.owner, Purpose.ENROL)
    delegation = delegation_store.get_given(donor, place.things["taken.active"])
    offered, opened = (
        Scene(donor, place.owner, delegation, a_key(donor, private=private), private, X25519PrivateKey.generate(), key)
        for private in (a_private_key(next(_private_keys)), a_private_key(next(_private_keys)))
    )
    place.things["received_hand_off"] = a_hand_off(offered).public_id
    hand_off = a_hand_off(opened)
    found = hand_off_store.get(place.owner, hand_off.public_id)
    with transaction():
        hand_offs.fetch(place.owner, found)
    message = opening.message_of(hand_off_store.get(place.owner, hand_off.public_id), base_url=BASE_URL)
    place.things |= {
        "opened_hand_off": hand_off.public_id,
        "opening_proof": base64.b64encode(sign(opened.private, message)).decode(),
        "new_envelope_key": base64.b64encode(raw_public(X25519PrivateKey.generate())).decode(),
    }


def _reviewed(place: Place, other: Actor) -> None:
    """A row of each table of reviews, as only the vendor has them: what keeps tenants apart does not know that."""
    tenant, day = tenant_of(place.owner), clock.now() + timedelta(days=30)
    with transaction():
        campaign = reviews.add(
            Campaign(
                tenant_id=tenant.id,
                name="Sample",
                subject=ReviewSubject.DELEGATIONS,
                filters={},
                state=CampaignState.PREPARING,
                silence=Silence.KEEP,
                due_at=day,
                expected=1,
                created_by_id=place.owner.person_id,
                created_by_label="Sample",
            )
        )
        of_campaign = {"tenant_id": tenant.id, "campaign_id": campaign.id}
        reviews.add(Reviewer(**of_campaign, membership_id=place.owner.membership_id, is_fallback=False))
        line = reviews.add(
            Line(
                **of_campaign,
                position=1,
                owner_id=other.home_id,
                owner_account_id=tenant.account_id,
                owner_name="Sample",
                subject_id=uuid.uuid4(),
                subject_public_id="dlg_sample",
                label="Sample",
                facts={},
            )
        )
        sample = {"campaign_name": "Sample", "other_name": "Sample", "delegation_public_id": "dlg_sample"}
        reviews.add(
            Question(**of_campaign, **sample, line_id=line.id, asked_id=other.home_id, side=Side.OWNER, due_at=day)
        )
        campaign.state = CampaignState.ABANDONED  # nothing for the worker, who would go on with it


def hand_off_intent_of(place: Place, actor: Actor) -> Things:
    """The intent of this very person to hand a pair over to the place's integrator, and the envelope for it."""
    private = a_private_key(next(_private_keys))
    pair = a_key(_holder(place), name=f"Sealing for {actor.label}", private=private)
    to = giving.receivers(actor, key_store.get(actor, pair.api_key))[0]
    with transaction():
        intent = hand_offs.begin(actor, pair, to.key.public_id)
    found = hand_off_store.get_intent(actor, intent.public_id)
    made = seal(pem_of(private), found.to_public, giving.bound_by(found))
    return {
        "hand_off_intent": found.public_id,
        "ciphertext": base64.b64encode(made.ciphertext).decode(),
        "envelope_signature": base64.b64encode(made.signature).decode(),
    }


def intents_of(actor: Actor) -> Things:
    """Intents that this very person began: to be made, with its private key shown, to be proved, for a command line and
    for a browser."""
    ready, shown = (an_intent(actor, name=f"{what} for {actor.label}") for what in ("Ready", "Shown"))
    with transaction():
        making.issue(actor, shown, public_of(a_private_key(next(_private_keys))))
    private = a_private_key(next(_private_keys))
    proving = an_intent(actor, name=f"Proving for {actor.label}", private=private)
    proof = base64.b64encode(sign(private, message_of(actor, proving, private))).decode()
    born = a_private_key(next(_private_keys))
    in_browser = an_intent(actor, name=f"Born for {actor.label}", origin=KeyOrigin.BROWSER)
    return {
        "browser_intent": in_browser.public_id,
        "browser_public": public_pem_of(born),
        "browser_proof": base64.b64encode(sign(born, message_of(actor, in_browser, born))).decode(),
        "intent": ready.public_id,
        "shown_intent": shown.public_id,
        "command_intent": a_command_intent(actor, name=f"Command for {actor.label}").public_id,
        "proving_intent": proving.public_id,
        "proof": proof,
    }


def parties_for(stands: Iterable[str] = STANDS) -> dict[str, Actor]:
    """An integrator for each stand of a delegation: between two tenants only one is open."""
    return {stand: an_integrator(name=f"Agency {stand}") for stand in stands}


def a_given(place: Place, integrator: Actor, stand: str) -> Delegation:
    """A delegation of the place to `integrator` that stands so; what waits is for the place to answer or withdraw."""
    owner, first = place.owner, frozenset(place.project_ids[:1])
    if stand == "requested":
        return a_request(integrator, owner)
    if stand == "ticket":
        return a_ticket(owner, integrator, project_ids=first, redeemed=False)
    accepted = stand != "offered"
    delegation = a_delegation(owner, integrator, rights=[Right.VIEW], project_ids=first, accepted=accepted)
    if stand == "paused":
        with transaction():
            delegations.pause(owner, delegation)
    if stand == "asked_wider":
        widen(integrator, delegation)
    if stand == "proposed_wider":
        widen(owner, delegation)
    return delegation


def a_taken(integrator: Actor, owner: Actor, stand: str) -> Delegation:
    """The same seen from the integrator: paused by it, and what waits is for it to answer or withdraw.

    The active one is for certain projects of its owner.
    """
    if stand == "requested":
        return a_request(integrator, owner)
    if stand == "ticket":
        return a_ticket(owner, integrator, redeemed=False)
    only = frozenset({_a_project_of(owner)}) if stand == "active" else None
    accepted = stand != "offered"
    delegation = a_delegation(owner, integrator, rights=[Right.VIEW], project_ids=only, accepted=accepted)
    if stand == "paused":
        with transaction():
            delegations.pause(integrator, delegation)
    if stand == "asked_wider":
        widen(owner, delegation)
    if stand == "proposed_wider":
        widen(integrator, delegation)
    return delegation


def _a_project_of(owner: Actor) -> uuid.UUID:
    """The inner id of a project of `owner`, which is made when there is none."""
    (contract,) = contracts.all_of(owner)
    with transaction():
        project = project_store.find_by_name(owner, "Shops") or projects.create(owner, "Shops", contract)
        return project.id


def widen(actor: Actor, delegation: Delegation) -> None:
    """Propose all rights, in the projects that it reaches already."""
    with transaction():
        delegations.propose_widening(
            actor,
            delegation,
            environments=frozenset(Environment),
            rights=frozenset(Right),
            project_ids=delegation.project_ids,
            ends_at=delegation.ends_at,
        )


def _note(place: Place, name: str, delegation: Delegation) -> None:
    waiting = delegation_store.waiting_proposal(delegation)
    place.things |= {name: delegation.public_id, f"{name}_version": str(delegation.version)}
    if waiting is not None:
        place.things[f"{name}_proposal"] = waiting.public_id
