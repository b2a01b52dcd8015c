"""What an overview says first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Attention:
    """One thing that wants somebody, most urgent first: `kind` is bad, warn or info."""

    kind: str
    sentence: str
    url: str
    action: str
