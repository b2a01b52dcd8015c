"""What is wrong with an envelope or a recovery copy. Pure; static/js/envelope.js gives the same codes."""

from portal.foundation.errors import Invalid
from portal.foundation.marking import N_


class EnvelopeFault(Invalid):
    """An envelope, a recovery copy, or what should go into one cannot be used."""

    code = "envelope_fault"


class NotAPrivateKey(EnvelopeFault):
    code = "not_a_private_key"
    sentence = N_("There is no RSA private key in this.")


class KeyTooLong(EnvelopeFault):
    code = "key_too_long"
    sentence = N_("This private key is longer than an envelope holds. RSA keys of up to 4096 bits fit.")


class KeyOfAnotherPair(EnvelopeFault):
    code = "key_of_another_pair"
    sentence = N_("This private key does not belong to the key pair that is handed over.")


class EnvelopeKeyUnusable(EnvelopeFault):
    code = "envelope_key_unusable"
    sentence = N_("This is no envelope key that anything can be sealed to.")


class AnotherEnvelopeKey(EnvelopeFault):
    code = "another_envelope_key"
    sentence = N_("This envelope is sealed to another envelope key.")


class NotWhole(EnvelopeFault):
    """`octets` is how many an envelope has."""

    code = "envelope_not_whole"
    sentence = N_("This envelope is not whole: every envelope has %(octets)s octets.")


class NotOpened(EnvelopeFault):
    """Altered and swapped envelopes fail alike: HPKE says only that key, `info` and ciphertext do not fit."""

    code = "envelope_not_opened"
    sentence = N_("This envelope was altered, or it belongs to another hand-off. Nothing was opened.")


class NotFromTheHolder(EnvelopeFault):
    code = "envelope_not_from_holder"
    sentence = N_("The signature on this envelope does not fit: who sealed it did not have the private key.")


class PassphraseTooShort(EnvelopeFault):
    """`shortest` is the least number of characters."""

    code = "passphrase_too_short"
    sentence = N_("Choose a passphrase of at least %(shortest)s characters.")


class NotARecoveryCopy(EnvelopeFault):
    code = "not_a_recovery_copy"
    sentence = N_("This file is no recovery copy of an envelope key, or it is not whole.")


class PassphraseWrong(EnvelopeFault):
    code = "passphrase_wrong"
    sentence = N_("This passphrase does not open the recovery copy, or the file was altered.")
