"""Calls that may come twice: one effect, one answer, and no key that stays taken for nothing."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.actor import Actor, through_token
from portal.access.roles import Scope
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.repeats import operations as repeats
from portal.repeats.errors import KeyUsedOtherwise, StillInProgress
from portal.repeats.operations import KEPT, LEASE, Begun, Kept
from tests.factories import a_licensee

CALL, OTHER = bytes(32), bytes(31) + b"1"
ANSWER = Kept(201, '{"id":"x"}')


@pytest.fixture
def caller() -> Actor:
    return through_token(a_licensee(), frozenset({Scope.PROJECTS}), "tok_one")


def begin(actor: Actor, call: bytes = CALL) -> Kept | Begun:
    with transaction():
        return repeats.begin(actor, "a key", call)


def begun(actor: Actor) -> Begun:
    found = begin(actor)
    assert isinstance(found, Begun)
    return found


def finish(actor: Actor, one: Begun) -> None:
    with transaction():
        repeats.finish(actor, one, ANSWER)


def test_a_call_that_was_answered_has_the_same_answer(caller: Actor):
    finish(caller, begun(caller))

    assert begin(caller) == ANSWER


def test_another_call_with_the_key_is_refused(caller: Actor):
    finish(caller, begun(caller))

    with pytest.raises(KeyUsedOtherwise):
        begin(caller, OTHER)


def test_a_call_in_progress_is_not_begun_again(caller: Actor):
    begun(caller)

    with pytest.raises(StillInProgress):
        begin(caller)


def test_a_call_that_was_refused_leaves_its_key_free(caller: Actor):
    one = begun(caller)
    with transaction():
        repeats.release(caller, one)

    assert isinstance(begin(caller, OTHER), Begun)


def test_who_was_killed_leaves_the_key_to_the_next_try(caller: Actor):
    begun(caller)

    with time_machine.travel(clock.now() + LEASE, tick=False):
        assert isinstance(begin(caller), Begun)


def test_a_call_that_was_taken_over_changes_nothing_when_it_wakes(caller: Actor):
    slow = begun(caller)
    with time_machine.travel(clock.now() + LEASE, tick=False):
        second = begun(caller)

        with pytest.raises(StillInProgress):
            finish(caller, slow)
        with transaction():
            repeats.release(caller, slow)
        finish(caller, second)
        assert begin(caller) == ANSWER


def test_after_a_day_the_key_is_free_for_another_call(caller: Actor):
    finish(caller, begun(caller))

    with time_machine.travel(clock.now() + KEPT + timedelta(seconds=1), tick=False):
        assert isinstance(begin(caller, OTHER), Begun)


def test_the_key_of_another_token_is_another_key(caller: Actor):
    finish(caller, begun(caller))
    other = through_token(a_licensee(), frozenset({Scope.PROJECTS}), "tok_two")

    assert isinstance(begin(other, OTHER), Begun)


def test_what_is_a_day_old_is_tidied_up(caller: Actor):
    finish(caller, begun(caller))

    with time_machine.travel(clock.now() + KEPT + timedelta(seconds=1), tick=False):
        with transaction():
            repeats.tidy_up()
        assert isinstance(begin(caller), Begun)
