"""A ticket, from the owner's form to the integrator's working pair, interrupted once at each step."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.steps import MAYA, PRIYA, acting_bar, tell_account_id
from tests.browser.test_born import IN_SERVICE, give, make_and_save
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
OWNER, NAME = "Aurora Outfitters", "Harbour by ticket"


def test_s8_an_integrator_redeems_a_ticket_and_makes_its_pair_whatever_interrupts_it(
    arrive: Arrive, tmp_path: Path
) -> None:
    priya = arrive()
    integrator = tell_account_id(priya)
    give_a_ticket(priya, integrator)
    redeem(priya)
    begin(priya)
    make_the_pair(priya, tmp_path)
    find_one_working_pair(priya)


def give_a_ticket(maya: Visitor, integrator: str) -> None:
    """By Maya, who reloads the form before she sends it, and goes back to it after."""
    maya.sign_in(MAYA)
    maya.go("Integrators")
    maya.follow("Give a ticket")
    maya.fill("account_id", integrator)
    maya.page.reload()
    fill_in(maya, integrator)
    maya.sees("Waiting")
    ticket = maya.page.url

    maya.page.go_back()
    fill_in(maya, integrator)
    expect(maya.page).to_have_url(ticket)
    maya.sign_out()


def fill_in(maya: Visitor, integrator: str) -> None:
    maya.fill("account_id", integrator)
    maya.choose("environments", "sandbox")
    maya.confirm_password()
    maya.press("Give the ticket")


def redeem(priya: Visitor) -> None:
    """From the page of the ticket, which she first finds while signed out; then she goes back and presses again."""
    priya.sign_in(PRIYA)
    priya.sees("%(owner)s gives you a ticket for a key pair.", owner=OWNER)
    priya.go("Clients")
    priya.follow("Look and answer")
    link = priya.page.url
    priya.sign_out()
    priya.page.goto(link)
    expect(priya.heading).to_have_text(priya.words("Sign in"))
    priya.sign_in(PRIYA)
    priya.page.goto(link)
    priya.follow("Redeem ticket")
    priya.page.reload()
    priya.press("Redeem ticket")
    see_the_form(priya)

    priya.page.go_back()
    if priya.button("Redeem ticket").count():
        priya.press("Redeem ticket")
    see_the_form(priya)


def see_the_form(priya: Visitor) -> None:
    expect(priya.heading).to_have_text(priya.words("Make a key pair: %(environment)s", environment="Sandbox"))
    expect(acting_bar(priya)).to_contain_text(OWNER)


def begin(priya: Visitor) -> None:
    """She leaves before she has begun, and finds the way back from her own account."""
    acting_bar(priya).get_by_role("link").click()
    priya.go("Overview")
    priya.sees("The ticket from %(owner)s is redeemed; its key pair is not made yet.", owner=OWNER)
    priya.follow("See the ticket")
    priya.follow("Make the key pair")
    see_the_form(priya)
    priya.fill("name", NAME)
    priya.choose("origin", "browser")
    priya.confirm_password()
    priya.press("Go on")
    expect(priya.heading).to_have_text(priya.words("Make the key pair “%(name)s” in this browser", name=NAME))


def make_the_pair(priya: Visitor, folder: Path) -> None:
    """Reloaded once the pair was made, closed once it was saved, opened again with the file."""
    here = priya.page.url
    priya.press("Make the pair")
    expect(priya.page.locator("[data-save]")).to_be_enabled()
    priya.page.reload()
    file = make_and_save(priya, folder)

    window = priya.page.context.new_page()
    priya.page.close()
    priya.page = window
    priya.page.goto(here)
    give(priya, file)

    priya.sees(IN_SERVICE, name=NAME)
    priya.page.goto(here)
    priya.sees("This pair is in service")


def find_one_working_pair(priya: Visitor) -> None:
    priya.go("Keys")
    expect(priya.main.get_by_role("row").filter(has_text=NAME)).to_have_count(1)
    another = priya.button("Make a key pair")
    expect(another).to_have_attribute("aria-disabled", "true")
    acting_bar(priya).get_by_role("link").click()
    ticket = priya.main.get_by_role("row").filter(has_text=OWNER)
    expect(ticket).to_contain_text(NAME)
    ticket.get_by_role("link", name=NAME).click()
    chain = priya.main.locator(".chain")
    for part in ("Adobe Commerce", OWNER, "Ticket", "Harbour Street Studio", "Priya"):
        expect(chain).to_contain_text(part)
