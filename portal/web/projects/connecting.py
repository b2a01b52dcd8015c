"""Connect a shop: what goes into the settings of the shop that is to use a data space, and what is still missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from portal.access.actor import Actor
from portal.access.roles import Environment, Permission
from portal.foundation import clock
from portal.keys import store as keys
from portal.keys.models import KeyPair
from portal.projects import store
from portal.projects.models import DataSpace
from portal.web import arguments
from portal.web.guards import current_actor, requires
from portal.web.projects.blueprint import pages

# The order of the shop's own form (connector-protocol.md, 5).
SIDES = (Environment.PRODUCTION, Environment.SANDBOX)
KEYS_AT = "services_connector/services_connector_integration"
SPACE_AT = "services_connector/services_id"
GATEWAYS_AT = "services_connector"


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
        return f"{self.side.value}-private-key.pem"


@pages.route("/<account>/data-spaces/<data_space_id>/connect")
@requires(Permission.SEE)
def connect(account: str, data_space_id: str) -> ResponseReturnValue:
    actor = current_actor()
    data_space = store.get_data_space(actor, data_space_id)
    halves = [_half(actor, side) for side in SIDES]
    return render_template(
        "projects/connect.html",
        data_space=data_space,
        halves=halves,
        origin=_origin(),
        gateways="\n".join(_gateways()),
        commands="\n".join([*_gateways(), *_commands(data_space, halves), "bin/magento cache:clean config"]),
        settings="\n".join(_settings(data_space, halves)),
    )


def _half(actor: Actor, side: Environment) -> Half:
    within_reach = side in actor.reach.environments
    choices = keys.live(actor, clock.now(), side) if within_reach else []
    wanted = arguments.text(side.value)
    chosen = [pair for pair in choices if pair.api_key == wanted] or choices[-1:]
    return Half(side, chosen[0] if chosen else None, choices, within_reach)


def _origin() -> str:
    """The portal's address without a path: the shop drops any path (connector-protocol.md)."""
    base = urlsplit(current_app.config["PORTAL"].external_base_url)
    return f"{base.scheme}://{base.netloc}"


def _gateways() -> list[str]:
    return [f"bin/magento config:set {GATEWAYS_AT}/{side.value}_gateway_url {_origin()}" for side in SIDES]


def _commands(data_space: DataSpace, halves: Sequence[Half]) -> list[str]:
    lines = []
    for half in halves:
        lines.append(f"bin/magento config:set {KEYS_AT}/{half.side.value}_api_key {half.api_key}")
        lines.append(f'bin/magento config:set {KEYS_AT}/{half.side.value}_private_key "$(cat {half.key_file})"')
    lines.append(f"bin/magento config:set {SPACE_AT}/project_id {data_space.project.public_id}")
    lines.append(f"bin/magento config:set {SPACE_AT}/environment_id {data_space.public_id}")
    return lines


def _settings(data_space: DataSpace, halves: Sequence[Half]) -> list[str]:
    lines = []
    for half in halves:
        lines.append(f"{KEYS_AT}/{half.side.value}_api_key = {half.api_key}")
        lines.append(f"{KEYS_AT}/{half.side.value}_private_key = <{half.key_file}>")
    lines.append(f"{SPACE_AT}/project_id = {data_space.project.public_id}")
    lines.append(f"{SPACE_AT}/environment_id = {data_space.public_id}")
    return lines
