"""What stands in the DNS of a domain for the portal to find: asked for with the machine's own resolver."""

from collections.abc import Set

import dns.exception
import dns.resolver

# An underscored name of its own (RFC 8552), so that nobody who may only name hosts or sites in the domain can set it.
LABEL = "_partner-portal"
SECONDS = 5.0
MOST_READ = 100  # records of one answer

# Proves nothing and is no failure: there is nothing of that name, or none of that kind.
NOTHING = (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer)


class NoAnswer(Exception):
    """The DNS gave no answer: no name server could be asked, or none answered in time."""


def texts_at(domain: str) -> Set[str]:
    """The texts at `_partner-portal.` of this domain; empty when there are none. It takes 5 seconds at most.

    Raises: NoAnswer.
    """
    try:
        found = _resolver().resolve(f"{LABEL}.{domain}.", "TXT", lifetime=SECONDS, search=False)
    except NOTHING:
        return frozenset()
    except (dns.exception.DNSException, OSError) as error:
        raise NoAnswer(type(error).__name__) from error
    # A record longer than 255 octets comes in several strings (RFC 1035, section 3.3.14).
    return {b"".join(row.strings).decode("ascii", "replace").strip() for row in list(found)[:MOST_READ]}


def _resolver() -> dns.resolver.Resolver:
    return dns.resolver.Resolver()
