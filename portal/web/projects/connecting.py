"""Connect a shop: what goes into the settings of the shop that is to use a data space, and what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects import installations, store
from portal.projects.models import DataSpace
from portal.usage import store as usage
from portal.verifier import settings
from portal.web import arguments
from portal.web.filters import moment_text
from portal.web.guards import current_actor, requires
from portal.web.projects.blueprint import pages

# The order of the shop's own form (connector-protocol.md, 5).
SIDES = (Environment.PRODUCTION, Environment.SANDBOX)
SPACE_AT = "services_connector/services_id"


@dataclass(frozen=True)
class Step:
    """One thing on the way to a working shop: what it is, since when it is done, and the way to do it."""

    label: str
    done_at: datetime | None
    done: bool = False
    url: str = ""
    action: str = ""

    def as_item(self) -> dict[str, object]:
        """For the checklist on the page."""
        done = self.done or self.done_at is not None
        item: dict[str, object] = {"label": self.label, "done": done}
        if self.done_at is not None:
            item["note"] = _("seen %(moment)s", moment=moment_text(self.done_at))
        elif not done and self.url:
            item |= {"url": self.url, "action": self.action}
        return item


@dataclass(frozen=True)
class Half:
    """One side of the shop's settings: the pair that goes there, or None, and the live ones it can be chosen from."""

    side: Environment
    pair: KeyPair | None
    choices: Sequence[KeyPair]
    within_reach: bool

    @property
    def api_key(self) -> str:
        """What stands in the settings: the API key, or a word in its place."""
        return self.pair.api_key if self.pair else f"{self.side.value.upper()}_API_KEY"

    @property
    def key_file(self) -> str:
        """How this page calls the file with the private key, which the portal does not have."""
        return settings.key_file(self.side.value)


@pages.route("/<account>/data-spaces/<data_space_id>/connect")
@requires(Permission.SEE)
def connect(account: str, data_space_id: str) -> ResponseReturnValue:
    actor = current_actor()
    data_space = store.get_data_space(actor, data_space_id)
    halves = [_half(actor, data_space, side) for side in SIDES]
    return render_template(
        "projects/connect.html",
        data_space=data_space,
        halves=halves,
        steps=[step.as_item() for step in _steps(account, actor, data_space, halves)],
        may_confirm=_may_confirm(actor, data_space),
        gateways="\n".join(_gateways()),
        commands="\n".join([*_gateways(), *_commands(data_space, halves), settings.CLEAN_CACHE]),
        settings="\n".join(_settings(data_space, halves)),
    )


@pages.post("/<account>/installations/<installation_id>/confirm")
@requires(Permission.INSTALLATION_CHANGE)
def confirm(account: str, installation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    installation = store.get_installation(actor, installation_id)
    space_id = installation.data_space.public_id
    with transaction():
        installations.confirm(actor, installation)
    flash(_("Noted: “%(name)s” uses this data space.", name=installation.name), "success")
    return redirect(url_for(".connect", account=account, data_space_id=space_id), code=303)


def _steps(account: str, actor: Actor, data_space: DataSpace, halves: Sequence[Half]) -> list[Step]:
    shop = data_space.installation
    arrived = usage.arrivals(actor, [half.pair for half in halves if half.pair])
    called, listed = [one.called_at for one in arrived.values()], [one.listed_at for one in arrived.values()]
    chosen = shop.chosen_at if shop and shop.chosen_at else usage.chosen_at(actor, data_space)
    attach = url_for("projects.attach", account=account, data_space_id=data_space.public_id)
    return [
        *(_pair_step(account, half) for half in halves if half.within_reach),
        Step(_("An installation on this data space"), None, shop is not None, attach, _("Put it there")),
        Step(_("A shop has called with one of these keys"), _earliest(called)),
        Step(_("It has listed the projects, so its keys are entered and saved"), _earliest(listed)),
        Step(_("A shop has chosen this data space"), chosen),
    ]


def _pair_step(account: str, half: Half) -> Step:
    label = _("A production key pair") if half.side is Environment.PRODUCTION else _("A sandbox key pair")
    make = url_for("keys.new", account=account, environment=half.side.value)
    return Step(label, None, half.pair is not None, make, _("Make it"))


def _earliest(moments: Sequence[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _may_confirm(actor: Actor, data_space: DataSpace) -> bool:
    """Whether the actor may say by hand that the shop has chosen the data space, as nobody saw it do so."""
    shop = data_space.installation
    if shop is None or shop.chosen_at is not None or shop.side not in actor.reach.environments:
        return False
    return actor.may(Permission.INSTALLATION_CHANGE) and usage.chosen_at(actor, data_space) is None


def _half(actor: Actor, data_space: DataSpace, side: Environment) -> Half:
    within_reach = side in actor.reach.environments
    choices = keys.live_for_project(actor, clock.now(), side, data_space.project_id) if within_reach else []
    wanted = arguments.text(side.value)
    chosen = [pair for pair in choices if pair.api_key == wanted] or choices[:1]
    return Half(side, chosen[0] if chosen else None, choices, within_reach)


def _gateways() -> list[str]:
    return settings.gateway_commands(current_app.config["PORTAL"].external_base_url)


def _commands(data_space: DataSpace, halves: Sequence[Half]) -> list[str]:
    lines = []
    for half in halves:
        lines += settings.key_commands(half.side.value, half.api_key, half.key_file)
    lines.append(f"bin/magento config:set {SPACE_AT}/project_id {data_space.project.public_id}")
    lines.append(f"bin/magento config:set {SPACE_AT}/environment_id {data_space.public_id}")
    return lines


def _settings(data_space: DataSpace, halves: Sequence[Half]) -> list[str]:
    lines = []
    for half in halves:
        lines.append(f"{settings.KEYS_AT}/{half.side.value}_api_key = {half.api_key}")
        lines.append(f"{settings.KEYS_AT}/{half.side.value}_private_key = <{half.key_file}>")
    lines.append(f"{SPACE_AT}/project_id = {data_space.project.public_id}")
    lines.append(f"{SPACE_AT}/environment_id = {data_space.public_id}")
    return lines
