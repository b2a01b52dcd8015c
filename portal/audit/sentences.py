"""The sentence that tells each event. `%(…)s` are filled from the event and its facts."""

from portal.audit.events import Event
from portal.foundation.marking import N_

SENTENCES: dict[Event, str] = {
    Event.IMPORT_GIVEN: N_("%(actor)s gave the file “%(label)s” with %(lines)s lines to be imported"),
    Event.IMPORT_CHECKED_AGAIN: N_("%(actor)s had the file “%(label)s” checked again"),
    Event.IMPORT_CONFIRMED: N_("%(actor)s confirmed the import of “%(label)s”"),
    Event.IMPORT_APPLIED: N_(
        "%(actor)s imported “%(label)s”: accounts opened: %(opened)s, contracts recorded: %(concluded)s, extended: "
        "%(extended)s, owners invited: %(invited)s, signers recorded: %(signers)s"
    ),
    Event.IMPORT_NOT_APPLIED: N_(
        "Nothing of “%(label)s” was imported: %(changed)s of its lines are no longer as they were shown"
    ),
    Event.IMPORT_FAILED: N_("The import of “%(label)s” failed"),
    Event.IMPORT_DISCARDED: N_("%(actor)s discarded the import of “%(label)s”"),
    Event.SIGNED_IN: N_("%(actor)s signed in"),
    Event.SIGN_IN_FAILED: N_("Somebody failed to sign in as %(label)s"),
    Event.SIGNED_OUT: N_("%(actor)s signed out"),
    Event.SIGNED_OUT_EVERYWHERE: N_("%(actor)s signed out on all devices"),
    Event.PASSWORD_CHANGED: N_("%(actor)s changed the password"),
    Event.PASSWORD_ACCEPTED: N_("%(actor)s gave the right password; the second step is awaited"),
    Event.CODE_REFUSED: N_("Somebody gave a wrong code for %(label)s"),
    Event.RESET_LINK_SENT: N_("Somebody asked for a new password for %(label)s; a link left by mail"),
    Event.PASSWORD_RESET: N_("%(actor)s chose a new password by a link in a mail"),
    Event.PASSKEY_REFUSED: N_("A passkey was refused for %(label)s"),
    Event.PASSKEY_COUNTED_BACK: N_("A passkey of %(label)s was refused: its counter went back, as that of a copy does"),
    Event.PASSKEY_INTENDED: N_("%(actor)s began to add the passkey “%(label)s”"),
    Event.PASSKEY_ADDED: N_("%(actor)s added the passkey “%(label)s”"),
    Event.PASSKEY_RENAMED: N_("%(actor)s renamed the passkey from “%(before)s” to “%(label)s”"),
    Event.PASSKEY_REMOVED: N_("%(actor)s removed the passkey “%(label)s”"),
    Event.FACTOR_INTENDED: N_("%(actor)s began to set up the authenticator app “%(label)s”"),
    Event.FACTOR_ADDED: N_("%(actor)s added the authenticator app “%(label)s”"),
    Event.FACTOR_RENAMED: N_("%(actor)s renamed the authenticator app from “%(before)s” to “%(label)s”"),
    Event.FACTOR_REMOVED: N_("%(actor)s removed the authenticator app “%(label)s”"),
    Event.RECOVERY_CODES_MADE: N_("%(actor)s made new recovery codes"),
    Event.PROFILE_CHANGED: N_("%(actor)s changed the profile"),
    Event.PERSON_JOINED: N_("%(label)s set up a sign-in"),
    Event.RECOVERY_ASKED: N_("%(actor)s lost the second step and the recovery codes, and asked for their removal"),
    Event.RECOVERY_VOUCHED: N_("%(actor)s vouched for %(label)s, whose second step may be removed from %(due)s on"),
    Event.RECOVERY_STOPPED: N_("%(actor)s stopped the removal of the second step"),
    Event.RECOVERY_REFUSED: N_("%(actor)s refused to remove the second step of %(label)s"),
    Event.RECOVERY_DONE: N_("%(actor)s removed the second step of %(label)s, who has to choose a new password"),
    Event.RECOVERY_LAPSED: N_("Nobody answered when %(label)s asked for the removal of the second step"),
    Event.PERSON_DISABLED: N_("%(actor)s disabled the sign-in of %(label)s. Reason: %(why)s"),
    Event.PERSON_ENABLED: N_("%(actor)s enabled the sign-in of %(label)s again. Reason: %(why)s"),
    Event.TENANT_CREATED: N_("%(actor)s opened the account %(label)s"),
    Event.TENANT_RENAMED: N_("%(actor)s renamed the account from “%(before)s” to “%(label)s”"),
    Event.STANDING_CHANGED: N_("%(actor)s changed the standing of %(label)s from %(before)s to %(after)s"),
    Event.REQUEST_CODE_MADE: N_("%(actor)s made a new request code"),
    Event.FACTOR_ASKED: N_(
        "%(actor)s asked for a second factor for rights over keys, from %(until)s on; people without one: %(people)s"
    ),
    Event.FACTOR_ASKED_NO_MORE: N_("%(actor)s no longer asks for a second factor for rights over keys"),
    Event.MEMBER_INVITED: N_("%(actor)s invited %(label)s as %(role)s"),
    Event.INVITATION_WITHDRAWN: N_("%(actor)s withdrew the invitation of %(label)s"),
    Event.MEMBER_JOINED: N_("%(label)s joined as %(role)s"),
    Event.MEMBER_VOUCHED_FOR: N_(
        "%(label)s joined as %(role)s: the identity provider “%(provider)s” vouched for %(email)s"
    ),
    Event.MEMBER_ROLE_CHANGED: N_("%(actor)s changed the role of %(label)s from %(before)s to %(after)s"),
    Event.MEMBER_REMOVED: N_("%(actor)s removed %(label)s"),
    Event.CONTRACT_MADE: N_("%(actor)s recorded the contract %(label)s for %(edition)s"),
    Event.CONTRACT_EXTENDED: N_("%(actor)s extended the contract %(label)s until %(until)s"),
    Event.CONTRACT_ENDED: N_("%(actor)s ended the contract %(label)s"),
    Event.CONTRACT_AMENDED: N_("%(actor)s changed the contract %(label)s from %(before)s to %(after)s"),
    Event.SIGNER_RECORDED: N_("%(actor)s recorded %(signer)s as the signer of the contract %(label)s"),
    Event.SIGNER_PROPOSED: N_(
        "%(actor)s proposed that %(label)s signs the contract %(contract)s from %(due)s on. Reason: %(reason)s"
    ),
    Event.SIGNER_CHANGE_STOPPED: N_("%(actor)s stopped that %(label)s becomes the signer of the contract %(contract)s"),
    Event.SIGNER_CHANGE_WITHDRAWN: N_("%(actor)s withdrew the proposal that %(label)s signs the contract %(contract)s"),
    Event.SIGNER_CHANGED: N_("%(label)s is the signer of the contract %(contract)s: nobody stopped the change"),
    Event.SIGNER_CHANGE_LAPSED: N_("The proposal that %(label)s signs the contract %(contract)s lapsed"),
    Event.CONTRACT_RENEWED: N_("%(actor)s renewed the contract %(label)s by %(successor)s from %(first_day)s on"),
    Event.RENEWAL_CALLED_OFF: N_("The contract %(label)s is not renewed: %(successor)s was ended before it took over"),
    Event.CONTRACT_HANDED_OVER: N_(
        "What hung on the contract %(label)s hangs on %(successor)s now: %(pairs)s key pairs, %(projects)s projects"
    ),
    Event.DEPUTY_NAMED: N_("%(actor)s named %(label)s as deputy until %(until)s"),
    Event.DEPUTY_WITHDRAWN: N_("%(actor)s withdrew the deputy %(label)s"),
    Event.ENTITLEMENT_ENDED: N_("%(actor)s ended the entitlement to %(label)s under the contract %(contract)s"),
    Event.ENTITLEMENT_NARROWED: N_(
        "%(actor)s let the entitlement to %(label)s under the contract %(contract)s end on %(until)s"
    ),
    Event.ENTITLEMENT_SUSPENDED: N_("%(actor)s suspended the entitlement to %(label)s under the contract %(contract)s"),
    Event.ENTITLEMENT_RESUMED: N_("%(actor)s resumed the entitlement to %(label)s under the contract %(contract)s"),
    Event.LIST_EXPORTED: N_("%(actor)s downloaded the console’s list “%(label)s” (filters: %(filters)s)"),
    Event.ALLOTMENT_REQUESTED: N_("%(actor)s asked for more: %(amount)s × %(wish)s"),
    Event.ALLOTMENT_WITHDRAWN: N_("%(actor)s withdrew a request for more"),
    Event.REQUEST_MADE: N_("%(actor)s asked for more: %(amount)s × %(wish)s"),
    Event.REQUEST_WITHDRAWN: N_("%(actor)s withdrew a request"),
    Event.REQUEST_APPROVED: N_("%(actor)s approved %(granted)s of %(amount)s × %(wish)s"),
    Event.REQUEST_REFUSED: N_("%(actor)s refused a request for %(amount)s × %(wish)s"),
    Event.REQUEST_REOPENED: N_("%(actor)s asked again for %(amount)s × %(wish)s"),
    Event.PROJECT_CREATED: N_("%(actor)s created the project “%(label)s” with %(spaces)s data spaces"),
    Event.PROJECT_RENAMED: N_("%(actor)s renamed the project “%(before)s” to “%(label)s”"),
    Event.DATA_SPACE_RENAMED: N_("%(actor)s renamed the data space “%(before)s” to “%(label)s”"),
    Event.DATA_SPACE_KEPT: N_("%(actor)s kept the data space “%(label)s” as an exception to the allotment"),
    Event.DATA_SPACE_LET_GO: N_("%(actor)s let the data space “%(label)s” go: no further shop is offered it"),
    Event.DATA_SPACE_CLOUD_NOTED: N_("%(actor)s: the cloud project %(cloud_project)s uses the data space “%(label)s”"),
    Event.DATA_SPACE_FEATURE_ON: N_("%(actor)s switched %(service)s on for the data space “%(label)s”"),
    Event.DATA_SPACE_CLEANUP_ASKED: N_("%(actor)s asked to clean the data space “%(label)s”; nothing was deleted here"),
    Event.INSTALLATION_ATTACHED: N_("%(actor)s put the installation “%(label)s” on the data space “%(space)s”"),
    Event.INSTALLATION_CHANGED: N_("%(actor)s changed the installation “%(label)s”"),
    Event.INSTALLATION_DETACHED: N_("%(actor)s detached the installation “%(label)s” from “%(space)s”"),
    Event.INSTALLATION_CONFIRMED: N_("%(actor)s confirmed that “%(label)s” uses the data space “%(space)s”"),
    Event.INSTALLATION_DISCOVERED: N_("The installation “%(label)s” was discovered on the data space “%(space)s”"),
    Event.INSTALLATION_COLLIDED: N_("“%(label)s” uses the data space “%(space)s”, which “%(primary)s” uses already"),
    Event.INSTALLATION_ALARMED: N_(
        "“%(label)s”, known as a testing shop, reached the production data space “%(space)s”"
    ),
    Event.INSTALLATION_DECLARED: N_("%(actor)s declared that “%(label)s” uses “%(space)s” beside the other shop"),
    Event.INSTALLATION_DISMISSED: N_("%(actor)s dismissed the notice about “%(label)s” on “%(space)s”"),
    Event.INSTALLATION_MOVED: N_("%(actor)s moved the installation “%(label)s” from “%(before)s” to “%(space)s”"),
    Event.INSTALLATION_MERGED: N_("%(actor)s merged the installation “%(label)s” into “%(primary)s”"),
    Event.DELEGATION_OFFERED: N_("%(actor)s offered a delegation from %(client)s to %(label)s"),
    Event.DELEGATION_REQUESTED: N_("%(actor)s requested a delegation from %(client)s to %(label)s"),
    Event.DELEGATION_APPROVED: N_("%(actor)s approved the delegation from %(client)s to %(label)s as requested"),
    Event.DELEGATION_ACCEPTED: N_("%(actor)s accepted the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_NARROWED: N_("%(actor)s narrowed the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_DECLINED: N_("%(actor)s declined the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_WITHDRAWN: N_("%(actor)s withdrew the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_PAUSED: N_("%(actor)s paused the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_RESUMED: N_("%(actor)s resumed the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_ENDED: N_("%(actor)s ended the delegation from %(client)s to %(label)s"),
    Event.DELEGATION_RAN_OUT: N_("The delegation from %(client)s to %(label)s ended on its last day"),
    Event.DELEGATION_LAPSED: N_("The delegation from %(client)s to %(label)s lapsed without an answer"),
    Event.WIDENING_PROPOSED: N_("%(actor)s proposed to widen the delegation from %(client)s to %(label)s"),
    Event.WIDENING_ACCEPTED: N_("%(actor)s agreed to widen the delegation from %(client)s to %(label)s"),
    Event.WIDENING_DECLINED: N_("%(actor)s declined to widen the delegation from %(client)s to %(label)s"),
    Event.WIDENING_WITHDRAWN: N_("%(actor)s withdrew the wider version of the delegation from %(client)s to %(label)s"),
    Event.KEY_INTENDED: N_("%(actor)s began to make the key pair “%(label)s” (%(environment)s)"),
    Event.KEY_CODE_SHOWN: N_("%(actor)s was shown a one-time code to make the key pair “%(label)s” (%(environment)s)"),
    Event.KEY_INTENT_DISCARDED: N_("%(actor)s gave up making the key pair “%(label)s”"),
    Event.KEY_MADE: N_("A key pair “%(label)s” was made for %(actor)s; it waits to be confirmed"),
    Event.KEY_ACTIVATED: N_("%(actor)s put the key pair “%(label)s” into service (%(environment)s)"),
    Event.KEY_DISCARDED: N_("%(actor)s discarded the unconfirmed key pair “%(label)s”"),
    Event.KEY_LAPSED: N_("The key pair “%(label)s” lapsed: nobody confirmed that it was saved"),
    Event.KEY_RENAMED: N_("%(actor)s renamed the key pair “%(before)s” to “%(label)s”"),
    Event.KEY_REVOKED: N_("%(actor)s revoked the key pair “%(label)s” (%(environment)s)"),
    Event.ROTATION_INTENDED: N_("%(actor)s began to rotate the key pair “%(label)s” (%(environment)s)"),
    Event.KEY_ROTATED: N_(
        "%(actor)s put “%(label)s” into service as the successor of “%(before)s”, which ends %(until)s"
    ),
    Event.KEY_END_CHANGED: N_("%(actor)s moved the end of the retiring key pair “%(label)s” to %(until)s"),
    Event.KEY_ENDED_EARLY: N_("%(actor)s ended the retiring key pair “%(label)s” before its date"),
    Event.KEY_ROLLED_BACK: N_("%(actor)s rolled the rotation of “%(label)s” back; “%(successor)s” goes on beside it"),
    Event.KEY_RETIRED: N_("The key pair “%(label)s” retired: its overlap is over"),
    Event.KEY_COMPROMISED: N_("The key pair “%(label)s”, which leaked, ended on its date"),
    Event.KEY_BURNT: N_("%(actor)s pasted a private key; its public half is blocked for new key pairs"),
    Event.KEY_ROTATION_DUE: N_(
        "The key pair “%(label)s” has to be rotated: %(holder)s has a copy, and its delegation is over"
    ),
    Event.ENVELOPE_KEY_ENROLLED: N_("%(actor)s enrolled an envelope key"),
    Event.ENVELOPE_KEY_CHANGED: N_("%(actor)s changed the envelope key; the new one is held back for 24 hours"),
    Event.COMMAND_CODE_SHOWN: N_("%(actor)s was shown a one-time code for the command line"),
    Event.HAND_OFF_INTENDED: N_("%(actor)s began to hand “%(pair)s” (%(environment)s) over to %(person)s"),
    Event.HAND_OFF_OFFERED: N_(
        "%(actor)s handed a sealed copy of “%(pair)s” (%(environment)s) to %(person)s at %(receiver)s"
    ),
    Event.HAND_OFF_OPENED: N_("%(actor)s opened the sealed copy of “%(pair)s” (%(environment)s) of %(giver)s"),
    Event.HAND_OFF_DONE: N_("%(actor)s proved to have the private key of “%(pair)s” (%(environment)s) of %(giver)s"),
    Event.HAND_OFF_WITHDRAWN: N_("%(actor)s withdrew the sealed copy of “%(pair)s” for %(receiver)s"),
    Event.HAND_OFF_LAPSED: N_("The sealed copy of “%(pair)s” for %(receiver)s lapsed"),
    Event.HAND_OFF_CLOSED: N_(
        "The sealed copy of “%(pair)s” for %(receiver)s is destroyed: %(person)s left, or the delegation ended"
    ),
    Event.HAND_OFF_FROZEN: N_(
        "Somebody of another account opened the link to the sealed copy of “%(pair)s” for %(receiver)s: it is frozen"
    ),
    Event.LEAK_DECLARED: N_(
        "%(actor)s declared that the key pair “%(before)s” leaked, and began to replace it (%(environment)s)"
    ),
    Event.KEY_LEAKED: N_("%(actor)s declared that the key pair “%(label)s” leaked, and stopped it (%(environment)s)"),
    Event.REPLACEMENT_INTENDED: N_("%(actor)s began to replace the key pair “%(before)s”, which leaked"),
    Event.KEY_REPLACED: N_("%(actor)s put “%(label)s” into service in the place of “%(before)s”, which leaked"),
    Event.REVIEW_MADE: N_("%(actor)s made the review “%(label)s”, due on %(due)s (lines: %(lines)s)"),
    Event.REVIEW_OPENED: N_("The review “%(label)s” opened (lines: %(lines)s)"),
    Event.REVIEW_ABANDONED: N_("%(actor)s abandoned the review “%(label)s”"),
    Event.REVIEW_DECIDED: N_("%(actor)s decided in the review “%(label)s”: %(decision)s (lines: %(lines)s)"),
    Event.REVIEW_FALLBACKS_CALLED: N_("The fallbacks of the review “%(label)s” were called: %(people)s"),
    Event.REVIEW_WARNED: N_("Warnings went out in the review “%(label)s” (days left: %(days)s)"),
    Event.REVIEW_CLOSING: N_("%(actor)s closed the review “%(label)s”; its decisions are carried out now"),
    Event.REVIEW_CLOSED: N_(
        "The decisions of the review “%(label)s” were carried out: %(ended)s ended, %(narrowed)s narrowed, "
        "%(not_applied)s could not be carried out"
    ),
    Event.REVIEW_NEEDED: N_(
        "%(actor)s said in the review “%(review)s” that the delegation with %(label)s is still needed"
    ),
    Event.REVIEW_NOT_NEEDED: N_(
        "%(actor)s said in the review “%(review)s” that the delegation with %(label)s is no longer needed"
    ),
    Event.LOOK_IN_BEGUN: N_("%(actor)s began to look into this account until %(until)s: %(why)s"),
    Event.LOOK_IN_READ: N_("%(actor)s looked at %(path)s"),
    Event.LOOK_IN_ENDED: N_("%(actor)s ended the look-in: %(label)s"),
    Event.LOOK_IN_RAN_OUT: N_("The time of a look-in was over: %(label)s"),
    Event.PROVIDER_SET_UP: N_("%(actor)s set up the identity provider “%(label)s” (%(host)s)"),
    Event.PROVIDER_CHANGED: N_("%(actor)s changed the identity provider “%(label)s” (%(host)s)"),
    Event.PROVIDER_SWITCHED: N_(
        "%(actor)s changed signing in by the identity provider “%(label)s” from %(before)s to %(after)s"
    ),
    Event.PROVIDER_REMOVED: N_("%(actor)s removed the identity provider “%(label)s” (%(host)s)"),
    Event.IDENTITY_CONNECTED: N_("%(actor)s connected the sign-in “%(label)s” of the identity provider"),
    Event.IDENTITY_DISCONNECTED: N_("%(actor)s disconnected the sign-in “%(label)s” of the identity provider"),
    Event.PROVIDER_JOINING_CHANGED: N_(
        "%(actor)s changed who joins by the identity provider “%(label)s” from %(before)s to %(after)s"
    ),
    Event.DOMAIN_NAMED: N_("%(actor)s named the mail domain %(label)s"),
    Event.DOMAIN_PROVEN: N_("%(actor)s had the mail domain %(label)s proven by its DNS"),
    Event.DOMAIN_LOST: N_("The mail domain %(label)s counts here no longer: another account has proven it"),
    Event.DOMAIN_REMOVED: N_("%(actor)s removed the mail domain %(label)s"),
    Event.PROVIDER_ACCEPTED: N_("%(actor)s came from the identity provider; the second step is awaited"),
    Event.PROVIDER_REFUSED: N_("An identity provider's answer for %(label)s was refused"),
    Event.WEBHOOK_ADDED: N_("%(actor)s added the webhook endpoint “%(label)s” (%(host)s)"),
    Event.WEBHOOK_CHANGED: N_("%(actor)s changed the webhook endpoint “%(label)s” (%(host)s)"),
    Event.WEBHOOK_SECRET_ROTATED: N_(
        "%(actor)s rotated the secret of the webhook endpoint “%(label)s”: the old one goes on until %(until)s"
    ),
    Event.WEBHOOK_PAUSED: N_("%(actor)s paused the webhook endpoint “%(label)s”"),
    Event.WEBHOOK_STOPPED: N_("The webhook endpoint “%(label)s” was paused: %(because)s"),
    Event.WEBHOOK_RESUMED: N_("%(actor)s resumed the webhook endpoint “%(label)s”"),
    Event.WEBHOOK_REMOVED: N_("%(actor)s removed the webhook endpoint “%(label)s” (%(host)s)"),
    Event.WEBHOOK_TESTED: N_("%(actor)s sent a test to the webhook endpoint “%(label)s”"),
    Event.WEBHOOK_RESENT: N_("%(actor)s sent messages again to the webhook endpoint “%(label)s”: %(count)s"),
    Event.CREDENTIAL_ISSUED: N_("%(actor)s issued the service credential “%(label)s” for %(service)s"),
    Event.CREDENTIAL_ROTATED: N_(
        "%(actor)s rotated the service credential “%(label)s”: its successor works, the old one until %(until)s"
    ),
    Event.CREDENTIAL_REVOKED: N_("%(actor)s revoked the service credential “%(label)s”. Reason: %(reason)s"),
    Event.CREDENTIAL_LEAKED: N_("Somebody reported to have found the service credential “%(label)s” (%(where)s)"),
    Event.TOKEN_ISSUED: N_("%(actor)s made the personal token “%(label)s” (scopes: %(scopes)s), until %(until)s"),
    Event.TOKEN_ENDED: N_("%(actor)s ended the personal token “%(label)s” of %(person)s"),
    Event.TOKEN_LEAKED: N_("Somebody reported to have found the personal token “%(label)s” of %(person)s (%(where)s)"),
    Event.DEVICE_REFUSED: N_("%(actor)s refused a token to the command line on “%(label)s”"),
    Event.SIGNING_KEY_ROTATED: N_("%(actor)s put a new key into service with which the portal signs: %(label)s"),
    Event.KEK_ROTATION_BEGUN: N_(
        "%(actor)s began to seal the portal's secrets anew under the key-encryption key %(label)s: %(values)s values"
    ),
    Event.KEK_ROTATED: N_(
        "%(actor)s sealed the portal's secrets anew under the key-encryption key %(label)s: %(values)s values"
    ),
    Event.REFUSED: N_("%(actor)s was refused: %(reason)s"),
}

# What is said instead where a reason was given.
WITH_REASON: dict[Event, str] = {
    Event.STANDING_CHANGED: N_(
        "%(actor)s changed the standing of %(label)s from %(before)s to %(after)s. Reason: %(reason)s"
    ),
    Event.CONTRACT_ENDED: N_("%(actor)s ended the contract %(label)s. Reason: %(reason)s"),
    Event.SIGNER_CHANGE_STOPPED: N_(
        "%(actor)s stopped that %(label)s becomes the signer of the contract %(contract)s. Reason: %(reason)s"
    ),
}

# What is said instead where the delegation is a ticket.
OF_TICKET: dict[Event, str] = {
    Event.DELEGATION_OFFERED: N_("%(actor)s gave a ticket for a key pair of %(client)s to %(label)s"),
    Event.DELEGATION_ACCEPTED: N_("%(actor)s redeemed the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_NARROWED: N_("%(actor)s narrowed the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_DECLINED: N_("%(actor)s declined the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_WITHDRAWN: N_("%(actor)s withdrew the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_PAUSED: N_("%(actor)s paused the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_RESUMED: N_("%(actor)s resumed the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_ENDED: N_("%(actor)s ended the ticket from %(client)s for %(label)s"),
    Event.DELEGATION_RAN_OUT: N_("The ticket from %(client)s for %(label)s ended on its last day"),
    Event.DELEGATION_LAPSED: N_("The ticket from %(client)s for %(label)s lapsed: nobody redeemed it"),
    Event.WIDENING_PROPOSED: N_("%(actor)s proposed to make a delegation of the ticket from %(client)s for %(label)s"),
    Event.WIDENING_ACCEPTED: N_("%(actor)s agreed to make a delegation of the ticket from %(client)s for %(label)s"),
    Event.WIDENING_DECLINED: N_("%(actor)s declined to make a delegation of the ticket from %(client)s for %(label)s"),
    Event.WIDENING_WITHDRAWN: N_(
        "%(actor)s withdrew the proposal to make a delegation of the ticket from %(client)s for %(label)s"
    ),
}

# What is said instead where a request is for an edition or a service, which its fact `thing` names.
OF_THING: dict[Event, str] = {
    Event.REQUEST_MADE: N_("%(actor)s asked for %(thing)s (%(wish)s)"),
    Event.REQUEST_WITHDRAWN: N_("%(actor)s withdrew the request for %(thing)s (%(wish)s)"),
    Event.REQUEST_APPROVED: N_("%(actor)s approved %(thing)s (%(wish)s)"),
    Event.REQUEST_REFUSED: N_("%(actor)s refused the request for %(thing)s (%(wish)s)"),
    Event.REQUEST_REOPENED: N_("%(actor)s asked again for %(thing)s (%(wish)s)"),
}
