"""Forms of webhooks: where, what of, how long an old secret goes on, what is sent again, and the end."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, ValidationError

from portal.foundation import clock
from portal.foundation.words import same_name
from portal.web.console.forms import FirstDayField
from portal.web.forms import CheckboxesField, CleanedField, LastDayField, MarkField, NameField, PortalForm, VersionField
from portal.web.identity import FreshSignIn
from portal.web.overlaps import OverlapField
from portal.webhooks.models import OFFERED, WebhookEndpoint
from portal.webhooks.operations import OVERLAPS, USUAL

ALL, CHOSEN = "all", "chosen"


class EndpointForm(FreshSignIn, PortalForm):
    url = StringField(
        _l("Address"),
        description=_l("It begins with https:// and can be reached from the open internet."),
        filters=[lambda text: (text or "").strip()],
        validators=[InputRequired(_l("Give the address."))],
    )
    description = NameField(_l("Description"), description=_l("What is told there. “Ticket system”, say."))
    scope = RadioField(
        _l("Which events"),
        choices=[
            SelectChoice(ALL, _l("All events, also those that later releases bring")),
            SelectChoice(CHOSEN, _l("Only these:")),
        ],
        default=ALL,
        validators=[InputRequired(_l("Choose all events, or some."))],
    )
    events = CheckboxesField(_l("Events"), choices=[SelectChoice(event.value, event.value) for event in OFFERED])

    @classmethod
    def anew(cls) -> Any:
        """The form for this request."""
        form = cls()
        form.require_fresh()
        return form

    def validate_events(self, field: CheckboxesField) -> None:
        if self.scope.data == CHOSEN and not field.data:
            raise ValidationError(_l("Choose at least one event, or all of them."))

    @property
    def chosen(self) -> list[str] | None:
        """The names of the events, or None for all."""
        return None if self.scope.data == ALL else list(self.events.data or [])


class NewForm(EndpointForm):
    mark = MarkField()


class ChangeForm(EndpointForm):
    version = VersionField()

    @classmethod
    def for_endpoint(cls, endpoint: WebhookEndpoint) -> "ChangeForm":
        """The form, filled with what is stored."""
        form = cls(
            url=endpoint.url,
            description=endpoint.description,
            scope=ALL if endpoint.events is None else CHOSEN,
            events=endpoint.events or [],
            version=endpoint.version,
        )
        form.require_fresh()
        return form


class RotateForm(FreshSignIn, PortalForm):
    overlap = OverlapField(_l("The old secret"), USUAL)
    mark = MarkField()

    @classmethod
    def anew(cls) -> "RotateForm":
        """The form with the choices spelled out."""
        form, now = cls(), clock.now()
        form.overlap.offer({each: now + each for each in OVERLAPS})
        form.require_fresh()
        return form


class ResendForm(PortalForm):
    first_day = FirstDayField(_l("First day (UTC)"), validators=[InputRequired(_l("Give the first day"))])
    last_day = LastDayField(_l("Last day (UTC)"), validators=[InputRequired(_l("Give the last day"))])


class RemoveForm(PortalForm):
    typed_name = CleanedField(_l("Type the description of the endpoint to confirm"))
    wanted = ""

    @classmethod
    def for_endpoint(cls, endpoint: WebhookEndpoint) -> "RemoveForm":
        """The form that asks for this endpoint's description."""
        form = cls()
        form.wanted = endpoint.description
        return form

    def validate_typed_name(self, field: CleanedField) -> None:
        if same_name(field.data or "") != same_name(self.wanted):
            raise ValidationError(_l("This is not the description of the endpoint."))
