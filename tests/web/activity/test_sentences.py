"""Every event can be told, in words of the reader's language, whatever its facts are."""

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.audit.events import Event
from portal.audit.models import AuditEvent
from portal.audit.sentences import SENTENCES
from portal.web.activity.sentences import reason, sentence

PLACEHOLDER = re.compile(r"%\(\w+\)s")


@pytest.fixture(autouse=True)
def request_context(app: Flask):
    with app.test_request_context():
        yield


def event(kind: str, *, label: str = "It", refused: bool = False, subject_id: str = "x", **facts: Any) -> AuditEvent:
    return AuditEvent(
        chain_id=uuid.uuid4(),
        event=kind,
        actor_label="Ann",
        actor_home_name="Aurora",
        subject_id=subject_id,
        subject_label=label,
        refused=refused,
        facts=facts,
    )


@pytest.mark.parametrize("kind", Event)
def test_every_event_has_a_sentence(kind):
    assert kind in SENTENCES


@pytest.mark.parametrize("kind", Event)
@pytest.mark.parametrize("locale", ["en", "zh_Hant"])
def test_every_event_can_be_told_even_without_its_facts(kind, locale):
    with force_locale(locale):
        told = sentence(event(kind.value))

    assert told
    assert not PLACEHOLDER.search(told)


def test_roles_are_told_by_name_and_not_by_code():
    told = sentence(event("member.role_changed", before="key_manager", after="Owner"))

    assert told == "Ann changed the role of It from Key manager to Owner"


def test_a_name_that_happens_to_be_a_role_stays_as_it_is():
    told = sentence(event("tenant.renamed", before="owner", label="viewer"))

    assert told == "Ann renamed the account from “owner” to “viewer”"


def test_percent_signs_in_names_are_just_characters():
    assert sentence(event("tenant.created", label="100 %(actor)s %s")) == "Ann opened the account 100 %(actor)s %s"


def test_an_event_of_a_newer_release_is_told_by_its_code():
    assert sentence(event("moon.landed")) == "Ann: moon.landed (It)"


def test_a_refused_act_is_told_by_the_permission_that_guards_it():
    told = sentence(event("refused", refused=True, subject_id="POST keys.revoke", reason="not_allowed"))

    assert told == "Ann was refused: Revoke key pairs"


def test_a_refused_act_that_no_longer_exists_is_told_by_its_name():
    assert sentence(event("refused", refused=True, subject_id="POST gone.away")) == "Ann was refused: POST gone.away"


def test_the_reason_is_the_refusals_sentence_with_what_was_not_kept_left_out():
    assert reason(event("refused", refused=True, reason="not_allowed")) == "Your role does not allow this: …."


def test_a_reason_of_a_newer_release_is_its_code():
    assert reason(event("refused", refused=True, reason="too_blue")) == "too_blue"
