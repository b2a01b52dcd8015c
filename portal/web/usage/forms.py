"""Forms that decide about a claim to a data space."""

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField

from portal.projects.models import DataSpace, Installation
from portal.web.forms import PortalForm, VersionField


class DecideForm(PortalForm):
    """Nothing but the version that was seen."""

    version = VersionField()

    @classmethod
    def about(cls, installation: Installation) -> "DecideForm":
        """The form for this installation as it stands."""
        return cls(obj=installation)


class MoveForm(DecideForm):
    """The data space on which the shop belongs."""

    data_space = RadioField(_l("Data space"))

    def offer(self, spaces: Sequence[DataSpace]) -> None:
        """Offer these, with their projects' names; none is chosen already."""
        self.data_space.choices = [
            (space.public_id, _("%(space)s in %(project)s", space=space.name, project=space.project.name))
            for space in spaces
        ]
