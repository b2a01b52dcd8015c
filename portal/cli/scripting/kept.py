"""Who is signed in on this machine: a file for its owner only, or two variables of the environment."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from portal.cli.scripting.ends import NoToken, Stopped

URL, TOKEN, ACCOUNT = "PORTAL_URL", "PORTAL_TOKEN", "PORTAL_ACCOUNT"


@dataclass(frozen=True)
class SignIn:
    """The portal's address, the token, and the account that commands are about unless told."""

    url: str
    token: str
    account: str = ""

    def __repr__(self) -> str:
        return f"SignIn({self.url!r}, …)"


def file() -> Path:
    """Where it is kept."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "portal" / "sign-in.json"


def is_said() -> bool:
    """Whether the environment says who is signed in. Raises: Stopped when it says but half of it."""
    said = [bool(os.environ.get(name)) for name in (URL, TOKEN)]
    if any(said) and not all(said):
        raise Stopped(f"Set both {URL} and {TOKEN}, or neither.")
    return all(said)


def read() -> SignIn:
    """Who is signed in; the environment wins over the file. Raises: NoToken, Stopped."""
    account = os.environ.get(ACCOUNT, "")
    if is_said():
        return SignIn(os.environ[URL], os.environ[TOKEN], account)
    try:
        told = json.loads(file().read_text())
        return SignIn(told["url"], told["token"], account or told["account"])
    except FileNotFoundError as error:
        raise NoToken("Nobody is signed in here. Begin with: portal login https://portal.example.com") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Stopped(f"{file()} cannot be read: {error}. Sign in again: portal login URL") from error


def write(sign_in: SignIn) -> None:
    """Keep it, whole or not at all, readable by its owner only. Raises: Stopped."""
    place = file()
    draft = place.with_suffix(".part")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            json.dump(asdict(sign_in), opened)
        draft.replace(place)
    except OSError as error:
        raise Stopped(f"{place} cannot be written: {error.strerror}.") from error


def forget() -> None:
    """Nobody is signed in on this machine any more."""
    file().unlink(missing_ok=True)
