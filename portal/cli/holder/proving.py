"""The proof that the holder of a code has the private key: what `keys/making/proof` takes."""

from cryptography.hazmat.primitives.asymmetric import rsa

from portal.cli.holder import signing
from portal.keys import possession


def proof(code: str, facts: dict[str, str], key: rsa.RSAPrivateKey) -> dict[str, str]:
    """The members of the call. facts: what `keys/making` answered for the code."""
    message = possession.message(
        base_url=facts["base_url"],
        intent_id=facts["intent"],
        nonce=bytes.fromhex(facts["nonce"]),
        owner=facts["owner"],
        holder=facts["holder"],
        environment=facts["environment"],
        spki_sha256=signing.public_sha256(key),
    )
    return {
        "code": code,
        "public_key": signing.public_pem(key),
        "signature": signing.signature_of(key, message),
    }
