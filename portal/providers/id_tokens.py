"""Whether an ID token proves who somebody is (OpenID Connect Core 1.0, section 3.1.3.7)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from authlib.oidc.core import CodeIDToken
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from portal.foundation.marking import N_
from portal.providers.models import LONGEST_SUBJECT

# What is signed with a public key's other half, and nothing else: no `none`, no key that both sides share.
ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
CURVE = "P-256"
SMALLEST_RSA = 2048
LEEWAY = timedelta(minutes=1)
OLDEST = timedelta(minutes=10)
LONGEST_TOKEN = 16 * 1024

# What is said of a claim that is missing or wrong.
CLAIMS = {
    "iss": N_("the ID token is of another issuer"),
    "aud": N_("the ID token is for another client"),
    "azp": N_("the ID token is for another client"),
    "exp": N_("the ID token has run out"),
    "iat": N_("the ID token is not valid yet"),
    "nbf": N_("the ID token is not valid yet"),
    "nonce": N_("the ID token belongs to another sign-in"),
    "at_hash": N_("the ID token belongs to another access token"),
}
Jwks = list[dict[str, Any]]


class NotProven(Exception):
    """The token proves nothing; `problem` says why, for who runs the provider."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def claims_of(
    token: Any,
    keys: Callable[[bool], Jwks],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: Any,
    now: datetime,
) -> dict[str, Any]:
    """The claims of an ID token that this provider issued to this client for this very round trip.

    keys: the provider's public keys; with True, fetched anew, which is asked once for an unknown key id.
    Raises: NotProven.
    """
    if not isinstance(token, str) or len(token) > LONGEST_TOKEN:
        raise NotProven(N_("there is no ID token"))
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = _key(header, keys(False)) or _key(header, keys(True))
        if key is None:
            raise NotProven(N_("none of the provider's keys has the ID token's key id and algorithm"))
        found = jwt.decode(token, key, algorithms=[header["alg"]])
        _require_claims(found, issuer, client_id, nonce, access_token, now)
    except JoseError as error:
        raise NotProven(_words(error)) from error
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise NotProven(N_("the ID token is malformed")) from error
    return dict(found.claims)


def _key(header: dict[str, Any], jwks: Jwks) -> RSAKey | ECKey | None:
    """The one key that this header can mean; without a key id, only when there is no choice."""
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS:
        raise NotProven(N_("the ID token is not signed with RS256, PS256 or ES256"))
    fitting = [
        key
        for key in jwks
        if key.get("kty") == ALGORITHMS[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (key_id is None or key.get("kid") == key_id)
    ]
    if len(fitting) != 1:
        return None
    if ALGORITHMS[algorithm] == "EC":
        return ECKey.import_key(_public(fitting[0], "crv", "x", "y")) if fitting[0].get("crv") == CURVE else None
    key = RSAKey.import_key(_public(fitting[0], "n", "e"))
    public: RSAPublicKey = key.public_key
    if public.key_size < SMALLEST_RSA:
        raise NotProven(N_("the provider's RSA key has less than 2048 bits"))
    return key


def _public(key: dict[str, Any], *names: str) -> dict[str, str | list[str]]:
    """Of a JWK what verifies, so that nothing else in it is believed."""
    return {name: str(key[name]) for name in ("kty", *names)}


def _require_claims(
    found: jwt.Token, issuer: str, client_id: str, nonce: str, access_token: Any, now: datetime
) -> None:
    claims = CodeIDToken(
        found.claims,
        found.header,
        {"iss": {"essential": True, "value": issuer}, "aud": {"essential": True, "value": client_id}},
        {"nonce": nonce, "client_id": client_id, "access_token": access_token},
    )
    claims.validate(int(now.timestamp()), int(LEEWAY.total_seconds()))
    audience, subject = found.claims["aud"], found.claims["sub"]
    if audience != client_id and audience != [client_id] and found.claims.get("azp") != client_id:
        raise NotProven(N_("the ID token is for somebody else, too"))
    if found.claims["iat"] < (now - OLDEST - LEEWAY).timestamp():
        raise NotProven(N_("the ID token was issued too long ago"))
    if "at_hash" in found.claims and not isinstance(access_token, str):
        raise NotProven(N_("the ID token belongs to an access token that is not there"))
    if not isinstance(subject, str) or not subject.isascii() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotProven(N_("the ID token names nobody"))


def _words(error: JoseError) -> str:
    return CLAIMS.get(getattr(error, "claim", ""), N_("the ID token's signature or form is wrong"))
