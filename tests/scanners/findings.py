"""What a scanner found, and which of it is explained; docs/security.md, "What scanners find", says why at length."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """`what` is the scanner's word for it, `where` the method and the endpoint, with the parameter if there is one."""

    scanner: str
    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.scanner}: {self.what} at {self.where}"


@dataclass(frozen=True)
class Explained:
    """A kind of finding that is none. `where` empty: wherever it is found."""

    scanner: str
    what: str
    where: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            self.scanner == finding.scanner
            and finding.what.startswith(self.what)
            and (not self.where or self.where == finding.where)
        )

    def __str__(self) -> str:
        return f"{self.scanner}: {self.what}{f' at {self.where}' if self.where else ''} ({self.reason})"


NO_PROVIDER = "the identity provider of the scanned world is on no machine, and the portal says so"
OVER_HTTP = "the scan is on plain http; over https the portal sends it"
HEADERS = "HTTP Secure Headers: "
EXPLAINED = (
    *(
        Explained("portal", "status 502", f"GET {endpoint}", NO_PROVIDER)
        for endpoint in ("accounts.to_provider", "accounts.connect_go", "tenants.try_provider")
    ),
    Explained("wapiti", "Secure Flag cookie: Secure flag is not set in the cookie", "", OVER_HTTP),
    Explained("wapiti", f"{HEADERS}Strict-Transport-Security is not set", "", OVER_HTTP),
    Explained("wapiti", f"{HEADERS}X-Frame-Options is not set", "", "the CSP says frame-ancestors 'none'"),
    Explained("wapiti", f"{HEADERS}X-XSS-Protection is not set", "", "no browser knows it any more; the CSP stands"),
)


def unexplained(findings: Iterable[Finding], explained: Sequence[Explained] = EXPLAINED) -> list[Finding]:
    """Those that nobody has given a reason for."""
    return sorted({one for one in findings if not any(known.covers(one) for known in explained)})


def stale(findings: Iterable[Finding], explained: Sequence[Explained] = EXPLAINED) -> list[Explained]:
    """Explanations of what is no longer found."""
    found = list(findings)
    return [known for known in explained if not any(known.covers(one) for one in found)]
