"""Which pages are looked at, and by whom: each address of the portal once, and more where one address has many faces.

A page is (who, endpoint, values). A value is the name of a thing that `tests.access.furnishing` makes, or else stands
for itself. The account is that of `who`, or of whom `account` names.
"""

from collections.abc import Iterable, Iterator

from portal.demo.cast import KARIM, LIN, MAYA, PRIYA, RUTH, SAM, VICTOR
from tests.access.furnishing import STANDS

NOBODY, OWNER, SIGNER, ADMIN, OPERATOR = "nobody", "owner", "signer", RUTH.email, VICTOR.email
Page = tuple[str, str, dict[str, str]]

# Files, figures, and the way from the root.
NO_PAGES = {
    "accounts.to_provider", "accounts.from_provider", "accounts.connect_go", "accounts.join_go", "tenants.try_provider",
    "static", "accounts.sign_in_code", "accounts.lost_factors", "activity.csv", "keys.message", "handoffs.receipt",
    "accounts.home",
    "reviews.count", "reviews.evidence_csv", "reviews.evidence_json", "console.import_report",
    "console.import_template", "watching.metrics", "watching.livez",
    "watching.readyz", "api.openapi",
}  # fmt: skip
SEEN_BY = {
    "accounts.sign_in": NOBODY,
    "accounts.forgotten": NOBODY,
    "accounts.forgotten_sent": NOBODY,
    "accounts.reset": NOBODY,
    "accounts.find_provider": NOBODY,
    "accounts.with_provider": NOBODY,
    "accounts.accept_invitation": NOBODY,
    "accounts.stop_recovery": NOBODY,
    "console.recoveries": OPERATOR,
    "console.recovery": OPERATOR,
    "console.person": OPERATOR,
    "console.disable_person": OPERATOR,
    "console.enable_person": OPERATOR,
    "demo.mailbox": NOBODY,
    "demo.mail": NOBODY,
    "accounts.confirm_passkey": SIGNER,
    "contracts.name_deputy": SIGNER,
    "contracts.stop_signer_change": SIGNER,
    "contracts.withdraw_deputy": SIGNER,
    "reviews.questions": OWNER,
    "reviews.answer_question": OWNER,
}
OTHER_FACES: list[Page] = [
    (OPERATOR, "console.person", {"person_id": "disabled_person"}),
    (OPERATOR, "console.disable_person", {"person_id": "last_owner"}),
    (ADMIN, "accounts.join_provider", {"account": OWNER}),
    (ADMIN, "reviews.show", {"campaign_id": "closed_review"}),
    (OWNER, "keys.index", {"environment": "production"}),
    (OWNER, "keys.index", {"api_key": "no such key"}),
    (OWNER, "keys.new", {"environment": "production"}),
    (OWNER, "keys.batch", {"environment": "production"}),
    (OWNER, "keys.show", {"api_key": "retiring_key"}),
    (OWNER, "keys.revoke", {"api_key": "api_key_production"}),
    (OWNER, "keys.show", {"api_key": "stopped_key"}),
    (OWNER, "keys.leaked", {"api_key": "api_key_production"}),
    (OWNER, "keys.leaked", {"api_key": "retiring_key"}),
    (OWNER, "keys.make", {"intent_id": "shown_intent"}),
    (OWNER, "keys.make", {"intent_id": "proving_intent"}),
    (OWNER, "keys.make", {"intent_id": "browser_intent"}),
    (OWNER, "keys.make", {"intent_id": "command_intent"}),
    (OWNER, "projects.index", {"q": "no such project"}),
    (OWNER, "delegations.integrators", {"show": "past"}),
    (OWNER, "delegations.narrow", {"delegation_id": "given.requested"}),
    *((OWNER, "delegations.show", {"delegation_id": f"given.{stand}"}) for stand in STANDS if stand != "active"),
    *((OWNER, "delegations.client", {"delegation_id": f"taken.{stand}"}) for stand in STANDS if stand != "active"),
]
AT_A_CLIENT = ("dashboards.overview", "keys.index", "keys.new", "projects.index")
AT_HOME = ("dashboards.overview", "keys.index", "projects.index", "contracts.index")
IN_THE_DEMO: list[Page] = [
    *((PRIYA.email, endpoint, {"account": LIN.email}) for endpoint in AT_A_CLIENT),
    *((someone.email, endpoint, {}) for someone in (MAYA, SAM, LIN, PRIYA, KARIM) for endpoint in AT_HOME),
    (MAYA.email, "delegations.integrators", {}),
    (SAM.email, "delegations.integrators", {}),
    (MAYA.email, "delegations.clients", {}),
    (PRIYA.email, "delegations.clients", {}),
    (LIN.email, "activity.index", {}),
]


def pages(endpoints: Iterable[str]) -> Iterator[Page]:
    """All pages, where these endpoints answer a GET."""
    for endpoint in endpoints:
        if endpoint not in NO_PAGES:
            yield _seen_by(endpoint), endpoint, {}
    yield from (*OTHER_FACES, *IN_THE_DEMO)


def _seen_by(endpoint: str) -> str:
    return SEEN_BY.get(endpoint, ADMIN if endpoint.startswith(("console.", "reviews.")) else OWNER)
