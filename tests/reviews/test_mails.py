"""What the mails of reviews say, and where they lead."""

import pytest

from portal.access.actor import Actor
from portal.accounts import store as accounts
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.reviews import operations as reviews
from portal.reviews.models import Answer, Decision, Silence
from portal.web import mail
from tests.factories import a_vendor
from tests.reviews.scenes import (
    DELEGATIONS,
    ENTITLEMENTS,
    KEYS,
    an_open,
    close,
    decide,
    parties,
    question_for,
    some_keys,
    through_the_ladder,
)

TEMPLATES = {
    "review_opened", "review_asked", "review_due", "review_warned", "review_called", "review_applied", "review_closed",
}  # fmt: skip


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links as words: which page, of whose account."""
    monkeypatch.setattr(mail, "link", lambda endpoint, **values: f"<{endpoint} {' '.join(values.values())}>")


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
@pytest.mark.parametrize("language", ["en", "zh_Hant"])
def test_every_mail_of_a_review_is_drawn_in_every_language(admin: Actor, subject, language: str):
    parties()
    some_keys(1)
    campaign = an_open(admin, subject, silence=Silence.END, fallbacks=[a_vendor()])
    through_the_ladder(campaign)
    decide(admin, campaign, Decision.END, "Gone.")
    close(admin, campaign)

    written = [message for message in outbox.read_all(500) if message.template.startswith("review_")]
    for message in written:
        drawn = mail.render(outbox.Message(**vars(message) | {"language": language}))
        assert drawn["Subject"]
        assert "%(" not in drawn["Subject"] + drawn.get_content()
        assert "<reviews." in drawn.get_content() or "<activity." in drawn.get_content() or subject is not DELEGATIONS

    expected = TEMPLATES if subject is DELEGATIONS else TEMPLATES - {"review_asked"}
    assert {message.template for message in written} == expected


def test_a_party_is_led_to_its_questions(admin: Actor):
    owner, _integrator = parties()
    an_open(admin)

    (message,) = [one for one in outbox.read_all(99) if one.template == "review_asked" and one.to == _email(owner)]
    drawn = mail.render(message)

    assert drawn["Subject"] == "Are these delegations still needed?"
    assert f"<reviews.questions {message.facts['account']}>" in drawn.get_content()
    assert "asks your account about 1 delegation." in drawn.get_content()


def test_a_reviewer_is_led_to_the_review(admin: Actor):
    _owner, integrator = parties()
    campaign = an_open(admin)
    with transaction():
        reviews.answer(integrator, question_for(integrator), Answer.NOT_NEEDED)

    (message,) = [one for one in outbox.read_all(99) if one.template == "review_opened"]
    drawn = mail.render(message)

    assert drawn["Subject"] == "The review “Autumn” is open"
    assert campaign.public_id in drawn.get_content()


def _email(actor: Actor) -> str:
    return accounts.get_person(actor.person_id).email  # type: ignore[arg-type]
