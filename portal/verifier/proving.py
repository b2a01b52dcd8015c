"""Whether a call proves its key, remembering signatures that fitted: a shop sends one token with many calls."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from portal.verifier import tokens
from portal.verifier.reasons import Reason
from portal.verifier.records import Key, Moment
from portal.verifier.seen import LONGEST_KEPT, MOST_KEYS, MOST_TOKENS, Fitted, Kept, PublicKeys
from portal.verifier.tokens import VALID, Malformed, Verdict

_REASONS = {
    Verdict.EXPIRED: Reason.TOKEN_EXPIRED,
    Verdict.TOO_FAR_AHEAD: Reason.TOKEN_TOO_FAR_AHEAD,
}


class Prover:
    """A `decision.Prove`. What it remembers is bounded, and is the signature's result only.

    Whether the key is live and the token's time has come is asked on every call.
    """

    def __init__(self, most_tokens: int = MOST_TOKENS, most_keys: int = MOST_KEYS) -> None:
        self._fitted: Kept[str, Fitted] = Kept(most_tokens)
        self._public_keys = PublicKeys(most_keys)

    def __len__(self) -> int:
        """How many tokens are remembered."""
        return len(self._fitted)

    def __call__(self, token: str, key: Key, now: Moment) -> Reason | None:
        """None when the token proves the key now, the token's time as a reason, or NOT_PROVEN."""
        fitted = self._fitted.get(token)
        if fitted is None or fitted.api_key != key.api_key or fitted.spki != key.spki:
            fitted = self._worked_out(token, key)
            if fitted is None:
                return Reason.NOT_PROVEN
            if len(token) <= LONGEST_KEPT:
                self._fitted.put(token, fitted)
        verdict = tokens.in_time(fitted.ends_at, now)
        return None if verdict is VALID else _REASONS[verdict]

    def public_key_of(self, key: Key) -> RSAPublicKey:
        """The key's public half, ready for use. Raises: ValueError when it is none."""
        return self._public_keys.of(key.spki)

    def _worked_out(self, token: str, key: Key) -> Fitted | None:
        try:
            opened = tokens.taken_apart(token)
            public_key = self.public_key_of(key)
        except (Malformed, ValueError):
            return None
        if not opened.names_our_algorithm or not tokens.fits(opened, public_key):
            return None
        return Fitted(key.api_key, key.spki, opened.ends_at)
