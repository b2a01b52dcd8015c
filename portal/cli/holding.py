"""`portal-key …` for whoever holds a private key. It runs on the holder's machine and loads nothing of the server."""

import base64
import json
import ssl
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from portal.verifier.paste import Finding, Reading, read_api_key, read_private_key

FINE, PROBLEMS, UNREACHABLE = 0, 1, 3  # 2 is click's, for a command that was typed wrong
PING = "/merchant-registry/v1/ping"
LIFETIME_SECONDS = 300
WAIT_SECONDS = 10
LONGEST_FILE = 64 * 1024

CURES = {
    Finding.API_KEY_SPACES: "There are spaces or line breaks in the API key. Take them out.",
    Finding.API_KEY_CASE: "API keys are written in small letters.",
    Finding.API_KEY_FORM: "This is no API key: one has 32 characters, figures and the letters a to f.",
    Finding.NOT_A_KEY: "The file holds no private key. One begins with -----BEGIN PRIVATE KEY-----.",
    Finding.PUBLIC_KEY: "This is the public key. The shop needs the private key, the other file.",
    Finding.ENCRYPTED: "It is locked with a passphrase, which the shop cannot ask for. "
    "Save it without one: openssl pkey -in locked.pem -out private-key.pem",
    Finding.OTHER_FORMAT: "The shop does not read this format. "
    "Convert it: openssl pkey -in this-file -out private-key.pem",
    Finding.SEVERAL: "There is more than one key in the file. Keep one only.",
    Finding.NO_BEGIN: "The BEGIN line is missing.",
    Finding.NO_END: "The END line is missing; look whether anything before it was cut off.",
    Finding.ONE_LINE: "The lines have run together. The shop needs the line breaks.",
    Finding.INDENTED: "Some lines begin with spaces. Every line has to begin at the margin.",
    Finding.ESCAPED: "The line breaks stand in it as \\n. The shop needs real ones.",
    Finding.BROKEN: "Part of the key is missing or changed. Take it from where it was made again.",
    Finding.NOT_RSA: "This is no RSA key. The services verify RSA signatures only.",
    Finding.TOO_SHORT: "This key has fewer than 2048 bits. Make a new pair.",
}


class Unreachable(Exception):
    """The portal could not be asked; the text says why, for people."""


@dataclass(frozen=True)
class Answer:
    """What the portal answered to a ping: whether the pair is accepted, and its sentence where it is not."""

    accepted: bool
    message: str


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the headers are for the portal alone."""

    def redirect_request(self, *_request: Any) -> None:
        return None


@click.group("portal-key")
def portal_key() -> None:
    """For whoever holds a private key. Nothing here sends one anywhere."""


@portal_key.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--api-key", default="", help="The API key that stands in the shop beside this private key.")
@click.option("--portal", "portal_url", default="", help="Ask the portal at this address, as the shop does.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Save the mended key here, mode 0600.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def check(file: Path, api_key: str, portal_url: str, write: Path | None, as_json: bool) -> None:
    """Say which problems FILE would cause in a shop, and whether the portal accepts the pair.

    Ends with 0 when all is well, 1 when something has to be mended, 3 when the portal could not be asked.
    """
    private, public = read_private_key(_text_of(file)), read_api_key(api_key)
    if not private.findings and private.spki_sha256 is None:
        private = Reading((Finding.NOT_A_KEY,))
    report: dict[str, Any] = {"findings": [*private.findings, *public.findings]}
    if private.spki_sha256:
        report["public_key_sha256"] = private.spki_sha256.hex()
    if write and private.repaired:
        _save(write, private.repaired)
        report["mended"] = str(write)
    code = PROBLEMS if report["findings"] else FINE
    if portal_url and api_key and private.spki_sha256 and Finding.API_KEY_FORM not in public.findings:
        try:
            answer = ping(portal_url, public.repaired or api_key, private.repaired or _text_of(file))
            report["portal"] = {"accepted": answer.accepted, "message": answer.message}
            code = code if answer.accepted else PROBLEMS
        except Unreachable as reason:
            report["portal"] = {"accepted": None, "message": str(reason)}
            code = UNREACHABLE
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))
    sys.exit(code)


def ping(portal_url: str, api_key: str, pem: str) -> Answer:
    """What the portal says to the call that a shop makes first (connector-protocol.md, 2). Raises: Unreachable."""
    headers = {
        "magento-api-key": api_key,
        "x-api-key": api_key,
        "x-gw-signature": _token(pem),
        "Content-Type": "application/json",
        "User-Agent": "portal-key",
    }
    if not portal_url.startswith(("http://", "https://")):
        raise Unreachable(f"{portal_url} is no web address: it begins with https://.")
    opener = urllib.request.build_opener(_Straight)
    try:
        request = urllib.request.Request(portal_url.rstrip("/") + PING, headers=headers)  # noqa: S310 - looked at above
        with opener.open(request, timeout=WAIT_SECONDS) as answer:
            body = answer.read(LONGEST_FILE)
    except urllib.error.HTTPError as error:
        body = error.read(LONGEST_FILE)
    except (OSError, ValueError) as error:
        raise Unreachable(_why(portal_url, error)) from error
    return _answer(portal_url, body)


def _answer(portal_url: str, body: bytes) -> Answer:
    try:
        said = json.loads(body)
        return Answer(said["status"] == 200 and "message" not in said, str(said.get("message", "")))
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"{portal_url} is not the portal: it does not answer as one.") from error


def _why(portal_url: str, error: Exception) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return (
            f"{portal_url} shows a certificate that this machine does not trust ({cause.verify_message}). If a proxy "
            "of your company opens TLS, put its certificate into a file and name it in SSL_CERT_FILE."
        )
    return f"{portal_url} cannot be reached: {cause}."


def _token(pem: str) -> str:
    """A JWT as the shop's connector signs it, good for five minutes."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)  # noqa: S101 - `read_private_key` reads nothing else
    parts = ({"typ": "JWT", "alg": "RS256"}, {"exp": int(time.time()) + LIFETIME_SECONDS})
    signed = ".".join(_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    return f"{signed}.{_base64url(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _text_of(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(LONGEST_FILE).decode(errors="replace")


def _save(path: Path, pem: str) -> None:
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise click.ClickException(f"{path} exists already; nothing was written.") from None
    path.write_text(pem)


def _in_words(report: dict[str, Any]) -> str:
    lines = [CURES[finding] for finding in report["findings"]] or ["A shop can read this private key."]
    if "mended" in report:
        lines.append(f"The mended key is in {report['mended']}.")
    if answer := report.get("portal"):
        lines.append("The portal accepts the pair." if answer["accepted"] else f"The portal: {answer['message']}")
    return "\n".join(lines)


if __name__ == "__main__":
    portal_key()
