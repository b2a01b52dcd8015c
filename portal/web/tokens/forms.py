"""Forms of personal tokens: what one may do and until when, and that one shall end."""

from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from portal.access.actor import Actor
from portal.access.roles import SCOPE_NAMES, Scope, scopes_within
from portal.foundation import clock
from portal.tokens.devices import wished
from portal.tokens.models import DeviceRequest
from portal.web.forms import CheckboxesField, LastDayField, MarkField, NameField, PortalForm
from portal.web.identity import FreshSignIn

USUAL_DAYS = 90


class ScopesField(CheckboxesField):
    """Scopes beside reading, which every token has."""

    def offer(self, actor: Actor) -> None:
        """Offer those of which this actor's role has any use."""
        offered = [scope for scope in Scope if scope in scopes_within(actor.permissions) - {Scope.READ}]
        self.choices = [SelectChoice(scope.value, _(SCOPE_NAMES[scope])) for scope in offered]

    @property
    def chosen(self) -> frozenset[Scope]:
        return frozenset(Scope(value) for value in self.data or ()) | {Scope.READ}


class Granting(FreshSignIn):
    """Mixin: what a token may do, and until when."""

    name = NameField(_l("Name"), description=_l("What uses it, and where. “Nightly report, build server”, say."))
    scopes = ScopesField(_l("Beside reading, it may"))
    last_day = LastDayField(_l("Last day (UTC)"), validators=[InputRequired(_l("Give the last day"))])


class IssueForm(Granting, PortalForm):
    mark = MarkField()

    @classmethod
    def for_actor(cls, actor: Actor) -> "IssueForm":
        """The form that offers what this actor's role has any use for."""
        form = cls(last_day=usual_last_day())
        form.scopes.offer(actor)
        form.require_fresh()
        return form


class CodeForm(PortalForm):
    user_code = StringField(_l("Code"), validators=[InputRequired(_l("Type the code that your command line shows."))])


class ApproveForm(Granting, PortalForm):
    @classmethod
    def for_request(cls, actor: Actor, request: DeviceRequest) -> "ApproveForm":
        """The form that offers what this actor's role has any use for, what is wished for ticked."""
        wanted = [scope.value for scope in wished(actor, request)]
        form = cls(last_day=usual_last_day(), name=request.machine, scopes=wanted)
        form.scopes.offer(actor)
        form.require_fresh()
        return form


class EndForm(PortalForm):
    """Nothing but a confirmation: what keeps a leaked token from being used must not wait for a password."""


def usual_last_day() -> date:
    return clock.now().date() + timedelta(days=USUAL_DAYS)
