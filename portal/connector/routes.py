"""Which request is which call. No redirect, no guessing: a path that is not exactly one of these does not exist."""

import re
from dataclasses import dataclass
from enum import Enum, auto

from portal.connector import calls
from portal.connector.answers import NOT_FOUND, Refused, refusal
from portal.connector.calls import Act
from portal.foundation.marking import N_

REGISTRY = "/merchant-registry/v1/registry"
PROJECT, SPACE = f"{REGISTRY}/projects/{{project_id}}", f"{REGISTRY}/environments/{{data_space_id}}"
# What this door answers, with whatever lies below it and however many slashes stand before it.
OURS = re.compile(r"/*(?:merchant-registry|gateway/+apikeycheck)(?:/|$)")
PLACE = re.compile(r"\{(\w+)\}")


class Needs(Enum):
    """What a call needs of the database: nothing, rows to read, or a transaction to write in."""

    NOTHING = auto()
    ROWS = auto()
    CHANGES = auto()


@dataclass(frozen=True)
class Route:
    """A method and a path with the call behind it, which is made only when its signature is valid.

    `act` is None for the check that clients without a private key make: nothing would prove it. `purpose` says in the
    record what a shop tried when it was refused.
    """

    method: str
    path: str
    act: Act | None
    needs: Needs = Needs.ROWS
    purpose: str = ""

    @property
    def name(self) -> str:
        """What the call is known by."""
        return "apikeycheck" if self.act is None else self.act.__name__

    @property
    def takes_content(self) -> bool:
        return self.method in ("POST", "PATCH")


ROUTES = (
    Route("GET", "/merchant-registry/v1/ping", calls.ping, Needs.NOTHING),
    Route("GET", "/gateway/apikeycheck", None, Needs.NOTHING),
    Route("GET", REGISTRY, calls.everything),
    Route("GET", PROJECT, calls.project),
    Route("GET", SPACE, calls.data_space),
    Route("POST", f"{REGISTRY}/initialize", calls.create, Needs.CHANGES, N_("Create a project from a shop")),
    Route("PATCH", PROJECT, calls.rename_project, Needs.CHANGES, N_("Rename a project from a shop")),
    Route("PATCH", SPACE, calls.rename_data_space, Needs.CHANGES, N_("Rename a data space from a shop")),
    Route(
        "PUT",
        f"{SPACE}/cloudid/{{cloud_project}}",
        calls.note_cloud_project,
        Needs.CHANGES,
        N_("Say which cloud project uses a data space"),
    ),
    Route("PUT", f"{SPACE}/feature/{{feature}}", calls.switch_on, Needs.CHANGES, N_("Switch a service on from a shop")),
    Route("POST", f"{SPACE}/cleanup", calls.clean_up, Needs.CHANGES, N_("Ask to clean a data space from a shop")),
)

_BY_PATH: dict[str, dict[str, Route]] = {}
for _route in ROUTES:
    _BY_PATH.setdefault(_route.path, {})[_route.method] = _route
# Ids as the client allows them (connector-protocol section 2).
_PATTERNS = [(re.compile(PLACE.sub(r"(?P<\1>[A-Za-z0-9_-]+)", path)), found) for path, found in _BY_PATH.items()]


def find(method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route, and the ids in the path. Raises: Refused, as not found or as a method that the path does not take."""
    by_method, ids = _by_method(path)
    if method not in by_method:
        allowed = ", ".join(by_method)
        raise Refused(refusal(405, f"This address takes {allowed} only.", "method_not_allowed", (("Allow", allowed),)))
    return by_method[method], ids


def _by_method(path: str) -> tuple[dict[str, Route], dict[str, str]]:
    if path in _BY_PATH:
        return _BY_PATH[path], {}
    for pattern, found in _PATTERNS:
        if match := pattern.fullmatch(path):
            return found, match.groupdict()
    raise Refused(NOT_FOUND)
