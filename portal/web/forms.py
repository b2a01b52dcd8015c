"""What all forms share: CSRF, messages in the reader's language, and fields that turn text into domain values."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.i18n import get_translations
from wtforms.validators import StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from portal.foundation import ids, words
from portal.foundation.errors import PortalError
from portal.web import pasted
from portal.web.say import say


class PortalForm(FlaskForm):
    """A form of the portal. WTForms knows Traditional Chinese as zh_TW."""

    class Meta(FlaskForm.Meta):
        def get_translations(self, form: Any) -> Any:
            return get_translations(["zh_TW"] if str(get_locale()) == "zh_Hant" else ["en"])

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether all fields are valid. A private key in any of them is taken out before anything looks at it."""
        found = pasted.take_out(self)
        valid = bool(super().validate(extra_validators))
        for field in found:
            pasted.complain(field)
        return valid and not found


class CleanedField(StringField):
    """One line of text that `rule` cleans; what the rule refuses becomes the field's error."""

    data: str
    rule: Callable[[str], str] = staticmethod(words.clean_name)

    def __init__(self, *args: Any, rule: Callable[[str], str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if rule is not None:
            self.rule = rule

    def pre_validate(self, form: Any) -> None:
        try:
            self.data = self.rule(self.data or "")
        except PortalError as refusal:
            raise StopValidation(say(refusal)) from refusal


class NameField(CleanedField):
    """A label (design rule 19)."""


class CleanTextAreaField(TextAreaField):
    """Several lines of text, cleaned; may be empty unless a validator says otherwise."""

    data: str | None

    def pre_validate(self, form: Any) -> None:
        try:
            self.data = words.clean_text(self.data or "")
        except PortalError as refusal:
            raise StopValidation(say(refusal)) from refusal


class CheckboxesField(SelectMultipleField):
    """Any number of choices, as check boxes; `required` says what is missing when none is chosen."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, *args: Any, required: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.required = required

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        if self.required and not self.data and not self.errors:
            raise ValidationError(self.required)


class LastDayField(DateField):
    """A last day; `moment` is the end of it in UTC."""

    data: Any  # a date, once the field is valid

    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata(valuelist)
        if self.data == date.max:
            self.data = None
            raise ValueError(_l("Give an earlier day: no day comes after this one."))

    @property
    def moment(self) -> datetime:
        """The first moment after the day, aware UTC."""
        return datetime.combine(self.data + timedelta(days=1), time(), tzinfo=UTC)


class MarkField(HiddenField):
    """Tells one drawing of a form from another, so that sending it twice is known for what it is."""

    data: str
    PREFIX = "frm"
    SHAPE = re.compile(rf"{PREFIX}_[{ids.ALPHABET}]{{{ids.HANDLE_LENGTH}}}")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **({"default": lambda: ids.new(self.PREFIX)} | kwargs))

    def pre_validate(self, form: Any) -> None:
        if not self.SHAPE.fullmatch(self.data or ""):
            self.data = ids.new(self.PREFIX)
            raise StopValidation(_l("This form is incomplete. Load the page again."))


class VersionField(HiddenField):
    """The version of the thing as it was when the form was loaded."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = valuelist[0] if valuelist else ""
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError(_l("This form is incomplete. Load the page again."))
        self.data = int(text)
