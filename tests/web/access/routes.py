"""How each page is asked for: which thing its address names, and what a form that can be carried out holds."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Flask

from portal.foundation.marking import GUARD
from tests.access.furnishing import Things
from tests.factories import PASSWORD
from tests.web.access.bodies import BODIES, CALLS_AT, VERSIONS

Form = dict[str, Any]

# The thing that an argument of an address names, where its own name does not say it.
NAMES = {
    "api_key": "api_key",
    "account": "account",
    "owner_id": "home",
    "project_id": "project",
    "data_space_id": "data_space",
    "installation_id": "installation",
    "request_id": "request",
    "contract_id": "contract",
    "deputy_id": "deputy",
    "membership_id": "membership",
    "invitation_id": "invitation",
    "session_id": "session",
    "factor_id": "factor",
    "intent_id": "intent",
    "token": "invitation_token",
    "change_id": "signer_change",
    "delegation_id": "given.active",
    "proposal_id": "given.asked_wider_proposal",
    "message_id": "message",
    "filename": "file",
    "what": "console_list",
    "hand_off_id": "hand_off",
    "campaign_id": "review",
    "position": "line",
    "question_id": "question",
    "code": "hand_off_code",
    "import_id": "import",
    "look_in_id": "look_in",
    "credential_id": "credential",
    "token_id": "token",
    "user_code": "user_code",
    "endpoint_id": "webhook",
    "delivery_id": "webhook_delivery",
    "person_id": "person",
    "recovery_id": "recovery",
    "domain": "domain",
}
# A page about something in another state, or of the other side.
AT: dict[str, dict[str, str]] = {
    "accounts.reset": {"token": "reset_token"},
    "accounts.stop_recovery": {"token": "stop_token"},
    "console.tenant": {"owner_id": "client_account"},
    "console.look_in": {"owner_id": "client_account"},
    "console.enable_person": {"person_id": "disabled_person"},
    "console.disable_person:last_owner": {"person_id": "last_owner"},
    "console.end_look_in": {"look_in_id": "own_look_in"},
    "console.show_request": {"request_id": "counted_request"},
    "console.decide": {"request_id": "counted_request"},
    "console.decide_surplus": {"data_space_id": "surplus_space"},
    "projects.reopen_request": {"request_id": "refused_request"},
    "contracts.name_deputy": {"contract_id": "partnership"},
    "keys.cockpit": {"api_key": "retiring_key"},
    "keys.change_end": {"api_key": "retiring_key"},
    "keys.end_early": {"api_key": "retiring_key"},
    "keys.roll_back": {"api_key": "retiring_key"},
    "keys.replacement": {"api_key": "stopped_key"},
    "keys.replacement:upload": {"api_key": "stopped_key"},
    "keys.saved": {"intent_id": "shown_intent"},
    "keys.discard": {"intent_id": "shown_intent"},
    "keys.message": {"intent_id": "proving_intent"},
    "keys.make:upload": {"intent_id": "proving_intent"},
    "keys.make:browser": {"intent_id": "browser_intent"},
    "keys.make:command": {"intent_id": "command_intent"},
    "projects.request_more": {"project_id": "more_project"},
    "delegations.approve": {"delegation_id": "given.requested"},
    "delegations.decline": {"delegation_id": "given.requested"},
    "delegations.withdraw": {"delegation_id": "given.offered"},
    "delegations.withdraw:ticket": {"delegation_id": "given.ticket"},
    "delegations.resume": {"delegation_id": "given.paused"},
    "delegations.answer_widening": {"delegation_id": "given.asked_wider"},
    "delegations.withdraw_widening": {
        "delegation_id": "given.proposed_wider",
        "proposal_id": "given.proposed_wider_proposal",
    },
    "delegations.client": {"delegation_id": "taken.active"},
    "delegations.accept": {"delegation_id": "taken.offered"},
    "delegations.accept:ticket": {"delegation_id": "taken.ticket"},
    "delegations.client_decline": {"delegation_id": "taken.offered"},
    "delegations.client_decline:ticket": {"delegation_id": "taken.ticket"},
    "delegations.client_withdraw": {"delegation_id": "taken.requested"},
    "delegations.client_pause": {"delegation_id": "taken.active"},
    "delegations.client_resume": {"delegation_id": "taken.paused"},
    "delegations.client_end": {"delegation_id": "taken.active"},
    "delegations.client_widen": {"delegation_id": "taken.active"},
    "delegations.client_answer_widening": {
        "delegation_id": "taken.asked_wider",
        "proposal_id": "taken.asked_wider_proposal",
    },
    "delegations.client_withdraw_widening": {
        "delegation_id": "taken.proposed_wider",
        "proposal_id": "taken.proposed_wider_proposal",
    },
}

AT |= {
    "handoffs.open": {"hand_off_id": "received_hand_off"},
    "handoffs.prove": {"hand_off_id": "opened_hand_off"},
    "handoffs.seal": {"intent_id": "hand_off_intent"},
}
AT |= {
    "reviews.close": {"campaign_id": "closable_review"},
    **{f"reviews.{use}": {"campaign_id": "closed_review"} for use in ("evidence_csv", "evidence_json", "export")},
}
AT |= {f"accounts.{act}_passkey": {"factor_id": "passkey"} for act in ("rename", "remove")}
AT["webhooks.resume"] = {"endpoint_id": "paused_webhook"}
AT |= {f"usage.{act}": {"installation_id": "claim"} for act in ("declare", "dismiss", "merge", "move")}

# Pages of one tenant's things that are found by a link, in nobody's account.
LINKS = ("handoffs.by_link",)
# Pages of a person, in a room whose other pages are a tenant's.
OF_PEOPLE = ("tokens.device",)

AT |= {
    f"console.{page}": {"owner_id": "client_account"}
    for page in ("end_contract", "extend_contract", "new_contract", "renew_contract", "standing", "stop_signer_change")
}
AT["console.propose_signer"] = {"owner_id": "client_account", "contract_id": "partnership"}
AT["contracts.propose_signer"] = {"contract_id": "partnership"}
AT["console.invite_owner"] = {"owner_id": "ownerless_account"}

ALL_RIGHTS = ["keys", "projects", "installations"]
NEW_PASSWORD = "another long enough password"
# A form that the page accepts from whoever may; `{thing}` stands for the caller's own. A page with POST that is not
# here is one whose form holds nothing.
FORMS: dict[str, Form] = {
    "accounts.accept_invitation": {"name": "Nora New", "password": NEW_PASSWORD},
    "accounts.choose": {"account": "{home}"},
    "accounts.password": {"current": PASSWORD, "new": NEW_PASSWORD},
    "accounts.confirm_app": {"first_code": "{first_code}"},
    "accounts.confirm_passkey": {"made": "{made}"},
    "accounts.new_app": {"name": "Tablet"},
    "accounts.new_passkey": {"name": "Security key"},
    "accounts.remove_passkey": {"password": PASSWORD, "code": "{recovery_code}"},
    "accounts.rename_passkey": {"name": "Old laptop"},
    "accounts.recovery_codes": {"batch": "{batch}"},
    "accounts.remove_app": {"password": PASSWORD, "code": "{recovery_code}"},
    "accounts.rename_app": {"name": "Old phone"},
    "accounts.sign_in_code": {"code": "{recovery_code}"},
    "accounts.preferences": {"theme": "dark"},
    "accounts.profile": {
        "name": "Other Name",
        "language": "en",
        "time_zone": "Asia/Taipei",
        "theme": "dark",
        "version": "{person_version}",
    },
    "accounts.sign_in": {"email": "{email}", "password": PASSWORD},
    "accounts.forgotten": {"email": "forgetful@example.com"},
    "accounts.reset": {"new": NEW_PASSWORD, "code": "{reset_code}"},
    "console.disable_person": {"reason": "They left the house.", "password": PASSWORD},
    "console.enable_person": {"reason": "They are back.", "password": PASSWORD},
    "console.recovery": {"decision": "refuse", "password": PASSWORD},
    "tenants.recovery": {"decision": "vouch", "password": PASSWORD},
    "console.look_in": {"reason": "An open support case.", "hours": "1"},
    "console.end_contract": {
        "reason": "The shop is closed.",
        "typed_account": "{client_account}",
        "version": "{partnership_version}",
    },
    "console.extend_contract": {"last_day": "{in_two_years}", "version": "{contract_version}"},
    "console.invite_owner": {"email": "first.owner@example.com", "language": "en"},
    "console.new_contract": {"edition": "magento-open-source", "first_day": "{today}", "last_day": "{next_year}"},
    "console.open_tenant": {
        "name": "Brand New",
        "email": "first.owner@example.com",
        "language": "en",
        "edition": "adobe-commerce",
        "first_day": "{today}",
        "last_day": "{next_year}",
    },
    "console.propose_signer": {"member": "{deputy_member}", "reason": "She left the house."},
    "console.renew_contract": {
        "edition": "magento-open-source",
        "first_day": "{soon}",
        "last_day": "{in_two_years}",
        "version": "{contract_version}",
    },
    "console.stop_signer_change": {"reason": "She stays."},
    "contracts.propose_signer": {"member": "{deputy_member}", "reason": "She left the house."},
    "contracts.stop_signer_change": {"reason": "She stays."},
    "console.standing": {
        "standing": "suspended",
        "reason": "Invoices are open.",
        "typed_account": "{client_account}",
        "version": "{client_version}",
    },
    "console.amend": {"edition": "magento-open-source", "version": "{contract_version}"},
    "console.decide": {
        "decision": "part",
        "granted": "1",
        "answer": "One is enough.",
        "version": "{contract_version}",
    },
    "console.decide_surplus": {"decision": "kept", "version": "{surplus_space_version}"},
    "contracts.ask": {"wanted": "edition:magento-open-source", "reason": "We need less."},
    "projects.reopen_request": {"reason": "The fair was moved up."},
    "contracts.name_deputy": {"member": "{deputy_member}", "first_day": "{today}", "last_day": "{soon}"},
    "delegations.answer_widening": {"answer": "accept"},
    "delegations.client_answer_widening": {"answer": "accept"},
    "delegations.client_widen": {
        "environments": ["sandbox", "production"],
        "rights": ALL_RIGHTS,
        "reach": "as_now",
        "last_day": "{next_year}",
        "message": "For the relaunch.",
    },
    "delegations.narrow": {
        "environments": ["sandbox"],
        "projects": ["{project}"],
        "last_day": "{soon}",
        "version": "{given.active_version}",
    },
    "delegations.offer": {
        "account_id": "{integrator_account}",
        "environments": ["sandbox"],
        "rights": ["keys"],
        "reach": "some",
        "projects": ["{project}"],
        "last_day": "{soon}",
        "message": "For the relaunch.",
    },
    "delegations.request": {
        "request_code": "{request_code}",
        "environments": ["sandbox"],
        "rights": ["keys"],
        "reach": "all",
        "last_day": "{soon}",
        "message": "For the relaunch.",
    },
    "delegations.ticket": {
        "account_id": "{integrator_account}",
        "environments": ["sandbox"],
        "reach": "some",
        "projects": ["{project}"],
        "last_day": "{soon}",
        "message": "For the new shop.",
    },
    "delegations.widen": {
        "environments": ["sandbox", "production"],
        "rights": ALL_RIGHTS,
        "reach": "some",
        "projects": ["{project}", "{project_2}"],
        "last_day": "{next_year}",
        "message": "For the relaunch.",
    },
    "handoffs.enrol": {"public": "{new_envelope_key}"},
    "handoffs.give": {"envelope_key": "{receiver}"},
    "handoffs.seal": {"ciphertext": "{ciphertext}", "signature": "{envelope_signature}"},
    "handoffs.prove": {"signature": "{opening_proof}"},
    "keys.make:upload": {"signature": "{proof}"},
    "keys.make:browser": {"public_pem": "{browser_public}", "signature": "{browser_proof}"},
    "keys.batch": {"names": "Storefront 1", "contract": "{contract}"},
    "keys.new": {"name": "Storefront", "contract": "{contract}", "origin": "server"},
    "keys.rotate": {"overlap": "1209600", "ending": "held", "name": "Successor", "origin": "server"},
    "keys.leaked": {"way": "stop", "hours": "0", "origin": "server", "version": "{api_key_version}"},
    "keys.replacement": {"name": "Successor", "origin": "server"},
    "keys.change_end": {"overlap": "2592000", "ending": "hard", "version": "{retiring_key_version}"},
    "keys.end_early": {"version": "{retiring_key_version}"},
    "keys.roll_back": {"version": "{retiring_key_version}"},
    "keys.rename": {"name": "Storefront", "version": "{api_key_version}"},
    "projects.attach": {"name": "Shop", "address": "https://new.example.com", "side": "sandbox"},
    "projects.change_installation": {
        "name": "Shop",
        "address": "https://new.example.com",
        "side": "sandbox",
        "version": "{installation_version}",
    },
    "projects.detach": {"typed_name": "{installation_name}", "version": "{installation_version}"},
    "projects.new": {"name": "Relaunch", "contract": "{contract}"},
    "projects.rename": {"name": "Relaunch", "version": "{project_version}"},
    "projects.rename_space": {"name": "Load test", "version": "{data_space_version}"},
    "projects.request_more": {"wish": "testing_space", "amount": "1", "reason": "For a fair."},
    "projects.request_projects": {"wish": "project", "amount": "2", "reason": "A second shop."},
    "tenants.change_role": {"role": "{role}", "version": "{membership_version}"},
    "tenants.invite": {"email": "new.member@example.com", "role": "{role}", "language": "en"},
    "tenants.request_code": {"version": "{tenant_version}"},
    "tenants.rename": {"name": "Other Name", "version": "{tenant_version}"},
}
FORMS |= {f"usage.{act}": {"version": "{claim_version}"} for act in ("declare", "dismiss", "merge")}
FORMS["usage.move"] = {"data_space": "{data_space}", "version": "{claim_version}"}
FORMS |= {
    "console.issue_credential": {
        "name": "Edge gateway",
        "service": "live-search",
        "last_day": "{next_year}",
        "mark": "frm_00000000000000000000",
    },
    "console.rotate_credential": {"overlap": "86400", "last_day": "{next_year}"},
    "console.revoke_credential": {"reason": "It was left in a log.", "typed_name": "{credential_name}"},
}
FORMS["tokens.device"] = {"user_code": "{user_code}"}
FORMS["tokens.approve_device"] = {"name": "ada@laptop", "scopes": [], "last_day": "{soon}"}
FORMS["tokens.issue"] = {
    "name": "Nightly job",
    "scopes": [],
    "last_day": "{soon}",
    "mark": "frm_00000000000000000002",
}
AN_ENDPOINT: Form = {
    "url": "https://hooks.example.com/other",
    "description": "Other system",
    "scope": "chosen",
    "events": ["key.activated", "key.revoked"],
}
FORMS |= {
    "webhooks.new": AN_ENDPOINT | {"mark": "frm_00000000000000000001"},
    "webhooks.change": AN_ENDPOINT | {"version": "{webhook_version}"},
    "webhooks.rotate": {"overlap": "86400", "mark": "frm_00000000000000000002"},
    "webhooks.remove": {"typed_name": "{webhook_name}"},
    "webhooks.resend": {"first_day": "{today}", "last_day": "{today}"},
}
FORMS |= {
    "tenants.provider": {
        "name": "Other sign-in",
        "issuer": "{provider_issuer}",
        "client_id": "portal",
        "client_secret": "another s3cret",
        "version": "{provider_version}",
    },
    "tenants.switch_provider": {"mode": "off"},
    "tenants.domains": {"domain": "other.example"},
    "tenants.joining": {"joining": "nobody"},
    "accounts.find_provider": {"wanted": "{account}"},
}
FORMS["console.import_new"] = {"file": lambda: _a_file()}
FORMS["console.import_apply"] = {"version": "{import_version}"}
NEW_REVIEW: Form = {
    "name": "Integrators' access",
    "subject": "delegations",
    "edition": "adobe-commerce",
    "service": "live-search",
    "contract": "",
    "older_than_days": "",
    "unused_for_days": "",
    "not_reviewed_since": "",
    "reviewers": ["{reviewer}"],
    "fallbacks": ["{reviewer}"],
    "last_day": "{soon}",
    "silence": "end",
    "recurs": "180",
}
FORMS |= {
    "reviews.abandon": {"version": "{review_version}"},
    "reviews.answer_question": {"answer": "not_needed", "reason": "We changed agencies."},
    "reviews.close": {"version": "{closable_review_version}"},
    "reviews.count": NEW_REVIEW,
    "reviews.line": {
        "decision": "narrow",
        "environments": ["sandbox"],
        "rights": ["keys"],
        "last_day": "{line_last_day}",
        "reason": "Sandbox is enough.",
        "version": "{line_version}",
        "started": "{stamp}",
    },
    "reviews.new": NEW_REVIEW,
    "reviews.show": {
        "lines": ["{ticked_line}"],
        "decision": "end",
        "reason": "Nobody works there.",
        "started": "{stamp}",
    },
}
SAID = AT.keys() | CALLS_AT.keys()  # the rest is derived, for whichever pages have a call of their name
AT |= {f"api.{use}": at for use, at in AT.items()} | CALLS_AT
# What the API shows to everybody.
FOR_READERS = ("api.openapi", "api.reference")
SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Route:
    """A method of an endpoint, such as `POST keys.rename`; `keys.make:upload` is one of several uses of a page."""

    method: str
    use: str

    def __str__(self) -> str:
        return f"{self.method} {self.use}"

    @property
    def endpoint(self) -> str:
        return self.use.partition(":")[0]

    @property
    def is_call(self) -> bool:
        """Whether it is one of a script, with a token."""
        return self.use.startswith("api.") and self.use not in FOR_READERS

    @property
    def room(self) -> str:
        """The room that the page or the call is about."""
        return self.endpoint.split(".")[-2] if "." in self.endpoint else self.endpoint

    def body(self, things: Things) -> Form:
        """The body of a call that can be carried out, filled with these things."""
        return filled(BODIES.get(self.use, {}), things)

    def version(self, things: Things) -> dict[str, str]:
        """The header that names the version of the thing, for a call that needs one."""
        thing = VERSIONS.get(self.use)
        return {"If-Match": f'"{things.get(thing, "1")}"'} if thing else {}

    def form(self, things: Things) -> Form:
        """A form that can be carried out, filled with these things."""
        return filled(FORMS.get(self.use, {}), things)


def _a_file() -> tuple[io.BytesIO, str]:
    """A file to be imported."""
    text = "name,owner_email,edition,first_day,last_day\nShops,shops@example.com,integrator,2031-01-01,2031-12-31\n"
    return io.BytesIO(text.encode()), "shops.csv"


def filled(form: Form, things: Things) -> Form:
    """The form with `{thing}` replaced in each of its values; `{#thing}` is a number."""
    return {
        name: [_put_in(one, things) for one in value] if isinstance(value, list) else _put_in(value, things)
        for name, value in form.items()
    }


def _put_in(text: Any, things: Things) -> Any:
    if callable(text):
        return text()  # a file is read once
    if isinstance(text, dict):
        return filled(text, things)
    if not isinstance(text, str):
        return text
    if text.startswith("{#"):
        return int(things.get(text[2:-1], "1"))
    return things.get(text[1:-1], "") if text.startswith("{") and text.endswith("}") else text


def routes_of(app: Flask) -> Iterator[Route]:
    """Every method of every endpoint, HEAD and OPTIONS aside, and calls of scripts, which `tests/api` knows."""
    for rule in app.url_map.iter_rules():
        if getattr(app.view_functions[rule.endpoint], GUARD) == "signed":
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule.endpoint)


def names_in_address(app: Flask, route: Route) -> dict[str, str]:
    """The thing that each argument of the route's address names."""
    (rule,) = app.url_map.iter_rules(route.endpoint)
    at = AT.get(route.use, {})
    arguments = sorted(rule.arguments - set(rule.defaults or ()))
    return {argument: at.get(argument) or NAMES[argument] for argument in arguments}


def address(app: Flask, route: Route, things: Things, **others: str) -> str:
    """The route's address about these things; `others` are values for arguments that shall name something else."""
    values = {argument: things[name] for argument, name in names_in_address(app, route).items()}
    return app.url_map.bind("localhost").build(route.endpoint, values | others)
