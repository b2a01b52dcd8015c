"""Every field of every form, filled in wrongly: a sentence at the field, nothing lost, nothing half done, no 500."""

import io
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.test import TestResponse

from tests.access.snapshot import Snapshot
from tests.access.world import Caller, World
from tests.factories import a_private_key, pem_of, public_pem_of
from tests.web.access.asking import ask
from tests.web.access.routes import FORMS, Form, Route, filled
from tests.web.access.table import PAGES

RECORD = {"audit_events", "audit_chains", "sessions", "attempt_counters"}
NUL, BELL, OVERRIDE = "a\x00b", "a\x07b", "a\u202eb"
FOUR_BYTES = "店鋪 🛒 𠮷"

LABEL = {
    "empty": "",
    "blank": " \t ",
    "too long": "x" * 256,
    "NUL": NUL,
    "a control character": BELL,
    "two lines": "a\nb",
    "a mark that changes the direction": OVERRIDE,
}
TEXT = {
    "too long": "x" * 2001,
    "NUL": NUL,
    "a control character": BELL,
    "a mark that changes the direction": OVERRIDE,
}
CHOICE = {"empty": "", "unknown": "unknown", "NUL": NUL, "too long": "x" * 5000}
CHOICES = {"unknown": ["unknown"], "one unknown": ["sandbox", "unknown"], "NUL": [NUL]}

# What is wrong with each kind of field; `{…}` stands for another tenant's thing.
WRONG: dict[str, dict[str, Any]] = {
    "label": LABEL,
    "review name": LABEL | {"longer than a review's": "x" * 101},
    "connector label": LABEL | {"a type": "Shop [Type: production]"},
    "text": TEXT,
    "names": {
        "empty": "",
        "blank": " \t \n \n",
        "too long": "Shop\n" + "x" * 256,
        "NUL": f"Shop\n{NUL}",
        "a control character": f"Shop\n{BELL}",
        "a mark that changes the direction": f"Shop\n{OVERRIDE}",
        "the same twice": "Shop\nOther\nshop",
        "too many": "\n".join(f"Shop {number}" for number in range(501)),
        "a private key": "Shop\n" + pem_of(a_private_key(904)),
    },
    "reason": TEXT | {"empty": "", "blank": "  \n "},
    "email": {
        "empty": "",
        "no address": "nobody",
        "two lines": "a@example.com\nBcc: b@example.com",
        "NUL": "a\x00@example.com",
        "a mark that changes the direction": "a\u202e@example.com",
        "too long": "x" * 400 + "@example.com",
    },
    "choice": CHOICE,
    "issuer": {
        "empty": "",
        "no address": "nobody",
        "of one's own network": "https://10.0.0.1",
        "with a question": "https://idp.example.com/?x=1",
        "NUL": "https://idp.example.com/\x00",
        "too long": "https://idp.example.com/" + "x" * 1000,
    },
    "client id": {"empty": "", "a space": "a b", "NUL": "a\x00", "two lines": "a\nb", "too long": "x" * 256},
    "client secret": {"NUL": "a\x00", "two lines": "a\nb", "too long": "x" * 1001},
    "mail domain": {
        "empty": "",
        "no domain": "nobody",
        "an address of the network": "127.0.0.1",
        "everybody's": "gmail.com",
        "a path": "contoso.example/x",
        "a space": "contoso .example",
        "NUL": "contoso\x00.example",
        "a mark that changes the direction": "contoso\u202e.example",
        "too long": "x" * 300 + ".example",
    },
    "organisation": {
        "empty": "",
        "no account": "MAG000000000",
        "of nobody's domain": "ann@nobodys.example",
        "two of them": "ann@contoso.example@contoso.example",
        "NUL": "ann@\x00.example",
        "a mark that changes the direction": "ann@\u202e.example",
        "too long": "x" * 400 + "@contoso.example",
    },
    "optional choice": {what: value for what, value in CHOICE.items() if what != "empty"},
    "contract": CHOICE | {"another tenant's": "{contract}"},
    "member": CHOICE | {"another tenant's": "{membership}"},
    "needed choices": CHOICES | {"empty": []},
    "choices": CHOICES,
    "projects": CHOICES | {"empty": [], "another tenant's": ["{project}"]},
    "version": {
        "empty": "",
        "no number": "x",
        "negative": "-1",
        "a fraction": "1.5",
        "full width": "１",
        "far too large": "9" * 30,
        "NUL": NUL,
    },
    "day": {
        "empty": "",
        "no day": "tomorrow",
        "not in the calendar": "2027-02-30",
        "long ago": "0001-01-01",
        "the last there is": "9999-12-31",
        "after that": "10000-01-01",
        "NUL": NUL,
    },
    "amount": {
        "empty": "",
        "no number": "many",
        "none": "0",
        "negative": "-1",
        "a fraction": "1.5",
        "too many": "101",
        "far too many": "9" * 5000,
        "NUL": NUL,
    },
    "address": {
        "empty": "",
        "no host": "not a host",
        "another scheme": "ftp://shop.example.com",
        "a script": "javascript:alert(1)",
        "a password in it": "https://somebody:secret@shop.example.com",
        "too long": "https://shop.example.com/" + "x" * 3000,
        "NUL": "https://shop.example.com/\x00",
        "a mark that changes the direction": "https://shop.example.com/\u202e",
    },
    "account id": {
        "empty": "",
        "too short": "MAG1",
        "full width": "MAG00000012３",
        "too long": "MAG" + "1" * 300,
        "NUL": NUL,
        "one's own": "{own account}",
    },
    "request code": {"empty": "", "unknown": "aaaa-bbbb", "too long": "a" * 300, "NUL": NUL, "marks": OVERRIDE},
    "day that has passed": {
        "no day": "tomorrow",
        "not in the calendar": "2027-02-30",
        "long ago": "0001-01-01",
        "the last there is": "9999-12-31",
        "after that": "10000-01-01",
        "NUL": NUL,
    },
    "days": {
        "no number": "many",
        "none": "0",
        "negative": "-1",
        "a fraction": "1.5",
        "too many": "3651",
        "far too many": "9" * 5000,
        "NUL": NUL,
    },
    "contract id": {
        "unknown": "con_00000000000000000000",
        "too long": "x" * 256,
        "NUL": NUL,
        "a control character": BELL,
        "a mark that changes the direction": OVERRIDE,
    },
    "narrower day": {
        "no day": "tomorrow",
        "not in the calendar": "2027-02-30",
        "long ago": "0001-01-01",
        "the last there is": "9999-12-31",
        "after that": "10000-01-01",
        "NUL": NUL,
    },
    "optional day": {
        "no day": "tomorrow",
        "not in the calendar": "2027-02-30",
        "long ago": "0001-01-01",
        "the last there is": "9999-12-31",
        "after that": "10000-01-01",
        "too far": "9998-12-31",
        "NUL": NUL,
    },
    "mark": {"empty": "", "another's": "frm_x", "NUL": NUL, "too long": "frm_" + "0" * 5000},
    "ticks": {
        "empty": [],
        "unknown": ["unknown"],
        "no version": ["1"],
        "negative": ["-1.1"],
        "full width": ["１.１"],
        "far too large": ["9" * 30 + ".1"],
        "too many": [f"{number}.1" for number in range(1, 52)],
        "NUL": [NUL],
    },
    "stamp": {"empty": "", "forged": "WyJhIiwiYiIsMV0.AAAA", "NUL": NUL, "too long": "x" * 5000},
    "password": {"empty": "", "wrong": "not the password of anybody", "NUL": NUL, "too long": "x" * 5000},
    "batch": {"empty": "", "no id": "x", "NUL": NUL, "too long": "0" * 5000},
    "code": {"empty": "", "wrong": "000000", "full width": "１２３４５６", "NUL": NUL, "too long": "9" * 5000},
    "new password": {"empty": "", "too short": "short", "too long": "x" * 5000, "well known": "password" * 3},
    "typed name": {"empty": "", "another": "Another shop", "NUL": NUL, "too long": "x" * 5000},
    "signature": {
        "empty": "",
        "no base64": "!!!",
        "another signature": "AAAA" * 86,
        "NUL": NUL,
        "too long": "A" * 20_000,
    },
    "public key": {
        "empty": "",
        "no key": "nonsense",
        "cut off": public_pem_of(a_private_key(900))[:200],
        "a private key": pem_of(a_private_key(901)),
        "NUL": NUL,
        "too long": "x" * 20_000,
    },
}
# What kind a field is: by its name, or by form and name where that is not enough.
KINDS = {
    "account_id": "account id",
    "edition": "choice",
    "standing": "choice",
    "typed_account": "typed name",
    "address": "address",
    "amount": "amount",
    "answer": "choice",
    "contract": "contract",
    "decision": "choice",
    "fallbacks": "choices",
    "lines": "ticks",
    "not_reviewed_since": "day that has passed",
    "older_than_days": "days",
    "recurs": "optional choice",
    "reviewers": "needed choices",
    "service": "optional choice",
    "silence": "choice",
    "started": "stamp",
    "subject": "choice",
    "unused_for_days": "days",
    "current": "password",
    "code": "code",
    "first_code": "code",
    "batch": "batch",
    "granted": "amount",
    "wanted": "choice",
    "data_space": "choice",
    "email": "email",
    "first_owner": "email",
    "successors": "needed choices",
    "ending": "choice",
    "environments": "needed choices",
    "first_day": "day",
    "hours": "choice",
    "language": "choice",
    "last_day": "day",
    "member": "member",
    "message": "text",
    "name": "label",
    "names": "names",
    "new": "new password",
    "origin": "choice",
    "overlap": "choice",
    "password": "password",
    "projects": "projects",
    "public_pem": "public key",
    "reach": "choice",
    "reason": "reason",
    "request_code": "request code",
    "rights": "choices",
    "role": "choice",
    "scopes": "choices",
    "side": "choice",
    "signature": "signature",
    "theme": "choice",
    "time_zone": "choice",
    "typed_name": "typed name",
    "user_code": "request code",
    "version": "version",
    "way": "choice",
    "wish": "choice",
    "url": "address",
    "description": "label",
    "scope": "choice",
    "events": "needed choices",
    "mark": "mark",
    "console.issue_credential last_day": "optional day",
    "console.issue_credential service": "choice",
    "console.rotate_credential last_day": "optional day",
    "console.open_tenant edition": "optional choice",
    "accounts.accept_invitation password": "new password",
    "accounts.reset new": "new password",
    "console.decide answer": "reason",
    "reviews.answer_question reason": "text",
    "reviews.new contract": "contract id",
    "tenants.provider issuer": "issuer",
    "tenants.provider client_id": "client id",
    "tenants.provider client_secret": "client secret",
    "tenants.provider name": "label",
    "tenants.joining joining": "choice",
    "tenants.domains domain": "mail domain",
    "accounts.find_provider wanted": "organisation",
    "tenants.switch_provider mode": "choice",
    "reviews.new edition": "optional choice",
    "reviews.new name": "review name",
    "reviews.line last_day": "narrower day",
    "projects.new name": "connector label",
    "projects.rename name": "connector label",
    "projects.rename_space name": "connector label",
}
# Forms that are more than fields: what they answer to nonsense is tested with them.
APART = {
    "accounts.choose": "an account that is not theirs is a 404",
    "console.import_new": "a file: tests/web/console/test_imports.py",
    "accounts.confirm_passkey": "what the page's script writes: tests/accounts/test_passkeys.py",
    "accounts.preferences": "a button each; an unknown choice is a page",
    "handoffs.by_link": "a button that nobody's account accepts",
    "handoffs.give": "a key that is held or was replaced has an answer of its own",
    "reviews.count": "the form of reviews.new, and nothing is made by it",
    **{f"handoffs.{use}": "buttons, and what the page's script writes" for use in ("enrol", "open", "prove", "seal")},
}
# Uses of a form beside those of the access table.
MORE_FORMS: dict[str, Form] = {
    "console.disable_person:last_owner": FORMS["console.disable_person"]
    | {"successors": ["{successor}"], "first_owner": "first.owner@example.com"},
    "keys.new:upload": FORMS["keys.new"] | {"origin": "upload", "public_pem": public_pem_of(a_private_key(902))},
    "keys.leaked:upload": FORMS["keys.leaked"]
    | {"way": "replace", "origin": "upload", "public_pem": public_pem_of(a_private_key(905))},
    "keys.replacement:upload": FORMS["keys.replacement"]
    | {"origin": "upload", "public_pem": public_pem_of(a_private_key(906))},
    "keys.rotate:upload": FORMS["keys.rotate"] | {"origin": "upload", "public_pem": public_pem_of(a_private_key(903))},
}
# What stands in forms beside their fields: the token, a name for password managers, a file (with a test of its own).
# What a page's script writes, a passkey's answer: tests/accounts/test_passkeys.py.
BESIDE = {"csrf_token", "username", "signature_file", "passkey", "asks_second"}  # the last is ticked or not
ALL_FORMS = {use: form for use, form in FORMS.items() if use not in APART} | MORE_FORMS
TAKES_FOUR_BYTES = ("label", "connector label", "names", "text", "reason")
# Where what is wrong with one field is said at the other that does not fit it.
SAID_AT = {
    "contracts.name_deputy first_day: the last there is": "last_day",
    **{
        f"console.{use} first_day: {what}": "last_day"
        for use in ("new_contract", "open_tenant", "renew_contract")
        for what in ("long ago", "the last there is")
    },
    "delegations.widen last_day: long ago": "rights",
    "webhooks.resend last_day: long ago": "first_day",
    "delegations.widen projects: empty": "rights",
    "delegations.client_widen last_day: long ago": "rights",
}
TYPED_IN_SECRET = {"client_secret", "password", "current", "new", "code", "first_code"}


def kind_of(use: str, field: str) -> str:
    return KINDS.get(f"{use} {field}") or KINDS[field]


WRONG_INPUTS = [
    pytest.param(use, field, value, SAID_AT.get(f"{use} {field}: {what}", field), id=f"{use} {field}: {what}")
    for use, form in ALL_FORMS.items()
    for field in form
    for what, value in WRONG[kind_of(use, field)].items()
]


def sender_of(use: str, world: World) -> Caller:
    """Somebody whose form would be accepted."""
    row = next(
        row for row in PAGES if row.route == Route("POST", use) or row.route == Route("POST", use.partition(":")[0])
    )
    return world.callers[
        next(
            name
            for name in ("owner", "signer", "anonymous", "partner_admin", "operator", "other_owner")
            if row.answers[name] in (200, 303)
        )
    ]


def send(app: Flask, world: World, use: str, **changed: Any) -> tuple[TestResponse, Form]:
    """The answer to the form with these fields changed, and what was sent."""
    sender = sender_of(use, world)
    foreign = world.foreign | {"own account": sender.things["account"]}
    form = filled(ALL_FORMS[use], sender.things) | filled(changed, foreign)
    return ask(app, sender, Route("POST", use), form=form), form


@pytest.mark.parametrize(("use", "field", "value", "said_at"), WRONG_INPUTS)
def test_wrong_input(use: str, field: str, value: Any, said_at: str, app: Flask, world: World, snapshot: Snapshot):
    answer, form = send(app, world, use, **{field: value})

    assert answer.status_code == 422
    page = BeautifulSoup(answer.text, "html.parser")
    assert says_what_is_wrong(page, said_at)
    assert forgotten(page, form, field) == []
    assert snapshot.written <= RECORD | ({"blocked_keys"} if "PRIVATE KEY" in str(value) else set())


@pytest.mark.parametrize("octets", [b"", b"\x00" * 256, b"nonsense", b"A" * 30_000, bytes(range(256))])
def test_a_wrong_signature_file(octets: bytes, app: Flask, world: World, snapshot: Snapshot):
    file = (io.BytesIO(octets), "proof.sig")

    answer = ask(app, world.callers["owner"], Route("POST", "keys.make:upload"), form={"signature_file": file})

    assert answer.status_code == 422
    assert says_what_is_wrong(BeautifulSoup(answer.text, "html.parser"), "signature")
    assert snapshot.written <= RECORD


def says_what_is_wrong(page: BeautifulSoup, field: str) -> bool:
    """Whether the summary has a sentence that leads to the field, and the field says so itself."""
    summary = page.select_one(".error-summary")
    control = page.select_one(f"form.form [name={field}]") or page.select_one(f"fieldset#{field}")
    if summary is None or control is None:
        return False
    if control.get("type") == "hidden":
        return bool(summary.select_one("li").get_text(strip=True))
    links = [link for link in summary.select("a") if _leads_to(page, link["href"], field)]
    return (
        bool(links) and all(link.get_text(strip=True) for link in links) and page.select_one(".field-wrong") is not None
    )


def _leads_to(page: BeautifulSoup, href: str, field: str) -> bool:
    target = page.select_one(href)
    return target is not None and (target.get("name") == field or target.get("id") == field)


def forgotten(page: BeautifulSoup, form: Form, wrong: str) -> list[str]:
    """The fields, but for the wrong one and passwords, that do not hold any more what was typed."""
    return [
        field
        for field, typed in form.items()
        if field not in TYPED_IN_SECRET | {wrong} and sorted(held_by(page, field)) != sorted(_as_list(typed))
    ]


def held_by(page: BeautifulSoup, field: str) -> list[str]:
    """What the form that is shown again holds in this field."""
    held: list[str] = []
    for control in page.select(f"form.form [name={field}]"):
        held += _value_of(control)
    return held


def _value_of(control: Tag) -> list[str]:
    if control.name == "textarea":
        return [control.text.removeprefix("\r\n").removeprefix("\n")]
    if control.name == "select":
        return [option["value"] for option in control.select("option[selected]")]
    if control.get("type") in ("radio", "checkbox"):
        return [control["value"]] if control.has_attr("checked") else []
    return [control.get("value", "")]


def _as_list(typed: Any) -> list[str]:
    return typed if isinstance(typed, list) else [typed]


@pytest.mark.parametrize(
    ("use", "field"),
    [
        pytest.param(use, field, id=f"{use} {field}")
        for use, form in ALL_FORMS.items()
        for field in form
        if kind_of(use, field) in TAKES_FOUR_BYTES
    ],
)
def test_characters_of_four_bytes_are_letters_like_others(use: str, field: str, app: Flask, world: World):
    """Rule 19: Unicode, 4-byte characters included."""
    answer, _form = send(app, world, use, **{field: FOUR_BYTES})

    assert answer.status_code in (200, 303)


@pytest.mark.parametrize("use", ALL_FORMS)
def test_a_field_that_is_sent_twice_or_not_at_all_breaks_nothing(
    use: str, app: Flask, world: World, snapshot: Snapshot
):
    for field, value in filled(ALL_FORMS[use], sender_of(use, world).things).items():
        twice = [*_as_list(value), "unknown"]
        for changed in (twice, list(reversed(twice)), []):
            snapshot.put_back()
            answer, _form = send(app, world, use, **{field: changed})

            assert answer.status_code in (200, 303, 422), (field, changed)


@pytest.mark.parametrize("use", ALL_FORMS)
def test_an_empty_form_breaks_nothing(use: str, app: Flask, world: World, snapshot: Snapshot):
    answer = ask(app, sender_of(use, world), Route("POST", use), form={})

    assert answer.status_code in (200, 303, 422)
    assert answer.status_code != 422 or snapshot.written <= RECORD


@pytest.mark.parametrize("use", ALL_FORMS)
def test_fields_that_a_form_does_not_have_are_not_taken(use: str, app: Flask, world: World, snapshot: Snapshot):
    """No mass assignment: what a row is made of does not come from a form that does not ask for it."""
    other = {
        "tenant_id": "00000000-0000-0000-0000-0000000c0ffe",
        "id": "00000000-0000-0000-0000-0000000c0ffe",
        "holder_id": "00000000-0000-0000-0000-0000000c0ffe",
        "state": "revoked",
        "standing": "suspended",
        "is_vendor": "true",
        "disabled_at": "2026-01-01",
    }

    answer, _form = send(app, world, use, **other)

    assert answer.status_code in (200, 303)
    rows = str(snapshot.rows())
    assert "00000000-0000-0000-0000-0000000c0ffe" not in rows
    assert "000000000000000000000000000c0ffe" not in rows


@pytest.mark.parametrize("value", ["unknown", "", NUL, "x" * 5000])
@pytest.mark.parametrize("field", ["theme", "language"])
def test_an_unknown_preference_is_refused(field: str, value: str, app: Flask, world: World, snapshot: Snapshot):
    answer, _form = _preferences(app, world, {field: value})

    assert answer.status_code == 422
    assert snapshot.written <= RECORD


def _preferences(app: Flask, world: World, form: Form) -> tuple[TestResponse, Form]:
    return ask(app, world.callers["owner"], Route("POST", "accounts.preferences"), form=form), form


@pytest.mark.parametrize("value", ["unknown", "", NUL, "x" * 5000])
def test_an_unknown_account_is_not_chosen(value: str, app: Flask, world: World, snapshot: Snapshot):
    answer = ask(app, world.callers["owner"], Route("POST", "accounts.choose"), form={"account": value})

    assert answer.status_code == 404
    assert snapshot.written <= RECORD


@pytest.mark.parametrize(
    "way_on", ["//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "/a\nb", "javascript:alert(1)"]
)
@pytest.mark.parametrize("use", ["accounts.preferences", "accounts.sign_out"])
def test_nobody_is_sent_elsewhere_afterwards(use: str, way_on: str, app: Flask, world: World):
    answer = ask(app, world.callers["owner"], Route("POST", use), form={"theme": "dark", "next": way_on})

    assert answer.status_code == 303
    assert answer.location in ("/", "/sign-in")


def test_every_form_has_all_its_fields_tried(app: Flask, world: World):
    """What a page asks for, the frame's own forms aside, is what is tried here."""
    missing = {}
    for use, form in ALL_FORMS.items():
        page = ask(app, sender_of(use, world), Route("GET", use))
        if page.status_code != 200:
            continue  # an act without a page of its own
        asked = {control["name"] for control in BeautifulSoup(page.text, "html.parser").select("main form.form [name]")}
        missing[use] = asked - form.keys() - BESIDE - MORE_FORMS.get(f"{use}:upload", {}).keys()

    assert {use: fields for use, fields in missing.items() if fields} == {}


def test_every_form_of_the_portal_is_tried(app: Flask, world: World):
    """A page that answers to POST, and has something to fill in, is among those tried here."""
    untried = {}
    for row in PAGES:
        use = row.route.use
        if row.route.method != "POST" or use in ALL_FORMS or use in APART:
            continue
        page = ask(app, sender_of(use, world), Route("GET", use))
        controls = BeautifulSoup(page.text, "html.parser").select("main form.form [name]")
        untried[use] = {control["name"] for control in controls} - BESIDE

    assert {use: fields for use, fields in untried.items() if fields} == {}
