"""All calls with tokens, joined below the door. A room's calls may stand in several modules, which name one `calls`."""

from portal.api import (  # noqa: F401 - some of them only add calls to their room
    accounts,
    activity,
    console_calls,
    contracts,
    dashboards,
    delegations,
    key_leaks,
    key_making,
    key_pairs,
    key_turning,
    member_radius,
    members,
    passing,
    projects,
    questions,
    usage,
    webhooks,
)
from portal.api.door import api

ROOMS = (
    accounts.calls,
    activity.calls,
    console_calls.calls,
    contracts.calls,
    dashboards.calls,
    delegations.calls,
    key_pairs.calls,
    members.calls,
    passing.calls,
    projects.calls,
    questions.calls,
    usage.calls,
    webhooks.calls,
)

for room in ROOMS:
    api.register_blueprint(room.blueprint)
