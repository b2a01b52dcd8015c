"""An owner and an integrator with key pairs, and every act that can be done about them, as doors do it.

An act is prepared first: who acts and what is seen, as a request begins. Then it is done, in a transaction of its own.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment, Right
from portal.access.rows import Reader, across_tenants
from portal.contracts import operations as contract_operations
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import people
from portal.delegations import store as delegation_store
from portal.delegations.models import Delegation
from portal.entitlements import operations as entitlements
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.foundation.errors import NotFound, PortalError
from portal.handoffs import enrolling, giving, opening, upkeep
from portal.handoffs import store as hand_off_store
from portal.handoffs.envelope import raw_public, seal
from portal.handoffs.models import HandOff, Kept
from portal.impact import leaks as impact
from portal.impact import retiring
from portal.keys import intent_store, leaks, making, operations, rotation, store
from portal.keys.eligibility import usable_contracts
from portal.keys.material import PublicHalf
from portal.keys.models import KeyEnding, KeyIntent, KeyOrigin, KeyPair
from portal.keys.rotation import Plan
from portal.projects import operations as projects
from portal.projects.models import DataSpace, Project
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from portal.tenants.models import Standing
from tests.factories import BASE_URL, a_delegation, a_licensee, an_integrator, pem_of, public_of, sign
from tests.many_keys import many_keys

Do = Callable[[], object]
Prepare = Callable[[], Do]

SANDBOX = frozenset({Environment.SANDBOX})
BOTH = frozenset(Environment)
TERMS = ((BOTH, frozenset(Right)), (SANDBOX, frozenset(Right)), (BOTH, frozenset({Right.VIEW})))
STEPS = (timedelta(minutes=31), timedelta(hours=2), timedelta(days=1), timedelta(days=15), timedelta(days=400))
WORKER, VENDOR = system_actor("worker"), system_actor("tests")


def a_half() -> PublicHalf:
    """A public half that nobody had before. Where nothing is signed, nothing asks whether it is a key."""
    return PublicHalf(secrets.token_bytes(64), bits=3072)


KEYS = many_keys()


def a_pair_of_keys() -> tuple[rsa.RSAPrivateKey, PublicHalf]:
    """A pair that nobody had before."""
    private = next(KEYS)
    return private, public_of(private)


@dataclass
class Scene:
    """The two tenants, and what was begun so far: intents by who began them."""

    owner: Actor = field(default_factory=lambda: a_licensee())
    integrator: Actor = field(default_factory=lambda: an_integrator())
    intents: list[tuple[bool, str]] = field(default_factory=list)
    private: dict[bytes, rsa.RSAPrivateKey] = field(default_factory=dict)  # by the fingerprint of the public half
    receiving: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def __post_init__(self) -> None:
        with transaction():
            projects.create(self.owner, "Shops", contracts.all_of(self.owner)[0])
        a_delegation(self.owner, self.integrator)
        with transaction():
            enrolling.enrol(self.integrator, raw_public(self.receiving), Kept.FILE)

    # Who acts, and what is seen

    def actor(self, by_owner: bool) -> Actor:
        """Who it is that acts in the owner's account now. Raises: NotFound, DelegationPaused, AccountSuspended."""
        who = self.owner if by_owner else self.integrator
        if by_owner:
            return people.as_of_now(who.person_id, home_id=who.home_id, tenant_id=who.tenant_id, under=None)
        found = self.delegation()
        under = found.id if found is not None else None
        if under is None:
            raise NotFound()
        return people.as_of_now(who.person_id, home_id=who.home_id, tenant_id=self.owner.tenant_id, under=under)

    def delegation(self) -> Delegation | None:
        """The latest delegation between the two."""
        rows = delegation_store.given_by(self.owner).order_by(Delegation.id.desc()).limit(1)
        return db.session.scalars(rows).unique().first()

    def pairs(self) -> Sequence[KeyPair]:
        """All pairs of the owner, whoever holds them, in the order in which they were made."""
        rows = select(KeyPair).where(KeyPair.tenant_id == self.owner.tenant_id).options(*store.WHOLE)
        return db.session.scalars(rows.order_by(KeyPair.id).execution_options(scope=self.owner.tenant_id)).all()

    def identities(self) -> list[tuple[object, str]]:
        """What a key must never change: projects and data spaces by both of their ids."""
        found: list[tuple[object, str]] = []
        for model in (Project, DataSpace):
            rows = across_tenants(model, reason=Reader.UPKEEP).where(model.tenant_id == self.owner.tenant_id)
            found += [(row.id, row.public_id) for row in db.session.scalars(rows)]
        return sorted(found, key=str)

    def _pair(self, actor: Actor, number: int) -> KeyPair:
        found = [pair for pair in self.pairs() if actor.home_id in (pair.tenant_id, pair.holder_id)]
        if not found:
            raise NotFound()
        return store.get(actor, found[number % len(found)].api_key)

    # Making

    def begin(self, by_owner: bool, environment: Environment, name: str) -> Prepare:
        """A pair that the portal makes: it waits to be confirmed."""

        def prepare() -> Do:
            actor = self.actor(by_owner)
            contract = usable_contracts(actor)[0]
            intent = _in_transaction(
                lambda: making.begin(
                    actor, environment=environment, contract=contract, name=name, origin=KeyOrigin.SERVER
                )
            )()
            self.intents.append((by_owner, intent.public_id))
            return _in_transaction(lambda: making.issue(actor, intent, a_half()))

        return prepare

    def confirm(self, number: int) -> Prepare:
        def prepare() -> Do:
            actor, intent = self._intent(number)
            return _in_transaction(lambda: making.confirm(actor, intent))

        return prepare

    def discard(self, number: int) -> Prepare:
        def prepare() -> Do:
            actor, intent = self._intent(number)
            return _in_transaction(lambda: making.discard(actor, intent))

        return prepare

    def _intent(self, number: int) -> tuple[Actor, KeyIntent]:
        if not self.intents:
            raise NotFound()
        by_owner, public_id = self.intents[number % len(self.intents)]
        actor = self.actor(by_owner)
        return actor, intent_store.get(actor, public_id)

    def prove(self, by_owner: bool, environment: Environment, name: str) -> Prepare:
        """A pair whose holder made it, and signs."""

        def prepare() -> Do:
            actor = self.actor(by_owner)
            (private, half), contract = a_pair_of_keys(), usable_contracts(actor)[0]
            self.private[half.spki_sha256] = private
            intent = _in_transaction(
                lambda: making.begin(
                    actor,
                    environment=environment,
                    contract=contract,
                    name=name,
                    origin=KeyOrigin.BROWSER,
                )
            )()
            message = making.message_of(intent, half, base_url="http://localhost", owner="MAG1", holder="MAG1")
            return _in_transaction(
                lambda: making.prove(actor, intent, signed=message, signature=sign(private, message), public=half)
            )

        return prepare

    # Rotation and leaks

    def rotate(self, by_owner: bool, number: int, ending: KeyEnding, overlap: timedelta) -> Prepare:
        """Begins a successor that the portal makes; it takes over when it is confirmed."""

        def begin(actor: Actor, pair: KeyPair) -> KeyIntent:
            if ending is KeyEnding.LEAK:
                return impact.replace(actor, pair, overlap, origin=KeyOrigin.SERVER)
            return rotation.begin(actor, pair, Plan(overlap, ending), origin=KeyOrigin.SERVER, forced=True)

        return self._successor(by_owner, number, begin)

    def replace_stopped(self, by_owner: bool, number: int) -> Prepare:
        return self._successor(
            by_owner, number, lambda actor, pair: leaks.begin_replacement(actor, pair, origin=KeyOrigin.SERVER)
        )

    def _successor(self, by_owner: bool, number: int, begin: Callable[[Actor, KeyPair], KeyIntent]) -> Prepare:
        def prepare() -> Do:
            actor = self.actor(by_owner)
            pair = self._pair(actor, number)

            def do() -> None:
                intent = _in_transaction(lambda: begin(actor, pair))()
                self.intents.append((by_owner, intent.public_id))
                _in_transaction(lambda: making.issue(actor, intent, a_half()))()

            return do

        return prepare

    def about(self, by_owner: bool, number: int, act: Callable[[Actor, KeyPair, int], object]) -> Prepare:
        """Something done with a pair that was looked at before; `act` gets its version as it was then."""

        def prepare() -> Do:
            actor = self.actor(by_owner)
            pair = self._pair(actor, number)
            seen = pair.version
            return _in_transaction(lambda: act(actor, pair, seen))

        return prepare

    # Copies

    def hand_offs(self) -> Sequence[HandOff]:
        """All hand-offs between the two, in the order in which they were offered."""
        rows = hand_off_store.given_by(self.owner).order_by(HandOff.id)
        return db.session.scalars(rows).all()

    def hand_over(self, number: int) -> Prepare:
        """A sealed copy of a pair of the owner's own, whose private key it has."""

        def prepare() -> Do:
            actor = self.actor(by_owner=True)
            pair = self._pair(actor, number)
            private = self.private.get(pair.spki_sha256)
            key = hand_off_store.current_key(self.integrator)
            if private is None or key is None:
                raise NotFound()
            to = key.public_id
            begun = _in_transaction(lambda: giving.begin(actor, pair, to).public_id)()
            intent = hand_off_store.get_intent(actor, str(begun))
            sealed = seal(pem_of(private), intent.to_public, giving.bound_by(intent))
            return _in_transaction(lambda: giving.deposit(actor, intent, sealed))

        return prepare

    def with_copy(self, by_owner: bool, number: int, act: Callable[[Actor, HandOff], object]) -> Prepare:
        """What one side does with a hand-off, at home."""

        def prepare() -> Do:
            found = self.hand_offs()
            if not found:
                raise NotFound()
            actor = self.actor(by_owner=True) if by_owner else self._at_home()
            hand_off = hand_off_store.get(actor, found[number % len(found)].public_id)
            return _in_transaction(lambda: act(actor, hand_off))

        return prepare

    def prove_opened(self, actor: Actor, hand_off: HandOff) -> None:
        """The receiver signs with the key that was taken out."""
        pair = store.hold_by_id(hand_off.tenant_id, hand_off.key_pair_id)
        row = hand_off_store.get(actor, hand_off.public_id)
        signature = sign(self.private[pair.spki_sha256], opening.message_of(row, base_url=BASE_URL))
        opening.finish(actor, row, signature=signature, base_url=BASE_URL)

    # What a pair hangs on

    def offer(self) -> Prepare:
        def prepare() -> Do:
            account_id = tenant_store.get(self.integrator.tenant_id).account_id
            terms = {"environments": BOTH, "rights": frozenset(Right), "project_ids": None}
            ends_at = clock.now() + timedelta(days=90)
            owner = self.actor(by_owner=True)
            return _in_transaction(lambda: delegations.offer(owner, account_id, **terms, ends_at=ends_at))

        return prepare

    def answer(self, by_owner: bool, act: Callable[[Actor, Delegation], object]) -> Prepare:
        """What one side does with the delegation: accept, pause, resume, end."""

        def prepare() -> Do:
            delegation = self.delegation()
            if delegation is None:
                raise NotFound()
            actor = self.actor(by_owner=True) if by_owner else self._at_home()
            return _in_transaction(lambda: act(actor, delegation))

        return prepare

    def _at_home(self) -> Actor:
        who = self.integrator
        return people.as_of_now(who.person_id, home_id=who.home_id, tenant_id=who.tenant_id, under=None)

    def narrow(self, choice: int) -> Prepare:
        environments, rights = TERMS[choice % len(TERMS)]

        def act(actor: Actor, delegation: Delegation) -> None:
            terms = {"environments": environments, "rights": rights, "project_ids": None}
            version, ends_at = delegation.version, delegation.ends_at
            delegations.narrow(actor, delegation, **terms, ends_at=ends_at, version=version)

        return self.answer(True, act)

    def end_contract(self) -> Prepare:
        return lambda: _in_transaction(lambda: contract_operations.end(VENDOR, contracts.all_of(self.owner)[0]))

    def renew(self) -> Prepare:
        """The latest contract goes on for a year; where it was ended early there is a new one."""
        return lambda: _in_transaction(lambda: _renew(self.owner))

    def put(self, the_owner: bool, standing: Standing) -> Prepare:
        who = self.owner if the_owner else self.integrator
        return lambda: _in_transaction(lambda: tenants.set_standing(VENDOR, tenant_store.get(who.tenant_id), standing))

    def sweep(self) -> Prepare:
        """What the worker does."""

        def do() -> None:
            retiring.run(WORKER)
            _in_transaction(lambda: operations.lapse_due(WORKER))()
            _in_transaction(lambda: delegations.lapse_due(WORKER))()
            _in_transaction(lambda: upkeep.lapse_due(WORKER))()
            _in_transaction(lambda: upkeep.start_rotations(WORKER))()

        return lambda: do


def _renew(owner: Actor) -> None:
    latest, now = contracts.all_of(owner)[0], clock.now()
    year = max(latest.ends_at, now) + timedelta(days=365)
    if latest.ended_at is None:
        entitlements.extend(VENDOR, latest, year)
    else:
        edition = contracts.edition("adobe-commerce")
        entitlements.conclude(VENDOR, tenant_store.get(owner.tenant_id), edition, now, year)


def _in_transaction(act: Do) -> Do:
    def do() -> object:
        with transaction():
            return act()

    return do


def done(prepare: Prepare) -> str:
    """`done`, or the code with which it was refused: the act as a door carries it out."""
    try:
        prepare()()
    except PortalError as refusal:
        return refusal.code
    finally:
        db.session.rollback()
    return "done"
