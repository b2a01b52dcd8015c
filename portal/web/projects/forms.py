"""Forms of projects, data spaces and installations."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, RadioField, StringField
from wtforms.validators import DataRequired, InputRequired, ValidationError

from portal.access.roles import ENVIRONMENT_NAMES, Environment
from portal.contracts.models import Contract
from portal.entitlements.asking import LEAST, MOST
from portal.entitlements.errors import AmountOutOfRange
from portal.entitlements.models import WISH_NAMES, Wish
from portal.foundation.words import clean_connector_name
from portal.projects.addresses import clean_address
from portal.projects.allotments import Allotment
from portal.web.forms import CleanedField, CleanTextAreaField, NameField, PortalForm, VersionField
from portal.web.say import say


class NewProjectForm(PortalForm):
    """A name, and the contract that the project is to hang on."""

    name = NameField(
        _l("Name of the project"),
        description=_l("The shop's own settings show it when a data space is chosen."),
        rule=clean_connector_name,
    )
    contract = RadioField(_l("Contract"))

    hints: Mapping[str, str] = {}

    def offer(self, allotments: Sequence[Allotment]) -> None:
        """Offer these contracts; the first one with room is chosen already. `hints` says what each one gives."""
        self.contract.choices = [(row.contract.public_id, row.contract.edition.name) for row in allotments]
        self.hints = {row.contract.public_id: _what_it_gives(row) for row in allotments}
        if self.contract.data is None:
            roomy = [row for row in allotments if row.left] or allotments
            self.contract.data = roomy[0].contract.public_id

    def chosen(self, allotments: Sequence[Allotment]) -> Contract:
        """The contract that was chosen among those offered."""
        return next(row.contract for row in allotments if row.contract.public_id == self.contract.data)


def _what_it_gives(allotment: Allotment) -> str:
    return _(
        "%(used)s of %(granted)s projects are in use. A new one gets %(production)s production and "
        "%(testing)s testing data spaces.",
        used=allotment.used,
        granted=allotment.granted,
        production=allotment.contract.edition.production_spaces,
        testing=allotment.contract.edition.testing_spaces,
    )


class RenameForm(PortalForm):
    """A new name for a project or a data space."""

    name = NameField(_l("Name"), rule=clean_connector_name)
    version = VersionField()


class InstallationForm(PortalForm):
    """What is known of a shop: its name, where it is, and which side's keys it uses now."""

    name = NameField(_l("Name of the installation"), description=_l("How your team calls this shop."))
    address = CleanedField(
        _l("Address"), description=_l("Where the shop is found, such as https://shop.example.com."), rule=clean_address
    )
    side = RadioField(
        _l("Side in use"),
        description=_l("With which keys the shop calls the services now. A shop may change it in its own settings."),
    )

    def offer(self, sides: Collection[Environment], default: Environment) -> None:
        """Offer these sides; `default` is chosen already, where it is one of them."""
        self.side.choices = [(side.value, _(ENVIRONMENT_NAMES[side])) for side in Environment if side in sides]
        if self.side.data is None:
            self.side.data = default.value

    @property
    def content(self) -> tuple[str, str, Environment]:
        """Name, address and side, as the operations take them."""
        return self.name.data or "", self.address.data or "", Environment(self.side.data)


def _address_or_none(text: str) -> str:
    return clean_address(text) if text.strip() else ""


class ChangeInstallationForm(InstallationForm):
    """The same for an installation that is there."""

    version = VersionField()

    def let_address_be_unknown(self) -> None:
        """An installation that was discovered may be named before anybody says where it is."""
        self.address.rule = _address_or_none
        self.address.flags.optional = True


class DetachForm(PortalForm):
    """The installation's name, typed out."""

    typed_name = StringField(_l("Name of the installation"))
    version = VersionField()


def _in_range(_form: Any, field: IntegerField) -> None:
    # WTForms' own NumberRange converts to a float first, which a number of 400 digits is too large for.
    if not LEAST <= (field.data or 0) <= MOST:
        raise ValidationError(say(AmountOutOfRange(least=LEAST, most=MOST)))


class RequestMoreForm(PortalForm):
    """How many more, and why."""

    wish = RadioField(_l("What more is needed"))
    amount = IntegerField(
        _l("How many more"),
        default=1,
        validators=[
            InputRequired(_l("Say how many more are needed")),
            _in_range,
        ],
    )
    reason = CleanTextAreaField(
        _l("Reason"),
        description=_l("The vendor's partner admin decides by it: what the shop needs it for, and since when."),
        validators=[DataRequired(_l("Say why more is needed"))],
    )

    def offer(self, wishes: Sequence[Wish]) -> None:
        """Offer these wishes; the first is chosen already."""
        self.wish.choices = [(wish.value, _(WISH_NAMES[wish])) for wish in wishes]
        if self.wish.data is None:
            self.wish.data = wishes[0].value

    @property
    def content(self) -> tuple[Wish, int, str]:
        """Wish, amount and reason, as the operation takes them."""
        return Wish(self.wish.data), self.amount.data or 0, self.reason.data or ""


class ReopenForm(PortalForm):
    """An answer to what the partner admin said."""

    reason = CleanTextAreaField(
        _l("Your answer"),
        description=_l("What has changed, or what the partner admin could not know."),
        validators=[DataRequired(_l("Say why more is needed"))],
    )
