"""What a command says about a pair in service: what to put into the shop, and where its private key is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from portal.verifier import settings


def commands(portal_url: str, environment: str, api_key: str, file: Path) -> list[str]:
    """What to run in the shop so that it uses this pair."""
    keys = settings.key_commands(environment, api_key, str(file))
    return [*settings.gateway_commands(portal_url), *keys, settings.CLEAN_CACHE]


def pair_lines(api_key: str, file: Path) -> list[str]:
    """Which pair it is, for people."""
    return [f"API key:     {api_key}", f"Private key: {file}, which only you have. Keep a copy in a safe place."]


def command_lines(run: Sequence[str], where: str = "In the shop:") -> list[str]:
    """The commands, for people."""
    return ["", where, *(f"    {command}" for command in run)]


def in_utc(moment: str) -> str:
    """A moment of the portal's, to the minute. It is the portal's clock: that of this machine may be wrong."""
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
