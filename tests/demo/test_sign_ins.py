"""The demo's passwords: random, printed, kept for their owner alone, and the same at every start."""

import re
import stat

import pytest
from sqlalchemy import func

from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.demo import sign_ins
from portal.demo.cast import COMPANIES, everybody
from portal.demo.errors import DemoIncomplete
from portal.foundation.database import db
from portal.foundation.words import same_name
from portal.tenants import store as tenants
from tests.factories import a_vendor


def passwords(text: str) -> dict[str, str]:
    return dict(re.findall(r"(\S+@\S+)\s+(\S+)", text))


def count_events() -> int:
    return db.session.scalar(across_tenants(func.count(), reason=Reader.UPKEEP).select_from(AuditEvent))


def test_the_list_has_a_password_for_everybody_each_another(make_world):
    found = passwords(make_world())

    assert set(found) == {someone.email for _company, someone in everybody()}
    assert len(set(found.values())) == len(found)


def test_the_list_has_every_companys_account_id(make_world):
    text = make_world()

    for company in COMPANIES:
        tenant = tenants.find_by_name_key(same_name(company.name))
        assert f"\n{company.name}, {tenant.account_id}\n" in text


def test_everybody_signs_in_with_theirs_and_comes_to_an_overview(make_world, app):
    for email, password in passwords(make_world()).items():
        browser = app.test_client()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/sign-in").text)[1]

        answer = browser.post("/sign-in", data={"csrf_token": token, "email": email, "password": password})

        assert answer.status_code == 303, email
        assert browser.get("/", follow_redirects=True).request.path.startswith("/MAG"), email


def test_the_file_is_its_owners_alone(make_world, tmp_path):
    text = make_world()

    file = tmp_path / sign_ins.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text(encoding="utf-8") == text


def test_nothing_else_is_left_in_the_folder(make_world, tmp_path):
    make_world()

    assert [path.name for path in tmp_path.iterdir()] == [sign_ins.FILE]


def test_a_second_start_tells_the_same_and_adds_nothing(make_world):
    first = make_world()
    before = count_events()

    assert make_world() == first
    assert count_events() == before


def test_a_start_that_was_cut_off_is_said(make_world):
    a_vendor()

    with pytest.raises(DemoIncomplete):
        make_world()


def test_a_lost_file_is_said(make_world, tmp_path):
    make_world()
    (tmp_path / sign_ins.FILE).unlink()

    with pytest.raises(DemoIncomplete):
        make_world()


def test_a_file_of_an_earlier_world_is_replaced(make_world, tmp_path):
    sign_ins.keep(tmp_path, "of an earlier world")

    text = make_world()

    assert "earlier" not in text
    assert sign_ins.read(tmp_path) == text


def test_a_file_that_others_could_read_is_not_reused(tmp_path):
    file = tmp_path / sign_ins.FILE
    file.write_text("old")
    file.chmod(0o644)

    sign_ins.keep(tmp_path, "new")

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.no_database
def test_passwords_are_long_enough_and_never_the_same():
    made = {sign_ins.new_password() for _time in range(1000)}

    assert len(made) == 1000
    assert {len(password) for password in made} == {23}
