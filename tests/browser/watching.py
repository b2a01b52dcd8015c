"""Watches every window of a test: what the browser complains of, and what leaves the portal's origin."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

OWN_SCHEMES = ("data:", "blob:", "about:")
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
# Chromium reports violations to the console too; but a page may swallow that, the event it may not.
TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) => {
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});"""


@dataclass
class Watch:
    """What went wrong in the windows of one test. Pages may answer with one of `expected`, nothing else above 399."""

    origin: str
    expected: set[int] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """From now on watch every window of `context`."""
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not REFUSED.match(message.text):
            self.faults.append(f"console: {message.text} ({_place(message.page)})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", *OWN_SCHEMES)):
            self.faults.append(f"left the portal: {request.method} {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.faults.append(f"answer {response.status}: {response.request.method} {response.url}")


def _place(page: Page | None) -> str:
    return page.url if page is not None else "no page"
