"""What hangs on a membership, in the reader's language: what ends, what to do then, and what goes on."""

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.impact.leaving import Leaving, Signed
from portal.keys.models import KeyPair

Groups = list[tuple[str, list[str], str]]


def ending(found: Leaving, account: str) -> Groups:
    """Label, names and address of each kind of thing that ends with the membership; only those that there are."""
    return _some([*_over(found, account), *_left_open(found, account)])


def over_for_good(found: Leaving, account: str) -> Groups:
    """What ends with the membership and would not come back with it."""
    return _some(_over(found, account))


def resting(found: Leaving, account: str) -> Groups:
    """What the membership carries, and would carry again."""
    return _some(_left_open(found, account))


def _over(found: Leaving, account: str) -> Groups:
    intents = [ngettext("%(num)s key pair", "%(num)s key pairs", found.intents)] if found.intents else []
    sealed = [_("Sealed copies can be opened by nobody else")] if found.envelope_key else []
    return [
        (_("Signed in on"), [row.device or _("a device without a name") for row in found.sessions], ""),
        (_("Tokens"), [row.name for row in found.tokens], url_for("tokens.index", account=account)),
        (
            _("Hand-offs that wait for them, which are destroyed"),
            [_("%(pair)s of %(owner)s", pair=row.key_pair.name, owner=row.owner.name) for row in found.to_receive],
            url_for("handoffs.index", account=account),
        ),
        (_("Begun and not made"), intents, ""),
        (_("Envelope key"), sealed, ""),
    ]


def _left_open(found: Leaving, account: str) -> Groups:
    return [
        (
            _("Contracts that nobody signs then"),
            [_signed(one) for one in found.signs],
            url_for("contracts.index", account=account),
        ),
        (
            _("Deputy until"),
            [row.ends_at.date().isoformat() for row in found.deputy_of],
            url_for("contracts.index", account=account),
        ),
        (
            _("Reviews that wait for them"),
            [row.name for row in found.reviews],
            url_for("reviews.index", account=account) if found.reviews else "",
        ),
        (
            _("Clients for whom they work"),
            [row.owner.name for row in found.clients],
            url_for("delegations.clients", account=account),
        ),
    ]


def left_behind(found: Leaving, account: str) -> Groups:
    """Private keys that the person may still have, whose owners rotate them or live with it."""
    return _some(
        [
            (
                _("Private keys that they fetched: the owner rotates the pair"),
                [_("%(pair)s of %(owner)s", pair=row.key_pair.name, owner=row.owner.name) for row in found.opened],
                url_for("handoffs.index", account=account),
            ),
            (
                _("Key pairs that they made: rotate those whose private key may have left with them"),
                [_made(pair) for pair in found.made],
                url_for("keys.index", account=account),
            ),
        ]
    )


def staying(found: Leaving, account: str) -> Groups:
    """What the person made or gave, and which goes on without them."""
    return _some(
        [
            (_("Key pairs"), [_made(pair) for pair in found.made], url_for("keys.index", account=account)),
            (
                _("Hand-offs to others"),
                [_("%(pair)s for %(who)s", pair=row.key_pair.name, who=row.to_person.name) for row in found.given],
                url_for("handoffs.index", account=account),
            ),
            (_("Webhooks"), [row.url for row in found.endpoints], url_for("webhooks.index", account=account)),
        ]
    )


def _made(pair: KeyPair) -> str:
    return _("%(pair)s of %(owner)s", pair=pair.name, owner=pair.owner.name)


def _signed(one: Signed) -> str:
    facts = {"number": one.contract.public_id, "edition": one.contract.edition.name}
    if one.deputies:
        names = ", ".join(one.deputies)
        return _("%(number)s (%(edition)s): new key pairs only by %(deputies)s", deputies=names, **facts)
    return _("%(number)s (%(edition)s): no new key pairs until another signer is recorded", **facts)


def _some(groups: Groups) -> Groups:
    return [group for group in groups if group[1]]
