"""Refusals of whole files, and of what can be done with an import."""

from portal.foundation.errors import Conflict, Invalid
from portal.foundation.marking import N_


class FileRefused(Invalid):
    """What all refusals of a whole file share; nothing of the file was stored."""

    code = "import_file_refused"


class FileTooLarge(FileRefused):
    code = "import_file_too_large"
    status = 413
    sentence = N_("This file is larger than %(megabytes)s MB. Split it into several files and give them one by one.")


class TooManyLines(FileRefused):
    code = "import_too_many_lines"
    sentence = N_("This file has more than %(most)s lines. Split it into several files and give them one by one.")


class FileEmpty(FileRefused):
    code = "import_file_empty"
    sentence = N_("This file is empty.")


class OnlyHeader(FileRefused):
    code = "import_only_header"
    sentence = N_("This file has a first line with the names of the columns, and nothing below it.")


class IsSpreadsheet(FileRefused):
    code = "import_is_spreadsheet"
    sentence = N_(
        "This is a workbook and no CSV file. Open it in your spreadsheet program, choose “Save as”, and there "
        "“CSV UTF-8”."
    )


class NotUtf8(FileRefused):
    code = "import_not_utf8"
    sentence = N_(
        "Line %(line)s is not written in UTF-8, so its letters cannot be told for sure. Open the file in your "
        "spreadsheet program, choose “Save as”, and there “CSV UTF-8”; then give it here again."
    )


class HasNul(FileRefused):
    code = "import_has_nul"
    sentence = N_(
        "Line %(line)s contains a NUL character, so this is no text, or text without a mark of its encoding. Save the "
        "file as “CSV UTF-8” and give it here again."
    )


class QuotesBroken(FileRefused):
    code = "import_quotes_broken"
    sentence = N_(
        "Line %(line)s cannot be taken apart: a quotation mark is opened and not closed, or stands inside a cell "
        "without being doubled."
    )


class ColumnsMissing(FileRefused):
    code = "import_columns_missing"
    sentence = N_("The first line names the columns. These are missing: %(columns)s.")


class ColumnsUnknown(FileRefused):
    code = "import_columns_unknown"
    sentence = N_("These columns are not known: %(columns)s. Known are: %(known)s.")


class ColumnsTwice(FileRefused):
    code = "import_columns_twice"
    sentence = N_("These columns are there more than once: %(columns)s.")


class ImportMoved(Conflict):
    code = "import_moved"
    sentence = N_("This import is no longer waiting: it is %(state)s. %(who)s was here before you.")


class HasProblems(Conflict):
    code = "import_has_problems"
    sentence = N_("Nothing can be applied while lines have problems, and %(problems)s have.")
    mend = N_("Mend these lines in the file, and give it here again: what is there already is left as it is.")


class ChangesNothing(Conflict):
    code = "import_changes_nothing"
    sentence = N_("There is nothing to apply: everything in this file is there already.")


class NoLongerAllowed(Conflict):
    code = "import_no_longer_allowed"
    sentence = N_("Whoever had it applied is no partner admin any more.")


class WorkerFailed(Conflict):
    code = "import_worker_failed"
    sentence = N_("The worker failed at it three times. Your portal's operator finds the reason in the worker's log.")
