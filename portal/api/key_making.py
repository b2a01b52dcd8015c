"""Calls that make key pairs: the caller makes the private key, gives the public one, and proves that it has the other.

A pair that the portal or a browser makes shows its private key to a person, on a page: no call begins one.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission, Scope
from portal.api.key_shapes import (
    IntentShown,
    KeyPairShown,
    PublicPem,
    Signature,
    calls,
    get_begun,
    intent_told,
    message_of,
    pair_told,
    require_scope_for,
)
from portal.api.shapes import ONCE, Body, Listed, Moment, Shown, Text, all_of
from portal.contracts.models import Contract, ContractKind
from portal.foundation.errors import NotFound
from portal.keys import batch as batches
from portal.keys import eligibility, making, possession
from portal.keys.material import read_public_pem
from portal.keys.models import KeyOrigin

# The pair's environment says which of them.
BY_SIDE = (Scope.KEYS, Scope.PRODUCTION_KEYS)


def _in_one_line(text: str) -> str:
    if "\n" in text:
        raise ValueError("stands in more than one line")
    return text


ContractId = Annotated[Text, Field(description="The contract's id, `ctr_…`.")]
OneLine = Annotated[Text, AfterValidator(_in_one_line)]


class NewKeyPair(Body):
    """A key pair whose private key the caller made."""

    name: Text
    environment: Environment
    contract: ContractId
    public_key: PublicPem


class KeyPairProof(Body):
    """The signature (RSASSA-PKCS1-v1_5 with SHA-256) of the private key over the intent's `message`."""

    signature: Signature


class NewBatch(Body):
    """The names of several pairs that command lines make."""

    environment: Environment
    contract: ContractId
    names: Annotated[list[OneLine], Field(max_length=batches.MOST)]


class CodeShown(Shown):
    """A one-time code, for `portal-key new`."""

    code: str
    name: str


class BatchShown(Shown):
    """What is asked for. The codes are shown once."""

    codes: Annotated[list[CodeShown] | None, Field(json_schema_extra={ONCE: True})]
    made_already: Annotated[list[str], Field(description="Names under which such a pair is in service already.")]
    made_void: Annotated[int, Field(description="How many codes that were shown before are good for nothing now.")]
    ends_at: Moment


class UsableContract(Shown):
    """A running contract under which the caller may make key pairs now."""

    id: str
    kind: ContractKind
    edition: str
    ends_at: Moment


@calls.reads("/<account>/keys/contracts", Permission.SEE)
def usable(actor: Actor) -> Listed[UsableContract]:
    """List the contracts under which the caller may make a key pair now; refused, with the reason, where none is.

    Integrators, who do not see their clients' contracts otherwise, find here what they need for a pair.
    """
    return Listed[UsableContract](**all_of(eligibility.usable_contracts(actor), _usable_shown))


def _usable_shown(contract: Contract) -> UsableContract:
    return UsableContract(
        id=contract.public_id, kind=contract.kind, edition=contract.edition.code, ends_at=contract.ends_at
    )


@calls.writes("/<account>/keys", Permission.SEE, makes=True, scopes=BY_SIDE)
def new(actor: Actor, body: NewKeyPair) -> IntentShown:
    """Begin a key pair: give its name and its public key, and get the message to sign.

    The private key stays where it was made. Sign the message with it and send the signature to
    `…/keys/making/{intent_id}/proof` within 30 minutes; then the pair is in service.
    """
    eligibility.usable_contracts(actor)
    require_scope_for(actor, body.environment)
    public = read_public_pem(body.public_key)
    intent = making.begin(
        actor,
        environment=body.environment,
        contract=eligibility.contract_for(actor, body.contract),
        name=body.name,
        origin=KeyOrigin.UPLOAD,
        public=public,
    )
    return intent_told(actor, intent.public_id)


@calls.reads("/<account>/keys/making/<intent_id>", Permission.SEE)
def message(actor: Actor, intent_id: str) -> IntentShown:
    """Show a key pair that the caller's person is making, with the message to sign."""
    return intent_told(actor, intent_id)


@calls.writes("/<account>/keys/making/<intent_id>/proof", Permission.SEE, scopes=BY_SIDE)
def prove(actor: Actor, intent_id: str, body: KeyPairProof) -> KeyPairShown:
    """Prove that the caller has the private key: the pair is in service, and one that it replaces is retiring.

    The same call again has the same answer.
    """
    intent = get_begun(actor, intent_id)
    if intent.origin is not KeyOrigin.UPLOAD:  # the other ways are a page's, or a command line's with its code
        raise NotFound()
    signature = possession.read_signature(body.signature.encode())
    pair = making.prove(actor, intent, signed=message_of(actor, intent), signature=signature)
    return pair_told(actor, pair.api_key)


@calls.writes("/<account>/keys/making/<intent_id>/saved", Permission.SEE, scopes=BY_SIDE)
def saved(actor: Actor, intent_id: str) -> KeyPairShown:
    """Say that the private key which a page showed was saved: the pair is in service."""
    pair = making.confirm(actor, get_begun(actor, intent_id))
    return pair_told(actor, pair.api_key)


@calls.writes("/<account>/keys/making/<intent_id>/discard", Permission.SEE, scopes=BY_SIDE)
def discard(actor: Actor, intent_id: str) -> IntentShown:
    """Give a key pair up that is not in service yet: nothing of it will ever work."""
    making.discard(actor, get_begun(actor, intent_id))
    return intent_told(actor, intent_id)


@calls.writes("/<account>/keys/batch", Permission.SEE, scopes=BY_SIDE)
def batch(actor: Actor, body: NewBatch) -> BatchShown:
    """Get a one-time code for each of several key pairs, for `portal-key new` on the machines that need them.

    Repeated, it gives new codes and makes the ones before void; names under which a pair was made are passed over.
    """
    eligibility.usable_contracts(actor)
    require_scope_for(actor, body.environment)
    eligibility.require_environment(actor, body.environment)
    lines = batches.read_names("\n".join(body.names))
    contract = eligibility.contract_for(actor, body.contract)
    begun = batches.begin(actor, environment=body.environment, contract=contract, lines=lines)
    return BatchShown(
        codes=[CodeShown(code=code, name=name) for code, name in begun.codes],
        made_already=begun.made_already,
        made_void=begun.made_void,
        ends_at=begun.ends_at,
    )
