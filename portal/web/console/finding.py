"""The console's one search box: where a text that somebody reads out belongs. It changes nothing."""

from typing import Any

from flask import render_template, request, url_for

from portal.access.roles import Permission
from portal.accounts.models import Person
from portal.foundation import clock
from portal.impact import finding
from portal.impact.finding import Found, Reading
from portal.keys.status import status_of
from portal.web import arguments
from portal.web.console import labels
from portal.web.console.blueprint import pages
from portal.web.guards import requires

PEOPLE = (Reading.PERSON, Reading.EMAIL)


@pages.get("/<account>/console/search")
@requires(Permission.CONSOLE_SEE)
def search(account: str) -> str:
    """What the text may be and where it hits: the first ten of each kind, or all of the kind in the address."""
    text, kind = arguments.text("q"), arguments.one_of("kind", list(Reading))
    only = Reading(kind) if kind and text else None
    groups = [finding.all_found(only, text, request.args.get("after"))] if only else finding.found(text)
    shown = [group for group in groups if group.page.rows]
    return render_template(
        "console/search.html",
        q=text,
        groups=shown,
        only=only,
        sought=labels.readings([only] if only else finding.readings(text)),
        homes=finding.homes(_people(shown)),
        here=url_for(".search", account=account),
        all_url=url_for(".search", account=account, q=text),
        labels=labels,
        status_of=status_of,
        now=clock.now(),
        **_neighbours(account, text, only, groups),
    )


def _people(groups: list[Found]) -> list[Person]:
    return [person for group in groups if group.reading in PEOPLE for person in group.page.rows]


def _neighbours(account: str, text: str, only: Reading | None, groups: list[Found]) -> dict[str, str | None]:
    if only is None:
        return {"next_url": None, "first_url": None}
    place = groups[0].page.next_place
    here: dict[str, Any] = {"account": account, "q": text, "kind": only.value}
    return {
        "next_url": url_for(".search", **here, after=place) if place else None,
        "first_url": url_for(".search", **here) if request.args.get("after") else None,
    }
