"""What the forms of delegations are put together from; their fields stand in this order in every form."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.access.roles import ENVIRONMENT_NAMES, RIGHT_NAMES, Environment, Right
from portal.delegations.offering import clean_account_id
from portal.delegations.terms import Projects, Terms
from portal.foundation import clock
from portal.projects.models import Project
from portal.web.forms import CheckboxesField, CleanedField, CleanTextAreaField, PortalForm

ALL, SOME = "all", "some"
ALL_PROJECTS = SelectChoice(ALL, _l("All projects, later ones too"))
USUAL_TERM = timedelta(days=365)
LAST_SECOND = time(23, 59, 59)  # an end that reads as its day, in UTC
LONGEST_CODE = 100


class AccountForm(PortalForm):
    account_id = CleanedField(_l("Account id of the integrator"), rule=clean_account_id)


class CodeForm(PortalForm):
    request_code = StringField(
        _l("Request code of the owner"),
        validators=[
            InputRequired(_l("Give the request code.")),
            Length(max=LONGEST_CODE, message=_l("This is too long for a request code.")),
        ],
    )


class RightsForm(PortalForm):
    environments = CheckboxesField(
        _l("Environments"),
        choices=[SelectChoice(side.value, _l(ENVIRONMENT_NAMES[side])) for side in Environment],
        required=_l("Choose at least one environment."),
    )
    rights = CheckboxesField(
        _l("May also"),
        description=_l("Seeing keys, projects and installations is always part of it."),
        choices=[SelectChoice(right.value, _l(RIGHT_NAMES[right])) for right in Right if right is not Right.VIEW],
    )

    def keep(self, terms: Terms) -> None:
        """Offer only what these terms give; anything else is no valid choice."""
        for field, given in ((self.environments, terms.environments), (self.rights, terms.rights)):
            field.choices = [choice for choice in field.choices if choice.value in given]


class ProjectsForm(PortalForm):
    """All projects, or some of those that `offer_projects` was told."""

    reach = RadioField(_l("Projects"), validators=[InputRequired(_l("Choose which projects."))])
    projects = CheckboxesField(_l("Which projects"))
    known: dict[str, uuid.UUID]

    def offer_projects(self, rows: Sequence[Project], given: Projects) -> None:
        """Offer all projects, and each of `rows`; where not all are `given`, each of these only."""
        self.reach.choices = [ALL_PROJECTS, SelectChoice(SOME, _l("Only some of them"))]
        if given is not None:
            rows = [row for row in rows if row.id in given]
            del self.reach
        self.known = {row.public_id: row.id for row in rows}
        self.projects.choices = [SelectChoice(row.public_id, row.name) for row in rows]

    def choose_projects(self, chosen: Projects) -> None:
        """What is chosen when the form is first shown."""
        if self.is_submitted():
            return
        if "reach" in self:
            self.reach.data = ALL if chosen is None else SOME
        self.projects.data = [public_id for public_id, row_id in self.known.items() if row_id in (chosen or ())]

    @property
    def project_ids(self) -> Projects:
        if "reach" in self and self.reach.data == ALL:
            return None
        return frozenset(self.known[public_id] for public_id in self.projects.data or ())


class TermForm(PortalForm):
    last_day = DateField(
        _l("Last day (UTC)"),
        description=_l("From tomorrow on, and at most 730 days from now."),
        validators=[InputRequired(_l("Give the last day."))],
    )

    kept_end: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """The last second of the last day, aware UTC; the end that was there before, when its day is kept."""
        if self.kept_end is not None and self.kept_end.date() == self.last_day.data:
            return self.kept_end
        return datetime.combine(self.last_day.data, LAST_SECOND, tzinfo=UTC)


class MessageForm(PortalForm):
    message = CleanTextAreaField(_l("Message"), validators=[Optional()])


class TermsForm(RightsForm, ProjectsForm, TermForm):
    """What is given: environments, rights, projects and the last day."""

    kept_rights: frozenset[Right] = frozenset()

    def keep_rights(self, rights: frozenset[Right]) -> None:
        """Leave no choice of rights: it is these."""
        del self.rights
        self.kept_rights = rights

    @property
    def chosen_rights(self) -> frozenset[Right]:
        return frozenset(Right(value) for value in self.rights.data or ()) if "rights" in self else self.kept_rights

    @property
    def chosen(self) -> dict[str, Any]:
        """The terms as the keyword arguments of operations."""
        return {
            "environments": frozenset(Environment(value) for value in self.environments.data),
            "rights": self.chosen_rights,
            "project_ids": self.project_ids,
            "ends_at": self.ends_at,
        }


def as_values(terms: Terms) -> dict[str, Any]:
    """Terms as the values with which a form is first shown."""
    return {
        "environments": [side.value for side in terms.environments],
        "rights": [right.value for right in terms.rights],
        "last_day": terms.ends_at.date(),
    }


def usual_values() -> dict[str, Any]:
    """The values with which a form for a new delegation is first shown: all projects, for a year."""
    return {"reach": ALL, "last_day": (clock.now() + USUAL_TERM).date()}
