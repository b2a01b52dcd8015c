"""What the portal takes for true behind its proxies: it says how a request of this command arrived."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from portal.cli.checking.asking import NoAnswer, ask
from portal.cli.checking.findings import Deployment, Finding, fail, not_checked, ok, warn
from portal.cli.checking.front import PROBE, if_answered
from portal.watching.mirror import HEADER, Mirror, NotOurs, Seen

# Addresses and a name of nobody (RFC 5737, RFC 2606), as somebody sends them who wants to be taken for another.
SPOOFED = ("192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2", "203.0.113.1", "203.0.113.2")
LEAST_TRIES = 2
SPOOFED_HOST, SPOOFED_ID = "spoofed.portal-check.invalid", "5" * 32
NO_MIRROR = "Nothing at this address answers by this SECRET_KEY: another instance does, or a header was taken out."
SET_THREE = (
    "Have the outermost proxy set X-Forwarded-For, -Proto and -Host itself, whatever it was sent, and each further one "
    "add to them; set PROXY_HOPS to their number."
)


@if_answered
def arrival(at: Deployment) -> Iterator[Finding]:
    """Whether the portal takes scheme, name and address of an honest request for what they are."""
    told = _seen(at)
    if told is None:
        yield fail(NO_MIRROR, f"Pass {HEADER} on, and use the settings of the portal that answers there.")
        return
    seen, own_address = told
    wanted = urlsplit(at.settings.external_base_url)
    if seen.hops != at.settings.proxy_hops:
        yield fail(
            f"The portal that answers runs with PROXY_HOPS={seen.hops}, and not {at.settings.proxy_hops} as here.",
            "Start it again with these settings, or check with those that it has.",
        )
    yield from _scheme(seen, wanted.scheme)
    if seen.host.lower() == wanted.netloc.lower():
        yield ok(f"The portal knows that it was asked for as {seen.host}.")
    else:
        yield fail(f"The portal takes {_shown(seen.host)} for its name, not {wanted.netloc}.", SET_THREE)
    yield _hops(seen, own_address)


def _scheme(seen: Seen, wanted: str) -> Iterator[Finding]:
    if seen.scheme == wanted:
        yield ok(f"The portal knows that people come by {wanted}.")
    else:
        yield fail(f"The portal takes people for coming by {seen.scheme}, not {wanted}.", SET_THREE)


def _hops(seen: Seen, own_address: str) -> Finding:
    """Whether so many proxies told an address as PROXY_HOPS says, and whose it was."""
    count = len(seen.addresses)
    if count != seen.hops:
        return fail(
            f"{count} proxies told the portal an address, and PROXY_HOPS is {seen.hops}: it takes "
            f"{_shown(seen.address)} for this command's.",
            f"Set PROXY_HOPS={count}, if these proxies are all yours." if count else SET_THREE,
        )
    if not _same(seen.address, own_address) and _is_inside(seen.address) and not _is_inside(own_address):
        return warn(
            f"The portal takes {_shown(seen.address)} for this command's address, which is {own_address}.",
            "See whether a proxy in front is not counted in PROXY_HOPS.",
        )
    return ok(f"The portal takes {_shown(seen.address)} for this command's address, after {count} proxies.")


@if_answered
def spoofing(at: Deployment) -> Iterator[Finding]:
    """Whether what a caller says of itself in the proxies' headers is believed."""
    honest = _seen(at)
    if honest is None:
        yield not_checked(NO_MIRROR)
        return
    for count in range(1, max(LEAST_TRIES, at.settings.proxy_hops + 1) + 1):
        sent = _spoofed(count, "http" if honest[0].scheme == "https" else "https")
        told = _seen(at, sent)
        if told is None:
            is_refused = _is_refused(at, sent)
            yield ok("A caller with the proxies' own headers is refused.") if is_refused else not_checked(NO_MIRROR)
            return
        if found := list(_believed(told[0], honest[0])):
            yield from found  # what more of the same leads to says nothing more
            return
    yield ok("What a caller says in the proxies' headers is not believed.")


def _spoofed(count: int, scheme: str) -> dict[str, str]:
    """The headers of proxies, made up, as if so many had been passed."""
    return {
        "X-Forwarded-For": ", ".join(SPOOFED[:count]),
        "X-Forwarded-Host": ", ".join([SPOOFED_HOST] * count),
        "X-Forwarded-Proto": ", ".join([scheme] * count),
        "X-Request-Id": SPOOFED_ID,
    }


def _believed(seen: Seen, honest: Seen) -> Iterator[Finding]:
    if seen.address in SPOOFED:
        yield fail("A caller chooses its own address by X-Forwarded-For, and so escapes every throttle.", SET_THREE)
    if seen.host == SPOOFED_HOST:
        yield fail("A caller chooses the portal's name by X-Forwarded-Host.", SET_THREE)
    if seen.scheme != honest.scheme:
        yield fail("A caller chooses the scheme by X-Forwarded-Proto.", SET_THREE)
    if seen.request_id == SPOOFED_ID and seen.hops:
        yield warn(
            "A caller chooses the ids of its requests, and so what is found in the log.",
            "Let the proxy set X-Request-Id always (nginx: proxy_set_header X-Request-Id $request_id;).",
        )


def _seen(at: Deployment, headers: dict[str, str] | None = None) -> tuple[Seen, str] | None:
    """How a request with these headers arrived, and from where it left; None where no portal of ours says so."""
    mirror = Mirror(at.settings.secret_key)
    question = mirror.question()
    told = ask(at.url, PROBE, (headers or {}) | {HEADER: question})
    lines = told.body.split("\n")
    try:
        return mirror.read(question, lines[1] if len(lines) > 1 else ""), told.own_address
    except NotOurs:
        return None


def _is_refused(at: Deployment, headers: dict[str, str]) -> bool:
    try:
        return 400 <= ask(at.url, PROBE, headers).status < 500
    except NoAnswer:
        return True


def _same(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other)
    except ValueError:
        return one == other


def _is_inside(address: str) -> bool:
    """Whether an address is one of inner networks, as proxies have."""
    try:
        return ip_address(address).is_private
    except ValueError:
        return False


def _shown(value: str) -> str:
    """What arrived in a header, fit for a line of a terminal."""
    return repr(value[:80]) if value else "nothing"


CHECKS = (arrival, spoofing)
