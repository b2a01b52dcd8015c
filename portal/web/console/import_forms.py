"""The forms of imports: a file, and the word that applies it."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms.validators import StopValidation, ValidationError

from portal.foundation.errors import PortalError
from portal.imports import reading
from portal.imports.errors import FileTooLarge
from portal.imports.operations import GivenFile, opened
from portal.web.forms import PortalForm, VersionField
from portal.web.identity import WeightyForm
from portal.web.say import say


class GiveForm(PortalForm):
    """A file that can be taken apart."""

    file = FileField(_l("CSV file"))

    given: GivenFile
    is_too_large = False

    def validate_file(self, field: Any) -> None:
        """Reads no more of the file than one may have, and takes it apart."""
        if field.data is None or not hasattr(field.data, "stream"):
            raise StopValidation(str(_l("Choose a file.")))
        with field.data.stream as stream:  # a large one lies in a file of the system's
            octets = stream.read(reading.LARGEST + 1)
        try:
            self.given = opened(field.data.filename or "", octets)
        except PortalError as refusal:
            self.is_too_large = isinstance(refusal, FileTooLarge)
            raise ValidationError(say(refusal)) from refusal


class ApplyForm(WeightyForm):
    """The report as it was seen."""

    version = VersionField()
