import pytest

from portal.projects.addresses import clean_address
from portal.projects.errors import (
    AddressHasQuery,
    AddressHasSecrets,
    AddressMissing,
    AddressNotAHost,
    AddressNotWeb,
    AddressTooLong,
)

pytestmark = pytest.mark.no_database


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://shop.example.com", "https://shop.example.com"),
        ("  HTTPS://Shop.Example.COM/  ", "https://shop.example.com"),
        ("http://shop.example.com:80/de/", "http://shop.example.com/de"),
        ("https://shop.example.com:8443", "https://shop.example.com:8443"),
        ("https://shop.example.com/Store_View", "https://shop.example.com/Store_View"),
        ("Shop.Example.com.", "shop.example.com"),
        ("shop.example.com:8080/de", "shop.example.com:8080/de"),
        ("localhost", "localhost"),
        ("192.0.2.7", "192.0.2.7"),
        ("http://[2001:DB8::1]/", "http://[2001:db8::1]"),
        ("https://商店.example", "https://商店.example"),
        ("https://XN--MNCHEN-3YA.example", "https://münchen.example"),
        ("https://shop.example.com/" + "a" * 1975, "https://shop.example.com/" + "a" * 1975),
    ],
)
def test_an_address_has_one_spelling(text, address):
    assert clean_address(text) == address
    assert clean_address(address) == address


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", AddressMissing),
        (" \t ", AddressMissing),
        ("https://shop.example.com/" + "a" * 1976, AddressTooLong),
        ("ftp://shop.example.com", AddressNotWeb),
        ("javascript://shop.example.com", AddressNotWeb),
        ("javascript:alert(1)", AddressNotWeb),
        ("https://shop.example.com:99999", AddressNotWeb),
        ("https://[::1", AddressNotWeb),
        ("https://shop.example.com/a b", AddressNotWeb),
        ("https://shop.example.com\\@evil.example", AddressNotWeb),
        ("https://shop\x00.example.com", AddressNotWeb),
        ("https://shop.\u202eexample.com", AddressNotWeb),
        ("https://shop.exa\nmple.com", AddressNotWeb),
        ("https://anna:secret@shop.example.com", AddressHasSecrets),
        ("anna@shop.example.com", AddressHasSecrets),
        ("https://shop.example.com/?token=1", AddressHasQuery),
        ("https://shop.example.com/#top", AddressHasQuery),
        ("https://", AddressNotAHost),
        ("https:///path", AddressNotAHost),
        ("https://shop..example.com", AddressNotAHost),
        ("https://-shop.example.com", AddressNotAHost),
        ("https://shop_1.example.com", AddressNotAHost),
        ("https://300.1.2.3", AddressNotAHost),
        ("https://" + "a" * 64 + ".example", AddressNotAHost),
        ("https://" + ".".join(["a" * 60] * 5), AddressNotAHost),
        ("\U0001f6d2" * 64, AddressNotAHost),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text, refusal):
    with pytest.raises(refusal):
        clean_address(text)
