"""What an answer must not get away with: each attack is refused, and nobody is signed in."""

import itertools
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from sqlalchemy import func, select

from portal.accounts import attempts
from portal.accounts import store as people
from portal.accounts.models import UserSession
from portal.foundation import outgoing
from portal.foundation.database import db, transaction
from portal.providers import operations
from portal.providers import setup as providers
from tests.factories import a_licensee
from tests.providers.conftest import account_of, back_from, go, set_up, sign_in
from tests.providers.op import Provider, say, unsigned, with_shared_key


def sessions() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(UserSession))


def refused(answer, words: str = "") -> None:
    """The answer is a page that refuses, with these words, and signs nobody in."""
    assert answer.status_code in (403, 502), answer.status_code
    assert words in answer.text, answer.text
    assert "sid=" not in str(answer.headers.getlist("Set-Cookie"))
    assert sessions() == 0


def changed(name, value):
    def spoil(claims):
        claims[name] = value

    return spoil


def without(name):
    return lambda claims: claims.pop(name)


NOW = time.time
SPOILT = {
    "wrong audience": (changed("aud", "somebody-else"), "for another client"),
    "a second audience": (changed("aud", ["portal-client", "somebody-else"]), "for another client"),
    "another authorized party": (changed("azp", "somebody-else"), "for another client"),
    "another issuer": (changed("iss", "https://evil.example"), "of another issuer"),
    "no issuer": (without("iss"), "of another issuer"),
    "expired": (changed("exp", int(NOW()) - 3600), "has run out"),
    "no end": (without("exp"), "has run out"),
    "the end a text": (changed("exp", "tomorrow"), "was refused"),
    "old": (changed("iat", int(NOW()) - 3600), "too long ago"),
    "not yet": (changed("iat", int(NOW()) + 3600), "not valid yet"),
    "no nonce": (without("nonce"), "another sign-in"),
    "another nonce": (changed("nonce", "of another round trip"), "another sign-in"),
    "another access token": (changed("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "another access token"),
    "nobody": (without("sub"), "was refused"),
    "somebody who is no text": (changed("sub", ["subject-1"]), "was refused"),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_claim_that_is_wrong_or_missing_is_refused(browse, op, connected, spoilt):
    op.spoil, words = SPOILT[spoilt]

    refused(sign_in(browse(), op, account_of(connected)), words)


def test_a_token_without_signature_is_refused(browse, op, connected):
    op.sign = unsigned

    refused(sign_in(browse(), op, account_of(connected)), "not signed with RS256, PS256 or ES256")


def test_a_token_signed_with_the_public_key_is_refused(browse, op, connected):
    op.sign = with_shared_key(op)

    refused(sign_in(browse(), op, account_of(connected)), "not signed with RS256, PS256 or ES256")


def test_a_token_of_a_strange_key_is_refused(browse, op, connected):
    stranger = Provider()
    stranger.port, stranger.keys[0] = op.port, stranger.keys[0]
    op.sign = lambda claims: sign_as(op, stranger, claims)

    refused(sign_in(browse(), op, account_of(connected)), "signature or form is wrong")


def sign_as(op, stranger, claims):
    """Signed by the stranger's key under the name of the provider's."""
    return jwt.encode({"alg": "RS256", "kid": op.keys[0].kid}, claims, stranger.keys[0])


def test_an_unknown_key_is_looked_for_once_more_and_no_more(browse, op, connected):
    op.sign = lambda claims: sign_as(type("Named", (), {"keys": [type("Key", (), {"kid": "none"})]}), op, claims)

    for _ in range(3):
        refused(sign_in(browse(), op, account_of(connected)), "key id")

    assert op.asked_for("/jwks") == 1  # fetched a moment ago: not again within half a minute


def test_a_state_counts_once(browse, op, connected):
    client = browse()
    kept = go(client, op, account_of(connected))
    cookie = client.get_cookie("provider").value
    assert client.get(kept).status_code == 303
    before = sessions()

    client.set_cookie("provider", cookie)
    answer = client.get(kept)

    assert answer.status_code == 403
    assert "used already" in answer.text
    assert sessions() == before


def test_another_browser_gets_nothing(browse, op, connected):
    back = go(browse(), op, account_of(connected))

    refused(browse().get(back), "waits in this browser")
    assert not op.asked_for("/token")


def test_another_browsers_cookie_does_not_fit(browse, op, connected):
    back, client = go(browse(), op, account_of(connected)), browse()
    go(client, op, account_of(connected))

    refused(client.get(back), "waits in this browser")


def test_a_code_of_another_round_trip_is_refused(browse, op, connected):
    """Code injection: somebody else's code, brought into one's own round trip, fits neither verifier nor nonce."""
    stolen = parse_qs(urlsplit(go(browse(), op, account_of(connected))).query)["code"][0]
    client = browse()
    own = go(client, op, account_of(connected))
    code = parse_qs(urlsplit(own).query)["code"][0]

    refused(client.get(own.replace(code, stolen)), "invalid_grant")


def test_another_issuer_in_the_answer_is_refused(browse, op, connected):
    op.answers = {"iss": "https://evil.example"}

    refused(sign_in(browse(), op, account_of(connected)), "another provider answered")
    assert not op.asked_for("/token")


def test_no_issuer_in_the_answer_is_refused_where_the_provider_says_it_names_itself(browse, op, connected):
    op.answers = {"iss": ""}

    refused(sign_in(browse(), op, account_of(connected)), "another provider answered")


def test_an_answer_to_one_tenant_counts_at_no_other(browse, op, connected):
    """Mix-up: each tenant has a redirect address of its own, and the round trip knows its provider."""
    other = a_licensee(name="Mallory")
    set_up(other, op.issuer)
    client = browse()
    back = go(client, op, account_of(connected))

    refused(client.get(back.replace(account_of(connected), account_of(other))), "waits in this browser")


def test_a_tenants_provider_cannot_name_a_member_of_another(browse, op, connected):
    """The same issuer and subject, set up by somebody else: that tenant has nobody of that name."""
    mallory = a_licensee(name="Mallory")
    set_up(mallory, op.issuer)

    refused(sign_in(browse(), op, account_of(mallory)), "nobody here is connected")


def test_an_email_address_means_nobody(browse, op, provider, owner, member):
    """Verified or not: whom the provider means follows from its own id for them, which they connected."""
    op.email = people.get_person(member.person_id).email
    op.spoil = changed("email_verified", True)

    refused(sign_in(browse(), op, account_of(owner)), "nobody here is connected")


def test_what_the_provider_says_against_is_said(browse, op, connected):
    op.answers = {"error": "access_denied", "code": ""}

    refused(sign_in(browse(), op, account_of(connected)), "access_denied")


def test_strange_words_are_not_repeated(browse, op, connected):
    op.answers = {"error": "<script>alert(1)</script>", "code": ""}

    answer = sign_in(browse(), op, account_of(connected))

    refused(answer)
    assert "<script>alert" not in answer.text
    assert "did not sign you in (error)" in answer.text


def test_something_twice_is_refused(browse, op, connected):
    client = browse()
    back = go(client, op, account_of(connected))

    refused(client.get(f"{back}&code=another"), "waits in this browser")


def redirects(handler):
    handler.send_response(302)
    handler.send_header("Location", "http://127.0.0.1:1/")
    handler.end_headers()


def drips(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in itertools.repeat(None, 100):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def floods(handler):
    say(handler, 200, {"keys": ["x" * 200_000]})


BAD_MANNERS = {"redirects": redirects, "drips": drips, "floods": floods, "lists": lambda handler: say(handler, 200, [])}


@pytest.mark.parametrize("path", ["/of/contoso/.well-known/openid-configuration", "/jwks", "/token"])
@pytest.mark.parametrize("manners", BAD_MANNERS)
def test_a_provider_with_bad_manners_holds_nobody_up(browse, op, connected, monkeypatch, path, manners):
    monkeypatch.setattr(outgoing, "TOTAL_SECONDS", 0.5)
    op.on_path[path] = BAD_MANNERS[manners]
    client, began = browse(), time.monotonic()

    answer = client.get(f"/sign-in/with/{account_of(connected)}/go")
    if answer.status_code == 302:
        answer = client.get(back_from(op, answer.location))

    refused(answer, "gave no answer that the portal can use")
    assert time.monotonic() - began < 5


def test_a_failure_is_kept_for_a_while(browse, op, connected):
    op.on_path["/of/contoso/.well-known/openid-configuration"] = redirects

    for _ in range(3):
        refused(browse().get(f"/sign-in/with/{account_of(connected)}/go"))

    assert op.asked_for("/of/contoso/.well-known/openid-configuration") == 1


def test_a_provider_that_names_another_issuer_is_not_believed(browse, op, connected):
    op.metadata = {"issuer": "https://evil.example"}

    refused(browse().get(f"/sign-in/with/{account_of(connected)}/go"), "gave no answer")


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri", "authorization_endpoint"])
def test_it_cannot_lead_into_ones_own_network(browse, op, connected, endpoint):
    op.metadata = {endpoint: "https://10.0.0.1/"}

    refused(browse().get(f"/sign-in/with/{account_of(connected)}/go"), "not of the open internet")


def test_in_production_this_machine_is_not_asked(browse, op, connected, monkeypatch):
    """An issuer whose name leads to a private address, as it may after it was set up."""
    monkeypatch.setattr(providers, "_setup", providers.Setup(providers.setup().sealer, "http://localhost", False))
    monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_told, **_more: [(2, 1, 6, "", ("127.0.0.1", 443))])
    owner = a_licensee(name="Production")
    with transaction():
        operations.set_up(
            owner, name="x", issuer="https://idp.example.com", client_id="x", client_secret="x", asks_second=False
        )
    client = browse(owner)

    answer = client.get(f"/{account_of(owner)}/settings/provider/try")

    assert answer.status_code == 502
    assert "not of the open internet" in answer.text
    assert not op.asked


def test_guesses_are_counted_by_network(browse, op, connected, monkeypatch):
    monkeypatch.setattr(attempts, "PER_NETWORK", 3)
    op.sign = unsigned

    answers = [sign_in(browse(), op, account_of(connected)) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [403, 403, 403, 429]
