"""Refusals of key pairs."""

from portal.foundation.errors import Conflict, Denied, Invalid, PortalError
from portal.foundation.marking import N_


class NoContract(Denied):
    code = "no_running_contract"
    sentence = N_("%(owner)s has no running contract that includes key pairs.")
    mend = N_("The vendor's partner admin can record a licence or a partner contract.")


class ContractNotRunning(Denied):
    code = "contract_not_running"
    sentence = N_("The contract for %(edition)s is not running, so it gives no new key pairs.")
    mend = N_("The vendor's partner admin can renew the contract.")


class StandingNotGood(Denied):
    code = "standing_not_good"
    sentence = N_("%(owner)s is past due with the vendor: no new key pairs until that is settled. Existing ones work.")
    mend = N_("The owner settles it with the vendor; then a partner admin restores good standing.")


class NotSigner(Denied):
    """`signer` is the signer's name; `deputies` are the names of those who may act now."""

    code = "not_signer"
    sentence = N_("Under a partner contract only its signer makes key pairs, or a deputy inside the agreed dates.")
    mend = N_("The signer is %(signer)s.")


class NotSignerNorDeputy(NotSigner):
    """As `NotSigner`, where there are deputies who may act now."""

    mend = N_("The signer is %(signer)s. Deputies at the moment: %(deputies)s.")


class NoSigner(NotSigner):
    """As `NotSigner`, where the signer has left and nobody was put in their place."""

    mend = N_("The signer has left. The vendor's partner admin can record a new one.")


class EnvironmentOutOfReach(Denied):
    code = "environment_out_of_reach"
    sentence = N_("Your delegation does not cover the %(environment)s environment.")
    mend = N_("The owner can widen the delegation.")


class DelegationNotLive(Denied):
    code = "delegation_not_live"
    sentence = N_("The delegation is no longer active, so it gives no new key pairs.")
    mend = N_("The owner can offer a new delegation.")


class TicketUsed(Denied):
    code = "ticket_used"
    sentence = N_("The ticket was for one key pair in this environment, and it was made.")
    mend = N_("Rotate that pair to replace it. For more pairs, the owner can widen the ticket into a delegation.")


class NotHolder(Denied):
    code = "not_holder"
    sentence = N_("%(holder)s holds this key pair, so only %(holder)s can rename it.")
    mend = N_("Ask %(holder)s. You can revoke it at any time.")


class NotHolderOfRotation(Denied):
    code = "not_holder_of_rotation"
    sentence = N_("%(holder)s holds this key pair, so only %(holder)s can rotate it.")
    mend = N_("Ask %(holder)s. You can revoke it at any time.")


class NotInService(Conflict):
    code = "key_not_in_service"
    sentence = N_("This key pair is not in service, so nothing can take over from it. Make a new key pair instead.")


class AlreadyRotating(Conflict):
    code = "key_already_rotating"
    sentence = N_("This key pair is being replaced already. Go on with its rotation, or roll it back first.")


class TicketPairBeside(Conflict):
    code = "ticket_pair_beside"
    sentence = N_(
        "The ticket is for one key pair, and another one works beside this one since a rotation was rolled back."
    )
    mend = N_("Revoke the one that no shop uses; then this one can be rotated.")


class OverlapRunning(Conflict):
    """`old` is the name of the pair that this one replaces; a typed word forces a second rotation beside the first."""

    code = "overlap_running"
    status = 422
    sentence = N_(
        "This key pair itself replaces “%(old)s”, which still works: a third pair beside both makes it hard to say "
        "which shop uses which. End that overlap first, or type the word to go on all the same."
    )


class OverlapOutOfRange(Invalid):
    code = "overlap_out_of_range"
    sentence = N_("Both pairs work side by side for 1 hour to 90 days. Choose a date within that.")


class OverlapBeyondEnd(Invalid):
    """`until` is the old pair's own end."""

    code = "overlap_beyond_end"
    sentence = N_("The old pair ends by itself on %(until)s. Choose an earlier date.")


class RotationOver(Conflict):
    code = "rotation_over"
    sentence = N_("This rotation is over: the old key pair does not work any more, or was rolled back.")


class OldPairChanged(Conflict):
    code = "old_pair_changed"
    sentence = N_(
        "The pair to be replaced is out of service meanwhile, or has another successor. Discard this one; what is in "
        "service stays as it is."
    )


class LeakStays(Conflict):
    code = "leak_stays"
    sentence = N_("This key pair leaked: it ends on the second, as compromised, and cannot come back.")


class OldPairLeaked(Conflict):
    code = "old_pair_leaked"
    sentence = N_(
        "The pair to be replaced was declared as leaked meanwhile. Discard this one, and replace the pair from its own "
        "page: there you choose when it stops."
    )


class NothingToReplace(Conflict):
    code = "nothing_to_replace"
    sentence = N_("Only a key pair that was stopped because it leaked, and has no successor, is replaced in this way.")


class KeyNameTaken(Invalid):
    code = "key_name_taken"
    sentence = N_("There is already a key pair “%(name)s” in this environment. Choose another name.")


class NoNames(Invalid):
    code = "no_names"
    sentence = N_("Give at least one name.")


class TooManyNames(Invalid):
    code = "too_many_names"
    sentence = N_("At most %(most)s key pairs are made at once; these are %(given)s names.")


class NameTwice(Invalid):
    """`first` is the number of the line where the name stands first."""

    code = "name_twice"
    sentence = N_("“%(name)s” stands in line %(first)s already.")


class LinesRefused(Invalid):
    """`refused` has the number of each line that is wrong, with the refusal that says why."""

    code = "lines_refused"
    sentence = N_("Some lines cannot be used.")

    def __init__(self, refused: list[tuple[int, PortalError]]) -> None:
        super().__init__()
        self.refused = refused


class NotAPublicKey(Invalid):
    code = "not_a_public_key"
    sentence = N_("This is not a public key in PEM form. It begins with -----BEGIN PUBLIC KEY-----.")


class SeveralKeys(Invalid):
    code = "several_keys"
    sentence = N_("There is more than one PEM block in this text. Give the public key only.")


class PrivateKeyPasted(Invalid):
    """`spki_sha256` is the hash of its public half, or None when it could not be read without a passphrase."""

    code = "private_key_pasted"
    sentence = N_(
        "This is a private key. It was not stored, but it has left your hands: make another pair and give its "
        "public key. This one is refused for new key pairs from now on."
    )


class NotRsa(Invalid):
    code = "not_rsa"
    sentence = N_("This is no RSA key. The services verify RSA signatures only.")


class WrongSize(Invalid):
    code = "wrong_key_size"
    sentence = N_("This RSA key has %(bits)s bits. Use %(shortest)s to %(longest)s; 3072 is a good choice.")


class WrongExponent(Invalid):
    code = "wrong_key_exponent"
    sentence = N_("The public exponent of this key is not 65537. Make the pair anew with ordinary settings.")


class WeakModulus(Invalid):
    code = "weak_key"
    sentence = N_("This key is weak: its modulus has a small factor or close primes. Make the pair anew.")


class RocaModulus(Invalid):
    code = "weak_key_roca"
    sentence = N_(
        "This key was made by a chip or library whose private keys can be computed from their public halves (ROCA, "
        "CVE-2017-15361). Make the pair anew with other software or hardware, and replace every other key from there."
    )


class ProofWrong(Invalid):
    code = "proof_wrong"
    sentence = N_(
        "The signature does not fit. Sign exactly the file of this page with the private key that belongs to the "
        "public key you gave."
    )


class ProofUnreadable(Invalid):
    code = "proof_unreadable"
    sentence = N_("The signature is neither base64 nor the signature file itself.")


class KeyKnown(Conflict):
    code = "key_known"
    status = 422
    sentence = N_("This public key was registered before. Every key pair is used for one API key only: make another.")


class KeyBlocked(Conflict):
    code = "key_blocked"
    status = 422
    sentence = N_("This key pair must not be used: its private key was seen where it should not be. Make another.")


class AlreadyShown(Conflict):
    code = "private_key_already_shown"
    sentence = N_("The private key of this pair was shown once and is not kept. It cannot be shown again.")


class MakingOver(Conflict):
    code = "key_making_over"
    sentence = N_("This was not finished within 30 minutes, or was discarded. Begin again.")


class CodeRefused(Denied):
    """One answer for a code that is wrong, used, replaced or too old, and for one whose person has left."""

    code = "code_refused"
    sentence = N_("This code cannot be used: it is wrong, used or replaced, or older than 30 minutes.")
    mend = N_("Open the page of the key pair in the portal again and show a new code.")


class RevocationRefused(PortalError):
    """One answer for an unknown API key, a signature that does not fit, and a challenge that is foreign or old."""

    code = "revocation_refused"
    status = 403
    sentence = N_("Nothing was revoked: API key and private key do not belong together, or the challenge is over.")


class CannotRevoke(Conflict):
    code = "key_not_revocable"
    sentence = N_("This key pair is out of service already.")
