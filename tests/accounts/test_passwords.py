"""Which passwords are good enough, and how they are kept."""

import threading

import pytest

from portal.accounts import passwords
from portal.accounts.errors import PasswordGuessable, PasswordTooLong, PasswordTooShort

GOOD = "umbrella seven violin"


def chosen(password, email="mara.lind@example.com", name="Mara Lind"):
    return passwords.choose(password, email=email, name=name)


def test_a_chosen_password_matches_and_another_does_not():
    stored = chosen(GOOD).hash

    assert passwords.matches(GOOD, stored)
    assert not passwords.matches(GOOD + " ", stored)


def test_it_is_kept_as_argon2id_and_never_twice_alike():
    first, second = chosen(GOOD).hash, chosen(GOOD).hash

    assert first.startswith("$argon2id$")
    assert first != second


def test_the_real_profile_is_46_mib_one_pass_one_lane(monkeypatch):
    kiln = passwords._Kiln("pepper", passwords.MEMORY_KIB)

    assert "$m=47104,t=1,p=1$" in kiln.hash(GOOD)


def test_without_the_pepper_a_stolen_hash_opens_nothing():
    stored = passwords._Kiln("one pepper", 8).hash(GOOD)

    assert not passwords._Kiln("another pepper", 8).matches(GOOD, stored)


def test_nobody_has_a_password():
    assert not passwords.matches(GOOD, None)
    assert not passwords.matches("the password of nobody", None)


def test_a_hash_that_is_none_matches_nothing():
    assert not passwords.matches(GOOD, "x")


def test_costs_that_changed_are_noticed():
    old = passwords._Kiln("", 16).hash(GOOD)

    assert passwords.is_outdated(old)
    assert not passwords.is_outdated(chosen(GOOD).hash)


@pytest.mark.parametrize("password", ["", "fourteen chars", "😀" * 14])
def test_a_password_has_at_least_15_characters(password):
    with pytest.raises(PasswordTooShort):
        chosen(password)


def test_a_password_has_at_most_256_characters():
    with pytest.raises(PasswordTooLong):
        chosen("ab cd ef gh " * 22)


def test_a_password_of_256_characters_works():
    longest = ("umbrella seven violin " * 12)[:256]

    assert passwords.matches(longest, chosen(longest).hash)


def test_a_far_too_long_password_is_wrong_and_not_an_error():
    assert not passwords.matches("x" * 100_000, chosen(GOOD).hash)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaaaaaaaaaa",
        "123456789012345",
        "passwordpassword",
        "Partner Portal 2026!",
        "PartnerPortal12345",
        "qwertyuiopasdfghjkl",
        "mara.lind@example.com",
        "Mara Lind 1234567",
        "marapasswordlind",
        "CorrectHorseBatteryStaple",
        "Adobe Commerce 24",
    ],
)
def test_a_password_that_everybody_would_guess_is_refused(password):
    with pytest.raises(PasswordGuessable):
        chosen(password)


@pytest.mark.parametrize(
    "password", [GOOD, "alllowercaseletterswork", "長い長い合言葉はとても安全です今日も", "     7 spaces & more     "]
)
def test_there_are_no_rules_of_composition(password):
    assert passwords.matches(password, chosen(password).hash)


def test_the_same_characters_typed_on_another_keyboard_match():
    stored = chosen("cafe\u0301 umbrella violin").hash

    assert passwords.matches("caf\u00e9 umbrella violin", stored)


@pytest.mark.parametrize("odd", ["a\x00umbrella seven violin", "\ud800umbrella seven violin"])
def test_odd_characters_are_no_error(odd):
    assert passwords.matches(odd, chosen(odd).hash)


def test_no_more_are_hashed_at_once_than_there_are_cores(monkeypatch):
    running, most, gate = 0, 0, threading.Lock()
    monkeypatch.setattr(passwords.os, "cpu_count", lambda: 2)
    kiln = passwords._Kiln("", 8)

    def verify(*_args):
        nonlocal running, most
        with gate:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with gate:
            running -= 1

    monkeypatch.setattr(kiln, "_hasher", type("Slow", (), {"verify": staticmethod(verify)}))
    threads = [threading.Thread(target=kiln.matches, args=(GOOD, "x")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 2
