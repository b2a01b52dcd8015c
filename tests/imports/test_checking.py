"""The report: what each line would do, and what is wrong with it. Nothing is put in by looking."""

from datetime import UTC, datetime

import pytest

from portal.access.actor import system_actor
from portal.foundation.database import transaction
from portal.imports.models import ImportState, LineKind
from portal.tenants import operations as tenants
from portal.tenants import store as tenant_store
from tests.factories import a_contract, a_licensee, a_member, a_tenant, a_vendor, tenant_of
from tests.imports.files import AURORA, applied, checked, codes, report

WITH_ID = "account_id,name,owner_email,edition,first_day,last_day"
WITH_SIGNER = "name,owner_email,edition,first_day,last_day,signer_email"
START, END = datetime(2031, 1, 1, tzinfo=UTC), datetime(2032, 1, 1, tzinfo=UTC)


@pytest.fixture
def admin():
    return a_vendor()


def kinds(admin, row) -> list[LineKind]:
    return [line.kind for line in report(admin, row)]


def test_a_new_account_with_its_contract_and_owner(admin):
    row = checked(admin, AURORA)

    assert row.state is ImportState.CHECKED
    assert codes(admin, row) == [["account_new", "contract_new", "owner_invited"]]
    assert kinds(admin, row) == [LineKind.NEW_TENANT]


def test_a_check_puts_nothing_in(admin):
    checked(admin, AURORA)

    assert tenant_store.find_by_name_key("aurora") is None


def test_the_row_counts_what_was_found(admin):
    row = checked(admin, AURORA, "Boreal,b@example.com,nothing,2031-01-01,2031-12-31")

    assert (row.done, row.total, row.problems, row.changes) == (2, 2, 1, 1)


def test_an_account_is_found_by_its_name_however_it_is_written(admin):
    a_tenant("AURORA")

    row = checked(admin, AURORA)

    assert kinds(admin, row) == [LineKind.NEW_CONTRACT]


def test_an_account_is_found_by_its_id(admin):
    tenant = a_tenant("Aurora")
    a_tenant("Aurora")

    row = checked(admin, f"{tenant.account_id.lower()},{AURORA}", header=WITH_ID)

    assert report(admin, row)[0].account == tenant.account_id
    assert kinds(admin, row) == [LineKind.NEW_CONTRACT]


def test_a_name_of_several_accounts_is_a_problem_that_names_them(admin):
    ids = {a_tenant("Aurora").account_id, a_tenant("Aurora").account_id}

    row = checked(admin, AURORA)

    assert codes(admin, row) == [["line_name_shared"]]
    assert set(report(admin, row)[0].details[0]["facts"]["accounts"]) == ids


def test_an_account_id_under_another_name_is_a_problem(admin):
    tenant = a_tenant("Boreal")

    row = checked(admin, f"{tenant.account_id},{AURORA}", header=WITH_ID)

    assert codes(admin, row) == [["line_name_differs"]]


def test_the_vendors_own_account_is_not_imported(admin):
    row = checked(admin, f"{tenant_of(admin).name},,integrator,2031-01-01,2031-12-31")

    assert codes(admin, row) == [["line_is_vendor"]]


def test_a_contract_that_is_there_is_unchanged(admin):
    a_contract(tenant_of(a_licensee(name="Aurora")), starts_at=START, ends_at=END)
    owner = a_licensee(name="Boreal")

    row = checked(admin, AURORA)

    assert codes(admin, row) == [["contract_unchanged", "owner_left_out"]]
    assert kinds(admin, row) == [LineKind.UNCHANGED]
    assert owner


def test_a_later_last_day_extends(admin):
    tenant = a_tenant("Aurora")
    a_contract(tenant, starts_at=START, ends_at=END)

    row = checked(admin, "Aurora,,adobe-commerce,2031-01-01,2032-12-31")

    assert codes(admin, row) == [["contract_extended"]]


def test_an_earlier_last_day_is_a_problem(admin):
    a_contract(a_tenant("Aurora"), starts_at=START, ends_at=END)

    row = checked(admin, "Aurora,,adobe-commerce,2031-01-01,2031-06-30")

    assert codes(admin, row) == [["line_contract_shortened"]]


def test_days_that_overlap_with_another_contract_are_a_problem(admin):
    a_contract(a_tenant("Aurora"), starts_at=START, ends_at=END)

    row = checked(admin, "Aurora,,adobe-commerce,2031-12-31,2032-12-31", "Aurora,,integrator,2031-12-31,2032-12-31")

    assert codes(admin, row)[0] == ["line_contracts_overlap"]
    assert kinds(admin, row)[1] is LineKind.NEW_CONTRACT


def test_days_after_another_contract_do_not_overlap(admin):
    a_contract(a_tenant("Aurora"), starts_at=START, ends_at=END)

    row = checked(admin, "Aurora,,adobe-commerce,2032-01-01,2032-12-31")

    assert kinds(admin, row) == [LineKind.NEW_CONTRACT]


def test_a_contract_that_is_over_is_not_extended_into_the_past(admin):
    a_contract(
        a_tenant("Aurora"),
        starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        ends_at=datetime(2021, 1, 1, tzinfo=UTC),
    )

    row = checked(admin, "Aurora,,adobe-commerce,2020-01-01,2021-12-31")

    assert codes(admin, row) == [["line_extended_into_past"]]


def test_two_lines_of_one_edition_name_each_other(admin):
    row = checked(admin, AURORA, "Boreal,b@example.com,integrator,2031-01-01,2031-12-31", AURORA.upper())

    first, _other, third = report(admin, row)
    assert first.details == [{"code": "line_twice", "facts": {"line": 4}}]
    assert third.details == [{"code": "line_twice", "facts": {"line": 2}}]


def test_one_new_account_id_under_two_names_is_a_problem_of_both(admin):
    row = checked(
        admin,
        f"MAG000000007,{AURORA}",
        "MAG000000007,Boreal,b@example.com,integrator,2031-01-01,2031-12-31",
        header=WITH_ID,
    )

    assert [code for code, *_more in codes(admin, row)] == ["line_account_twice", "line_account_twice"]


def test_two_editions_of_one_new_account_open_it_once(admin):
    row = checked(admin, AURORA, "aurora,ann@example.com,integrator,2031-01-01,2031-12-31")

    assert codes(admin, row)[1] == ["account_of_line", "contract_new"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (",a@example.com,integrator,2031-01-01,2031-12-31", "name_empty"),
        ("A\u202eB,a@example.com,integrator,2031-01-01,2031-12-31", "name_changes_direction"),
        ("x" * 256 + ",a@example.com,integrator,2031-01-01,2031-12-31", "name_too_long"),
        ("New,,integrator,2031-01-01,2031-12-31", "line_owner_missing"),
        ("New,nobody,integrator,2031-01-01,2031-12-31", "line_address_invalid"),
        ("New,a@example.com,Gold,2031-01-01,2031-12-31", "line_edition_unknown"),
        ("New,a@example.com,integrator,,2031-12-31", "line_day_missing"),
        ("New,a@example.com,integrator,tomorrow,2031-12-31", "line_day_unreadable"),
        ("New,a@example.com,integrator,03/04/2031,2031-12-31", "line_day_unclear"),
        ("New,a@example.com,integrator,2031-12-31,2031-01-01", "line_days_out_of_order"),
        ("New,a@example.com,integrator,2031-01-01,2031-12-31,more", "line_surplus_cells"),
    ],
)
def test_what_is_wrong_with_a_line(line: str, code: str, admin):
    row = checked(admin, line)

    assert code in codes(admin, row)[0]
    assert kinds(admin, row) == [LineKind.PROBLEM]


def test_all_that_is_wrong_with_a_line_is_said_at_once(admin):
    row = checked(admin, ",nobody,Gold,,tomorrow")

    assert len(codes(admin, row)[0]) == 5


@pytest.mark.parametrize("account_id", ["MAG1", "MAG00000000７", "XYZ000000001"])
def test_what_is_no_account_id(account_id: str, admin):
    row = checked(admin, f"{account_id},{AURORA}", header=WITH_ID)

    assert codes(admin, row) == [["line_account_id_malformed"]]


def test_an_unknown_language(admin):
    row = checked(admin, f"{AURORA},klingon", header="name,owner_email,edition,first_day,last_day,language")

    assert codes(admin, row) == [["line_language_unknown"]]


def test_a_signer_of_a_licence_is_a_problem(admin):
    row = checked(admin, f"{AURORA},s@example.com", header=WITH_SIGNER)

    assert codes(admin, row) == [["line_signer_not_wanted"]]


def test_a_signer_who_is_no_member_yet_is_a_note(admin):
    row = checked(admin, "New,a@example.com,solution-partner,2031-01-01,2031-12-31,a@example.com", header=WITH_SIGNER)

    assert codes(admin, row) == [["account_new", "contract_new", "owner_invited", "signer_not_yet"]]


def test_into_an_account_that_has_people_nobody_is_invited(admin):
    a_member(a_tenant("Aurora"))

    row = checked(admin, AURORA)

    assert codes(admin, row) == [["contract_new", "owner_left_out"]]


def test_a_name_in_four_byte_characters_is_a_name(admin):
    applied(admin, "店鋪 🛒 𠮷,a@example.com,integrator,2031-01-01,2031-12-31")

    assert tenant_store.find_by_name_key("店鋪 🛒 𠮷") is not None


def test_an_account_can_be_opened_under_a_given_id():
    with transaction():
        tenant = tenants.create(system_actor("tests"), "Aurora", account_id="MAG000000042")

    assert tenant_store.get_by_account_id("MAG000000042").id == tenant.id


@pytest.mark.parametrize("account_id", ["MAG1", "mag000000042", "MAG00000004２"])
def test_no_account_is_opened_under_what_is_no_id(account_id: str):
    with pytest.raises(tenants.AccountIdMalformed), transaction():
        tenants.create(system_actor("tests"), "Aurora", account_id=account_id)


def test_no_second_account_is_opened_under_one_id():
    tenant = a_tenant()

    with pytest.raises(tenants.AccountIdTaken), transaction():
        tenants.create(system_actor("tests"), "Aurora", account_id=tenant.account_id)
