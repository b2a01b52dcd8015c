"""Who asks: a service of the vendor, by its credential, or anybody at all on a listener of this machine's own."""

import hashlib
from collections.abc import Mapping
from typing import Any

from portal.config import Listener
from portal.credentials.store import Working
from portal.foundation import clock
from portal.gateway.answers import Refusal, Refused
from portal.verifier.seen import Kept

OWN_HEADER, BEARER_HEADER = "HTTP_X_PORTAL_CREDENTIAL", "HTTP_AUTHORIZATION"
BEARER = "bearer "
# An empty address is a UNIX socket's.
LOCAL = frozenset({"127.0.0.1", "::1", ""})
LONGEST = 256
MOST_KEPT = 1000


class Askers:
    """Says who asks."""

    def __init__(self, listener: Listener) -> None:
        self._is_for_local = listener is Listener.LOCAL
        # Digests by credential: hashing each time would be a tenth of an answer. Whether one works is asked anew.
        self._digests: Kept[str, bytes] = Kept(MOST_KEPT)
        self._used: set[str] = set()

    def take_used(self) -> set[str]:
        """The public ids of the credentials with which somebody asked since this was last taken."""
        used, self._used = self._used, set()
        return used

    def asker(self, environ: Mapping[str, Any], working: Mapping[bytes, Working]) -> Working | None:
        """The credential of whoever asks; None for this machine, where that needs none. Raises: Refused."""
        if self._is_for_local and self._is_local(environ):
            return None
        credential = self._credential(environ, working)
        if credential is None:
            raise Refused(Refusal.ASKER_UNKNOWN)
        return credential

    def _credential(self, environ: Mapping[str, Any], working: Mapping[bytes, Working]) -> Working | None:
        token = environ.get(OWN_HEADER)
        if token is None:
            given = environ.get(BEARER_HEADER, "")
            token = given[len(BEARER) :].strip() if given[: len(BEARER)].lower() == BEARER else ""
        digest = self._digests.get(token)
        if digest is None:
            if not token or len(token) > LONGEST:
                return None
            digest = hashlib.sha256(token.encode("latin-1", "replace")).digest()
            if digest in working:
                self._digests.put(token, digest)
        credential = working.get(digest)
        if credential is None or (credential.ends_at is not None and clock.now() >= credential.ends_at):
            return None
        self._used.add(credential.public_id)
        return credential

    def _is_local(self, environ: Mapping[str, Any]) -> bool:
        # What a proxy hands on comes from elsewhere, whatever address the proxy itself has.
        return environ.get("REMOTE_ADDR", "") in LOCAL and "HTTP_X_FORWARDED_FOR" not in environ


def service_for(asker: Working | None, named: str | None) -> str:
    """The service that is asked about: `named`, or else the one that the credential is for. Raises: Refused."""
    own = None if asker is None else asker.service_code
    if own is not None and named is not None and named != own:
        raise Refused(Refusal.ASKER_OTHER_SERVICE)
    service = named or own
    if service is None:
        raise Refused(Refusal.SERVICE_NOT_NAMED)
    return service
