"""Why a call had no success."""

from typing import Any


class Unreachable(Exception):
    """The portal could not be asked, or did not answer as one; the text says why, for people."""


class Refused(Exception):
    """The portal refused. `code` never changes; the text is its sentence, `mend` says who can mend it, or ""."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        super().__init__(str(told.get("detail", "")))
        self.status = status
        self.code = str(told.get("code", ""))
        self.mend = str(told.get("mend", ""))
        self.request_id = str(told.get("request_id", ""))
        self.problems = list(told.get("problems", []))

    @property
    def sentence(self) -> str:
        """Why, and who can mend it."""
        return " ".join(part for part in (str(self), self.mend) if part)


class NotSignedIn(Refused):
    """There is no token, or one that works no more."""


class ChangedMeanwhile(Refused):
    """The thing was changed since it was read: read it again, and decide anew."""


KINDS: dict[int, type[Refused]] = {401: NotSignedIn, 412: ChangedMeanwhile}


def refusal(status: int, told: dict[str, Any]) -> Refused:
    """The refusal that was answered with this status and these members."""
    return KINDS.get(status, Refused)(status, told)
