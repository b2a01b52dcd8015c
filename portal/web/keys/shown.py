"""How key pairs are told to people: the name of a status, the steps to a complete set, the chain behind a pair."""

from typing import Any

from flask import url_for
from flask_babel import gettext as _

from portal.access.roles import ENVIRONMENT_NAMES
from portal.accounts.models import Membership
from portal.contracts.models import ContractKind
from portal.delegations.models import Delegation
from portal.impact.readiness import KeysReady
from portal.keys.models import ENDING_NAMES, KeyEnding, KeyOrigin, KeyPair
from portal.keys.status import STATUS_NAMES, KeyStatus
from portal.web.keys.blueprint import pages


@pages.app_template_filter("status_name")
def status_name(status: KeyStatus) -> str:
    """The status in the reader's language."""
    return _(STATUS_NAMES[status])


@pages.app_template_filter("ending_name")
def ending_name(ending: KeyEnding) -> str:
    """How a retiring pair ends, in the reader's language."""
    return _(ENDING_NAMES[ending])


@pages.app_template_filter("key_steps")
def key_steps(ready: KeysReady, account: str) -> list[dict[str, Any]]:
    """One step for each environment within reach: done when it has a live key pair."""
    return [
        {
            "label": _(ENVIRONMENT_NAMES[side]),
            "done": count > 0,
            "note": _("Live key pairs: %(count)s", count=count),
            "url": url_for("keys.index", account=account, environment=side.value),
            "action": _("See key pairs"),
        }
        for side, count in ready.live.items()
    ]


@pages.app_template_filter("key_chain")
def key_chain(pair: KeyPair, account: str, signer: Membership | None = None) -> list[dict[str, Any]]:
    """Who stands behind a pair: contract, signer of a partner contract, owner, delegation or ticket where there is one,
    holder, maker. `signer` is the contract's, with its person.
    """
    steps = [{"label": _("Contract"), "value": pair.contract.edition.name, "note": _contract_kind(pair)}]
    if pair.contract.kind is ContractKind.PARTNER:
        steps.append(_signer(signer))
    steps.append({"label": _("Owner"), "value": pair.owner.name, "note": pair.owner.account_id})
    if pair.delegation is not None:
        steps.append(_delegation(pair.delegation, account))
    steps += [
        {"label": _("Holder of the private key"), "value": pair.holder.name, "note": pair.holder.account_id},
        {"label": _("Made by"), "value": pair.made_by.name if pair.made_by else "–", "note": _origin(pair)},
    ]
    return steps


def _signer(signer: Membership | None) -> dict[str, Any]:
    if signer is None:
        return {"label": _("Signer"), "value": "–", "note": _("nobody at the moment")}
    has_left = signer.ended_at is not None
    note = _("has left; nobody signs at the moment") if has_left else _("makes the keys of this contract, or a deputy")
    return {"label": _("Signer"), "value": signer.person.name, "note": note}


def _delegation(delegation: Delegation, account: str) -> dict[str, Any]:
    return {
        "label": _("Ticket") if delegation.one_pair else _("Delegation"),
        "value": delegation.public_id,
        "url": url_for("delegations.show", account=account, delegation_id=delegation.public_id),
        "note": _("for one key pair of the holder") if delegation.one_pair else _("to the holder"),
    }


def _contract_kind(pair: KeyPair) -> str:
    return _("Partner contract") if pair.contract.kind is ContractKind.PARTNER else _("Licence")


def _origin(pair: KeyPair) -> str:
    if pair.origin is KeyOrigin.SERVER:
        return _("made by the portal, shown once, not kept")
    return _("made by its holder; possession proved")
