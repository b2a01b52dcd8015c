"""Forms of key pairs."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.datastructures import FileStorage
from wtforms import FileField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from portal.contracts.models import Contract
from portal.foundation.errors import PortalError
from portal.foundation.words import PRIVATE_KEY, same_name
from portal.keys import possession
from portal.keys.batch import Line, read_names
from portal.keys.errors import LinesRefused
from portal.keys.material import PublicHalf, read_public_pem
from portal.keys.models import KeyOrigin
from portal.web import pasted
from portal.web.forms import CleanedField, NameField, PortalForm, VersionField
from portal.web.identity import FreshSignIn
from portal.web.pages import add_refusal
from portal.web.say import say

LONGEST_PEM = 16_000
MOST_LINES_SAID = 20


class Named:
    """Mixin: how the pair is called. Above the other fields, so that what is wrong with it is said first."""

    name = NameField(_l("Name"), description=_l("For people: which shop, since when. “Storefront 2027”, say."))


class OriginForm(FreshSignIn, PortalForm):
    """How the pair is made: the ways in the order of design rule 3, best first."""

    origin = RadioField(
        _l("How the pair is made"),
        choices=[
            SelectChoice(KeyOrigin.BROWSER.value, _l("In this browser: the portal never sees the private key")),
            SelectChoice(KeyOrigin.COMMAND.value, _l("With the command line on your own machine")),
            SelectChoice(KeyOrigin.UPLOAD.value, _l("On your own machine: you give the public key only")),
            SelectChoice(KeyOrigin.SERVER.value, _l("By the portal: the private key is shown once and not kept")),
        ],
        validators=[InputRequired(_l("Choose how the pair is made"))],
    )
    public_pem = TextAreaField(
        _l("Public key"),
        validators=[Length(max=LONGEST_PEM, message=_l("This is too long for a public key."))],
    )
    public: PublicHalf | None = None

    def read_public(self) -> bool:
        """Whether the public key can be used, where one is needed; what is wrong with it stands at the field."""
        if self.origin.data != KeyOrigin.UPLOAD.value:
            return True
        try:
            self.public = read_public_pem(self.public_pem.data or "")
        except PortalError as refusal:
            add_refusal(self.public_pem, refusal)
            return False
        return True


class MakingForm(Named, OriginForm):
    """How the pair is called, and how it is made."""


class OffersContracts:
    """Mixin: the contract, where there is a choice."""

    contract = SelectField(_l("Under the contract"))

    def offer(self, contracts: list[Contract]) -> None:
        """Offer these contracts; with one alone there is nothing to choose."""
        self.contract.choices = [SelectChoice(row.public_id, row.edition.name) for row in contracts]
        if self.contract.data is None:
            self.contract.data = contracts[0].public_id


class NewKeyForm(OffersContracts, MakingForm):
    """The contract, too, where there is a choice."""


class BatchForm(OffersContracts, FreshSignIn, PortalForm):
    """The names of several pairs that a command line makes, one a line."""

    names = TextAreaField(_l("Names, one a line"))
    lines: list[Line]

    def validate_names(self, field: TextAreaField) -> None:
        try:
            self.lines = read_names((field.data or "").replace("\r\n", "\n"))
        except LinesRefused as refusal:
            self.say_lines(refusal)
            raise StopValidation() from refusal
        except PortalError as refusal:
            raise ValidationError(say(refusal)) from refusal

    def say_lines(self, refusal: LinesRefused) -> None:
        """Say at the names what is wrong with each line; of very many, with the first ones."""
        said = [
            _("Line %(number)s: %(sentence)s", number=number, sentence=say(each))
            for number, each in refusal.refused[:MOST_LINES_SAID]
        ]
        if more := len(refusal.refused) - len(said):
            said.append(ngettext("%(num)s more line cannot be used.", "%(num)s more lines cannot be used.", more))
        self.names.errors = [*self.names.errors, *said]


class ProofForm(PortalForm):
    """The signature over the message, as base64 text or as the file."""

    signature = TextAreaField(_l("Signature, in base64"))
    signature_file = FileField(_l("Or the signature file"))

    def read(self) -> bytes | None:
        """The signature's octets, or None with the reason at the field."""
        given = (self.signature.data or "").strip().encode()
        if not given and isinstance(self.signature_file.data, FileStorage):
            given = self.signature_file.data.read(LONGEST_PEM)
        if PRIVATE_KEY.search(text := given.decode("latin-1")):
            pasted.burn(text)
            pasted.complain(self.signature_file)
            return None
        try:
            return possession.read_signature(given)
        except PortalError as refusal:
            add_refusal(self.signature, refusal)
            return None


class BornForm(PortalForm):
    """The public half and the signature over the message, as the page's script wrote them."""

    public_pem = HiddenField(validators=[Length(max=LONGEST_PEM, message=_l("This is too long for a public key."))])
    signature = HiddenField(validators=[Length(max=LONGEST_PEM, message=_l("This is too long for a signature."))])

    def read(self) -> tuple[PublicHalf, bytes] | None:
        """Both, or None with the reason at the signature."""
        try:
            return read_public_pem(self.public_pem.data or ""), possession.read_signature(
                (self.signature.data or "").encode()
            )
        except PortalError as refusal:
            add_refusal(self.signature, refusal)
            return None


class RenameKeyForm(PortalForm):
    name = NameField(_l("Name"))
    version = VersionField()


class RevokeKeyForm(FreshSignIn, PortalForm):
    """For production, the key pair's name typed out."""

    typed_name = CleanedField(_l("Type the name of the key pair to confirm"))
    wanted: str = ""

    def ask_for(self, name: str | None) -> None:
        """Ask for this name, or for none."""
        if name is None:
            del self.typed_name
        else:
            self.wanted = name

    def validate_typed_name(self, field: CleanedField) -> None:
        if same_name(field.data or "") != same_name(self.wanted):
            raise ValidationError(_l("This is not the name of the key pair."))
