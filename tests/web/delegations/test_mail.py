"""The mails about delegations, drawn in both languages."""

import pytest

from portal.access.actor import Actor
from portal.audit.events import Event
from portal.delegations import notices, store
from portal.delegations.models import Delegation, Side
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.web.mail import render
from tests.factories import a_delegation, a_licensee, an_integrator

EVENTS = [event for event in Event if event.value.startswith("delegation.")]


@pytest.fixture
def offered() -> Delegation:
    owner: Actor = a_licensee(name="Northwind")
    return a_delegation(owner, an_integrator(name="Agency"), accepted=False)


@pytest.mark.parametrize("told", Side)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_has_a_mail_with_the_way_to_the_delegation(offered: Delegation, event: Event, told: Side) -> None:
    public_id = offered.public_id
    with transaction():
        notices.post(_with_parties(offered), event, told)

    mail = render(outbox.read_all(1)[0])

    text = mail.get_content()
    assert mail["Subject"]
    assert f"/{'integrators' if told is Side.OWNER else 'clients'}/{public_id}" in text


def test_a_mail_to_the_owner_does_not_name_an_integrator_that_has_not_answered(offered: Delegation) -> None:
    with transaction():
        row = _with_parties(offered)
        account_id = row.integrator_account_id
        notices.post(row, Event.DELEGATION_LAPSED, Side.OWNER)

    mail = render(outbox.read_all(1)[0])

    assert account_id in mail["Subject"]
    assert "Agency" not in mail.as_string()


def _with_parties(row: Delegation) -> Delegation:

    store.hold(row)
    return row
