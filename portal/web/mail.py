"""Draws mail from its template, in the language of who gets it, and hands it to the backend of the settings."""

import re
from datetime import date
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Any

from flask import current_app
from flask_babel import force_locale, format_date, get_locale, gettext

from portal.config import MailBackend, Settings
from portal.outbox.backends import Backend, FolderBackend, MailboxBackend, SmtpBackend
from portal.outbox.operations import Fact, Message, Send
from portal.web.filters import DAY

BLANK_LINES = re.compile(r"\n\s*\n")  # templates leave several where a block stands between
# What mail programs turn into links by themselves; a name that looks like one must not become a link in our mail.
LOOKS_LIKE_LINK = re.compile(r"(?i)(://|\bwww\.)")


def sender(settings: Settings) -> Send:
    """What the worker delivers with: draws the mail and hands it to the backend that is set."""
    backend = _backend(settings)
    return lambda message: backend.deliver(render(message))


def _backend(settings: Settings) -> Backend:
    if settings.mail_backend is MailBackend.SMTP:
        return SmtpBackend(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_user,
            settings.smtp_password,
            settings.smtp_starttls,
        )
    if settings.mail_backend is MailBackend.FOLDER:
        return FolderBackend(settings.mail_folder)
    return MailboxBackend()


def render(message: Message) -> EmailMessage:
    """The mail of a message: subject from the template's first line, body from the rest; the same at each attempt.

    Needs an application context. Raises: TemplateNotFound, and ValueError for an address that is none.
    """
    settings: Settings = current_app.config["PORTAL"]
    with force_locale(message.language):
        sender_address = _from(settings)
        drawn = current_app.jinja_env.get_template(f"mail/{message.template}.txt").render(_context(message))
    subject, _newline, body = drawn.strip().partition("\n")
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender_address
    mail["To"] = Address(addr_spec=message.to)
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.id}@{settings.host}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: answering machines stay silent
    mail.set_content(BLANK_LINES.sub("\n\n", body.strip()) + "\n")
    return mail


def _from(settings: Settings) -> Address:
    name, address = parseaddr(settings.mail_from)
    return Address(name or gettext("Partner portal"), addr_spec=address or f"portal@{settings.host}")


def _context(message: Message) -> dict[str, Any]:
    facts = {name: _harmless(value) for name, value in message.facts.items()}
    return {**facts, "link": link, "day": _day, "said": lambda word: gettext(word) if word else ""}


def _harmless(value: Fact) -> Fact:
    if not isinstance(value, str):
        return value
    return LOOKS_LIKE_LINK.sub(lambda found: " ".join(found[0]), " ".join(value.split()))


def link(endpoint: str, **values: str) -> str:
    """The address of a page as people reach it from outside; nothing but the settings says its beginning."""
    settings: Settings = current_app.config["PORTAL"]
    path = current_app.url_map.bind("portal.invalid").build(endpoint, values)
    return settings.external_base_url.rstrip("/") + path


def _day(iso: str) -> str:
    return str(format_date(date.fromisoformat(iso), DAY[str(get_locale())]))
