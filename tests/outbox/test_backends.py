"""Where mail goes: a real SMTP server, a folder, the demo's mailbox."""

import socket
import ssl
import stat
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from portal.outbox.backends import FolderBackend, MailboxBackend, NotDelivered, SmtpBackend
from tests.certificates import serving

pytestmark = pytest.mark.no_database


class Inbox:
    """Keeps what it is sent; refuses one address."""

    def __init__(self) -> None:
        self.envelopes = []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        if address.startswith("refused"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def start() -> Iterator:
    """Starts SMTP servers on free ports, and stops them after the test."""
    running = []

    def server(**options) -> tuple[Inbox, int]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        inbox = Inbox()
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return inbox, port

    yield server
    for controller in running:
        controller.stop()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for localhost, and a server's context with it."""
    return serving(tmp_path)


def a_mail(to="nina@example.com") -> EmailMessage:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Partner portal <portal@example.com>", to, "歡迎 Nina"
    mail["Message-ID"] = "<01a2@portal.example.com>"
    mail.set_content("Grüße, 您好 👋\n")
    return mail


def test_mail_reaches_an_smtp_server_whole(start):
    inbox, port = start()

    SmtpBackend("127.0.0.1", port).deliver(a_mail())

    envelope = inbox.envelopes[0]
    received = message_from_bytes(envelope.content, policy=policy.default)
    assert (envelope.mail_from, envelope.rcpt_tos) == ("portal@example.com", ["nina@example.com"])
    assert (received["Subject"], received.get_content()) == ("歡迎 Nina", "Grüße, 您好 👋\r\n")


def test_a_refused_recipient_is_not_delivered_and_not_named(start):
    _inbox, port = start()

    with pytest.raises(NotDelivered) as refusal:
        SmtpBackend("127.0.0.1", port).deliver(a_mail("refused@example.com"))

    assert str(refusal.value) == "recipient refused with [550]"


def test_a_server_that_is_away_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(OSError, match="refused"):
        SmtpBackend("127.0.0.1", port).deliver(a_mail())


def test_mail_is_sent_signed_in_and_encrypted(start, certificate, monkeypatch):
    pem, context = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    seen = []

    def check(_server, session, _envelope, _mechanism, login):
        seen.append((session.ssl is not None, login.login, login.password))
        return AuthResult(success=True)

    inbox, port = start(tls_context=context, authenticator=check, auth_required=True, auth_require_tls=True)

    SmtpBackend("localhost", port, "portal", "its password", starttls=True).deliver(a_mail())

    assert seen == [(True, b"portal", b"its password")]
    assert len(inbox.envelopes) == 1


def test_a_server_whose_certificate_does_not_fit_gets_no_mail(start, certificate):
    _pem, context = certificate
    inbox, port = start(tls_context=context)

    with pytest.raises(ssl.SSLCertVerificationError):
        SmtpBackend("localhost", port, starttls=True).deliver(a_mail())

    assert inbox.envelopes == []


def test_a_server_without_encryption_gets_no_mail_where_it_is_asked_for(start):
    inbox, port = start()

    with pytest.raises(Exception, match="STARTTLS"):
        SmtpBackend("127.0.0.1", port, starttls=True).deliver(a_mail())

    assert inbox.envelopes == []


def test_a_folder_gets_one_file_a_mail_for_its_owner_only(tmp_path):
    folder = tmp_path / "var" / "mail"

    FolderBackend(folder).deliver(a_mail())

    file = folder / "01a2.eml"
    assert message_from_bytes(file.read_bytes(), policy=policy.default)["Subject"] == "歡迎 Nina"
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)


def test_the_same_mail_delivered_twice_is_one_file(tmp_path):
    for _ in range(2):
        FolderBackend(tmp_path).deliver(a_mail())

    assert [file.name for file in tmp_path.iterdir()] == ["01a2.eml"]


def test_a_mail_that_cannot_be_written_whole_leaves_no_file(tmp_path, monkeypatch):
    def disk_full(_file):
        raise OSError("disk full")

    monkeypatch.setattr("portal.outbox.backends.os.fsync", disk_full)

    with pytest.raises(OSError, match="disk full"):
        FolderBackend(tmp_path).deliver(a_mail())

    assert list(tmp_path.glob("*.eml")) == []


def test_the_mailbox_takes_everything():
    assert MailboxBackend().deliver(a_mail()) is None
