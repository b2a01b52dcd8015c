"""Where an installation is found: an http(s) address or a bare host, in one spelling."""

import ipaddress
import re
import unicodedata
from urllib.parse import SplitResult, urlsplit

from portal.foundation.words import LONGEST_KEY, same_name
from portal.projects.errors import (
    AddressHasQuery,
    AddressHasSecrets,
    AddressMissing,
    AddressNotAHost,
    AddressNotWeb,
    AddressTooLong,
)

LONGEST = 2000  # as the column; every browser takes addresses of this length
DEFAULT_PORTS = {"http": 80, "https": 443}
# A host name in ASCII: labels of 1 to 63 letters, digits and hyphens (RFC 1123, 2.1), 253 characters in all.
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
LONGEST_HOST = 253


def clean_address(text: str) -> str:
    """`text` in one spelling: scheme and host in lower case, no default port, no slash at the end.

    A bare host stays bare: nobody said by which scheme it is reached.
    Raises: AddressMissing, AddressTooLong, AddressNotWeb, AddressHasSecrets, AddressHasQuery, AddressNotAHost.
    """
    address = unicodedata.normalize("NFC", text).strip()
    if not address:
        raise AddressMissing()
    if len(address) > LONGEST:
        raise AddressTooLong(longest=LONGEST, length=len(address))
    if any(_is_unfit(character) for character in address):
        raise AddressNotWeb()
    return _spelled(_split(address))


def address_key(text: str) -> str:
    """What people call the same address, and the beginning of one: without scheme, `www.` and case, in letters.

    At most 512 characters, which is what an index takes. Any text has one, whether it is an address or not.
    """
    bare = same_name(text).strip().removeprefix("https://").removeprefix("http://").removeprefix("www.")
    host, slash, path = bare.rstrip("/").partition("/")
    labels = [_in_letters(label) for label in host.split(".")]
    return (".".join(labels) + slash + path)[:LONGEST_KEY]


def _in_letters(label: str) -> str:
    try:
        return label.encode().decode("idna") if label.startswith("xn--") else label
    except UnicodeError:  # a beginning of one, perhaps
        return label


def _is_unfit(character: str) -> bool:
    # C and Z: controls, marks that change the reading direction, lone surrogates, spaces. Browsers read \ as /.
    return character == "\\" or unicodedata.category(character)[0] in "CZ"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        _ = parts.port
    except ValueError as error:
        raise AddressNotWeb() from error
    if parts.scheme not in {"http", "https", ""}:
        raise AddressNotWeb()
    if "@" in parts.netloc:
        raise AddressHasSecrets()
    if "?" in address or "#" in address:
        raise AddressHasQuery()
    return parts


def _spelled(parts: SplitResult) -> str:
    host = _clean_host(parts.hostname or "")
    port = "" if parts.port in {None, DEFAULT_PORTS.get(parts.scheme)} else f":{parts.port}"
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"{scheme}{host}{port}{parts.path.rstrip('/')}"


def _clean_host(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _clean_name(host)
    return f"[{address}]" if address.version == 6 else str(address)


def _clean_name(host: str) -> str:
    try:
        ascii_name = host.encode("idna").decode().lower()
    except UnicodeError as error:
        raise AddressNotAHost(host=host) from error
    ascii_name = ascii_name.removesuffix(".")
    labels = ascii_name.split(".")
    # A last label of digits only is an IP address gone wrong.
    if len(ascii_name) > LONGEST_HOST or labels[-1].isdigit() or not all(LABEL.fullmatch(label) for label in labels):
        raise AddressNotAHost(host=host)
    return ascii_name.encode().decode("idna")
