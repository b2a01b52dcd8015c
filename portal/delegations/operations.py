"""What can be done with delegations, gathered from the modules that do it."""

from portal.delegations.answering import accept, approve, decline, withdraw
from portal.delegations.offering import offer, offer_ticket, request
from portal.delegations.running import end, narrow, pause, resume
from portal.delegations.upkeep import lapse_due
from portal.delegations.widening import accept_widening, decline_widening, propose_widening, withdraw_widening

__all__ = [
    "accept",
    "accept_widening",
    "approve",
    "decline",
    "decline_widening",
    "end",
    "lapse_due",
    "narrow",
    "offer",
    "offer_ticket",
    "pause",
    "propose_widening",
    "request",
    "resume",
    "withdraw",
    "withdraw_widening",
]
