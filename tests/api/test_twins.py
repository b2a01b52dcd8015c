"""Rule 22: every act of the pages has its twin among the calls of scripts, or a reason why only a person may do it."""

import pytest

from tests.web.access.table import CALLS, PAGES

pytestmark = pytest.mark.no_database

# Acts whose twin has another name, or several; all others have one of their own name.
TWINS = {
    "handoffs.open": ("api.handoffs.fetch",),
    "keys.leaked": ("api.keys.leaked", "api.keys.leaked_replace", "api.keys.leaked_end"),
    "keys.make:upload": ("api.keys.prove",),
    "reviews.line": ("api.reviews.decide_line",),
    "reviews.show": ("api.reviews.decide",),
}
OF_BROWSERS = "sessions are of browsers, and a token is none of them"
DOWNLOAD = "asks for the password before a download; scripts read the same, a hundred at a time"
MAKES_TOKENS = "a token makes no token, or it would outlive itself"
OF_SIGN_IN = "whoever has a token must not be able to take over the person's sign-in"
IN_PERSON = "concerns somebody's sign-in everywhere; asked of an operator who proves each time who it is"
ONLY_IN_PERSON = {
    "accounts.accept_invitation": "joining an account is a person's own consent, given with the link in a mail",
    "accounts.choose": "in which account a browser works; a call names its account in its address",
    "accounts.end_all_sessions": OF_BROWSERS,
    "accounts.end_other_sessions": OF_BROWSERS,
    "accounts.end_session": OF_BROWSERS,
    "accounts.confirm_app": OF_SIGN_IN,
    "accounts.confirm_passkey": OF_SIGN_IN,
    "accounts.new_app": OF_SIGN_IN,
    "accounts.new_passkey": OF_SIGN_IN,
    "accounts.remove_passkey": OF_SIGN_IN,
    "accounts.rename_passkey": OF_SIGN_IN,
    "accounts.password": OF_SIGN_IN,
    "accounts.recovery_codes": OF_SIGN_IN,
    "accounts.remove_app": OF_SIGN_IN,
    "accounts.rename_app": OF_SIGN_IN,
    "accounts.preferences": "how the pages of a browser look",
    "accounts.profile": "name, language and looks of the person's own pages are for the person",
    "accounts.forgotten": OF_SIGN_IN,
    "accounts.lost_factors": OF_SIGN_IN,
    "accounts.stop_recovery": OF_SIGN_IN,
    "tenants.recovery": "vouching for a colleague is a person's word, given with the password each time",
    "accounts.reset": OF_SIGN_IN,
    "accounts.sign_in": "a token takes the place of a sign-in",
    "accounts.sign_in_code": "a token takes the place of a sign-in",
    "accounts.sign_out": OF_BROWSERS,
    "accounts.connect_provider": "whom a provider means is said by a person in a session of their own",
    "accounts.disconnect_provider": OF_SIGN_IN,
    "accounts.join_provider": "joining an account is a person's own consent, in a session of their own",
    "accounts.find_provider": "a token takes the place of a sign-in",
    "tenants.domains": "who may come in is set up by an owner, on the pages",
    "tenants.joining": "the same",
    "tenants.look_at_domain": "the same",
    "tenants.remove_domain": "the same",
    "tenants.provider": "setting up who may come in is an owner's act, with a round trip of their own",
    "tenants.remove_provider": "the same",
    "tenants.switch_provider": "the same",
    "activity.export": DOWNLOAD,
    "console.disable_person": IN_PERSON,
    "console.enable_person": IN_PERSON,
    "console.recovery": IN_PERSON,
    "console.end_look_in": "ends what only a person begins",
    "console.export": DOWNLOAD,
    "console.look_in": "looking into a tenant is a person's act, in a session of its own",
    "handoffs.by_link": "a link's code is for whoever holds it; a script names the hand-off by its id",
    "keys.make": "the portal makes the private key and shows it once, on a page, to a person",
    "keys.make:browser": "the private key is made in a person's browser",
    "keys.make:command": "a script makes the key itself (keys.new), or asks for codes for others (keys.batch)",
    "reviews.export": DOWNLOAD,
    "tenants.ask_factor": OF_SIGN_IN,
    "tenants.stop_asking_factor": OF_SIGN_IN,
    "tokens.approve_device": MAKES_TOKENS,
    "tokens.device": MAKES_TOKENS,
    "tokens.end": "stopping what leaked takes a browser; a script forgets its token, which ends by itself",
    "tokens.issue": MAKES_TOKENS,
    "tokens.refuse_device": MAKES_TOKENS,
}
ACTS = {row.route.use for row in PAGES if row.is_act}
CALLED = {row.route.use for row in CALLS}


@pytest.mark.parametrize("use", sorted(ACTS - ONLY_IN_PERSON.keys()))
def test_an_act_of_the_pages_has_its_twin(use: str):
    assert set(TWINS.get(use, (f"api.{use}",))) <= CALLED


def test_the_lists_name_acts_that_there_are():
    assert ONLY_IN_PERSON.keys() | TWINS.keys() <= ACTS


def test_no_act_that_only_a_person_may_do_is_a_call():
    assert not {f"api.{use}" for use in ONLY_IN_PERSON} & CALLED
