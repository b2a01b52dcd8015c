"""People who make key pairs over HTTP, each way, and do not give up when an answer is lost: they look, and go on.

`Maker.make` is one pair from the wish to the answer that it is in service. A further kind of client is one more class
in `WAYS` with what it remembers in `Made`.
"""

import base64
import hashlib
import http.client
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from threading import Event
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.cli.holder.proving import proof
from portal.handoffs.envelope import Bound, Envelope, open_envelope, opening, raw_public, seal

BITS = 2048  # many are made beside the server, and 2048 bits take a quarter of the time
TRY_SECONDS = 120  # for one step, over all its repetitions
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]*)"')
CONTRACT = re.compile(r'name="contract" value="([^"]*)"')
CODE = re.compile(r"((?:[0-9a-z]{4}-){6}[0-9a-z]{4})")
PRIVATE_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----")
HAND_OFF = re.compile(r"hof_[0-9a-z]{20}")
BOUND, ENVELOPE = re.compile(r'data-bound="([^"]*)"'), re.compile(r'data-envelope="([^"]*)"')
DONE = "The sealed copy is destroyed; the private key has two holders now"
API_KEY = re.compile(r"/keys/([0-9a-f]{32})")
PATIENCE_SECONDS = 30
T = TypeVar("T")


class Lost(Exception):
    """No answer came, or one that says that the server is not there now."""


class NotThere(Lost):
    """Nobody listened, so nothing was asked."""


class Stopped(Exception):
    """The measuring is over before this step was answered."""


@dataclass
class Answer:
    status: int
    text: str
    location: str


@dataclass
class Made:
    """One wish and what was answered. `shown` counts the pages with a private key, by intent."""

    way: str
    name: str
    holder_made: bool
    intents: list[str] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    spki_sha256: bytes = b""
    api_key: str = ""  # acknowledged: from here on it must be there
    hand_off: str = ""  # acknowledged: a copy was offered
    opened: bool = False  # acknowledged: it was read, and the ciphertext is gone


class Visitor:
    """A browser of somebody at this address, on a connection that is made anew when it breaks."""

    def __init__(self, origin: str, stop: Event, answered: Callable[[], None], address: str = "127.0.0.1") -> None:
        self.origin, self.stop, self.answered, self.address = origin, stop, answered, address
        self.cookies: dict[str, str] = {}
        self.lost = 0
        self._connection: http.client.HTTPConnection | None = None

    def get(self, path: str) -> Answer:
        return self._send("GET", path, None, {})

    def post(self, path: str, form: dict[str, str]) -> Answer:
        """The answer to a form, with the token of its page."""
        token = TOKEN.search(self.get(path if path == "/sign-in" else "/profile").text)
        body = urlencode({"csrf_token": unescape(token[1]) if token else ""} | form)
        return self._send("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def call(self, path: str, content: dict[str, str]) -> dict[str, str]:
        """What the API answers. Raises: Lost, RuntimeError for a refusal."""
        answer = self._send("POST", f"/api/v1/{path}", json.dumps(content), {"Content-Type": "application/json"})
        said: dict[str, str] = json.loads(answer.text)
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {said}")
        return said

    def until_answered(self, step: Callable[[], T]) -> T:
        """What `step` leads to, tried until no answer to it is lost. Raises: Stopped."""
        deadline = time.monotonic() + TRY_SECONDS
        while time.monotonic() < deadline:
            try:
                return step()
            except Lost as reason:
                self.lost += not isinstance(reason, NotThere)
                time.sleep(0.05)
        raise Stopped

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> Answer:
        place = urlsplit(self.origin)
        headers = headers | {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        connection = self._connected(place.port)
        try:
            connection.request(method, path, body, headers | {"Host": place.netloc})
            got = connection.getresponse()
            text = got.read().decode()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._connection = None
            raise Lost(type(error).__name__) from error
        for cookie in got.headers.get_all("Set-Cookie") or []:
            name, _is, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if got.status >= 500:
            raise Lost(f"{got.status}")
        self.answered()
        return Answer(got.status, text, got.headers.get("Location") or "")

    def _connected(self, port: int | None) -> http.client.HTTPConnection:
        if self._connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, PATIENCE_SECONDS, (self.address, 0))
            try:
                connection.connect()
            except OSError as error:
                raise NotThere from error
            self._connection = connection
        return self._connection


@dataclass
class Receiver:
    """An integrator's person to whom copies are handed over: account id, sign-in, envelope key (public id, private)."""

    account: str
    email: str
    password: str
    envelope_key: str
    private: X25519PrivateKey


@dataclass
class Owner:
    """The owner of an account: account id, sign-in, and an integrator of its own."""

    account: str
    email: str
    password: str
    receiver: Receiver


class Maker:
    """Somebody who makes pairs in one way, one after the other."""

    way = ""
    holder_made = True

    def __init__(self, visitor: Visitor, owner: Owner) -> None:
        self.visitor, self.owner = visitor, owner
        self.account, self.password = owner.account, owner.password

    def sign_in(self) -> None:
        """As on the first morning: the door, then the password."""
        sign_in(self.visitor, self.owner.email, self.owner.password)

    def make(self, made: Made) -> None:
        """One pair, from the wish to its API key in `made`."""
        raise NotImplementedError

    def begin(self, made: Made, **others: str) -> str:
        """The path of the page where the making goes on; the same wish repeated meets the same one."""
        path = f"/{self.account}/keys/new?environment=sandbox"
        contract = CONTRACT.search(self.visitor.get(path).text)
        if contract is None:
            raise RuntimeError("there is no page to begin on")
        form = {"name": made.name, "contract": contract[1], "origin": self.way, "password": self.password}
        begun = self.visitor.post(path, form | others)
        if begun.status != 303:
            raise RuntimeError(f"beginning answered {begun.status}")
        intent = begun.location.rpartition("/")[2]
        if intent not in made.intents:
            made.intents.append(intent)
        return urlsplit(begun.location).path


class AtTheServer(Maker):
    """Has the portal make the pair, and says that the private key was saved."""

    way = "server"
    holder_made = False

    def make(self, made: Made) -> None:
        while not made.api_key:
            made.api_key = self._once(made)

    def _once(self, made: Made) -> str:
        """The API key; "" where the page with the private key was lost on its way, so that nobody has it."""
        place = self.visitor.until_answered(lambda: self.begin(made))
        if self.visitor.until_answered(lambda: self._shown(made, place)):
            return self.visitor.until_answered(lambda: self._saved(place))
        self.visitor.until_answered(lambda: self._discard(place))
        return ""

    def _shown(self, made: Made, place: str) -> bool:
        page = self.visitor.post(place, {})
        found = PRIVATE_PEM.search(unescape(page.text))
        if found is None:
            return False
        intent = place.rpartition("/")[2]
        made.shown[intent] = made.shown.get(intent, 0) + 1
        private = serialization.load_pem_private_key(found[0].encode(), None, unsafe_skip_rsa_key_validation=True)
        made.spki_sha256 = sha256_of(private)  # type: ignore[arg-type]
        return True

    def _discard(self, place: str) -> None:
        self.visitor.post(f"{place}/discard", {})

    def _saved(self, place: str) -> str:
        return api_key_in(self.visitor.post(f"{place}/saved", {}))


class WithAnUpload(Maker):
    """Gives the public key, and the signature over the text of the page."""

    way = "upload"

    def make(self, made: Made) -> None:
        private = new_key()
        made.spki_sha256 = sha256_of(private)
        place = self.visitor.until_answered(lambda: self.begin(made, public_pem=public_pem(private)))
        message = self.visitor.until_answered(lambda: self.visitor.get(f"{place}/message").text)
        signature = base64.b64encode(private.sign(message.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        made.api_key = self.visitor.until_answered(lambda: self._proved(place, signature))

    def _proved(self, place: str, signature: str) -> str:
        return api_key_in(self.visitor.post(place, {"signature": signature}))


class WithTheCommandLine(Maker):
    """Takes the code from the page and does what `portal-key new` does."""

    way = "command"

    def make(self, made: Made) -> None:
        self.private = private = new_key()
        made.spki_sha256 = sha256_of(private)
        place = self.visitor.until_answered(lambda: self.begin(made))
        code = self.visitor.until_answered(lambda: self._code(place))
        known = {"code": code, "public_key_sha256": made.spki_sha256.hex()}
        facts = self.visitor.until_answered(lambda: self.visitor.call("keys/making", known))
        given = proof(code, facts, private)
        made.api_key = self.visitor.until_answered(lambda: self.visitor.call("keys/making/proof", given))["api_key"]

    def _code(self, place: str) -> str:
        found = CODE.search(unescape(self.visitor.post(place, {}).text))
        if found is None:
            raise RuntimeError("the page shows no code")
        return found[1]


class HandsOver(WithTheCommandLine):
    """Makes a pair as before, then seals a copy of it to an integrator, which opens it and proves that it did."""

    def __init__(self, visitor: Visitor, owner: Owner) -> None:
        super().__init__(visitor, owner)
        self.receiver = owner.receiver
        self.receiving = Visitor(visitor.origin, visitor.stop, visitor.answered)

    def sign_in(self) -> None:
        super().sign_in()
        sign_in(self.receiving, self.receiver.email, self.receiver.password)

    def make(self, made: Made) -> None:
        super().make(made)
        place = self.visitor.until_answered(lambda: self._intended(made))
        bound = self.visitor.until_answered(lambda: bound_on(self.visitor.get(place)))
        envelope = seal(pem_of(self.private), raw_public(self.receiver.private), bound)
        sealed = {"ciphertext": in_base64(envelope.ciphertext), "signature": in_base64(envelope.signature)}
        made.hand_off = self.visitor.until_answered(lambda: self._offered(place, sealed))
        made.opened = self.visitor.until_answered(lambda: self._opened(made.hand_off))
        self.visitor.lost, self.receiving.lost = self.visitor.lost + self.receiving.lost, 0

    def _intended(self, made: Made) -> str:
        path = f"/{self.account}/keys/{made.api_key}/hand-over"
        begun = self.visitor.post(path, {"envelope_key": self.receiver.envelope_key, "password": self.password})
        if begun.status != 303:
            raise RuntimeError(f"handing over answered {begun.status}")
        return urlsplit(begun.location).path

    def _offered(self, place: str, sealed: dict[str, str]) -> str:
        found = HAND_OFF.search(self.visitor.post(place, sealed).location)
        if found is None:
            raise RuntimeError("the copy was not taken")
        return found[0]

    def _opened(self, hand_off: str) -> bool:
        """Opened and proved; one that is done already was, and the answer was lost."""
        place = f"/{self.receiver.account}/hand-offs/{hand_off}"
        page = self.receiving.post(f"{place}/open", {"password": self.receiver.password})
        found = ENVELOPE.search(page.text)
        if found is None:
            return DONE in self.receiving.get(place).text
        given = json.loads(unescape(found[1]))
        envelope = Envelope(base64.b64decode(given["ciphertext"]), base64.b64decode(given["signature"]))
        pem = open_envelope(envelope, self.receiver.private, as_bound(given["bound"]))
        told = given["opening"]
        message = opening(
            base_url=told["baseUrl"],
            hand_off=told["handOff"],
            nonce=bytes.fromhex(told["nonce"]),
            receiver=told["receiver"],
        )
        private = serialization.load_pem_private_key(pem.encode(), None)
        signature = private.sign(message, padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr, call-arg, arg-type]
        return self.receiving.post(f"{place}/proof", {"signature": in_base64(signature)}).status == 303


WAYS: tuple[type[Maker], ...] = (AtTheServer, WithAnUpload, WithTheCommandLine, HandsOver)


def sign_in(visitor: Visitor, email: str, password: str) -> None:
    """The door, then the password."""
    visitor.cookies.clear()
    entered = visitor.post("/sign-in", {"email": email, "password": password})
    if entered.status != 303:
        raise RuntimeError(f"sign-in answered {entered.status}")


def bound_on(page: Answer) -> Bound:
    """What the envelope has to bind, by the page on which it is sealed."""
    found = BOUND.search(page.text)
    if found is None:
        raise RuntimeError(f"there is nothing to seal: {page.status}")
    return as_bound(json.loads(unescape(found[1])))


def as_bound(told: dict[str, Any]) -> Bound:
    """The same, as the page's script has it."""
    return Bound(**{{"from": "sender", "to": "receiver"}.get(name, name): value for name, value in told.items()})


def pem_of(private: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private.private_bytes(*form).decode()


def in_base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, BITS)


def public_pem(private: rsa.RSAPrivateKey) -> str:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.public_key().public_bytes(*form).decode()


def sha256_of(private: rsa.RSAPrivateKey) -> bytes:
    """The SHA-256 of the public half in DER."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(private.public_key().public_bytes(*form)).digest()


def api_key_in(answer: Answer) -> str:
    """The API key of the page that the answer leads to."""
    found = API_KEY.search(answer.location)
    if answer.status != 303 or found is None:
        raise RuntimeError(f"not in service: answered {answer.status}")
    return found[1]


def a_name(way: str) -> str:
    return f"{way} {secrets.token_hex(6)}"
