"""Who asks: a service of the vendor, by its credential, or anybody at all on a listener of this machine's own."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from portal.config import Listener
from portal.credentials.showing import is_local, secret_in
from portal.credentials.store import Working
from portal.foundation import clock
from portal.gateway.answers import Refusal, Refused

LONGEST = 256


class Credentials:
    """The service credentials that work, as of one look at the database."""

    def __init__(self, working: Iterable[Working] = ()) -> None:
        self._by_digest = {credential.digest: credential for credential in working}
        # What came before, so that it need not be hashed again: each credential has one secret.
        self._by_secret: dict[str, Working] = {}

    def find(self, secret: str) -> Working | None:
        """The credential with this secret, which may have run out since, or None."""
        found = self._by_secret.get(secret)
        if found is None and 0 < len(secret) <= LONGEST:
            found = self._by_digest.get(hashlib.sha256(secret.encode("latin-1", "replace")).digest())
            if found is not None:
                self._by_secret[secret] = found
        return found


class Askers:
    """Says who asks."""

    def __init__(self, listener: Listener) -> None:
        self._is_for_local = listener is Listener.LOCAL
        self._used: set[str] = set()

    def take_used(self) -> set[str]:
        """The public ids of the credentials with which somebody asked since this was last taken."""
        used, self._used = self._used, set()
        return used

    def asker(self, environ: Mapping[str, Any], credentials: Credentials) -> Working | None:
        """The credential of whoever asks; None for this machine, where that needs none. Raises: Refused."""
        if self._is_for_local and is_local(environ):
            return None
        found = credentials.find(secret_in(environ))
        if found is None or (found.ends_at is not None and clock.now() >= found.ends_at):
            raise Refused(Refusal.ASKER_UNKNOWN)
        self._used.add(found.public_id)
        return found


def service_for(asker: Working | None, named: str | None) -> str:
    """The service that is asked about: `named`, or else the one that the credential is for. Raises: Refused."""
    own = None if asker is None else asker.service_code
    if own is not None and named is not None and named != own:
        raise Refused(Refusal.ASKER_OTHER_SERVICE)
    service = named or own
    if service is None:
        raise Refused(Refusal.SERVICE_NOT_NAMED)
    return service
