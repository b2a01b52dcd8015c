"""What a verification costs inside a Python process: bench/gateway.py starts this and asks it for one span at a time.

    python -m bench.gateway_library BITS TOKENS KEYS [KEYS …]

Reads lines of JSON, ["raw" | "seen" | "new", keys, seconds], and answers each with the calls in a second. It says
"ready" first.
"""

import itertools
import json
import sys
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from bench import gateway_keys, gateway_records
from bench.gateway_keys import BEGAN, Pool, Token
from portal.verifier.decision import Call, decide
from portal.verifier.proving import Prover
from portal.verifier.seen import MOST_TOKENS, Kept
from portal.verifier.tables import Tables

SLICE = 200  # calls between two looks at the clock
FEW = 2000  # tokens that have been seen

Signed = tuple[RSAPublicKey, bytes, bytes]


def tables_of(of: Pool, keys: int) -> Tables:
    """All that is known, with so many keys."""
    tables = Tables()
    for delta in itertools.chain(gateway_records.surroundings(keys), gateway_records.pairs(of, keys)):
        tables.apply(delta, tables.version + 1)
    return tables


def forget_tokens(prover: Prover) -> None:
    """Make every token one that was never seen; the public keys stay at hand, as those of shops that call."""
    prover._fitted = Kept(MOST_TOKENS)


class InProcess:
    """The verification at one number of keys."""

    def __init__(self, of: Pool, keys: int, tokens: list[Token]) -> None:
        self._tables, self._prover = tables_of(of, keys), Prover()
        self._calls = [_call(*token) for token in tokens]
        self._ask(self._calls)

    def new(self, seconds: float) -> float:
        """Each token comes for the first time, from a shop that has called before."""
        return _rate(self._ask, self._forgetting(), seconds)

    def seen(self, seconds: float) -> float:
        """Each token has come before."""
        self._ask(self._calls[:FEW])
        return _rate(self._ask, itertools.cycle(self._calls[:FEW]), seconds)

    def _forgetting(self) -> Iterator[Call]:
        """The calls, over and over."""
        while True:
            forget_tokens(self._prover)
            yield from self._calls

    def _ask(self, calls: Iterable[Call]) -> None:
        for call in calls:
            decision = self._tables.read(decide, self._tables, call, BEGAN, self._prover)
            if not decision.is_allowed:
                raise SystemExit(f"refused: {decision.reason}")


class Raw:
    """The signature alone: nothing is taken apart, looked up or decided."""

    def __init__(self, of: Pool, tokens: list[Token]) -> None:
        public_keys = {number: _public(of, number) for number in {number for number, _token in tokens}}
        self._signed = [(public_keys[number], *_taken_apart(token)) for number, token in tokens]
        _verify(self._signed)

    def raw(self, seconds: float) -> float:
        """Through `cryptography`, with keys that are ready."""
        return _rate(_verify, itertools.cycle(self._signed), seconds)


def _verify(signed: Iterable[Signed]) -> None:
    padding, digest = PKCS1v15(), SHA256()
    for public_key, signature, message in signed:
        public_key.verify(signature, message, padding, digest)


def _rate(ask: Callable[[Any], None], calls: Iterator[Any], seconds: float) -> float:
    """Calls in a second."""
    number, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < seconds:
        ask(itertools.islice(calls, SLICE))
        number += SLICE
    return number / taken


def _call(number: int, token: str) -> Call:
    return Call(gateway_keys.api_key(number), token, gateway_records.SERVICE, gateway_records.space_of(number))


def _public(of: Pool, number: int) -> RSAPublicKey:
    public_key = load_der_public_key(of.spki(number))
    assert isinstance(public_key, RSAPublicKey)  # noqa: S101 - the pool makes no others
    return public_key


def _taken_apart(token: str) -> tuple[bytes, bytes]:
    message, _dot, signature = token.rpartition(".")
    return urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), message.encode()


def main() -> None:
    """Make ready, then answer each line."""
    bits, tokens, *sizes = map(int, sys.argv[1:])
    of = gateway_keys.pool(max(sizes), bits)
    raw = Raw(of, gateway_keys.tokens(of, min(sizes), tokens))
    sized = {keys: InProcess(of, keys, gateway_keys.tokens(of, keys, tokens)) for keys in sizes}
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        what, keys, seconds = json.loads(line)
        print(json.dumps(getattr(raw if what == "raw" else sized[keys], what)(seconds)), flush=True)


if __name__ == "__main__":
    main()
