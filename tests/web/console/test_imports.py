"""Importing by the pages: a file, its report, and what becomes of it."""

import io
import tracemalloc

import pytest
from bs4 import BeautifulSoup
from itsdangerous import URLSafeTimedSerializer

from portal.access.roles import Role
from portal.foundation.database import transaction
from portal.foundation.words import same_name
from portal.imports import operations as imports
from portal.imports import store, working
from portal.imports.models import ImportState
from portal.tenants import store as tenants
from tests.factories import a_private_key, a_tenant, a_vendor, pem_of, tenant_of
from tests.imports.files import AURORA, HEADER, a_file, checked, confirmed, given
from tests.statements import counted

MOST = 14
BOREAL = "Boreal,b@example.com,integrator,2031-01-01,2031-12-31"
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
WRONG = "=Wrong,nobody,Gold,2031-01-01,tomorrow"


@pytest.fixture
def admin():
    return a_vendor()


@pytest.fixture
def at(admin):
    return f"/{tenant_of(admin).account_id}/console/imports"


@pytest.fixture
def visitor(admin, signed_in):
    return signed_in(admin)


def upload(visitor, at: str, octets: bytes, name: str = "accounts.csv"):
    return visitor.post(f"{at}/new", data={"file": (io.BytesIO(octets), name)})


def token_of(visitor) -> str:
    """The token against forged forms, as the page's script would send it."""
    signer = URLSafeTimedSerializer(visitor.application.config["SECRET_KEY"], salt="wtf-csrf-token")
    return str(signer.dumps(visitor.csrf_secret))


def page_of(answer) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def test_a_file_is_checked_read_and_applied(visitor, at, admin):
    shown = upload(visitor, at, a_file(AURORA)).headers["Location"]
    working.run()
    version = page_of(visitor.get(shown)).select_one("[name=version]")["value"]

    answer = visitor.post(f"{shown}/apply", data={"version": version})
    working.run()

    assert answer.status_code == 303
    assert "Every line of this file was put in." in visitor.get(shown).text
    assert tenants.find_by_name_key(same_name("Aurora")) is not None


def test_while_it_is_worked_on_the_page_looks_again_by_itself(visitor, at, admin):
    public_id = given(admin, AURORA)

    answer = visitor.get(f"{at}/{public_id}")

    assert answer.headers["Refresh"] == f"3; url={at}/{public_id}"
    assert page_of(answer).find("a", string="Look again")["href"] == f"{at}/{public_id}"
    assert "0 of 1 lines read" in answer.text


def test_a_report_does_not_look_again(visitor, at, admin):
    assert "Refresh" not in visitor.get(f"{at}/{checked(admin, AURORA).public_id}").headers


def test_problems_come_first_with_their_sentences(visitor, at, admin):
    row = checked(admin, AURORA, WRONG)

    page = page_of(visitor.get(f"{at}/{row.public_id}"))

    first = page.select("table.rows tbody tr")[0]
    assert "There is no edition “Gold”" in first.text
    assert "“tomorrow” is no day" in first.text


def test_problems_are_said_in_the_readers_language(admin, at, visitor):
    row = checked(admin, WRONG)
    visitor.post("/preferences", data={"language": "zh_Hant"})

    assert visitor.get(f"{at}/{row.public_id}").status_code == 200


def test_lines_are_filtered_by_what_they_do(visitor, at, admin):
    row = checked(admin, AURORA, WRONG)

    page = page_of(visitor.get(f"{at}/{row.public_id}?kind=new_tenant"))

    assert len(page.select("table.rows tbody tr")) == 1


@pytest.mark.parametrize("query", ["kind=unknown", "kind=%00", "kind=" + "x" * 5000])
def test_an_unknown_filter_filters_nothing(query: str, visitor, at, admin):
    row = checked(admin, AURORA)

    assert len(page_of(visitor.get(f"{at}/{row.public_id}?{query}")).select("table.rows tbody tr")) == 1


def test_a_place_that_is_none_is_refused(visitor, at, admin):
    row = checked(admin, AURORA)

    assert visitor.get(f"{at}/{row.public_id}?after=zz").status_code == 422


def test_a_long_report_has_pages(visitor, at, admin):
    row = checked(admin, *(f"Shop {n},o@example.com,integrator,2031-01-01,2031-12-31" for n in range(150)))
    first = page_of(visitor.get(f"{at}/{row.public_id}"))

    second = page_of(visitor.get(first.select_one("a[rel=next]")["href"]))

    assert [len(page.select("table.rows tbody tr")) for page in (first, second)] == [100, 50]


def test_the_report_as_csv_is_no_formula(visitor, at, admin):
    row = checked(admin, WRONG)

    answer = visitor.get(f"{at}/{row.public_id}/report.csv", buffered=True)

    assert answer.text.startswith("\ufeffline,outcome,account_id,name,edition,details")
    assert "2,problem,,'=Wrong,," in answer.text


def test_with_problems_the_button_is_not_usable_and_says_why(visitor, at, admin):
    page = page_of(visitor.get(f"{at}/{checked(admin, WRONG).public_id}"))

    assert page.select_one("[name=version]") is None
    assert "Nothing can be applied while lines have problems" in page.text


def test_who_applies_a_report_that_is_not_the_one_they_saw_is_told(visitor, at, admin):
    row = checked(admin, AURORA)

    answer = visitor.post(f"{at}/{row.public_id}/apply", data={"version": str(row.version + 1)})

    assert answer.status_code == 409


def test_the_second_admin_is_told_who_was_first(at, admin, signed_in):
    row = checked(admin, AURORA)
    version = str(row.version)
    confirmed(admin, row)

    answer = signed_in(a_vendor()).post(f"{at}/{row.public_id}/apply", data={"version": version})

    assert answer.status_code == 409
    assert f"{admin.label} was here before you." in answer.text


def test_what_changed_meanwhile_is_marked(visitor, at, admin):
    row = confirmed(admin, checked(admin, AURORA))
    a_tenant("Aurora")
    working.run()

    answer = visitor.get(f"{at}/{row.public_id}")

    assert "Nothing was applied: something has changed since you looked" in answer.text
    assert page_of(answer).select_one("table.rows tbody .tag").text.strip() == "changed"


def test_a_discarded_file_is_gone(visitor, at, admin):
    row = checked(admin, AURORA)

    visitor.post(f"{at}/{row.public_id}/discard")

    assert store.get(admin, row.public_id).state is ImportState.DISCARDED
    assert "This file was discarded" in visitor.get(f"{at}/{row.public_id}").text


def test_a_failed_import_says_so(visitor, at, admin):
    public_id = given(admin, AURORA)
    with transaction():
        row = store.get(admin, public_id)
        working._fail(row, "import_worker_failed")

    assert "The worker failed at it three times." in visitor.get(f"{at}/{public_id}").text


def test_the_template_can_be_imported(visitor, at, admin):
    octets = visitor.get(f"{at}/template.csv", buffered=True).get_data()

    file = imports.opened("template.csv", octets)

    assert file.lines == 2


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"", "This file is empty."),
        (HEADER.encode(), "nothing below it"),
        (f"{HEADER}\nMüller,,,,".encode("cp1252"), "Line 2 is not written in UTF-8"),
        (f"{HEADER}\n晨曦,,,,".encode("big5"), "Line 2 is not written in UTF-8"),
        (b"name,edition\na,b", "These are missing: owner_email, first_day"),
        (f"{HEADER},colour\na,b".encode(), "These columns are not known: colour"),
        (f"{HEADER}\nA\x00,,,,".encode(), "Line 2 contains a NUL character"),
        (f"{HEADER}\n{pem_of(a_private_key())}".encode(), "A private key stands in this text"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_and_not_stored(octets: bytes, sentence: str, visitor, at, admin):
    answer = upload(visitor, at, octets)

    assert answer.status_code == 422
    assert sentence in page_of(answer).select_one(".error-summary").text
    assert store.page(admin, None).rows == []


@pytest.mark.parametrize("form", [{}, {"file": ""}, {"file": "typed"}])
def test_without_a_file_one_is_asked_for(form, visitor, at):
    answer = visitor.post(f"{at}/new", data=form)

    assert answer.status_code == 422
    assert "Choose a file." in answer.text


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a\x07b.csv", "C:\\lists\\accounts.csv", "x" * 300 + ".csv"])
def test_any_name_of_a_file_is_taken(name: str, visitor, at):
    assert upload(visitor, at, a_file(AURORA), name or "x").status_code == 303


def test_one_octet_more_than_20_mb_is_too_large(visitor, at):
    octets = a_file(AURORA) + b"\n" * 20 * 1024 * 1024

    # By hand: the test client puts what is large into a file that it does not close.
    answer = visitor.open(
        f"{at}/new",
        method="POST",
        headers={"X-CSRFToken": token_of(visitor)},
        input_stream=io.BytesIO(b"".join((PART, octets, b"\r\n--b--\r\n"))),
        content_type="multipart/form-data; boundary=b",
        content_length=len(PART) + len(octets) + 9,
    )

    assert answer.status_code == 413
    assert "This file is larger than 20 MB." in answer.text


def test_50_mb_are_refused_with_a_sentence_and_without_filling_memory(visitor, at, admin):
    body = io.BytesIO(b"x" * 50 * 1024 * 1024)
    tracemalloc.start()
    try:
        answer = visitor.open(
            f"{at}/new",
            method="POST",
            input_stream=body,
            content_type="multipart/form-data; boundary=b",
            content_length=50 * 1024 * 1024,
        )
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert answer.status_code == 413
    assert "This file is larger than 20 MB." in answer.text
    assert most < 8 * 1024 * 1024
    assert store.page(admin, None).rows == []


def test_other_pages_take_no_more_than_before(visitor, at):
    answer = visitor.post(f"{at}/unknown/discard", data={"x": "x" * 200_000})

    assert answer.status_code == 413


def test_an_operator_imports_nothing(at, admin, signed_in):
    assert signed_in(a_vendor(Role.OPERATOR)).get(at).status_code == 403


@pytest.mark.parametrize("path", ["", "/new", "/{import_id}"])
def test_a_page_asks_as_often_with_more_of_everything(path: str, visitor, at, admin):
    first = checked(admin, AURORA, WRONG).public_id
    with_one = ask(visitor, at + path.format(import_id=first))
    second = checked(admin, AURORA, WRONG, BOREAL, BOREAL.replace("B", "C")).public_id

    assert ask(visitor, at + path.format(import_id=second)) == with_one <= MOST


def ask(visitor, address: str) -> int:
    with counted() as statements:
        answer = visitor.get(address)
    assert answer.status_code == 200
    return len([statement for statement in statements if not statement.startswith("PRAGMA")])
