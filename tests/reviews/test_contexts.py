"""What stands beside a line: what it is now, its last use, what the record says since the last review."""

from datetime import timedelta

import pytest

from portal.access.actor import Actor
from portal.access.roles import Right
from portal.contracts import store as contracts
from portal.delegations import operations as delegations
from portal.delegations import store as delegation_store
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys import operations as keys
from portal.keys import store as key_store
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.reviews import contexts, store
from portal.reviews.models import Decision
from portal.usage import traces
from tests.factories import a_call, a_key, a_licensee
from tests.reviews.scenes import (
    DELEGATIONS,
    ENTITLEMENTS,
    KEYS,
    an_open,
    close,
    decide,
    lines,
    parties,
    seen,
    some_keys,
    used,
)
from tests.statements import counted


def _context(admin: Actor, campaign):
    found = lines(admin, campaign)
    return contexts.of(admin, seen(admin, campaign), found)[found[0].id]


def test_a_use_after_freezing_shows(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS)
    used(key_store.get(owner, lines(admin, campaign)[0].subject_public_id), days_ago=0)

    context = _context(admin, campaign)

    assert context.last_use is not None
    assert context.last_use.at > clock.now() - timedelta(minutes=5)
    assert context.changes == []


def test_the_last_use_names_the_installation(admin: Actor):
    owner = a_licensee()
    pair = a_key(owner)
    with transaction():
        project = projects.create(owner, "Shop", contracts.all_of(owner)[0])
    space = project_store.get(owner, project.public_id).data_spaces[0]
    a_call(pair, space)
    traces.flush()

    context = _context(admin, an_open(admin, KEYS))

    assert context.last_use is not None
    assert context.last_use.installation


def test_a_change_since_freezing_shows_with_both_values(admin: Actor):
    owner, _integrator = parties()
    campaign = an_open(admin)
    row = delegation_store.get_given(owner, lines(admin, campaign)[0].subject_public_id)
    with transaction():
        delegations.narrow(
            owner,
            row,
            environments=row.environments,
            rights=frozenset({Right.VIEW}),
            project_ids=None,
            ends_at=row.ends_at,
            version=row.version,
        )

    (change,) = _context(admin, campaign).changes

    assert (change.name, change.now) == ("rights", ["view"])
    assert "keys" in change.before


def test_what_is_over_is_said_to_be_over(admin: Actor):
    owner = some_keys(1)
    campaign = an_open(admin, KEYS)
    with transaction():
        keys.revoke(owner, key_store.get(owner, lines(admin, campaign)[0].subject_public_id))

    assert _context(admin, campaign).is_over


def test_the_record_is_counted_since_the_last_review(admin: Actor):
    owner, _integrator = parties()
    first = an_open(admin)
    before = _context(admin, first).events
    decide(admin, first, Decision.KEEP)
    close(admin, first)
    second = an_open(admin, name="Again")
    row = delegation_store.get_given(owner, lines(admin, second)[0].subject_public_id)
    with transaction():
        delegations.pause(owner, row)

    assert before >= 2
    assert _context(admin, second).events == 1


@pytest.mark.parametrize("subject", [DELEGATIONS, KEYS, ENTITLEMENTS])
def test_a_page_takes_as_many_statements_for_one_line_as_for_many(admin: Actor, subject):
    parties()
    some_keys(1)
    one = an_open(admin, subject)
    campaign = seen(admin, one)
    few = store.lines_page(admin, campaign).rows
    with counted() as for_one:
        contexts.of(admin, campaign, few[:1])
    parties()
    some_keys(4)
    more = an_open(admin, subject, name="More")
    campaign = seen(admin, more)
    many = store.lines_page(admin, campaign).rows

    with counted() as for_many:
        contexts.of(admin, campaign, many)

    assert len(many) > len(few[:1])
    assert len(for_many) == len(for_one) <= 5
