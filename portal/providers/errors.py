"""Refusals of signing in by an identity provider: each says what went wrong, and who can mend it."""

from portal.foundation.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.foundation.marking import N_
from portal.foundation.outgoing import Problem

OWNER_MENDS = N_("An owner of the account can look at its set-up; your own sign-in goes on as it is.")


class IssuerNotUsable(Invalid):
    code = "issuer_not_usable"
    sentence = N_("Give the issuer as your provider shows it: an https address without “?” and “#”.")


class ClientIdNotUsable(Invalid):
    code = "client_id_not_usable"
    sentence = N_("Give the client id as your provider shows it: at most %(longest)s characters without spaces.")


class SecretNotUsable(Invalid):
    code = "client_secret_not_usable"
    sentence = N_(
        "Give the client secret as your provider shows it: at most %(longest)s characters without line breaks."
    )


class VendorSignsInItself(NotFound):
    code = "vendor_signs_in_itself"
    sentence = N_("The vendor's own account has no identity provider.")


class ProviderThere(Conflict):
    code = "provider_there"
    sentence = N_("This account has an identity provider already.")
    mend = N_("Load the page again, and change that one.")


class NotTried(Conflict):
    code = "provider_not_tried"
    sentence = N_("The set-up was not tried, or changed since: only what worked a moment ago is switched on.")
    mend = N_("Try it, and switch it on within 10 minutes.")


class ProviderUnreachable(PortalError):
    code = "provider_unreachable"
    status = 502
    sentence = N_("The identity provider “%(provider)s” gave no answer that the portal can use (%(problem)s).")
    mend = OWNER_MENDS


class ProviderRefuses(Denied):
    """`error` is the provider's own code for why, such as `access_denied`."""

    code = "provider_refuses"
    sentence = N_("The identity provider “%(provider)s” did not sign you in (%(error)s).")
    mend = N_("Who runs that provider can say why. Your own sign-in goes on as it is.")


class AnswerRefused(Denied):
    """What the provider said does not prove anything; `problem` is in words for who runs it."""

    code = "provider_answer_refused"
    sentence = N_("The answer of the identity provider “%(provider)s” was refused: %(problem)s.")
    mend = OWNER_MENDS


class RoundTripLost(Denied):
    """The answer does not belong to a sign-in that this browser began, or was used already. It does not say which."""

    code = "round_trip_lost"
    sentence = N_("This answer belongs to no sign-in that waits in this browser, or it was used already.")
    mend = N_("Begin again from the page “Sign in with your organisation”. Cookies must be allowed.")


class NotConnected(Denied):
    code = "identity_not_connected"
    sentence = N_(
        "The identity provider “%(provider)s” knows you as “%(label)s”, but nobody here is connected with that."
    )
    mend = N_(
        "Sign in with your own password once and connect it. Who is no member yet asks an owner for an invitation."
    )


class IdentityTaken(Conflict):
    code = "identity_taken"
    sentence = N_("This sign-in of the identity provider is connected with another member already.")
    mend = N_("Sign out at the provider, and in again as yourself.")


class NoProvenDomain(Conflict):
    code = "no_proven_domain"
    sentence = N_("No mail domain of this account is proven, so nobody could join by one.")
    mend = N_("Prove a domain first, on the page of mail domains.")


class EmailNotVerified(Denied):
    code = "email_not_verified"
    sentence = N_(
        "The identity provider “%(provider)s” names no mail address of yours that it has verified, so you cannot join "
        "by it."
    )
    mend = N_("Who runs that provider can have it send “email” and “email_verified”. Or an owner invites you.")


class ForeignDomain(Denied):
    code = "foreign_domain"
    sentence = N_("The account lets people of its own mail domains join, and %(domain)s is not proven to be one.")
    mend = N_("An owner of the account can prove the domain, or invite you.")


class RecordGone(Denied):
    code = "domain_record_gone"
    sentence = N_("The record that proves %(domain)s stands in its DNS no longer, so nobody joins by it.")
    mend = N_("Whoever runs the DNS of %(domain)s can put it back. Or an owner invites you.")


class SignInDisabled(Denied):
    code = "sign_in_disabled"
    sentence = N_("Your sign-in to the partner portal is disabled.")
    mend = N_("The vendor's operator can say why, and enable it again.")


class LeftBefore(Denied):
    code = "left_before"
    sentence = N_(
        "You belonged to this account before. Who left or was removed does not come back by the provider alone."
    )
    mend = N_("An owner of the account can invite you again.")


class InvitedAlready(Denied):
    code = "invited_already"
    sentence = N_("You are invited to this account already, perhaps with another role.")
    mend = N_("Open the link in that mail. If it is gone, an owner can send it again.")


class OwnSignInFirst(Denied):
    """The provider is not believed to be a person who is here already: they say so themselves."""

    code = "own_sign_in_first"
    sentence = N_("There is a sign-in for %(email)s here already, and no provider takes it over.")
    mend = N_("Sign in by yourself, and confirm there that you join.")


class JoinsAsSomebodyElse(Denied):
    code = "joins_as_somebody_else"
    sentence = N_("You are signed in as %(own)s, and the identity provider “%(provider)s” vouches for %(email)s.")
    mend = N_("Sign out here, or there, and come back with one address.")


class DomainNotUsable(Invalid):
    code = "domain_not_usable"
    sentence = N_("Give a mail domain: what stands behind the @ in your people's addresses, such as contoso.com.")


class PublicMailDomain(Invalid):
    code = "public_mail_domain"
    sentence = N_("Anybody can have an address of %(domain)s. Give a domain that is your organisation's alone.")


class TooManyDomains(Conflict):
    code = "too_many_domains"
    sentence = N_("An account names at most %(most)s mail domains.")
    mend = N_("Remove one that your people do not use any more.")


class DomainAsked(Conflict):
    code = "domain_asked_just_now"
    sentence = N_("The DNS was asked for this domain less than %(seconds)s seconds ago.")
    mend = N_("Wait a little. A new record can take an hour until everybody sees it.")


class DomainUnproven(Conflict):
    code = "domain_unproven"
    sentence = N_("At %(host)s there is no TXT record with the text that this page shows.")
    mend = N_("Whoever runs the DNS of %(domain)s can add it; a new record can take an hour until everybody sees it.")


class DomainTaken(Conflict):
    """Said only to who has just proven that the domain's DNS is theirs."""

    code = "domain_taken"
    sentence = N_("%(domain)s counts for another account: its record stands in the DNS, too.")
    mend = N_("Whoever runs the DNS of %(domain)s can take the other account's record away. Then look again.")


class DnsSilent(PortalError):
    code = "dns_silent"
    status = 502
    sentence = N_("The DNS of %(domain)s gave no answer within 5 seconds.")
    mend = N_("Try again in a minute. If it stays so, whoever runs that DNS can see why.")


class ProviderSignInRefused(Invalid):
    """One answer for a disabled person and one who left meanwhile."""

    code = "provider_sign_in_refused"
    sentence = N_("This sign-in is not open to you any more.")


class ProviderNeeded(Denied):
    """The account wants its own provider's word; `account` is its id."""

    code = "provider_needed"
    sentence = N_("This account lets its members in by its own identity provider only.")
    mend = N_("Sign in with your organisation. Owners of the account may always use their own sign-in.")


class OwnSignInNeeded(Denied):
    code = "own_sign_in_needed"
    sentence = N_("An identity provider signed you in, for its own account only. This needs your own sign-in.")
    mend = N_("Sign in with your own password.")


# Why an outgoing call gave nothing, for `problem`.
PROBLEMS: dict[Problem, str] = {
    Problem.URL: N_("the address cannot be used"),
    Problem.NAME: N_("the name has no address"),
    Problem.ADDRESS: N_("the name leads to an address that is not of the open internet"),
    Problem.UNREACHABLE: N_("nobody took the connection"),
    Problem.TLS: N_("the certificate does not fit, or there is no TLS"),
    Problem.TIMEOUT: N_("no whole answer within 10 seconds"),
    Problem.BAD_ANSWER: N_("the answer makes no sense"),
}
