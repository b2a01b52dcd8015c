"""The pages that decide about a claim."""

import pytest
from bs4 import BeautifulSoup

from portal.foundation.database import transaction
from portal.projects import store as projects
from portal.usage import operations
from tests.web.usage.conftest import words

DONE = {"declare": "is declared", "dismiss": "is dismissed", "merge": "is merged", "move": "is moved"}
each_act = pytest.mark.parametrize("act", DONE)


@pytest.fixture
def fields(claim, spaces):
    """What the page of an act would send."""

    def of(act: str) -> dict[str, object]:
        return {"version": claim[1]} | ({"data_space": spaces[2].public_id} if act == "move" else {})

    return of


@each_act
def test_an_act_is_asked_for_and_done(act, visitor, account, claim, fields):
    address = f"/{account}/installations/{claim[0]}/{act}"
    asked = visitor.get(address)
    done = visitor.post(address, data=fields(act), follow_redirects=True)

    assert asked.status_code == done.status_code == 200
    assert DONE[act] in words(done)
    form = BeautifulSoup(asked.text, "html.parser")
    assert form.find(attrs={"name": "version"})["value"] == str(claim[1])


@each_act
def test_a_second_tab_gets_both_versions(act, owner, visitor, account, claim, fields):
    with transaction():
        shop = projects.get_installation(owner, claim[0])
        (operations.dismiss if act == "declare" else operations.declare)(owner, shop, shop.version)

    page = visitor.post(f"/{account}/installations/{claim[0]}/{act}", data=fields(act))

    assert page.status_code == 409
    assert "changed" in words(page)


@each_act
def test_a_version_that_is_none_is_refused(act, visitor, account, claim, fields):
    for version in ("", "-1", "x", "9" * 30, "\x00"):
        page = visitor.post(f"/{account}/installations/{claim[0]}/{act}", data=fields(act) | {"version": version})

        assert page.status_code == 422


@pytest.mark.parametrize("space", ["", "x", "\x00", "00000000-0000-0000-0000-000000000000"])
def test_a_data_space_that_is_not_offered_is_no_choice(space, visitor, account, claim, fields):
    page = visitor.post(f"/{account}/installations/{claim[0]}/move", data=fields("move") | {"data_space": space})

    assert page.status_code == 422


def test_a_discovered_shop_is_named_before_its_address_is_known(owner, visitor, account, project, seen):
    seen()
    (shop,) = [space.installation for space in projects.get(owner, project).data_spaces if space.installation]
    address, version = f"/{account}/installations/{shop.public_id}/change", shop.version

    page = visitor.post(
        address, data={"name": "Outlet", "address": "", "side": "sandbox", "version": version}, follow_redirects=True
    )

    assert "The installation “Outlet” is changed." in words(page)
    assert "not known: the shop was discovered by its calls" in words(page)


def test_an_address_once_given_cannot_be_emptied(owner, visitor, account, project, seen):
    seen()
    (shop,) = [space.installation for space in projects.get(owner, project).data_spaces if space.installation]
    address = f"/{account}/installations/{shop.public_id}/change"
    given = {"name": "Outlet", "address": "outlet.example", "side": "sandbox", "version": shop.version}
    visitor.post(address, data=given)

    page = visitor.post(address, data=given | {"address": "", "version": shop.version + 1})

    assert page.status_code == 422
