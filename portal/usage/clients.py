"""What a call tells of its client: edition and version from the User-Agent, network prefix, cloud project."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from portal.verifier.networks import network_of

# `Magento Services Connector (Magento: <Edition> <version>)` (connector-protocol section 1). The edition is one word:
# whatever else stands there belongs to the version, which says nothing about who calls.
CONNECTOR = re.compile(
    r"Magento Services Connector \(Magento: (?P<edition>[A-Za-z0-9._-]{1,64}) (?P<version>[^()]{1,64})\)"
)
# Ids of the protocol match this; what does not is no cloud id.
CLOUD_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
LONGEST_WORDS = 255


class Client(NamedTuple):
    """Who called, without its full network address. An unknown client has no edition; `words` is what it called itself.

    network: such as `192.0.2.0/24` or `2001:db8:1::/48`; empty when the address is none.
    """

    edition: str | None
    version: str | None
    words: str
    network: str
    cloud_id: str | None

    @property
    def identity(self) -> str:
        """What stays the same through an upgrade and a move: the cloud project, else the edition.

        The environment of the key belongs to it, too; it stands beside it wherever an identity is kept.
        """
        if self.cloud_id is not None:
            return f"cloud:{self.cloud_id}"
        return self.identity_by_edition

    @property
    def identity_by_edition(self) -> str:
        """The identity of the same shop in a call that does not name its cloud project."""
        return f"client:{(self.edition or '').casefold()}"


NOBODY = Client(None, None, "", "", None)


@lru_cache(maxsize=4096)
def client_of(user_agent: str, address: str, cloud_id: str | None) -> Client:
    """The client behind a call; text that cannot be understood is an unknown client, never an error."""
    known = CONNECTOR.fullmatch(user_agent)
    return Client(
        edition=known["edition"] if known else None,
        version=clean(known["version"]) if known else None,
        words="" if known else clean(user_agent),
        network=network_of(address),
        cloud_id=cloud_id if cloud_id is not None and CLOUD_ID.fullmatch(cloud_id) else None,
    )


def clean(text: str) -> str:
    """At most 255 characters of `text`, free of control characters and of marks that change the reading direction."""
    fit = (character for character in text if unicodedata.category(character)[0] != "C")
    return " ".join("".join(fit).split())[:LONGEST_WORDS]
