"""base64url without padding (RFC 7515, appendix C), of which each value has one spelling.

By hand, since `base64` takes a third longer, which every call with a new token would feel.
"""

from binascii import a2b_base64, b2a_base64

_TO_STANDARD, _TO_URL = bytes.maketrans(b"-_", b"+/"), bytes.maketrans(b"+/", b"-_")
_PADDINGS = (b"", b"===", b"==", b"=")


def encode(octets: bytes) -> bytes:
    """These octets in base64url."""
    return b2a_base64(octets, newline=False).translate(_TO_URL).rstrip(b"=")


def decode(encoded: bytes) -> bytes:
    """The octets. Raises: ValueError, also for another spelling: strange characters, left-over bits."""
    octets = a2b_base64(encoded.translate(_TO_STANDARD) + _PADDINGS[len(encoded) % 4])
    if encode(octets) != encoded:
        raise ValueError("another spelling")
    return octets
