"""Settings of an account: name, request code, roles."""

import pytest

from portal.access.roles import Role
from portal.foundation.database import transaction
from portal.tenants import operations as tenants
from portal.web.tenants import roles
from tests.accounts.record import last_event
from tests.factories import a_licensee, a_member, a_vendor, tenant_of


@pytest.fixture
def owner():
    return a_licensee(name="Acme")


@pytest.fixture
def window(signed_in, owner):
    return signed_in(owner)


def at(actor, page=""):
    return f"/{tenant_of(actor).account_id}/settings{page}"


def test_the_settings_show_name_account_id_and_standing(window, owner):
    page = window.get(at(owner)).text

    assert "Acme" in page
    assert tenant_of(owner).account_id in page
    assert "Good" in page


def test_an_owner_renames_the_account(window, owner):
    answer = window.post(at(owner), data={"name": "Acme 商店", "version": tenant_of(owner).version})

    assert answer.status_code == 303
    assert tenant_of(owner).name == "Acme 商店"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 256},
        {"name": "a\x00b"},
        {"name": "\u202eemcA"},
        {"version": "x"},
        {"version": "-1"},
        {"version": "٣"},
    ],
)
def test_a_name_that_cannot_be_used_is_said_at_the_field(window, owner, changes):
    form = {"name": "Changed", "version": tenant_of(owner).version} | changes

    answer = window.post(at(owner), data=form)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert tenant_of(owner).name == "Acme"


def test_a_name_of_4_byte_characters_is_fine(window, owner):
    window.post(at(owner), data={"name": "𝔸𝕔𝕞𝕖 👋", "version": tenant_of(owner).version})

    assert tenant_of(owner).name == "𝔸𝕔𝕞𝕖 👋"


def test_a_name_changed_in_another_tab_is_a_409_with_both_versions(window, owner):
    loaded = tenant_of(owner).version
    window.post(at(owner), data={"name": "First tab", "version": loaded})

    answer = window.post(at(owner), data={"name": "Second tab", "version": loaded})

    assert answer.status_code == 409
    assert "First tab" in answer.text
    assert "Second tab" in answer.text


@pytest.mark.parametrize("role", [Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER])
def test_who_may_not_change_the_settings_sees_why_and_who_can(signed_in, owner, role):
    member = a_member(tenant_of(owner), role)
    window = signed_in(member)

    page = window.get(at(owner)).text
    answer = window.post(at(owner), data={"name": "Mine", "version": 1})

    assert "An owner of this account can do it." in page
    assert answer.status_code == 403
    assert tenant_of(owner).name == "Acme"


@pytest.mark.parametrize("page", ["", "/members", "/roles", "/request-code", "/members/invite"])
def test_another_tenants_settings_do_not_exist(signed_in, owner, page):
    window = signed_in(a_licensee())

    foreign, missing = window.get(at(owner, page)), window.get(f"/MAG000000000/settings{page}")

    assert (foreign.status_code, missing.status_code) == (404, 404)


def test_a_new_request_code_is_shown_once(window, owner):
    answer = window.post(at(owner, "/request-code"), data={"version": tenant_of(owner).version})

    code = answer.text.split("data-copy-from>")[1].split("<")[0]
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert tenants.find_by_request_code(code).id == owner.tenant_id
    assert code not in window.get(at(owner, "/request-code")).text
    assert code not in window.get(at(owner)).text


def test_a_page_sent_twice_makes_one_code(window, owner):
    form = {"version": tenant_of(owner).version}

    answers = [window.post(at(owner, "/request-code"), data=form).status_code for _ in range(2)]

    assert answers == [200, 409]


def test_looking_at_the_page_makes_no_code(window, owner):
    window.get(at(owner, "/request-code"))

    assert tenant_of(owner).request_code_hash is None


def test_replacing_a_code_is_announced(window, owner):
    with transaction():
        tenants.make_request_code(owner)

    page = window.get(at(owner, "/request-code")).text

    assert "The code before stops working" in page


def test_a_key_manager_makes_no_code(signed_in, owner):
    window = signed_in(a_member(tenant_of(owner), Role.KEY_MANAGER))

    assert window.post(at(owner, "/request-code")).status_code == 403
    assert last_event(owner.tenant_id).event == "refused"


def test_the_page_of_roles_is_the_table_itself(window, owner):
    page = window.get(at(owner, "/roles")).text

    assert "Make key pairs" in page
    assert "Yours here is <strong>Owner</strong>." in page
    assert roles._acts((Role.OWNER, Role.VIEWER))[0][1] == [True, True]
    assert all(allowed == [True, False] for _name, allowed in roles._acts((Role.OWNER, Role.VIEWER))[1:])


def test_the_vendors_page_of_roles_shows_the_vendors_roles(signed_in):
    admin = a_vendor()

    page = signed_in(admin).get(at(admin, "/roles")).text

    assert "Partner admin" in page
    assert "Key manager" not in page


def test_the_vendor_has_no_request_code(signed_in):
    admin = a_vendor()

    assert "Request code" not in signed_in(admin).get(at(admin)).text
