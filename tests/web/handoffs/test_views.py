"""What both sides see of a hand-off: lists, one of them, its receipt; withdrawing; and the link of the mail."""

import pytest

from portal.access.roles import Role
from portal.access.rows import Reader, across_tenants
from portal.audit.models import AuditEvent
from portal.foundation.database import db, transaction
from portal.handoffs import store, words
from portal.handoffs.models import HandOff, HandOffState
from portal.impact import leaks
from portal.keys import store as keys
from tests.factories import a_delegation, a_licensee, a_member, an_integrator, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, code_of, fetched, finished, mails, now
from tests.web.handoffs import reading
from tests.web.handoffs.reading import home


@pytest.fixture
def hand_off(scene: Scene) -> HandOff:
    """Offered, and not opened."""
    return a_hand_off(scene, message="For the shop")


def test_each_side_lists_what_it_gave_or_was_given(scene: Scene, hand_off: HandOff, signed_in):
    given = reading.words(signed_in(scene.owner).get(f"{home(scene.owner)}/hand-offs"))
    received = reading.words(signed_in(scene.integrator).get(f"{home(scene.integrator)}/hand-offs"))

    assert "Handed over by you" in given
    assert "Agency" in given
    assert "Handed to you" in received
    assert "Northwind" in received


def test_the_list_shows_the_words_of_ones_own_envelope_key(scene: Scene, signed_in):
    page = reading.words(signed_in(scene.integrator).get(f"{home(scene.integrator)}/hand-offs"))

    assert " ".join(words.comparison_words(scene.key.public)) in page


def test_without_any_it_says_how_to_begin(signed_in):
    owner = a_licensee()

    assert "Nothing was handed over yet" in reading.words(signed_in(owner).get(f"{home(owner)}/hand-offs"))


def test_looking_changes_nothing(scene: Scene, hand_off: HandOff, signed_in):
    for method in ("get", "head", "options"):
        getattr(signed_in(scene.integrator), method)(f"{home(scene.integrator)}/hand-offs/{hand_off.public_id}")

    assert now(scene, hand_off).state is HandOffState.OFFERED


@pytest.mark.parametrize("side", ["owner", "integrator"])
def test_both_sides_see_every_step_that_has_come(scene: Scene, hand_off: HandOff, signed_in, side: str):
    fetched(scene, hand_off)
    finished(scene, hand_off)
    actor = getattr(scene, side)

    page = reading.words(signed_in(actor).get(f"{home(actor)}/hand-offs/{hand_off.public_id}"))

    assert "opened and proved" in page
    assert "proved by its signature" in page
    assert scene.integrator.label in page


def test_the_receipt_is_the_same_for_both(scene: Scene, hand_off: HandOff, signed_in):
    fetched(scene, hand_off)
    given, received = (
        signed_in(actor).get(f"{home(actor)}/hand-offs/{hand_off.public_id}/receipt")
        for actor in (scene.owner, scene.integrator)
    )

    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.json | {"as_of": ""} == received.json | {"as_of": ""}
    assert [step["step"] for step in given.json["steps"]] == ["offered", "opened"]


def test_another_tenant_sees_nothing(scene: Scene, hand_off: HandOff, signed_in):
    stranger = an_integrator()

    for page in ("", "/receipt"):
        answer = signed_in(stranger).get(f"{home(stranger)}/hand-offs/{hand_off.public_id}{page}")
        assert answer.status_code == 404


def test_an_integrator_sees_its_own_at_the_clients_place(scene: Scene, hand_off: HandOff, signed_in):
    answer = signed_in(scene.integrator).get(f"{home(scene.owner)}/hand-offs/{hand_off.public_id}")

    assert answer.status_code == 200


def test_another_integrator_of_the_client_sees_nothing_there(scene: Scene, hand_off: HandOff, signed_in):
    other = an_integrator(name="Other agency")
    a_delegation(scene.owner, other)

    assert signed_in(other).get(f"{home(scene.owner)}/hand-offs/{hand_off.public_id}").status_code == 404


def test_withdrawing_asks_first_and_then_destroys_it(scene: Scene, hand_off: HandOff, signed_in):
    browser, where = signed_in(scene.owner), f"{home(scene.owner)}/hand-offs/{hand_off.public_id}/withdraw"

    asked, done = browser.get(where), browser.post(where)

    assert "works as before" in reading.words(asked)
    assert done.status_code == 303
    assert now(scene, hand_off).envelope is None


def test_withdrawing_what_was_opened_says_what_is_left_to_do(scene: Scene, hand_off: HandOff, signed_in):
    fetched(scene, hand_off)

    page = signed_in(scene.owner).get(f"{home(scene.owner)}/hand-offs/{hand_off.public_id}/withdraw")

    assert "rotate the pair" in reading.words(page)


def test_withdrawing_twice_has_one_effect(scene: Scene, hand_off: HandOff, signed_in):
    browser, where = signed_in(scene.owner), f"{home(scene.owner)}/hand-offs/{hand_off.public_id}/withdraw"

    assert [browser.post(where).status_code for _ in range(2)] == [303, 303]


def test_the_link_leads_its_receiver_to_the_hand_off(scene: Scene, hand_off: HandOff, signed_in):
    answer = signed_in(scene.integrator).get(f"/hand-offs/{code_of(hand_off)}")

    assert answer.status_code == 303
    assert answer.location.endswith(f"{home(scene.integrator)}/hand-offs/{hand_off.public_id}")


def test_looking_at_the_link_from_another_account_changes_nothing(scene: Scene, hand_off: HandOff, signed_in):
    stranger, link = signed_in(a_licensee(name="Stranger")), f"/hand-offs/{code_of(hand_off)}"

    page = stranger.get(link)
    stranger.head(link)
    stranger.options(link)

    assert "another account" in reading.words(page)
    assert "Storefront" not in page.text
    assert "Northwind" not in page.text
    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_opening_the_link_from_another_account_freezes_it(scene: Scene, hand_off: HandOff, signed_in):
    answer = signed_in(a_licensee(name="Stranger")).post(f"/hand-offs/{code_of(hand_off)}")

    assert answer.status_code == 404
    assert now(scene, hand_off).state is HandOffState.FROZEN


def test_a_link_that_leads_nowhere_looks_like_any_missing_page(signed_in):
    assert signed_in(a_licensee()).get(f"/hand-offs/{'x' * 43}").status_code == 404


def test_the_link_asks_a_visitor_to_sign_in(scene: Scene, hand_off: HandOff, client):
    answer = client.get(f"/hand-offs/{code_of(hand_off)}")

    assert answer.status_code == 302
    assert "sign-in" in answer.location


def test_a_frozen_one_says_what_to_do(scene: Scene, hand_off: HandOff, signed_in):
    signed_in(a_licensee(name="Stranger")).post(f"/hand-offs/{code_of(hand_off)}")

    page = reading.words(signed_in(scene.owner).get(f"{home(scene.owner)}/hand-offs/{hand_off.public_id}"))

    assert "no key pair was stopped" in page


def test_the_pairs_page_names_who_has_a_copy(scene: Scene, hand_off: HandOff, signed_in):
    fetched(scene, hand_off)

    page = reading.words(signed_in(scene.owner).get(f"{home(scene.owner)}/keys/{scene.pair.api_key}"))

    assert "Who has a copy of the private key Agency, since" in page


def test_ending_the_delegation_names_the_copied_pairs_and_starts_their_rotation(
    scene: Scene, hand_off: HandOff, signed_in
):
    fetched(scene, hand_off)
    browser, where = signed_in(scene.owner), f"{home(scene.owner)}/integrators/{scene.delegation.public_id}/end"

    asked = reading.words(browser.get(where))
    browser.post(where)

    assert "Key pairs to rotate" in asked
    assert scene.pair.api_key in asked
    assert len(store.copies_to_rotate(scene.owner)) == 1
    assert "its delegation is over" in reading.words(browser.get(home(scene.owner)))


@pytest.mark.parametrize("side", ["integrators", "clients"])
def test_ending_the_delegation_names_what_waits_and_destroys_it(side: str, scene: Scene, hand_off: HandOff, signed_in):
    actor = scene.owner if side == "integrators" else scene.integrator
    browser, where = signed_in(actor), f"{home(actor)}/{side}/{scene.delegation.public_id}/end"

    asked = browser.get(where).text
    browser.post(where)

    assert "Sealed private keys that wait" in asked
    assert f"/hand-offs/{hand_off.public_id}" in asked
    after = now(scene, hand_off)
    assert (after.state, after.envelope) == (HandOffState.WITHDRAWN, None)


def test_the_integrators_side_of_ending_starts_it_too(scene: Scene, hand_off: HandOff, signed_in):
    fetched(scene, hand_off)

    signed_in(scene.integrator).post(f"{home(scene.integrator)}/clients/{scene.delegation.public_id}/end")

    assert len(store.copies_to_rotate(scene.owner)) == 1


def test_the_overview_of_the_receiver_says_that_one_waits(scene: Scene, hand_off: HandOff, signed_in):
    page = reading.words(signed_in(scene.integrator).get(home(scene.integrator)))

    assert "Northwind hands you the private key “Storefront”" in page


def test_a_viewer_sees_and_may_nothing(scene: Scene, hand_off: HandOff, signed_in):
    viewer = a_member(tenant_of(scene.owner), Role.VIEWER)
    browser, where = signed_in(viewer), f"{home(scene.owner)}/hand-offs/{hand_off.public_id}"

    assert browser.get(where).status_code == 200
    assert browser.post(f"{where}/withdraw").status_code == 403


def test_whoever_froze_it_is_in_their_own_record(scene: Scene, hand_off: HandOff, signed_in):
    stranger = a_licensee(name="Stranger")

    signed_in(stranger).post(f"/hand-offs/{code_of(hand_off)}")

    rows = across_tenants(AuditEvent, reason=Reader.UPKEEP).where(AuditEvent.actor_id == stranger.person_id)
    assert [row.facts["reason"] for row in db.session.scalars(rows) if row.refused] == ["not_found"]


def test_a_leak_is_told_to_who_has_a_copy(scene: Scene, hand_off: HandOff):
    fetched(scene, hand_off)

    with transaction():
        leaks.stop(scene.owner, keys.get(scene.owner, scene.pair.api_key))

    assert mails()[-1] == "key_copy_leaked"
    acting = leaks.who_must_act(scene.owner, keys.get(scene.owner, scene.pair.api_key))
    assert "Agency" in acting.integrators
