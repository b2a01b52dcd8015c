"""/metrics: to whom it answers, what it counts, and what no label ever says."""

import re
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from portal.access.actor import Actor
from portal.access.rows import owned_by
from portal.credentials.models import CredentialUse
from portal.foundation import clock, metrics
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.outbox import store
from tests.conftest import PortalClient
from tests.credentials.scenes import a_credential, revoke
from tests.factories import a_vendor, tenant_of
from tests.watching.conftest import figure

AWAY = {"REMOTE_ADDR": "192.0.2.7"}


def read(client: PortalClient) -> str:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return answer.text


# To whom


def test_this_machine_reads_them_with_nothing_to_show(client: PortalClient):
    answer = client.get("/metrics")

    assert (answer.status_code, answer.content_type) == (200, metrics.CONTENT_TYPE)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "portal_http_requests_total" in answer.text


def test_they_come_at_an_address_of_this_machine_that_pages_do_not_answer_at(client: PortalClient):
    assert client.get("/metrics", base_url="http://127.0.0.1:8000").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via", "X-Real-IP"])
def test_what_came_through_a_proxy_is_not_from_this_machine(header: str, client: PortalClient):
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_a_proxy_that_names_nobody_asks_for_the_portals_own_name(client: PortalClient):
    assert client.get("/metrics", headers={"Host": "portal.example.com"}).status_code != 200


def test_to_a_stranger_it_is_a_missing_page(client: PortalClient):
    missing = client.get("/nobody/nothing", environ_overrides=AWAY)

    answer = client.get("/metrics", environ_overrides=AWAY)

    request_id = re.compile("[0-9a-f]{32}")
    assert answer.status_code == missing.status_code == 404
    assert "portal_" not in answer.text
    assert request_id.sub("", answer.text).replace("/metrics", "/nobody/nothing") == request_id.sub("", missing.text)


def test_a_service_reads_them_from_elsewhere_by_its_credential(client: PortalClient):
    secret = a_credential(a_vendor()).token

    for headers in ({"X-Portal-Credential": secret}, {"Authorization": f"Bearer {secret}"}):
        assert client.get("/metrics", headers=headers, environ_overrides=AWAY).status_code == 200


def test_a_credential_that_was_revoked_opens_nothing(client: PortalClient):
    admin = a_vendor()
    issued = a_credential(admin)
    revoke(admin, issued.credential)

    answer = client.get("/metrics", headers={"X-Portal-Credential": issued.token}, environ_overrides=AWAY)

    assert answer.status_code == 404


@pytest.mark.parametrize("secret", ["", "psc_", "psc_" + "A" * 43, "psc_é" + "A" * 42, "x" * 5000])
def test_a_credential_of_nobodys_opens_nothing(secret: str, client: PortalClient):
    answer = client.get(
        "/metrics", environ_overrides=AWAY | {"HTTP_X_PORTAL_CREDENTIAL": secret.encode().decode("latin-1")}
    )

    assert answer.status_code == 404


def test_the_use_of_a_credential_is_noted(client: PortalClient):
    admin = a_vendor()
    secret = a_credential(admin).token

    client.get("/metrics", headers={"X-Portal-Credential": secret}, environ_overrides=AWAY)

    (use,) = db.session.scalars(owned_by(admin, CredentialUse))
    assert clock.now() - use.last_used_at < timedelta(minutes=1)


# What they say


def test_a_page_is_counted_by_its_endpoint(client: PortalClient):
    labels = {"door": "web", "endpoint": "accounts.sign_in", "method": "GET"}
    before = read(client)

    client.get("/sign-in?next=/somewhere")

    after = read(client)
    for name, more in (("portal_http_requests_total", {"status": "200"}), ("portal_http_request_seconds_count", {})):
        assert figure(after, name, **labels, **more) == figure(before, name, **labels, **more) + 1


def test_a_call_of_a_shop_and_one_of_a_script_are_counted_by_their_doors(client: PortalClient):
    shop = {"door": "connector", "endpoint": "ping", "method": "GET", "status": "403"}
    script = {"door": "api", "endpoint": "api.challenge", "method": "POST", "status": "400"}
    before = read(client)

    status = client.get("/merchant-registry/v1/ping").status_code
    client.open("/api/v1/keys/revocation/challenge", method="POST")

    after = read(client)
    shop["status"] = str(status)
    for labels in (shop, script):
        assert figure(after, "portal_http_requests_total", **labels) == 1 + figure(
            before, "portal_http_requests_total", **labels
        )


def test_an_address_without_a_page_and_a_made_up_method_add_no_label_of_their_own(client: PortalClient):
    client.open("/no/such/page/of/ours", method="INVENTED")

    text = read(client)

    assert "INVENTED" not in text
    assert "such" not in text
    assert figure(text, "portal_http_requests_total", door="web", endpoint="none", method="other", status="404") >= 1


def test_no_label_names_a_tenant_a_person_or_a_credential(signed_in, owner: Actor, client: PortalClient):
    secret = a_credential(a_vendor()).token
    account = tenant_of(owner).account_id
    browser = signed_in(owner)
    assert browser.get(f"/{account}/keys").status_code == 200
    assert browser.get(f"/{account}/keys/{'0' * 32}").status_code == 404

    answer = client.get("/metrics", headers={"X-Portal-Credential": secret}, environ_overrides=AWAY)

    for word in (account, owner.home_name, str(owner.person_id), str(owner.tenant_id), "scr_", "@", "psc_"):
        assert word not in answer.text


def test_the_labels_are_these(client: PortalClient):
    client.get("/sign-in")

    families = list(text_string_to_metric_families(read(client)))

    known = {
        *("worker", "door", "endpoint", "method", "status", "le"),
        *("task", "outcome", "engine", "state", "version", "python"),
    }
    assert {label for family in families for sample in family.samples for label in sample.labels} <= known
    assert {"portal_build_info", "portal_http_requests", "portal_http_request_seconds"} <= {
        family.name for family in families
    }


def test_the_outbox_says_how_much_waits_since_when_and_what_was_given_up(client: PortalClient):
    with transaction():
        for number in range(3):
            outbox.post("invitation", f"person{number}@example.com", "en", {})
    with transaction():
        (row,) = store.claim(clock.now(), clock.now(), 1)
        store.settle(row.id, row.attempts, given_up_at=clock.now())

    with clock.travelled_to(clock.now() + timedelta(minutes=10)):
        text = read(client)

    assert figure(text, "portal_outbox_waiting") == 2
    assert figure(text, "portal_outbox_given_up") == 1
    assert 590 <= figure(text, "portal_outbox_oldest_seconds") <= 620
    assert figure(text, "portal_database_up") == 1


def test_an_empty_outbox_is_no_age(client: PortalClient):
    assert figure(read(client), "portal_outbox_oldest_seconds") == 0


def test_without_the_database_the_rest_is_told_and_that_it_is_away(
    client: PortalClient, monkeypatch: pytest.MonkeyPatch
):
    def away() -> None:
        raise OperationalError("SELECT", {}, ConnectionError())

    monkeypatch.setattr(store, "backlog", away)

    text = read(client)

    assert f'portal_database_up{{worker="{metrics.worker.name}"}} 0.0' in text
    assert "portal_outbox" not in text
    assert "portal_build_info" in text


def test_connections_are_told_by_engine_and_state(client: PortalClient):
    text = read(client)

    assert re.search(r'portal_database_connections\{engine="looks",state="(idle|in_use)",worker="\w+"\} \d', text)
