"""E-mail addresses: which ones mail can be sent to."""

from email_validator import EmailNotValidError, validate_email

from portal.accounts.errors import EmailInvalid


def clean_email(text: str) -> str:
    """`text` as an address that any mail server takes: trimmed, in ASCII, its domain in lower case,
    at most 254 characters.

    Raises: EmailInvalid.
    """
    try:
        checked = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise EmailInvalid() from error
    if checked.ascii_email is None:
        raise EmailInvalid()
    return checked.ascii_email
