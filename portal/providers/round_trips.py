"""The way to the provider and back: what the browser takes along, and what the answer is worth.

Nothing is stored on the way out. The browser carries a secret of 256 bits; nonce and PKCE verifier are derived from it,
so the code and the ID token fit this browser's round trip and no other. What came back is used up before it is asked
for more: its `state` never counts twice.
"""

import base64
import hashlib
import hmac
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from portal.accounts.emails import clean_email
from portal.accounts.errors import EmailInvalid
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.foundation.marking import N_
from portal.foundation.outgoing import Failed
from portal.foundation.sealing import Place, new_token, token_hash
from portal.foundation.words import LONGEST_NAME
from portal.providers import discovery, id_tokens, store
from portal.providers.discovery import Metadata
from portal.providers.errors import PROBLEMS, AnswerRefused, ProviderRefuses, ProviderUnreachable, RoundTripLost
from portal.providers.id_tokens import NotProven
from portal.providers.models import IdentityProvider
from portal.providers.setup import back_to, setup

GOOD_FOR = timedelta(minutes=10)
SCOPE = "openid email profile"
# Codes of RFC 6749 and OpenID Connect; anything else is not repeated to people.
ERROR = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True)
class Client:
    """The portal as this provider knows it, free of rows."""

    tenant_id: uuid.UUID
    account_id: str
    provider_id: uuid.UUID
    name: str
    issuer: str
    client_id: str
    sealed_secret: str
    place: Place
    asks_second: bool

    @classmethod
    def of(cls, provider: IdentityProvider) -> "Client":
        """provider: with its tenant."""
        return cls(
            provider.tenant_id,
            provider.tenant.account_id,
            provider.id,
            provider.name,
            provider.issuer,
            provider.client_id,
            provider.client_secret,
            provider.place,
            provider.asks_second,
        )


@dataclass(frozen=True)
class RoundTrip:
    """What the browser keeps until the answer comes: for which provider, with which secret."""

    provider_id: str
    issuer: str
    client_id: str
    state: str
    secret: str

    def derived(self, purpose: str) -> str:
        """43 base64url characters that only who has the secret knows."""
        digest = hmac.new(self.secret.encode(), f"{purpose}:{self.state}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class Answered:
    """Whom the provider of `client` means: `subject` is who it is, `label` is for people to read.

    email: an address that the provider says it has verified, as `clean_email` gives it; None where it does not say so.
    """

    client: Client
    subject: str
    label: str
    email: str | None = None
    name: str | None = None


def begin(provider: IdentityProvider) -> tuple[str, RoundTrip]:
    """The provider's address to go to, and what the browser keeps. Changes nothing. Raises: ProviderUnreachable."""
    client = Client.of(provider)
    store.let_go()
    trip = RoundTrip(str(client.provider_id), client.issuer, client.client_id, new_token(), new_token())
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": back_to(client.account_id),
        "scope": SCOPE,
        "state": trip.state,
        "nonce": trip.derived("nonce"),
        "code_challenge": create_s256_code_challenge(trip.derived("verifier")),
        "code_challenge_method": "S256",
    }
    endpoint = _metadata(client).authorization_endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}", trip


def finish(provider: IdentityProvider, trip: RoundTrip, answer: Mapping[str, str]) -> Answered:
    """Whom the provider means by this answer, which is used up by it. Outside of transactions: it takes a while.

    answer: the parameters that came back, each at most once. trip: what this browser kept.
    Raises: RoundTripLost, ProviderRefuses, ProviderUnreachable, AnswerRefused.
    """
    client = Client.of(provider)
    if answer.get("state") != trip.state or trip.provider_id != str(client.provider_id):
        raise RoundTripLost()
    if (trip.issuer, trip.client_id) != (client.issuer, client.client_id):
        raise RoundTripLost()  # the set-up changed under way
    _use_up(trip.state)
    metadata = _metadata(client)
    said_by = answer.get("iss")
    if said_by != client.issuer and (said_by is not None or metadata.says_who):
        raise _refused(client, N_("another provider answered"))
    if "error" in answer:
        error = answer["error"]
        raise ProviderRefuses(provider=client.name, error=error if ERROR.fullmatch(error) else "error")
    if not answer.get("code"):
        raise _refused(client, N_("there is no code in it"))
    return _redeem(client, trip, metadata, answer["code"])


def _redeem(client: Client, trip: RoundTrip, metadata: Metadata, code: str) -> Answered:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back_to(client.account_id),
        "code_verifier": trip.derived("verifier"),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    secret = setup().sealer.unseal(client.sealed_secret, client.place).decode()
    if metadata.takes_basic:
        pair = f"{quote(client.client_id, safe='')}:{quote(secret, safe='')}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    else:
        form |= {"client_id": client.client_id, "client_secret": secret}
    try:
        reply = discovery.post(metadata.token_endpoint, urlencode(form).encode(), headers)
        found = discovery.object_in(reply)
        if reply.status != 200:
            error = str(found.get("error", ""))
            raise ProviderRefuses(provider=client.name, error=error if ERROR.fullmatch(error) else "error")
        claims = id_tokens.claims_of(
            found.get("id_token"),
            lambda anew: discovery.keys(metadata.jwks_uri, anew=anew),
            issuer=client.issuer,
            client_id=client.client_id,
            nonce=trip.derived("nonce"),
            access_token=found.get("access_token"),
            now=clock.now(),
        )
    except Failed as failure:
        raise ProviderUnreachable(provider=client.name, problem=PROBLEMS[failure.problem]) from failure
    except NotProven as reason:
        raise _refused(client, reason.problem) from reason
    label = _text(claims, "email", "preferred_username", "name", "sub") or "?"
    return Answered(client, claims["sub"], label, _verified_email(claims), _text(claims, "name"))


def _text(claims: dict[str, object], *names: str) -> str | None:
    """The first of these that is there: text of the provider, so shortened and without what cannot be seen."""
    for name in names:
        text = claims.get(name)
        if isinstance(text, str) and text.isprintable() and text.strip():
            return text.strip()[:LONGEST_NAME]
    return None


def _verified_email(claims: dict[str, object]) -> str | None:
    # OpenID Connect Core 1.0, section 5.1: a JSON boolean. A text such as "true" is not it, and counts for nothing.
    text = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(text, str):
        return None
    try:
        return clean_email(text)
    except EmailInvalid:
        return None


def _use_up(state: str) -> None:
    with transaction():
        if not store.use_state(token_hash(state), clock.now() + 2 * GOOD_FOR):
            raise RoundTripLost()


def _metadata(client: Client) -> Metadata:
    try:
        return discovery.metadata(client.issuer)
    except Failed as failure:
        raise ProviderUnreachable(provider=client.name, problem=PROBLEMS[failure.problem]) from failure


def _refused(client: Client, problem: str) -> AnswerRefused:
    return AnswerRefused(provider=client.name, problem=problem)
