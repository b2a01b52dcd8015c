"""A person's own data: a new person, the profile, language and looks."""

from zoneinfo import available_timezones

from portal.access.actor import Actor
from portal.accounts import store
from portal.accounts.emails import clean_email
from portal.accounts.errors import TimeZoneUnknown
from portal.accounts.models import Language, Person, Theme, as_person
from portal.accounts.passwords import ChosenPassword
from portal.audit import operations as audit
from portal.audit.events import Event
from portal.foundation.database import lock
from portal.foundation.errors import Changed
from portal.foundation.marking import N_
from portal.foundation.words import clean_name


def create(actor: Actor, email: str, name: str, chosen: ChosenPassword, *, language: Language = Language.EN) -> Person:
    """A new person who belongs to no tenant yet. For the portal itself, such as the demo world.

    Raises: EmailInvalid, the refusals of a name; IntegrityError when the address is taken.
    """
    person = new_person(email, name, chosen, language)
    audit.record(actor, Event.PERSON_JOINED, person)
    return person


def new_person(email: str, name: str, chosen: ChosenPassword, language: Language) -> Person:
    """As `create`, but no event: the act that needs the person records one."""
    address = clean_email(email)
    return store.add(
        Person(
            email=address,
            email_key=store.email_key(address),
            name=clean_name(name),
            password_hash=chosen.hash,
            language=language,
        )
    )


def change_profile(
    person: Person,
    *,
    name: str,
    language: Language,
    time_zone: str,
    theme: Theme,
    version: int,
    wants_digest: bool | None = None,
) -> None:
    """Keep these in the profile; what is stored already changes nothing. wants_digest: None where it was not asked.

    Raises: Changed, TimeZoneUnknown, the refusals of a name.
    """
    name = clean_name(name)
    if time_zone not in time_zones():
        raise TimeZoneUnknown()
    lock(person)
    wanted = (name, language, time_zone, theme, person.wants_digest if wants_digest is None else wants_digest)
    if (person.name, person.language, person.time_zone, person.theme, person.wants_digest) == wanted:
        return
    if person.version != version:
        raise Changed(versions=[(N_("Name"), name, person.name), (N_("Time zone"), time_zone, person.time_zone)])

    person.name, person.language, person.time_zone, person.theme, person.wants_digest = wanted
    audit.record(as_person(person), Event.PROFILE_CHANGED, person)


def change_looks(person: Person, *, language: Language | None = None, theme: Theme | None = None) -> None:
    """Change the language, the theme or both; what is None stays. Choosing what is chosen already is no event."""
    lock(person)
    wanted = (language or person.language, theme or person.theme)
    if wanted != (person.language, person.theme):
        person.language, person.theme = wanted
        audit.record(as_person(person), Event.PROFILE_CHANGED, person)


def time_zones() -> list[str]:
    """The names of time zones that can be chosen, sorted: places and UTC, without aliases such as `posix/…`."""
    return sorted(name for name in available_timezones() if name == "UTC" or ("/" in name and not _is_alias(name)))


def _is_alias(name: str) -> bool:
    return name.startswith(("Etc/", "SystemV/", "US/", "posix/", "right/"))
