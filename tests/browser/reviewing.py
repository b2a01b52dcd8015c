"""A review over integrators' access, step by step in a browser: from counting its lines to its evidence."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from portal.demo import cast
from tests.browser.steps import RUTH
from tests.browser.visitor import Visitor

LIN = cast.LIN.email
NAME = "Integrators 2027"


def work(someone: Visitor) -> None:
    """All that the worker has to do now."""
    someone.portal.run("flask", "--app", "wsgi", "worker", "--once")


def make_review(ruth: Visitor) -> str:
    """The review's address; the page that shows its progress looks again by itself."""
    ruth.sign_in(RUTH)
    ruth.go("Reviews")
    ruth.follow("Make a review")
    ruth.fill("name", NAME)
    ruth.choose("subject", "delegations")
    ruth.page.locator("main [name=reviewers]").first.check()
    ruth.press("Count the lines")
    expect(ruth.main.get_by_role("status")).to_contain_text("1")
    ruth.press("Make the review")
    expect(ruth.heading).to_have_text(NAME)
    ruth.sees("Being prepared")
    address = ruth.page.url
    ruth.sign_out()
    return address


def say(someone: Visitor, email: str, answer: str, reason: str) -> None:
    """One side's answer, found by the notice on its overview."""
    someone.sign_in(email)
    someone.main.locator("a[href$='/reviews/questions']").click()
    expect(someone.heading).to_have_text(someone.words("Is it still needed?"))
    someone.main.get_by_role("row").get_by_role("link", name=someone.words("Answer")).click()
    someone.choose("answer", answer)
    someone.fill("reason", reason)
    someone.press("Send the answer")
    someone.sees("Still needed" if answer == "needed" else "No longer needed")
    someone.sign_out()


def decide_and_close(ruth: Visitor, address: str) -> None:
    """The reviewer reads both sides, ends the delegation with a reason, and closes after reading what that does."""
    ruth.sign_in(RUTH)
    ruth.page.goto(address)
    expect(the_line(ruth)).to_contain_text("We changed to another agency.")
    expect(the_line(ruth)).to_contain_text("We still look after the shop.")
    the_line(ruth).locator("summary").click()
    expect(the_line(ruth)).to_contain_text(ruth.words("Last used"))
    the_line(ruth).get_by_role("checkbox").check()
    ruth.choose("decision", "end")
    ruth.press("Decide the ticked lines")
    ruth.sees("There is a problem")
    ruth.fill("reason", "The owner needs it no longer.")
    ruth.press("Decide the ticked lines")
    expect(the_line(ruth)).to_contain_text("The owner needs it no longer.")

    ruth.follow("Close the review")
    ruth.sees("Would be ended")
    expect(ruth.link("Cancel, change nothing")).to_be_focused()
    ruth.confirm_password()
    ruth.press("Close the review")
    ruth.sees("Carrying the decisions out")


def the_line(ruth: Visitor) -> Locator:
    return ruth.main.locator("tbody").get_by_role("row")


def take_evidence(ruth: Visitor, address: str, folder: Path) -> Path:
    """The signed file. The page has looked again by itself, or is looked at again."""
    expect(ruth.page.get_by_role("heading", name=ruth.words("The result"))).to_be_visible()
    assert ruth.page.url == address
    file = ruth.download("Download the signed file", folder)
    (line,) = json.loads(file.read_text(encoding="utf-8"))["lines"]
    assert (line["decision"], line["outcome"]) == ("end", "ended")
    assert (line["owner_said"]["answer"], line["holder_said"]["answer"]) == ("not_needed", "needed")
    ruth.download("Download as CSV", folder)
    ruth.sign_out()
    return file


def see_that_it_ended(lin: Visitor) -> None:
    lin.sign_in(LIN)
    lin.page.goto(f"{lin.portal.origin}/{lin.account}/integrators?show=past")
    lin.sees("Ended")
    lin.sign_out()


def verify(someone: Visitor, evidence: Path) -> None:
    """On the command line: the file as it was saved is genuine."""
    told = someone.portal.run("flask", "--app", "wsgi", "reviews", "verify", str(evidence))
    assert re.match("Genuine", told)
    assert NAME in told
