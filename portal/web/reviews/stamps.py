"""How long somebody took to decide: the server stamps the page that it draws, and reads the stamp with the answer."""

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l
from itsdangerous import BadSignature, URLSafeSerializer
from wtforms import HiddenField
from wtforms.validators import StopValidation

from portal.foundation import clock


class StampField(HiddenField):
    """When the page was drawn for this person and this review, signed so that nobody makes it later than it was."""

    about: tuple[str, str] = ("", "")

    def begin(self, review_id: str, person_id: object) -> None:
        """Stamp the page that is drawn now; one that the browser sent back keeps its stamp."""
        self.about = (review_id, str(person_id))
        if not self.raw_data:
            self.data = stamp(*self.about)

    def pre_validate(self, form: Any) -> None:
        if self.drawn_at is None:
            self.data = stamp(*self.about)
            raise StopValidation(_l("This form is incomplete. Load the page again."))

    @property
    def drawn_at(self) -> int | None:
        """The second at which the page was drawn, or None when this is no stamp of ours for it."""
        try:
            review_id, person_id, second = _serializer().loads(self.data or "")
        except (BadSignature, ValueError, TypeError):
            return None
        return int(second) if (review_id, person_id) == self.about else None

    @property
    def seconds(self) -> int:
        """Whole seconds from then until now."""
        return max(0, int(clock.now().timestamp()) - (self.drawn_at or 0))


def stamp(review_id: str, person_id: object) -> str:
    """What says that a page of this review was drawn for this person now."""
    return str(_serializer().dumps([review_id, str(person_id), int(clock.now().timestamp())]))


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="portal-review-stamp")
