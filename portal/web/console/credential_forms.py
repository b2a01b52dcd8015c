"""Forms of service credentials: what one is for and until when, how long the old one goes on, and why one stops."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional, ValidationError

from portal.contracts.models import Service
from portal.credentials.models import ServiceCredential
from portal.credentials.operations import OVERLAPS, USUAL
from portal.foundation import clock
from portal.foundation.words import same_name
from portal.web.console.forms import ReasonField
from portal.web.forms import CleanedField, LastDayField, MarkField, NameField, PortalForm
from portal.web.identity import FreshSignIn
from portal.web.overlaps import OverlapField

EVERY_SERVICE = "*"


class Lasting:
    """Mixin: until when a new credential works."""

    last_day = LastDayField(
        _l("Last day (UTC)"),
        description=_l("Leave it empty for a credential that works until somebody rotates or revokes it."),
        validators=[Optional()],
    )

    @property
    def expires_at(self) -> datetime | None:
        """The end of the last day, or None where there is none."""
        return self.last_day.moment if self.last_day.data else None


class IssueForm(Lasting, FreshSignIn, PortalForm):
    name = NameField(_l("Name"), description=_l("What asks with it, and where. “Edge gateway, Frankfurt”, say."))
    service = RadioField(
        _l("What it may ask about"), validators=[InputRequired(_l("Choose one service, or all of them."))]
    )
    mark = MarkField()

    def offer(self, services: Sequence[Service]) -> None:
        """Offer each of these services, and all of them."""
        each = [SelectChoice(service.code, service.name) for service in services]
        self.service.choices = [*each, SelectChoice(EVERY_SERVICE, _("All services"))]

    def chosen(self, services: Sequence[Service]) -> Service | None:
        """The service, or None for all of them."""
        return next((service for service in services if service.code == self.service.data), None)


class RotateForm(Lasting, FreshSignIn, PortalForm):
    overlap = OverlapField(_l("The old credential"), USUAL)

    @classmethod
    def for_credential(cls, credential: ServiceCredential) -> "RotateForm":
        """The form with the choices spelled out, and a last day as far off as the old one's was when it was issued."""
        form = cls(last_day=_like(credential))
        now, own_end = clock.now(), credential.stops_at
        form.overlap.offer({each: min(now + each, own_end) if own_end else now + each for each in OVERLAPS})
        form.require_fresh()
        return form


class RevokeForm(FreshSignIn, PortalForm):
    reason = ReasonField(description=_l("It stands in the record."))
    typed_name = CleanedField(_l("Type the name of the credential to confirm"))
    wanted = ""

    @classmethod
    def for_credential(cls, credential: ServiceCredential) -> "RevokeForm":
        """The form that asks for this credential's name."""
        form = cls()
        form.wanted = credential.name
        form.require_fresh()
        return form

    def validate_typed_name(self, field: CleanedField) -> None:
        if same_name(field.data or "") != same_name(self.wanted):
            raise ValidationError(_l("This is not the name of the credential."))


def _like(credential: ServiceCredential) -> Any:
    """The last day of a successor that lasts as long as this one was meant to, or None."""
    if credential.expires_at is None:
        return None
    return (clock.now() + (credential.expires_at - credential.created_at) - timedelta(microseconds=1)).date()
