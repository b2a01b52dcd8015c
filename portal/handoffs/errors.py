"""Refusals of hand-offs and envelope keys."""

from portal.foundation.errors import Conflict, Denied, Invalid, NotFound
from portal.foundation.marking import N_


class NotAnEnvelopeKey(Invalid):
    code = "not_an_envelope_key"
    sentence = N_("This is no envelope key: one is an X25519 public key of 32 octets, in base64.")


class EnvelopeKeyKnown(Conflict):
    code = "envelope_key_known"
    status = 422
    sentence = N_("This envelope key is enrolled already, or was. Make another one.")


class NoReceiver(Denied):
    code = "no_receiver"
    sentence = N_("No integrator with a running delegation for this environment has enrolled an envelope key.")
    mend = N_(
        "Better anyway: a delegation or a ticket, with which the integrator makes its own key pair. Else ask the "
        "integrator to enrol an envelope key."
    )


class EnvelopeKeyHeld(Denied):
    """`usable` is the moment from which it may be used."""

    code = "envelope_key_held"
    sentence = N_("This envelope key took the place of another one, so it can be used from %(usable)s on.")
    mend = N_("Until then ask its person, by telephone, whether the change was theirs.")


class EnvelopeKeyReplaced(Conflict):
    code = "envelope_key_replaced"
    sentence = N_("The receiver changed the envelope key meanwhile. Nothing was handed over.")
    mend = N_("Begin again, and compare the words of the new one.")


class NotYourPair(Denied):
    code = "not_your_pair"
    sentence = N_("%(holder)s holds this key pair: a copy is handed over by its owner, of its own pairs only.")


class PairNotInService(Conflict):
    code = "pair_not_in_service"
    sentence = N_("This key pair is not in service, so there is nothing to hand over.")


class HandOffRunning(Conflict):
    """`hand_off` is the public id of the one that runs."""

    code = "hand_off_running"
    sentence = N_("A hand-off of this key pair runs already. One runs at a time.")
    mend = N_("Wait until it is done, or withdraw it.")


class HandOffOver(Conflict):
    """`state` is what the hand-off is now."""

    code = "hand_off_over"
    sentence = N_("This is not possible: the hand-off is %(state)s.")


class SealedToAnother(Denied):
    code = "sealed_to_another"
    sentence = N_("This copy is sealed to %(person)s, whose envelope key alone opens it.")
    mend = N_("Ask %(person)s to open it; or ask the owner for a delegation or a ticket of your own.")


class FetchedTooOften(Conflict):
    code = "fetched_too_often"
    sentence = N_("This copy was fetched %(most)s times and never proved. It is not given out again.")
    mend = N_("The owner can withdraw it and hand over another one.")


class IntentOver(Conflict):
    code = "hand_off_intent_over"
    sentence = N_("This page is over 30 minutes old. Nothing was handed over: begin again.")


class OpeningNotProved(Invalid):
    code = "opening_not_proved"
    sentence = N_("The signature does not fit, so nothing shows that the private key was read. Open it again.")


class DelegationOver(Denied):
    code = "delegation_over"
    sentence = N_("The delegation under which this was handed over is not active any more, so it cannot be opened.")
    mend = N_("The owner can offer a new delegation, or a ticket.")


class StrangersLink(NotFound):
    """As what does not exist: the person who is not meant learns nothing of it."""
