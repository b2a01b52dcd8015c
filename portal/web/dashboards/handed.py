"""What an overview says of private keys that were handed over: pairs to rotate, and hand-offs that wait."""

from flask import url_for
from flask_babel import gettext as _

from portal.handoffs.models import HandOff, KeyCopy
from portal.impact.overview import Overview
from portal.web.dashboards.attention import Attention


def needs(account: str, found: Overview) -> list[Attention]:
    """Pairs whose copy stayed behind come first: somebody has a private key that it should not have any more."""
    return [_to_rotate(account, copy) for copy in found.copies_to_rotate] + [
        _waiting(account, hand_off) for hand_off in found.hand_offs_waiting
    ]


def _to_rotate(account: str, copy: KeyCopy) -> Attention:
    return Attention(
        "bad",
        _(
            "%(holder)s has a copy of the private key “%(name)s”, and its delegation is over.",
            holder=copy.holder.name,
            name=copy.key_pair.name,
        ),
        url_for("keys.rotate", account=account, api_key=copy.key_pair.api_key),
        _("Rotate it"),
    )


def _waiting(account: str, hand_off: HandOff) -> Attention:
    return Attention(
        "warn",
        _("%(owner)s hands you the private key “%(name)s”.", owner=hand_off.owner.name, name=hand_off.key_pair.name),
        url_for("handoffs.show", account=account, hand_off_id=hand_off.public_id),
        _("Look and open"),
    )
