"""Opening accounts, names, standing, request codes."""

import re

import pytest

from portal.access.actor import system_actor
from portal.access.errors import NotAllowed
from portal.access.roles import Role
from portal.foundation.database import transaction
from portal.foundation.errors import Changed, NotFound
from portal.foundation.words import NameEmpty, NameHasControls
from portal.tenants import operations as tenants
from portal.tenants import store
from portal.tenants.errors import VendorExists
from portal.tenants.models import Standing
from tests.accounts.record import events_in, last_event
from tests.factories import a_licensee, a_member, a_tenant, a_vendor, tenant_of

PORTAL = system_actor("tests")


def test_a_new_tenant_has_a_random_account_id_and_good_standing():
    with transaction():
        tenant = tenants.create(PORTAL, "Acme")

    assert re.fullmatch(r"MAG\d{9}", tenant.account_id)
    assert tenant.standing is Standing.GOOD


def test_two_tenants_may_bear_one_name_and_have_different_account_ids():
    first, second = a_tenant("Acme"), a_tenant("Acme")

    assert first.account_id != second.account_id


def test_a_taken_account_id_is_drawn_again(monkeypatch):
    taken = int(a_tenant().account_id.removeprefix("MAG"))
    draws = iter([taken, 7])
    monkeypatch.setattr("portal.tenants.operations.secrets.randbelow", lambda _bound: next(draws))

    assert a_tenant().account_id == "MAG000000007"


def test_opening_an_account_is_one_event_in_its_own_chain():
    tenant = a_tenant("Acme")

    assert events_in(tenant.id) == ["tenant.created"]


def test_there_is_one_vendor():
    a_vendor()

    with pytest.raises(VendorExists), transaction():
        tenants.create(PORTAL, "Another vendor", is_vendor=True)


def test_an_owner_opens_no_accounts():
    owner = a_licensee()

    with pytest.raises(NotAllowed), transaction():
        tenants.create(owner, "Another")


@pytest.mark.parametrize(("name", "refusal"), [("   ", NameEmpty), ("a\x00b", NameHasControls)])
def test_a_tenant_has_a_clean_name(name, refusal):
    with pytest.raises(refusal), transaction():
        tenants.create(PORTAL, name)


def test_an_owner_renames_the_account():
    owner = a_licensee(name="Acme")
    version = tenant_of(owner).version

    with transaction():
        tenants.rename(owner, "  Acme 商店 𝔸 ", version)

    assert tenant_of(owner).name == "Acme 商店 𝔸"
    assert last_event(owner.tenant_id).facts == {"before": "Acme"}


def test_a_viewer_does_not_rename_the_account():
    viewer = a_member(a_tenant(), Role.VIEWER)

    with pytest.raises(NotAllowed), transaction():
        tenants.rename(viewer, "Mine", 1)


def test_renaming_what_was_renamed_meanwhile_shows_both_names():
    owner = a_licensee(name="Acme")
    loaded = tenant_of(owner).version
    with transaction():
        tenants.rename(owner, "Theirs", loaded)

    with pytest.raises(Changed) as refusal, transaction():
        tenants.rename(owner, "Mine", loaded)

    assert refusal.value.versions == [("Name", "Mine", "Theirs")]
    assert tenant_of(owner).name == "Theirs"


def test_renaming_twice_from_one_page_is_one_event():
    owner = a_licensee(name="Acme")
    loaded = tenant_of(owner).version

    for _ in range(2):
        with transaction():
            tenants.rename(owner, "Acme Two", loaded)

    assert events_in(owner.tenant_id).count("tenant.renamed") == 1


def test_one_page_makes_one_request_code():
    owner = a_licensee()
    loaded = tenant_of(owner).version
    with transaction():
        code = tenants.make_request_code(owner, loaded)

    with pytest.raises(Changed), transaction():
        tenants.make_request_code(owner, loaded)

    assert tenants.find_by_request_code(code).id == owner.tenant_id


def test_standing_is_changed_by_the_vendors_staff_and_recorded_with_the_tenant():
    tenant, admin = a_tenant(), a_vendor()

    with transaction():
        tenants.set_standing(admin, tenant, Standing.SUSPENDED)

    assert store.get(tenant.id).standing is Standing.SUSPENDED
    assert last_event(tenant.id).facts == {"before": "good", "after": "suspended"}


def test_setting_the_standing_that_is_set_is_no_event():
    tenant = a_tenant()

    with transaction():
        tenants.set_standing(PORTAL, tenant, Standing.GOOD)

    assert events_in(tenant.id) == ["tenant.created"]


def test_no_owner_lifts_their_own_suspension():
    tenant = a_tenant(standing=Standing.SUSPENDED)
    owner = a_member(tenant)

    with pytest.raises(NotAllowed), transaction():
        tenants.set_standing(owner, tenant, Standing.GOOD)


def test_a_request_code_finds_its_tenant():
    owner = a_licensee()

    with transaction():
        code = tenants.make_request_code(owner)

    assert tenants.find_by_request_code(code).id == owner.tenant_id


@pytest.mark.parametrize(
    "spelled",
    [
        str.upper,
        lambda code: code.replace("-", ""),
        lambda code: code.replace("-", " "),
        lambda code: f"  {code}\n",
        lambda code: code.replace("0", "o").replace("1", "l"),
        lambda code: code.replace("0", "O").replace("1", "I").replace("-", "–"),
    ],
)
def test_a_request_code_is_found_however_it_was_written_down(spelled):
    owner = a_licensee()

    with transaction():
        code = tenants.make_request_code(owner)

    assert tenants.find_by_request_code(spelled(code)).id == owner.tenant_id


def test_a_request_code_has_140_random_bits_and_is_kept_as_a_hash_only():
    owner = a_licensee()

    with transaction():
        code = tenants.make_request_code(owner)

    assert re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){6}[0-9a-hjkmnp-tv-z]{4}", code)
    assert len(tenant_of(owner).request_code_hash) == 32


def test_a_new_request_code_replaces_the_one_before():
    owner = a_licensee()
    with transaction():
        first = tenants.make_request_code(owner)

    with transaction():
        tenants.make_request_code(owner)

    assert tenants.find_by_request_code(first) is None


@pytest.mark.parametrize("code", ["", "req", "a\x00b", "\ud800", "0000-0000-0000-0000-0000-0000-0000"])
def test_an_unknown_request_code_finds_nothing(code):
    a_licensee()

    assert tenants.find_by_request_code(code) is None


def test_a_key_manager_makes_no_request_code():
    manager = a_member(a_tenant(), Role.KEY_MANAGER)

    with pytest.raises(NotAllowed), transaction():
        tenants.make_request_code(manager)


def test_making_a_request_code_is_one_event_without_the_code():
    owner = a_licensee()

    with transaction():
        code = tenants.make_request_code(owner)

    event = last_event(owner.tenant_id)
    assert (event.event, code in str(event.facts)) == ("tenant.request_code_made", False)


def test_a_tenant_is_got_by_its_exact_account_id():
    tenant = a_tenant()

    assert store.get_by_account_id(tenant.account_id).id == tenant.id
    with pytest.raises(NotFound):
        store.get_by_account_id(tenant.account_id.lower())


def test_a_name_whose_comparison_form_is_long_can_be_kept():
    with transaction():
        tenant = tenants.create(PORTAL, "ﷺ" * 255)

    assert store.get(tenant.id).name == "ﷺ" * 255
