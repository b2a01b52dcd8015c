"""What the room is told once, at the start."""

from dataclasses import dataclass

from portal.foundation.sealing import Sealer


@dataclass(frozen=True)
class Setup:
    """Who seals client secrets, where the portal is, and whether a provider may be on this very machine."""

    sealer: Sealer
    base_url: str
    loopback: bool


_setup: Setup | None = None


def configure(sealer: Sealer, base_url: str, *, loopback: bool = False) -> None:
    """From now on, seal with this sealer. base_url: of the portal. loopback: providers may be here, and without TLS."""
    global _setup
    _setup = Setup(sealer, base_url.rstrip("/"), loopback)


def setup() -> Setup:
    """What `configure` was told."""
    if _setup is None:
        raise RuntimeError("providers.setup.configure() was not called")
    return _setup


def back_to(account_id: str) -> str:
    """Where the provider of this account sends people back to: each has an address of its own (RFC 9700, 4.4)."""
    return f"{setup().base_url}/sign-in/with/{account_id}/back"
