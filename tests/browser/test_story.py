"""The whole mission end to end, as a new user does it in a browser, in both languages."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.steps import (
    KARIM,
    MAYA,
    RUTH,
    SANDBOX,
    accept_offer,
    acting_bar,
    make_both_pairs,
    make_pair,
    offer_the_sandbox,
    tell_account_id,
)
from tests.browser.visitor import Visitor
from tests.browser.words import LANGUAGES, Words

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.code)
def test_a_licensee_makes_keys_hands_the_work_to_an_integrator_and_everyone_sees_it(
    arrive: Arrive, words: Words, tmp_path: Path
) -> None:
    someone = arrive(words)

    integrator = tell_account_id(someone)
    licensee = make_both_pairs(someone, tmp_path)
    offer_the_sandbox(someone, integrator)
    someone.sign_out()
    work_for_the_licensee(someone, tmp_path)
    see_it_as_the_licensee(someone)
    be_told_who_the_signer_is(someone)
    find_all_of_it_as_the_vendor(someone, licensee, integrator)


def work_for_the_licensee(priya: Visitor, folder: Path) -> None:
    """The integrator accepts, makes its own pair, creates and renames a project, and sees all that on its side."""
    accept_offer(priya)
    make_pair(priya, SANDBOX, "Harbour for Aurora", folder)
    create_and_rename_project(priya)
    expect(acting_bar(priya)).to_contain_text("Aurora Outfitters")
    priya.go("Overview")
    priya.sees("Aurora North")
    priya.sees("Harbour for Aurora")

    acting_bar(priya).get_by_role("link").click()
    priya.go("Overview")
    client = priya.main.get_by_role("row").filter(has_text="Aurora Outfitters")
    expect(client).to_contain_text(priya.words("Active"))
    priya.sign_out()


def create_and_rename_project(priya: Visitor) -> None:
    priya.go("Projects & data spaces")
    priya.follow("Create project")
    priya.fill("name", "Aurora Nord")
    priya.press("Create project")
    expect(priya.heading).to_have_text("Aurora Nord")
    priya.follow("Rename project")
    priya.fill("name", "Aurora North")
    priya.press("Rename project")
    expect(priya.heading).to_have_text("Aurora North")


def see_it_as_the_licensee(maya: Visitor) -> None:
    maya.sign_in(MAYA)
    maya.sees("Aurora North")
    maya.sees("Harbour for Aurora")
    integrator = maya.main.get_by_role("row").filter(has=maya.page.get_by_role("link", name="Harbour Street Studio"))
    expect(integrator).to_contain_text(maya.words("Active"))
    maya.sign_out()


def be_told_who_the_signer_is(karim: Visitor) -> None:
    karim.sign_in(KARIM)
    karim.go("Keys")
    disabled = karim.button("Make a key pair")
    expect(disabled).to_have_attribute("aria-disabled", "true")
    expect(disabled).to_have_accessible_description(re.compile("Jonas Weber"))
    karim.sign_out()


def find_all_of_it_as_the_vendor(ruth: Visitor, licensee: str, integrator: str) -> None:
    ruth.sign_in(RUTH)
    ruth.go("Tenants")
    ruth.search("q", "aurora")
    ruth.follow("Aurora Outfitters")
    for text in (licensee, "Adobe Commerce", "Aurora North", "Aurora test shop", "Aurora shop", "Harbour for Aurora"):
        expect(ruth.main).to_contain_text(text)
    expect(ruth.link("Harbour Street Studio").first).to_be_visible()

    ruth.go("Who holds access")
    ruth.search("holder", integrator)
    pair = ruth.main.get_by_role("row").filter(has_text="Harbour for Aurora")
    expect(pair).to_contain_text("Aurora Outfitters")
    ruth.sign_out()
