"""Refusals of accounts: sign-in, passwords, members, invitations."""

from portal.foundation.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.foundation.marking import N_


class WrongPassword(Invalid):
    """One answer for an unknown address, a wrong password and a disabled person."""

    code = "wrong_password"
    sentence = N_("E-mail address and password do not match.")


class WrongCode(Invalid):
    """One answer for a wrong code and one that was used already."""

    code = "wrong_code"
    sentence = N_("This code is wrong, too old, or was used already. Wait for the next one in your app and type that.")


class PasskeyRefused(Invalid):
    """One answer for a passkey that is unknown, was removed, is somebody else's, or did not sign this rightly."""

    code = "passkey_refused"
    sentence = N_(
        "This passkey was not accepted. Press the button once more; if that does not help, take another passkey, or "
        "your password."
    )


class NewPasskeyRefused(PasskeyRefused):
    """What an authenticator made is not for this portal, or it did not make sure who used it."""

    code = "new_passkey_refused"
    sentence = N_(
        "The passkey was not added: your device did not check that it is you, or answered another question. Press the "
        "button once more, or take another device."
    )


class ChallengeLapsed(PasskeyRefused):
    """What a passkey was to sign is too old, or was given to another browser or for another purpose."""

    code = "challenge_lapsed"
    sentence = N_("This page waited too long for your passkey. Press the button once more.")


class PasskeyCountedBack(PasskeyRefused):
    """The passkey signed rightly, but its counter went back: there may be two of it."""

    code = "passkey_counted_back"
    sentence = N_(
        "This passkey may have been copied: its counter went back. It was refused. Sign in another way, remove it on "
        "the page “Sign-in and security”, and register it anew."
    )


class PasskeyKnown(Conflict):
    code = "passkey_known"
    sentence = N_("This passkey is registered already. Choose another device or password manager.")


class TooManyPasskeys(Conflict):
    code = "too_many_passkeys"
    sentence = N_("There are %(most)s passkeys already. Remove one that you do not use any more.")


class CodeNeeded(Denied):
    """A password alone is not enough for this person."""

    code = "code_needed"
    sentence = N_("Your sign-in has a second step: a code or a passkey is needed, too.")
    mend = N_("Load the page again, and give what it asks for.")


class SignInLapsed(Denied):
    """The sign-in that waited for a code is over: used, too old, or the person's factors changed."""

    code = "sign_in_lapsed"
    sentence = N_("This sign-in waited too long for its second step, or was finished in another window.")
    mend = N_("Sign in again.")


class ResetGone(NotFound):
    """Used, replaced, too old or never made, or the person's no longer to use: it does not say which."""

    code = "reset_gone"
    sentence = N_("This link cannot be used: it was used or replaced by a newer one, or it is older than 30 minutes.")
    mend = N_("Ask for another mail on the sign-in page: “Forgot your password?”")


class StopLinkGone(NotFound):
    code = "stop_link_gone"
    sentence = N_("This link stops nothing any more: what it was about is over.")
    mend = N_("If your second step is gone and that was not you, tell an owner of your account at once.")


class RecoveryOver(Conflict):
    """Stopped, refused, carried out or lapsed meanwhile, or the person is disabled."""

    code = "recovery_over"
    sentence = N_("This request is over: it was stopped, refused, carried out, or it lapsed.")


class NobodyVouched(Conflict):
    code = "nobody_vouched"
    sentence = N_("Nobody who may still do so has vouched for this person.")
    mend = N_("An owner of an account to which the person belongs does that first.")


class RecoveryTooEarly(Conflict):
    """`moment` is from when on it may be carried out, in UTC."""

    code = "recovery_too_early"
    sentence = N_("The second step can be removed from %(moment)s UTC on: until then the person can stop it.")


class NotByOneself(Denied):
    code = "not_by_oneself"
    sentence = N_("This takes two others: nobody helps themselves, and who vouched does not carry it out.")
    mend = N_("Another operator can do it.")


class OthersVouch(Denied):
    code = "others_vouch"
    sentence = N_("Somebody in the person's own account can vouch; the vendor does so only where nobody else can.")


class TooManyFactors(Conflict):
    code = "too_many_factors"
    sentence = N_("There are %(most)s authenticator apps already. Remove one that you do not use any more.")


class SetUpLapsed(NotFound):
    """What was to be set up is not there: begun over 30 minutes ago, or on another device."""

    code = "set_up_lapsed"
    sentence = N_("Nothing is being set up here: it was begun over 30 minutes ago, or on another device.")
    mend = N_("Begin again on the page “Sign-in and security”.")


class PasswordTooShortAlone(Invalid):
    code = "password_too_short_alone"
    sentence = N_(
        "Without a second step your password would be too short. Change it to one of at least %(shortest)s characters "
        "first, then come back."
    )


class CodesMadeAlready(Conflict):
    code = "codes_made_already"
    sentence = N_("New recovery codes were made meanwhile; they were shown once, on the page that answered.")
    mend = N_("If nobody saved them, make new ones once more.")


class TooManyAttempts(PortalError):
    """`minutes` is the wait; `seconds` the same for a Retry-After header."""

    code = "too_many_attempts"
    status = 429
    sentence = N_("Too many attempts. Wait %(minutes)s minutes, then try again.")


class SessionEnded(Denied):
    code = "session_ended"
    sentence = N_("You were signed out meanwhile.")
    mend = N_("Sign in again.")


class EmailInvalid(Invalid):
    code = "email_invalid"
    sentence = N_("Give an e-mail address, such as name@example.com.")


class PasswordRefused(Invalid):
    """What all refusals of a new password share."""


class PasswordTooShort(PasswordRefused):
    code = "password_too_short"
    sentence = N_("A password has at least %(shortest)s characters. Several words make a good one.")


class PasswordTooLong(PasswordRefused):
    code = "password_too_long"
    sentence = N_("A password has at most %(longest)s characters.")


class PasswordGuessable(PasswordRefused):
    code = "password_guessable"
    sentence = N_("This password is easy to guess: it is common, or made of your name or address. Choose another.")


class TimeZoneUnknown(Invalid):
    code = "time_zone_unknown"
    sentence = N_("Choose a time zone from the list.")


class ChoiceUnknown(Invalid):
    code = "choice_unknown"
    sentence = N_("This is not one of the choices.")


class AlreadyMember(Conflict):
    code = "already_member"
    sentence = N_("%(email)s is a member already.")


class AlreadyInvited(Conflict):
    code = "already_invited"
    sentence = N_("%(email)s is invited already; the invitation can be sent again or withdrawn.")


class OwnerThere(Conflict):
    code = "owner_there"
    sentence = N_("%(tenant)s has an owner already.")
    mend = N_("An owner of that account invites its people.")


class VendorHasNoOwner(Invalid):
    code = "vendor_has_no_owner"
    sentence = N_("The vendor's own account has no owner: its people are partner admins and operators.")


class RoleNotYours(Denied):
    """`role` is the name of the role that was to be given."""

    code = "role_not_yours_to_give"
    sentence = N_("You cannot give the role “%(role)s”: nobody gives more than they have.")


class OwnRoleRaised(Denied):
    code = "own_role_raised"
    sentence = N_("Nobody raises their own role.")
    mend = N_("Another owner of this account can do it.")


class LastOwner(Conflict):
    code = "last_owner"
    sentence = N_("This is the last member who can manage the account; it would be left without one.")
    mend = N_("Give somebody else the same role first.")


class OwnerWanted(Conflict):
    """`tenants` are the names of the accounts that nobody could manage."""

    code = "owner_wanted"
    sentence = N_("Nobody else can manage %(tenants)s. Say who owns it from now on.")


class NotOneOfThem(Invalid):
    """Somebody was named as an owner who does not belong to an account that needs one."""

    code = "not_one_of_them"
    sentence = N_("Choose among the members who are listed.")


class DisablesOneself(Denied):
    code = "disables_oneself"
    sentence = N_("Nobody disables or enables their own sign-in.")
    mend = N_("Another operator can do it.")


class InvitationGone(NotFound):
    """Used, withdrawn, expired or never made: it does not say which."""

    code = "invitation_gone"
    sentence = N_("This invitation cannot be used: it was used, withdrawn or replaced, or it is older than 7 days.")
    mend = N_("If you have joined already, sign in. Otherwise ask the person who invited you to send a new one.")


class InvitationForSomebodyElse(Denied):
    code = "invitation_for_somebody_else"
    sentence = N_("This invitation is for another e-mail address than the one you are signed in with.")
    mend = N_("Sign out, and open the link again.")


class StaffStaysOut(Denied):
    code = "staff_stays_out"
    sentence = N_("People of the vendor do not become members of other accounts.")
    mend = N_("Invite somebody of that account's own. To read its pages, look into it from the console.")


class SignInToAccept(Denied):
    code = "sign_in_to_accept"
    sentence = N_("There is a sign-in for this e-mail address already.")
    mend = N_("Sign in, then accept the invitation.")
