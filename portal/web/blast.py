"""How a blast radius is told: groups of what stops, in the reader's language."""

from flask_babel import gettext as _

from portal.impact.blast import BlastRadius
from portal.projects.models import Installation


def _told(installation: Installation) -> str:
    return _("%(installation)s on %(space)s", installation=installation.name, space=installation.data_space.name)


def groups(radius: BlastRadius) -> list[tuple[str, list[str]]]:
    """Label and names for each kind of thing; empty when nothing depends on it."""
    if radius.is_empty:
        return []
    rest = [_("and more")] if radius.more else []
    return [
        (_("Key pairs that stop"), [pair.name for pair in radius.key_pairs]),
        (_("Installations that use them now"), [_told(one) for one in radius.used_now]),
        (_("Installations that may use them"), [*(_told(one) for one in radius.possible), *rest]),
        (_("Their data spaces, which stay as they are"), [*(space.name for space in radius.data_spaces), *rest]),
        (_("Integrators"), list(radius.integrators)),
    ]
