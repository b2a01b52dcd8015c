"""The paste checker's page; what its script finds is tried in a browser (tests/browser/test_paste.py)."""

import json

from bs4 import BeautifulSoup

from portal.access.roles import Environment
from portal.verifier.paste import Finding
from tests.factories import a_delegation, a_key, a_licensee, an_integrator, for_client, tenant_of


def soup_of(answer) -> BeautifulSoup:
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


def known(soup) -> list[str]:
    return [pair["apiKey"] for pair in json.loads(soup.find(attrs={"data-known": True})["data-known"])]


def test_s12_the_pages_policy_lets_its_script_reach_nobody_and_write_no_markup(signed_in):
    owner = a_licensee()

    answer = signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys/check")

    policy = answer.headers["Content-Security-Policy"]
    assert {"connect-src 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"} <= set(
        policy.split("; ")
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_field_can_be_sent(signed_in):
    owner = a_licensee()

    soup = soup_of(signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys/check"))

    fields = soup.select("[data-paste-check] input, [data-paste-check] textarea")
    assert len(fields) == 2 * len(["API key", "private key", "its file", "its passphrase"])
    assert not any(field.has_attr("name") or field.find_parent("form") for field in fields)


def test_each_finding_has_its_sentence(signed_in):
    owner = a_licensee()
    soup = soup_of(signed_in(owner).get(f"/{tenant_of(owner).account_id}/keys/check"))

    assert {finding.value for finding in Finding} <= {one["data-sentence"] for one in soup.select("[data-sentence]")}


def test_the_reader_finds_the_pairs_within_reach_only(signed_in):
    owner, integrator = a_licensee(), an_integrator()
    account = tenant_of(owner).account_id
    acting = for_client(integrator, a_delegation(owner, integrator))
    owners = a_key(owner, environment=Environment.SANDBOX)
    delegated = a_key(acting, environment=Environment.PRODUCTION)

    of_owner = known(soup_of(signed_in(owner).get(f"/{account}/keys/check")))
    of_integrator = known(soup_of(signed_in(acting).get(f"/{account}/keys/check")))

    assert set(of_owner) == {owners.api_key, delegated.api_key}
    assert of_integrator == [delegated.api_key]
