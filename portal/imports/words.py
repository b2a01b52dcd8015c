"""What a line would do, in sentences: stored as codes with facts, said in the reader's language."""

from typing import ClassVar

from portal.foundation.errors import PortalError
from portal.foundation.marking import N_
from portal.imports.models import ImportState, LineKind


class Note:
    """The codes of what is told of a line that has no problem."""

    ACCOUNT_NEW = "account_new"
    ACCOUNT_OF_LINE = "account_of_line"
    NAMESAKE = "namesake"
    NAME_KEPT = "name_kept"
    CONTRACT_NEW = "contract_new"
    CONTRACT_EXTENDED = "contract_extended"
    CONTRACT_UNCHANGED = "contract_unchanged"
    WAS_ENDED = "was_ended"
    IS_OVER = "is_over"
    OWNER_INVITED = "owner_invited"
    OWNER_LEFT_OUT = "owner_left_out"
    SIGNER_RECORDED = "signer_recorded"
    SIGNER_NOT_YET = "signer_not_yet"
    SIGNER_OTHER = "signer_other"

    TO_READ: ClassVar = frozenset(
        {NAMESAKE, NAME_KEPT, WAS_ENDED, IS_OVER, OWNER_LEFT_OUT, SIGNER_NOT_YET, SIGNER_OTHER}
    )


SENTENCES: dict[str, str] = {
    Note.ACCOUNT_NEW: N_("Opens the account “%(name)s”."),
    Note.ACCOUNT_OF_LINE: N_("Belongs to the account that line %(line)s opens."),
    Note.NAMESAKE: N_("Another account, %(account_id)s, has this name already."),
    Note.NAME_KEPT: N_("The account is called “%(name)s”. An import renames nobody."),
    Note.CONTRACT_NEW: N_("Records a contract for %(edition)s from %(first_day)s to %(last_day)s."),
    Note.CONTRACT_EXTENDED: N_("Extends the contract %(contract)s from %(before)s to %(after)s."),
    Note.CONTRACT_UNCHANGED: N_("The contract %(contract)s is there already."),
    Note.WAS_ENDED: N_("The contract %(contract)s was ended early."),
    Note.IS_OVER: N_("The last day is over already."),
    Note.OWNER_INVITED: N_("Invites %(email)s as owner."),
    Note.OWNER_LEFT_OUT: N_(
        "%(email)s is not invited: the account has people, and its owners decide who else comes in."
    ),
    Note.SIGNER_RECORDED: N_("Records %(email)s as the signer."),
    Note.SIGNER_NOT_YET: N_(
        "%(email)s is no member of the account yet, so nobody is recorded as the signer. Import the line again once "
        "they have accepted their invitation."
    ),
    Note.SIGNER_OTHER: N_("Somebody else is the signer. An import replaces no signer with %(email)s."),
}
KIND_NAMES: dict[LineKind, str] = {
    LineKind.PROBLEM: N_("Problem"),
    LineKind.NEW_TENANT: N_("New account"),
    LineKind.NEW_CONTRACT: N_("New contract"),
    LineKind.EXTENDED: N_("Contract extended"),
    LineKind.SIGNER: N_("Signer recorded"),
    LineKind.INVITED: N_("Owner invited"),
    LineKind.UNCHANGED: N_("Unchanged"),
}
STATE_NAMES: dict[ImportState, str] = {
    ImportState.CHECKING: N_("being checked"),
    ImportState.CHECKED: N_("checked"),
    ImportState.APPLYING: N_("being applied"),
    ImportState.APPLIED: N_("applied"),
    ImportState.FAILED: N_("failed"),
    ImportState.DISCARDED: N_("discarded"),
}
UNKNOWN = N_("This line has a note that this release does not know: %(code)s.")


def sentence_of(code: str) -> str:
    """The sentence, marked for translation, of a note or of a problem with this code."""
    return SENTENCES.get(code) or _refusals().get(code) or UNKNOWN


def _refusals() -> dict[str, str]:
    found: dict[str, str] = {}
    waiting: list[type[PortalError]] = [PortalError]
    while waiting:
        kind = waiting.pop()
        found[kind.code] = kind.sentence
        waiting.extend(kind.__subclasses__())
    return found
