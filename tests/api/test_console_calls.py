"""The console's calls: what is special about them. Who may what is in the access table."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from portal.contracts import store as contracts
from portal.credentials import store as credentials
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.foundation import clock, paging
from portal.foundation.database import transaction
from portal.imports import store as imports
from portal.imports import working
from portal.imports.reading import COLUMNS
from tests.api.scripts import Script, a_script
from tests.credentials.scenes import a_credential
from tests.factories import a_contract, a_key, a_member, a_tenant, a_vendor, membership_of, tenant_of

DAY = timedelta(days=1)
HEADER = ",".join(COLUMNS)
LINE = ",New One,new@example.com,en,integrator,2031-01-01,2031-12-31,"


@pytest.fixture
def vendor() -> Actor:
    return a_vendor()


@pytest.fixture
def script(app: Flask, vendor: Actor) -> Script:
    return a_script(app, vendor)


@pytest.fixture
def aurora(owner: Actor) -> str:
    return tenant_of(owner).account_id


@pytest.fixture
def standing_of(script: Script, aurora: str) -> Callable[[], str]:
    return lambda: script.get(f"console/tenants/{aurora}").json["tenant"]["standing"]


def contract_id(owner: Actor) -> str:
    return contracts.all_of(owner)[0].public_id


def test_a_list_comes_page_by_page(script: Script, monkeypatch: pytest.MonkeyPatch):
    for name in ("Alpha", "Beta", "Gamma"):
        a_tenant(name)
    monkeypatch.setattr(paging, "PAGE_ROWS", 2)

    first = script.get("console/tenants").json
    second = script.get("console/tenants", after=first["next"]).json

    assert [row["name"] for row in first["items"] + second["items"]] == ["Alpha", "Beta", "Gamma", "Vendor"]
    assert second["next"] is None


def test_a_filter_that_no_list_knows_is_refused(script: Script):
    answer = script.get("console/tenants", standing="splendid")

    assert (answer.status_code, answer.json["code"]) == (422, "not_as_described")


def test_key_pairs_are_found_by_their_holder(script: Script, owner: Actor, aurora: str):
    pair = a_key(owner)
    a_key(a_member_of_another())

    found = script.get("console/access", holder=aurora).json["items"]

    assert [(row["api_key"], row["status"], row["owner"]["account_id"]) for row in found] == [
        (pair.api_key, "active", aurora)
    ]


def a_member_of_another() -> Actor:
    tenant = a_tenant("Boreal")
    a_contract(tenant)
    return a_member(tenant)


def test_a_tenant_is_shown_with_what_hangs_on_it(script: Script, owner: Actor, aurora: str):
    pair = a_key(owner)

    shown = script.get(f"console/tenants/{aurora}").json

    (branch,) = shown["contracts"]
    assert branch["contract"]["id"] == contract_id(owner)
    assert [twig["key_pair"]["api_key"] for twig in branch["key_pairs"]] == [pair.api_key]
    assert [member["id"] for member in shown["members"]] == [str(owner.membership_id)]


def test_a_search_says_what_the_text_was_taken_for(script: Script, owner: Actor, aurora: str):
    pair = a_key(owner)

    found = script.get("console/search", q=pair.api_key).json

    assert found["sought"] == ["api_key"]
    assert [(hit["id"], hit["tenants"][0]["account_id"]) for hit in found["groups"][0]["items"]] == [
        (pair.api_key, aurora)
    ]


def test_a_search_finds_people_with_their_tenants(script: Script, owner: Actor, aurora: str):
    email = membership_of(owner).person.email

    (group,) = script.get("console/search", q=email).json["groups"]

    assert [(hit["id"], [home["account_id"] for home in hit["tenants"]]) for hit in group["items"]] == [
        (email, [aurora])
    ]


def test_what_a_suspension_stops_is_counted_before(script: Script, owner: Actor, aurora: str):
    a_key(owner)

    radius = script.get(f"console/tenants/{aurora}/standing/blast-radius")

    assert (radius.json["own_key_pairs"], radius.json["members"]) == (1, 1)
    assert (radius.json["sessions"], radius.json["tokens"], radius.json["hand_offs"]) == (0, 0, 0)
    assert radius.headers["ETag"] == f'"{radius.json["version"]}"'


def test_to_suspend_the_account_id_is_typed_once_more(script: Script, aurora: str, standing_of: Callable[[], str]):
    answer = script.post(
        f"console/tenants/{aurora}/standing", {"standing": "suspended", "reason": "Invoices."}, version=1
    )

    assert (answer.status_code, answer.json["code"]) == (422, "account_not_typed")
    assert standing_of() == "good"


def test_a_standing_is_changed_as_it_was_seen(script: Script, aurora: str, standing_of: Callable[[], str]):
    path, wanted = f"console/tenants/{aurora}/standing", {"standing": "past_due", "reason": "Invoices."}

    old = script.post(path, wanted, version=7)
    done = script.post(path, wanted, version=script.get(f"{path}/blast-radius").json["version"])

    assert (old.status_code, done.status_code) == (412, 200)
    assert done.json["standing"] == standing_of() == "past_due"
    assert done.headers["ETag"] == f'"{done.json["version"]}"'


def test_a_reason_of_spaces_is_none(script: Script, aurora: str):
    answer = script.post(f"console/tenants/{aurora}/standing", {"standing": "past_due", "reason": "  "}, version=1)

    assert (answer.status_code, answer.json["detail"]) == (422, "Give the reason")


def test_an_act_needs_its_scope(app: Flask, vendor: Actor, aurora: str):
    script = a_script(app, vendor, Scope.READ, Scope.CONTRACTS)

    answer = script.post(f"console/tenants/{aurora}/standing", {"standing": "past_due", "reason": "Why."}, version=1)

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_an_account_is_opened_with_its_first_contract(script: Script):
    first = {"edition": "adobe-commerce", "first_day": "2031-01-01", "last_day": "2031-12-31"}

    opened = script.post("console/tenants", {"name": "Nova", "email": "nora@example.com", "contract": first}, key="one")

    assert opened.status_code == 201
    (branch,) = script.get(f"console/tenants/{opened.json['account_id']}").json["contracts"]
    assert branch["contract"]["starts_at"] == "2031-01-01T00:00:00Z"
    assert branch["contract"]["ends_at"] == "2032-01-01T00:00:00Z"


def test_a_token_without_contracts_opens_no_account_with_one(app: Flask, vendor: Actor):
    script = a_script(app, vendor, Scope.READ, Scope.TENANTS)
    first = {"edition": "adobe-commerce", "first_day": "2031-01-01", "last_day": "2031-12-31"}

    answer = script.post("console/tenants", {"name": "Nova", "email": "nora@example.com", "contract": first})

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")
    assert script.get("console/tenants", q="Nova").json["items"] == []


def test_no_contract_ends_after_the_last_day_of_the_calendar(script: Script, aurora: str):
    answer = script.post(
        f"console/tenants/{aurora}/contracts",
        {"edition": "magento-open-source", "first_day": "2031-01-01", "last_day": "9999-12-31"},
    )

    assert (answer.status_code, answer.json["problems"][0]["at"]) == (422, "/last_day")


def test_a_renewal_is_answered_with_the_contract_that_follows(script: Script, owner: Actor, aurora: str):
    old = contracts.all_of(owner)[0]
    first = old.ends_at.astimezone(UTC).date()
    body = {"edition": "adobe-commerce", "first_day": f"{first}", "last_day": f"{first + 365 * DAY}"}

    answer = script.post(f"console/tenants/{aurora}/contracts/{old.public_id}/renew", body, version=old.version)

    assert answer.status_code == 201
    assert answer.json["state"] == "upcoming"
    branches = script.get(f"console/tenants/{aurora}").json["contracts"]
    assert {row["contract"]["id"]: row["renewed_by"] for row in branches} == {
        old.public_id: answer.json["id"],
        answer.json["id"]: None,
    }


def test_what_the_end_of_a_contract_stops_is_counted_before(script: Script, owner: Actor, aurora: str):
    a_key(owner)
    path = f"console/tenants/{aurora}/contracts/{contract_id(owner)}"

    radius = script.get(f"{path}/blast-radius").json
    ended = script.post(
        f"{path}/end", {"reason": "The shop is closed.", "typed_account": aurora}, version=radius["version"]
    )

    assert radius["own_key_pairs"] == 1
    assert ended.json["state"] == "over"
    assert script.get("console/access", owner=aurora).json["items"][0]["status"] == "contract_ended"


def test_another_edition_is_shown_before_it_is_chosen(script: Script, owner: Actor):
    path = f"console/contracts/{contract_id(owner)}/edition"

    seen = script.get(path, edition="magento-open-source").json
    changed = script.post(path, {"edition": "magento-open-source"}, version=seen["version"])

    (preview,) = seen["previews"]
    assert (seen["edition"], preview["edition"]) == ("adobe-commerce", "magento-open-source")
    assert preview["services_lost"]
    assert changed.json["edition"] == "magento-open-source"


def a_wish(owner: Actor, amount: int = 3) -> str:
    with transaction():
        contract = contracts.all_of(owner)[0]
        return asking.request_more(owner, contract, Wish.PROJECT, amount, "For three fairs.").public_id


def test_a_part_of_a_request_is_approved_with_an_answer(script: Script, owner: Actor, vendor: Actor):
    request = a_wish(owner)
    path = f"console/requests/{request}"
    seen, decision = script.get(path).json, {"decision": "part", "granted": 2}

    silent = script.post(f"{path}/decide", decision, version=seen["version"])
    decided = script.post(f"{path}/decide", decision | {"answer": "Two are enough."}, version=seen["version"])

    assert silent.status_code == 422
    assert decided.json["request"]["state"] == "approved"
    assert (decided.json["request"]["granted"], decided.json["request"]["decided_by"]) == (2, vendor.label)
    assert decided.json["included"] == seen["included"] + 2


def test_the_queue_has_what_waits_unless_told(script: Script, owner: Actor):
    request = a_wish(owner)
    path = f"console/requests/{request}"
    refusal = {"decision": "refuse", "answer": "Not this year."}
    script.post(f"{path}/decide", refusal, version=script.get(path).json["version"])

    waiting, every = script.get("console/requests").json, script.get("console/requests", all_states="true").json

    assert (waiting["items"], [row["id"] for row in every["items"]]) == ([], [request])


def test_the_first_signer_signs_at_once_and_the_next_one_waits(script: Script):
    tenant = a_tenant("Meridian")
    contract = a_contract(tenant, "solution-partner")
    first, second = (a_member(tenant, Role.VIEWER, name=name) for name in ("Sanna", "Sven"))
    path = f"console/tenants/{tenant.account_id}"

    at_once, waits = (
        script.post(
            f"{path}/contracts/{contract.public_id}/signer",
            {"member": str(one.membership_id), "reason": "She signed it."},
        ).json
        for one in (first, second)
    )
    stopped = script.post(f"{path}/signer-changes/{waits['change']['id']}/stop", {"reason": "She stays."})

    assert (at_once["signer"], at_once["change"]) == ("Sanna", None)
    assert (waits["change"]["signer"], waits["change"]["proposed"]) == ("Sanna", "Sven")
    assert (stopped.json["state"], script.get("console/signer-changes").json["items"]) == ("stopped", [])


def test_the_secret_of_a_credential_is_shown_once(script: Script, vendor: Actor):
    body = {"name": "Edge gateway", "service": None}

    first, again = (script.post("console/credentials", body, key="edge").json for _time in range(2))

    assert first["secret"]
    assert again["secret"] is None
    assert first["credential"] == again["credential"]
    assert len(credentials.everything(vendor)) == 1


def test_a_rotation_says_when_the_old_credential_stops(script: Script, vendor: Actor):
    old = a_credential(vendor).credential.public_id

    answer = script.post(f"console/credentials/{old}/rotate", {"overlap_seconds": 3600}).json

    stops_at = datetime.fromisoformat(answer["old_stops_at"])
    assert timedelta(minutes=59) < stops_at - clock.now() <= timedelta(hours=1)
    assert answer["secret"]


def test_a_credential_is_revoked_by_its_name(script: Script, vendor: Actor):
    path = f"console/credentials/{a_credential(vendor, 'Edge gateway').credential.public_id}"

    radius = script.get(f"{path}/blast-radius").json
    wrong = script.post(f"{path}/revoke", {"reason": "In a log.", "typed_name": "Another"})
    right = script.post(f"{path}/revoke", {"reason": "In a log.", "typed_name": "edge gateway"})

    assert len(radius["services"]) > 1
    assert (wrong.status_code, wrong.json["code"]) == (422, "credential_not_typed")
    assert (right.json["state"], right.json["revoked_reason"]) == ("revoked", "In a log.")


def test_a_file_that_cannot_be_taken_apart_is_refused_at_once(script: Script):
    answer = script.post("console/imports", {"csv": "name,colour\nNova,red\n"})

    assert answer.status_code == 422
    assert answer.json["code"] == "import_columns_unknown"
    assert script.get("console/imports").json["items"] == []


def test_an_import_tells_of_each_line_and_is_applied_as_it_was_seen(script: Script, vendor: Actor):
    given = script.post("console/imports", {"file_name": "new.csv", "csv": f"{HEADER}\n{LINE}\n"})
    path = f"console/imports/{given.json['id']}"
    assert script.get(f"{path}/lines").json["items"] == []
    with transaction():
        job = working.lease(imports.get(vendor, given.json["id"]))
    working.work(job)

    seen, (line,) = script.get(path).json, script.get(f"{path}/lines").json["items"]
    applied = script.post(f"{path}/apply", version=seen["version"])

    assert (given.status_code, given.json["state"], seen["state"]) == (201, "checking", "checked")
    assert (line["kind"], line["name"], line["edition"]) == ("new_tenant", "New One", "integrator")
    assert all(detail["text"] for detail in line["details"])
    assert applied.json["state"] == "applying"


def test_a_file_may_be_larger_than_other_bodies(script: Script, aurora: str):
    lines = "\n".join(LINE.replace("New One", f"New {number}") for number in range(2000))

    given = script.post("console/imports", {"csv": f"{HEADER}\n{lines}\n"})
    other = script.post(f"console/tenants/{aurora}/owner", {"email": "x" * 100_000})

    assert (given.status_code, given.json["total"], other.status_code) == (201, 2000, 413)


def test_the_overview_counts_what_the_lists_hold(script: Script, owner: Actor):
    a_key(owner)

    counts = script.get("console/overview").json

    assert (counts["standings"]["good"], counts["key_pairs_in_service"]["sandbox"]) == (2, 1)
