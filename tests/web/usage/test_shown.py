"""What the pages say of calls: keys, projects, overviews, the console."""

from datetime import timedelta

import pytest

from portal.access.roles import Environment
from portal.foundation import clock
from portal.usage import store
from tests.factories import a_contract, a_delegation, a_key, a_licensee, a_vendor, an_integrator, for_client, tenant_of
from tests.statements import counted
from tests.web.test_statements import MOST
from tests.web.usage.conftest import words


def test_a_key_that_was_never_used_says_so(visitor, account, pair):
    listed, shown, asked = (
        words(visitor.get(f"/{account}/keys{path}")) for path in ("", f"/{pair.api_key}", f"/{pair.api_key}/revoke")
    )

    assert "Last used" in listed and "never" in listed  # noqa: PT018
    assert "No call with this key pair was seen yet." in shown
    assert "Last used: never" in asked


def test_the_list_of_keys_says_when_and_by_which_installation(visitor, account, pair, seen):
    seen()

    assert "by Shop (Community)" in words(visitor.get(f"/{account}/keys"))


def test_s16_the_page_of_a_key_says_who_uses_it(visitor, account, pair, seen):
    seen(version="2.4.8-p1", address="192.0.2.77")

    page = visitor.get(f"/{account}/keys/{pair.api_key}")

    for said in ("Shop (Community)", "Testing 1", "Community 2.4.8-p1", "192.0.2.0/24"):
        assert said in words(page)
    assert "192.0.2.77" not in page.text
    assert f"{clock.now().date().isoformat()} 1" in words(page)


def test_an_unknown_client_is_said_by_what_it_calls_itself(visitor, account, pair, seen):
    seen(user_agent="<script>alert(1)</script>\x00")

    page = visitor.get(f"/{account}/keys/{pair.api_key}")

    assert "unknown client: <script>alert(1)</script>" in words(page)
    assert "<script>alert" not in page.text


def test_s16_revoking_names_the_shop_that_uses_the_key_now(visitor, account, pair, seen):
    seen()

    page = words(visitor.get(f"/{account}/keys/{pair.api_key}/revoke"))

    assert "Installations that use them now 1 Shop (Community) on Testing 1" in page


def test_a_project_shows_the_shop_its_key_and_when_it_was_seen(visitor, account, project, seen):
    seen()

    page = words(visitor.get(f"/{account}/projects/{project}"))

    for said in ("Installation Shop (Community)", "Key in use Storefront", "Client Community 2.4.8-p1"):
        assert said in page


def test_a_shop_that_is_quiet_for_more_than_a_week_is_marked(visitor, account, project, seen):
    seen(at=clock.now() - timedelta(days=9))

    assert "quiet for more than a week" in words(visitor.get(f"/{account}/projects/{project}"))


def test_a_claim_is_shown_with_what_can_be_decided(visitor, account, project, claim):
    page = words(visitor.get(f"/{account}/projects/{project}"))

    assert "Other shops seen on “Testing 1”" in page
    for said in ("Collides with the other shop", "Same shop", "Declare", "Move", "Dismiss", "Name it"):
        assert said in page


def test_the_overview_shows_key_last_seen_and_what_collides(visitor, account, claim):
    page = words(visitor.get(f"/{account}"))

    assert "Two shops use the data space “Testing 1”: “Shop (Enterprise)” is the second one." in page
    assert "Key in use" in page


def test_both_sides_see_a_collision_on_their_overviews(owner, account, claim, signed_in):
    agency = an_integrator()
    a_delegation(owner, agency)

    for path in ("", "/clients"):
        page = words(signed_in(agency).get(f"/{tenant_of(agency).account_id}{path}"))

        assert "Aurora: Two shops use the data space “Testing 1”" in page


def test_an_integrator_without_reach_sees_none(owner, claim, signed_in):
    agency = an_integrator()
    a_delegation(owner, agency, environments=[Environment.PRODUCTION])

    assert "Two shops use" not in words(signed_in(agency).get(f"/{tenant_of(agency).account_id}"))


def test_an_integrator_sees_that_another_holders_key_is_in_use_and_not_which(owner, account, project, seen, signed_in):
    agency = an_integrator()
    a_delegation(owner, agency)
    seen()

    page = words(signed_in(agency).get(f"/{account}/projects/{project}"))

    assert "Key in use a key pair of another holder" in page
    assert "Storefront" not in page


def test_an_alarm_is_on_the_overview_and_on_the_project_until_it_is_dismissed(owner, visitor, account, project, seen):
    seen(space=0)
    for path in ("", f"/projects/{project}"):
        assert "known as a testing shop" in words(visitor.get(f"/{account}{path}"))

    (one,) = store.installations(owner)
    shop = one.installation
    visitor.post(f"/{account}/installations/{shop.public_id}/dismiss", data={"version": shop.version})

    for path in ("", f"/projects/{project}"):
        assert "known as a testing shop" not in words(visitor.get(f"/{account}{path}"))


def test_activity_tells_what_was_discovered_and_what_collides(visitor, account, claim):
    page = words(visitor.get(f"/{account}/activity?kind=installation"))

    assert "The installation “Shop (Community)” was discovered on the data space “Testing 1”" in page
    assert "“Shop (Enterprise)” uses the data space “Testing 1”, which “Shop (Community)” uses already" in page


def test_the_console_shows_a_discovered_shop(owner, account, seen, signed_in):
    seen()
    admin = a_vendor()

    page = words(signed_in(admin).get(f"/{tenant_of(admin).account_id}/console/tenants/{account}"))

    assert "Shop (Community) discovered by its calls" in page


@pytest.mark.parametrize(
    "page", ["", "/keys", "/keys/{pair}", "/keys/{pair}/revoke", "/projects", "/projects/{project}"]
)
def test_pages_ask_as_often_with_calls_as_without_and_never_too_often(
    page, owner, visitor, account, pair, project, seen
):
    a_contract(tenant_of(owner), "integrator")
    address = f"/{account}" + page.format(pair=pair.api_key, project=project)

    def ask() -> int:
        with counted() as statements:
            assert visitor.get(address).status_code == 200
        return len(statements)

    seen()
    with_one = ask()
    for edition in ("Enterprise", "B2B"):
        for space in range(3):
            seen(space=space, edition=edition)
    agency = an_integrator()
    seen(of=a_key(for_client(agency, a_delegation(owner, agency)), name="Theirs"))
    a_delegation(a_licensee(), owner)

    with_more = ask()

    print(f"{page or 'overview'}: {with_more} statements")
    assert with_more <= MOST
    assert with_more - with_one <= 1  # the projects of the first delegation
