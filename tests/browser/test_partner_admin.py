"""The partner admin's year in a browser, in both languages: accounts come in, ask for more, and are reviewed."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.reviewing import (
    LIN,
    decide_and_close,
    make_review,
    say,
    see_that_it_ended,
    take_evidence,
    verify,
    work,
)
from tests.browser.steps import PRIYA, RUTH
from tests.browser.visitor import Visitor
from tests.browser.watching import Watch
from tests.browser.words import LANGUAGES, Words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ACCOUNTS = 20
OWNER, PASSWORD = "owner.7@shops.example", "seven lanterns over a harbour"
HEADER = "name;owner_email;edition;first_day;last_day"


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_accounts_come_in_ask_for_more_and_are_reviewed(
    arrive: Arrive, watch: Watch, words: Words, tmp_path: Path
) -> None:
    watch.expected.add(422)  # a decision without its reason
    someone = arrive(words)

    import_accounts(someone, tmp_path)
    join_as_owner(someone)
    ask_for_testing_spaces(someone)
    approve_one_of_two(someone)
    see_the_third_testing_space(someone)
    page = make_review(someone)
    work(someone)
    say(someone, LIN, "not_needed", "We changed to another agency.")
    say(someone, PRIYA, "needed", "We still look after the shop.")
    decide_and_close(someone, page)
    work(someone)
    evidence = take_evidence(someone, page, tmp_path)
    see_that_it_ended(someone)
    verify(someone, evidence)


def import_accounts(ruth: Visitor, folder: Path) -> None:
    """Twenty accounts from a file as a spreadsheet saves it: checked, then put in, and nothing the second time."""
    what = "adobe-commerce;01.01.2026;31.12.2031"
    lines = [f"Shop {number};owner.{number}@shops.example;{what}" for number in range(1, ACCOUNTS + 1)]
    file = folder / "accounts.csv"
    file.write_text("\r\n".join([HEADER, *lines]), encoding="utf-8-sig", newline="")
    ruth.sign_in(RUTH)
    give(ruth, file)
    ruth.press("Apply this import")
    work(ruth)
    ruth.page.reload()
    ruth.sees("Every line of this file was put in.")

    give(ruth, file)
    expect(ruth.main.get_by_role("row").filter(has_text=ruth.words("Unchanged"))).to_have_count(ACCOUNTS)
    ruth.sign_out()


def give(ruth: Visitor, file: Path) -> None:
    """The file, up to the report of what each of its lines would do."""
    ruth.go("Tenants")
    ruth.follow("Import from a file")
    ruth.follow("Import a file")
    ruth.page.locator("main [name=file]").set_input_files(file)
    ruth.press("Check this file")
    work(ruth)
    ruth.page.reload()
    expect(ruth.main.get_by_role("row")).to_have_count(ACCOUNTS + 1)


def join_as_owner(owner: Visitor) -> None:
    """The invitation that the import sent, accepted from the mail."""
    owner.open(f"/demo/mailbox?to={OWNER}")
    owner.switch_language()
    owner.main.get_by_role("row").get_by_role("link").first.click()
    owner.main.locator("a[href*='/invitations/']").first.click()
    owner.fill("name", "Olena Seven")
    owner.fill("password", PASSWORD)
    owner.press("Set up sign-in and join")
    owner.page.wait_for_url(re.compile(r"/MAG\d{9}"))
    owner.switch_language()
    owner.portal.passwords[OWNER] = PASSWORD
    owner.email = OWNER


def ask_for_testing_spaces(owner: Visitor) -> None:
    """A project has one production and two testing data spaces; the owner asks for two testing ones more."""
    owner.go("Projects & data spaces")
    owner.follow("Create project")
    owner.fill("name", "Harbour shop")
    owner.press("Create project")
    expect(owner.heading).to_have_text("Harbour shop")
    owner.follow("Ask for more data spaces")
    owner.choose("wish", "testing_space")
    owner.fill("amount", "2")
    owner.fill("reason", "One for the fair, one for training.")
    owner.press("Ask for more")
    owner.sees("Requests for more data spaces")
    owner.sees("The vendor's partner admin decides; you are told by mail.")
    owner.sign_out()


def approve_one_of_two(ruth: Visitor) -> None:
    ruth.sign_in(RUTH)
    ruth.go("Requests")
    request = ruth.main.get_by_role("row").filter(has_text="Shop 7")
    expect(request).to_contain_text("One for the fair, one for training.")
    request.get_by_role("link").first.click()
    ruth.choose("decision", "part")
    ruth.fill("granted", "1")
    ruth.fill("answer", "Train in the same one after the fair.")
    ruth.press("Decide")
    ruth.sees("Decided. %(tenant)s is told by mail.", tenant="Shop 7")
    ruth.sign_out()


def see_the_third_testing_space(owner: Visitor) -> None:
    owner.sign_in(OWNER)
    owner.go("Projects & data spaces")
    owner.follow("Harbour shop")
    owner.sees("Testing 3")
    expect(owner.main).not_to_contain_text("Testing 4")
    owner.sees("Train in the same one after the fair.")
    owner.sign_out()
