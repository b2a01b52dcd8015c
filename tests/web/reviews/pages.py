"""What stands on the pages of reviews, and how their forms are filled in."""

from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from tests.conftest import PortalClient


def read(answer: TestResponse) -> BeautifulSoup:
    return BeautifulSoup(answer.text, "html.parser")


def said(answer: TestResponse) -> str:
    """The words of the page's main part, with single spaces."""
    main = read(answer).select_one("main")
    assert main is not None
    return " ".join(main.get_text(" ").split())


@dataclass
class Reviewing:
    """Somebody's browser at the review with this address."""

    browser: PortalClient
    address: str

    def look(self, path: str = "") -> TestResponse:
        # Buffered: a stream that is read later would be closed outside of its request.
        return self.browser.get(self.address + path, buffered=True)

    def ticks(self) -> list[str]:
        """The values of the check boxes before the lines."""
        return [box["value"] for box in read(self.look()).select("input[name=lines]")]

    def stamp(self, path: str = "") -> str:
        return str(read(self.look(path)).select_one("input[name=started]")["value"])

    def decide(self, decision: str, *ticks: str, **others: Any) -> TestResponse:
        """Decide the lines with these ticks, or all on the first page."""
        form = {"lines": list(ticks) or self.ticks(), "decision": decision, "reason": "", "started": self.stamp()}
        return self.browser.post(self.address, data=form | others)

    def decide_line(self, position: int, decision: str, **others: Any) -> TestResponse:
        """Decide one line from its own page, as it stands there."""
        path = f"/lines/{position}"
        page = read(self.look(path))
        form = {name: page.select_one(f"input[name={name}]")["value"] for name in ("version", "started")}
        return self.browser.post(
            self.address + path, data=form | {"decision": decision, "reason": "Looked at."} | others
        )

    def confirm(self, path: str) -> TestResponse:
        """Confirm what the page at this path asks."""
        version = read(self.look(path)).select_one("input[name=version]")["value"]
        return self.browser.post(self.address + path, data={"version": version})
