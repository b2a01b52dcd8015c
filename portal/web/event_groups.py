"""Events by what they are about: the first part of an event's name, and what a person calls it."""

from portal.foundation.marking import N_
from portal.webhooks.models import OFFERED

# Of every event that is in a tenant's chain: what activity is filtered by, and webhooks choose from.
GROUP_NAMES: dict[str, str] = {
    "key": N_("Key pairs"),
    "hand_off": N_("Hand-offs"),
    "envelope_key": N_("Envelope keys"),
    "command_code": N_("Codes for the command line"),
    "delegation": N_("Delegations"),
    "project": N_("Projects"),
    "data_space": N_("Data spaces"),
    "installation": N_("Installations"),
    "request": N_("Requests to the vendor"),
    "contract": N_("Contracts"),
    "signer": N_("Signers"),
    "deputy": N_("Deputies"),
    "entitlement": N_("Entitlements"),
    "review": N_("Reviews"),
    "member": N_("Members"),
    "person": N_("Sign-ins of members"),
    "invitation": N_("Invitations"),
    "tenant": N_("The account"),
    "recovery": N_("Lost second steps"),
    "token": N_("Personal tokens"),
    "device": N_("Sign-ins of command lines"),
    "provider": N_("Identity provider"),
    "domain": N_("Mail domains"),
    "webhook": N_("Webhooks"),
    "look_in": N_("Look-ins of the vendor"),
    "refused": N_("Refused acts"),
}


def group_of(event: str) -> str:
    """The group of the event with this name, such as `key` for `key.made`."""
    return event.partition(".")[0]


def offered_by_group() -> dict[str, list[str]]:
    """The names of all events that can be chosen, by group, in the order in which groups are shown."""
    groups: dict[str, list[str]] = {name: [] for name in GROUP_NAMES}
    for event in OFFERED:
        groups.setdefault(group_of(event.value), []).append(event.value)
    return groups
