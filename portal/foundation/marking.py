"""Marks: on text, for translation where no language is known yet; on a view, by the guards of each door."""

# The attribute of a view that says who may enter.
GUARD = "portal_guard"


class Marked(str):
    """Text of ours that can be translated; what people typed never is one."""

    __slots__ = ()


def N_(text: str) -> Marked:
    """`text`, marked: the extractor finds it here, and a door knows by it what it may translate."""
    return Marked(text)
