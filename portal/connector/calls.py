"""The calls of the connector (connector-protocol section 2): each loads, calls one operation, and answers with rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portal.access.actor import Actor
from portal.connector import rows
from portal.connector.answers import PONG, Answer, Refused, refusal, success
from portal.connector.held import HeldAnswers
from portal.connector.rows import BY_CODE, Row
from portal.contracts import store as contracts
from portal.foundation import changes
from portal.foundation.errors import NotFound
from portal.projects import connecting, operations
from portal.projects import store as projects
from portal.projects.models import DataSpace
from portal.verifier.records import Key


@dataclass(frozen=True)
class Call:
    """One verified call: by which key, as whom, about what. `held` are the lists answered before."""

    key: Key
    actor: Actor
    ids: Mapping[str, str]
    content: Mapping[str, Any]
    held: HeldAnswers

    def by(self, key: Key, actor: Actor) -> "Call":
        """The same call by the key as it is now."""
        return replace(self, key=key, actor=actor)

    def text(self, member: str) -> str:
        """A member of the body. Raises: Refused when it is not a string; an empty one is the operation's business."""
        value = self.content.get(member, "")
        if not isinstance(value, str):
            raise Refused(refusal(422, f"“{member}” is not a text.", "not_a_text"))
        return value


Act = Callable[[Call], Answer]


def ping(_call: Call) -> Answer:
    """The key is known, live, and its private half signed this."""
    return PONG


def everything(call: Call) -> Answer:
    """All rows within the key's reach; none when there is no project. Nothing of it is older than this call."""
    version = changes.version_of(call.key.owner.id)
    return call.held.get(call.key, version, lambda: success({"results": rows.of(call.actor)}))


def project(call: Call) -> Answer:
    """The rows of a project. Raises: NotFound."""
    return _rows(call, call.ids["project_id"])


def data_space(call: Call) -> Answer:
    """The bare row. Raises: NotFound."""
    return _row(call, call.ids["data_space_id"])


def create(call: Call) -> Answer:
    """The rows of the new project, or of the one that this very wish made just now; it hangs on the key's contract."""
    contract = contracts.get_by_id(call.actor, call.key.contract.id)
    made = operations.create(call.actor, call.text("projectName"), contract)
    return _rows(call, made.public_id)


def rename_project(call: Call) -> Answer:
    """The rows of the project under its new name."""
    found = projects.get(call.actor, call.ids["project_id"])
    operations.rename_project(call.actor, found, call.text("projectName"))
    return _rows(call, found.public_id)


def rename_data_space(call: Call) -> Answer:
    """The row under its new name."""
    found = _data_space(call)
    operations.rename_data_space(call.actor, found, call.text("environmentName"))
    return _row(call, found.public_id)


def note_cloud_project(call: Call) -> Answer:
    """The row with the cloud project that uses it."""
    found = _data_space(call)
    connecting.note_cloud_project(call.actor, found, call.ids["cloud_project"])
    return _row(call, found.public_id)


def switch_on(call: Call) -> Answer:
    """The row with the feature in its set. Raises: Refused for a feature that does not exist."""
    found = _data_space(call)
    feature = BY_CODE.get(call.ids["feature"])
    if feature is None:
        raise Refused(refusal(422, f"There is no feature “{call.ids['feature']}”.", "unknown_feature"))
    connecting.switch_on(call.actor, found, feature.service_code, feature.name)
    return _row(call, found.public_id)


def clean_up(call: Call) -> Answer:
    """The row; the wish is on record, and nothing was deleted."""
    found = _data_space(call)
    name = call.text("environmentName") if "environmentName" in call.content else found.name
    connecting.ask_cleanup(call.actor, found, name)
    return _row(call, found.public_id)


def _data_space(call: Call) -> DataSpace:
    return projects.get_data_space(call.actor, call.ids["data_space_id"])


def _rows(call: Call, project_id: str) -> Answer:
    return success({"results": _found(rows.of(call.actor, project_id=project_id))})


def _row(call: Call, data_space_id: str) -> Answer:
    (row,) = _found(rows.of(call.actor, data_space_id=data_space_id))
    return success(row)


def _found(some: list[Row]) -> list[Row]:
    if not some:
        raise NotFound()
    return some
