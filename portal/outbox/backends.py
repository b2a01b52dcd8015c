"""Where mail goes: to an SMTP server, into a folder, or nowhere because it is read in the demo's mailbox."""

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

SMTP_TIMEOUT_SECONDS = 10  # twenty messages of one claim, each this late, still end inside its lease


class NotDelivered(Exception):
    """The server did not take the message; says why without naming the recipient."""


class Backend(Protocol):
    """Takes a finished mail. Whatever it raises means: not delivered, try again later."""

    def deliver(self, mail: EmailMessage) -> None: ...


@dataclass(frozen=True)
class SmtpBackend:
    """Hands mail to an SMTP server, by STARTTLS where that is set; a server without it, or with a certificate that
    does not fit, is refused. It signs in where `user` is set.
    """

    host: str
    port: int
    user: str = ""
    password: str = ""
    starttls: bool = False

    def deliver(self, mail: EmailMessage) -> None:
        """Raises: NotDelivered, SMTPException, OSError."""
        with smtplib.SMTP(self.host, self.port, timeout=SMTP_TIMEOUT_SECONDS) as server:
            if self.starttls:
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
            try:
                server.send_message(mail)
            except smtplib.SMTPRecipientsRefused as refusal:
                codes = sorted(code for code, _reason in refusal.recipients.values())
                raise NotDelivered(f"recipient refused with {codes}") from None


@dataclass(frozen=True)
class FolderBackend:
    """Writes each mail as an .eml file, named by its Message-ID, readable by the owner only; whole or not at all."""

    folder: Path

    def deliver(self, mail: EmailMessage) -> None:
        """Raises: OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = mail["Message-ID"].strip("<>").partition("@")[0]
        draft = self.folder / f".{name}.{os.getpid()}.part"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(mail.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / f"{name}.eml")


@dataclass(frozen=True)
class MailboxBackend:
    """Delivers nowhere: the demo's mailbox page reads the outbox itself."""

    def deliver(self, mail: EmailMessage) -> None:
        """Nothing to do."""
