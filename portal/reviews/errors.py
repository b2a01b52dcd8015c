"""Refusals of reviews."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class NotReviewer(Denied):
    code = "review_not_reviewer"
    sentence = N_("You are not one of the reviewers of “%(review)s”.")
    mend = N_("Its reviewers decide, and its fallbacks once they are called.")


class ReviewersMissing(Invalid):
    code = "review_without_reviewers"
    sentence = N_("Choose at least one reviewer.")


class ReviewerNotStaff(Invalid):
    code = "review_reviewer_not_staff"
    sentence = N_("%(person)s cannot review: choose partner admins who belong to the vendor now.")


class DueOutOfRange(Invalid):
    """`first` and `last` are days in UTC, as in 2027-05-03."""

    code = "review_due_out_of_range"
    sentence = N_("A review is due 1 to 365 days from now: choose a day from %(first)s to %(last)s.")


class SilenceNeedsTime(Invalid):
    """`first` is a day in UTC."""

    code = "review_silence_needs_time"
    sentence = N_("Where silence ends, four warnings come first: choose a day from %(first)s on.")
    mend = N_("Or let silence keep what nobody decided.")


class RecurrenceOutOfRange(Invalid):
    code = "review_recurrence_out_of_range"
    sentence = N_("A review recurs after %(least)s to %(most)s days.")


class FilterOutOfRange(Invalid):
    code = "review_filter_out_of_range"
    sentence = N_("Days are a whole number from 0 to 3650, and the day of the last review is not in the future.")


class FilterUnknown(Invalid):
    """`what` is what was typed."""

    code = "review_filter_unknown"
    sentence = N_("There is no contract, edition or service “%(what)s”.")


class NothingToReview(Invalid):
    code = "review_without_lines"
    sentence = N_("Nothing fits these filters, so there is nothing to review.")


class CampaignNotOpen(Conflict):
    """`state` is what the campaign is now."""

    code = "review_not_open"
    sentence = N_("The review “%(review)s” is %(state)s, so nothing can be decided in it now.")


class NoLines(Invalid):
    code = "review_no_lines_chosen"
    sentence = N_("Choose at least one line.")


class TooManyLines(Invalid):
    code = "review_too_many_lines"
    sentence = N_("At most %(most)s lines are decided at once; you chose %(chosen)s.")
    mend = N_("Each line deserves a look: decide them in smaller portions.")


class DecisionReasonMissing(Invalid):
    code = "review_reason_missing"
    sentence = N_("Say why: the reason stands in the evidence.")


class KeysNotNarrowed(Invalid):
    code = "review_keys_not_narrowed"
    sentence = N_("A key pair cannot be narrowed: keep it, or end it.")


class NarrowingMissing(Invalid):
    code = "review_narrowing_missing"
    sentence = N_("Say what to narrow it to.")


class NarrowingOutOfRange(Invalid):
    code = "review_narrowing_out_of_range"
    sentence = N_("Narrowing takes something away that is there: rights, an environment, or days still to come.")


class LineDecided(Conflict):
    """`decision` is the other one's."""

    code = "review_line_decided"
    sentence = N_("%(by)s decided line %(line)s meanwhile: %(decision)s. Nothing of yours was saved.")
    mend = N_("Load the line again to see the decision; you can still change it there.")


class AlreadyClosing(Conflict):
    """`at` is a moment in UTC, as in 2027-05-03 09:30."""

    code = "review_already_closing"
    sentence = N_("%(by)s closed the review “%(review)s” already, at %(at)s UTC.")


class LinesUndecided(Conflict):
    """`due` is a day in UTC."""

    code = "review_lines_undecided"
    sentence = N_("Not everything is decided yet (lines left: %(open)s), and the review is due only on %(due)s.")
    mend = N_("Decide them, or close it once it is due: then silence decides.")


class CannotAbandon(Conflict):
    code = "review_cannot_be_abandoned"
    sentence = N_("The review “%(review)s” is %(state)s, so it cannot be abandoned.")


class NotClosedYet(Conflict):
    code = "review_without_evidence"
    sentence = N_("The review “%(review)s” is %(state)s: the evidence is there once it is closed.")


class QuestionClosed(Conflict):
    code = "review_question_closed"
    sentence = N_("The review “%(review)s” is over, so the answer cannot be changed any more.")
