"""The pages of key pairs, through the door: what people see, what is refused, what is never shown twice."""

import base64
import io
import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func

from portal.access.roles import Environment, Role
from portal.access.rows import Reader, across_tenants
from portal.foundation.database import db, transaction
from portal.keys import making, material, store
from portal.keys.models import BlockedKey, KeyPair, KeyState
from tests.factories import (
    PASSWORD,
    a_deputy,
    a_key,
    a_licensee,
    a_member,
    a_partner,
    a_private_key,
    an_intent,
    message_of,
    pem_of,
    public_of,
    public_pem_of,
    sign,
    tenant_of,
)

PRIVATE = "BEGIN PRIVATE KEY"


@pytest.fixture
def owner():
    return a_licensee(name="Aurora")


@pytest.fixture
def visitor(owner, signed_in):
    return signed_in(owner)


@pytest.fixture
def account(owner):
    return tenant_of(owner).account_id


def count(model) -> int:
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(model))


def soup(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def words(answer) -> str:
    return " ".join(soup(answer).get_text(" ").split())


def begin(visitor, account, *, environment="sandbox", name="Storefront", **others):
    """Fill in the first page; returns its answer."""
    page = soup(visitor.get(f"/{account}/keys/new?environment={environment}"))
    contract = page.find(attrs={"name": "contract"})["value"]
    fields = {"name": name, "contract": contract, "origin": "server", "password": PASSWORD} | others
    return visitor.post(f"/{account}/keys/new?environment={environment}", data=fields)


# Addresses


def test_a_nul_in_an_address_names_nothing(visitor, account):
    for path in ("/MAG%00", f"/{account}/keys/%00"):
        assert visitor.get(path).status_code == 404


def test_a_nul_in_the_search_finds_nothing(visitor, account, owner):
    a_key(owner)

    page = visitor.get(f"/{account}/keys?api_key=a%00")

    assert page.status_code == 200
    assert "Nothing matches these filters" in words(page)


@pytest.mark.parametrize("query", ["endpoint=x", "_method=POST", "account=MAG999999999", "_external=1", "api_key=a"])
def test_the_environment_switch_takes_nothing_along_from_the_address(visitor, account, query):
    page = visitor.get(f"/{account}/keys?{query}")

    assert page.status_code == 200
    assert soup(page).find("a", href=f"/{account}/keys?environment=production")


# Made by the server


def test_s10_the_owner_makes_a_pair_for_each_environment(visitor, account):
    for environment in ("sandbox", "production"):
        where = begin(visitor, account, environment=environment).location
        visitor.post(where)
        visitor.post(f"{where}/saved")

    page = words(visitor.get(f"/{account}/keys"))

    assert "2 of 2 ready" in page


def test_the_private_key_is_shown_on_the_one_page_that_answers_the_request(visitor, account):
    where = begin(visitor, account).location

    page = visitor.post(where)

    assert page.text.count(PRIVATE) >= 1
    assert page.headers["Cache-Control"] == "no-store"


def test_a_second_request_says_so_and_shows_no_key(visitor, account):
    where = begin(visitor, account).location
    visitor.post(where)

    again = visitor.post(where)

    assert again.status_code == 409
    assert PRIVATE not in again.text
    assert "Discard and make another" in words(again)
    assert count(KeyPair) == 1


def test_loading_the_page_again_shows_no_key(visitor, account):
    where = begin(visitor, account).location
    visitor.post(where)

    assert PRIVATE not in visitor.get(where).text


def test_discard_and_make_another_leads_to_a_new_beginning(visitor, account):
    where = begin(visitor, account).location
    visitor.post(where)

    answer = visitor.post(f"{where}/discard", data={"again": "1"})

    assert answer.location.startswith(f"/{account}/keys/new")


def test_a_name_taken_meanwhile_is_said_with_a_way_on(owner, visitor, account):
    making_page = begin(visitor, account, name="Storefront").location
    a_key(owner, name="Storefront")

    refused = visitor.post(making_page)
    discard = soup(refused).find("form", action=re.compile("/discard$"))
    way_on = visitor.post(discard["action"], data={"again": "1"})

    assert refused.status_code == 422
    assert "There is already a key pair “Storefront” in this environment." in words(refused)
    assert way_on.location.endswith("/keys/new?environment=sandbox")


def test_a_name_taken_before_the_proof_is_said_with_a_way_on(owner, visitor, account):
    private = a_private_key()
    making_page = begin(
        visitor, account, name="Storefront", origin="upload", public_pem=public_pem_of(private)
    ).location
    message = visitor.get(f"{making_page}/message").data
    a_key(owner, name="Storefront")

    refused = visitor.post(making_page, data={"signature": base64.b64encode(sign(private, message)).decode()})

    assert refused.status_code == 422
    assert "There is already a key pair “Storefront” in this environment." in words(refused)
    assert soup(refused).find("form", action=re.compile("/discard$"))


def test_only_the_person_who_began_goes_on(owner, visitor, account, signed_in):
    where = begin(visitor, account).location
    other = signed_in(a_member(tenant_of(owner)))

    assert other.get(where).status_code == 404
    assert other.post(where).status_code == 404


def test_making_a_production_pair_asks_for_the_password_every_time(visitor, account):
    answer = begin(visitor, account, environment="production", password="not the one")

    assert answer.status_code == 422
    assert soup(answer).find(id="password")


# Uploaded


def test_an_uploaded_key_is_proved_with_the_file_and_put_into_service(owner, visitor, account):
    private = a_private_key()
    where = begin(visitor, account, origin="upload", public_pem=public_pem_of(private)).location
    message = visitor.get(f"{where}/message").data

    answer = visitor.post(where, data={"signature": base64.b64encode(sign(private, message)).decode()})

    assert answer.status_code == 303
    api_key = answer.location.rsplit("/", 1)[1]
    assert store.get(owner, api_key).state is KeyState.ACTIVE


def test_the_page_gives_the_lines_for_openssl(visitor, account):
    where = begin(visitor, account, origin="upload", public_pem=public_pem_of(a_private_key())).location

    page = visitor.get(where).text

    assert "openssl dgst -sha256 -sign private-key.pem" in page


def test_a_wrong_proof_says_so_at_the_field_and_keeps_nothing(visitor, account):
    where = begin(visitor, account, origin="upload", public_pem=public_pem_of(a_private_key())).location

    answer = visitor.post(where, data={"signature": "AAAA"})

    assert answer.status_code == 422
    assert "does not fit" in words(answer)
    assert count(KeyPair) == 0


def test_a_pasted_private_key_is_refused_burnt_and_not_rendered_back(owner, visitor, account):
    private = a_private_key(1)

    answer = begin(visitor, account, origin="upload", public_pem=pem_of(private))

    assert answer.status_code == 422
    assert PRIVATE not in answer.text
    assert "This is a private key" in words(answer)
    assert db.session.get(BlockedKey, public_of(private).spki_sha256) is not None


def test_a_weak_key_is_refused_with_the_reason_and_what_was_typed_stays(visitor, account):
    short = public_pem_of(a_private_key(9, bits=1024))

    answer = begin(visitor, account, origin="upload", public_pem=short, name="Keep me")

    assert "has 1024 bits" in words(answer)
    assert soup(answer).find(id="name")["value"] == "Keep me"
    assert "BEGIN PUBLIC KEY" in answer.text


# The list, one pair, rename, revoke


def test_the_list_says_1_of_2_ready_until_both_exist(owner, visitor, account):
    a_key(owner)

    assert "1 of 2 ready" in words(visitor.get(f"/{account}/keys"))


def test_a_pasted_api_key_finds_its_pair(owner, visitor, account):
    wanted, other = a_key(owner, name="Wanted"), a_key(owner, name="Other one")

    page = words(visitor.get(f"/{account}/keys?api_key=%20{wanted.api_key.upper()}"))

    assert "Wanted" in page
    assert other.api_key not in page


def test_one_pair_shows_the_chain_behind_it(owner, visitor, account):
    pair = a_key(owner, name="Storefront")

    page = words(visitor.get(f"/{account}/keys/{pair.api_key}"))

    for word in ("Adobe Commerce", "Aurora", account, owner.label, "Payment Services"):
        assert word in page


def test_revoking_a_production_pair_asks_for_name_and_password(owner, visitor, account):
    pair = a_key(owner, name="Live shop", environment=Environment.PRODUCTION)
    where = f"/{account}/keys/{pair.api_key}/revoke"

    wrong = visitor.post(where, data={"typed_name": "something", "password": PASSWORD})
    right = visitor.post(where, data={"typed_name": "Live shop", "password": PASSWORD})

    assert (wrong.status_code, right.status_code) == (422, 303)
    assert store.get(owner, pair.api_key).state is KeyState.REVOKED


def test_revoking_a_sandbox_pair_right_after_signing_in_needs_one_click(owner, visitor, account):
    pair = a_key(owner)

    assert visitor.post(f"/{account}/keys/{pair.api_key}/revoke").status_code == 303


def test_a_rename_from_an_old_form_is_a_409_with_both_versions(owner, visitor, account):
    pair = a_key(owner, name="Old")
    where, seen = f"/{account}/keys/{pair.api_key}/rename", pair.version
    visitor.post(where, data={"name": "Theirs", "version": seen})

    answer = visitor.post(where, data={"name": "Mine", "version": seen})

    assert answer.status_code == 409
    assert {"Mine", "Theirs"} <= set(re.findall(r"\w+", words(answer)))


def test_a_viewer_sees_the_action_disabled_with_the_reason(owner, signed_in, account):
    viewer = signed_in(a_member(tenant_of(owner), Role.VIEWER))

    page = words(viewer.get(f"/{account}/keys"))

    assert "Your role does not allow this: Make key pairs" in page


def test_s9_a_partners_member_who_is_no_signer_is_told_who_the_signer_is(signed_in):
    signer = a_partner()
    a_deputy(signer)
    visitor, account = signed_in(a_member(tenant_of(signer))), tenant_of(signer).account_id

    listed = words(visitor.get(f"/{account}/keys"))
    refused = visitor.get(f"/{account}/keys/new")

    assert "The signer is Sanna Signer" in listed
    assert refused.status_code == 403
    assert "Dora Deputy" in words(refused)


def test_an_unknown_environment_in_the_address_is_not_found(visitor, account):
    assert visitor.get(f"/{account}/keys?environment=staging").status_code == 404


# A private key where none belongs (rule 2)


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "origin": "upload", "public_pem": "PEM"},
        {"origin": "server", "public_pem": "PEM"},
        {"origin": "", "public_pem": "PEM"},
        {"origin": "upload", "public_pem": "x" * 20_000 + "PEM"},
        {"name": "PEM"},
        {"password": "PEM"},
    ],
    ids=["no name", "made by the server", "no way chosen", "too long", "as the name", "as the password"],
)
def test_a_private_key_in_any_field_is_burnt_and_not_rendered_back(fields, visitor, account):
    private = a_private_key(2)
    given = {name: value.replace("PEM", pem_of(private)) for name, value in fields.items()}

    answer = begin(visitor, account, environment="production", **given)

    assert answer.status_code == 422
    assert PRIVATE not in answer.text
    assert "This is a private key" in words(answer)
    assert db.session.get(BlockedKey, public_of(private).spki_sha256) is not None


@pytest.mark.parametrize("field", ["signature", "signature_file"])
def test_a_private_key_instead_of_the_proof_is_burnt_and_not_rendered_back(field, visitor, account):
    private = a_private_key(3)
    where = begin(visitor, account, origin="upload", public_pem=public_pem_of(private)).location
    pem = pem_of(private)
    given = (io.BytesIO(pem.encode()), "proof.sig") if field == "signature_file" else pem

    answer = visitor.post(where, data={field: given}, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert PRIVATE not in answer.text
    assert db.session.get(BlockedKey, public_of(private).spki_sha256) is not None


def test_burning_a_pair_in_service_warns_and_names_it(owner, visitor, account):
    private = a_private_key(4)
    intent = an_intent(owner, private=private, name="In service")
    message = message_of(owner, intent, private)
    with transaction():
        making.prove(owner, intent, signed=message, signature=sign(private, message))

    answer = begin(visitor, account, origin="upload", public_pem=pem_of(private))

    assert "It belongs to your key pair “In service”, which goes on working" in words(answer)


def test_a_signature_file_that_is_no_file_is_a_sentence(visitor, account):
    where = begin(visitor, account, origin="upload", public_pem=public_pem_of(a_private_key())).location

    assert visitor.post(where, data={"signature_file": "text"}).status_code == 422


def test_two_overlapping_requests_for_the_pair_show_one_private_key(owner, visitor, account, monkeypatch):
    where = begin(visitor, account).location
    halves = [(public_of(a_private_key(number)), pem_of(a_private_key(number)).encode()) for number in (5, 6)]

    def generate():
        if len(halves) == 2:
            half = halves.pop()
            assert PRIVATE in visitor.post(where).text
            return half
        return halves.pop()

    monkeypatch.setattr(material, "generate", generate)

    late = visitor.post(where)

    assert late.status_code == 409
    assert PRIVATE not in late.text
    assert count(KeyPair) == 1
