"""After 500 pairs made in every way, and copies handed over, nothing on the portal's side holds private material
(security.md 3.4)."""

import base64
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from html import unescape
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import joinedload
from structlog.testing import capture_logs

from portal.access.actor import Actor
from portal.access.rows import Reader, across_tenants
from portal.cli.holder.proving import proof
from portal.foundation.database import Base, db
from portal.handoffs import opening
from portal.handoffs.envelope import Bound, raw_public, seal
from portal.handoffs.models import HandOff
from portal.keys.models import KeyPair, KeyState
from portal.outbox import operations as outbox
from tests.conftest import PortalClient, SqliteStore
from tests.factories import (
    BASE_URL,
    PASSWORD,
    a_delegation,
    a_licensee,
    an_integrator,
    pem_of,
    public_of,
    public_pem_of,
    sign,
)
from tests.factories import tenant_of as tenant
from tests.many_keys import many_keys
from tests.scanning import Scanner, secrets_of
from tests.web.keys.test_batch_page import LINE
from tests.web.keys.test_command_page import CODE

ROTATED, EACH, AT_THE_SERVER, DELEGATED = 25, 100, 30, 30
COPIES = 12
PAIRS = AT_THE_SERVER + 3 * EACH + 20 + 3 * DELEGATED + 2 * ROTATED + 10
PRIVATE_PEM = re.compile(r"-----BEGIN PRIVATE KEY-----[^-<]+-----END PRIVATE KEY-----")
DATA_BOUND = re.compile(r'data-bound="([^"]+)"')
DATA_LINES = re.compile(r'data-lines="([^"]+)"')
FORTNIGHT = str(14 * 24 * 3600)


class Holder:
    """Somebody who makes pairs by pages and calls, and notes each private key that there was."""

    def __init__(self, visitor: PortalClient, account: str, keys: Iterator[rsa.RSAPrivateKey], holder: str) -> None:
        self.visitor, self.account, self.keys, self.holder = visitor, account, keys, holder
        self.made: list[str] = []
        self.numbers = count()
        self.private: list[rsa.RSAPrivateKey] = []
        page = BeautifulSoup(visitor.get(f"/{account}/keys/new").text, "html.parser")
        self.contract = page.find(attrs={"name": "contract"})["value"]

    def a_key(self) -> rsa.RSAPrivateKey:
        self.private.append(next(self.keys))
        return self.private[-1]

    def new(self, origin: str, old: str = "", **others: str) -> str:
        """The page where the making goes on."""
        form = {"name": f"Key {next(self.numbers)}", "contract": self.contract, "origin": origin, "password": PASSWORD}
        turn = {"overlap": FORTNIGHT, "ending": "held"} if old else {}
        path = f"/{self.account}/keys/{old}/rotate" if old else f"/{self.account}/keys/new"
        begun = self.visitor.post(path, data=form | turn | others)
        assert begun.status_code == 303, errors_on(begun)
        return begun.location

    def at_the_server(self, old: str = "") -> None:
        place = self.new("server", old)
        (pem,) = set(PRIVATE_PEM.findall(self.visitor.post(place).text))
        private = serialization.load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        self.private.append(private)  # type: ignore[arg-type]
        self._done(self.visitor.post(f"{place}/saved"))

    def by_upload(self, old: str = "") -> None:
        private = self.a_key()
        place = self.new("upload", old, public_pem=public_pem_of(private))
        message = self.visitor.get(f"{place}/message").data
        self._done(self.visitor.post(place, data={"signature": base64.b64encode(sign(private, message)).decode()}))

    def in_the_browser(self) -> None:
        private, place = self.a_key(), self.new("browser")
        (found,) = DATA_LINES.findall(self.visitor.get(place).text)
        lines = json.loads(unescape(found))
        message = "".join(f"{line}\n" for line in [*lines, public_of(private).spki_sha256.hex()]).encode()
        signature = base64.b64encode(sign(private, message)).decode()
        self._done(self.visitor.post(place, data={"public_pem": public_pem_of(private), "signature": signature}))

    def by_command(self) -> None:
        found = CODE.search(unescape(self.visitor.post(self.new("command")).text))
        assert found
        self.prove(found[1])

    def in_a_batch(self, wanted: int) -> None:
        names = "\n".join(f"Batch {number}" for number in range(wanted))
        form = {"names": names, "contract": self.contract, "password": PASSWORD}
        for code, _name in LINE.findall(unescape(self.visitor.post(f"/{self.account}/keys/batch", data=form).text)):
            self.prove(code)

    def prove(self, code: str) -> None:
        private = self.a_key()
        facts = self.call("keys/making", code=code).json
        answer = self.call("keys/making/proof", **proof(code, facts, private))
        assert answer.status_code == 200, answer.json
        self.made.append(answer.json["api_key"])

    def call(self, path: str, **content: str) -> Any:
        return self.visitor.open(f"/api/v1/{path}", method="POST", json=content)

    def _done(self, answer: Any) -> None:
        assert answer.status_code == 303, errors_on(answer)
        self.made.append(answer.location.rstrip("/").split("/keys/")[1].split("/")[0])

    def paste_everywhere(self) -> None:
        """A private key in every field where a text can be, and in calls; each is refused."""
        pem = pem_of(self.a_key())
        place = self.new("upload", public_pem=public_pem_of(self.a_key()))
        code = CODE.search(unescape(self.visitor.post(self.new("command")).text))
        assert code
        base = {"name": "Key", "contract": self.contract, "origin": "upload", "password": PASSWORD}
        forms: list[tuple[str, dict[str, str]]] = [
            (f"/{self.account}/keys/new", base | {"public_pem": pem}),
            (f"/{self.account}/keys/new", base | {"name": pem}),
            (f"/{self.account}/keys/new", base | {"contract": pem}),
            (f"/{self.account}/keys/new", base | {"origin": pem}),
            (f"/{self.account}/keys/new", base | {"password": pem}),
            (f"/{self.account}/keys/batch", {"names": f"One\n{pem}", "contract": self.contract, "password": PASSWORD}),
            (place, {"signature": pem}),
            (f"/{self.account}/keys/{self.made[0]}/rename", {"name": pem, "version": "1"}),
            (f"/{self.account}/keys/{self.made[35]}/rotate", {"name": pem, "origin": "upload", "public_pem": pem}),
            (f"/{self.account}/keys/{pem[:60]}", {"name": pem}),
        ]
        for path, form in forms:
            assert self.visitor.post(path, data=form).status_code in (400, 404, 405, 422), path
        for member in ("code", "public_key", "signature"):
            sent = {"code": code[1], "public_key": "x", "signature": "AAAA"} | {member: pem}
            assert self.call("keys/making/proof", **sent).status_code in (403, 422)
        assert self.call("keys/making", code=code[1], private_key=pem).status_code == 422
        assert self.call("keys/making", **{pem: "x"}).status_code == 422
        self.visitor.get(f"/{self.account}/keys?api_key={pem[:200]}")


def pass_copies(owner: Holder, agency: Holder, home: str) -> None:
    """Copies of pairs of the owner's go to the agency: offered, opened, and proved, a third of them each."""
    receiving = X25519PrivateKey.generate()
    enrolment = {"public": in_base64(raw_public(receiving)), "password": PASSWORD}
    assert agency.visitor.post(f"/{home}/hand-offs/envelope-key", data=enrolment).status_code == 303
    for number in range(AT_THE_SERVER, AT_THE_SERVER + COPIES):
        hand_off = handed_over(owner, owner.made[number], owner.private[number], receiving)
        place = f"/{home}/hand-offs/{hand_off}"
        if number % 3:
            assert agency.visitor.post(f"{place}/open", data={"password": PASSWORD}).status_code == 200
        if number % 3 == 2:
            message = opening_lines(hand_off)
            proof_of_it = {"signature": in_base64(sign(owner.private[number], message))}
            assert agency.visitor.post(f"{place}/proof", data=proof_of_it).status_code == 303
        else:
            assert agency.visitor.post(
                f"{place}/proof", data={"signature": pem_of(owner.private[number])}
            ).status_code in (
                409,
                422,
            )


def handed_over(owner: Holder, api_key: str, private: rsa.RSAPrivateKey, receiving: X25519PrivateKey) -> str:
    """The hand-off's id. A private key where the message belongs, or the envelope, is refused before."""
    path = f"/{owner.account}/keys/{api_key}/hand-over"
    choice = BeautifulSoup(owner.visitor.get(path).text, "html.parser").find(attrs={"name": "envelope_key"})["value"]
    given = {"envelope_key": choice, "password": PASSWORD}
    assert owner.visitor.post(path, data=given | {"message": pem_of(private)}).status_code == 422
    place = owner.visitor.post(path, data=given).location
    told = json.loads(unescape(DATA_BOUND.findall(owner.visitor.get(place).text)[0]))
    names = {"from": "sender", "to": "receiver"}
    bound = Bound(**{names.get(name, name): value for name, value in told.items()})
    sealed = seal(pem_of(private), raw_public(receiving), bound)
    wrong = {"ciphertext": pem_of(private), "signature": pem_of(private)}
    assert owner.visitor.post(place, data=wrong).status_code == 422
    form = {"ciphertext": in_base64(sealed.ciphertext), "signature": in_base64(sealed.signature)}
    return owner.visitor.post(place, data=form).location.rpartition("/")[2]


def opening_lines(hand_off: str) -> bytes:
    """What the opened key signs, as the page of the receiver says it."""
    rows = across_tenants(HandOff, reason=Reader.UPKEEP).where(HandOff.public_id == hand_off)
    row = db.session.scalars(rows.options(joinedload(HandOff.receiver))).one()
    return opening.message_of(row, base_url=BASE_URL)


def in_base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()


@pytest.fixture(scope="module")
def keys() -> list[rsa.RSAPrivateKey]:
    """The holders' own."""
    return list(islice(many_keys(), 600))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go meanwhile."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.timeout(300)
def test_after_500_pairs_no_private_material_is_anywhere(
    app: Flask, database_store, signed_in, keys: list[rsa.RSAPrivateKey], temporary: Path, caplog
):
    stock, owner = iter(keys), a_licensee(name="Aurora")
    with capture_logs() as logged:
        holders = [Holder(signed_in(owner), tenant(owner).account_id, stock, "owner")]
        integrator = an_integrator(name="Agency")
        holders += [an_agency(signed_in, owner, integrator, stock)]
        make_them(*holders)
        pass_copies(*holders, tenant(integrator).account_id)
        for holder in holders:
            holder.paste_everywhere()

    pairs = list(db.session.scalars(across_tenants(KeyPair, reason=Reader.UPKEEP)))
    private = [key for holder in holders for key in holder.private]
    assert len([pair for pair in pairs if pair.state in (KeyState.ACTIVE, KeyState.RETIRING)]) == PAIRS >= 500
    scanner = Scanner(private)
    places = {
        "log": f"{logged}{caplog.text}".encode(),
        "messages": repr(outbox.read_all(1000)).encode(),
        "cookies": repr([holder.visitor._cookies for holder in holders]).encode(),
        **files_in(temporary),
        **files_in(Path(app.config["PORTAL"].data_folder)),
        **database(database_store),
    }
    assert {name: found for name, octets in places.items() if (found := scanner.findings(octets))} == {}
    assert sum(map(len, places.values())) > 500_000


def errors_on(answer: Any) -> list[str]:
    return [each.get_text(" ", strip=True) for each in BeautifulSoup(answer.text, "html.parser").select(".field-error")]


def an_agency(signed_in: Any, owner: Actor, integrator: Actor, stock: Iterator[rsa.RSAPrivateKey]) -> Holder:
    a_delegation(owner, integrator)
    return Holder(signed_in(integrator), tenant(owner).account_id, stock, "integrator")


def make_them(owner: Holder, agency: Holder) -> None:
    for _number in range(AT_THE_SERVER):
        owner.at_the_server()
    for _number in range(EACH):
        owner.by_upload()
        owner.in_the_browser()
        owner.by_command()
    owner.in_a_batch(20)
    for _number in range(DELEGATED):
        agency.by_upload()
        agency.in_the_browser()
        agency.by_command()
    for old in owner.made[40 : 40 + 2 * ROTATED]:
        owner.by_upload(old)
    for old in agency.made[:10]:
        agency.at_the_server(old)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def database(store: Any) -> dict[str, bytes]:
    """Every octet of the file and of what lies beside it; on PostgreSQL every value of every row."""
    if isinstance(store, SqliteStore):
        # By another process: this one, closing the file, would drop SQLite's locks (sqlite.org/howtocorrupt.html, 2.2),
        # while connections are kept open; and who writes next from elsewhere would break the database for them.
        return {file.name: subprocess.check_output(["cat", file]) for file in store.file.parent.iterdir()}
    found = {}
    with store.superuser.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = connection.execute(text(f"SELECT * FROM {table.name}")).all()  # noqa: S608 - from our metadata
            found[table.name] = b"\n".join(_octets(value) for row in rows for value in row)
    return found


def _octets(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


@pytest.mark.no_database
@pytest.mark.parametrize("number", range(7))
def test_the_scan_finds_what_is_there_in_every_form(number: int):
    """Else the test above says nothing."""
    key = rsa.generate_private_key(65537, 2048)
    scanner, secret = Scanner([key]), secrets_of(key)[number]
    noise = b"x" * 1000
    forms = [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        str(int.from_bytes(secret, "big")).encode(),
        *(base64.b64encode(b"?" * shift + secret + b"?" * 5) for shift in range(3)),
        *(base64.urlsafe_b64encode(b"?" * shift + secret) for shift in range(3)),
        base64.encodebytes(b"?" + secret),
        secret[len(secret) // 2 :],
    ]

    assert [scanner.findings(noise + form + noise) != [] for form in forms] == [True] * len(forms)
    assert scanner.findings(noise + public_pem_of(key).encode() + public_of(key).spki) == []


@pytest.mark.no_database
def test_the_scan_finds_files():
    key = rsa.generate_private_key(65537, 2048)
    scanner = Scanner([key])
    without_labels = "".join(pem_of(key).splitlines()[1:-1]).encode()

    assert scanner.findings(without_labels)
    assert scanner.findings(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
