"""What the check box before a line says: which line it is, and which version of it the reader saw."""

from portal.reviews.models import Line


def tick(line: Line) -> str:
    """What the check box before this line says when it is ticked."""
    return f"{line.position}.{line.version}"


def as_tick(text: str) -> tuple[int, int] | None:
    """Position and version, or None when this is no tick."""
    parts = text.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
        return None
    return int(parts[0]), int(parts[1])
