"""Handing over and sealing, through the door."""

from datetime import timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from portal.access.roles import Environment, Role
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import codes, operations, store, words
from portal.handoffs.models import HandOffState, Purpose
from portal.keys import operations as key_operations
from portal.web.headers import POLICY_OF_KEY_PAGES
from tests.factories import PASSWORD, a_key, a_licensee, a_member, a_private_key, for_client, pem_of, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, an_envelope_key, an_intent, now
from tests.web.handoffs.pages import (
    as_sent,
    base64_of,
    eleven_minutes_later,
    give_page,
    seal_page,
    soup_of,
    words_on,
)


def test_the_page_recommends_a_delegation_first_and_says_why(scene: Scene, owners_browser):
    page = words_on(owners_browser.get(give_page(scene)))

    assert page.index("A private key that was copied has two holders") < page.index("Hand over a copy all the same")


def test_a_receiver_is_shown_with_the_integrator_and_the_words(scene: Scene, owners_browser):
    page = soup_of(owners_browser.get(give_page(scene)))

    choice = page.find(attrs={"name": "envelope_key"}).find_parent(class_="form-check")
    assert "Agency" in choice.get_text()
    assert [one.get_text() for one in choice.select("li")] == list(words.comparison_words(scene.key.public))


def test_the_only_receiver_is_chosen_already(scene: Scene, owners_browser):
    page = soup_of(owners_browser.get(give_page(scene)))

    assert page.find(attrs={"name": "envelope_key"}).has_attr("checked")


def test_choosing_a_receiver_leads_to_the_page_that_seals(scene: Scene, owners_browser):
    answer = owners_browser.post(
        give_page(scene), data={"envelope_key": scene.key.public_id, "message": "For the shop."}
    )

    page = words_on(owners_browser.get(answer.location))
    assert answer.status_code == 303
    assert "For the shop." in page
    assert all(word in page for word in words.comparison_words(scene.key.public))


def test_a_double_submit_meets_the_same_intent(scene: Scene, owners_browser):
    sent = {"envelope_key": scene.key.public_id}

    places = {owners_browser.post(give_page(scene), data=sent).location for _time in range(2)}

    assert len(places) == 1


def test_without_a_choice_nothing_begins_and_the_message_stays(scene: Scene, owners_browser):
    answer = owners_browser.post(give_page(scene), data={"message": "For the shop."})

    assert answer.status_code == 422
    assert "Choose to whom the copy goes." in words_on(answer)
    assert "For the shop." in words_on(answer)


def test_without_a_receiver_the_page_says_what_to_do(scene: Scene, owners_browser):
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    page = words_on(owners_browser.get(give_page(scene)))

    assert "There is nobody to seal to yet" in page
    assert "Ask the integrator's owner or key manager to enrol one" in page


def test_who_loses_the_receiver_meanwhile_is_told_so(scene: Scene, owners_browser):
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    answer = owners_browser.post(give_page(scene), data={"envelope_key": scene.key.public_id})

    assert answer.status_code == 403
    assert "a delegation or a ticket, with which the integrator makes its own key pair" in words_on(answer)


def test_a_held_key_cannot_be_chosen_and_says_from_when_it_can(scene: Scene, owners_browser):
    key = an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    page = soup_of(owners_browser.get(give_page(scene)))
    answer = owners_browser.post(give_page(scene), data={"envelope_key": key.public_id})

    choice = page.find(attrs={"name": "envelope_key"})
    assert choice.has_attr("disabled")
    assert "so it can be used from" in choice.find_parent(class_="form-check").get_text()
    assert answer.status_code == 403


def test_a_key_that_was_replaced_meanwhile_is_refused_with_the_way_on(scene: Scene, owners_browser):
    old = scene.key.public_id
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    answer = owners_browser.post(give_page(scene), data={"envelope_key": old})

    assert answer.status_code == 409
    assert "Begin again, and compare the words of the new one." in words_on(answer)


def test_while_a_hand_off_runs_the_page_leads_to_it(scene: Scene, owners_browser):
    hand_off = a_hand_off(scene)

    page = owners_browser.get(give_page(scene))
    answer = owners_browser.post(give_page(scene), data={"envelope_key": scene.key.public_id})

    assert f"/hand-offs/{hand_off.public_id}" in page.text
    assert answer.status_code == 409
    assert f"/hand-offs/{hand_off.public_id}" in answer.text


def test_who_signed_in_long_ago_gives_the_password_and_keeps_the_choice(scene: Scene, owners_browser):
    sent = {"envelope_key": scene.key.public_id, "message": "For the shop."}
    with eleven_minutes_later():
        asked = owners_browser.post(give_page(scene), data=sent)
        answer = owners_browser.post(give_page(scene), data=sent | {"password": PASSWORD})

    assert asked.status_code == 422
    assert "For the shop." in words_on(asked)
    assert answer.status_code == 303


def test_the_integrators_own_pair_is_not_the_owners_to_hand_over(scene: Scene, owners_browser):
    pair = a_key(for_client(scene.integrator, scene.delegation), environment=Environment.PRODUCTION)

    assert owners_browser.get(give_page(scene).replace(scene.pair.api_key, pair.api_key)).status_code == 403


def test_a_revoked_pair_is_not_handed_over(scene: Scene, owners_browser):
    with transaction():
        key_operations.revoke(scene.owner, scene.pair)

    assert owners_browser.get(give_page(scene)).status_code == 409


def test_what_was_sealed_is_offered(scene: Scene, owners_browser):
    intent = an_intent(scene)

    answer = owners_browser.post(seal_page(scene, intent), data=as_sent(scene, intent))

    assert answer.status_code == 303
    assert answer.location.endswith(f"/hand-offs/{intent.public_id}")
    assert store.get(scene.integrator, intent.public_id).state is HandOffState.OFFERED


def test_sending_it_twice_ends_in_one_hand_off(scene: Scene, owners_browser):
    intent = an_intent(scene)
    sent = as_sent(scene, intent)

    answers = [owners_browser.post(seal_page(scene, intent), data=sent) for _time in range(2)]

    assert answers[0].location == answers[1].location
    assert [answer.status_code for answer in answers] == [303, 303]


def test_coming_back_after_sealing_leads_to_the_hand_off(scene: Scene, owners_browser):
    hand_off = a_hand_off(scene)

    answer = owners_browser.get(seal_page(scene, hand_off))

    assert answer.location.endswith(f"/hand-offs/{hand_off.public_id}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"ciphertext": ""}, "This envelope is not whole"),
        ({"ciphertext": "not base64!"}, "This envelope is not whole"),
        ({"ciphertext": base64_of(bytes(4143))}, "This envelope is not whole"),
        ({"ciphertext": base64_of(bytes(4144))}, "The signature on this envelope does not fit"),
        ({"signature": base64_of(bytes(256))}, "The signature on this envelope does not fit"),
        ({"signature": ""}, "signature"),
    ],
)
def test_an_envelope_that_is_not_right_is_refused_and_nothing_is_handed_over(
    scene: Scene, owners_browser, change, sentence
):
    intent = an_intent(scene)

    answer = owners_browser.post(seal_page(scene, intent), data=as_sent(scene, intent) | change)

    assert answer.status_code == 422
    assert sentence in words_on(answer)
    assert "Give the private key file of this pair" in words_on(answer)
    assert store.find_by_public_id(scene.owner, intent.public_id) is None


def test_an_envelope_for_another_intent_is_refused(scene: Scene, owners_browser):
    one, other = an_intent(scene), an_intent(scene, message="another")

    answer = owners_browser.post(seal_page(scene, one), data=as_sent(scene, other))

    assert answer.status_code == 422


def test_a_private_key_that_is_sent_after_all_is_not_shown_back(scene: Scene, owners_browser):
    intent = an_intent(scene)

    answer = owners_browser.post(seal_page(scene, intent), data={"ciphertext": pem_of(scene.private)})

    assert answer.status_code == 422
    assert "PRIVATE KEY" not in answer.text


def test_after_its_time_the_page_says_so_and_leads_on(scene: Scene, owners_browser):
    intent = an_intent(scene)
    sent = as_sent(scene, intent)

    with time_machine.travel(clock.now() + timedelta(minutes=31), tick=False):
        page, answer = (
            owners_browser.get(seal_page(scene, intent)),
            owners_browser.post(seal_page(scene, intent), data=sent),
        )

    assert answer.status_code == 409
    for shown in (page, answer):
        assert "This page is over 30 minutes old" in words_on(shown)
        assert soup_of(shown).find("a", href=give_page(scene), string="Begin again")
    assert store.find_by_public_id(scene.owner, intent.public_id) is None


def test_when_the_receiver_changed_the_key_meanwhile_nothing_is_handed_over(scene: Scene, owners_browser):
    intent = an_intent(scene)
    sent = as_sent(scene, intent)
    an_envelope_key(scene.integrator, X25519PrivateKey.generate())

    answer = owners_browser.post(seal_page(scene, intent), data=sent)

    assert answer.status_code == 409
    assert "The receiver changed the envelope key meanwhile." in words_on(answer)


def test_when_the_delegation_ended_meanwhile_nothing_is_handed_over(scene: Scene, owners_browser):
    intent = an_intent(scene)
    sent = as_sent(scene, intent)
    with transaction():
        delegations.end(scene.owner, scene.delegation)

    answer = owners_browser.post(seal_page(scene, intent), data=sent)

    assert answer.status_code == 403
    assert store.find_by_public_id(scene.owner, intent.public_id) is None


def test_when_another_tab_was_faster_with_the_pair_the_page_says_so(scene: Scene, owners_browser):
    one = an_intent(scene)
    sent = as_sent(scene, one)
    a_hand_off(scene, message="another tab")

    assert owners_browser.post(seal_page(scene, one), data=sent).status_code == 409


def test_only_who_began_seals(scene: Scene, signed_in):
    intent = an_intent(scene)
    colleague = signed_in(a_member(tenant_of(scene.owner)))

    assert colleague.get(seal_page(scene, intent)).status_code == 404
    assert colleague.post(seal_page(scene, intent), data=as_sent(scene, intent)).status_code == 404


def test_for_another_tenant_neither_page_exists(scene: Scene, signed_in):
    intent, stranger = an_intent(scene), signed_in(a_licensee())

    assert stranger.get(give_page(scene)).status_code == 404
    assert stranger.get(seal_page(scene, intent)).status_code == 404


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owner_and_key_manager_hand_over(scene: Scene, signed_in, role):
    member = signed_in(a_member(tenant_of(scene.owner), role))

    assert member.get(give_page(scene)).status_code == 403
    assert member.post(give_page(scene), data={"envelope_key": scene.key.public_id}).status_code == 403


def test_the_page_that_seals_knows_the_readers_pairs_by_name(scene: Scene, owners_browser):
    a_key(scene.owner, name="Other shop", private=a_private_key(5))

    page = soup_of(owners_browser.get(seal_page(scene, an_intent(scene))))

    known = page.find(attrs={"data-sealer": True})["data-known"]
    assert "Other shop" in known
    assert "Storefront" in known


def test_the_page_that_seals_has_the_policy_of_key_pages(scene: Scene, owners_browser):
    page = owners_browser.get(seal_page(scene, an_intent(scene)))

    assert page.headers["Content-Security-Policy"] == POLICY_OF_KEY_PAGES


def test_no_field_for_a_secret_has_a_name_or_a_form(scene: Scene, owners_browser):
    page = soup_of(owners_browser.get(seal_page(scene, an_intent(scene))))

    fields = page.select("main input:not([type=hidden])")
    assert len(fields) == 2
    assert not [field for field in fields if field.has_attr("name") or field.find_parent("form")]


def test_the_code_for_the_command_line_seals_this_intent(scene: Scene, owners_browser):
    intent = an_intent(scene)

    answer = owners_browser.post(seal_page(scene, intent), data={"act": "command"})

    command = soup_of(answer).find("pre").get_text()
    assert command.startswith("portal-key seal --portal http://localhost --key production-private-key.pem ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert codes.find(command.split()[-1], Purpose.SEAL).subject == intent.public_id


def test_withdrawn_pairs_can_be_handed_over_again(scene: Scene, owners_browser):
    hand_off = a_hand_off(scene)
    with transaction():
        operations.withdraw(scene.owner, now(scene, hand_off))

    answer = owners_browser.post(give_page(scene), data={"envelope_key": scene.key.public_id})

    assert answer.status_code == 303
