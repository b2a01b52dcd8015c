"""Where in a form a refusal of reviews is said, so that the person can mend it there."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask_wtf import FlaskForm

from portal.foundation.errors import PortalError
from portal.reviews import errors
from portal.web.pages import add_refusal

FIELDS: dict[type[PortalError], str] = {
    errors.ReviewersMissing: "reviewers",
    errors.ReviewerNotStaff: "reviewers",
    errors.DueOutOfRange: "last_day",
    errors.SilenceNeedsTime: "last_day",
    errors.RecurrenceOutOfRange: "recurs",
    errors.FilterOutOfRange: "older_than_days",
    errors.FilterUnknown: "contract",
    errors.NothingToReview: "subject",
    errors.NoLines: "lines",
    errors.TooManyLines: "lines",
    errors.DecisionReasonMissing: "reason",
    errors.KeysNotNarrowed: "decision",
    errors.NarrowingMissing: "decision",
    errors.NarrowingOutOfRange: "decision",
}


@contextmanager
def at_fields(form: FlaskForm) -> Iterator[None]:
    """A refusal inside that belongs to a field of `form` becomes that field's error; others go on."""
    try:
        yield
    except PortalError as refusal:
        name = FIELDS.get(type(refusal))
        if name is None or name not in form:
            raise
        add_refusal(form[name], refusal)
