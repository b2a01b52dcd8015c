"""What events are about: as the filter of activity and the choice of webhooks say it."""

import pytest

from portal.audit.events import Event
from portal.web.event_groups import GROUP_NAMES, group_of
from portal.webhooks.models import OFFERED

pytestmark = pytest.mark.no_database


def test_every_group_of_events_that_can_be_chosen_has_a_name_and_no_other():
    assert GROUP_NAMES.keys() == {group_of(event.value) for event in OFFERED}


def test_what_happens_to_a_person_cannot_be_chosen_since_no_tenants_chain_has_it():
    own = {Event.SIGNED_IN, Event.FACTOR_ADDED, Event.FACTOR_REMOVED, Event.RECOVERY_CODES_MADE}

    assert own.isdisjoint(OFFERED)


def test_what_takes_a_members_sign_in_away_can_be():
    assert {Event.PERSON_DISABLED, Event.PERSON_ENABLED} <= set(OFFERED)
    assert group_of(Event.PERSON_DISABLED.value) in GROUP_NAMES
