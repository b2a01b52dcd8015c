"""Forms of hand-offs. What the pages' scripts write into them is public, or ciphertext."""

import base64
import binascii

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from portal.foundation.errors import PortalError
from portal.handoffs import envelope
from portal.handoffs.envelope import Envelope
from portal.handoffs.errors import NotAnEnvelopeKey
from portal.handoffs.faults import NotWhole
from portal.handoffs.giving import Receiver
from portal.keys import possession
from portal.web.forms import CleanTextAreaField, PortalForm
from portal.web.identity import FreshSignIn
from portal.web.pages import add_refusal

COMMAND = "command"
LONGEST_BASE64 = 16_000
too_long = Length(max=LONGEST_BASE64, message=_l("This is too long."))


class ActForm(PortalForm):
    """Which of a page's acts is meant; without one, the page itself was sent."""

    act = HiddenField(validators=[too_long])

    @property
    def is_for_command(self) -> bool:
        """Whether the command line is to do it."""
        return self.act.data == COMMAND


class EnrolForm(FreshSignIn, ActForm):
    """The public half of an envelope key, as base64."""

    public = HiddenField(validators=[too_long])

    def read(self) -> bytes | None:
        """The octets, or None with the reason at the field."""
        try:
            return base64.b64decode(self.public.data or "", validate=True)
        except (binascii.Error, ValueError):
            add_refusal(self.public, NotAnEnvelopeKey())
            return None


class GiveForm(FreshSignIn, PortalForm):
    """To whose envelope key, and a message that goes along."""

    # Which of them may be chosen is the operation's business: one that is held, or was replaced, has its own reason.
    envelope_key = RadioField(
        _l("To whom"), validate_choice=False, validators=[InputRequired(_l("Choose to whom the copy goes."))]
    )
    message = CleanTextAreaField(
        _l("Message"),
        description=_l("Both sides see it. It is not sealed, so nothing secret belongs here."),
        validators=[Optional()],
    )

    def offer(self, receivers: list[Receiver]) -> None:
        """Offer these; who is the only one that can be chosen is chosen already."""
        self.envelope_key.choices = [SelectChoice(one.key.public_id, one.key.person.name) for one in receivers]
        usable = [one.key.public_id for one in receivers if not one.is_held]
        if self.envelope_key.data is None and len(usable) == len(receivers) == 1:
            self.envelope_key.data = usable[0]


class SealForm(ActForm):
    """The envelope, as base64, as the page's script sealed it."""

    ciphertext = HiddenField(validators=[too_long])
    signature = HiddenField(validators=[too_long])

    def read(self) -> Envelope | None:
        """The envelope, or None with the reason at its field."""
        try:
            ciphertext = base64.b64decode(self.ciphertext.data or "", validate=True)
        except (binascii.Error, ValueError):
            add_refusal(self.ciphertext, NotWhole(octets=envelope.OCTETS))
            return None
        signature = _signature(self.signature)
        return None if signature is None else Envelope(ciphertext, signature)


class OpenForm(FreshSignIn, ActForm):
    """To open it here, or with the command line."""


class ProofForm(PortalForm):
    """The signature of the key that was taken out, as base64."""

    signature = HiddenField(validators=[too_long])

    def read(self) -> bytes | None:
        """The signature's octets, or None with the reason at the field."""
        return _signature(self.signature)


def _signature(field: Field) -> bytes | None:
    try:
        return possession.read_signature((field.data or "").encode())
    except PortalError as refusal:
        add_refusal(field, refusal)
        return None
