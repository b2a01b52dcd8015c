"""A person's own data: address, profile, looks."""

import pytest
from sqlalchemy.exc import IntegrityError

from portal.access.actor import system_actor
from portal.accounts import operations as accounts
from portal.accounts import passwords, people, store
from portal.accounts.emails import clean_email
from portal.accounts.errors import EmailInvalid, TimeZoneUnknown
from portal.accounts.models import Language, Theme
from portal.foundation.database import transaction
from portal.foundation.errors import Changed
from portal.foundation.words import NameEmpty
from tests.accounts.record import events_in
from tests.factories import PASSWORD, a_person


def profile(person, **changes):
    values = {
        "name": person.name,
        "language": person.language,
        "time_zone": person.time_zone,
        "theme": person.theme,
        "version": person.version,
    }
    with transaction():
        accounts.change_profile(person, **(values | changes))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  mara@example.com ", "mara@example.com"),
        ("Mara@EXAMPLE.com", "Mara@example.com"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
    ],
)
def test_an_address_is_kept_as_mail_servers_take_it(typed, kept):
    assert clean_email(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mara",
        "mara@",
        "@example.com",
        "mara@localhost",
        "ma ra@example.com",
        "mara@example.com\nBcc: x@example.com",
        "mara@example.com\x00",
        "mära@example.com",
        "a" * 65 + "@example.com",
        "\u202emara@example.com",
        "Mara <mara@example.com>",
        "\ud800@example.com",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(EmailInvalid):
        clean_email(typed)


def test_two_people_never_share_an_address():
    a_person(email="mara@example.com")
    chosen = passwords.choose(PASSWORD, email="x@example.com", name="x")

    with pytest.raises(IntegrityError), transaction():
        people.create(system_actor("tests"), "MARA@example.com", "Another", chosen)


def test_a_person_changes_name_language_zone_and_looks_in_one_event():
    person = a_person()

    profile(person, name=" 陳 大文 ", language=Language.ZH_HANT, time_zone="Asia/Taipei", theme=Theme.DARK)

    found = store.get_person(person.id)
    assert (found.name, found.language, found.time_zone, found.theme) == (
        "陳 大文",
        Language.ZH_HANT,
        "Asia/Taipei",
        Theme.DARK,
    )
    assert events_in(person.id) == ["person.profile_changed"]


def test_a_person_has_a_name():
    with pytest.raises(NameEmpty):
        profile(a_person(), name="  ")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "utc\x00"])
def test_an_unknown_time_zone_is_refused(zone):
    with pytest.raises(TimeZoneUnknown):
        profile(a_person(), time_zone=zone)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Taipei", "America/New_York"])
def test_known_time_zones_can_be_chosen(zone):
    assert zone in accounts.time_zones()


def test_a_profile_that_changed_in_another_tab_shows_both_versions():
    person = a_person("Mara")
    loaded = person.version
    profile(person, name="Mara One")

    with pytest.raises(Changed) as refusal:
        profile(person, name="Mara Two", version=loaded)

    assert ("Name", "Mara Two", "Mara One") in refusal.value.versions


def test_saving_a_profile_twice_from_one_page_is_one_event():
    person = a_person("Mara")
    loaded = person.version

    for _ in range(2):
        profile(person, name="Mara Two", version=loaded)

    assert events_in(person.id) == ["person.profile_changed"]


def test_the_language_changes_alone():
    person = a_person()
    with transaction():
        accounts.change_looks(person, theme=Theme.DARK)

    with transaction():
        accounts.change_looks(person, language=Language.ZH_HANT)

    assert (person.language, person.theme) == (Language.ZH_HANT, Theme.DARK)


def test_choosing_what_is_chosen_is_no_event():
    person = a_person()

    with transaction():
        accounts.change_looks(person, language=Language.EN, theme=Theme.AUTO)

    assert events_in(person.id) == []
