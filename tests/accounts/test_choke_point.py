"""One choke point: nothing compares a password, code, token or key but where these lists say, and people's only there.

Each list is exact: a new caller fails until it is put there, with the reason, and one that is gone fails, too.
"""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.architecture.sources import portal_sources

pytestmark = pytest.mark.no_database

# What tells whether something secret fits, by the function that does the comparing, and who may call it for what.
CHECKS = {
    "passwords.matches": {
        "portal.accounts.attempts.FormerPassword.proof": "the factor itself",
        "portal.accounts.attempts.Password.proof": "the factor itself",
        "portal.accounts.passwords.matches": "where it is done",
    },
    "hmac.compare_digest": {
        "portal.accounts.totp.step_of": "where it is done",
        "portal.accounts.challenges.is_live": "no secret of a person: the portal's own mark on what it asks a passkey",
        "portal.watching.mirror.Mirror.answer": "no secret of a person: the portal's own key, for its operator",
    },
    "totp.step_of": {"portal.accounts.codes._by": "the factor itself"},
    "store.has_recovery_code": {"portal.accounts.codes._of_recovery": "the factor itself"},
    "store.use_recovery_code": {"portal.accounts.codes.RecoveryProof.spend": "spent by the attempt"},
    "webauthn.verify_authentication_response": {"portal.accounts.passkeys.Passkey._verified": "the factor itself"},
    "webauthn.verify_registration_response": {"portal.accounts.passkeys.FirstPasskey._verified": "the factor itself"},
    "store.count_passkey": {"portal.accounts.passkeys.PasskeyProof.spend": "spent by the attempt"},
    "store.spend_challenge": {"portal.accounts.challenges.spend": "by what the attempt spends"},
    "store.accept_step": {"portal.accounts.codes.AppProof.spend": "spent by the attempt"},
}
# Factors, and the doors that hand them over to `attempt`.
FACTORS = {
    "Password": {
        "portal.web.accounts.profile._change": "another password",
        "portal.web.accounts.signing._enter": "signing in",
        "portal.web.identity.proof_of": "weighty acts",
    },
    "FormerPassword": {
        "portal.web.accounts.resetting._reset": "a new password, once others removed all second factors"
    },
    "Code": {
        "portal.web.accounts.signing._finish": "the second step of signing in",
        "portal.web.identity.second_of": "weighty acts, and another or a new password",
    },
    "Passkey": {"portal.web.identity.PasskeyField.answer": "wherever a form takes one"},
    "FirstPasskey": {"portal.web.accounts.passkeys._proof": "a passkey is added"},
    "ProviderAnswer": {"portal.web.accounts.by_provider._enter": "signing in by an identity provider"},
    "FirstCode": {"portal.web.accounts.security.confirm_app": "an app is set up"},
}
ATTEMPTS = {
    "portal.web.accounts.signing._enter": "signing in",
    "portal.web.accounts.signing._enter_by_passkey": "signing in without a password",
    "portal.web.accounts.signing._finish": "the second step of signing in",
    "portal.web.accounts.by_provider._enter": "signing in by an identity provider",
    "portal.web.identity.tried": "weighty acts, another or a new password, an app or a passkey that is set up",
}
# Mails that anybody can have sent, counted at the same place.
MAILS = {
    "portal.web.accounts.lost.lost_factors": "a lost second step",
    "portal.web.accounts.resetting.forgotten": "a forgotten password",
}
# A proof is made by a factor only.
PROOFS = {
    "portal.accounts.attempts.FormerPassword.proof",
    "portal.accounts.attempts.Password.proof",
    "portal.accounts.codes._by",
    "portal.accounts.codes._of_recovery",
    "portal.accounts.passkeys.FirstPasskey.proof",
    "portal.accounts.passkeys.Passkey._counted",
    "portal.providers.signing_in.ProviderAnswer.proof",
}
# `spend` of a proof spends its challenge, by a function of the same name.
SPEND_THEIR_CHALLENGE = {
    f"portal.accounts.passkeys.{proof}.spend" for proof in ("PasskeyProof", "CopyProof", "FirstPasskeyProof")
}
# Tokens, codes of commands and signatures prove no sign-in: 128 random bits or more, found by their hash, or a key.
# What a stranger may try of them is counted by network (`require_room`, `count_failure`).
COUNTED = {
    "portal.api.bearer": "personal tokens",
    "portal.api.door": "codes and signatures of portal-key",
    "portal.api.device": "codes of command lines that sign in",
    "portal.api.leaks": "tokens that somebody found",
    "portal.web.accounts.by_provider": "answers of identity providers",
    "portal.web.tokens.devices": "codes that people type",
}
FOUND_BY_HASH = {
    "portal.accounts.invitations": "invitations, by the link in the mail",
    "portal.accounts.recoveries": "sign-ins that wait for a code, by the browser's cookie; links that stop a removal",
    "portal.accounts.resets": "links to a new password, in the mail",
    "portal.accounts.sessions": "sessions, when they begin",
    "portal.accounts.sign_in": "sign-ins that wait for a code, by the browser's cookie",
    "portal.accounts.store": "sessions, by the browser's cookie",
    "portal.credentials.tokens": "service credentials of the gateway",
    "portal.handoffs.giving": "hand-offs, by the link in the mail",
    "portal.handoffs.opening": "hand-offs, by the link in the mail",
    "portal.keys.codes": "codes of portal-key, counted by the API's door",
    "portal.providers.round_trips": "round trips to identity providers that came back, so that none counts twice",
    "portal.tenants.operations": "request codes, which open nothing by themselves",
    "portal.tokens.devices": "codes of command lines, counted by the API and by the page",
    "portal.tokens.texts": "personal tokens, counted by the API's door",
}
NOT_THE_SERVER = "portal.cli."


@cache
def calls() -> list[tuple[str, str]]:
    """Each call of the server's modules: the function or class that it stands in, and the name that is called."""
    return [
        (place, called)
        for source in portal_sources()
        if not source.name.startswith(NOT_THE_SERVER)
        for place, called in _calls(source.tree.body, source.name)
    ]


def callers_of(name: str) -> set[str]:
    """The functions that call something of this name, whatever it is an attribute of."""
    return {place for place, called in calls() if called == name}


def _calls(nodes: list[ast.stmt], place: str) -> Iterator[tuple[str, str]]:
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield from _calls(node.body, f"{place}.{node.name}")
            continue
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                yield place, getattr(inner.func, "attr", "") or getattr(inner.func, "id", "")


def module_of(place: str) -> str:
    """The module that a function stands in."""
    return max((one.name for one in portal_sources() if place.startswith(f"{one.name}.")), key=len)


@pytest.mark.parametrize("check", CHECKS)
def test_a_secret_of_a_person_is_compared_by_its_factor_only(check: str):
    assert callers_of(check.partition(".")[2]) == CHECKS[check].keys()


@pytest.mark.parametrize("factor", FACTORS)
def test_a_factor_is_handed_to_the_choke_point_by_these(factor: str):
    assert callers_of(factor) == FACTORS[factor].keys()


def test_the_choke_point_is_called_by_these():
    assert callers_of("attempt") == ATTEMPTS.keys()


def test_mails_that_anybody_can_ask_for_are_counted():
    assert callers_of("ask_for_mail") == MAILS.keys()


def test_nothing_else_makes_a_proof():
    kinds = ("Proof", "AppProof", "RecoveryProof", "PasskeyProof", "CopyProof", "FirstPasskeyProof")
    made = {name for kind in kinds for name in callers_of(kind)}

    assert made == PROOFS


def test_nothing_asks_a_factor_past_the_choke_point():
    assert callers_of("proof") == {"portal.accounts.attempts.attempt"}
    assert callers_of("spend") == {"portal.accounts.attempts.attempt", *SPEND_THEIR_CHALLENGE}


@pytest.mark.parametrize("library", ["argon2", "pyotp", "webauthn"])
def test_what_verifies_is_imported_in_one_place(library: str):
    importing = {
        one.name for one in portal_sources() if any(name.split(".")[0] == library for name, _ in one.imports())
    }

    assert len(importing) == 1


def test_a_new_path_would_be_found():
    tree = ast.parse("def door(text):\n    if passwords.matches(text, stored):\n        pass")

    assert list(_calls(tree.body, "portal.new")) == [("portal.new.door", "matches")]


def test_what_strangers_may_try_is_counted_by_network():
    counting = callers_of("count_failure") | callers_of("require_room")

    assert {module_of(place) for place in counting} == COUNTED.keys()


def test_tokens_are_found_by_their_hash_in_these():
    assert {module_of(place) for place in callers_of("token_hash")} == FOUND_BY_HASH.keys()
