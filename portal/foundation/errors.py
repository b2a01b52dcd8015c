"""Refusals. Raised once in the domain, said by each door in its own way and in the reader's language."""

from typing import Any

from portal.foundation.marking import N_


class PortalError(Exception):
    """A refusal the caller can act on: `code` never changes; `sentence` is safe to show, in the reader's language.

    `facts` fill the placeholders of `sentence` and `mend`. `mend` says who can mend it, and how; it may be empty.
    `status` is the HTTP status that doors answer with.
    """

    code = "refused"
    status = 400
    sentence = N_("This is not possible.")
    mend = ""

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts

    def in_english(self) -> str:
        """The sentence and who can mend it, in English, for doors that speak no other language."""
        return " ".join(part for part in self.parts_in_english() if part)

    def parts_in_english(self) -> tuple[str, str]:
        """The sentence, and apart from it who can mend it, which may be ""."""
        facts = {name: ", ".join(fact) if isinstance(fact, list) else fact for name, fact in self.facts.items()}
        why, mend = (text % facts if facts else str(text) for text in (self.sentence, self.mend))
        return why, mend


class NotFound(PortalError):
    """The thing does not exist for this caller; a foreign one and a missing one look the same (rule 20)."""

    code = "not_found"
    status = 404
    sentence = N_("There is nothing here, or it is not yours to see.")


class Denied(PortalError):
    """The caller is known and may not do this."""

    code = "denied"
    status = 403
    sentence = N_("Your role does not allow this.")
    mend = N_("An owner of this account can do it, or give you a role that may.")


class Invalid(PortalError):
    """What was given cannot be used; the person can mend it in the form."""

    code = "invalid"
    status = 422
    sentence = N_("This cannot be used.")


class Conflict(PortalError):
    """The thing is not in a state that allows this."""

    code = "conflict"
    status = 409
    sentence = N_("This is no longer possible: the state has changed meanwhile.")


class Changed(Conflict):
    """The thing changed since the form was loaded. `versions` is a list of (label, yours, now)."""

    code = "changed_meanwhile"
    sentence = N_("Somebody changed this while your form was open. Nothing of yours was saved.")

    def __init__(self, versions: list[tuple[str, str, str]], **facts: Any) -> None:
        super().__init__(**facts)
        self.versions = versions
