"""The demo's mailbox: all mail that the portal sent, opened. In production these pages do not exist."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, current_app, render_template
from markupsafe import Markup, escape

from portal.foundation.errors import NotFound
from portal.outbox import operations as outbox
from portal.outbox.operations import Message
from portal.web import arguments
from portal.web.guards import public
from portal.web.mail import render

pages = Blueprint("demo", __name__)

SHOWN = 100


@dataclass(frozen=True)
class Mail:
    """A mail as its recipient reads it."""

    id: uuid.UUID
    to: str
    subject: str
    body: str
    sent_at: datetime


@pages.get("/demo/mailbox")
@public
def mailbox() -> str:
    """The newest mails, of everybody or of one address."""
    to = arguments.text("to")
    messages = outbox.read_all(SHOWN)
    mails = [_drawn(message) for message in messages if not to or message.to == to]
    return render_template("demo/mailbox.html", mails=mails, to=to, addresses=sorted({row.to for row in messages}))


@pages.get("/demo/mailbox/<uuid:message_id>")
@public
def mail(message_id: uuid.UUID) -> str:
    """One mail, its links ready to be followed."""
    for message in outbox.read_all(SHOWN):
        if message.id == message_id:
            found = _drawn(message)
            return render_template("demo/mail.html", mail=found, paragraphs=paragraphs(found.body, _base_url()))
    raise NotFound()


def _drawn(message: Message) -> Mail:
    drawn = render(message)
    return Mail(message.id, message.to, drawn["Subject"], drawn.get_content(), message.created_at)


def _base_url() -> str:
    return str(current_app.config["PORTAL"].external_base_url).rstrip("/")


def paragraphs(body: str, base_url: str) -> list[Markup]:
    """The paragraphs of a mail, the addresses of this portal in it as links; everything else stays text."""
    return [_linked(part, base_url).replace("\n", Markup("<br>")) for part in body.strip().split("\n\n")]


def _linked(text: str, base_url: str) -> Markup:
    parts = re.split(rf"({re.escape(base_url)}/\S*)", text)
    return Markup("").join(
        Markup('<a href="{0}">{0}</a>').format(part) if position % 2 else escape(part)
        for position, part in enumerate(parts)
    )
