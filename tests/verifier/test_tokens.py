"""The connector's token: what is accepted, and every way in which one is refused (security.md 3.6)."""

import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from portal.verifier import tokens
from portal.verifier.tokens import LONGEST_TOKEN, MOST_HEADERS, Verdict, verify
from tests.connector.shop import CLAIMS, HEADER, a_token, as_part, encoded, signed
from tests.factories import a_private_key
from tests.verifier import records

pytestmark = pytest.mark.no_database

NOON = int(records.NOON.timestamp())
PRIVATE = a_private_key(500)
PUBLIC = PRIVATE.public_key()


def verdict(public_key: RSAPublicKey, token: str, now: float = NOON) -> Verdict:
    return verify(token, public_key, now)


def over(claims: str, header: str = as_part(HEADER)) -> str:
    """A token with these very parts and a signature that fits them."""
    return signed(PRIVATE, header, claims)


def raw(text: str) -> str:
    return encoded(text.encode())


def test_the_connectors_token_is_valid():
    assert verdict(PUBLIC, a_token(PRIVATE, NOON + 300)) is Verdict.VALID


def test_two_equal_tokens_in_one_second_are_both_valid():
    token = a_token(PRIVATE, NOON + 300)
    assert token == a_token(PRIVATE, NOON + 300)

    assert [verdict(PUBLIC, token), verdict(PUBLIC, token)] == [Verdict.VALID] * 2


@pytest.mark.parametrize(
    ("ends_in", "expected"),
    [
        (-61, Verdict.EXPIRED),
        (-60, Verdict.EXPIRED),
        (-59, Verdict.VALID),
        (0, Verdict.VALID),
        (300, Verdict.VALID),
        (360, Verdict.VALID),
        (361, Verdict.TOO_FAR_AHEAD),
        (10 * 365 * 86400, Verdict.TOO_FAR_AHEAD),
    ],
)
def test_the_end_lies_between_a_minute_ago_and_six_minutes_ahead(ends_in: int, expected: Verdict):
    assert verdict(PUBLIC, a_token(PRIVATE, NOON + ends_in)) is expected


@pytest.mark.parametrize("claims", [{}, {"iss": "x", "sub": None, "aud": ["a", "b"]}, {"iss": 7, "nbf": 10**12}])
def test_any_issuer_subject_and_audience_will_do(claims: dict[str, object]):
    assert verdict(PUBLIC, over(as_part({"exp": NOON} | claims))) is Verdict.VALID


@pytest.mark.parametrize("bits", [2048, 3072, 4096])
def test_keys_of_every_size_that_is_registered_verify(bits: int):
    private = a_private_key(bits, bits)

    assert verdict(private.public_key(), a_token(private, NOON + 300)) is Verdict.VALID


def test_another_keys_signature_is_refused():
    assert verdict(PUBLIC, a_token(a_private_key(501), NOON + 300)) is Verdict.WRONG_SIGNATURE


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_with_a_changed_part_is_refused(part: int):
    parts, other = a_token(PRIVATE, NOON + 300).split("."), a_token(a_private_key(501), NOON + 299, kid="x").split(".")
    parts[part] = other[part]

    assert verdict(PUBLIC, ".".join(parts)) is Verdict.WRONG_SIGNATURE


def _none() -> str:
    return f"{as_part(HEADER | {'alg': 'none'})}.{as_part({'exp': NOON})}."


def _hs256_with_the_public_key() -> str:
    secret = PRIVATE.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    message = f"{as_part(HEADER | {'alg': 'HS256'})}.{as_part({'exp': NOON})}"
    return f"{message}.{encoded(hmac.new(secret, message.encode(), hashlib.sha256).digest())}"


def _rs512() -> str:
    message = f"{as_part(HEADER | {'alg': 'RS512'})}.{as_part({'exp': NOON})}"
    return f"{message}.{encoded(PRIVATE.sign(message.encode(), padding.PKCS1v15(), hashes.SHA512()))}"


def _ps256() -> str:
    message = f"{as_part(HEADER)}.{as_part({'exp': NOON})}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    return f"{message}.{encoded(PRIVATE.sign(message.encode(), pss, hashes.SHA256()))}"


@pytest.mark.parametrize("make", [_none, _hs256_with_the_public_key, _rs512, _ps256])
def test_the_algorithm_is_the_keys_own_and_no_token_chooses(make):
    assert verdict(PUBLIC, make()) is not Verdict.VALID


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512", "rs256", "RS256 ", "", None, 256, ["RS256"], {}])
def test_a_header_that_names_another_algorithm_is_refused(algorithm: object):
    token = over(as_part({"exp": NOON}), as_part({"typ": "JWT", "alg": algorithm}))

    assert verdict(PUBLIC, token) is Verdict.WRONG_ALGORITHM


def test_a_header_without_an_algorithm_is_refused():
    assert verdict(PUBLIC, over(as_part({"exp": NOON}), as_part({"typ": "JWT"}))) is Verdict.WRONG_ALGORITHM


def test_a_header_with_something_critical_is_refused():
    token = over(as_part({"exp": NOON}), as_part(HEADER | {"crit": ["b64"], "b64": False}))

    assert verdict(PUBLIC, token) is Verdict.WRONG_ALGORITHM


@pytest.mark.parametrize(
    "expires", ["true", "null", '"9999999999"', "[]", "{}", "NaN", "Infinity", "-Infinity", "1e999"]
)
def test_an_end_that_is_no_number_is_refused(expires: str):
    assert verdict(PUBLIC, over(raw(f'{{"exp":{expires}}}'))) is Verdict.MALFORMED


@pytest.mark.parametrize("expires", [10**30, 10**300, -(10**300), 1e308, -1e308, 0, -1])
def test_an_end_that_is_a_huge_number_or_long_ago_is_refused(expires: float):
    assert verdict(PUBLIC, over(as_part({"exp": expires}))) in (Verdict.EXPIRED, Verdict.TOO_FAR_AHEAD)


def test_an_end_with_more_digits_than_anybody_reads_is_refused():
    assert verdict(PUBLIC, over(raw('{"exp":' + "9" * 5000 + "}"))) is Verdict.MALFORMED


def test_an_end_with_a_fraction_is_a_number():
    assert verdict(PUBLIC, over(as_part({"exp": NOON + 0.5}))) is Verdict.VALID


def test_a_token_without_an_end_is_refused():
    assert verdict(PUBLIC, over(as_part(CLAIMS))) is Verdict.MALFORMED


@pytest.mark.parametrize("claims", ["[]", '"text"', "7", "null", "", "{", "{'exp':1}", '{"exp":1}}', "[" * 4000])
def test_claims_that_are_no_object_are_refused(claims: str):
    assert verdict(PUBLIC, over(raw(claims))) is Verdict.MALFORMED


@pytest.mark.parametrize("octets", [b"\xff\xfe{}", '{"exp":1}'.encode("utf-16"), b"\xef\xbb\xbf{}", b"\x80"])
def test_claims_that_are_not_utf8_are_refused(octets: bytes):
    assert verdict(PUBLIC, over(encoded(octets))) is Verdict.MALFORMED


@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
def test_a_token_has_three_parts(count: int):
    parts = [*a_token(PRIVATE, NOON + 300).split("."), "e30", "e30"]

    assert verdict(PUBLIC, ".".join(parts[:count])) is Verdict.MALFORMED


@pytest.mark.parametrize("change", [lambda t: t + "=", lambda t: t + "==", lambda t: " " + t, lambda t: t + "\n",
                                    lambda t: t.replace(".", ". "), lambda t: t + "+", lambda t: t + "é",
                                    lambda t: f"{t},{t}", lambda t: "Bearer " + t, lambda t: t + "\x00"])  # fmt: skip
def test_only_strict_base64url_is_read(change):
    assert verdict(PUBLIC, change(a_token(PRIVATE, NOON + 300))) is Verdict.MALFORMED


def test_a_second_spelling_of_a_signature_is_refused():
    """256 octets leave bits over in the last character; all but zeros there would be another token for the same."""
    token = a_token(PRIVATE, NOON + 300)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    assert verdict(PUBLIC, token[:-1] + alphabet[alphabet.index(token[-1]) + 1]) is Verdict.MALFORMED


def test_a_token_as_long_as_a_header_may_be_is_not_looked_into():
    long = over(as_part({"exp": NOON, "padding": "x" * LONGEST_TOKEN}))

    assert verdict(PUBLIC, long) is Verdict.MALFORMED
    assert verdict(PUBLIC, "A" * 1_000_000) is Verdict.MALFORMED


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
@example("..")
@example("e30.e30.AA")
def test_whatever_is_sent_is_refused_and_nothing_is_raised(token: str):
    assert verdict(PUBLIC, token) is not Verdict.VALID


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(header=JSON, claims=JSON)
def test_whatever_is_signed_with_the_key_is_valid_only_with_an_algorithm_and_an_end(header, claims):
    text = f"{encoded(json.dumps(header).encode())}", f"{encoded(json.dumps(claims).encode())}"
    fits = isinstance(header, dict) and isinstance(claims, dict) and "exp" in claims and header.get("alg") == "RS256"

    assert (verify(signed(PRIVATE, *text), PUBLIC, NOON) is not Verdict.VALID) or fits


@given(st.floats(min_value=-1e6, max_value=1e6) | st.integers(-(10**6), 10**6))
def test_the_end_decides_by_the_clock_alone(ends_in: float):
    token = over(as_part({"exp": NOON + ends_in}))

    assert (verify(token, PUBLIC, NOON) is Verdict.VALID) == (NOON - 60 < NOON + ends_in <= NOON + 360)


def test_headers_of_strangers_do_not_pile_up():
    for number in range(10 * MOST_HEADERS):
        verdict(PUBLIC, f"{as_part(HEADER | {'kid': number})}.{as_part(CLAIMS | {'exp': NOON})}.AAAA")

    assert len(tokens._HEADERS) <= MOST_HEADERS


def test_the_connectors_header_is_remembered_whatever_strangers_sent_before():
    for number in range(MOST_HEADERS):
        verdict(PUBLIC, f"{as_part(HEADER | {'kid': number})}.{as_part(CLAIMS | {'exp': NOON})}.AAAA")

    verdict(PUBLIC, a_token(PRIVATE, NOON))

    assert as_part(HEADER) in tokens._HEADERS
