"""How a blast radius is told: groups of what stops, in the reader's language."""

from flask_babel import gettext as _

from portal.impact.blast import BlastRadius
from portal.projects.models import Installation


def installation_told(installation: Installation) -> str:
    """The installation with its data space."""
    return _("%(installation)s on %(space)s", installation=installation.name, space=installation.data_space.name)


def rotation_groups(radius: BlastRadius) -> list[tuple[str, list[str]]]:
    """The same for a rotation, which stops nothing when it begins: what ends later, and what has to move before."""
    names = (_("Key pair that ends after the overlap"), _("Installations to move to the successor"))
    told = groups(radius)
    return [(name, items) for name, (_label, items) in zip(names, told[:2], strict=False)] + told[2:]


def trouble_groups(radius: BlastRadius) -> list[tuple[str, list[str]]]:
    """The same where nothing is decided yet: who uses the pair, or may."""
    return groups(radius)[1:]


def groups(radius: BlastRadius) -> list[tuple[str, list[str]]]:
    """Label and names for each kind of thing; empty when nothing depends on it."""
    if radius.is_empty:
        return []
    rest = [_("and more")] if radius.more else []
    return [
        (_("Key pairs that stop"), [pair.name for pair in radius.key_pairs]),
        (_("Installations that use them now"), [installation_told(one) for one in radius.used_now]),
        (_("Installations that may use them"), [*(installation_told(one) for one in radius.possible), *rest]),
        (_("Their data spaces, which stay as they are"), [*(space.name for space in radius.data_spaces), *rest]),
        (_("Integrators"), list(radius.integrators)),
    ]
