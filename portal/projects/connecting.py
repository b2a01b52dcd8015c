"""What a shop says about the data space that it uses, with its key: its cloud project, a feature, a clean-up.

None of it moves or removes data. Saying which shop one is and switching on what one may use are part of using a key, so
they take no right beyond seeing the data space; asking to clean it takes what renaming takes.
"""

import re

from sqlalchemy.exc import IntegrityError

from portal.access.actor import Actor, require
from portal.access.roles import Permission
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.entitlements import store as entitlements
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.words import clean_connector_name, same_name
from portal.projects import store
from portal.projects.errors import CloudProjectUnfit, DataSpaceNameTaken, ServiceNotEntitled
from portal.projects.models import DataSpace, DataSpaceFeature
from portal.projects.operations import REPEATED_WITHIN

CLOUD_PROJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")


def note_cloud_project(actor: Actor, data_space: DataSpace, cloud_project: str) -> None:
    """Note which cloud project uses `data_space`. Noting what is noted changes nothing and is no event.

    Shops say it when they select the space, and again at every upgrade. Raises: NotAllowed, CloudProjectUnfit.
    """
    require(actor, Permission.SEE)
    if CLOUD_PROJECT.fullmatch(cloud_project) is None:
        raise CloudProjectUnfit()
    lock(data_space)
    if data_space.cloud_project == cloud_project:
        return
    before, data_space.cloud_project = data_space.cloud_project, cloud_project
    audit.record(
        actor,
        Event.DATA_SPACE_CLOUD_NOTED,
        data_space,
        also_seen_by=actor.home_id,
        cloud_project=cloud_project,
        before=before,
    )


def switch_on(actor: Actor, data_space: DataSpace, service_code: str, service_name: str) -> None:
    """Switch a service on for `data_space`. Switching on what is on changes nothing and is no event.

    Raises: NotAllowed, ServiceNotEntitled when the tenant may not use the service now.
    """
    require(actor, Permission.SEE)
    lock(data_space)
    if store.has_feature(actor, data_space, service_code):
        return
    if service_code not in {service.code for service in entitlements.services_of(actor, clock.now())}:
        raise ServiceNotEntitled(service=service_name)
    store.add(
        DataSpaceFeature(
            tenant_id=data_space.tenant_id,
            project_id=data_space.project_id,
            data_space_id=data_space.id,
            service_code=service_code,
        )
    )
    data_space.changed_at = clock.now()
    audit.record(actor, Event.DATA_SPACE_FEATURE_ON, data_space, also_seen_by=actor.home_id, service=service_name)


def ask_cleanup(actor: Actor, data_space: DataSpace, name: str) -> None:
    """Record the wish to have `data_space` cleaned, under `name` from now on when that differs. Nothing is deleted.

    The services that hold its data decide what follows. The same wish within a minute is a retry and no second event.
    Raises: NotAllowed, DataSpaceNameTaken, NameHasType and the other refusals of a name.
    """
    require(actor, Permission.PROJECT_CHANGE)
    name = clean_connector_name(name)
    lock(data_space)
    now, asked_at, before = clock.now(), data_space.cleanup_asked_at, data_space.name
    if name == before and asked_at is not None and asked_at > now - REPEATED_WITHIN:
        return
    data_space.cleanup_asked_at, data_space.name, data_space.name_key = now, name, same_name(name)
    try:
        store.flush()
    except IntegrityError as error:
        raise DataSpaceNameTaken(name=name) from error
    audit.record(actor, Event.DATA_SPACE_CLEANUP_ASKED, data_space, also_seen_by=actor.home_id, before=before)
