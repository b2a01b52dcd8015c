"""A new password in place of a forgotten one, by a link in a mail. It never takes the place of a second factor.

Who asks learns nothing of the address: asking writes one row whoever it belongs to, and the worker answers by mail.
"""

from datetime import timedelta

from portal.accounts import factor_store, mailed_store, recoveries, store
from portal.accounts.attempts import Proof
from portal.accounts.errors import CodeNeeded, PasswordTooShort, ResetGone, WrongPassword
from portal.accounts.models import MailPurpose, Means, Person, as_person
from portal.accounts.passwords import SHORTEST, ChosenPassword
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import lock
from portal.foundation.sealing import new_token, token_hash
from portal.outbox import operations as outbox

# security.md, secrets at rest: short life. Mail that is held back longer is asked for again.
GOOD_FOR = timedelta(minutes=30)
AT_ONCE = 20


def ask_for_reset(email: str) -> None:
    """Note that a new password is asked for; alike for every address. The worker's `answer_due` sends the mail."""
    mailed_store.note_request(store.email_key(email), clock.now())


def answer_due() -> int:
    """How many were answered, at most 20: with a link, with what to do for who is invited only, or with nothing.

    No mail goes to an address that nobody has, nor to somebody disabled.
    """
    keys = mailed_store.take_requests(AT_ONCE)
    for key in keys:
        person = store.person_by_email(key)
        if person is None:
            _tell_invited(key)
        elif person.is_active:
            _send_link(person)
    return len(keys)


def person_to_reset(token: str) -> Person:
    """Whose password the link with this token replaces. Looking changes nothing. Raises: ResetGone."""
    found = mailed_store.find_token(token_hash(token), MailPurpose.RESET, clock.now())
    if found is None or not found.person.is_active:
        raise ResetGone()
    return found.person


def reset_password(token: str, chosen: ChosenPassword, second: Proof | None, former: Proof | None = None) -> None:
    """The person of this link has the chosen password; all their sessions end, and a mail tells them.

    second: by a second factor, for who has one. former: by the password until now, for whom others removed all second
    factors: the mailbox alone never was enough, and is not now. Raises: ResetGone when it was used meanwhile,
    CodeNeeded, WrongPassword, PasswordTooShort for one that needs a second factor, when there is none.
    """
    person = person_to_reset(token)
    lock(person)
    has_factor = factor_store.has_second_factor(person.id)
    if has_factor and not _is_second(second, person):
        raise CodeNeeded()
    if person.former_hash is not None and not _is_former(former, person):
        raise WrongPassword()
    if not chosen.stands_alone and not has_factor:
        raise PasswordTooShort(shortest=SHORTEST)
    if not person.is_active:
        raise ResetGone()
    if not mailed_store.take_token(token_hash(token), MailPurpose.RESET, person.id, clock.now()):
        raise ResetGone()

    person.password_hash, person.former_hash = chosen.hash, None
    store.end_sessions(person.id, clock.now())
    factor_store.drop_pending_sign_ins(person.id)
    outbox.post("password_reset", person.email, person.language.value, {"name": person.name})
    means = [second.means.value] if second is not None else []
    if second is not None:
        recoveries.stop_by_factor(person, {second.means})
    audit.record(as_person(person), Event.PASSWORD_RESET, person, factors=means)


def _is_second(proof: Proof | None, person: Person) -> bool:
    if proof is None or proof.means is Means.PASSWORD:
        return False
    return (proof.person_id, proof.password_hash) == (person.id, person.password_hash)


def _is_former(proof: Proof | None, person: Person) -> bool:
    return proof is not None and (proof.person_id, proof.password_hash) == (person.id, person.former_hash)


def _send_link(person: Person) -> None:
    lock(person)
    token = new_token()
    mailed_store.keep_token(person.id, MailPurpose.RESET, token_hash(token), clock.now() + GOOD_FOR)
    minutes = int(GOOD_FOR.total_seconds()) // 60
    facts: dict[str, outbox.Fact] = {"name": person.name, "token": token, "minutes": minutes}
    outbox.post("password_reset_link", person.email, person.language.value, facts)
    audit.record(as_person(person), Event.RESET_LINK_SENT, person)


def _tell_invited(email_key: str) -> None:
    """Who was invited and never came in has no password to forget; the invitation is what helps."""
    for invitation in mailed_store.invitations_of(email_key, clock.now()):
        facts: dict[str, outbox.Fact] = {"tenant": invitation.tenant.name}
        outbox.post("password_reset_invited", invitation.email, invitation.language.value, facts, invitation.tenant_id)
