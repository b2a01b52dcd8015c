"""The same act in several threads at one moment."""

from portal.accounts import store as people
from portal.accounts.models import Language
from portal.audit.events import Event
from portal.foundation.database import db, transaction
from portal.providers import domain_store, domains, joining
from portal.providers.round_trips import Answered, Client
from tests.factories import a_licensee
from tests.parallel import at_once
from tests.providers.conftest import at, events_of, name_domain, prove_domain, put_there
from tests.providers.test_joining import EMAIL, let_join, letters, memberships


def test_call_backs_at_one_moment_make_one_member(owner, provider, zone):
    prove_domain(owner, zone)
    let_join(owner)
    client = Client.of(at(owner))
    db.session.rollback()

    def join(_number: int) -> None:
        answered = Answered(client, "subject-1", EMAIL, EMAIL, "Ann")
        joining.look_again(answered)
        with transaction():
            joining.join(answered, Language.EN)

    outcomes = at_once(join, 8)

    assert outcomes == {"done": 8}
    assert len(memberships()) == 1
    assert events_of(owner).count(Event.MEMBER_VOUCHED_FOR) == 1
    assert letters() == ["joined_by_provider", "member_vouched_for"]
    assert people.person_by_email(EMAIL).name == "Ann"


def test_of_proofs_at_one_moment_one_counts(owner, zone):
    others = [owner, *(a_licensee(name=f"Other {number}") for number in range(3))]
    put_there(zone, *(name_domain(one) for one in others))
    found = domains.look("contoso.example")

    def prove(number: int) -> None:
        with transaction():
            domains.prove(others[number], domain_store.get(others[number], "contoso.example"), found)

    outcomes = at_once(prove, len(others))

    assert outcomes == {"done": 1, "domain_taken": 3}
    assert sum(Event.DOMAIN_PROVEN in events_of(one) for one in others) == 1
