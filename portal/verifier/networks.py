"""The network that a caller's address lies in, which is all that is kept of the address."""

import ipaddress
from functools import lru_cache

IPV4_PREFIX, IPV6_PREFIX = 24, 48


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """The network that `address` lies in: /24 for IPv4, also in its IPv6 form, /48 for IPv6; empty for none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 6:
        found = found.ipv4_mapped or ipaddress.IPv6Address(int(found))  # without the zone, which is its own machine's
    prefix = IPV4_PREFIX if found.version == 4 else IPV6_PREFIX
    return str(ipaddress.ip_network((found, prefix), strict=False))
