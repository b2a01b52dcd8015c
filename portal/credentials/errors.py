"""Refusals of service credentials."""

from portal.foundation.errors import Conflict, Invalid
from portal.foundation.marking import N_


class LastDayOutOfRange(Invalid):
    code = "credential_last_day_out_of_range"
    sentence = N_("A last day is today or later, and at most ten years from now.")


class OverlapOutOfRange(Invalid):
    code = "credential_overlap_out_of_range"
    sentence = N_("The old credential goes on for seven days at most.")


class ReasonNeeded(Invalid):
    code = "credential_reason_needed"
    sentence = N_("Give the reason")


class IssuedAlready(Conflict):
    code = "credential_issued_already"
    sentence = N_("“%(name)s” was issued already when this form was sent for the first time.")
    mend = N_("Its secret was shown then, and never again. If you did not keep it, rotate the credential.")


class RotatedAlready(Conflict):
    code = "credential_rotated_already"
    sentence = N_("“%(name)s” has a successor already.")
    mend = N_("The successor's secret was shown then, and never again. If you did not keep it, rotate the successor.")


class CredentialStopped(Conflict):
    code = "credential_stopped"
    sentence = N_("The service credential “%(name)s” has stopped already.")
    mend = N_("A partner admin can issue another one.")
