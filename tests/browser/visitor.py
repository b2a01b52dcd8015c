"""A person at a browser window, who finds things as a reader does: by what they are and what they are called."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.serving import Served
from tests.browser.words import ENGLISH, Words


@dataclass
class Visitor:
    """Somebody at `page`, reading in `words`; `email` is whom they last signed in as."""

    page: Page
    portal: Served
    words: Words = ENGLISH
    email: str = ""

    def open(self, path: str) -> None:
        """Go to an address of the portal."""
        self.page.goto(self.portal.origin + path)

    def sign_in(self, email: str) -> None:
        """Sign in from the sign-in page, in the visitor's language, and come to the overview in it."""
        self.open("/sign-in")
        self.switch_language()
        self.email = email
        self.fill("email", email)
        self.confirm_password()
        self.press("Sign in")
        self.page.wait_for_url(re.compile(r"/MAG\d{9}"))
        self.switch_language()
        expect(self.heading).to_have_text(self.words("Overview"))

    def sign_out(self) -> None:
        """Sign out from the person's menu."""
        self.page.locator("details.person summary").click()
        self.press("Sign out")
        expect(self.heading).to_have_text(self.words("Sign in"))

    def switch_language(self) -> None:
        """Press the name of the visitor's language, where the page is in another one."""
        switch = self.page.get_by_role("button", name=self.words.own_name)
        if switch.count():
            switch.click()
            expect(self.page.locator("html")).to_have_attribute("lang", self.words.code.replace("_", "-"))

    def press(self, text: str, **facts: Any) -> None:
        """Press the button of this name."""
        self.button(text, **facts).click()

    def follow(self, text: str, **facts: Any) -> None:
        """Follow the first link of this name in the page's content."""
        self.link(text, **facts).first.click()

    def go(self, text: str) -> None:
        """Follow this entry of the navigation."""
        navigation = self.page.get_by_role("navigation", name=self.words("Main"), exact=True)
        navigation.get_by_role("link", name=self.words(text), exact=True).click()

    def fill(self, name: str, value: str) -> None:
        """Type into the field of this name, in place of what was there."""
        self.page.locator(f"main [name={name}]").fill(value)

    def choose(self, name: str, *values: str) -> None:
        """Choose these values among the radio buttons or check boxes of this name."""
        for value in values:
            self.page.locator(f"main [name={name}][value={value}]").check()

    def confirm_password(self) -> None:
        """Give the password, where the form asks for it."""
        if self.page.locator("main [name=password]").count():
            self.fill("password", self.portal.passwords[self.email])

    def search(self, name: str, value: str) -> None:
        """Search by the filter of this name."""
        self.fill(name, value)
        self.page.keyboard.press("Enter")

    def download(self, text: str, folder: Path, **facts: Any) -> Path:
        """Press this button or link, and return the file that it saves, in `folder`."""
        with self.page.expect_download() as download:
            self.button(text, **facts).or_(self.link(text, **facts)).click()
        file = folder / download.value.suggested_filename
        download.value.save_as(file)
        return file

    def sees(self, text: str, **facts: Any) -> None:
        """Nothing, once the page's content shows this text."""
        expect(self.main).to_contain_text(self.words(text, **facts))

    def button(self, text: str, **facts: Any) -> Locator:
        return self.page.get_by_role("button", name=self.words(text, **facts), exact=True)

    def link(self, text: str, **facts: Any) -> Locator:
        return self.main.get_by_role("link", name=self.words(text, **facts))

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def heading(self) -> Locator:
        return self.page.locator("h1")

    @property
    def account(self) -> str:
        """The account id beside the name of the tenant, on top of the page."""
        return self.page.locator("header .place code").inner_text()
