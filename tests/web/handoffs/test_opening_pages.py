"""Opening, through the door: looking opens nothing, the envelope comes with one answer, the proof ends it."""

from datetime import timedelta

import pytest
import time_machine

from portal.access.roles import Role
from portal.delegations import operations as delegations
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.handoffs import codes, envelope, opening, operations, store
from portal.handoffs.envelope import Envelope
from portal.handoffs.giving import bound_by
from portal.handoffs.models import HandOff, HandOffState, Purpose
from portal.web.headers import POLICY_OF_KEY_PAGES
from tests.factories import BASE_URL, PASSWORD, a_licensee, a_member, a_private_key, pem_of, sign, tenant_of
from tests.handoffs.scenes import Scene, a_hand_off, a_scene, events_of, fetched, finished, now
from tests.web.handoffs.pages import (
    base64,
    base64_of,
    eleven_minutes_later,
    envelope_on,
    open_page,
    proof_page,
    soup_of,
    words_on,
)

OPEN = {"act": "open"}


def proof(scene: Scene, hand_off, private=None) -> dict[str, str]:
    """What the page's script sends once the saved file was given back."""
    found = store.get(scene.integrator, hand_off.public_id)
    message = opening.message_of(found, base_url=BASE_URL)
    return {"signature": base64_of(sign(private or scene.private, message))}


def open_button(answer):
    return soup_of(answer).find("button", value="open")


def test_looking_opens_nothing_and_shows_what_it_is(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene, message="For the shop.")

    page = integrators_browser.get(open_page(scene, hand_off))

    told = words_on(page)
    for fact in ("Northwind", "Storefront", "For the shop.", scene.pair.spki_sha256.hex(), "0 times"):
        assert fact in told
    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_looking_gives_no_envelope(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    sealed = base64_of(hand_off.envelope)

    assert sealed not in integrators_browser.get(open_page(scene, hand_off)).text


def test_the_page_that_answers_carries_an_envelope_that_the_receiver_can_open(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)

    answer = integrators_browser.post(open_page(scene, hand_off), data=OPEN)

    given = envelope_on(answer)
    sealed = Envelope(base64.b64decode(given["ciphertext"]), base64.b64decode(given["signature"]))
    assert envelope.open_envelope(sealed, scene.receiving, bound_by(hand_off)) == pem_of(scene.private)


def test_what_the_page_says_is_bound_is_what_was_bound(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)

    given = envelope_on(integrators_browser.post(open_page(scene, hand_off), data=OPEN))

    bound = bound_by(hand_off)
    assert given["bound"] == {
        "hand_off": bound.hand_off,
        "from": bound.sender,
        "to": bound.receiver,
        "to_key": bound.to_key,
        "spki_sha256": bound.spki_sha256,
        "environment": bound.environment,
        "not_after": bound.not_after,
    }


def test_the_page_with_the_envelope_is_kept_by_no_cache_and_reaches_nobody(scene: Scene, integrators_browser):
    answer = integrators_browser.post(open_page(scene, a_hand_off(scene)), data=OPEN)

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == POLICY_OF_KEY_PAGES


def test_the_page_with_the_envelope_shows_no_private_key(scene: Scene, integrators_browser):
    answer = integrators_browser.post(open_page(scene, a_hand_off(scene)), data=OPEN)

    assert "BEGIN" not in answer.text
    assert pem_of(scene.private).splitlines()[5] not in answer.text


def test_no_field_of_it_has_a_name_or_a_form(scene: Scene, integrators_browser):
    page = soup_of(integrators_browser.post(open_page(scene, a_hand_off(scene)), data=OPEN))

    fields = page.select("main input:not([type=hidden])")
    assert len(fields) == 4
    assert not [field for field in fields if field.has_attr("name") or field.find_parent("form")]


def test_without_the_envelope_key_there_is_still_a_way(scene: Scene, integrators_browser):
    page = soup_of(integrators_browser.post(open_page(scene, a_hand_off(scene)), data=OPEN))

    ways = [link["href"] for link in page.find(attrs={"data-no-way": True}).select("a")]
    assert f"/{tenant_of(scene.owner).account_id}/keys/new?environment=production" in ways
    assert f"/{tenant_of(scene.integrator).account_id}/hand-offs/envelope-key" in ways


def test_it_can_be_fetched_again_and_each_time_is_counted(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)

    sealed = {envelope_on(integrators_browser.post(open_page(scene, hand_off), data=OPEN))["ciphertext"] for _ in "ab"}

    assert len(sealed) == 1
    assert "2 times" in words_on(integrators_browser.get(open_page(scene, hand_off)))


def test_the_proof_ends_it(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    integrators_browser.post(open_page(scene, hand_off), data=OPEN)

    answer = integrators_browser.post(proof_page(scene, hand_off), data=proof(scene, hand_off))

    assert answer.status_code == 303
    assert answer.location.endswith(f"/hand-offs/{hand_off.public_id}")
    assert now(scene, hand_off).state is HandOffState.DONE


def test_the_proof_sent_twice_has_one_effect(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    integrators_browser.post(open_page(scene, hand_off), data=OPEN)
    sent = proof(scene, hand_off)

    answers = [integrators_browser.post(proof_page(scene, hand_off), data=sent).status_code for _time in range(2)]

    assert answers == [303, 303]
    assert events_of(scene.owner).count("hand_off.done") == 1


@pytest.mark.parametrize("signature", ["", "not base64!", base64_of(bytes(256)), "x" * 20_000], ids=len)
def test_a_proof_that_does_not_fit_leads_back_to_opening(scene: Scene, integrators_browser, signature):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    answer = integrators_browser.post(proof_page(scene, hand_off), data={"signature": signature})

    assert answer.status_code == 422
    assert "Open it again." in words_on(answer)
    assert open_button(answer)
    assert now(scene, hand_off).state is HandOffState.OPENED


def test_the_button_of_that_page_opens(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    page = integrators_browser.post(proof_page(scene, hand_off), data={"signature": ""})

    action = open_button(page).find_parent("form")["action"]

    assert action == open_page(scene, hand_off)


def test_a_proof_of_another_key_is_refused(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    answer = integrators_browser.post(proof_page(scene, hand_off), data=proof(scene, hand_off, a_private_key(9)))

    assert answer.status_code == 422


def test_a_private_key_that_is_sent_as_proof_is_not_shown_back(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)

    answer = integrators_browser.post(proof_page(scene, hand_off), data={"signature": pem_of(scene.private)})

    assert answer.status_code == 422
    assert "PRIVATE KEY" not in answer.text


def test_what_was_not_opened_cannot_be_proved(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)

    answer = integrators_browser.post(proof_page(scene, hand_off), data=proof(scene, hand_off))

    assert answer.status_code == 409


def test_who_signed_in_long_ago_gives_the_password_before_it_opens(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    with eleven_minutes_later():
        asked = integrators_browser.post(open_page(scene, hand_off), data=OPEN)
        attempts = now(scene, hand_off).attempts
        answer = integrators_browser.post(open_page(scene, hand_off), data=OPEN | {"password": PASSWORD})

    assert (asked.status_code, attempts) == (422, 0)
    assert envelope_on(answer)["bound"]["hand_off"] == hand_off.public_id


def withdrawn(scene: Scene) -> HandOff:
    hand_off = a_hand_off(scene)
    with transaction():
        operations.withdraw(scene.owner, now(scene, hand_off))
    return hand_off


def done(scene: Scene) -> HandOff:
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    finished(scene, hand_off)
    return hand_off


@pytest.mark.parametrize("ended", [withdrawn, done])
def test_what_is_over_says_so_and_gives_nothing(scene: Scene, integrators_browser, ended):
    hand_off = ended(scene)

    page = integrators_browser.get(open_page(scene, hand_off))
    answer = integrators_browser.post(open_page(scene, hand_off), data=OPEN)

    assert "There is nothing to open any more" in words_on(page)
    assert answer.status_code == 409
    assert "data-envelope" not in answer.text


def test_what_has_lapsed_gives_nothing_whether_or_not_the_worker_was_there(signed_in):
    with time_machine.travel(clock.now() - timedelta(hours=73)):
        scene = a_scene()
        hand_off = a_hand_off(scene)
    visitor = signed_in(scene.integrator)

    page, answer = visitor.get(open_page(scene, hand_off)), visitor.post(open_page(scene, hand_off), data=OPEN)

    assert "The hand-off is lapsed." in words_on(page)
    assert answer.status_code == 409


def test_under_a_delegation_that_is_over_nothing_opens_and_the_page_says_what_helps(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    answer = integrators_browser.post(open_page(scene, hand_off), data=OPEN)

    assert answer.status_code == 403
    assert "The owner can offer a new delegation, or a ticket." in words_on(answer)
    assert now(scene, hand_off).attempts == 0


def test_a_refused_opening_is_on_record(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    with transaction():
        delegations.pause(scene.owner, scene.delegation)

    integrators_browser.post(open_page(scene, hand_off), data=OPEN)

    assert events_of(scene.integrator)[-1] == "refused"


def test_a_colleague_cannot_open_what_is_sealed_to_another(scene: Scene, signed_in):
    hand_off = a_hand_off(scene)
    colleague = signed_in(a_member(tenant_of(scene.integrator)))

    page = colleague.get(open_page(scene, hand_off))
    answer = colleague.post(open_page(scene, hand_off), data=OPEN)

    assert "It is sealed to" in words_on(page)
    assert open_button(page) is None
    assert answer.status_code == 403


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_only_owner_and_key_manager_open(scene: Scene, signed_in, role):
    hand_off, member = a_hand_off(scene), signed_in(a_member(tenant_of(scene.integrator), role))

    answers = [member.get(open_page(scene, hand_off)), member.post(open_page(scene, hand_off), data=OPEN)]
    answers.append(member.post(proof_page(scene, hand_off), data=proof(scene, hand_off)))

    assert [answer.status_code for answer in answers] == [403] * 3


def test_for_its_giver_there_is_nothing_to_open(scene: Scene, owners_browser):
    hand_off = a_hand_off(scene)

    assert owners_browser.get(open_page(scene, hand_off, scene.owner)).status_code == 404
    assert owners_browser.post(open_page(scene, hand_off, scene.owner), data=OPEN).status_code == 404


def test_for_another_tenant_it_does_not_exist(scene: Scene, signed_in):
    hand_off, stranger = a_hand_off(scene), a_licensee()

    assert signed_in(stranger).get(open_page(scene, hand_off)).status_code == 404
    assert signed_in(stranger).post(open_page(scene, hand_off, stranger), data=OPEN).status_code == 404


def test_the_code_for_the_command_line_opens_this_hand_off_and_nothing_yet(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)

    answer = integrators_browser.post(open_page(scene, hand_off), data={"act": "command"})

    command = soup_of(answer).find("pre").get_text()
    assert command.startswith("portal-key open --portal http://localhost --envelope-key envelope-key.pem ")
    assert answer.headers["Cache-Control"] == "no-store"
    assert codes.find(command.split()[-1], Purpose.OPEN).subject == hand_off.public_id
    assert now(scene, hand_off).state is HandOffState.OFFERED


def test_for_what_is_over_no_code_is_shown(scene: Scene, integrators_browser):
    hand_off = a_hand_off(scene)
    fetched(scene, hand_off)
    finished(scene, hand_off)

    assert integrators_browser.post(open_page(scene, hand_off), data={"act": "command"}).status_code == 409
