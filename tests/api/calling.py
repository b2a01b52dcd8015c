"""What a script sends: proofs made of facts, as the command line makes them."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from portal.keys import possession
from tests.api.conftest import Call
from tests.factories import public_of, public_pem_of, sign


def message_from(facts: dict[str, Any], private: rsa.RSAPrivateKey) -> bytes:
    """The seven lines that these facts ask for."""
    return possession.message(
        base_url=facts["base_url"],
        intent_id=facts["intent"],
        nonce=bytes.fromhex(facts["nonce"]),
        owner=facts["owner"],
        holder=facts["holder"],
        environment=facts["environment"],
        spki_sha256=public_of(private).spki_sha256,
    )


def base64_of(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def facts_of(call: Call, code: str, private: rsa.RSAPrivateKey | None = None) -> dict[str, Any]:
    """What a code is for; for one that was used, when asked with the key that used it."""
    known = {"public_key_sha256": public_of(private).spki_sha256.hex()} if private else {}
    answer = call("keys/making", code=code, **known)
    assert answer.status_code == 200, answer.json
    return answer.json


def proof_of(facts: dict[str, Any], code: str, private: rsa.RSAPrivateKey) -> dict[str, str]:
    """The members of the call that proves this key."""
    signature = sign(private, message_from(facts, private))
    return {"code": code, "public_key": public_pem_of(private), "signature": base64_of(signature)}


def revocation_of(call: Call, api_key: str, private: rsa.RSAPrivateKey) -> dict[str, str]:
    """The members of the call that revokes this pair with this key."""
    given = call("keys/revocation/challenge", api_key=api_key).json
    message = possession.revocation(base_url=given["base_url"], api_key=api_key, challenge=given["challenge"])
    return {"api_key": api_key, "challenge": given["challenge"], "signature": base64_of(sign(private, message))}
