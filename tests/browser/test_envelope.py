"""Envelopes between Python and a browser, each way: one format, one list of faults, and RFC 9180's own figures."""

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from portal.handoffs import recovery, words
from portal.handoffs.envelope import Bound, Envelope, check, key_sha256, open_envelope, opening, raw_public, seal
from portal.handoffs.faults import EnvelopeFault, PassphraseWrong
from tests.browser.visitor import Visitor
from tests.factories import a_private_key, pem_of, public_of
from tests.handoffs.sealing import RECEIVER, SOMEBODY_ELSE, SWAPS, VECTORS, altered, bound_to

pytestmark = pytest.mark.browser
PASSPHRASE = "fünfzehn or more"
Run = Callable[..., Any]

# What every script below may use: the module, and octets as base64, since pages and tests exchange text.
PRELUDE = """async (given) => {
  const at = (name) => import(`/static/js/${name}.js`);
  const [hpke, envelope, { WORDS }] = await Promise.all([at("hpke"), at("envelope"), at("words")]);
  const { base64, fromBase64 } = envelope;
  const fromHex = (digits) => Uint8Array.from(digits.match(/../g), (pair) => parseInt(pair, 16));
  const x25519 = (octets) => crypto.subtle.importKey("pkcs8", octets, { name: "X25519" }, true, ["deriveBits"]);
  const both = ({ ciphertext, signature }, form) => ({ ciphertext: form(ciphertext), signature: form(signature) });
  const [whole, packed] = [(one) => both(one, fromBase64), (one) => both(one, base64)];
  const orCode = (promise) => promise.catch((fault) => fault.code ?? `${fault}`);
"""


@pytest.fixture
def run(maya: Visitor) -> Run:
    """Runs a script on a page whose policy is the one for private keys."""
    maya.open(f"/{maya.account}/keys/check")

    def script(body: str, given: Any = None) -> Any:
        return maya.page.evaluate(PRELUDE + body + "}", given)

    return script


def pkcs8(private: X25519PrivateKey) -> str:
    return b64encode(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()


def members(bound: Bound) -> dict[str, Any]:
    """What is bound, as pages say it."""
    facts = {name: value for name, value in vars(bound).items() if name not in ("sender", "receiver")}
    return facts | {"from": bound.sender, "to": bound.receiver}


def packed(envelope: Envelope) -> dict[str, str]:
    return {name: b64encode(octets).decode() for name, octets in vars(envelope).items()}


def unpacked(envelope: dict[str, str]) -> Envelope:
    return Envelope(b64decode(envelope["ciphertext"]), b64decode(envelope["signature"]))


def sealed() -> Envelope:
    return seal(pem_of(a_private_key(0)), raw_public(RECEIVER), bound_to())


OPEN = """
  const { envelopes, key } = given;
  const privateKey = await x25519(fromBase64(key));
  return Promise.all(envelopes.map(([one, bound]) => orCode(envelope.open(whole(one), privateKey, bound))));
"""


def opened(run: Run, envelopes: list[tuple[Envelope, Bound]], private: X25519PrivateKey = RECEIVER) -> list[str]:
    """What the browser takes out of each, or the code of what is wrong."""
    given = [[packed(envelope), members(bound)] for envelope, bound in envelopes]
    return run(OPEN, {"envelopes": given, "key": pkcs8(private)})


def code_here(envelope: Envelope, bound: Bound, private: X25519PrivateKey = RECEIVER) -> str:
    """The code with which Python refuses it."""
    with pytest.raises(EnvelopeFault) as refusal:
        open_envelope(envelope, private, bound)
    return refusal.value.code


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["aead"])
def test_the_browser_opens_and_seals_as_rfc_9180_does(run: Run, vector: dict[str, Any]) -> None:
    # PKCS#8 around the 32 octets of a private key: RFC 8410, section 7.
    told = run(
        """
  const privateOf = (digits) => x25519(fromHex("302e020100300506032b656e04220420" + digits));
  const [enc, ct, info, aad, pt, to] = ["enc", "ct", "info", "aad", "pt", "pkRm"].map((name) => fromHex(given[name]));
  const options = { aad, keyOctets: given.key_octets };
  const receiver = await privateOf(given.skRm);
  const ephemeral = await privateOf(given.skEm);
  return {
    opened: base64(await hpke.openWith(receiver, info, hpke.join(enc, ct), options)),
    sealed: base64(await hpke.sealTo(to, info, pt, { ...options, ephemeral })),
    publicHalf: base64(await hpke.publicOf(receiver)),
  };
""",
        vector,
    )

    assert {name: b64decode(value).hex() for name, value in told.items()} == {
        "opened": vector["pt"],
        "sealed": vector["enc"] + vector["ct"],
        "publicHalf": vector["pkRm"],
    }


def test_the_browser_opens_a_hundred_envelopes_from_python(run: Run) -> None:
    numbers = [number % 3 for number in range(100)]
    bounds = [bound_to(RECEIVER, number, hand_off=f"h{at}") for at, number in enumerate(numbers)]
    pems = [pem_of(a_private_key(number)) for number in numbers]
    envelopes = [seal(pem, raw_public(RECEIVER), bound) for pem, bound in zip(pems, bounds, strict=True)]

    assert opened(run, list(zip(envelopes, bounds, strict=True))) == pems


def test_python_opens_a_hundred_envelopes_from_the_browser(run: Run) -> None:
    receivers = [X25519PrivateKey.generate() for _ in range(100)]
    numbers = [number % 3 for number in range(100)]
    pairs = enumerate(zip(receivers, numbers, strict=True))
    bounds = [bound_to(receiver, number, hand_off=f"h{at}") for at, (receiver, number) in pairs]
    given = [
        [pem_of(a_private_key(number)), b64encode(raw_public(receiver)).decode(), members(bound)]
        for receiver, number, bound in zip(receivers, numbers, bounds, strict=True)
    ]

    made = run(
        """
  return Promise.all(given.map(async ([pem, to, bound]) => packed(await envelope.seal(pem, fromBase64(to), bound))));
""",
        given,
    )

    for envelope, receiver, number, bound in zip(made, receivers, numbers, bounds, strict=True):
        check(public_of(a_private_key(number)).spki, unpacked(envelope), bound)
        assert open_envelope(unpacked(envelope), receiver, bound) == pem_of(a_private_key(number))


@pytest.mark.parametrize("bits", [3072, 4096])
def test_longer_keys_go_both_ways(run: Run, bits: int) -> None:
    pem, bound = pem_of(a_private_key(0, bits)), bound_to(RECEIVER, 0, bits, receiver="MAG000000202·é")

    made = run(
        "return packed(await envelope.seal(given[0], fromBase64(given[1]), given[2]));",
        [pem, b64encode(raw_public(RECEIVER)).decode(), members(bound)],
    )

    assert opened(run, [(seal(pem, raw_public(RECEIVER), bound), bound)]) == [pem]
    assert open_envelope(unpacked(made), RECEIVER, bound) == pem


def test_both_refuse_what_was_swapped_altered_cut_and_signed_by_another(run: Run) -> None:
    whole, other = sealed(), seal(pem_of(a_private_key(1)), raw_public(RECEIVER), bound_to(RECEIVER, 1))
    spoilt = [
        *[(whole, swap(bound_to())) for swap in SWAPS.values()],
        *[(altered(whole, at), bound_to()) for at in (0, 31, 32, 2000, 4127, 4128, 4143)],
        *[(replace(whole, ciphertext=whole.ciphertext[:octets]), bound_to()) for octets in (0, 31, 32, 4143)],
        (replace(whole, ciphertext=whole.ciphertext + b"\0"), bound_to()),
        (replace(whole, ciphertext=bytes(32) + whole.ciphertext[32:]), bound_to()),
        (replace(whole, ciphertext=other.ciphertext), bound_to()),
        (replace(whole, signature=other.signature), bound_to()),
        (replace(whole, signature=b""), bound_to()),
        (whole, bound_to(SOMEBODY_ELSE)),
        (other, replace(bound_to(RECEIVER, 1), spki_sha256=bound_to().spki_sha256)),
    ]

    assert opened(run, spoilt) == [code_here(envelope, bound) for envelope, bound in spoilt]


def test_both_tell_another_envelope_key_apart(run: Run) -> None:
    assert opened(run, [(sealed(), bound_to())], SOMEBODY_ELSE) == [code_here(sealed(), bound_to(), SOMEBODY_ELSE)]


def test_the_browser_refuses_to_seal_what_python_refuses(run: Run) -> None:
    usable, none = raw_public(RECEIVER), bytes(32)
    refused: list[tuple[str, bytes, Bound]] = [
        ("no key", usable, bound_to()),
        (pem_of(a_private_key(1)), usable, bound_to(RECEIVER, 0)),
        (pem_of(a_private_key(0)), raw_public(SOMEBODY_ELSE), bound_to()),
        (pem_of(a_private_key(0)), none, bound_to(to_key=key_sha256(none))),
        (pem_of(a_private_key(0)), b"short", bound_to(to_key=key_sha256(b"short"))),
        (pem_of(a_private_key(0, 6144)), usable, bound_to(RECEIVER, 0, 6144)),
    ]

    codes = run(
        """
  return Promise.all(given.map(([pem, to, bound]) => orCode(envelope.seal(pem, fromBase64(to), bound))));
""",
        [[pem, b64encode(public).decode(), members(bound)] for pem, public, bound in refused],
    )

    assert codes == [sealing_code(*one) for one in refused]


def sealing_code(pem: str, public: bytes, bound: Bound) -> str:
    with pytest.raises(EnvelopeFault) as refusal:
        seal(pem, public, bound)
    return refusal.value.code


def test_a_key_made_in_the_browser_is_kept_where_no_script_takes_it_out(run: Run) -> None:
    made = run("""
  const { publicKey, privateKey } = await envelope.makeKey();
  return { publicKey: base64(publicKey), name: await envelope.keep(publicKey, privateKey) };
""")
    public = b64decode(made["publicKey"])
    bound = bound_to(to_key=key_sha256(public))
    envelope = seal(pem_of(a_private_key(0)), public, bound)

    found = run(
        """
  const privateKey = await envelope.find(given.bound.to_key);
  return {
    extractable: privateKey.extractable,
    taken: await crypto.subtle.exportKey("pkcs8", privateKey).then(() => "taken", (fault) => fault.name),
    opened: await envelope.open(whole(given.envelope), privateKey, given.bound),
  };
""",
        {"envelope": packed(envelope), "bound": members(bound)},
    )

    assert made["name"] == key_sha256(public)
    assert found == {"extractable": False, "taken": "InvalidAccessError", "opened": pem_of(a_private_key(0))}


def test_a_key_that_this_browser_does_not_have_is_not_found(run: Run) -> None:
    assert run("return envelope.find('00');") is None


def test_a_recovery_copy_of_the_browser_opens_in_python(run: Run) -> None:
    made = run(
        """
  const pair = await envelope.makeKey();
  const [plain, chinese] = [await envelope.recoveryCopy(pair, given), await envelope.recoveryCopy(pair, given, "備份")];
  return { publicKey: base64(pair.publicKey), plain, chinese };
""",
        PASSPHRASE,
    )

    for copy in (made["plain"], made["chinese"]):
        assert raw_public(recovery.unwrap(copy, PASSPHRASE)) == b64decode(made["publicKey"])
    assert made["plain"].splitlines()[:6] == recovery.wrap(RECEIVER, PASSPHRASE).splitlines()[:6]


def test_a_recovery_copy_of_python_opens_in_the_browser_and_can_be_kept(run: Run) -> None:
    envelope = sealed()

    taken_out = run(
        """
  const { publicKey, privateKey } = await envelope.fromRecoveryCopy(given.copy, given.passphrase);
  const name = await envelope.keep(publicKey, privateKey);
  return envelope.open(whole(given.envelope), await envelope.find(name), given.bound);
""",
        {
            "copy": recovery.wrap(RECEIVER, PASSPHRASE),
            "passphrase": PASSPHRASE.replace("ü", "u\u0308"),
            "envelope": packed(envelope),
            "bound": members(bound_to()),
        },
    )

    assert taken_out == pem_of(a_private_key(0))


def test_both_refuse_recovery_copies_alike(run: Run) -> None:
    copy = recovery.wrap(RECEIVER, PASSPHRASE)
    other = recovery.wrap(SOMEBODY_ELSE, PASSPHRASE)
    lines, others = copy.splitlines(), other.splitlines()
    spoilt = [
        *["", "hello", "[]", "null", "{}", copy[:-20], copy.replace("600000", "1"), copy.replace('"v": 1', '"v": 2')],
        *["\n".join([*lines[:at], others[at], *lines[at + 1 :]]) for at in (6, 7, 8, 9)],
    ]

    codes = run(
        "return Promise.all(given[0].map((copy) => orCode(envelope.fromRecoveryCopy(copy, given[1]))));",
        [spoilt, PASSPHRASE],
    )

    assert codes == [unwrapping_code(one) for one in spoilt]
    assert codes[-4:] == [PassphraseWrong.code] * 4


def unwrapping_code(copy: str) -> str:
    with pytest.raises(EnvelopeFault) as refusal:
        recovery.unwrap(copy, PASSPHRASE)
    return refusal.value.code


def test_the_browser_refuses_another_passphrase_and_a_short_one(run: Run) -> None:
    codes = run(
        """
  const pair = await envelope.makeKey();
  const [wrong, short] = ["something else again", "fourteen chars"];
  return [
    await orCode(envelope.fromRecoveryCopy(given, wrong)),
    await orCode(envelope.recoveryCopy(pair, short)),
    await orCode(envelope.recoveryCopy(pair, "e\\u0301".repeat(14))),
  ];
""",
        recovery.wrap(RECEIVER, PASSPHRASE),
    )

    assert codes == ["passphrase_wrong", "passphrase_too_short", "passphrase_too_short"]


def test_both_say_the_same_words(run: Run) -> None:
    keys = [hashlib.sha256(bytes([number])).digest() for number in range(50)]

    said = run(
        "return [WORDS, await Promise.all(given.map((key) => envelope.comparisonWords(fromBase64(key))))];",
        [b64encode(key).decode() for key in keys],
    )

    assert said == [list(words.WORDS), [list(words.comparison_words(key)) for key in keys]]


def test_the_browser_signs_the_lines_that_prove_an_opening(run: Run) -> None:
    told = run(
        """
  const lines = envelope.opening(given);
  return [base64(lines), base64(await envelope.signature(given.pem, lines))];
""",
        {
            "baseUrl": "https://portal.example.com/",
            "handOff": "h7k2qmn4",
            "nonce": "abcd",
            "receiver": "MAG000000202",
            "pem": pem_of(a_private_key(0)),
        },
    )
    lines, signature = (b64decode(one) for one in told)

    assert lines == opening(
        base_url="https://portal.example.com", hand_off="h7k2qmn4", nonce=b"\xab\xcd", receiver="MAG000000202"
    )
    a_private_key(0).public_key().verify(signature, lines, padding.PKCS1v15(), hashes.SHA256())
