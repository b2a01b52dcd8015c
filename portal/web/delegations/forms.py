"""Forms of delegations. They turn what is chosen into terms; whether these may be given is the operations' business."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.roles import Environment, Right
from portal.delegations import errors
from portal.delegations.models import Delegation
from portal.delegations.terms import CHOSEN_BY_OWNER, Projects, Terms
from portal.foundation.errors import PortalError
from portal.projects.models import Project
from portal.web.delegations.terms import (
    ALL,
    ALL_PROJECTS,
    AccountForm,
    CodeForm,
    MessageForm,
    ProjectsForm,
    RightsForm,
    TermForm,
    TermsForm,
    as_values,
    usual_values,
)
from portal.web.forms import PortalForm, VersionField
from portal.web.identity import FreshSignIn
from portal.web.pages import add_refusal

OWNERS_CHOICE, AS_NOW = "owners_choice", "as_now"


FIELDS: dict[type[PortalError], tuple[str, ...]] = {
    errors.AccountIdMalformed: ("account_id",),
    errors.OwnAccount: ("account_id", "request_code"),
    errors.AlreadyOpen: ("account_id", "request_code"),
    errors.TicketOpen: ("account_id", "request_code"),
    errors.TicketNotNeeded: ("account_id",),
    errors.KeysNotGiven: ("account_id",),
    errors.UnknownRequestCode: ("request_code",),
    errors.EnvironmentsMissing: ("environments",),
    errors.ProjectsMissing: ("projects",),
    errors.ProjectUnknown: ("projects",),
    errors.EndOutOfRange: ("last_day",),
    errors.NotNarrower: ("last_day",),
    errors.NothingNarrowed: ("rights",),
    errors.NotWider: ("rights",),
}


@contextmanager
def at_fields(form: FlaskForm) -> Iterator[None]:
    """A refusal inside that belongs to a field of `form` becomes that field's error; others go on."""
    try:
        yield
    except PortalError as refusal:
        names = [name for name in FIELDS.get(type(refusal), ()) if name in form]
        if not names:
            raise
        add_refusal(form[names[0]], refusal)


class ProvedForm(FreshSignIn, PortalForm):
    """A form that may be a weighty act."""

    def ask_again(self, weighty: bool = True) -> None:
        """Ask for the password when the act is weighty and it was last given too long ago (security.md, sign-in)."""
        if weighty:
            self.require_fresh()
        else:
            self.ask_nothing()


class OfferForm(ProvedForm, AccountForm, TermsForm, MessageForm):
    """From the owner, to the integrator with this account id."""

    @classmethod
    def among(cls, projects: Sequence[Project]) -> "OfferForm":
        """The form with the owner's `projects` to choose from."""
        form = cls(data=usual_values())
        form.offer_projects(projects, None)
        return form


class TicketForm(ProvedForm, AccountForm, TermsForm, MessageForm):
    """From the owner or a key manager: for one key pair, so there is no choice of rights."""

    @classmethod
    def among(cls, projects: Sequence[Project]) -> "TicketForm":
        """The form with the owner's `projects` to choose from."""
        form = cls(data=usual_values())
        form.offer_projects(projects, None)
        form.keep_rights(frozenset({Right.KEYS}))
        return form

    @property
    def chosen(self) -> dict[str, Any]:
        """The terms as the keyword arguments of the operation."""
        return {name: value for name, value in super().chosen.items() if name != "rights"}


class RequestForm(CodeForm, RightsForm, TermForm, MessageForm):
    """From the integrator, who does not know the owner's projects."""

    reach = RadioField(
        _l("Projects"),
        choices=[ALL_PROJECTS, SelectChoice(OWNERS_CHOICE, _l("The owner chooses"))],
        validators=[InputRequired(_l("Choose which projects."))],
    )

    @classmethod
    def usual(cls) -> "RequestForm":
        """The form as it is first shown."""
        return cls(data=usual_values())

    @property
    def chosen(self) -> dict[str, Any]:
        """The terms as the keyword arguments of the operation."""
        return {
            "environments": frozenset(Environment(value) for value in self.environments.data),
            "rights": frozenset(Right(value) for value in self.rights.data or ()),
            "all_projects": self.reach.data == ALL,
            "ends_at": self.ends_at,
        }


class NarrowForm(ProvedForm, TermsForm):
    """From the owner: only what is given now can be chosen."""

    version = VersionField()

    @classmethod
    def of(cls, delegation: Delegation, projects: Sequence[Project]) -> "NarrowForm":
        """The form for this delegation, or request, with the owner's `projects` to choose from."""
        terms = Terms.of(delegation)
        form = cls(data=as_values(terms) | {"version": delegation.version})
        form.kept_end = terms.ends_at
        if form.version.data == delegation.version:
            form.keep(terms)
            form.offer_projects(projects, terms.project_ids or None)
            form.choose_projects(terms.project_ids)
        else:
            form.offer_as_before(projects)
        if delegation.one_pair:
            form.keep_rights(terms.rights)
        return form

    def offer_as_before(self, projects: Sequence[Project]) -> None:
        """For a form that was loaded before a change: take what it sends, so that both versions can be shown."""
        self.offer_projects(projects, None)
        if self.reach.data is None:
            del self.reach


class ApproveForm(ProvedForm, ProjectsForm):
    """From the owner; with a choice of projects where the request leaves it to the owner."""

    @classmethod
    def of(cls, delegation: Delegation, projects: Sequence[Project]) -> "ApproveForm":
        """The form for this request, with the owner's `projects` to choose from."""
        form = cls(data={"reach": ALL})
        form.offer_projects(projects, None)
        if delegation.project_ids != CHOSEN_BY_OWNER:
            del form.reach, form.projects
        return form

    @property
    def chosen(self) -> dict[str, Any]:
        """The owner's choice as a keyword argument of the operation; nothing where there was none to make."""
        return {"project_ids": self.project_ids} if "projects" in self else {}


class WidenForm(ProvedForm, TermsForm, MessageForm):
    """From either side: what is given now is chosen already."""

    given: Projects = None

    @classmethod
    def by_owner(cls, delegation: Delegation, projects: Sequence[Project]) -> "WidenForm":
        """The form for the owner, with its `projects` to choose from."""
        terms = Terms.of(delegation)
        form = cls(data=as_values(terms))
        form.kept_end = terms.ends_at
        form.offer_projects(projects, None)
        form.choose_projects(terms.project_ids)
        return form

    @classmethod
    def by_integrator(cls, delegation: Delegation) -> "WidenForm":
        """The form for the integrator, who knows no other projects than those it reaches."""
        terms = Terms.of(delegation)
        form = cls(data=as_values(terms) | {"reach": AS_NOW})
        form.given, form.kept_end = terms.project_ids, terms.ends_at
        form.reach.choices = [SelectChoice(AS_NOW, _l("The same as now")), ALL_PROJECTS]
        del form.projects
        if terms.project_ids is None:
            del form.reach
        return form

    @property
    def project_ids(self) -> Projects:
        if "projects" in self:
            return super().project_ids
        return None if "reach" in self and self.reach.data == ALL else self.given


class AnswerForm(ProvedForm):
    """Yes or no to a proposal. Only yes is a weighty act."""

    answer = RadioField(
        _l("Your answer"),
        choices=[
            SelectChoice("accept", _l("Agree: it holds at once")),
            SelectChoice("decline", _l("Decline: all stays as it is")),
        ],
        validators=[InputRequired(_l("Choose an answer."))],
    )

    @property
    def declines(self) -> bool:
        return bool(self.answer.data == "decline")
