"""Which shop uses a data space: attach, change, detach."""

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.projects import installations, store
from portal.projects.errors import InstallationDetached, SpaceOccupied, TypedNameDiffers
from portal.web.guards import current_actor, requires
from portal.web.pages import add_refusal, answer
from portal.web.projects.blueprint import pages, to_project
from portal.web.projects.forms import ChangeInstallationForm, DetachForm, InstallationForm


@pages.route("/<account>/data-spaces/<data_space_id>/attach", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def attach(account: str, data_space_id: str) -> ResponseReturnValue:
    actor = current_actor()
    data_space = store.get_data_space(actor, data_space_id)
    project_id, form = data_space.project.public_id, InstallationForm()
    form.offer(actor.reach.environments, data_space.environment)
    if form.validate_on_submit():
        with transaction():
            installations.attach(actor, data_space, *form.content)
        flash(_("“%(name)s” now uses this data space, and no other shop can.", name=form.name.data), "success")
        return to_project(account, project_id)
    if data_space.installation is not None and not form.is_submitted():
        raise SpaceOccupied(installation=data_space.installation.name)
    return answer("projects/attach.html", form=form, data_space=data_space)


@pages.route("/<account>/installations/<installation_id>/change", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def change_installation(account: str, installation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    installation = store.get_installation(actor, installation_id)
    if installation.detached_at is not None:
        raise InstallationDetached(installation=installation.name)
    installations.require_side(actor, installation.side)
    data_space, form = installation.data_space, ChangeInstallationForm(obj=installation)
    project_id = data_space.project.public_id
    form.offer(actor.reach.environments, installation.side)
    if installation.address is None:
        form.let_address_be_unknown()
    if form.validate_on_submit():
        with transaction():
            installations.change_installation(actor, installation, *form.content, version=form.version.data)
        flash(_("The installation “%(name)s” is changed.", name=form.name.data), "success")
        return to_project(account, project_id)
    return answer("projects/change_installation.html", form=form, installation=installation, data_space=data_space)


@pages.route("/<account>/installations/<installation_id>/detach", methods=["GET", "POST"])
@requires(Permission.INSTALLATION_CHANGE)
def detach(account: str, installation_id: str) -> ResponseReturnValue:
    actor = current_actor()
    installation = store.get_installation(actor, installation_id)
    installations.require_side(actor, installation.side)
    project_id, form = installation.data_space.project.public_id, DetachForm(obj=installation)
    if form.validate_on_submit():
        try:
            with transaction():
                installations.detach(actor, installation, form.typed_name.data or "", form.version.data)
        except TypedNameDiffers as refusal:
            add_refusal(form.typed_name, refusal)
        else:
            flash(_("“%(name)s” is detached. The data space and its data are still there.", name=installation.name))
            return to_project(account, project_id)
    if installation.detached_at is not None:
        raise InstallationDetached(installation=installation.name)
    return answer("projects/detach.html", form=form, installation=store.get_installation(actor, installation_id))
