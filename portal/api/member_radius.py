"""What ends with a membership, and what goes on."""

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.accounts import store
from portal.api.home import inner_id, own
from portal.api.shapes import Moment, Shown
from portal.api.tenants import calls
from portal.foundation import clock
from portal.handoffs.models import HandOff
from portal.impact.leaving import hanging_on_member
from portal.keys.models import KeyPair


class PairNamed(Shown):
    """A key pair, and the account that owns it."""

    api_key: str
    name: str
    environment: Environment
    owner: str


class HandOffNamed(Shown):
    """A hand-off of a key pair to a person."""

    id: str
    key_pair: PairNamed
    to: str


class TokenNamed(Shown):
    """A token of the person, by its id."""

    id: str
    name: str


class ContractSigned(Shown):
    """A running partner contract; `deputies` may still make key pairs under it, within their dates."""

    contract: str
    edition: str
    deputies: list[str]


class MemberRadius(Shown):
    """What ends with a membership: the devices signed in here, tokens, hand-offs that wait for the person, key pairs
    begun and not made, the envelope key, contracts that nobody signs then, the days until which the person is a deputy,
    reviews that wait, clients for whom the person works.

    `opened` are hand-offs whose private key the person fetched: its owner rotates the pair. `made` are key pairs in
    service that the person made; they go on, as do the hand-offs `given` and the webhooks. Each list has at most 100.
    """

    devices: list[str]
    tokens: list[TokenNamed]
    hand_offs_waiting: list[HandOffNamed]
    key_pairs_begun: int
    has_envelope_key: bool
    signs: list[ContractSigned]
    deputy_until: list[Moment]
    reviews: list[str]
    clients: list[str]
    opened: list[HandOffNamed]
    made: list[PairNamed]
    given: list[HandOffNamed]
    webhooks: list[str]


@calls.reads("/<account>/settings/members/<membership_id>/blast-radius", Permission.MEMBERS_MANAGE)
def member_radius(actor: Actor, membership_id: str) -> MemberRadius:
    """Show what removing a member would end, and what goes on."""
    membership = store.get_membership(own(actor), inner_id(membership_id))
    found = hanging_on_member(membership, clock.now())
    return MemberRadius(
        devices=[row.device for row in found.sessions],
        tokens=[TokenNamed(id=row.public_id, name=row.name) for row in found.tokens],
        hand_offs_waiting=[_hand_off(row) for row in found.to_receive],
        key_pairs_begun=found.intents,
        has_envelope_key=found.envelope_key is not None,
        signs=[
            ContractSigned(
                contract=one.contract.public_id, edition=one.contract.edition_code, deputies=list(one.deputies)
            )
            for one in found.signs
        ],
        deputy_until=[row.ends_at for row in found.deputy_of],
        reviews=[row.public_id for row in found.reviews],
        clients=[row.owner.account_id for row in found.clients],
        opened=[_hand_off(row) for row in found.opened],
        made=[_pair(pair, pair.owner.account_id) for pair in found.made],
        given=[_hand_off(row) for row in found.given],
        webhooks=[row.public_id for row in found.endpoints],
    )


def _hand_off(row: HandOff) -> HandOffNamed:
    return HandOffNamed(id=row.public_id, key_pair=_pair(row.key_pair, row.owner.account_id), to=row.to_person.name)


def _pair(pair: KeyPair, owner: str) -> PairNamed:
    return PairNamed(api_key=pair.api_key, name=pair.name, environment=pair.environment, owner=owner)
