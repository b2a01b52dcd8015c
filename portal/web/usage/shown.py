"""How use is told to people: the client behind a call, what a claim is, what wants somebody, thirty days of calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.projects.models import Claim, Installation
from portal.usage.models import UseClient
from portal.usage.operations import CLAIM_NAMES
from portal.web.usage.blueprint import pages

DAYS_SHOWN = 30
BAR_HEIGHT = 40


@pages.app_template_filter("client_name")
def client_name(seen: Installation | UseClient) -> str:
    """Edition and version of the client that called last, or what it called itself."""
    if isinstance(seen, UseClient):
        known, words = (seen.edition, seen.version), seen.words
    else:
        known, words = (seen.client_edition, seen.client_version), ""
    if known[0]:
        return " ".join(part for part in known if part)
    return _("unknown client: %(words)s", words=words) if words else _("unknown client")


@pages.app_template_filter("claim_name")
def claim_name(claim: Claim) -> str:
    """What the installation is to its data space, in the reader's language."""
    return _(CLAIM_NAMES[claim])


def alarms(installations: Sequence[tuple[Installation, str, str]]) -> list[dict[str, Any]]:
    """What is wrong with these installations, each with the account it is in and its client's name, or none."""
    found = []
    for installation, account, client in installations:
        url = url_for("projects.show", account=account, project_id=installation.data_space.project.public_id)
        where = f"{url}#space-{installation.data_space.public_id}"
        sentences = [_collision(installation)] if installation.claim is Claim.COLLIDING else []
        sentences += [_testing(installation)] if installation.alarms else []
        for sentence in sentences:
            said = _("%(client)s: %(sentence)s", client=client, sentence=sentence) if client else sentence
            found.append({"kind": "bad", "sentence": said, "url": where, "action": _("Look and decide")})
    return found


def _collision(installation: Installation) -> str:
    return _(
        "Two shops use the data space “%(space)s”: “%(shop)s” is the second one.",
        space=installation.data_space.name,
        shop=installation.name,
    )


def _testing(installation: Installation) -> str:
    return _(
        "“%(shop)s” is known as a testing shop and reached the production data space “%(space)s”.",
        space=installation.data_space.name,
        shop=installation.name,
    )


@dataclass(frozen=True)
class Bar:
    """One day of a sparkline: `height` of at most 40 units, at least one where there was a call."""

    day: date
    calls: int
    height: int


def bars(per_day: Mapping[date, int], today: date) -> list[Bar]:
    """The last thirty days, the oldest first, days without a call too."""
    most = max(per_day.values(), default=0) or 1
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS_SHOWN))]
    return [Bar(day, per_day.get(day, 0), -(-per_day.get(day, 0) * BAR_HEIGHT // most)) for day in days]
