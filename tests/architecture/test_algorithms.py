"""The list of algorithms in docs/security.md is what the code uses, and no more."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.no_database

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = "cryptography.hazmat.primitives"
MODULES = {"argon2", "hashes", "hashlib", "hmac", "padding", "rsa"}
# What the code says for them. A name that is missing here is a new algorithm: it needs a row in the list.
CALLED = {
    "argon2.PasswordHasher": "argon2id",
    "hashlib.sha256": "SHA-256",
    "hashes.SHA256": "SHA-256",
    "SHA256": "SHA-256",
    "hmac.digest": "HMAC-SHA-256",
    "hmac.new": "HMAC-SHA-256",
    "padding.PKCS1v15": "RSASSA-PKCS1-v1_5",
    "PKCS1v15": "RSASSA-PKCS1-v1_5",
    "rsa.generate_private_key": "RSA",
    "rsa.RSAPrivateKey": "RSA",
    "rsa.RSAPublicKey": "RSA",
    "RSAPublicKey": "RSA",
    "Ed25519PrivateKey": "Ed25519",
    "Ed25519PublicKey": "Ed25519",
    "X25519PrivateKey": "X25519",
    "X25519PublicKey": "X25519",
    "hpke": "HPKE",
    "AESGCM": "AES-GCM",
    "PBKDF2HMAC": "PBKDF2",
}
NO_ALGORITHMS = {"hashes", "padding", "rsa", "serialization", "hmac.compare_digest"}
FORMS = "cryptography.hazmat.primitives.serialization"  # how keys are written, not what is done with them
# Of WebCrypto; in the browser, HMAC is always over SHA-256.
IN_SCRIPTS = re.compile(r'"(SHA-\d+|RSA[\w-]+|AES-\w+|X25519|Ed25519|ECDSA|ECDH|PBKDF2|HMAC|HKDF)"')


def test_the_list_is_what_the_code_uses():
    used: dict[str, set[str]] = defaultdict(set)
    for file in (ROOT / "portal").rglob("*.py"):
        for name in _used_by(file):
            used[CALLED[name]].add("/".join(file.relative_to(ROOT).parts[:2]))
    for file in (ROOT / "static/js").glob("*.js"):
        for name in IN_SCRIPTS.findall(file.read_text()):
            used["HMAC-SHA-256" if name == "HMAC" else name].add("static/js")

    assert used == _listed()


def _used_by(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(LIBRARY) and node.module != FORMS:
            yield from (name.name for name in node.names if name.name not in NO_ALGORITHMS)
        elif isinstance(node, ast.ImportFrom) and node.module in ("hashlib", "hmac"):
            yield from (f"{node.module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "argon2":
            yield from (f"argon2.{name.name}" for name in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in MODULES:
            name = f"{node.value.id}.{node.attr}"
            if name not in NO_ALGORITHMS:
                yield name


def _listed() -> dict[str, set[str]]:
    _before, _title, after = (ROOT / "docs/security.md").read_text().partition("## Algorithms")
    table, _title, _rest = after.partition("\n## ")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE)
    return {name: set(where.split(", ")) for name, where in rows if name not in ("algorithm", "---")}
